//! `sunup up` with DHCPv6, against real servers and a real router: which messages go out is decided by the method, and by what
//! the router says.

use std::time::Duration;

use serde_json::Value;

use super::dhcp6_leases_from_real_servers::{isc_dhcpd, kea};
use crate::support::{Dnsmasq, Lan, Process, wait_until};

/// Two rooms; the server's end has a link-local address and fd77::1.
pub(crate) fn lan(name: &str) -> Lan {
    let lan = crate::lan(&format!("up6-{name}"));
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    lan.server.ip("-6 address add fd77::1/64 dev srv0 nodad");
    lan
}

/// A router: `flags` for the interface, `prefix` the flags of fd77::/64.
pub(crate) fn radvd<'lan>(lan: &'lan Lan, flags: &str, prefix: &str) -> Process<'lan> {
    let text = format!(
        "interface srv0 {{\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n {flags}\n prefix fd77::/64 {{ {prefix} }};\n}};\n"
    );
    lan.server.sh(&format!("printf '%s' '{text}' >/run/radvd.conf"));
    let arguments = ["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"];
    let mut radvd = lan.server.spawn("radvd", &arguments);
    radvd.wait_for("version");
    radvd
}

pub(crate) const MANAGED: &str = "AdvManagedFlag on; AdvOtherConfigFlag on;";
const OTHER: &str = "AdvOtherConfigFlag on;";
pub(crate) const ON_LINK: &str = "AdvOnLink on; AdvAutonomous off;";
const AUTONOMOUS: &str = "AdvOnLink on; AdvAutonomous on;";

const SERVED: &[&str] = &[
    "--interface=srv0",
    "--dhcp-range=fd77::10,fd77::ff,64,1h",
    "--dhcp-option=option6:dns-server,[fd77::53]",
    "--dhcp-option=option6:domain-search,dawn.example",
    "--dhcp-option=option6:ntp-server,[fd77::123]",
    "--dhcp-option=option6:59,tftp://[fd77::1]/boot.efi",
];

pub(crate) fn dnsmasq<'lan>(lan: &'lan Lan, more: &[&str]) -> Dnsmasq<'lan> {
    Dnsmasq::start(&lan.server, &[SERVED, more].concat())
}

/// The leased address: one of fd77::10 to fd77::ff, alone in its prefix.
pub(crate) fn leased(lan: &Lan) -> Value {
    let address = lan.address("eth0", "fd77::").expect("a leased address");
    assert_eq!(address["prefixlen"], 128, "{address}");
    assert!(address["dadfailed"].is_null(), "{address}");
    address
}

#[test]
fn a_managed_link_gets_its_lease_and_everything_in_it() {
    let lan = lan("managed");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let server = dnsmasq(&lan, &["--dhcp-rapid-commit"]);
    lan.up("ip=dhcp6 rd.neednet=1 rd.sunup.handover=networkmanager,networkd").exits(0);
    let address = leased(&lan);
    let valid = address["valid_life_time"].as_u64().unwrap();
    assert!((3590..=3600).contains(&valid), "valid for {valid} s of a lease of 3600 s");
    assert!(lan.route("::/0").expect("a default route")["gateway"].as_str().unwrap().starts_with("fe80::"));
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver fd77::53") && text.contains("dawn.example"), "{text}");

    assert_eq!((server.count("DHCPSOLICIT"), server.count("DHCPREQUEST")), (1, 0), "{}", server.log());
    let state = lan.link_state("eth0");
    let lease = &state["lease6"];
    assert_eq!(lease["addresses"][0], address["local"]);
    assert_eq!(lease["boot_file_url"], "tftp://[fd77::1]/boot.efi");
    assert_eq!(lease["ntp"][0], "fd77::123");
    assert_eq!((&lease["duid"], &lease["iaid"]), (&"00030001525400770002".into(), &0x0077_0002.into()));
    assert!(state["lease6_ms"].as_u64().unwrap() >= state["carrier_ms"].as_u64().unwrap());

    let profile = lan.client.sh("cat /run/NetworkManager/system-connections/*.nmconnection");
    assert!(
        profile.contains("dhcp-duid=00:03:00:01:52:54:00:77:00:02") && profile.contains("dhcp-iaid=mac"),
        "{profile}"
    );
    let network = lan.client.read("/run/systemd/network/10-sunup-eth0.network");
    assert!(network.contains("DHCP=ipv6") && network.contains("IAID=7798786"), "{network}");
    let klibc = lan.client.read("/run/net6-eth0.conf");
    assert!(klibc.contains("IPV6PROTO='dhcp6'") && klibc.contains("IPV6DNS0='fd77::53'"), "{klibc}");
    lan.ping("fd77::1");
}

