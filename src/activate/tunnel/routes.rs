//! Where a tunnel's networks are routed: pure, and the same as NetworkManager makes it.
//!
//! A default route (a peer with /0) goes into a table of its own, with two rules before the usual ones: the main table is asked
//! for everything but its default route, then the tunnel's for all that does not carry the tunnel (its mark). That is
//! `wireguard.ip4-auto-default-route` (`ip6`), which is on by itself where `never-default` is not set.

use std::net::IpAddr;

use ipnet::IpNet;

use super::numbers;
use crate::profile::desired::{DesiredRoute, protocol};
use crate::profile::ip::{RouteOptions, RoutingRule, TABLE_MAIN};
use crate::profile::wireguard::WireGuard;
use crate::profile::{IpSettings, LinkKind, Method6, Profile};

const SCOPE_LINK: u8 = 253;

/// What follows from a profile for one address family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FamilyRoutes {
    /// Its networks, and default route.
    pub(crate) routes: Vec<DesiredRoute>,
    /// The two rules, or none.
    pub(crate) rules: Vec<RoutingRule>,
    /// The default route stands in the main table beside others: with the endpoint behind it the tunnel would carry itself.
    pub(crate) plain_default: bool,
}

/// What follows from a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TunnelRoutes {
    /// IPv4.
    pub(crate) v4: FamilyRoutes,
    /// IPv6.
    pub(crate) v6: FamilyRoutes,
    /// The mark of packets that carry the tunnel; 0 is none.
    pub(crate) mark: u32,
}

impl TunnelRoutes {
    /// Both families' routes.
    pub(crate) fn all(&self) -> impl Iterator<Item = &DesiredRoute> {
        self.v4.routes.iter().chain(&self.v6.routes)
    }

    /// Takes out of the routes of a link those prefixes of its own addresses that a network of the tunnel stands for: IPv6 holds
    /// no two routes to one network with one metric.
    pub(crate) fn displace(&self, routes: &mut Vec<DesiredRoute>) {
        let same = |route: &DesiredRoute, own: &DesiredRoute| {
            route.destination == own.destination
                && route.metric == own.metric
                && route.options.table.unwrap_or(TABLE_MAIN) == own.options.table.unwrap_or(TABLE_MAIN)
        };
        routes.retain(|own| !self.v6.routes.iter().any(|route| own.gateway.is_none() && same(route, own)));
    }

    /// True if an address would be sent into the tunnel by a route that all tables' users see: of the packets that carry the tunnel,
    /// too.
    pub(crate) fn swallows(&self, address: IpAddr) -> bool {
        let main = |route: &&DesiredRoute| route.options.table.is_none_or(|table| table == TABLE_MAIN);
        self.all().filter(main).any(|route| route.destination.prefix_len() > 0 && route.destination.contains(&address))
    }
}

/// Routes and rules of a profile. `apart`: the link stands in a namespace of its own, where nothing else could be meant; then the
/// default route is a plain one.
pub(crate) fn of(profile: &Profile, metric: u32, apart: bool) -> TunnelRoutes {
    let LinkKind::WireGuard(link) = &profile.kind else { return TunnelRoutes::default() };
    let own = IpSettings::default();
    let ip4 = profile.ipv4.as_ref().map_or(&own, |ipv4| &ipv4.ip);
    let ip6 = profile.ipv6.as_ref().map_or(&own, |ipv6| &ipv6.ip);
    let off6 = profile.ipv6.as_ref().is_some_and(|ipv6| ipv6.method == Method6::Disabled);
    let auto4 = !apart && is_auto(link, ip4, true);
    let auto6 = !apart && is_auto(link, ip6, false);
    let own_mark = if link.fwmark != 0 { link.fwmark } else { numbers::mark(profile.uuid) };
    let mark = if auto4 || auto6 { own_mark } else { link.fwmark };
    let priority = numbers::priority(profile.uuid);
    let family = |v4: bool, auto: bool, off: bool| {
        let ip = if v4 { ip4 } else { ip6 };
        let routes = if off { Vec::new() } else { peer_routes(link, ip, v4, auto.then_some(mark), metric) };
        let in_main = |route: &DesiredRoute| route.options.table.is_none_or(|table| table == TABLE_MAIN);
        let plain_default = !apart && routes.iter().any(|route| route.destination.prefix_len() == 0 && in_main(route));
        FamilyRoutes { routes, rules: if auto { rules(ip, mark, priority) } else { Vec::new() }, plain_default }
    };
    TunnelRoutes { v4: family(true, auto4, false), v6: family(false, auto6, off6), mark }
}

