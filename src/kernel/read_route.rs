//! Kernel messages about routes and rules to the values of [`super::snapshot`].

use std::net::IpAddr;

use netlink_packet_route::route::RouteHeader;
use netlink_packet_route::rule::RuleHeader;

use super::abi::{family, fra, rta};
use super::message::{address_of, attributes, text_of, u32_of};
use super::read::prefix;
use super::snapshot::{Route, Rule};
use crate::profile::desired::{DesiredRoute, protocol};
use crate::profile::ip::{RouteKind, RouteOptions, RoutingRule};

/// Length of `struct rtmsg` and of `struct fib_rule_hdr`.
const HEADER: usize = 12;
/// Length of `struct rtnexthop`.
const NEXT_HOP: usize = 8;

/// RTM_NEWROUTE, RTM_DELROUTE: a route with several next hops becomes one entry for each.
pub(super) fn route(payload: &[u8], routes: &mut Vec<Route>) {
    let before = routes.len();
    if parse_route(payload, routes).is_none() {
        routes.truncate(before);
    }
}

/// RTM_NEWRULE, RTM_DELRULE.
pub(super) fn rule(payload: &[u8], rules: &mut Vec<Rule>) {
    rules.extend(parse_rule(payload));
}

fn parse_route(payload: &[u8], routes: &mut Vec<Route>) -> Option<()> {
    let header = RouteHeader::parse(payload).ok()?;
    let family = u8::from(header.address_family);
    if header.flags.bits() & rta::F_CLONED != 0 {
        return None;
    }
    let mut options = RouteOptions { kind: Some(route_kind(header.kind.into())?), ..RouteOptions::default() };
    options.scope = Some(header.scope.into());
    options.tos = (header.tos != 0).then_some(header.tos);
    options.onlink = (header.flags.bits() & rta::F_ONLINK != 0).then_some(true);
    let (mut destination, mut source, mut hop, mut metric) = (None, None, Hop::default(), 0);
    let (mut table, mut multipath) = (u32::from(header.table), None);
    for (kind, value) in attributes(payload.get(HEADER..)?) {
        match kind {
            rta::DST => destination = address_of(value),
            rta::SRC => source = address_of(value),
            rta::PRIORITY => metric = u32_of(value)?,
            rta::TABLE => table = u32_of(value)?,
            rta::PREFSRC => options.src = address_of(value),
            rta::METRICS => metrics(value, &mut options),
            rta::MULTIPATH => multipath = Some(value),
            _ => hop.attribute(kind, value),
        }
    }
    options.table = Some(table);
    options.from = source.and_then(|address| prefix(family, Some(address), header.source_prefix_length));
    let route = DesiredRoute {
        destination: prefix(family, destination, header.destination_prefix_length)?,
        gateway: None,
        metric,
        protocol: header.protocol.into(),
        options,
    };
    match multipath {
        Some(hops) => {
            // IPv6 shows routes of equal metric as one, in the words of the first: whose they are is not said.
            let route = if family == family::INET6 { anonymous(route) } else { route };
            routes.extend(next_hops(hops).map(|hop| hop.of(&route)));
        }
        None => routes.push(hop.of(&route)),
    }
    Some(())
}

/// The route without what is not known of one of several that are shown as one.
fn anonymous(route: DesiredRoute) -> DesiredRoute {
    let RouteOptions { table, kind, scope, from, .. } = route.options;
    let options = RouteOptions { table, kind, scope, from, ..RouteOptions::default() };
    DesiredRoute { protocol: protocol::UNKNOWN, options, ..route }
}

/// Where a route leads.
#[derive(Default, Clone, Copy)]
struct Hop {
    ifindex: u32,
    gateway: Option<IpAddr>,
}

impl Hop {
    /// The route, leading here.
    fn of(self, route: &DesiredRoute) -> Route {
        Route { ifindex: self.ifindex, route: DesiredRoute { gateway: self.gateway, ..route.clone() } }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        match kind {
            rta::OIF => self.ifindex = u32_of(value).unwrap_or_default(),
            rta::GATEWAY => self.gateway = address_of(value).filter(|gateway| !gateway.is_unspecified()),
            // A router of the other family: its family in two bytes, then its address.
            rta::VIA => self.gateway = value.get(2..).and_then(address_of),
            _ => {}
        }
    }
}

