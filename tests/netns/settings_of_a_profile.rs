//! What only a keyfile can ask for.

use crate::a_second_run_changes_nothing::again;
use crate::dhcp6_by_up::{self, MANAGED, ON_LINK, dnsmasq, radvd};
use crate::stacked_links::profile;
use crate::support::Lan;

const CMDLINE: &str = "rd.neednet=1";

/// A profile of `eth0` with these lines of `[ipv4]` and `[ipv6]`.
fn of_eth0(lan: &Lan, ipv4: &str, ipv6: &str) {
    profile(
        lan,
        "only",
        &format!("[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\n{ipv4}\n[ipv6]\n{ipv6}\n"),
    );
}

#[track_caller]
fn up_twice(lan: &Lan) {
    lan.up(CMDLINE).exits(0);
    let (ran, requests, _) = again(lan, CMDLINE);
    ran.exits(0);
    assert!(requests.is_empty(), "{requests:#?}");
}

/// Nothing is waited for in vain.
#[track_caller]
fn up_soon(lan: &Lan) {
    let ran = lan.up(CMDLINE);
    ran.exits(0);
    assert!(ran.elapsed.as_secs() < 6, "{ran}");
}

/// The kernel sets it to the link's when the link gets carrier, and when the link gets another MTU by a lease.
#[test]
fn the_mtu_of_ipv6_is_its_own() {
    let lan = crate::lan("mtu6");
    let mtu6 = || lan.client.read("/proc/sys/net/ipv6/conf/eth0/mtu").trim().to_owned();
    of_eth0(&lan, "method=disabled", "method=manual\naddress1=fd77::9/64\nmtu=1400");
    up_twice(&lan);
    assert_eq!(mtu6(), "1400");
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["mtu"], 1500);
    lan.sunup(&["down"]).exits(0);
    assert_eq!(mtu6(), "1500");
    // By a lease the link has 1400, and IPv6 not more.
    let _server = lan.serve(&["--dhcp-option=option:mtu,1400"]);
    for (wanted, comes) in [("1300", "1300"), ("1450", "1400"), ("7", "1280")] {
        of_eth0(&lan, "method=auto", &format!("method=manual\naddress1=fd77::9/64\nmtu={wanted}"));
        lan.up(CMDLINE).exits(0);
        assert_eq!(mtu6(), comes, "{wanted}");
        lan.sunup(&["down"]).exits(0);
    }
}

/// The kernel refuses a route from an address that is still being probed.
#[test]
fn a_route_from_an_own_address_waits_until_that_is_proved() {
    let lan = crate::lan("route-src");
    let routes = "route1=fd99::/48,fd77::1\nroute1_options=src=fd77::9\nroute2=fd98::/48,fd77::1";
    of_eth0(&lan, "method=manual\naddress1=10.77.0.9/24", &format!("method=manual\naddress1=fd77::9/64\n{routes}"));
    up_twice(&lan);
    assert_eq!(lan.route("fd99::/48").expect("the route that waits")["prefsrc"], "fd77::9");
    assert!(lan.route("fd98::/48").is_some());
}

#[test]
fn an_address_of_this_host_by_a_route_is_in_its_table() {
    let lan = crate::lan("route-local");
    let (v4, v6) = ("method=manual\naddress1=10.77.0.9/24", "method=manual\naddress1=fd77::9/64");
    let local = |range: &str| format!("route1={range}\nroute1_options=type=local");
    of_eth0(&lan, &format!("{v4}\n{}", local("198.51.100.0/24")), &format!("{v6}\n{}", local("fd99::/64")));
    up_twice(&lan);
    for (family, range) in [("-4", "198.51.100.0/24"), ("-6", "fd99::/64")] {
        let found = lan.client.ip_json(&format!("{family} route show table local {range}"));
        assert_eq!(found[0]["type"], "local", "{range}");
    }
    lan.client.ok("ping", &["-c1", "-W1", "198.51.100.77"]);
    lan.sunup(&["down"]).exits(0);
    assert!(lan.client.ip_json("-4 route show table local 198.51.100.0/24").is_empty());
}

