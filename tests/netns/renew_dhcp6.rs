//! `sunup renew` of DHCPv6 leases, by real servers.

use std::time::Duration;

use super::dhcp6_by_up::{MANAGED, ON_LINK, dnsmasq, lan, leased, radvd};
use super::dhcp6_leases_from_real_servers::kea;
use crate::support::{Lan, wait_until};

fn valid(lan: &Lan) -> u64 {
    leased(lan)["valid_life_time"].as_u64().unwrap()
}

#[test]
fn dnsmasq_prolongs_it() {
    let lan = lan("renew");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let server = dnsmasq(&lan, &[]);
    lan.up("ip=dhcp6 rd.neednet=1").exits(0);
    let before = leased(&lan)["local"].clone();
    let (state, resolv) = (lan.state(), lan.client.read("/etc/resolv.conf"));
    assert!(wait_until(Duration::from_secs(19), || valid(&lan) <= 3596));
    lan.sunup(&["renew", "--due"]).exits(0);
    let told = || ["DHCPRENEW", "DHCPSOLICIT"].map(|message| server.count(message));
    let [renewals, solicits] = told();
    assert_eq!(renewals, 0, "too early: {}", server.log());
    lan.sunup(&["renew"]).exits(0);
    let now = told();
    assert!(now[0] > 0 && now[1] == solicits, "{}", server.log());
    assert!(valid(&lan) > 3596, "{}", valid(&lan));
    assert_eq!(leased(&lan)["local"], before);
    assert_eq!(lan.client.read("/etc/resolv.conf"), resolv);
    assert_eq!(lan.state()["cmdline_hash"], state["cmdline_hash"]);
    let end = |state: &serde_json::Value| state["links"][0]["lease6"]["expires_ms"].as_u64().unwrap();
    let (old, new) = (end(&state), end(&lan.state()));
    assert!(new > old + 2500, "the end counts from the renewal: {old}, then {new}");
    lan.sunup(&["down"]).exits(0);
    assert!(lan.address("eth0", "fd77::").is_none() && !lan.client.exists("/run/sunup"));
}

#[test]
fn kea_prolongs_it() {
    let lan = lan("renew-kea");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    // The server takes a link that has carrier and an address, and no other.
    lan.client.ip("link set eth0 up");
    assert!(wait_until(Duration::from_secs(9), || lan.server.ip("-6 address show dev srv0").contains("fe80:")));
    let server = kea(&lan);
    // By name: nobody but a profile that names it may touch a link that has a route already, by the router's word.
    lan.up("ip=eth0:dhcp6 rd.neednet=1").exits(0);
    let before = leased(&lan)["local"].clone();
    assert!(wait_until(Duration::from_secs(19), || valid(&lan) <= 596));
    lan.sunup(&["renew"]).exits(0);
    assert!(valid(&lan) > 596, "{}: {}", valid(&lan), server.log());
    assert_eq!(leased(&lan)["local"], before);
    let told = |what: &str| server.log().matches(what).count();
    assert!(told("DHCP6_LEASE_ALLOC") == 1 && told("DHCP6_LEASE_RENEW") > 0, "{}", server.log());
}

#[test]
fn a_server_that_is_away_costs_nothing_while_the_lease_holds() {
    let lan = lan("renew-silent");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let server = dnsmasq(&lan, &[]);
    lan.up("ip=dhcp6 rd.neednet=1").exits(0);
    let before = leased(&lan)["local"].clone();
    server.stop();
    lan.sunup(&["renew"]).exits(3).says("not renewed");
    assert_eq!(leased(&lan)["local"], before);
    assert_eq!(lan.link_state("eth0")["lease6"]["addresses"][0], before);
    assert!(lan.client.read("/etc/resolv.conf").contains("fd77::53"));
    // Nothing is forgotten: the next time the server is there.
    let server = dnsmasq(&lan, &[]);
    lan.sunup(&["renew"]).exits(0);
    assert_eq!(leased(&lan)["local"], before, "{}", server.log());
}
