//! The links that profiles make, and the order in which they can be made.

use crate::profile::{Device, HwAddr, LinkKind, Profile};

use super::matching::{Rule, compatible, matches, same, type_of};
use super::{Activation, Idle, Missing, Plan, Unused, Waiting, World};

/// A link of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A device that is there, by interface index.
    Link(u32),
    /// A link to be made, by its index in [`Plan::creations`].
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
    /// The link below it (vlan, macvlan, p-key child). A creation comes earlier in [`Plan::creations`].
    pub parent: Option<Target>,
    /// The link it becomes a port of. A creation comes earlier in [`Plan::creations`].
    pub controller: Option<Target>,
    /// The links that become its ports: activations, then creations.
    pub ports: Vec<Target>,
    /// True if the link is in a requirement.
    pub required: bool,
}

/// Types sunup can make beside those that have a variant of [`LinkKind`].
const OTHER_TYPES: &[&str] =
    &["dummy", "ip-tunnel", "ipvlan", "macsec", "macvlan", "tun", "veth", "vrf", "vxlan", "wireguard"];

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
    list: Vec<Node>,
    unused: Vec<Unused>,
}

struct Node {
    profile: usize,
    name: String,
    existing: Option<u32>,
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
fn by_uuid(world: &World, name: &str) -> Option<usize> {
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
    match matches(profile, existing.unwrap_or(&future), &world.context.words) {
        Err(mismatch) if mismatch.rule != Rule::Type => Err(Idle::Never(mismatch)),
        _ => Ok(Node { profile: index, name, existing: existing.map(|device| device.ifindex) }),
    }
}

/// Profiles with `autoconnect`, and those that such a profile stands on or is a port of.
fn wanted(world: &World) -> Vec<usize> {
    let mut wanted: Vec<usize> =
        world.ordered().filter(|(_, profile)| profile.autoconnect).map(|(index, _)| index).collect();
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
    let makes = |profile: &Profile| creates(&profile.kind) && link_name(world, profile).as_deref() == Some(name);
    let found: Vec<usize> = world.ordered().filter(|(_, profile)| makes(profile)).map(|(index, _)| index).collect();
    let autoconnect = |index: &&usize| world.profiles.get(**index).is_some_and(|profile| profile.autoconnect);
    found.iter().find(autoconnect).or(found.first()).copied()
}

/// How a profile names the link below the one it makes.
enum Lower {
    /// Interface name or profile uuid.
    Name(String),
    /// MAC address of the device.
    Mac(HwAddr),
}

fn lower(profile: &Profile) -> Option<Lower> {
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
    let Some(Lower::Name(parent)) = lower(profile) else {
        return None;
    };
    let of_profile = by_uuid(world, &parent).map(|index| world.profiles.get(index)?.interface_name.clone());
    let parent = of_profile.unwrap_or(Some(parent))?;
    match &profile.kind {
        LinkKind::Vlan(vlan) => Some(format!("{parent}.{}", vlan.id)),
        LinkKind::Infiniband(infiniband) => Some(format!("{parent}.{:04x}", infiniband.p_key?)),
        _ => None,
    }
}

/// What a node stands on or is a port of.
#[derive(Clone, Copy)]
enum Place {
    Node(usize),
    Device(u32),
}

/// A node's neighbours, or what is missing.
struct Neighbours {
    parent: Option<Place>,
    controller: Option<Place>,
}

/// Fills in activations and creations from the reports; what cannot be done goes to `waiting` and `unused`.
pub(super) fn arrange(world: &World, nodes: Nodes, plan: &mut Plan) {
    let Nodes { list, mut unused } = nodes;
    let nodes = Nodes { list, unused: Vec::new() };
    plan.unused.append(&mut unused);
    let neighbours: Vec<Result<Neighbours, Missing>> =
        nodes.list.iter().map(|node| neighbours(world, &nodes, plan, node)).collect();
    let (placed, left) = sort(&nodes, &neighbours);
    for (node, because) in left {
        let profile = node.profile;
        match because {
            Left::Missing(missing) => plan.waiting.push(Waiting { profile, missing, timeout: Default::default() }),
            Left::Cycle(on) => plan.unused.push(Unused { profile, because: Idle::Cycle(on) }),
        }
        release(plan, profile);
    }
    let target = |place: Option<Place>| match place? {
        Place::Device(ifindex) => Some(Target::Link(ifindex)),
        Place::Node(node) => placed.iter().position(|&at| at == node).map(Target::Creation),
    };
    for &at in &placed {
        if let (Some(node), Some(Ok(Neighbours { parent, controller }))) = (nodes.list.get(at), neighbours.get(at)) {
            plan.creations.push(Creation {
                profile: node.profile,
                name: node.name.clone(),
                existing: node.existing,
                parent: target(*parent),
                controller: target(*controller),
                ports: Vec::new(),
                required: false,
            });
        }
    }
    activations(world, &nodes, &target, plan);
    ports(plan);
}

/// Takes a device back from a profile that cannot be carried out after all.
fn release(plan: &mut Plan, profile: usize) {
    for report in plan.devices.iter_mut().filter(|report| report.taken_by == Some(profile)) {
        report.taken_by = None;
        report.matched_by.clear();
    }
}

fn neighbours(world: &World, nodes: &Nodes, plan: &Plan, node: &Node) -> Result<Neighbours, Missing> {
    let Some(profile) = world.profiles.get(node.profile) else {
        return Ok(Neighbours { parent: None, controller: None });
    };
    let parent = match lower(profile) {
        None => None,
        Some(Lower::Name(name)) => Some(place(world, nodes, plan, &name).ok_or(Missing::Parent(name))?),
        Some(Lower::Mac(mac)) => Some(hardware(world, mac).ok_or_else(|| Missing::Parent(mac.to_string()))?),
    };
    let controller = match &profile.controller {
        None => None,
        Some(controller) => {
            let name = &controller.name;
            Some(place(world, nodes, plan, name).ok_or_else(|| Missing::Controller(name.clone()))?)
        }
    };
    Ok(Neighbours { parent, controller })
}

/// The link a name or uuid means.
fn place(world: &World, nodes: &Nodes, plan: &Plan, name: &str) -> Option<Place> {
    if let Some(node) = nodes.find(world, name) {
        return Some(Place::Node(node));
    }
    if let Some(profile) = by_uuid(world, name) {
        let report = plan.devices.iter().find(|report| report.taken_by == Some(profile))?;
        return Some(Place::Device(report.device.ifindex));
    }
    world.device_named(name).map(|device| Place::Device(device.ifindex))
}

/// The hardware device (or veth) with this address; links made upon it share it.
fn hardware(world: &World, mac: HwAddr) -> Option<Place> {
    let real = |device: &&&Device| compatible(&LinkKind::Ethernet, device) || device.arp_type == 32;
    let same = |device: &&&Device| device.match_mac().is_some_and(|found| same(found, mac));
    world.devices.iter().filter(real).find(same).map(|device| Place::Device(device.ifindex))
}

/// Why a node is not in the order.
enum Left {
    Missing(Missing),
    /// Profiles of the links that stand on each other.
    Cycle(Vec<usize>),
}

/// Sorts nodes so that parents and controllers come first; second, the nodes that have no place in such an order.
fn sort<'a>(nodes: &'a Nodes, neighbours: &[Result<Neighbours, Missing>]) -> (Vec<usize>, Vec<(&'a Node, Left)>) {
    let count = nodes.list.len();
    let mut placed: Vec<usize> = Vec::with_capacity(count);
    let cyclic: Vec<usize> = (0..count).filter(|&at| below(neighbours, at).contains(&at)).collect();
    loop {
        let ready = |at: &usize| {
            !placed.contains(at)
                && !cyclic.contains(at)
                && neighbours.get(*at).is_some_and(|found| match found {
                    Ok(Neighbours { parent, controller }) => {
                        [parent, controller].into_iter().flatten().all(|place| match place {
                            Place::Device(_) => true,
                            Place::Node(node) => placed.contains(node),
                        })
                    }
                    Err(_) => false,
                })
        };
        let Some(next) = (0..count).find(ready) else { break };
        placed.push(next);
    }
    let left = |at: usize| Some((nodes.list.get(at)?, why_left(nodes, neighbours, &placed, &cyclic, at)));
    let left = (0..count).filter(|at| !placed.contains(at)).filter_map(left).collect();
    (placed, left)
}

fn why_left(
    nodes: &Nodes,
    neighbours: &[Result<Neighbours, Missing>],
    placed: &[usize],
    cyclic: &[usize],
    at: usize,
) -> Left {
    let profile = |node: &usize| nodes.list.get(*node).map(|node| node.profile);
    let name = |node: usize| nodes.list.get(node).map(|node| node.name.clone()).unwrap_or_default();
    let stuck = |place: &Option<Place>| match place {
        Some(Place::Node(node)) if !placed.contains(node) => Some(*node),
        _ => None,
    };
    match neighbours.get(at) {
        _ if cyclic.contains(&at) => Left::Cycle(below(neighbours, at).iter().filter_map(profile).collect()),
        Some(Err(missing)) => Left::Missing(missing.clone()),
        Some(Ok(Neighbours { parent, controller })) => match (stuck(parent), stuck(controller)) {
            (Some(node), _) => Left::Missing(Missing::Parent(name(node))),
            (None, Some(node)) => Left::Missing(Missing::Controller(name(node))),
            (None, None) => Left::Cycle(Vec::new()),
        },
        None => Left::Cycle(Vec::new()),
    }
}

/// All nodes that a node stands on: its parent, its ports, and theirs.
fn below(neighbours: &[Result<Neighbours, Missing>], at: usize) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut next = vec![at];
    while let Some(upper) = next.pop() {
        for (lower, of_lower) in neighbours.iter().enumerate() {
            let is_port = matches!(of_lower, Ok(Neighbours { controller: Some(Place::Node(c)), .. }) if *c == upper);
            let parent = match neighbours.get(upper) {
                Some(Ok(Neighbours { parent: Some(Place::Node(parent)), .. })) => Some(*parent),
                _ => None,
            };
            if (is_port || parent == Some(lower)) && !found.contains(&lower) {
                found.push(lower);
                next.push(lower);
            }
        }
    }
    found
}

