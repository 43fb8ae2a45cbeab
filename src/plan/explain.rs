//! The plan for people: per device who takes it, and for every other profile why not.

use std::fmt::{self, Write as _};

use crate::profile::{Device, Profile};

use super::matching::type_of;
use super::{Criterion, DeviceReport, Idle, Mismatch, Plan, Refusal, Rejection, Requirement, Target};

/// Writes the plan as text, with what is put in hand for `sunup plan`.
pub fn render(plan: &Plan, profiles: &[Profile]) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = Page { plan, profiles }.write(&mut out);
    out
}

impl Refusal {
    /// How near the profile came to taking the device: by the rule that failed, in the order of the checks; most where all held.
    pub fn nearness(&self) -> impl Ord + use<> {
        match self {
            Self::Mismatch(rule) => (false, Some(*rule)),
            _ => (true, None),
        }
    }
}

/// Why a profile does not take a device, in words; other profiles by their id. `words`: [`Plan::words`].
pub fn refusal(rejection: &Rejection, device: &Device, profiles: &[Profile], words: &[String]) -> String {
    let Rejection { profile, ref refusal } = *rejection;
    match refusal {
        Refusal::Mismatch(rule) => {
            let why = |profile| Mismatch::of(*rule, profile, device, words).to_string();
            profiles.get(profile).map(why).unwrap_or_default()
        }
        Refusal::NoAutoconnect if profiles.get(profile).is_some_and(|profile| profile.autoconnect) => {
            "connection.permissions: only for users who are logged in".to_owned()
        }
        Refusal::NoAutoconnect => "connection.autoconnect: false".to_owned(),
        Refusal::Untouched(reason) => reason.to_string(),
        Refusal::UsedUp { ifname } => format!("connection.multi-connect: for one link, and has '{ifname}'"),
        Refusal::NoController { name } => format!("connection.controller: '{name}' is neither there nor planned"),
        Refusal::Outranked { by, on } => {
            let ((ours, theirs), other) = (ranks(*on, profile, *by, profiles), id(*by, profiles));
            match on {
                Criterion::Kept => format!("the link is with '{other}' already"),
                Criterion::CatchAll => format!("this is for any link, '{other}' is not"),
                on => format!("{on}: '{other}' has {theirs}, this {ours}"),
            }
        }
    }
}

/// What two profiles have of what decides between them.
pub(crate) fn ranks(on: Criterion, profile: usize, other: usize, profiles: &[Profile]) -> (String, String) {
    let of = |index: usize| match (profiles.get(index), on) {
        (Some(profile), Criterion::Priority) => profile.autoconnect_priority.to_string(),
        (Some(profile), Criterion::Timestamp) => profile.timestamp.to_string(),
        (Some(profile), Criterion::Uuid) => profile.uuid.to_string(),
        _ => String::new(),
    };
    (of(profile), of(other))
}

pub(crate) fn id(index: usize, profiles: &[Profile]) -> &str {
    profiles.get(index).map_or("", |profile| &profile.id)
}

/// A target's name.
pub(crate) fn target(target: Target, plan: &Plan) -> String {
    match target {
        Target::Creation(at) => plan.creations.get(at).map(|one| one.name.clone()).unwrap_or_default(),
        Target::Link(ifindex) => {
            let found = plan.devices.iter().find(|report| report.device.ifindex == ifindex);
            found.map_or_else(|| ifindex.to_string(), |report| report.device.name.clone())
        }
    }
}

struct Page<'a> {
    plan: &'a Plan,
    profiles: &'a [Profile],
}

