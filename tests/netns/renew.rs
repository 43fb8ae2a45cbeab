//! `sunup renew`: leases are prolonged from what `up` has left behind.

use std::time::Duration;

use crate::support::{DEFAULTS, Dnsmasq, Lan, wait_until};

/// Leases of two minutes: the shortest the server gives.
const SHORT: &str = "--dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,2m";

/// Seconds for which the address of eth0 is still valid.
fn valid(lan: &Lan) -> u64 {
    lan.address("eth0", "10.77.0.").expect("an address")["valid_life_time"].as_u64().unwrap()
}

/// The server with [`SHORT`] leases.
fn serve(lan: &Lan) -> Dnsmasq<'_> {
    let rest = DEFAULTS.iter().filter(|option| !option.contains("range")).copied();
    Dnsmasq::start(&lan.server, &["--interface=srv0", SHORT].into_iter().chain(rest).collect::<Vec<_>>())
}

fn leased(name: &str) -> Lan {
    let lan = crate::lan(name);
    lan.server.sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
    lan
}

#[test]
fn a_lease_is_prolonged_by_its_server_alone() {
    let lan = leased("renew");
    let server = serve(&lan);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let before = lan.address("eth0", "10.77.0.").unwrap()["local"].clone();
    // Lifetimes that differ by two seconds are equal.
    assert!(wait_until(Duration::from_secs(19), || valid(&lan) <= 116));
    lan.sunup(&["renew", "--due"]).exits(0);
    assert!(valid(&lan) <= 116, "it is not time yet");
    let requests = server.count("DHCPREQUEST");
    lan.sunup(&["renew"]).exits(0);
    assert!(valid(&lan) >= 119, "{}", valid(&lan));
    assert_eq!(lan.address("eth0", "10.77.0.").unwrap()["local"], before);
    let log = server.log();
    assert_eq!((server.count("DHCPREQUEST") - requests, log.matches(" DHCPDISCOVER(").count()), (1, 1), "{log}");
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1);
    let state = lan.link_state("eth0");
    assert!(state["lease"]["expires_ms"].as_u64() > state["lease"]["t1_ms"].as_u64(), "{state}");
    assert_eq!(state["origin"], "cmdline", "the report still says where the profile came from");
    assert!(lan.client.read("/etc/resolv.conf").contains("10.77.0.53"));
    // A renewal leaves nothing that down does not know of.
    lan.sunup(&["down"]).exits(0);
    assert!(lan.address("eth0", "10.").is_none() && !lan.client.exists("/run/sunup"));
}

#[test]
fn a_server_that_is_away_costs_nothing_while_the_lease_holds() {
    let lan = leased("renew-silent");
    let server = serve(&lan);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    server.stop();
    lan.sunup(&["renew"]).exits(3).says("not renewed");
    assert!(lan.address("eth0", "10.77.0.").is_some() && lan.client.read("/etc/resolv.conf").contains("10.77.0.53"));
    assert_eq!(lan.link_state("eth0")["state"], "up");
}

#[test]
fn an_address_that_is_refused_goes_and_another_comes() {
    let lan = leased("renew-nak");
    let server = serve(&lan);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    let before = lan.address("eth0", "10.77.0.").unwrap()["local"].as_str().unwrap().to_owned();
    server.stop();
    lan.server.sh("rm -f /run/dnsmasq.leases");
    let other = [
        "--interface=srv0",
        "--dhcp-range=10.77.0.200,10.77.0.210,255.255.255.0,2m",
        "--dhcp-option=option:router,10.77.0.1",
    ];
    let server = Dnsmasq::start(&lan.server, &other);
    lan.sunup(&["renew"]).exits(0);
    let all = lan.client.ip("-4 address show dev eth0");
    assert!(!all.contains(&format!("{before}/")), "the refused address is still there: {all}");
    assert!(all.contains("10.77.0.20") || all.contains("10.77.0.21"), "{all}\n{}", server.log());
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1);
    assert!(server.count("DHCPNAK") >= 1, "{}", server.log());
}

#[test]
fn a_user_s_own_profile_and_a_second_link_are_remembered() {
    let lan = leased("renew-two");
    lan.link(1);
    let server = lan.serve_all(1);
    lan.up("ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1").exits(0);
    let requests = server.count("DHCPREQUEST");
    lan.sunup(&["renew", "eth1"]).exits(0);
    assert_eq!(server.count("DHCPREQUEST"), requests + 1, "{}", server.log());
    let names: Vec<_> = lan.state()["links"].as_array().unwrap().iter().map(|link| link["state"].clone()).collect();
    assert_eq!(names.iter().filter(|state| **state == "up").count(), 2, "{names:?}");
}

#[test]
fn without_a_lease_there_is_nothing_to_renew() {
    let lan = leased("renew-none");
    lan.sunup(&["renew"]).exits(1).says("no lease");
    lan.up("ip=10.77.0.9:::255.255.255.0::eth0:none rd.neednet=1").exits(0);
    lan.sunup(&["renew"]).exits(1).says("no lease");
}

#[test]
fn damaged_memory_is_no_memory() {
    let lan = leased("renew-damaged");
    let _server = serve(&lan);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    lan.client.sh("for file in /run/sunup/links/*; do head -c 300 /dev/urandom >$file; done");
    lan.sunup(&["renew"]).exits(1);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
}
