//! Addresses: those that are missing, and the order of those of IPv6.
//!
//! Where nothing else decides (RFC 6724 section 5), the kernel speaks from the IPv6 address that it lists first, and it lists first
//! what came last. NetworkManager wants the profile's first address there, then the others, then leases, then what routers gave in
//! the order in which they gave it; it takes away and makes anew what stands elsewhere, which a link that it takes over would feel.

use std::borrow::Cow;

use ipnet::IpNet;

use super::super::request::{Request, Target};
use super::super::snapshot::{Address, Snapshot};
use super::{same_address, target};
use crate::profile::desired::{DesiredAddress, DesiredLink};
use crate::profile::sort::sort_by_key;

pub(super) fn addresses<'a>(have: &'a Snapshot, wanted: &'a DesiredLink, requests: &mut Vec<Request<'a>>) {
    let target = target(have, wanted.ifindex);
    let held: Vec<&Address> = have.addresses.iter().filter(|held| held.ifindex == wanted.ifindex).collect();
    let moved = moved(&held, wanted);
    let missing = |address: &&DesiredAddress| {
        moved.contains(&address.net) || !held.iter().any(|held| same_address(held, address))
    };
    let add = |address| Request::AddAddress(target, Cow::Borrowed(address));
    let (v4, v6): (Vec<_>, Vec<_>) =
        wanted.addresses.iter().filter(missing).partition(|address| matches!(address.net, IpNet::V4(_)));
    requests.extend(v4.into_iter().map(add));
    // What stands last is made first.
    for net in moved.iter().rev() {
        requests.extend(held.iter().find(|held| held.net == *net).into_iter().flat_map(|held| anew(target, held)));
        requests.extend(v6.iter().filter(|address| address.net == *net && !is_held(&held, *net)).map(|one| add(one)));
    }
    requests.extend(v6.into_iter().rev().filter(|address| !moved.contains(&address.net)).map(add));
}

fn is_held(held: &[&Address], net: IpNet) -> bool {
    held.iter().any(|held| held.net == net)
}

/// Those that have to be made anew so that all stand in their order: what comes before the longest end of it that is right already.
fn moved(held: &[&Address], wanted: &DesiredLink) -> Vec<IpNet> {
    let Some(by_routers) = &wanted.order6 else { return Vec::new() };
    let own = || wanted.addresses.iter().map(|address| address.net).filter(|net| matches!(net, IpNet::V6(_)));
    let listed: Vec<&&Address> = held.iter().filter(|held| held.is_global6()).collect();
    let is_given = |held: &&&&Address| held.is_by_router() && !own().any(|net| net == held.net);
    let mut given: Vec<IpNet> = listed.iter().filter(is_given).map(|held| held.net).collect();
    let place = |net: &IpNet| by_routers.iter().position(|prefix| prefix.contains(&net.addr()));
    sort_by_key(&mut given, |net| place(net).unwrap_or(usize::MAX));
    let order: Vec<IpNet> = own().chain(given).collect();
    let mut end = listed.len();
    let stays = |net: &&IpNet| {
        let at = listed.iter().take(end).rposition(|held| held.net == **net);
        end = at.unwrap_or(end);
        at.is_some()
    };
    let kept = order.iter().rev().take_while(stays).count();
    order.into_iter().rev().skip(kept).rev().collect()
}

/// The same address once more; probed again only if that is not over, and with no mark of that (IFA_F_NODAD) left behind. Temporary
/// addresses beside it go and come with it.
fn anew<'a>(target: Target<'a>, held: &Address) -> impl Iterator<Item = Request<'a>> {
    let again = DesiredAddress {
        net: held.net,
        broadcast: None,
        valid: held.valid,
        preferred: held.preferred,
        no_prefix_route: true,
        no_dad: false,
        optimistic: held.is_optimistic(),
        leads_temporary: held.leads_temporary(),
    };
    let proved = (!held.is_being_probed()).then(|| DesiredAddress { no_dad: true, ..again.clone() });
    let add = move |address| Request::AddAddress(target, Cow::Owned(address));
    [Request::RemoveAddress(target, held.net)].into_iter().chain(proved.into_iter().chain([again]).map(add))
}
