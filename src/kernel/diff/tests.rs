//! What is sent, in words: `have` is the snapshot, the list what `diff` answers.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::kernel::abi::ifa;
use crate::kernel::snapshot::{Route, Rule};
use crate::profile::desired::protocol;

pub(super) const ETH0: u32 = 2;
const ETH1: u32 = 3;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn link(ifindex: u32, name: &str) -> Link {
    Link { ifindex, name: name.into(), arp_type: 1, up: true, mtu: 1500, ..Link::default() }
}

pub(super) fn have() -> Snapshot {
    Snapshot { links: vec![link(ETH0, "eth0"), link(ETH1, "eth1")], ..Snapshot::default() }
}

pub(super) fn want() -> DesiredLink {
    DesiredLink { ifindex: ETH0, up: Some(true), ..DesiredLink::default() }
}

pub(super) fn address(text: &str, valid: Option<u64>) -> DesiredAddress {
    let valid = valid.map(Duration::from_secs);
    DesiredAddress { net: net(text), valid, preferred: valid, no_prefix_route: true, ..DesiredAddress::default() }
}

pub(super) fn held(ifindex: u32, wanted: &DesiredAddress) -> Address {
    let flags = if wanted.no_prefix_route { ifa::F_NOPREFIXROUTE } else { 0 };
    Address {
        ifindex,
        net: wanted.net,
        scope: 0,
        broadcast: None,
        flags,
        valid: wanted.valid,
        preferred: wanted.preferred,
    }
}

fn route(destination: &str, gateway: Option<&str>, metric: u32) -> DesiredRoute {
    DesiredRoute {
        destination: net(destination),
        gateway: gateway.map(|gateway| gateway.parse::<IpAddr>().unwrap()),
        metric,
        protocol: protocol::DHCP,
        options: RouteOptions::default(),
    }
}

/// As the kernel shows it: table and kind are always there.
fn shown(ifindex: u32, mut route: DesiredRoute) -> Route {
    route.options.table.get_or_insert(254);
    route.options.kind.get_or_insert(RouteKind::Unicast);
    Route { ifindex, route }
}

