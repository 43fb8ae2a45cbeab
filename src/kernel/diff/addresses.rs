//! Addresses: those that are missing, and the order of those of IPv6.
//!
//! Where nothing else decides (RFC 6724 section 5), the kernel speaks from the IPv6 address that it lists first, and it lists first
//! what came last. NetworkManager wants the profile's first address there, then the others, then leases, then what routers gave in
//! the order in which they gave it; it takes away and makes anew what stands elsewhere, which a link that it takes over would feel.

use ipnet::IpNet;

use super::super::request::{Request, Target};
use super::super::snapshot::{Address, Snapshot};
use super::{same_address, target};
use crate::profile::desired::{DesiredAddress, DesiredLink};

pub(super) fn addresses<'a>(have: &'a Snapshot, wanted: &'a DesiredLink, requests: &mut Vec<Request<'a>>) {
    let target = target(have, wanted.ifindex);
    let held: Vec<&Address> = have.addresses.iter().filter(|held| held.ifindex == wanted.ifindex).collect();
    let moved = moved(&held, wanted);
    let mut add = |address: &'a DesiredAddress| {
        if !held.iter().any(|held| same_address(held, address)) {
            requests.push(Request::AddAddress(target, *address));
        }
    };
    // What stands last is made first, but for IPv4.
    let stays = |address: &&DesiredAddress| !moved.contains(&address.net);
    wanted.addresses.iter().filter(|address| address.net.addr().is_ipv4()).for_each(&mut add);
    wanted.addresses.iter().rev().filter(|address| address.net.addr().is_ipv6()).filter(stays).for_each(&mut add);
    for net in moved.iter().rev() {
        match held.iter().find(|held| held.net == *net) {
            Some(held) => anew(target, held, requests),
            None => requests.extend(
                wanted
                    .addresses
                    .iter()
                    .find(|address| address.net == *net)
                    .map(|one| Request::AddAddress(target, *one)),
            ),
        }
    }
}

/// Those that have to be made anew so that all stand in their order: what comes before the longest end of it that is right already.
fn moved(held: &[&Address], wanted: &DesiredLink) -> Vec<IpNet> {
    let Some(by_routers) = &wanted.order6 else { return Vec::new() };
    let mut order: Vec<IpNet> = wanted.addresses.iter().map(|address| address.net).collect();
    order.retain(|net| net.addr().is_ipv6());
    let listed: Vec<IpNet> = held.iter().filter(|held| held.is_global6()).map(|held| held.net).collect();
    // Those that stand in no prefix told come last.
    for place in 0..=by_routers.len() {
        for held in held.iter().filter(|held| held.is_by_router()) {
            let told = by_routers.iter().position(|prefix| prefix.contains(&held.net.addr()));
            if told.unwrap_or(by_routers.len()) == place && !order.contains(&held.net) {
                order.push(held.net);
            }
        }
    }
    let mut end = listed.len();
    while let Some(net) = order.last() {
        match listed.iter().take(end).rposition(|held| held == net) {
            Some(at) => end = at,
            None => break,
        }
        order.pop();
    }
    order
}

/// The same address once more; probed again only if that is not over, and with no mark of that (IFA_F_NODAD) left behind. Temporary
/// addresses beside it go and come with it.
fn anew<'a>(target: Target<'a>, held: &Address, requests: &mut Vec<Request<'a>>) {
    let mut again = DesiredAddress {
        net: held.net,
        broadcast: None,
        valid: held.valid,
        preferred: held.preferred,
        no_prefix_route: true,
        no_dad: !held.is_being_probed(),
        optimistic: held.is_optimistic(),
        leads_temporary: held.leads_temporary(),
    };
    requests.push(Request::RemoveAddress(target, held.net));
    if again.no_dad {
        requests.push(Request::AddAddress(target, again));
        again.no_dad = false;
    }
    requests.push(Request::AddAddress(target, again));
}
