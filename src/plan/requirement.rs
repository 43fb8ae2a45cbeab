//! What must be up, what is waited for, and what has nothing to do.

use std::fmt;
use std::time::Duration;

use crate::profile::sort::sort_by_key;
use crate::profile::{Device, HwAddr, LinkKind, Method4, Method6, Origin, Profile, Warning};

use super::choose::names_one;
use super::creation::{Creation, Target, creates};
use super::matching::{Rule, kernel_command_line};
use super::{Idle, Mismatch, Missing, Plan, Refusal, Untouched, Unused, Waiting, World};

/// Met when one of its links is up. See the table in [`super`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Why it is there.
    pub reason: Reason,
    /// Indices of the profiles it is about.
    pub profiles: Vec<usize>,
    /// The links that count, those there are now. May be empty: then a device is waited for.
    pub links: Vec<Target>,
    /// A link that is configured already and stays untouched: the requirement is met without doing anything.
    pub met_by: Option<u32>,
    /// How long a first link is waited for while `links` is empty.
    pub device_timeout: Duration,
    /// The first link that is up ends the others of this requirement (`ip=single-dhcp`).
    pub exclusive: bool,
}

/// Why something must be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// `bootdev=` names the link.
    BootDevice,
    /// The command line names the link.
    Named,
    /// The command line asks for any link.
    AnyLink,
    /// Firmware describes the links; one is enough.
    Firmware,
    /// The keyfile says `may-fail=false`.
    MayNotFail,
    /// It is a tunnel: it alone leads to what is behind it.
    Tunnel,
    /// One of the keyfiles' links.
    AnyKeyfile,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BootDevice => "bootdev",
            Self::Named => "named on the command line",
            Self::AnyLink => "any link, by the command line",
            Self::Firmware => "any link of the firmware's",
            Self::MayNotFail => "may-fail is false",
            Self::Tunnel => "a tunnel",
            Self::AnyKeyfile => "any link of a keyfile",
        })
    }
}

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Its profile is carried out.
    Up,
    /// It may still come.
    Pending,
    /// It will not come.
    Failed,
}

/// How it stands with a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Met.
    Met,
    /// It may still be met.
    Open,
    /// It cannot be met.
    Failed,
}

impl Requirement {
    /// How it stands, given how far each link has come and how long devices have been waited for.
    pub fn verdict(&self, progress: impl Fn(Target) -> Progress, waited: Duration) -> Verdict {
        if self.met_by.is_some() {
            return Verdict::Met;
        }
        let coming = self.links.is_empty() && waited < self.device_timeout;
        let mut verdict = if coming { Verdict::Open } else { Verdict::Failed };
        for &link in &self.links {
            match progress(link) {
                Progress::Up => return Verdict::Met,
                Progress::Pending => verdict = Verdict::Open,
                Progress::Failed => {}
            }
        }
        verdict
    }
}

/// Fills in `waiting`, `unused`, `requirements`, `required` and `warnings`.
pub(super) fn settle(world: &World, plan: &mut Plan) {
    rest(world, plan);
    requirements(world, plan);
    let required: Vec<Target> = plan.requirements.iter().flat_map(|requirement| requirement.links.clone()).collect();
    for activation in &mut plan.activations {
        activation.required = required.contains(&Target::Link(activation.ifindex));
    }
    for (at, creation) in plan.creations.iter_mut().enumerate() {
        creation.required = required.contains(&Target::Creation(at));
    }
    let timeouts: Vec<Duration> = plan.waiting.iter().map(|waiting| timeout(world, plan, waiting.profile)).collect();
    for (waiting, timeout) in plan.waiting.iter_mut().zip(timeouts) {
        waiting.timeout = timeout;
    }
    sort_by_key(&mut plan.waiting, |waiting| waiting.profile);
    sort_by_key(&mut plan.unused, |unused| unused.profile);
    warn(world, plan);
}

