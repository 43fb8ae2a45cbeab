//! From the links that profiles want to make to a stack that can be built.

use super::creation::{Creation, Lower, Node, Nodes, Target, by_uuid, creates, hardware, lower};
use super::order::{Left, sort};
use super::{Activation, Idle, Missing, Plan, Unused, Waiting, World};

/// What a node stands on or is a port of.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Node(usize),
    Device(u32),
}

/// A node's neighbours, or what is missing.
pub(super) struct Neighbours {
    pub(super) parent: Option<Place>,
    pub(super) controller: Option<Place>,
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
        Some(Lower::Mac(mac)) => {
            let device = hardware(world, mac).ok_or_else(|| Missing::Parent(mac.to_string()))?;
            Some(Place::Device(device.ifindex))
        }
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