/// The `struct rtnexthop` records of RTA_MULTIPATH.
fn next_hops(mut bytes: &[u8]) -> impl Iterator<Item = Hop> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
        let mut hop = Hop { ifindex: u32_of(bytes.get(4..)?)?, gateway: None };
        for (kind, value) in attributes(bytes.get(NEXT_HOP..length)?) {
            hop.attribute(kind, value);
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(hop)
    })
}

/// RTA_METRICS.
fn metrics(bytes: &[u8], options: &mut RouteOptions) {
    let mut locks = 0;
    for (kind, value) in attributes(bytes) {
        let Some(value) = u32_of(value) else { continue };
        match kind {
            rta::X_LOCK => locks = value,
            rta::X_MTU => options.mtu = Some(value),
            rta::X_WINDOW => options.window = Some(value),
            rta::X_CWND => options.cwnd = Some(value),
            rta::X_ADVMSS => options.advmss = Some(value),
            rta::X_INITCWND => options.initcwnd = Some(value),
            rta::X_RTO_MIN => options.rto_min = Some(value),
            rta::X_INITRWND => options.initrwnd = Some(value),
            rta::X_QUICKACK => options.quickack = Some(value != 0),
            _ => {}
        }
    }
    let locked = |metric: u16| (locks >> metric & 1 != 0).then_some(true);
    options.lock_mtu = locked(rta::X_MTU);
    options.lock_window = locked(rta::X_WINDOW);
    options.lock_cwnd = locked(rta::X_CWND);
    options.lock_initcwnd = locked(rta::X_INITCWND);
    options.lock_initrwnd = locked(rta::X_INITRWND);
}

/// `rtm_type` to the types profiles know; multicast, broadcast and anycast routes are the kernel's own.
fn route_kind(kind: u8) -> Option<RouteKind> {
    Some(match kind {
        1 => RouteKind::Unicast,
        2 => RouteKind::Local,
        6 => RouteKind::Blackhole,
        7 => RouteKind::Unreachable,
        8 => RouteKind::Prohibit,
        9 => RouteKind::Throw,
        _ => return None,
    })
}

fn parse_rule(payload: &[u8]) -> Option<Rule> {
    let header = RuleHeader::parse(payload).ok()?;
    let family = u8::from(header.family);
    let mut rule = RoutingRule { kind: rule_kind(header.action.into())?, ..RoutingRule::default() };
    rule.invert = header.flags.bits() & fra::F_INVERT != 0;
    rule.tos = (header.tos != 0).then_some(header.tos);
    let (mut table, mut mark, mut mask) = (u32::from(header.table), 0, 0);
    for (kind, value) in attributes(payload.get(HEADER..)?) {
        match kind {
            fra::PRIORITY => rule.priority = u32_of(value)?,
            fra::TABLE => table = u32_of(value)?,
            fra::SRC => rule.from = prefix(family, address_of(value), header.src_len),
            fra::DST => rule.to = prefix(family, address_of(value), header.dst_len),
            fra::IIFNAME => rule.iif = Some(text_of(value)),
            fra::OIFNAME => rule.oif = Some(text_of(value)),
            fra::FWMARK => mark = u32_of(value)?,
            fra::FWMASK => mask = u32_of(value)?,
            fra::IP_PROTO => rule.ipproto = value.first().copied(),
            fra::SPORT_RANGE => rule.sport = port_range(value),
            fra::DPORT_RANGE => rule.dport = port_range(value),
            fra::UID_RANGE => rule.uidrange = Some((u32_of(value)?, u32_of(value.get(4..)?)?)),
            fra::SUPPRESS_PREFIXLEN => rule.suppress_prefixlength = u32_of(value).filter(|&length| length <= 128),
            _ => {}
        }
    }
    rule.table = rule.kind.is_none().then_some(table);
    rule.fwmark = (mask != 0).then_some((mark, mask));
    Some(Rule { ipv6: family == family::INET6, rule })
}

fn port_range(value: &[u8]) -> Option<(u16, u16)> {
    let port = |bytes: Option<&[u8]>| bytes?.first_chunk().copied().map(u16::from_ne_bytes);
    Some((port(value.get(..2))?, port(value.get(2..))?))
}

/// The action of a rule; `Some(None)` is a look-up, `None` one that profiles do not know.
fn rule_kind(action: u8) -> Option<Option<RouteKind>> {
    Some(match action {
        fra::ACT_TO_TBL => None,
        fra::ACT_BLACKHOLE => Some(RouteKind::Blackhole),
        fra::ACT_UNREACHABLE => Some(RouteKind::Unreachable),
        fra::ACT_PROHIBIT => Some(RouteKind::Prohibit),
        _ => return None,
    })
}