/// How long a profile's device is waited for: as long as its requirement says; a port, if its controller is required and
/// has no other port yet.
fn timeout(world: &World, plan: &Plan, index: usize) -> Duration {
    if let Some(requirement) = plan.requirements.iter().find(|requirement| requirement.profiles.contains(&index)) {
        return requirement.device_timeout;
    }
    let Some(profile) = world.profiles.get(index) else { return Duration::ZERO };
    let controller = profile.controller.as_ref().map(|controller| controller.name.as_str());
    let is_controller = |one: &&Creation| {
        let uuid = world.profiles.get(one.profile).map(|profile| profile.uuid.to_string());
        Some(one.name.as_str()) == controller || (uuid.is_some() && uuid.as_deref() == controller)
    };
    match plan.creations.iter().find(is_controller) {
        Some(one) if one.required && one.ports.is_empty() => world.context.device_timeout(profile),
        _ => Duration::ZERO,
    }
}

/// What becomes of the profiles that take no device and make no link.
fn rest(world: &World, plan: &mut Plan) {
    for (index, profile) in world.profiles.iter().enumerate() {
        let settled = plan.activations.iter().any(|one| one.profile == index)
            || plan.waiting.iter().any(|one| one.profile == index);
        if settled || creates(&profile.kind) {
            continue;
        }
        match idle(world, plan, index, profile) {
            Ok(because) => plan.unused.push(Unused { profile: index, because }),
            Err(missing) => plan.waiting.push(Waiting { profile: index, missing, timeout: Duration::ZERO }),
        }
    }
}

fn idle(world: &World, plan: &Plan, index: usize, profile: &Profile) -> Result<Idle, Missing> {
    if !profile.starts_by_itself() {
        return Ok(Idle::NoAutoconnect);
    }
    let rule = kernel_command_line(&profile.matching.kernel_command_line, &world.context.words);
    if rule == Some(false) {
        // Whatever the device.
        let (rule, any) = (Rule::MatchKernelCommandLine, Device::default());
        return Ok(Idle::Never(Mismatch::of(rule, profile, &any, &world.context.words)));
    }
    match refusals(world, plan, index)
        .map(|(refusal, _)| refusal)
        .find(|refusal| !matches!(refusal, Refusal::Mismatch(_)))
    {
        Some(Refusal::NoController { name }) => Err(Missing::Controller(name.clone())),
        Some(_) => Ok(Idle::NoFreeDevice),
        None => Err(Missing::Device),
    }
}

/// Why each device is not this profile's, with the device's interface index.
///
/// A report has every profile but one in the order of the choice, so that it need not be searched: with many links on each other there
/// are as many profiles as devices.
fn refusals<'a>(
    world: &World,
    plan: &'a Plan,
    profile: usize,
) -> impl Iterator<Item = (&'a Refusal, &'a super::DeviceReport)> {
    let place = world.order.iter().position(|&other| other == profile).unwrap_or(usize::MAX);
    plan.devices.iter().filter_map(move |report| {
        let mut near = [place, place.wrapping_sub(1)].into_iter().filter_map(|at| report.rejected.get(at));
        near.find(|one| one.profile == profile).map(|one| (&one.refusal, report))
    })
}

/// What a profile adds to the requirements.
fn reason(world: &World, plan: &Plan, index: usize, profile: &Profile) -> Option<Reason> {
    let idle = plan.unused.iter().find(|unused| unused.profile == index);
    let never = idle.is_some_and(|one| one.because != Idle::NoFreeDevice && !one.because.is_mistake());
    let port = profile.controller.as_ref().is_some_and(|controller| controller.port_type != "vrf");
    if port || never || (is_bare(profile) && stands_below(world, plan, index)) {
        return None;
    }
    let families = [profile.ipv4.as_ref().map(|ip| &ip.ip), profile.ipv6.as_ref().map(|ip| &ip.ip)];
    let may_not_fail = families.into_iter().flatten().any(|ip| !ip.may_fail);
    let lost = world.context.lost.contains(&index);
    let present = lost || !links(world, plan, index).is_empty() || profile.wait_device_timeout.is_some();
    let one = names_one(profile) || creates(&profile.kind);
    if boot_device(world, plan) == Some(index) {
        return Some(Reason::BootDevice);
    }
    Some(match profile.origin {
        Origin::CommandLine { .. } | Origin::Default { .. } if one => Reason::Named,
        Origin::CommandLine { .. } | Origin::Default { .. } => Reason::AnyLink,
        Origin::Firmware { .. } => Reason::Firmware,
        Origin::File { .. } if may_not_fail && present => Reason::MayNotFail,
        Origin::File { .. } if matches!(profile.kind, LinkKind::WireGuard(_)) => Reason::Tunnel,
        Origin::File { .. } => Reason::AnyKeyfile,
    })
}