#[test]
fn a_router_outside_is_reached_as_the_route_that_needs_it() {
    let lan = crate::lan("route-outside");
    let v4 = "method=manual\naddress1=10.77.0.9/24\nroute1=198.51.100.0/24,203.0.113.1,20\nroute1_options=mtu=1400\n\
              route2=192.0.2.0/24\nroute3=198.18.0.0/15,192.0.2.1\nroute4=10.9.0.0/16,203.0.113.9\nroute4_options=onlink=true\n\
              route5=10.8.0.0/16,203.0.113.5\nroute5_options=scope=0,src=10.77.0.9\n\
              route6=10.6.0.0/16\nroute6_options=onlink=true";
    let v6 = "method=manual\naddress1=fd77::9/64\nroute1=fd99::/48,2001:db8::1\nroute1_options=table=300";
    of_eth0(&lan, v4, v6);
    up_twice(&lan);
    let way = lan.route("203.0.113.1").expect("a route to the router");
    assert_eq!((&way["metric"], &way["metrics"][0]["mtu"], &way["scope"]), (&20.into(), &1400.into(), &"link".into()));
    assert_eq!(lan.client.ip_json("-6 route show table 300 2001:db8::1")[0]["metric"], 100);
    let way = lan.route("203.0.113.5").expect("a route to the other router");
    assert_eq!((&way["prefsrc"], &way["scope"]), (&serde_json::Value::Null, &"link".into()));
    for needless in ["192.0.2.1", "203.0.113.9"] {
        assert!(lan.route(needless).is_none(), "{needless}: on the link by a route, or said to be");
    }
    for there in ["198.18.0.0/15", "10.9.0.0/16", "10.6.0.0/16"] {
        assert!(lan.route(there).is_some(), "{there}");
    }
}

/// The kernel looks up routers without a type of service, and without a sender.
#[test]
fn the_way_to_a_router_is_for_everybody() {
    let lan = crate::lan("route-tos");
    let v4 = "method=manual\naddress1=10.77.0.9/24,203.0.113.1\nroute1=0.0.0.0/0\nroute1_options=tos=16\n\
              route2=198.51.100.0/24,203.0.113.2\nroute2_options=tos=8";
    let v6 = "method=manual\naddress1=fd77::9/64,2001:db8::1\nroute1=::/0\nroute1_options=src=fd77::9";
    of_eth0(&lan, v4, v6);
    let ran = lan.up(CMDLINE);
    assert!(!ran.stderr.contains("cannot add"), "{ran}");
    ran.exits(0);
    for router in ["203.0.113.1", "203.0.113.2", "2001:db8::1"] {
        assert!(lan.route(router).expect(router)["tos"].is_null());
    }
    assert_eq!(lan.route("198.51.100.0/24").expect("a route")["gateway"], "203.0.113.2");
}

/// The kernel has one length of prefix for an IPv6 address, and several for one of IPv4.
#[test]
fn of_equal_addresses_the_last_counts() {
    let lan = crate::lan("equal-addresses");
    let v4 = "method=manual\naddress1=10.77.0.9/24\naddress2=10.77.0.9/16";
    of_eth0(&lan, v4, "method=manual\naddress1=fd77::9/64\naddress2=fd77::9/48");
    up_twice(&lan);
    assert_eq!(lan.address("eth0", "fd77::9").expect("the address")["prefixlen"], 48);
    assert!(lan.route("fd77::/48").is_some() && lan.route("fd77::/64").is_none());
    assert!(lan.route("10.77.0.0/24").is_some() && lan.route("10.77.0.0/16").is_some());
}

#[test]
fn a_gateway_of_the_profile_stands_for_the_one_of_the_lease() {
    let lan = crate::lan("gateway-beside-lease");
    let _server = lan.serve(&[]);
    let options = "dns=192.0.2.53;\ndns-search=dusk.example;\ndns-options=rotate;attempts:3;";
    of_eth0(&lan, &format!("method=auto\naddress1=10.88.0.5/16,10.88.0.1\n{options}"), "method=disabled");
    lan.up(CMDLINE).exits(0);
    let defaults = lan.client.ip_json("-4 route show default");
    assert_eq!((defaults.len(), &defaults[0]["gateway"]), (1, &"10.88.0.1".into()), "{defaults:?}");
    let resolver = lan.client.read("/etc/resolv.conf");
    // The domain of the lease is searched where nobody says what is.
    let wanted = "search dusk.example\nnameserver 192.0.2.53\nnameserver 10.77.0.53\noptions rotate attempts:3\n";
    assert!(resolver.contains(wanted), "{resolver}");
}

