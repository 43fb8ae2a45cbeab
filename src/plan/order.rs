//! The order in which links can be made: parents and controllers first.

use super::Missing;
use super::creation::{Node, Nodes};
use super::stack::{Neighbours, Place};

/// Why a node is not in the order.
pub(super) enum Left {
    Missing(Missing),
    /// Profiles of the links that stand on each other.
    Cycle(Vec<usize>),
}

/// Sorts nodes so that parents and controllers come first; second, the nodes that have no place in such an order.
pub(super) fn sort<'a>(
    nodes: &'a Nodes,
    neighbours: &[Result<Neighbours, Missing>],
) -> (Vec<usize>, Vec<(&'a Node, Left)>) {
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