/// True for a link without addresses.
fn is_bare(profile: &Profile) -> bool {
    let v4 = profile.ipv4.as_ref().is_none_or(|ip| ip.method == Method4::Disabled);
    v4 && profile.ipv6.as_ref().is_none_or(|ip| matches!(ip.method, Method6::Disabled | Method6::Ignore))
}

/// True if another link stands on this profile's, or is a port of it (of a vrf) and has addresses: that one counts.
fn stands_below(world: &World, plan: &Plan, index: usize) -> bool {
    let own = links(world, plan, index);
    let on = |target: Option<Target>| target.is_some_and(|target| own.contains(&target));
    let has_ip = |index: usize| world.profiles.get(index).is_some_and(|profile| !is_bare(profile));
    let port_with_ip = plan.activations.iter().any(|one| on(one.controller) && has_ip(one.profile));
    port_with_ip || plan.creations.iter().any(|one| on(one.parent) || on(one.controller) && has_ip(one.profile))
}

/// The profile of the link that `bootdev=` names.
fn boot_device(world: &World, plan: &Plan) -> Option<usize> {
    let bootdev = world.context.bootdev.as_deref()?;
    let mac: Option<HwAddr> = bootdev.parse().ok();
    let named = |profile: &Profile| {
        profile.interface_name.as_deref() == Some(bootdev) || (mac.is_some() && profile.matching.mac_address == mac)
    };
    let takes = plan.activations.iter().find(|one| one.ifname == bootdev).map(|one| one.profile);
    takes.or_else(|| world.ordered().find(|(_, profile)| named(profile)).map(|(index, _)| index))
}

/// The links of a profile, or those it would have if others had not got them.
fn links(world: &World, plan: &Plan, index: usize) -> Vec<Target> {
    let own = |profile: usize| -> Vec<Target> {
        let activations = plan.activations.iter().filter(|one| one.profile == profile);
        let creations = plan.creations.iter().enumerate().filter(|(_, one)| one.profile == profile);
        let links = activations.map(|one| Target::Link(one.ifindex));
        links.chain(creations.map(|(at, _)| Target::Creation(at))).collect()
    };
    let found = own(index);
    if !found.is_empty() {
        return found;
    }
    if let Some(Idle::NameTaken { by, .. }) =
        plan.unused.iter().find(|one| one.profile == index).map(|one| &one.because)
    {
        return own(*by);
    }
    let outranked = refusals(world, plan, index).filter(|(refusal, _)| matches!(refusal, Refusal::Outranked { .. }));
    let theirs = outranked.map(|(_, report)| report.device.ifindex);
    theirs
        .filter(|&ifindex| plan.activation(ifindex).is_some_and(|one| one.controller.is_none()))
        .map(Target::Link)
        .collect()
}

/// Of the links of the boot device's profile, the one that `bootdev=` names, if it is among them.
fn boot_links(world: &World, plan: &Plan, index: usize) -> Vec<Target> {
    let mut links = links(world, plan, index);
    let named = plan.activations.iter().find(|one| Some(one.ifname.as_str()) == world.context.bootdev.as_deref());
    if let Some(link) = named.map(|one| Target::Link(one.ifindex)).filter(|link| links.contains(link)) {
        links = vec![link];
    }
    links
}

