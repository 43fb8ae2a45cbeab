//! The links that profiles make, and the order in which they can be made.

use crate::profile::{Device, HwAddr, LinkKind, Profile};

use super::matching::{Rule, compatible, matches, same, type_of};
use super::{Idle, Mismatch, Unused, World};

/// The longest name of a link, in bytes (IFNAMSIZ less the final zero).
const LONGEST_NAME: usize = 15;

/// A link of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A device that is there, by interface index.
    Link(u32),
    /// A link to be made, by its index in [`super::Plan::creations`].
    Creation(usize),
}

/// A link to be made, or adjusted if it is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Index of the profile.
    pub profile: usize,
    /// Name of the link.
    pub name: String,
    /// Interface index of a link of that name and kind that exists.
    pub existing: Option<u32>,
    /// The link below it (vlan, macvlan, p-key child). A creation comes earlier in [`super::Plan::creations`].
    pub parent: Option<Target>,
    /// The link it becomes a port of. A creation comes earlier in [`super::Plan::creations`].
    pub controller: Option<Target>,
    /// The links that become its ports: activations, then creations.
    pub ports: Vec<Target>,
    /// True if the link is in a requirement.
    pub required: bool,
}

/// Types sunup can make beside those that have a variant of [`LinkKind`].
const OTHER_TYPES: &[&str] = &["dummy", "ip-tunnel", "ipvlan", "macsec", "macvlan", "tun", "veth", "vrf", "vxlan"];

/// Types of [`OTHER_TYPES`] that stand on a parent.
const NEED_PARENT: &[&str] = &["ipvlan", "macsec", "macvlan"];

/// True if a profile of this type makes its link; false if it takes one that is there.
pub(super) fn creates(kind: &LinkKind) -> bool {
    match kind {
        LinkKind::Other { name, .. } => !matches!(name.as_str(), "loopback" | "generic"),
        kind => kind.is_virtual(),
    }
}

/// The links that profiles want to make, in the order of the choice, before it is known what they stand on.
#[derive(Default)]
pub(super) struct Nodes {
    pub(super) list: Vec<Node>,
    pub(super) unused: Vec<Unused>,
}

pub(super) struct Node {
    pub(super) profile: usize,
    pub(super) name: String,
    pub(super) existing: Option<u32>,
}

impl Nodes {
    /// The profile that makes (adjusts) the device with this index.
    pub(super) fn making(&self, ifindex: u32) -> Option<usize> {
        self.list.iter().find(|node| node.existing == Some(ifindex)).map(|node| node.profile)
    }

    /// The node a name or uuid means.
    pub(super) fn find(&self, world: &World, name: &str) -> Option<usize> {
        let profile = by_uuid(world, name);
        self.list.iter().position(|node| Some(node.profile) == profile || node.name == name)
    }
}

/// The profile whose uuid this is.
pub(super) fn by_uuid(world: &World, name: &str) -> Option<usize> {
    let uuid = uuid::Uuid::try_parse(name).ok()?;
    world.profiles.iter().position(|profile| profile.uuid == uuid)
}

/// Collects the profiles that make a link.
pub(super) fn nodes(world: &World) -> Nodes {
    let mut nodes = Nodes::default();
    let wanted = wanted(world);
    for (index, profile) in world.ordered().filter(|(_, profile)| creates(&profile.kind)) {
        match node(world, &nodes, index, profile, wanted.contains(&index)) {
            Ok(node) => nodes.list.push(node),
            Err(because) => nodes.unused.push(Unused { profile: index, because }),
        }
    }
    nodes
}

fn node(world: &World, nodes: &Nodes, index: usize, profile: &Profile, wanted: bool) -> Result<Node, Idle> {
    if !wanted {
        return Err(Idle::NoAutoconnect);
    }
    match &profile.kind {
        LinkKind::Other { name, .. } if !OTHER_TYPES.contains(&name.as_str()) => {
            return Err(Idle::Unsupported(name.clone()));
        }
        LinkKind::Other { name, .. } if !NEED_PARENT.contains(&name.as_str()) => {}
        LinkKind::Vlan(_) | LinkKind::Infiniband(_) | LinkKind::Other { .. } if lower(profile).is_none() => {
            return Err(Idle::NoParent);
        }
        _ => {}
    }
    let name = link_name(world, profile).ok_or(Idle::NoName)?;
    if let Some(other) = nodes.list.iter().find(|node| node.name == name) {
        return Err(Idle::NameTaken { name, by: other.profile });
    }
    let existing = world.device_named(&name);
    if let Some(device) = existing.filter(|device| !compatible(&profile.kind, device)) {
        return Err(Idle::OtherKind { name, kind: type_of(device).to_owned() });
    }
    // A link that is yet to be made has no driver and no path, as in NetworkManager.
    let future = Device { name: name.clone(), ..Device::default() };
    let (device, words) = (existing.unwrap_or(&future), &world.context.words);
    match matches(profile, device, words) {
        Err(rule) if rule != Rule::Type => Err(Idle::Never(Mismatch::of(rule, profile, device, words))),
        _ => Ok(Node { profile: index, name, existing: existing.map(|device| device.ifindex) }),
    }
}

