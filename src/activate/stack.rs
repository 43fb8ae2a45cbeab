//! Links that stand on each other: what can be begun now, and what can be made now.

use std::rc::Rc;

use super::event::Action;
use super::mac;
use crate::plan::{Plan, Target};
use crate::profile::desired::{DesiredKind, DesiredLink, NewLink};
use crate::profile::{Device, HwAddr, LinkKind, Profile};

/// A link that is there and that a profile took or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) ifindex: u32,
    /// Index of the profile.
    pub(super) profile: usize,
    pub(super) required: bool,
    /// The link it becomes a port of.
    pub(super) controller: Option<u32>,
    /// The link below it.
    pub(super) parent: Option<u32>,
}

/// A link that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Making {
    pub(super) profile: usize,
    pub(super) name: String,
    pub(super) state: Made,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made {
    /// The kernel has not answered yet.
    Asked,
    /// It was made, or was there already.
    Done,
    /// The kernel refused, in its words.
    Failed(String),
}

/// The links that can be begun: parents and controllers first, as each must be there (and up) for what stands on it.
/// A port whose controller is not there yet is left for later.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let mut open: Vec<Step> = Vec::new();
    for one in &plan.creations {
        let (Some(ifindex), Ok(controller)) = (one.existing, index(plan, one.controller)) else { continue };
        let parent = index(plan, one.parent).unwrap_or_default();
        open.push(Step { ifindex, profile: one.profile, required: one.required, controller, parent });
    }
    for one in &plan.activations {
        let Ok(controller) = index(plan, one.controller) else { continue };
        let (ifindex, profile, required) = (one.ifindex, one.profile, one.required);
        open.push(Step { ifindex, profile, required, controller, parent: None });
    }
    let mut steps = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let later = |index: Option<u32>| open.iter().any(|other| Some(other.ifindex) == index);
        let (ready, rest): (Vec<Step>, Vec<Step>) =
            open.iter().cloned().partition(|step| !later(step.controller) && !later(step.parent));
        // The plan has no circles; should there be one, each is begun as it comes.
        let (ready, rest) = if ready.is_empty() { (rest, Vec::new()) } else { (ready, rest) };
        steps.extend(ready);
        open = rest;
    }
    steps
}

/// The interface index of a target; an error if it is yet to be made.
fn index(plan: &Plan, target: Option<Target>) -> Result<Option<u32>, ()> {
    match target {
        None => Ok(None),
        Some(Target::Link(ifindex)) => Ok(Some(ifindex)),
        Some(Target::Creation(at)) => plan.creations.get(at).and_then(|one| one.existing).map(Some).ok_or(()),
    }
}

/// Links below others that no profile takes, and that are down: nothing above them could be up.
pub(super) fn lift(
    plan: &Plan,
    profiles: &[Profile],
    devices: &[Device],
    lifted: &mut Vec<u32>,
    out: &mut Vec<Action>,
) {
    let below = plan.creations.iter().filter_map(|one| match one.parent {
        Some(Target::Link(ifindex)) if plan.activation(ifindex).is_none() => Some(ifindex),
        _ => None,
    });
    // A thousand links may stand on one, which is looked at once.
    let mut seen = lifted.clone();
    for ifindex in below {
        if seen.contains(&ifindex) {
            continue;
        }
        seen.push(ifindex);
        let Some(device) = devices.iter().find(|device| device.ifindex == ifindex) else { continue };
        let mtu = needed_mtu(plan, profiles, ifindex).filter(|&mtu| mtu > device.mtu);
        if !device.up || mtu.is_some() {
            lifted.push(ifindex);
            let up = Some(true);
            out.push(Action::Apply(Box::new(DesiredLink { ifindex, up, mtu, ..DesiredLink::default() })));
        }
    }
}

/// Asks for the links that can be made now; each is asked for once.
pub(super) fn make(
    plan: &Plan,
    profiles: &[Profile],
    devices: &[Device],
    source: mac::Source<'_>,
    making: &mut Vec<Making>,
    out: &mut Vec<Action>,
) {
    for one in plan.creations.iter().filter(|one| one.existing.is_none()) {
        let asked = making.iter().any(|other| other.profile == one.profile && other.name == one.name);
        let (Some(profile), Ok(parent), false) = (profiles.get(one.profile), index(plan, one.parent), asked) else {
            continue;
        };
        making.push(Making { profile: one.profile, name: one.name.clone(), state: Made::Asked });
        out.push(Action::Create(Box::new(NewLink {
            name: one.name.clone(),
            kind: kind(profile, parent, devices),
            // These name their link among their settings.
            parent: parent.filter(|_| !matches!(profile.kind.name(), "vxlan" | "ip-tunnel")),
            mac: mac::of_new(profile, &one.name, source).or_else(|| first_port(profile, &one.ports, devices)),
        })));
    }
}