/// A device the profile fits that others have configured, default route and all.
fn met_by(world: &World, plan: &Plan, index: usize) -> Option<u32> {
    let configured = |refusal: &Refusal| matches!(refusal, Refusal::Untouched(Untouched::Configured { .. }));
    let mut found =
        refusals(world, plan, index).filter(|(refusal, report)| configured(refusal) && report.taken_by.is_none());
    found.find(|(_, report)| report.device.default_route).map(|(_, report)| report.device.ifindex)
}

fn requirements(world: &World, plan: &mut Plan) {
    let mut all: Vec<Requirement> = Vec::new();
    for (index, profile) in world.profiles.iter().enumerate() {
        let Some(reason) = reason(world, plan, index, profile) else { continue };
        let alone = matches!(reason, Reason::BootDevice | Reason::Named | Reason::MayNotFail | Reason::Tunnel);
        let mistake = plan.unused.iter().any(|one| one.profile == index && one.because.is_mistake());
        let device_timeout = world.context.device_timeout(profile);
        // No device that may come mends what is wrong with the profile.
        let device_timeout = if mistake { Duration::ZERO } else { device_timeout };
        let exclusive = reason == Reason::AnyLink && world.context.single_dhcp;
        let one = Requirement {
            reason,
            profiles: vec![index],
            links: if reason == Reason::BootDevice {
                boot_links(world, plan, index)
            } else {
                links(world, plan, index)
            },
            met_by: met_by(world, plan, index),
            device_timeout,
            exclusive,
        };
        match all.iter_mut().find(|other| other.reason == reason && !alone) {
            Some(group) => join(group, one),
            None => all.push(one),
        }
    }
    let bootdev = all.iter().any(|one| one.reason == Reason::BootDevice);
    let others = all.iter().any(|one| one.reason != Reason::AnyKeyfile);
    all.retain(|one| one.reason == Reason::BootDevice || !(bootdev || others && one.reason == Reason::AnyKeyfile));
    for requirement in &mut all {
        // What is to be done counts before what others did; the latter only saves a wait.
        requirement.met_by = requirement.met_by.filter(|_| requirement.links.is_empty());
    }
    sort_by_key(&mut all, |requirement| requirement.reason);
    plan.requirements = all;
}

/// Adds a profile to a requirement that one of several can meet.
fn join(group: &mut Requirement, one: Requirement) {
    group.profiles.extend(one.profiles);
    let new: Vec<Target> = one.links.into_iter().filter(|link| !group.links.contains(link)).collect();
    group.links.extend(new);
    group.met_by = group.met_by.or(one.met_by);
    group.device_timeout = group.device_timeout.max(one.device_timeout);
}

/// Says what looks like a mistake.
fn warn(world: &World, plan: &mut Plan) {
    let mut warnings = Vec::new();
    let mut say = |index: usize, text: &dyn fmt::Display| {
        if let Some(profile) = world.profiles.get(index) {
            warnings.push(Warning::new(&profile.origin, format!("profile '{}': {text}", profile.id)));
        }
    };
    for unused in &plan.unused {
        match &unused.because {
            Idle::NoAutoconnect | Idle::Never(_) | Idle::NoFreeDevice => {}
            because => say(unused.profile, because),
        }
    }
    for waiting in plan.waiting.iter().filter(|waiting| waiting.missing != Missing::Device) {
        say(waiting.profile, &waiting.missing);
    }
    for activation in plan.activations.iter().filter(|one| one.controller.is_none()) {
        let report = plan.devices.iter().find(|report| report.device.ifindex == activation.ifindex);
        let is_port = report.is_some_and(|report| report.device.controller.is_some());
        let has_ip = world.profiles.get(activation.profile).is_some_and(|one| one.ipv4.is_some() || one.ipv6.is_some());
        if is_port && has_ip {
            let text = format!("{} is a port of another link; addresses on a port have no effect", activation.ifname);
            say(activation.profile, &text);
        }
    }
    if world.context.need_network && plan.requirements.is_empty() {
        let origin = Origin::Default { reason: "rd.neednet=1".to_owned() };
        warnings.push(Warning::new(&origin, "the network is needed, but no profile is for any link"));
    }
    plan.warnings = warnings;
}
