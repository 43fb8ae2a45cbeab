//! What must be sent so that the kernel holds what is wanted: a pure function. A second run gives nothing.

mod addresses;

use std::cell::OnceCell;
use std::time::Duration;

use ipnet::IpNet;

use super::abi::route;
use super::request::{LinkChange, Request, RuleFamily, Target};
use super::snapshot::{Address, Link, Snapshot};
use super::{bridge_vlan, kinds};
use crate::profile::desired::{DesiredAddress, DesiredLink, DesiredRoute, protocol};
use crate::profile::ip::{RouteKind, RouteOptions, RoutingRule};

/// What the kernel's lifetime may be short of what is wanted: it counts down while sunup works. More is a lease that was prolonged.
const SHORT: Duration = Duration::from_secs(2);

/// A lifetime of the kernel's that is longer by a 64th, within these bounds, is equal: on a busy machine some seconds pass between
/// a lease and its address, and they are little against the half of a lease after which it is prolonged.
const LONG: (Duration, Duration) = (SHORT, Duration::from_secs(20));

/// The requests, in the order in which they can succeed: links, addresses, routes without a router, routes by a
/// router, rules.
///
/// Nothing is removed that is not named. A wanted route takes the place of another one of the same link with the same destination,
/// table, metric, TOS and source prefix: that is its name.
pub fn diff<'a>(have: &'a Snapshot, want: &'a [DesiredLink]) -> Vec<Request<'a>> {
    let held = RouteIndex::new(have.routes.iter().map(|held| (held.ifindex, &held.route)));
    let mut requests = Vec::new();
    names_aside(have, want, &mut requests);
    for wanted in want {
        links(have, wanted, &mut requests);
    }
    for wanted in want {
        addresses::addresses(have, wanted, &mut requests);
    }
    for direct in [true, false] {
        for wanted in want {
            routes(have, &held, wanted, direct, &mut requests);
        }
    }
    for wanted in want {
        rules(have, RuleFamily::V4, &wanted.rules, &mut requests);
        rules(have, RuleFamily::V6, &wanted.rules6, &mut requests);
    }
    requests
}

fn target<'a>(have: &'a Snapshot, ifindex: u32) -> Target<'a> {
    Target { ifindex, name: have.link(ifindex).map_or("", |link| link.name.as_str()) }
}

/// Links that have a name which another one wants, and want another name themselves (two that swap theirs), make room.
fn names_aside<'a>(have: &'a Snapshot, want: &'a [DesiredLink], requests: &mut Vec<Request<'a>>) {
    for wanted in want {
        let Some(held) = have.link(wanted.ifindex) else { continue };
        let leaves = wanted.name.as_ref().is_some_and(|name| *name != held.name);
        let in_the_way = || want.iter().any(|other| other.name.as_ref() == Some(&held.name));
        if leaves && in_the_way() {
            requests.push(Request::SetLink(target(have, wanted.ifindex), LinkChange::NameAside));
        }
    }
}

fn links<'a>(have: &'a Snapshot, wanted: &'a DesiredLink, requests: &mut Vec<Request<'a>>) {
    let DesiredLink {
        ifindex,
        name,
        up,
        mtu,
        mac,
        controller,
        kind,
        port,
        addr_gen_mode,
        token,
        addresses: _,
        order6: _,
        routes: _,
        rules: _,
        rules6: _,
    } = wanted;
    let unknown = Link::default();
    let link = have.link(*ifindex).unwrap_or(&unknown);
    let target = target(have, *ifindex);
    let mut change = |changes: &[Option<LinkChange<'a>>]| {
        requests.extend(changes.iter().flatten().map(|change| Request::SetLink(target, *change)));
    };
    change(&[
        mac.filter(|mac| link.mac != Some(*mac)).map(LinkChange::Mac),
        mtu.filter(|mtu| link.mtu != *mtu).map(LinkChange::Mtu),
    ]);
    if let Some((wanted, name)) = kind.as_ref().and_then(|kind| Some((kind, kinds::kind_of(&kind.kind)?))) {
        let differing = kinds::differing(kinds::settings(wanted), &link.data);
        requests.extend(differing.into_iter().map(|setting| Request::SetKind(target, name, setting)));
    }
    let controller = controller.filter(|controller| link.controller.unwrap_or(0) != *controller);
    requests.extend(controller.map(|index| Request::SetLink(target, LinkChange::Controller(index))));
    if let Some(port) = port {
        // A new port has the defaults of its new controller, whatever it was before.
        let held = if controller.is_some() { &[][..] } else { &link.port_data };
        let differing = kinds::differing(kinds::port_settings(port), held);
        requests.extend(differing.into_iter().map(|setting| Request::SetPort(target, &port.port_type, setting)));
    }
    if let Some((missing, own)) = bridge_vlan::missing(wanted, &have.vlans) {
        requests.push(Request::AddVlans(target, missing, own));
    }
    let changes = [
        addr_gen_mode.filter(|mode| link.addr_gen_mode != Some(*mode)).map(LinkChange::AddrGenMode),
        token.filter(|token| link.token != Some(*token)).map(LinkChange::Token),
        name.as_deref().filter(|name| link.name != *name).map(LinkChange::Name),
        up.filter(|up| link.up != *up || link.ifindex == 0).map(LinkChange::Up),
    ];
    requests.extend(changes.into_iter().flatten().map(|change| Request::SetLink(target, change)));
}