/// The largest MTU that a profile gives to a link upon this one, or to the controller it is a port of: this one must carry it.
pub(super) fn needed_mtu(plan: &Plan, profiles: &[Profile], ifindex: u32) -> Option<u32> {
    let made = plan.creations.iter().position(|one| one.existing == Some(ifindex)).map(Target::Creation);
    let controller = plan.activation(ifindex).and_then(|one| one.controller);
    needed(plan, profiles, made.unwrap_or(Target::Link(ifindex)), controller)
}

fn needed(plan: &Plan, profiles: &[Profile], below: Target, controller: Option<Target>) -> Option<u32> {
    let own = |at: usize| {
        let one = plan.creations.get(at)?;
        let given = profiles.get(one.profile).and_then(|profile| profile.link.mtu);
        // The plan has no circles: whoever stands on a link, or has it as a port, comes after it.
        given.max(needed(plan, profiles, Target::Creation(at), one.controller))
    };
    let upon = plan.creations.iter().enumerate().filter(|(_, one)| one.parent == Some(below)).map(|(at, _)| at);
    let above = match controller {
        Some(Target::Creation(at)) => Some(at),
        _ => None,
    };
    upon.chain(above).filter_map(own).max()
}

/// The routing table of the vrf with this index.
pub(super) fn vrf_table(plan: &Plan, profiles: &[Profile], vrf: Option<u32>) -> Option<u32> {
    let one = plan.creations.iter().find(|one| one.existing.is_some() && one.existing == vrf)?;
    match &profiles.get(one.profile)?.kind {
        LinkKind::Other { name, options } if name == "vrf" => {
            options.iter().find(|(key, _)| key == "table")?.1.parse().ok()
        }
        _ => None,
    }
}

/// The profile with its routes in a table, where it names no other.
pub(super) fn in_table(profile: &Rc<Profile>, table: Option<u32>) -> Rc<Profile> {
    let Some(table) = table else { return profile.clone() };
    let mut profile = (**profile).clone();
    let sections = [profile.ipv4.as_mut().map(|one| &mut one.ip), profile.ipv6.as_mut().map(|one| &mut one.ip)];
    for section in sections.into_iter().flatten().filter(|section| section.route_table == 0) {
        section.route_table = table;
    }
    Rc::new(profile)
}

/// The address of the first port, which a team shall have: unlike a bond it does not take it over by itself.
fn first_port(profile: &Profile, ports: &[Target], devices: &[Device]) -> Option<HwAddr> {
    let is_team = matches!(profile.kind, LinkKind::Team { .. });
    let port = ports.iter().filter(|_| is_team).find_map(|port| match port {
        Target::Link(ifindex) => Some(*ifindex),
        Target::Creation(_) => None,
    })?;
    devices.iter().find(|device| device.ifindex == port)?.mac
}

/// The address of a team, which its ports have too.
pub(super) fn team_mac(devices: &[Device], controller: Option<u32>) -> Option<HwAddr> {
    let team = devices.iter().find(|device| Some(device.ifindex) == controller)?;
    team.mac.filter(|_| team.kind.as_deref() == Some("team"))
}

/// Type and settings of the link of a profile, with the links that settings name.
pub(super) fn kind(profile: &Profile, parent: Option<u32>, devices: &[Device]) -> DesiredKind {
    let options: &[(String, String)] = match &profile.kind {
        LinkKind::Bond { options } | LinkKind::Other { options, .. } => options,
        _ => &[],
    };
    let named = |(key, value): &(String, String)| {
        let found = devices.iter().find(|device| device.name == *value).map(|device| device.ifindex);
        let index = if key == "parent" { parent.or(found) } else { found };
        Some((value.clone(), index?))
    };
    let named_by = ["primary", "active_slave", "parent"];
    let names = options.iter().filter(|(key, _)| named_by.contains(&key.as_str())).filter_map(named).collect();
    DesiredKind { kind: profile.kind.clone(), names }
}

#[cfg(test)]
mod tests;