pub(super) fn sent(have: &Snapshot, want: &DesiredLink) -> Vec<String> {
    diff(have, std::slice::from_ref(want)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_fresh_link_gets_everything_in_an_order_that_works() {
    let mut have = have();
    have.links[0].up = false;
    let want = DesiredLink {
        mtu: Some(1400),
        addresses: vec![address("192.0.2.2/24", None)],
        routes: vec![route("0.0.0.0/0", Some("192.0.2.1"), 100), route("192.0.2.0/24", None, 100)],
        rules: vec![RoutingRule { priority: 10, table: Some(7), ..RoutingRule::default() }],
        ..want()
    };
    assert_eq!(
        sent(&have, &want),
        [
            "set the MTU of eth0 to 1400",
            "set eth0 up",
            "add address 192.0.2.2/24 to eth0",
            "add route 192.0.2.0/24 dev eth0 metric 100",
            "add route 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 100",
            "add IPv4 rule 10 table 7",
        ]
    );
}

#[test]
fn what_is_there_is_not_sent_again() {
    let mut have = have();
    let want = DesiredLink {
        mtu: Some(1500),
        controller: Some(0),
        addresses: vec![address("192.0.2.2/24", Some(3600)), address("2001:db8::2/64", None)],
        routes: vec![route("0.0.0.0/0", Some("192.0.2.1"), 100), route("2001:db8::/64", None, 0)],
        rules: vec![RoutingRule { priority: 10, from: Some(net("0.0.0.0/0")), ..RoutingRule::default() }],
        ..want()
    };
    have.addresses = want.addresses.iter().map(|wanted| held(ETH0, wanted)).collect();
    have.routes = want.routes.iter().map(|wanted| shown(ETH0, wanted.clone())).collect();
    have.routes[1].route.metric = 1024;
    have.rules =
        vec![Rule { ipv6: false, rule: RoutingRule { priority: 10, table: Some(254), ..RoutingRule::default() } }];
    assert_eq!(sent(&have, &want), [""; 0]);
}

#[test]
fn lifetimes_are_equal_if_two_seconds_short_or_a_64th_long() {
    let mut have = have();
    for (wanted, long) in [(60, 2), (640, 10), (3600, 20)] {
        let want = DesiredLink { addresses: vec![address("192.0.2.2/24", Some(wanted))], ..want() };
        for (left, expected) in [(wanted + long, 0), (wanted - 2, 0), (wanted - 3, 1), (wanted + long + 1, 1)] {
            have.addresses = vec![held(ETH0, &address("192.0.2.2/24", Some(left)))];
            assert_eq!(sent(&have, &want).len(), expected, "{left} s left of {wanted}");
        }
    }
    let want = DesiredLink { addresses: vec![address("192.0.2.2/24", Some(3600))], ..want() };
    have.addresses = vec![held(ETH0, &address("192.0.2.2/24", None))];
    assert_eq!(sent(&have, &want).len(), 1);
}

#[test]
fn an_address_preferred_for_longer_than_valid_is_compared_as_it_is_sent() {
    let mut have = have();
    let mut wanted = address("192.0.2.2/24", Some(60));
    have.addresses = vec![held(ETH0, &wanted)];
    wanted.preferred = None;
    assert_eq!(sent(&have, &DesiredLink { addresses: vec![wanted], ..want() }), [""; 0]);
}

#[test]
fn the_same_address_on_another_link_or_with_another_prefix_is_another() {
    let mut have = have();
    let wanted = address("192.0.2.2/24", None);
    have.addresses = vec![held(ETH1, &wanted), held(ETH0, &address("192.0.2.2/25", None))];
    assert_eq!(sent(&have, &DesiredLink { addresses: vec![wanted], ..want() }), ["add address 192.0.2.2/24 to eth0"]);
}

#[test]
fn a_route_with_another_router_takes_the_place_of_the_old_one() {
    let mut have = have();
    have.routes = vec![shown(ETH0, route("0.0.0.0/0", Some("192.0.2.9"), 100))];
    let want = DesiredLink { routes: vec![route("0.0.0.0/0", Some("192.0.2.1"), 100)], ..want() };
    assert_eq!(
        sent(&have, &want),
        [
            "add route 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 100",
            "remove route 0.0.0.0/0 via 192.0.2.9 dev eth0 metric 100"
        ]
    );
}

#[test]
fn an_ipv6_route_with_the_same_router_is_removed_first() {
    let mut have = have();
    let mut old = route("::/0", Some("fe80::1"), 100);
    old.protocol = protocol::BOOT;
    have.routes = vec![shown(ETH0, old)];
    let want = DesiredLink { routes: vec![route("::/0", Some("fe80::1"), 100)], ..want() };
    assert_eq!(
        sent(&have, &want),
        ["remove route ::/0 via fe80::1 dev eth0 metric 100", "add route ::/0 via fe80::1 dev eth0 metric 100"]
    );
}

#[test]
fn what_is_not_named_stays() {
    let mut have = have();
    have.addresses = vec![held(ETH0, &address("198.51.100.2/24", None))];
    have.routes = vec![
        shown(ETH1, route("0.0.0.0/0", Some("192.0.2.9"), 100)),
        shown(ETH0, route("0.0.0.0/0", Some("192.0.2.9"), 200)),
        shown(
            ETH0,
            DesiredRoute {
                options: RouteOptions { table: Some(7), ..RouteOptions::default() },
                ..route("0.0.0.0/0", Some("192.0.2.9"), 100)
            },
        ),
    ];
    let want = DesiredLink { routes: vec![route("0.0.0.0/0", Some("192.0.2.1"), 100)], ..want() };
    assert_eq!(sent(&have, &want), ["add route 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 100"]);
}

#[test]
fn two_wanted_routes_of_one_name_do_not_push_each_other_out() {
    let mut have = have();
    let source = |text: &str| RouteOptions { src: Some(text.parse().unwrap()), ..RouteOptions::default() };
    let both = ["192.0.2.2", "192.0.2.3"]
        .map(|text| DesiredRoute { options: source(text), ..route("192.0.2.0/24", None, 100) });
    have.routes = vec![shown(ETH0, both[0].clone())];
    let want = DesiredLink { routes: both.to_vec(), ..want() };
    assert_eq!(sent(&have, &want), ["add route 192.0.2.0/24 dev eth0 metric 100"]);
    have.routes.push(shown(ETH0, both[1].clone()));
    assert_eq!(sent(&have, &want), [""; 0]);
}

#[test]
fn a_route_that_leads_nowhere_is_found_on_any_link() {
    let mut have = have();
    let nowhere = RouteOptions { kind: Some(RouteKind::Blackhole), ..RouteOptions::default() };
    let wanted = DesiredRoute { options: nowhere, ..route("2001:db8::/32", None, 5) };
    let want = DesiredLink { routes: vec![wanted.clone()], ..want() };
    assert_eq!(sent(&have, &want), ["add blackhole route 2001:db8::/32 metric 5"]);
    have.routes = vec![shown(1, wanted)];
    assert_eq!(sent(&have, &want), [""; 0]);
}

#[test]
fn a_metric_of_the_route_that_is_asked_for_must_be_there() {
    let mut have = have();
    have.routes = vec![shown(ETH0, route("203.0.113.0/24", None, 100))];
    let mut wanted = route("203.0.113.0/24", None, 100);
    wanted.options.mtu = Some(1400);
    let want = DesiredLink { routes: vec![wanted], ..want() };
    assert_eq!(
        sent(&have, &want),
        ["add route 203.0.113.0/24 dev eth0 metric 100", "remove route 203.0.113.0/24 dev eth0 metric 100"]
    );
}

#[test]
fn a_rule_without_prefixes_is_of_the_family_of_its_list() {
    let rule = RoutingRule { priority: 5, table: Some(7), ..RoutingRule::default() };
    let of6 = RoutingRule { from: Some(net("2001:db8::/32")), ..rule.clone() };
    let want = DesiredLink { rules: vec![rule.clone(), of6], rules6: vec![rule], ..want() };
    assert_eq!(
        sent(&have(), &want),
        ["add IPv4 rule 5 table 7", "add IPv6 rule 5 from 2001:db8::/32 table 7", "add IPv6 rule 5 table 7"]
    );
}

#[test]
fn links_that_swap_names_make_room_for_each_other() {
    let named = |ifindex, name: &str| DesiredLink { ifindex, name: Some(name.into()), ..DesiredLink::default() };
    let words = |want: &[DesiredLink]| diff(&have(), want).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        words(&[named(ETH0, "eth1"), named(ETH1, "eth0")]),
        [
            "rename eth0 for the time being",
            "rename eth1 for the time being",
            "rename eth0 to eth1",
            "rename eth1 to eth0"
        ]
    );
    assert_eq!(words(&[named(ETH0, "eth1"), named(ETH1, "eth1")]), ["rename eth0 to eth1"]);
}

#[test]
fn a_link_that_was_not_found_is_asked_for_all_the_same() {
    let want = DesiredLink { ifindex: 9, up: Some(true), ..DesiredLink::default() };
    assert_eq!(sent(&Snapshot::default(), &want), ["set link 9 up"]);
}