/// One activation for each device that a profile takes.
fn activations(world: &World, nodes: &Nodes, target: &dyn Fn(Option<Place>) -> Option<Target>, plan: &mut Plan) {
    let mut lost = Vec::new();
    let mut activations = Vec::new();
    for report in &plan.devices {
        let Some((index, profile)) = report.taken_by.and_then(|index| Some((index, world.profiles.get(index)?))) else {
            continue;
        };
        if creates(&profile.kind) {
            continue;
        }
        let wanted = profile.controller.as_ref().map(|controller| &controller.name);
        let controller = wanted.and_then(|name| target(place(world, nodes, plan, name)));
        if let (Some(name), None) = (wanted, controller) {
            lost.push((index, name.clone()));
            continue;
        }
        let (ifindex, ifname) = (report.device.ifindex, report.device.name.clone());
        activations.push(Activation { ifindex, ifname, profile: index, controller, required: false });
    }
    plan.activations = activations;
    for (profile, name) in lost {
        release(plan, profile);
        plan.waiting.push(Waiting { profile, missing: Missing::Controller(name), timeout: Default::default() });
    }
}

/// Notes the ports at their controllers.
fn ports(plan: &mut Plan) {
    let of_links = plan.activations.iter().map(|one| (one.controller, Target::Link(one.ifindex)));
    let of_creations = plan.creations.iter().enumerate().map(|(at, one)| (one.controller, Target::Creation(at)));
    let pairs: Vec<(Option<Target>, Target)> = of_links.chain(of_creations).collect();
    for (controller, port) in pairs {
        if let Some(Target::Creation(at)) = controller
            && let Some(creation) = plan.creations.get_mut(at)
        {
            creation.ports.push(port);
        }
    }
}
