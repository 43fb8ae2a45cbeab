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
    let cyclic: Vec<usize> = (0..count).filter(|&at| below(neighbours, at).contains(&at)).collect();
    let mut placed: Vec<usize> = Vec::with_capacity(count);
    let mut open: Vec<usize> = (0..count).filter(|at| !cyclic.contains(at)).collect();
    // Each round places what stands on earlier rounds only: as many rounds as the stack is high.
    loop {
        let (ready, rest): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|&&at| is_ready(neighbours, &open, &cyclic, at));
        if ready.is_empty() {
            break;
        }
        placed.extend(ready);
        open = rest;
    }
    open.extend(&cyclic);
    crate::profile::sort::sort(&mut open);
    let left = |at: usize| Some((nodes.list.get(at)?, why_left(nodes, neighbours, &placed, &cyclic, at)));
    (placed.clone(), open.iter().filter_map(|&at| left(at)).collect())
}

/// True if nothing that the node stands on, or is a port of, is yet to be placed.
fn is_ready(neighbours: &[Result<Neighbours, Missing>], open: &[usize], cyclic: &[usize], at: usize) -> bool {
    let Some(Ok(Neighbours { parent, controller })) = neighbours.get(at) else { return false };
    [parent, controller].into_iter().flatten().all(|place| match place {
        Place::Device(_) => true,
        Place::Node(node) => open.binary_search(node).is_err() && !cyclic.contains(node),
    })
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
