//! Which of the profiles that fit takes a device.

use std::cmp::{Ordering, Reverse};

use crate::profile::sort::sort_by;
use crate::profile::{Device, MatchRule, MultiConnect, Origin, Profile};

use super::creation::{Nodes, creates};
use super::matching::{Pattern, Rule, compatible, matches, type_of};
use super::{Criterion, DeviceReport, Refusal, Rejection, Untouched, World};

/// Indices of the profiles, the first to be tried first.
pub(super) fn order(profiles: &[Profile]) -> Vec<usize> {
    let mut order: Vec<(usize, &Profile)> = profiles.iter().enumerate().collect();
    sort_by(&mut order, |(_, a), (_, b)| compare(a, b).0);
    order.into_iter().map(|(index, _)| index).collect()
}

/// `Less`: `a` is tried before `b`; and what decides it.
fn compare(a: &Profile, b: &Profile) -> (Ordering, Criterion) {
    let steps = [
        (Reverse(a.autoconnect_priority).cmp(&Reverse(b.autoconnect_priority)), Criterion::Priority),
        (Reverse(a.timestamp).cmp(&Reverse(b.timestamp)), Criterion::Timestamp),
        (is_catch_all(a).cmp(&is_catch_all(b)), Criterion::CatchAll),
    ];
    let last = (a.uuid.cmp(&b.uuid), Criterion::Uuid);
    steps.into_iter().find(|(ordering, _)| ordering.is_ne()).unwrap_or(last)
}

/// A profile of the command line that is for any link (`ip=dhcp`). Its uuid says nothing: NetworkManager's generator
/// draws one at every run, so that chance decides there whether it takes the port of a bond.
fn is_catch_all(profile: &Profile) -> bool {
    matches!(profile.origin, Origin::CommandLine { .. } | Origin::Default { .. }) && !names_one(profile)
}

/// Asks every profile about every device.
pub(super) fn reports(world: &World, nodes: &Nodes) -> Vec<DeviceReport> {
    let mut choice = Choice { world, nodes, used: Vec::new() };
    for &(ifindex, profile) in &world.context.kept {
        if let Some(device) = world.devices.iter().find(|device| device.ifindex == ifindex) {
            choice.used.push((profile, device.name.clone()));
        }
    }
    world.devices.iter().map(|device| choice.report(device)).collect()
}

struct Choice<'a> {
    world: &'a World<'a>,
    nodes: &'a Nodes,
    /// Profiles that have a link: index, and name of the link.
    used: Vec<(usize, String)>,
}