#[test]
fn a_router_gives_no_default_route_where_none_is_wanted() {
    let lan = crate::lan("never-default6");
    let _server = lan.serve(&["--dhcp-range=fd77::,ra-only", "--enable-ra"]);
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    for unwanted in ["never-default=true", "ignore-auto-routes=true", "address1=fd88::9/64,fd88::1"] {
        of_eth0(&lan, "method=disabled", &format!("method=auto\n{unwanted}"));
        let ran = lan.up(CMDLINE);
        ran.exits(0);
        assert!(ran.elapsed.as_secs() < 5, "{unwanted}: a route is waited for: {ran}");
        assert!(lan.address("eth0", "fd77:").is_some(), "{unwanted}");
        let defaults = lan.client.ip_json("-6 route show default");
        assert!(defaults.iter().all(|route| route["gateway"] == "fd88::1"), "{unwanted}: {defaults:?}");
        lan.sunup(&["down"]).exits(0);
    }
}

/// Routes of routers (RFC 4191), and the metric of their default route: next to the one that the daemon's own will have.
#[test]
fn a_router_tells_its_routes_where_they_are_wanted() {
    let lan = dhcp6_by_up::lan("router-routes");
    let _radvd = radvd(&lan, "route 2001:db8:9::/48 {};", ON_LINK);
    for (setting, routes, metric) in [
        ("route-metric=50", true, Some(51)),
        ("never-default=true", true, None),
        ("ignore-auto-routes=true", false, None),
    ] {
        of_eth0(&lan, "method=disabled", &format!("method=auto\naddress1=fd77::9/64\n{setting}"));
        let ran = lan.up(CMDLINE);
        ran.exits(0);
        let default = lan.route("::/0").map(|route| route["metric"].as_u64().unwrap());
        assert_eq!((lan.route("2001:db8:9::/48").is_some(), default), (routes, metric), "{setting}: {ran}");
        lan.sunup(&["down"]).exits(0);
    }
}

/// A router that gives no addresses, as on a network of static ones, is enough. Without an address there is nothing to use.
#[test]
fn a_static_address_and_the_way_out_by_a_router() {
    let lan = dhcp6_by_up::lan("static-and-router");
    let _radvd = radvd(&lan, "RDNSS fd77::53 {};", ON_LINK);
    of_eth0(&lan, "method=disabled", "method=auto\nmay-fail=false\naddress1=fd77::9/64");
    up_soon(&lan);
    assert!(lan.route("::/0").is_some());
    assert!(lan.client.read("/etc/resolv.conf").contains("nameserver fd77::53"));
    lan.sunup(&["down"]).exits(0);
    of_eth0(&lan, "method=disabled", "method=auto\nmay-fail=false\nra-timeout=4");
    lan.up(CMDLINE).exits(1).says("usable prefix");
}

/// With a gateway of the profile nothing is left of what the router says but the prefix.
#[test]
fn a_router_with_a_prefix_is_enough_beside_address_and_gateway() {
    let lan = dhcp6_by_up::lan("static-and-prefix");
    let _radvd = radvd(&lan, "", ON_LINK);
    of_eth0(&lan, "method=disabled", "method=auto\nmay-fail=false\naddress1=fd88::9/64,fd88::1");
    up_soon(&lan);
    assert_eq!(lan.route("::/0").expect("that of the profile")["gateway"], "fd88::1");
}