/// True if nothing about `held` that the kernel can change in place differs from `wanted`.
///
/// Of an IPv4 address those are the lifetimes; broadcast address and prefix route are settled when it is added. Whether an address
/// was probed is history.
fn same_address(held: &Address, wanted: &DesiredAddress) -> bool {
    let DesiredAddress {
        net,
        broadcast: _,
        valid,
        preferred,
        no_prefix_route,
        no_dad: _,
        optimistic: _,
        leads_temporary: _,
    } = wanted;
    let prefix_route = matches!(net, IpNet::V4(_)) || held.no_prefix_route() == *no_prefix_route;
    // What is asked for is cut to the valid lifetime, see `encode`.
    let preferred = preferred.map_or(*valid, |time| Some(valid.map_or(time, |valid| valid.min(time))));
    held.net == *net && same_lifetime(held.valid, *valid) && same_lifetime(held.preferred, preferred) && prefix_route
}

fn same_lifetime(held: Option<Duration>, wanted: Option<Duration>) -> bool {
    match (held, wanted) {
        (None, None) => true,
        (Some(held), Some(wanted)) => {
            wanted.saturating_sub(held) <= SHORT && held.saturating_sub(wanted) <= (wanted / 64).clamp(LONG.0, LONG.1)
        }
        _ => false,
    }
}

/// The name of a route on its link.
type RouteKey = (IpNet, u32, u32, u8, Option<IpNet>);

fn key(route: &DesiredRoute) -> RouteKey {
    let options = &route.options;
    let table = options.table.unwrap_or(route::TABLE_MAIN);
    (route.destination, table, metric(route), options.tos.unwrap_or(0), options.from)
}

/// The metric the route gets: IPv6 has no 0.
fn metric(route: &DesiredRoute) -> u32 {
    match route.destination {
        IpNet::V6(_) if route.metric == 0 => route::IPV6_DEFAULT_METRIC,
        _ => route.metric,
    }
}

/// The link a route is on; routes that lead nowhere are on none (IPv6 shows them on the loopback link).
fn link_of(ifindex: u32, route: &DesiredRoute) -> u32 {
    match route.options.kind.unwrap_or_default() {
        RouteKind::Unicast | RouteKind::Local => ifindex,
        RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw => 0,
    }
}

/// Routes found by name: ten thousand of them are not to be compared with ten thousand others.
struct RouteIndex<'a> {
    /// Name, link, route.
    sorted: Vec<(RouteKey, u32, &'a DesiredRoute)>,
}

impl<'a> RouteIndex<'a> {
    /// Of routes and the links they are on.
    fn new(routes: impl Iterator<Item = (u32, &'a DesiredRoute)>) -> Self {
        let entry = |(ifindex, route)| (key(route), link_of(ifindex, route), route);
        let mut sorted: Vec<_> = routes.map(entry).collect();
        sorted.sort_unstable_by_key(|(key, link, _)| (*key, *link));
        Self { sorted }
    }

    /// The routes of this link with the name of `like`.
    fn named(&self, ifindex: u32, like: &DesiredRoute) -> impl Iterator<Item = &'a DesiredRoute> {
        let name = (key(like), link_of(ifindex, like));
        let start = self.sorted.partition_point(|(key, link, _)| (*key, *link) < name);
        let rest = self.sorted.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(key, link, _)| (*key, *link) == name).map(|(_, _, route)| *route)
    }
}