impl Choice<'_> {
    fn report(&mut self, device: &Device) -> DeviceReport {
        let hands_off = self.hands_off(device);
        let kept = self.kept(device);
        let mut report = DeviceReport {
            device: device.clone(),
            taken_by: kept,
            matched_by: Vec::new(),
            rejected: Vec::new(),
            untouched: None,
        };
        for (index, profile) in self.world.ordered() {
            let verdict = self.ask(index, profile, device, hands_off.as_ref(), report.taken_by, kept);
            match verdict {
                Ok(rules) => (report.taken_by, report.matched_by) = (Some(index), rules),
                Err(refusal) => report.rejected.push(Rejection { profile: index, refusal }),
            }
        }
        match report.taken_by {
            Some(index) if kept.is_none() => self.used.push((index, device.name.clone())),
            Some(_) => {}
            None => report.untouched = hands_off,
        }
        report
    }

    /// The profile that has the device before any choice.
    fn kept(&self, device: &Device) -> Option<usize> {
        let kept =
            self.world.context.kept.iter().find(|(ifindex, _)| *ifindex == device.ifindex).map(|&(_, index)| index);
        kept.filter(|&index| index < self.world.profiles.len()).or_else(|| self.nodes.making(device.ifindex))
    }

    /// Asks one profile: the rules that are satisfied, or why not.
    fn ask(
        &self,
        index: usize,
        profile: &Profile,
        device: &Device,
        hands_off: Option<&Untouched>,
        taken_by: Option<usize>,
        kept: Option<usize>,
    ) -> Result<Vec<Rule>, Refusal> {
        let rules = matches(profile, device, &self.world.context.words);
        if kept == Some(index) {
            return Ok(rules.unwrap_or_default());
        }
        let rules = rules.map_err(Refusal::Mismatch)?;
        if creates(&profile.kind) {
            return Err(match taken_by {
                Some(by) => Refusal::Outranked { by, on: Criterion::Kept },
                // It makes a link of this kind, but not this one.
                None => Refusal::Mismatch(Rule::InterfaceName),
            });
        }
        if !profile.starts_by_itself() {
            return Err(Refusal::NoAutoconnect);
        }
        if let Some(reason) = hands_off.filter(|_| !names(profile)) {
            return Err(Refusal::Untouched(reason.clone()));
        }
        if let Some(name) = self.controller_missing(profile) {
            return Err(Refusal::NoController { name });
        }
        if let Some(ifname) = self.used_up(index, profile) {
            return Err(Refusal::UsedUp { ifname });
        }
        match taken_by {
            Some(by) => Err(Refusal::Outranked { by, on: self.decides(by, profile, kept) }),
            None => Ok(rules),
        }
    }

    /// The link a profile for one link has.
    fn used_up(&self, index: usize, profile: &Profile) -> Option<String> {
        if profile.multi_connect == MultiConnect::Multiple {
            return None;
        }
        self.used.iter().find(|(used, _)| *used == index).map(|(_, ifname)| ifname.clone())
    }

    fn controller_missing(&self, profile: &Profile) -> Option<String> {
        let name = &profile.controller.as_ref()?.name;
        let there = self.nodes.find(self.world, name).is_some() || self.world.device_named(name).is_some();
        (!there).then(|| name.clone())
    }

    fn decides(&self, by: usize, profile: &Profile, kept: Option<usize>) -> Criterion {
        match self.world.profiles.get(by) {
            Some(other) if kept.is_none() => compare(other, profile).1,
            _ => Criterion::Kept,
        }
    }

    /// Why a profile that does not name the device must not take it.
    fn hands_off(&self, device: &Device) -> Option<Untouched> {
        if device.is_loopback() {
            return Some(Untouched::Loopback);
        }
        if device.kind.is_some() && !compatible(&crate::profile::LinkKind::Ethernet, device) && device.arp_type != 32 {
            return Some(Untouched::Virtual { kind: type_of(device).to_owned() });
        }
        if self.world.context.owned.contains(&device.ifindex) {
            return None;
        }
        if let Some(controller) = device.controller {
            let found = self.world.devices.iter().find(|other| other.ifindex == controller);
            let of = found.map_or_else(|| controller.to_string(), |other| other.name.clone());
            return Some(Untouched::Port { of });
        }
        configuration(device).map(|has| Untouched::Configured { has })
    }
}

/// The configuration of global scope a device has now.
fn configuration(device: &Device) -> Option<String> {
    let mut has: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
    if device.default_route {
        has.push("default route".to_owned());
    }
    (!has.is_empty()).then(|| has.join(", "))
}

/// True if the profile says which link it is for, rather than which kind of link.
pub(super) fn names(profile: &Profile) -> bool {
    let MatchRule { interface_name, path, mac_address, driver: _, kernel_command_line: _, mac_address_denylist: _ } =
        &profile.matching;
    let points = |pattern: &String| {
        let pattern = Pattern::read(pattern);
        !pattern.inverted && pattern.text.bytes().any(|byte| byte != b'*')
    };
    names_one(profile) || mac_address.is_some() || interface_name.iter().chain(path).any(points)
}

/// True if at most one link can fit: by name, MAC address or subchannels.
pub(super) fn names_one(profile: &Profile) -> bool {
    profile.interface_name.is_some()
        || profile.matching.mac_address.is_some()
        || !profile.link.s390_subchannels.is_empty()
}