/// Profiles with `autoconnect`, and those that such a profile stands on or is a port of.
fn wanted(world: &World) -> Vec<usize> {
    let mut wanted: Vec<usize> =
        world.ordered().filter(|(_, profile)| profile.starts_by_itself()).map(|(index, _)| index).collect();
    let mut next = 0;
    while let Some(profile) = wanted.get(next).and_then(|&index| world.profiles.get(index)) {
        let controller = profile.controller.as_ref().map(|controller| controller.name.clone());
        let parent = match lower(profile) {
            Some(Lower::Name(name)) => Some(name),
            _ => None,
        };
        for name in controller.into_iter().chain(parent) {
            let found = by_uuid(world, &name).or_else(|| by_name(world, &name));
            wanted.extend(found.filter(|index| !wanted.contains(index)));
        }
        next += 1;
    }
    wanted
}

/// The profile that makes a link of this name.
fn by_name(world: &World, name: &str) -> Option<usize> {
    let is_named = |profile: &Profile| match &profile.interface_name {
        Some(own) => own == name,
        None => link_name(world, profile).as_deref() == Some(name),
    };
    let makes = |profile: &Profile| is_named(profile) && creates(&profile.kind);
    let found: Vec<usize> = world.ordered().filter(|(_, profile)| makes(profile)).map(|(index, _)| index).collect();
    let autoconnect = |index: &&usize| world.profiles.get(**index).is_some_and(Profile::starts_by_itself);
    found.iter().find(autoconnect).or(found.first()).copied()
}

/// How a profile names the link below the one it makes.
pub(super) enum Lower {
    /// Interface name or profile uuid.
    Name(String),
    /// MAC address of the device.
    Mac(HwAddr),
}

pub(super) fn lower(profile: &Profile) -> Option<Lower> {
    let name = match &profile.kind {
        LinkKind::Vlan(vlan) => vlan.parent.clone(),
        LinkKind::Infiniband(infiniband) if infiniband.p_key.is_some() => infiniband.parent.clone(),
        LinkKind::Other { options, .. } => {
            options.iter().find(|(key, _)| key == "parent").map(|(_, value)| value.clone())
        }
        _ => return None,
    };
    let name = name.filter(|name| !name.is_empty()).map(Lower::Name);
    name.or_else(|| profile.matching.mac_address.map(Lower::Mac))
}

/// The name of the link a profile makes: `connection.interface-name`, else `PARENT.ID` as NetworkManager forms it.
fn link_name(world: &World, profile: &Profile) -> Option<String> {
    if let Some(name) = &profile.interface_name {
        return Some(name.clone());
    }
    let parent = match lower(profile)? {
        Lower::Mac(mac) => hardware_name(world, mac, profile),
        Lower::Name(name) => match by_uuid(world, &name).and_then(|index| world.profiles.get(index)) {
            None => name,
            Some(parent) => match (&parent.interface_name, parent.matching.mac_address) {
                (Some(name), _) => name.clone(),
                (None, mac) => hardware_name(world, mac?, profile),
            },
        },
    };
    if parent.contains('/') {
        return Some(parent);
    }
    match &profile.kind {
        LinkKind::Vlan(vlan) => {
            let id = format!(".{}", vlan.id);
            let most = LONGEST_NAME.saturating_sub(id.len());
            let end = (0..=most.min(parent.len())).rev().find(|&end| parent.is_char_boundary(end)).unwrap_or(0);
            Some(format!("{}{id}", parent.get(..end).unwrap_or_default()))
        }
        LinkKind::Infiniband(infiniband) => Some(format!("{parent}.{:04x}", infiniband.p_key?)),
        _ => None,
    }
}

/// The hardware device (or veth) with this address; links made upon it share it.
pub(super) fn hardware<'a>(world: &World<'a>, mac: HwAddr) -> Option<&'a Device> {
    let real = |device: &&Device| compatible(&LinkKind::Ethernet, device) || device.arp_type == 32;
    let is_it = |device: &&Device| device.match_mac().is_some_and(|found| same(found, mac));
    world.devices.iter().copied().filter(real).find(is_it)
}

/// The name of that device. While it is not there, a text that no link is called, another for every profile: nothing is made
/// before it is there.
fn hardware_name(world: &World, mac: HwAddr, profile: &Profile) -> String {
    hardware(world, mac).map_or_else(|| format!("{mac}/{}", profile.uuid), |device| device.name.clone())
}