/// Whether the default route of a family goes into a table of its own.
fn is_auto(link: &WireGuard, ip: &IpSettings, v4: bool) -> bool {
    let asked = if v4 { link.ip4_auto_default_route } else { link.ip6_auto_default_route };
    asked.unwrap_or_else(|| {
        let of_family = |net: &&IpNet| matches!(net, IpNet::V4(_)) == v4;
        let networks = link.peers.iter().flat_map(|peer| &peer.allowed_ips);
        !ip.never_default && networks.filter(of_family).any(|net| net.prefix_len() == 0)
    })
}

fn peer_routes(link: &WireGuard, ip: &IpSettings, v4: bool, table: Option<u32>, metric: u32) -> Vec<DesiredRoute> {
    if !link.peer_routes {
        return Vec::new();
    }
    let mut routes: Vec<DesiredRoute> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let networks = link.peers.iter().flat_map(|peer| &peer.allowed_ips);
    for net in networks.filter(|net| matches!(net, IpNet::V4(_)) == v4).map(IpNet::trunc) {
        let default = net.prefix_len() == 0;
        if default && ip.never_default {
            continue;
        }
        let table = table.filter(|_| default).or(Some(ip.route_table).filter(|&table| table != 0));
        let options = RouteOptions { table, scope: v4.then_some(SCOPE_LINK), ..RouteOptions::default() };
        let metric = ip.route_metric.unwrap_or(metric);
        let metric = if v4 { metric } else { metric.max(1) };
        let route = DesiredRoute { destination: net, gateway: None, metric, protocol: protocol::STATIC, options };
        if seen.insert(net) {
            routes.push(route);
        }
    }
    routes
}