impl Page<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        for report in &self.plan.devices {
            self.device(out, report)?;
        }
        for at in 0..self.plan.creations.len() {
            self.creation(out, at)?;
        }
        for requirement in &self.plan.requirements {
            self.requirement(out, requirement)?;
        }
        for waiting in &self.plan.waiting {
            let seconds = waiting.timeout.as_secs();
            let how_long = if seconds == 0 { "not waited for".to_owned() } else { format!("waited for {seconds} s") };
            writeln!(out, "{}: {}; {how_long}", self.profile(waiting.profile), waiting.missing)?;
        }
        for unused in &self.plan.unused {
            writeln!(out, "{}: unused: {}", self.profile(unused.profile), self.idle(&unused.because))?;
        }
        self.plan.warnings.iter().try_for_each(|warning| writeln!(out, "warning: {warning}"))
    }

    fn device(&self, out: &mut String, report: &DeviceReport) -> fmt::Result {
        writeln!(out, "{}", facts(&report.device))?;
        let width = report.rejected.iter().map(|one| id(one.profile, self.profiles).chars().count()).max().unwrap_or(0);
        match (report.taken_by, &report.untouched) {
            (Some(profile), _) => {
                let rules: Vec<&str> = report.matched_by.iter().map(|rule| rule.name()).collect();
                writeln!(out, "  taken by {} [{}]", self.profile(profile), rules.join(", "))?;
            }
            (None, Some(reason)) => writeln!(out, "  untouched: {reason}")?,
            (None, None) => writeln!(out, "  taken by no profile")?,
        }
        for one in &report.rejected {
            let reason = refusal(one, &report.device, self.profiles, &self.plan.words);
            let name = id(one.profile, self.profiles);
            writeln!(out, "  not {name:width$}  {reason}")?;
        }
        Ok(())
    }

    fn creation(&self, out: &mut String, at: usize) -> fmt::Result {
        let Some(creation) = self.plan.creations.get(at) else { return Ok(()) };
        let kind = self.profiles.get(creation.profile).map_or("", |profile| profile.kind.name());
        let verb = if creation.existing.is_some() { "adjusted" } else { "made" };
        write!(out, "{}  ({kind})\n  {verb} by {}", creation.name, self.profile(creation.profile))?;
        if let Some(parent) = creation.parent {
            write!(out, ", on {}", target(parent, self.plan))?;
        }
        if let Some(controller) = creation.controller {
            write!(out, ", port of {}", target(controller, self.plan))?;
        }
        if !creation.ports.is_empty() {
            let ports: Vec<String> = creation.ports.iter().map(|&port| target(port, self.plan)).collect();
            write!(out, ", with ports {}", ports.join(" "))?;
        }
        writeln!(out)
    }

    fn requirement(&self, out: &mut String, requirement: &Requirement) -> fmt::Result {
        let links: Vec<String> = requirement.links.iter().map(|&link| target(link, self.plan)).collect();
        let profiles: Vec<String> = requirement.profiles.iter().map(|&profile| self.profile(profile)).collect();
        let what = match (requirement.met_by, links.is_empty()) {
            (Some(ifindex), _) => format!("met by {}, configured already", target(Target::Link(ifindex), self.plan)),
            (None, true) => format!("a link of {}", profiles.join(", ")),
            (None, false) => links.join(" or "),
        };
        writeln!(out, "required: {what}  ({})", requirement.reason)
    }

    fn profile(&self, index: usize) -> String {
        let origin = self.profiles.get(index).map(|profile| profile.origin.to_string()).unwrap_or_default();
        format!("'{}' ({origin})", id(index, self.profiles))
    }

    fn idle(&self, because: &Idle) -> String {
        match because {
            Idle::NameTaken { name, by } => format!("{} makes the link '{name}'", self.profile(*by)),
            Idle::Cycle(on) => {
                let on: Vec<String> = on.iter().map(|&index| self.profile(index)).collect();
                format!("{because}; it stands on {}", on.join(", "))
            }
            because => because.to_string(),
        }
    }
}

/// A device's facts in one line.
fn facts(device: &Device) -> String {
    let mut facts = vec![format!("index {}", device.ifindex), type_of(device).to_owned()];
    facts.extend(device.match_mac().map(|mac| mac.to_string()));
    for (name, value) in [("driver", &device.driver), ("path", &device.id_path)] {
        if !value.is_empty() {
            facts.push(format!("{name} {value}"));
        }
    }
    format!("{}  ({})", device.name, facts.join(", "))
}