fn routes<'a>(
    have: &'a Snapshot,
    held: &RouteIndex<'a>,
    link: &'a DesiredLink,
    direct: bool,
    requests: &mut Vec<Request<'a>>,
) {
    let ifindex = link.ifindex;
    let target = target(have, ifindex);
    // Only needed where something else has a name that is wanted.
    let all_wanted = OnceCell::new();
    for wanted in link.routes.iter().filter(|route| route.gateway.is_none() == direct) {
        if held.named(ifindex, wanted).any(|held| same_route(held, wanted)) {
            continue;
        }
        let is_stale = |held: &&DesiredRoute| {
            let routes = || RouteIndex::new(link.routes.iter().map(|route| (ifindex, route)));
            let all_wanted: &RouteIndex<'_> = all_wanted.get_or_init(routes);
            !all_wanted.named(ifindex, held).any(|wanted| same_route(held, wanted))
        };
        let stale = held.named(ifindex, wanted).filter(is_stale);
        // First the new, then away with the old: there is always a way. But IPv6 has no two routes with one next hop.
        let swap = |held: &&DesiredRoute| matches!(held.destination, IpNet::V6(_)) && held.gateway == wanted.gateway;
        let (before, after): (Vec<_>, Vec<_>) = stale.partition(swap);
        let target = if link_of(ifindex, wanted) == 0 { Target { ifindex: 0, name: "" } } else { target };
        requests.extend(before.into_iter().map(|held| Request::RemoveRoute(target, held)));
        requests.push(Request::AddRoute(target, wanted));
        requests.extend(after.into_iter().map(|held| Request::RemoveRoute(target, held)));
    }
}

/// True if `held` is what `wanted` asks for. Options that are not given may be anything.
fn same_route(held: &DesiredRoute, wanted: &DesiredRoute) -> bool {
    let RouteOptions {
        table: _,
        kind,
        // Follows from the other values, or the kernel refuses the route.
        scope: _,
        src,
        from: _,
        tos: _,
        onlink: _,
        weight: _,
        mtu,
        lock_mtu: _,
        advmss,
        window,
        lock_window: _,
        cwnd,
        lock_cwnd: _,
        initcwnd,
        lock_initcwnd: _,
        initrwnd,
        lock_initrwnd: _,
        rto_min,
        quickack,
    } = &wanted.options;
    let given = |wanted: &Option<u32>, held: Option<u32>| wanted.is_none() || *wanted == held;
    let o = &held.options;
    let metrics = given(mtu, o.mtu)
        && given(advmss, o.advmss)
        && given(window, o.window)
        && given(cwnd, o.cwnd)
        && given(initcwnd, o.initcwnd)
        && given(initrwnd, o.initrwnd)
        && given(rto_min, o.rto_min)
        && (quickack.is_none() || *quickack == o.quickack);
    let place = key(held) == key(wanted)
        && held.gateway == wanted.gateway
        && o.kind.unwrap_or_default() == kind.unwrap_or_default();
    place && (held.protocol == protocol::UNKNOWN || held.protocol == wanted.protocol && o.src == *src && metrics)
}

fn rules<'a>(have: &'a Snapshot, section: RuleFamily, wanted: &'a [RoutingRule], requests: &mut Vec<Request<'a>>) {
    for rule in wanted {
        let family = match rule.from.or(rule.to) {
            Some(IpNet::V6(_)) => RuleFamily::V6,
            Some(IpNet::V4(_)) => RuleFamily::V4,
            None => section,
        };
        let ipv6 = family == RuleFamily::V6;
        if !have.rules.iter().any(|held| held.ipv6 == ipv6 && same_rule(&held.rule, rule)) {
            requests.push(Request::AddRule(family, rule));
        }
    }
}

fn same_rule(held: &RoutingRule, wanted: &RoutingRule) -> bool {
    let mut wanted = wanted.clone();
    // A prefix of length 0 is everything, and the kernel does not keep it. A rule without table asks the main one.
    wanted.from = wanted.from.filter(|net| net.prefix_len() != 0).map(|net| net.trunc());
    wanted.to = wanted.to.filter(|net| net.prefix_len() != 0).map(|net| net.trunc());
    wanted.tos = wanted.tos.filter(|&tos| tos != 0);
    wanted.anonymous = held.anonymous;
    wanted.table = wanted.kind.is_none().then_some(wanted.table.unwrap_or(route::TABLE_MAIN));
    *held == wanted
}

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;
