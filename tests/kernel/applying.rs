//! Applying: what was asked for is there, a second time nothing is sent.

use sunup::kernel::{KernelError, Snapshot, diff};
use sunup::profile::desired::{DesiredLink, DesiredRoute, protocol};
use sunup::profile::ip::{RouteKind, RouteOptions, RoutingRule};

use super::{address, in_a_room, index, ip, ip_json, kernel, pair, route, up};

/// What would be sent, in words.
fn words(have: &Snapshot, want: &[DesiredLink]) -> Vec<String> {
    diff(have, want).iter().map(ToString::to_string).collect()
}

/// Everything one link can be given, of both families.
fn everything(ifindex: u32) -> DesiredLink {
    let source = |text: &str| RouteOptions { src: Some(text.parse().unwrap()), ..RouteOptions::default() };
    let with = |options: RouteOptions, route: DesiredRoute| DesiredRoute { options, ..route };
    let kind = |kind| RouteOptions { kind: Some(kind), ..RouteOptions::default() };
    let mut metrics = route("203.0.113.0/24", Some("192.0.2.1"), 100);
    metrics.options = RouteOptions {
        mtu: Some(1400),
        lock_mtu: Some(true),
        advmss: Some(1300),
        initcwnd: Some(20),
        quickack: Some(true),
        rto_min: Some(200),
        ..RouteOptions::default()
    };
    let mut onlink = route("100.64.0.0/10", Some("198.51.100.1"), 100);
    onlink.options.onlink = Some(true);
    let mut prefix = with(source("192.0.2.2"), route("192.0.2.0/24", None, 100));
    prefix.protocol = protocol::KERNEL;
    DesiredLink {
        mtu: Some(1450),
        mac: Some("02:00:00:00:00:42".parse().unwrap()),
        addr_gen_mode: Some(1),
        addresses: vec![
            address("192.0.2.2/24", Some(3600)),
            address("192.0.2.3/24", None),
            address("169.254.7.7/16", None),
            address("2001:db8::2/64", Some(7200)),
            address("2001:db8::3/64", None),
        ],
        routes: vec![
            with(source("192.0.2.2"), route("0.0.0.0/0", Some("192.0.2.1"), 100)),
            prefix,
            metrics,
            onlink,
            with(
                RouteOptions { table: Some(1000), ..RouteOptions::default() },
                route("0.0.0.0/0", Some("192.0.2.1"), 100),
            ),
            with(
                RouteOptions { tos: Some(16), ..RouteOptions::default() },
                route("203.0.113.0/24", Some("192.0.2.1"), 100),
            ),
            with(kind(RouteKind::Blackhole), route("10.66.0.0/16", None, 7)),
            with(kind(RouteKind::Unreachable), route("2001:db8:bad::/48", None, 7)),
            route("2001:db8::/64", None, 100),
            route("::/0", Some("2001:db8::1"), 100),
            route("2001:db8:5::/48", Some("2001:db8::1"), 0),
            with(
                RouteOptions { mtu: Some(1400), ..RouteOptions::default() },
                route("2001:db8:6::/48", Some("2001:db8::1"), 100),
            ),
            // A router of the other family (RFC 5549).
            route("198.18.0.0/15", Some("2001:db8::1"), 100),
        ],
        rules: vec![
            RoutingRule {
                priority: 100,
                from: Some("192.0.2.0/24".parse().unwrap()),
                table: Some(1000),
                ..RoutingRule::default()
            },
            RoutingRule {
                priority: 101,
                fwmark: Some((5, 255)),
                invert: true,
                table: Some(1000),
                ..RoutingRule::default()
            },
            RoutingRule {
                priority: 102,
                ipproto: Some(6),
                dport: Some((80, 90)),
                sport: Some((1, 9)),
                oif: Some("eth0".into()),
                ..RoutingRule::default()
            },
            RoutingRule {
                priority: 103,
                kind: Some(RouteKind::Prohibit),
                uidrange: Some((5, 6)),
                iif: Some("lo".into()),
                ..RoutingRule::default()
            },
        ],
        rules6: vec![RoutingRule { priority: 104, suppress_prefixlength: Some(0), ..RoutingRule::default() }],
        ..up(ifindex)
    }
}