#[test]
fn the_method_dhcp_waits_for_no_router() {
    let lan = lan("method");
    let server = dnsmasq(&lan, &[]);
    let profile = "[connection]\nid=six\nuuid=7c1e0c3a-1df8-4d5f-9a55-1f4f4e0a6a01\ntype=ethernet\n\
        [ipv4]\nmethod=disabled\n[ipv6]\nmethod=dhcp\nmay-fail=false\ndhcp-hostname=node1.dawn.example\n";
    lan.client.sh(&format!("mkdir -p /run/p; umask 077; printf '%s' '{profile}' >/run/p/six.nmconnection"));
    lan.sunup(&["up", "--cmdline", "rd.neednet=1", "--profiles", "/run/p"]).exits(0);
    leased(&lan);
    assert_eq!(server.count("DHCPSOLICIT"), 1, "{}", server.log());
    assert!(server.log().contains("node1"), "the name is told: {}", server.log());
    assert!(lan.route("::/0").is_none(), "no router, no route");
}

#[test]
fn configuration_alone_is_asked_for_where_that_is_all_there_is() {
    let lan = lan("other");
    let _radvd = radvd(&lan, OTHER, AUTONOMOUS);
    let stateless = [&["--interface=srv0", "--dhcp-range=fd77::,ra-stateless"], &SERVED[2..]].concat();
    let server = Dnsmasq::start(&lan.server, &stateless);
    lan.up("ip=auto6 rd.neednet=1").exits(0);
    assert_eq!(lan.address("eth0", "fd77::").expect("an address of the prefix")["prefixlen"], 64);
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver fd77::53") && text.contains("dawn.example"), "{text}");
    assert_eq!((server.count("DHCPSOLICIT"), server.count("DHCPINFORMATION-REQUEST")), (0, 1), "{}", server.log());
}

#[test]
fn a_router_that_says_nothing_of_dhcp_is_taken_at_its_word() {
    let lan = lan("neither");
    let _radvd = radvd(&lan, "", AUTONOMOUS);
    let server = dnsmasq(&lan, &[]);
    lan.up("ip=either6 rd.neednet=1").exits(0);
    assert_eq!(lan.address("eth0", "fd77::").expect("an address of the prefix")["prefixlen"], 64);
    assert_eq!(server.count("DHCPSOLICIT"), 0, "{}", server.log());
}

#[test]
fn either6_asks_servers_where_no_router_answers_and_auto6_does_not() {
    let lan = lan("either");
    let server = dnsmasq(&lan, &[]);
    lan.sunup(&["up", "--cmdline", "ip=auto6 rd.neednet=1", "--timeout", "3"]).exits(1).says("router");
    assert_eq!(server.count("DHCPSOLICIT"), 0, "{}", server.log());
    lan.up("ip=either6 rd.neednet=1").exits(0);
    leased(&lan);
}

#[test]
fn both_families_are_waited_for() {
    let lan = lan("both");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let _server = dnsmasq(&lan, &["--dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h"]);
    lan.up("ip=dhcp,dhcp6 rd.neednet=1").exits(0);
    leased(&lan);
    assert!(lan.address("eth0", "10.77.0.").is_some());
}