/// The order is the daemon's: what the server says comes first.
#[test]
fn names_of_servers_go_before_those_of_routers() {
    let lan = dhcp6_by_up::lan("order-of-names");
    let flags = format!("{MANAGED} RDNSS fd77::99 {{}}; DNSSL noon.example {{}};");
    let _radvd = radvd(&lan, &flags, ON_LINK);
    let _server = dnsmasq(&lan, &[]);
    // The IAID is a number in any base.
    of_eth0(&lan, "method=disabled", "method=auto\ndhcp-iaid=0x10");
    lan.up("rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("search dawn.example noon.example\nnameserver fd77::53\nnameserver fd77::99\n"), "{text}");
    let leases = lan.server.read("/run/dnsmasq.leases");
    assert!(leases.lines().any(|line| line.split(' ').nth(1) == Some("16")), "{leases}");
    // networkd takes the names of both, or of neither.
    let told = || lan.client.sh("cat /run/systemd/network/*-sunup-eth0.network").matches("UseDomains=yes").count();
    assert_eq!(told(), 2);
    of_eth0(&lan, "method=disabled", "method=auto\ndhcp-iaid=0x10\nignore-auto-dns=true");
    lan.up("rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    assert_eq!(told(), 0);
}

/// As the daemon does, and networkd: the name is in the server's names from the first lease on.
#[test]
fn the_name_of_the_host_is_sent_unless_it_is_none() {
    let lan = crate::lan("host-name-sent");
    let server = lan.serve(&[]);
    for (name, setting, sent) in [
        ("lark", "", Some("lark")),
        ("lark", "dhcp-hostname=wren\n", Some("wren")),
        ("lark", "dhcp-send-hostname=false\n", None),
        ("localhost", "", None),
    ] {
        lan.client.ok("hostname", &[name]);
        of_eth0(&lan, &format!("method=auto\n{setting}"), "method=disabled");
        let before = server.log().len();
        lan.up(CMDLINE).exits(0);
        let log = server.log()[before..].to_owned();
        let said = log.lines().find_map(|line| line.rsplit_once("client provides name: ")).map(|(_, name)| name);
        assert_eq!(said, sent, "{name} {setting}: {log}");
        lan.sunup(&["down"]).exits(0);
    }
}

/// `ipv4.method=link-local`, or beside others; the words of a command line are `ip=link-local` and `rd.net.acd`.
#[test]
fn an_address_that_the_link_gives_itself() {
    let lan = crate::lan("link-local4");
    let quick = "dad-timeout=200";
    let own = || lan.address("eth0", "169.254.").expect("an address of 169.254/16");
    of_eth0(&lan, &format!("method=link-local\n{quick}"), "method=disabled");
    up_twice(&lan);
    let first = own();
    assert_eq!((&first["prefixlen"], &first["broadcast"]), (&16.into(), &"169.254.255.255".into()), "{first}");
    assert_eq!(first["scope"], "link");
    assert_eq!(lan.route("224.0.0.0/4").expect("a route of groups")["dev"], "eth0");
    lan.sunup(&["down"]).exits(0);
    assert!(lan.address("eth0", "169.254.").is_none() && lan.route("224.0.0.0/4").is_none());
    // Another host has it: then another one is had.
    let taken = first["local"].as_str().unwrap().to_owned();
    lan.server.ip(&format!("address add {taken}/16 dev srv0"));
    lan.up("ip=eth0:link-local rd.net.acd=short rd.neednet=1").exits(0);
    let second = own()["local"].as_str().unwrap().to_owned();
    assert_ne!(second, taken);
    lan.client.ok("ping", &["-c1", "-W2", &taken]);
    lan.sunup(&["down"]).exits(0);
    // Beside others.
    of_eth0(&lan, &format!("method=manual\naddress1=10.77.0.9/24\nlink-local=3\n{quick}"), "method=disabled");
    lan.up(CMDLINE).exits(0);
    assert_eq!(own()["local"], second.as_str());
    assert!(lan.address("eth0", "10.77.0.9").is_some());
}

/// RFC 3927 section 2.2.1: probes for four seconds at least.
#[test]
fn the_full_time_is_taken_where_nobody_says_another() {
    let lan = crate::lan("link-local4-full");
    let capture = crate::addresses_of_other_hosts::capture(&lan);
    let ran = lan.up("ip=eth0:link-local rd.neednet=1");
    ran.exits(0);
    let own = lan.address("eth0", "169.254.").expect("an address of 169.254/16");
    assert!((4..=9).contains(&ran.elapsed.as_secs()), "{ran}");
    let own = own["local"].as_str().unwrap();
    let announced = || capture.log().contains(&format!("who-has {own} tell {own},"));
    assert!(crate::support::wait_until(std::time::Duration::from_secs(5), announced), "{}", capture.log());
    assert_eq!(capture.log().matches(&format!("who-has {own} tell 0.0.0.0,")).count(), 3);
}

/// It is told for the profile that has it, and for no other.
#[test]
fn a_rule_that_the_kernel_refuses_is_told() {
    let lan = crate::lan("rule-refused");
    lan.link(1);
    let ends = "[ipv6]\nmethod=disabled\n";
    let rule = "routing-rule1=priority 100 from 10.0.0.0/8 tos 0x03 table 300";
    let of = |link: u8, more: &str| {
        let head = format!("[connection]\ntype=ethernet\ninterface-name=eth{link}\n");
        profile(
            &lan,
            &format!("of{link}"),
            &format!("{head}[ipv4]\nmethod=manual\naddress1=10.77.{link}.9/24\n{more}\n{ends}"),
        );
    };
    of(0, rule);
    of(1, "");
    let ran = lan.up(CMDLINE);
    ran.exits(3).says("of0.nmconnection: cannot add ipv4 rule 100");
    assert_eq!(ran.stderr.matches("cannot add").count(), 1, "{ran}");
    assert!(lan.address("eth0", "10.77.0.9").is_some() && lan.address("eth1", "10.77.1.9").is_some());
}