#[test]
fn everything_is_set_and_the_second_time_nothing_is_sent() {
    in_a_room("applying::everything_is_set_and_the_second_time_nothing_is_sent", || {
        let want = [everything(pair())];
        ip("link set peer0 up");
        let mut kernel = kernel();
        let first = kernel.apply(&want);
        assert_eq!(first.failures, []);
        let link = &want[0];
        assert_eq!(first.sent, 4 + link.addresses.len() + link.routes.len() + link.rules.len() + link.rules6.len());
        assert_eq!(kernel.apply(&want), sunup::kernel::Applied::default());
        let whole = kernel.snapshot().unwrap();
        assert_eq!(kernel.apply_to(&whole, &want), sunup::kernel::Applied::default());
    });
}

#[test]
fn the_kernel_shows_what_was_asked_for() {
    in_a_room("applying::the_kernel_shows_what_was_asked_for", || {
        let want = [everything(pair())];
        ip("link set peer0 up");
        assert_eq!(kernel().apply(&want).failures, []);
        let (shown, link) = (&ip_json("address show dev eth0")[0], &ip_json("link show dev eth0")[0]);
        assert_eq!((&shown["mtu"], &shown["address"]), (&1450.into(), &"02:00:00:00:00:42".into()));
        assert_eq!(link["inet6_addr_gen_mode"], "none");
        let addresses = shown["addr_info"].as_array().unwrap();
        let find = |local: &str| addresses.iter().find(|address| address["local"] == local).unwrap();
        let lease = find("192.0.2.2");
        assert_eq!(
            (&lease["broadcast"], &lease["noprefixroute"], &lease["scope"]),
            (&"192.0.2.255".into(), &true.into(), &"global".into())
        );
        let left = lease["valid_life_time"].as_u64().unwrap();
        assert!((3595..=3600).contains(&left), "{left}");
        assert_eq!(find("169.254.7.7")["scope"], "link");
        assert_eq!(find("2001:db8::3")["valid_life_time"], u32::MAX);
        let routes = ip_json("-4 route show table all");
        let find = |wanted: &str| routes.iter().filter(|route| route["dst"] == wanted).collect::<Vec<_>>();
        let default = find("default")
            .into_iter()
            .find(|route| ["", "main"].contains(&route["table"].as_str().unwrap_or_default()))
            .unwrap();
        assert_eq!(
            (&default["gateway"], &default["protocol"], &default["prefsrc"], &default["metric"]),
            (&"192.0.2.1".into(), &"dhcp".into(), &"192.0.2.2".into(), &100.into())
        );
        assert!(find("default").iter().any(|route| route["table"] == "1000"));
        let prefix = find("192.0.2.0/24");
        assert_eq!(prefix.len(), 1, "the kernel made a prefix route of its own: {prefix:?}");
        assert_eq!((&prefix[0]["protocol"], &prefix[0]["scope"]), (&"kernel".into(), &"link".into()));
        let metrics = find("203.0.113.0/24").into_iter().find(|route| !route["metrics"].is_null()).unwrap();
        assert_eq!(metrics["metrics"][0]["mtu"], 1400);
        assert_eq!(find("198.18.0.0/15")[0]["via"]["host"], "2001:db8::1");
        assert_eq!(
            ip("-6 route show default").trim(),
            "default via 2001:db8::1 dev eth0 proto dhcp metric 100 pref medium"
        );
        assert!(ip("rule").contains("101:\tnot from all fwmark 0x5/0xff lookup 1000"), "{}", ip("rule"));
        assert!(ip("-6 rule").contains("suppress_prefixlength 0"));
    });
}

#[test]
fn a_lease_that_is_renewed_is_the_only_thing_sent() {
    in_a_room("applying::a_lease_that_is_renewed_is_the_only_thing_sent", || {
        let mut want = [everything(pair())];
        let mut kernel = kernel();
        kernel.apply(&want);
        want[0].addresses[0] = address("192.0.2.2/24", Some(9000));
        want[0].addresses[3] = address("2001:db8::2/64", Some(9000));
        let again = kernel.apply(&want);
        assert_eq!((again.sent, again.failures), (2, vec![]));
        assert_eq!(kernel.apply(&want).sent, 0);
    });
}