#[test]
fn a_second_run_asks_nobody_and_a_lost_address_is_confirmed() {
    let lan = lan("again");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let server = dnsmasq(&lan, &[]);
    lan.up("ip=dhcp6 rd.neednet=1").exits(0);
    let first = leased(&lan)["local"].clone();
    let resolv = lan.client.read("/etc/resolv.conf");
    lan.up("ip=dhcp6 rd.neednet=1").exits(0);
    assert_eq!((server.count("DHCPSOLICIT"), server.count("DHCPCONFIRM")), (1, 0), "{}", server.log());
    assert_eq!(lan.client.read("/etc/resolv.conf"), resolv);
    lan.client.ip(&format!("-6 address delete {}/128 dev eth0", first.as_str().unwrap()));
    lan.up("ip=dhcp6 rd.neednet=1").exits(0);
    assert_eq!(leased(&lan)["local"], first);
    assert_eq!((server.count("DHCPSOLICIT"), server.count("DHCPCONFIRM")), (1, 1), "{}", server.log());
}

#[test]
fn a_server_that_keeps_silent_does_not_hold_up_an_address_that_came_by_router() {
    let lan = lan("silent");
    let _radvd = radvd(&lan, MANAGED, AUTONOMOUS);
    let started = std::time::Instant::now();
    lan.up("ip=auto6 rd.neednet=1").exits(0);
    let took = started.elapsed();
    assert!(took > Duration::from_secs(9), "DHCPv6 was announced and not waited for: {took:?}");
    assert_eq!(lan.address("eth0", "fd77::").expect("an address of the prefix")["prefixlen"], 64);
}

/// A client room in which another host, beside the server, has every address the server would give first.
#[test]
fn an_address_that_another_host_has_is_declined() {
    let lan = lan("duplicate");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let host = "--dhcp-host=id:00:03:00:01:52:54:00:77:00:02,[fd77::77]";
    lan.server.ip("-6 address add fd77::77/128 dev srv0 nodad");
    let server = dnsmasq(&lan, &[host, "--no-ping"]);
    // Without optimistic detection, or the run would be over before the other host is heard of.
    lan.client.sh("echo 0 >/run/zero; mount --bind /run/zero /proc/sys/net/ipv6/conf/eth0/optimistic_dad");
    let mut ran = lan.start(&["up", "--cmdline", "ip=dhcp6 rd.neednet=1", "--timeout", "60"]);
    assert!(wait_until(Duration::from_secs(20), || server.count("DHCPDECLINE") > 0), "{}", server.log());
    lan.server.ip("-6 address delete fd77::77/128 dev srv0");
    assert!(wait_until(Duration::from_secs(60), || ran.ended()));
    assert_eq!(lan.link_state("eth0")["state"], "up");
    assert_ne!(leased(&lan)["local"], "fd77::77");
}

#[test]
fn isc_dhcpd_gives_an_address_and_a_prefix_to_up() {
    let lan = lan("isc");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let _server = isc_dhcpd(&lan);
    with_prefix(&lan);
}

#[test]
fn kea_gives_an_address_and_a_prefix_to_up() {
    let lan = lan("kea");
    // Kea opens no socket on a link without carrier.
    // What the kernel learns meanwhile by itself would be another's configuration.
    lan.client.sh("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra; ip link set eth0 up");
    let _radvd = radvd(&lan, MANAGED, ON_LINK);
    let _server = kea(&lan);
    with_prefix(&lan);
}

/// A profile that asks for a prefix gets it, and it stands in the state.
fn with_prefix(lan: &Lan) {
    let profile = "[connection]\nid=six\nuuid=7c1e0c3a-1df8-4d5f-9a55-1f4f4e0a6a01\ntype=ethernet\n\
        [ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\nmay-fail=false\ndhcp-pd-hint=::/56\n";
    lan.client.sh(&format!("mkdir -p /run/p; umask 077; printf '%s' '{profile}' >/run/p/six.nmconnection"));
    lan.sunup(&["up", "--cmdline", "rd.neednet=1", "--profiles", "/run/p"]).exits(0);
    leased(lan);
    let lease = lan.link_state("eth0")["lease6"].clone();
    let prefix: ipnet::Ipv6Net = lease["prefixes"][0]["prefix"].as_str().unwrap().parse().unwrap();
    assert!(prefix.prefix_len() == 56 && "fd78::/32".parse::<ipnet::Ipv6Net>().unwrap().contains(&prefix), "{prefix}");
    assert!(lan.client.read("/etc/resolv.conf").contains("nameserver fd77::53"));
}
