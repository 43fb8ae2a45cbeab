//! The plan for programs.
//!
//! ```text
//! { "schema": 1,
//!   "devices": [{ "ifname", "ifindex", "mac", "perm_mac", "driver", "id_path", "arp_type", "kind", "subchannels": [],
//!                 "controller": index, "addresses": ["192.0.2.1/24"], "default_route": bool,
//!                 "taken_by": PROFILE, "matched_by": ["connection.type", …], "required": bool,
//!                 "rejected": [{ "profile": id, "uuid", "rule", "pattern": ["eth*"], "seen", "reason" }],
//!                 "untouched": text }],
//!   "creations": [{ "ifname", "type", "profile": PROFILE, "existing": index, "parent": ifname, "controller": ifname,
//!                   "ports": [ifname], "required": bool }],
//!   "requirements": [{ "reason", "profiles": [PROFILE], "links": [ifname], "met_by": ifname, "device_timeout_ms",
//!                      "exclusive": bool }],
//!   "waiting": [{ "profile": PROFILE, "reason", "timeout_ms" }],
//!   "unused": [{ "profile": PROFILE, "rule", "pattern", "seen", "reason" }],
//!   "warnings": [{ "origin", "text" }] }
//! PROFILE: { "id", "uuid", "file": path of the keyfile, "origin": text }
//! ```
//!
//! What is unknown or absent is `null`. `rule` is the name of a setting, `pattern` what the profile has there, `seen` what
//! the device has; `reason` says it in words. `devices` can be given to `sunup plan --devices` again.

use serde_json::{Value, json};

use crate::profile::{Device, HwAddr, Origin, Profile};

use crate::plan::explain::{id, ranks, refusal, target};
use crate::plan::{Creation, Criterion, DeviceReport, Idle, Mismatch, Plan, Refusal, Rejection, Requirement, Target};

/// The plan in the schema above.
pub(crate) fn render(plan: &Plan, profiles: &[Profile]) -> Value {
    json!({
        "schema": 1,
        "devices": array(&plan.devices, |report| device(plan, profiles, report)),
        "creations": array(&plan.creations, |one| creation(plan, profiles, one)),
        "requirements": array(&plan.requirements, |one| requirement(plan, profiles, one)),
        "waiting": array(&plan.waiting, |one| json!({
            "profile": profile(profiles, one.profile),
            "reason": one.missing.to_string(),
            "timeout_ms": u64::try_from(one.timeout.as_millis()).unwrap_or(u64::MAX),
        })),
        "unused": array(&plan.unused, |one| unused(profiles, one.profile, &one.because)),
        "warnings": array(&plan.warnings, |one| json!({ "origin": one.origin.to_string(), "text": one.text })),
    })
}

fn array<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(one).collect())
}