#[test]
fn one_refused_request_stops_no_other_and_the_kernel_says_why() {
    in_a_room("applying::one_refused_request_stops_no_other_and_the_kernel_says_why", || {
        let ifindex = pair();
        let wrong = route("203.0.113.0/24", Some("198.51.100.1"), 100);
        let right = route("198.18.0.0/15", Some("192.0.2.1"), 100);
        let want = DesiredLink {
            mtu: Some(20),
            addresses: vec![address("192.0.2.2/24", None)],
            routes: vec![route("192.0.2.0/24", None, 100), wrong, right],
            ..up(ifindex)
        };
        let applied = kernel().apply(&[want]);
        let texts: Vec<_> = applied.failures.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "cannot set the MTU of eth0 to 20: mtu less than device minimum: Invalid argument (os error 22)",
                "cannot add route 203.0.113.0/24 via 198.51.100.1 dev eth0 metric 100: Nexthop has invalid gateway: Network is unreachable (os error 101)",
            ]
        );
        assert!(applied.failures.iter().all(|failure| failure.ifindex() == ifindex && !failure.is_fatal()));
        assert_eq!(ip_json("route show 198.18.0.0/15").len(), 1);
    });
}

#[test]
fn a_link_that_is_gone_is_fatal_for_itself_alone() {
    in_a_room("applying::a_link_that_is_gone_is_fatal_for_itself_alone", || {
        let ifindex = pair();
        let applied = kernel().apply(&[up(99), up(ifindex)]);
        assert_eq!(applied.failures.len(), 1);
        assert!(applied.failures[0].is_gone() && applied.failures[0].is_fatal() && applied.failures[0].ifindex() == 99);
        assert!(ip("link show eth0").contains(",UP"));
    });
}

#[test]
fn a_router_that_moved_leaves_one_default_route_and_others_stay() {
    in_a_room("applying::a_router_that_moved_leaves_one_default_route_and_others_stay", || {
        let ifindex = pair();
        ip("link add eth1 type bridge");
        ip("link set eth1 up");
        ip("address add 10.9.0.2/24 dev eth1");
        ip("route add default via 10.9.0.1 dev eth1 metric 100 proto static");
        ip("-6 address add 2001:db8:9::2/64 dev eth1 nodad");
        ip("-6 route add default via 2001:db8:9::1 dev eth1 metric 100");
        let before = (ip("route show dev eth1"), ip("-6 route show dev eth1"));
        let want = |four: &str, six: &str| {
            [DesiredLink {
                addresses: vec![address("192.0.2.2/24", None), address("2001:db8::2/64", None)],
                routes: vec![
                    route("192.0.2.0/24", None, 100),
                    route("2001:db8::/64", None, 100),
                    route("0.0.0.0/0", Some(four), 100),
                    route("::/0", Some(six), 100),
                ],
                ..up(ifindex)
            }]
        };
        let mut kernel = kernel();
        for (four, six) in [("192.0.2.1", "2001:db8::1"), ("192.0.2.9", "2001:db8::9")] {
            assert_eq!(kernel.apply(&want(four, six)).failures, []);
            let (have, want) = (kernel.snapshot().unwrap(), want(four, six));
            assert_eq!(words(&have, &want), [""; 0], "{have:#?}");
            assert_eq!(kernel.apply(&want).sent, 0);
            assert_eq!(ip_json("route show default dev eth0").len(), 1, "{}", ip("route show default"));
            let default6 = ip("-6 route show default");
            assert_eq!(default6.matches(&format!("via {six} dev eth0")).count(), 1, "{default6}");
            assert_eq!(default6.matches("dev eth0").count(), 1, "{default6}");
            assert!(default6.contains("via 2001:db8:9::1 dev eth1"), "{default6}");
        }
        assert_eq!(ip("route show dev eth1"), before.0);
        let protocol = [DesiredLink {
            routes: vec![DesiredRoute { protocol: protocol::STATIC, ..route("::/0", Some("2001:db8::9"), 100) }],
            ..up(ifindex)
        }];
        assert_eq!(kernel.apply(&protocol).failures, []);
        assert_eq!(kernel.apply(&protocol).sent, 0);
    });
}

