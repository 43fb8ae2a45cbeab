//! Profile and leases to what the kernel shall hold: pure.
//!
//! Addresses and routes are made exactly as NetworkManager would make them (prefix route by hand, metric by type of link,
//! `proto dhcp` with a source), so that the daemon finds nothing to add when it adopts the link.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};

use crate::profile::desired::{DesiredAddress, DesiredRoute, protocol};
use crate::profile::ip::{IpSettings, Route, RouteKind, RouteOptions, TABLE_MAIN};
use crate::profile::sort::sort_by_key;
use crate::proto::Instant;
use crate::proto::dhcp4::Lease;
use crate::proto::dhcp6;

/// Scope of a route to a host on the link (`rtm_scope`).
const SCOPE_LINK: u8 = 253;
/// Scope of an address of this host.
const SCOPE_HOST: u8 = 254;
/// The table of addresses of this host (RT_TABLE_LOCAL).
const LOCAL: u32 = 255;

/// Class D, 224.0.0.0/4.
const MULTICAST: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4));

/// Addresses and routes of one family on one link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FamilyTarget {
    /// Addresses.
    pub(super) addresses: Vec<DesiredAddress>,
    /// Routes.
    pub(super) routes: Vec<DesiredRoute>,
}

/// What the profile itself asks for: its addresses, gateway and routes. `others` are addresses the link has besides,
/// from a lease: routers in their prefixes are reached without help.
pub(super) fn from_profile(settings: &IpSettings, others: &[IpNet], metric: u32) -> FamilyTarget {
    let mut target = FamilyTarget::default();
    for &net in &settings.addresses {
        add_address(&mut target, net, None, metric, settings.route_table);
    }
    let table = settings.route_table;
    let near = [settings.addresses.as_slice(), others].concat();
    // The kernel refuses a route from an address that is not there.
    let own = |source: IpAddr| near.iter().any(|net| net.addr() == source);
    // One of IPv6 waits until that is proved; routers are looked up without a type of service and without a sender.
    let source = |options: &RouteOptions| options.src.is_none_or(|source| source.is_ipv4() && own(source));
    let for_all = |options: &RouteOptions| options.tos.unwrap_or(0) == 0 && options.from.is_none() && source(options);
    let direct = |route: &&Route| route.gateway.is_none() && is_way(&route.options) && for_all(&route.options);
    let direct: Vec<_> = settings.routes.iter().filter(direct).map(|one| from_route(one, metric, table)).collect();
    // A router is looked up in the table of the route and in the main one.
    let table_of = |route: &DesiredRoute| route.options.table.unwrap_or(TABLE_MAIN);
    let serves = |way: &&DesiredRoute, wanted: &DesiredRoute| [TABLE_MAIN, table_of(wanted)].contains(&table_of(way));
    let is_reached = |wanted: &DesiredRoute, gateway: IpAddr| {
        let mut ways = direct.iter().filter(|way| serves(way, wanted));
        on_link(&near, gateway) || ways.any(|way| way.destination.contains(&gateway))
    };
    let default = settings.gateway.filter(|_| !settings.never_default);
    let default =
        default.map(|gateway| route(default_of(gateway), Some(gateway), metric, protocol::STATIC, None, table));
    let given = settings.routes.iter().map(|wanted| from_route(wanted, metric, table));
    let wanted: Vec<_> = default.into_iter().chain(given).collect();
    target.routes.extend(wanted.iter().filter_map(|wanted| to_router(wanted, |gateway| is_reached(wanted, gateway))));
    target.routes.extend(wanted);
    dedup(&mut target.routes);
    target
}

/// An address that the link gave itself (RFC 3927), and groups by the same link.
pub(super) fn link_local(address: Ipv4Addr, metric: u32, table: u32) -> FamilyTarget {
    let mut target = FamilyTarget::default();
    if let Ok(net) = Ipv4Net::new(address, 16) {
        add_address(&mut target, IpNet::V4(net), None, metric, table);
    }
    target.routes.push(route(MULTICAST, None, metric, protocol::STATIC, None, table));
    target
}