fn rules(ip: &IpSettings, mark: u32, priority: u32) -> Vec<RoutingRule> {
    let table = if ip.route_table == 0 { TABLE_MAIN } else { ip.route_table };
    let rule = RoutingRule { priority, anonymous: true, ..RoutingRule::default() };
    let main = RoutingRule { table: Some(table), suppress_prefixlength: Some(0), ..rule.clone() };
    let tunnel =
        RoutingRule { priority: priority + 1, table: Some(mark), invert: true, fwmark: Some((mark, u32::MAX)), ..rule };
    vec![main, tunnel]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::wireguard::{Peer, PublicKey};
    use crate::profile::{Ip4Settings, Ip6Settings, Method4, Origin};

    fn profile(allowed: &[&str], change: impl FnOnce(&mut WireGuard, &mut IpSettings, &mut IpSettings)) -> Profile {
        let mut link = WireGuard::default();
        let mut peer = Peer::new(PublicKey::new([1; 32]));
        peer.allowed_ips = allowed.iter().map(|text| text.parse().unwrap()).collect();
        link.peers.push(peer);
        let net = |text: &str| vec![text.parse().unwrap()];
        let mut ip4 = IpSettings { addresses: net("10.9.0.2/24"), ..IpSettings::default() };
        let mut ip6 = IpSettings { addresses: net("fd00::2/64"), ..IpSettings::default() };
        change(&mut link, &mut ip4, &mut ip6);
        let uuid = "11111111-1111-4111-8111-111111111111".parse().unwrap();
        let origin = Origin::Default { reason: "test".to_owned() };
        let mut profile = Profile::new("wg0", uuid, LinkKind::WireGuard(link), origin);
        let method6 = if ip6.addresses.is_empty() { Method6::Disabled } else { Method6::Manual };
        profile.ipv4 = Some(Ip4Settings { method: Method4::Manual, ip: ip4, ..Ip4Settings::default() });
        profile.ipv6 = Some(Ip6Settings { method: method6, ip: ip6, ..Ip6Settings::default() });
        profile
    }

    /// The routes as `DESTINATION table T`, and the rules as `PRIORITY: T`.
    fn shown(routes: &TunnelRoutes) -> (Vec<String>, Vec<String>) {
        let route =
            |route: &DesiredRoute| format!("{} table {}", route.destination, route.options.table.unwrap_or(TABLE_MAIN));
        let rule = |rule: &RoutingRule| format!("{}: {}", rule.priority, rule.table.unwrap());
        let rules = routes.v4.rules.iter().chain(&routes.v6.rules).map(rule).collect();
        (routes.all().map(route).collect(), rules)
    }

    fn check(profile: &Profile, mark: u32, routes: &[&str], rules: &[&str], plain: bool) {
        let found = of(profile, 50, false);
        let (shown_routes, shown_rules) = shown(&found);
        assert_eq!((shown_routes.join("; "), shown_rules.join("; ")), (routes.join("; "), rules.join("; ")));
        assert_eq!((found.mark, found.v4.plain_default || found.v6.plain_default), (mark, plain));
        assert!(found.all().all(|route| route.metric == 50 && route.protocol == protocol::STATIC));
    }

    const RULES: [&str; 2] = ["31364: 254", "31365: 51863"];

    #[test]
    fn a_default_route_has_a_table_and_two_rules() {
        check(&profile(&["0.0.0.0/0"], |_, _, _| {}), 51863, &["0.0.0.0/0 table 51863"], &RULES, false);
        check(&profile(&["::/0"], |_, _, _| {}), 51863, &["::/0 table 51863"], &RULES, false);
        let both = ["0.0.0.0/0 table 51863", "::/0 table 51863"];
        check(&profile(&["0.0.0.0/0", "::/0"], |_, _, _| {}), 51863, &both, &[RULES, RULES].concat(), false);
        let marked = profile(&["0.0.0.0/0"], |link, _, _| link.fwmark = 0x1234);
        check(&marked, 4660, &["0.0.0.0/0 table 4660"], &["31364: 254", "31365: 4660"], false);
    }

    #[test]
    fn networks_go_to_the_main_table_or_the_profiles() {
        let networks = ["10.9.0.7/24", "10.9.0.5/32", "10.20.0.0/16", "fd00::/64", "fd01::1/64", "10.20.0.0/16"];
        let routes = ["10.9.0.0/24", "10.9.0.5/32", "10.20.0.0/16", "fd00::/64", "fd01::/64"];
        let routes = routes.map(|net| format!("{net} table 254"));
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        check(&profile(&networks, |_, _, _| {}), 0, &routes, &[], false);
        let table = |_: &mut WireGuard, ip4: &mut IpSettings, ip6: &mut IpSettings| {
            (ip4.route_table, ip6.route_table) = (1234, 1234);
        };
        let rules = ["31364: 1234", "31365: 51863"];
        let routes = ["0.0.0.0/0 table 51863", "10.20.0.0/16 table 1234"];
        check(&profile(&["0.0.0.0/0", "10.20.0.0/16"], table), 51863, &routes, &rules, false);
    }

    #[test]
    fn the_switches_are_networkmanagers() {
        let off = |link: &mut WireGuard, _: &mut IpSettings, _: &mut IpSettings| link.peer_routes = false;
        check(&profile(&["0.0.0.0/0", "10.1.0.0/16"], off), 51863, &[], &RULES, false);
        let never = |_: &mut WireGuard, ip4: &mut IpSettings, _: &mut IpSettings| ip4.never_default = true;
        check(&profile(&["0.0.0.0/0"], never), 0, &[], &[], false);
        let no =
            |link: &mut WireGuard, _: &mut IpSettings, _: &mut IpSettings| link.ip4_auto_default_route = Some(false);
        check(&profile(&["0.0.0.0/0"], no), 0, &["0.0.0.0/0 table 254"], &[], true);
        let yes =
            |link: &mut WireGuard, _: &mut IpSettings, _: &mut IpSettings| link.ip4_auto_default_route = Some(true);
        check(&profile(&["10.1.0.0/16"], yes), 51863, &["10.1.0.0/16 table 254"], &RULES, false);
        let no6 = |_: &mut WireGuard, _: &mut IpSettings, ip6: &mut IpSettings| ip6.addresses.clear();
        check(&profile(&["::/0"], no6), 51863, &[], &RULES, false);
    }

    #[test]
    fn in_a_namespace_of_its_own_the_default_route_is_a_plain_one() {
        let found = of(&profile(&["0.0.0.0/0"], |_, _, _| {}), 50, true);
        let expected = (vec!["0.0.0.0/0 table 254".to_owned()], vec![]);
        assert_eq!((shown(&found), found.mark, found.v4.plain_default), (expected, 0, false));
    }

    #[test]
    fn an_endpoint_inside_a_routed_network_is_swallowed() {
        let found = of(&profile(&["192.0.2.0/24", "0.0.0.0/0"], |_, _, _| {}), 50, false);
        assert!(found.swallows("192.0.2.1".parse().unwrap()) && !found.swallows("198.51.100.1".parse().unwrap()));
    }
}