#[test]
fn names_addresses_and_controllers_change_also_where_the_link_must_be_down() {
    in_a_room("applying::names_addresses_and_controllers_change_also_where_the_link_must_be_down", || {
        let ifindex = pair();
        ip("link add br0 type bridge");
        ip("link set eth0 up");
        let want = [DesiredLink {
            name: Some("lan.0".into()),
            mac: Some("02:00:00:00:00:07".parse().unwrap()),
            controller: Some(index("br0")),
            addresses: vec![address("192.0.2.2/24", None)],
            routes: vec![route("192.0.2.0/24", None, 100)],
            ..up(ifindex)
        }];
        let mut kernel = kernel();
        assert_eq!(kernel.apply(&want).failures, []);
        assert_eq!(kernel.apply(&want).sent, 0);
        let link = &ip_json("link show lan.0")[0];
        assert_eq!((&link["address"], &link["master"]), (&"02:00:00:00:00:07".into(), &"br0".into()));
        assert_eq!(ip_json("route show dev lan.0").len(), 1);
        let free = [DesiredLink { controller: Some(0), ..up(ifindex) }];
        assert_eq!(kernel.apply(&free).failures, []);
        assert!(ip_json("link show lan.0")[0]["master"].is_null());
    });
}

#[test]
fn two_links_swap_names() {
    in_a_room("applying::two_links_swap_names", || {
        let eth0 = pair();
        let peer0 = index("peer0");
        let named = |ifindex, name: &str| DesiredLink { name: Some(name.into()), ..up(ifindex) };
        let want = [named(eth0, "peer0"), named(peer0, "eth0")];
        let mut kernel = kernel();
        assert_eq!(kernel.apply(&want).failures, []);
        assert_eq!((index("eth0"), index("peer0")), (peer0, eth0));
        assert_eq!(kernel.apply(&want).sent, 0);
    });
}

#[test]
fn what_was_set_can_be_removed_and_removed_again() {
    in_a_room("applying::what_was_set_can_be_removed_and_removed_again", || {
        let ifindex = pair();
        let want = everything(ifindex);
        let mut kernel = kernel();
        kernel.apply(std::slice::from_ref(&want));
        for _ in 0..2 {
            for route in want.routes.iter().filter(|route| route.options.kind.is_none()) {
                assert_eq!(kernel.remove_route(ifindex, route), Ok(()));
            }
            for address in &want.addresses {
                assert_eq!(kernel.remove_address(ifindex, address.net), Ok(()));
            }
            assert_eq!(kernel.set_down(ifindex), Ok(()));
        }
        assert_eq!(ip("route show dev eth0"), "");
        assert_eq!(ip("address show dev eth0").matches("inet").count(), 0);
        ip("link del eth0");
        assert_eq!(kernel.set_down(ifindex), Ok(()));
        assert_eq!(kernel.remove_address(ifindex, want.addresses[0].net), Ok(()));
    });
}

#[test]
fn loopback_is_brought_up() {
    in_a_room("applying::loopback_is_brought_up", || {
        ip("link set lo down");
        let mut kernel = kernel();
        let loopback = kernel.survey().unwrap().loopback().unwrap();
        assert_eq!(kernel.apply(std::slice::from_ref(&loopback)).sent, 1);
        assert!(ip("link show lo").contains("LOOPBACK,UP"));
        assert_eq!(kernel.apply(&[loopback]).sent, 0);
    });
}

#[test]
fn without_the_capability_one_sentence_says_so() {
    in_a_room("applying::without_the_capability_one_sentence_says_so", || {
        let ifindex = pair();
        let this = std::env::current_exe().unwrap();
        let output = std::process::Command::new("setpriv")
            .args(["--bounding-set=-net_admin", "--inh-caps=-net_admin", "--"])
            .arg(this)
            .args(["--exact", "applying::powerless", "--nocapture", "--ignored"])
            .env("SUNUP_KERNEL_TEST_LINK", ifindex.to_string())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

#[test]
#[ignore = "the inner half of the test above"]
fn powerless() {
    let ifindex = std::env::var("SUNUP_KERNEL_TEST_LINK").unwrap().parse().unwrap();
    let mut kernel = kernel();
    assert_eq!(kernel.require_permission(), Err(KernelError::NotPermitted));
    assert_eq!(kernel.apply(&[everything(ifindex)]).failures, [KernelError::NotPermitted]);
    assert!(kernel.snapshot().unwrap().link(ifindex).is_some());
}