/// The facts of a device: the part of the schema that is also read.
pub(crate) fn facts(device: &Device) -> Value {
    let mac = |mac: Option<HwAddr>| mac.map(|mac| mac.to_string());
    json!({
        "ifname": device.name,
        "ifindex": device.ifindex,
        "mac": mac(device.mac),
        "perm_mac": mac(device.perm_mac),
        "driver": some(&device.driver),
        "id_path": some(&device.id_path),
        "arp_type": device.arp_type,
        "kind": device.kind,
        "subchannels": device.subchannels,
        "controller": device.controller,
        "addresses": array(&device.addresses, |net| Value::String(net.to_string())),
        "default_route": device.default_route,
    })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn device(plan: &Plan, profiles: &[Profile], report: &DeviceReport) -> Value {
    let mut value = facts(&report.device);
    let required = plan.is_required(Target::Link(report.device.ifindex));
    let more = [
        ("taken_by", report.taken_by.map_or(Value::Null, |index| profile(profiles, index))),
        ("matched_by", array(&report.matched_by, |rule| Value::from(rule.name()))),
        ("rejected", array(&report.rejected, |one| rejection(plan, profiles, &report.device, one))),
        ("untouched", report.untouched.as_ref().map_or(Value::Null, |reason| Value::String(reason.to_string()))),
        ("required", Value::Bool(required)),
    ];
    if let Value::Object(object) = &mut value {
        object.extend(more.map(|(key, value)| (key.to_owned(), value)));
    }
    value
}

fn rejection(plan: &Plan, profiles: &[Profile], device: &Device, one: &Rejection) -> Value {
    let (rule, pattern, seen): (&str, Vec<String>, Option<String>) = match &one.refusal {
        Refusal::Mismatch(rule) => {
            let how = profiles.get(one.profile).map(|profile| Mismatch::of(*rule, profile, device, &plan.words));
            how.map_or_else(|| (rule.name(), Vec::new(), None), |how| (rule.name(), how.patterns, Some(how.seen)))
        }
        Refusal::NoAutoconnect if profiles.get(one.profile).is_some_and(|profile| profile.autoconnect) => {
            ("connection.permissions", Vec::new(), None)
        }
        Refusal::NoAutoconnect => ("connection.autoconnect", vec!["false".to_owned()], None),
        Refusal::Untouched(reason) => ("untouched", Vec::new(), Some(reason.to_string())),
        Refusal::UsedUp { ifname } => ("connection.multi-connect", Vec::new(), Some(ifname.clone())),
        Refusal::NoController { name } => ("connection.controller", vec![name.clone()], None),
        Refusal::Outranked { by, on } => outranked(profiles, one.profile, *by, *on),
    };
    json!({
        "profile": id(one.profile, profiles),
        "uuid": uuid(profiles, one.profile),
        "rule": rule,
        "pattern": pattern,
        "seen": seen,
        "reason": refusal(one, device, profiles, &plan.words),
    })
}

/// Rule, what the profile has, what the one before it has.
fn outranked(
    profiles: &[Profile],
    profile: usize,
    by: usize,
    on: Criterion,
) -> (&'static str, Vec<String>, Option<String>) {
    let (ours, theirs) = ranks(on, profile, by, profiles);
    let rule = match on {
        Criterion::Priority => "connection.autoconnect-priority",
        Criterion::Timestamp => "connection.timestamp",
        Criterion::Uuid => "connection.uuid",
        Criterion::CatchAll => return ("for any link", Vec::new(), Some(id(by, profiles).to_owned())),
        Criterion::Kept => return ("kept", Vec::new(), Some(id(by, profiles).to_owned())),
    };
    (rule, vec![ours], Some(theirs))
}

fn creation(plan: &Plan, profiles: &[Profile], one: &Creation) -> Value {
    json!({
        "ifname": one.name,
        "type": profiles.get(one.profile).map(|profile| profile.kind.name()),
        "profile": profile(profiles, one.profile),
        "existing": one.existing,
        "parent": one.parent.map(|parent| target(parent, plan)),
        "controller": one.controller.map(|controller| target(controller, plan)),
        "ports": array(&one.ports, |&port| Value::String(target(port, plan))),
        "required": one.required,
    })
}

fn requirement(plan: &Plan, profiles: &[Profile], one: &Requirement) -> Value {
    json!({
        "reason": one.reason.to_string(),
        "profiles": array(&one.profiles, |&index| profile(profiles, index)),
        "links": array(&one.links, |&link| Value::String(target(link, plan))),
        "met_by": one.met_by.map(|ifindex| target(Target::Link(ifindex), plan)),
        "device_timeout_ms": u64::try_from(one.device_timeout.as_millis()).unwrap_or(u64::MAX),
        "exclusive": one.exclusive,
    })
}

fn unused(profiles: &[Profile], index: usize, because: &Idle) -> Value {
    let mismatch = match because {
        Idle::Never(mismatch) => Some(mismatch),
        _ => None,
    };
    json!({
        "profile": profile(profiles, index),
        "rule": mismatch.map(|mismatch| mismatch.rule.name()),
        "pattern": mismatch.map(|mismatch| mismatch.patterns.clone()),
        "seen": mismatch.map(|mismatch| mismatch.seen.clone()),
        "reason": because.to_string(),
    })
}

fn uuid(profiles: &[Profile], index: usize) -> Option<String> {
    profiles.get(index).map(|profile| profile.uuid.to_string())
}

fn profile(profiles: &[Profile], index: usize) -> Value {
    let Some(profile) = profiles.get(index) else { return Value::Null };
    let file = match &profile.origin {
        Origin::File { path, .. } => Some(path.to_string_lossy()),
        _ => None,
    };
    json!({
        "id": profile.id,
        "uuid": profile.uuid.to_string(),
        "file": file,
        "origin": profile.origin.to_string(),
    })
}