/// What a DHCPv4 lease adds, as of `now`.
pub(super) fn from_lease4(lease: &Lease, settings: &IpSettings, metric: u32, now: Instant) -> FamilyTarget {
    let mut target = FamilyTarget::default();
    let Ok(net) = Ipv4Net::new(lease.address, lease.prefix_len) else { return target };
    let table = settings.route_table;
    let left = lease.lease_time.map(|time| time.saturating_sub(now.since(lease.acquired)));
    add_address(&mut target, IpNet::V4(net), left, metric, table);
    if settings.ignore_auto_routes {
        return target;
    }
    let source = Some(IpAddr::V4(lease.address));
    for (destination, gateway) in lease.routes() {
        let destination = IpNet::V4(destination);
        if destination.prefix_len() == 0 && !settings.takes_default_route() {
            continue;
        }
        let gateway = gateway.map(IpAddr::V4);
        if let Some(gateway) = gateway.filter(|&g| !on_link(&[IpNet::V4(net)], g)) {
            target.routes.push(on_link_host(gateway, metric, protocol::DHCP, source, table));
        }
        target.routes.push(route(destination, gateway, metric, protocol::DHCP, source, table));
    }
    dedup(&mut target.routes);
    target
}

/// The addresses of a DHCPv6 lease, as of `now`: single ones (RFC 5942 section 4), and what else is on the link is said by routers.
pub(super) fn from_lease6(lease: &dhcp6::Lease, now: Instant) -> Vec<DesiredAddress> {
    let left = |time: Duration| (time != Duration::MAX).then_some(time);
    let lease = lease.remaining(now);
    let one = |address: &dhcp6::Address| DesiredAddress {
        net: IpNet::from(IpAddr::V6(address.address)),
        broadcast: None,
        valid: left(address.valid),
        preferred: left(address.preferred),
        no_prefix_route: true,
        no_dad: false,
        optimistic: true,
        leads_temporary: false,
    };
    lease.addresses.iter().map(one).collect()
}

/// The address, and the prefix route that goes with it.
fn add_address(target: &mut FamilyTarget, net: IpNet, valid: Option<Duration>, metric: u32, table: u32) {
    target.addresses.push(DesiredAddress {
        net,
        broadcast: broadcast(net),
        valid,
        preferred: valid,
        no_prefix_route: true,
        no_dad: false,
        optimistic: false,
        leads_temporary: false,
    });
    if net.prefix_len() == net.max_prefix_len() {
        return;
    }
    let source = matches!(net, IpNet::V4(_)).then(|| net.addr());
    // The kernel's own word for 0 among IPv6 routes (IP6_RT_PRIO_USER), and so the daemon's.
    let metric = if source.is_none() && metric == 0 { 1024 } else { metric };
    target.routes.push(route(net.trunc(), None, metric, protocol::KERNEL, source, table));
}

/// The broadcast address: prefixes of up to 30 bits have one. networkd flaps on an address without it.
fn broadcast(net: IpNet) -> Option<Ipv4Addr> {
    match net {
        IpNet::V4(net) if net.prefix_len() <= 30 => Some(net.broadcast()),
        _ => None,
    }
}

/// True if `gateway` can be reached without another route.
fn on_link(addresses: &[IpNet], gateway: IpAddr) -> bool {
    let link_local = matches!(gateway, IpAddr::V6(g) if super::event::is_link_local6(g));
    link_local || addresses.iter().any(|net| net.contains(&gateway))
}

/// The route of everything, in the family of `gateway`.
fn default_of(gateway: IpAddr) -> IpNet {
    match gateway {
        IpAddr::V4(_) => IpNet::V4(Ipv4Net::default()),
        IpAddr::V6(_) => IpNet::V6(ipnet::Ipv6Net::default()),
    }
}

/// A route to one host on the link: a router outside the prefix (RFC 3442, clouds).
fn on_link_host(gateway: IpAddr, metric: u32, protocol: u8, source: Option<IpAddr>, table: u32) -> DesiredRoute {
    route(IpNet::from(gateway), None, metric, protocol, source, table)
}

/// The route to the router of `route`, where none of the networks within reach has it: of the same table, metric and attributes.
/// A route that is for some senders or a type of service only has its router reached by all.
fn to_router(route: &DesiredRoute, is_reached: impl Fn(IpAddr) -> bool) -> Option<DesiredRoute> {
    let gateway = route.gateway.filter(|&gateway| !is_reached(gateway))?;
    let mut way = DesiredRoute { destination: gateway.into(), gateway: None, ..route.clone() };
    if way.options.src.is_some() || way.options.from.is_some() {
        way.options = RouteOptions { table: way.options.table, ..RouteOptions::default() };
    }
    way.options.scope = gateway.is_ipv4().then_some(SCOPE_LINK);
    (way.options.weight, way.options.tos) = (None, None);
    (is_way(&route.options) && route.options.onlink != Some(true)).then_some(way)
}

/// False for routes by which nothing leaves.
fn is_way(options: &RouteOptions) -> bool {
    matches!(options.kind, None | Some(RouteKind::Unicast))
}

/// A plain route.
fn route(
    destination: IpNet,
    gateway: Option<IpAddr>,
    metric: u32,
    protocol: u8,
    src: Option<IpAddr>,
    table: u32,
) -> DesiredRoute {
    let scope = (gateway.is_none() && matches!(destination, IpNet::V4(_))).then_some(SCOPE_LINK);
    let options = RouteOptions { src, scope, table: (table != 0).then_some(table), ..RouteOptions::default() };
    DesiredRoute { destination, gateway, metric, protocol, options }
}

/// A route of the profile.
fn from_route(wanted: &Route, metric: u32, table: u32) -> DesiredRoute {
    let mut options = wanted.options.clone();
    let local = options.kind == Some(RouteKind::Local);
    let table = if local { LOCAL } else { table };
    if table != 0 {
        options.table.get_or_insert(table);
    }
    // Without a router there is nothing to be taken for on the link, and the kernel refuses it.
    options.onlink = options.onlink.filter(|_| wanted.gateway.is_some());
    if wanted.gateway.is_none() && matches!(wanted.destination, IpNet::V4(_)) {
        options.scope.get_or_insert(if local { SCOPE_HOST } else { SCOPE_LINK });
    }
    DesiredRoute {
        destination: wanted.destination.trunc(),
        gateway: wanted.gateway,
        metric: wanted.metric.unwrap_or(metric),
        protocol: protocol::STATIC,
        options,
    }
}

/// Drops routes that stand there already, keeping the order: a router's own route comes before the routes by it. Of IPv6 routes that are
/// one to the kernel the last counts, as in NetworkManager.
///
/// Only routes of one destination, metric and router are compared with one another: there may be ten thousand.
fn dedup(routes: &mut Vec<DesiredRoute>) {
    let name = |route: &DesiredRoute| (route.destination, route.metric, route.gateway);
    let mut sorted: Vec<(usize, &DesiredRoute)> = routes.iter().enumerate().collect();
    sort_by_key(&mut sorted, |(_, route)| name(route));
    let mut dropped = vec![false; routes.len()];
    for equal in sorted.chunk_by(|(_, a), (_, b)| name(a) == name(b)) {
        for (at, (number, route)) in equal.iter().enumerate() {
            let stood_before = equal.iter().take(at).any(|(_, other)| other == route);
            let comes_again = || equal.iter().skip(at + 1).any(|(_, other)| is_one(route, other));
            let drops = if route.destination.addr().is_ipv6() { comes_again() } else { stood_before };
            dropped.iter_mut().skip(*number).take(1).for_each(|dropped| *dropped = drops);
        }
    }
    let mut dropped = dropped.into_iter();
    routes.retain(|_| dropped.next() != Some(true));
}

/// True for IPv6 routes of one destination, metric and router that the kernel takes for one.
fn is_one(a: &DesiredRoute, b: &DesiredRoute) -> bool {
    let rest = |route: &DesiredRoute| {
        let RouteOptions { table, from, kind, .. } = &route.options;
        (table.unwrap_or(TABLE_MAIN), *from, kind.unwrap_or_default())
    };
    rest(a) == rest(b)
}
