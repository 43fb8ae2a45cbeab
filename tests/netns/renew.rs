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
    let hash = lan.state()["cmdline_hash"].clone();
    // Lifetimes that differ by two seconds are equal.
    assert!(wait_until(Duration::from_secs(19), || valid(&lan) <= 116));
    lan.sunup(&["renew", "--due"]).exits(0);
    assert!(valid(&lan) <= 116, "it is not time yet");
    let told = || ["DHCPREQUEST", "DHCPDISCOVER"].map(|message| server.count(message));
    let [requests, discovers] = told();
    lan.sunup(&["renew"]).exits(0);
    assert!(valid(&lan) > 116, "{}", valid(&lan));
    assert_eq!(lan.address("eth0", "10.77.0.").unwrap()["local"], before);
    let now = told();
    assert!(now[0] > requests && now[1] == discovers, "{}", server.log());
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1);
    let state = lan.link_state("eth0");
    assert!(state["lease"]["expires_ms"].as_u64() > state["lease"]["t1_ms"].as_u64(), "{state}");
    assert_eq!(state["origin"], "cmdline", "the report still says where the profile came from");
    assert_eq!(lan.state()["cmdline_hash"], hash, "and of which command line");
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

#[test]
fn a_link_without_carrier_keeps_its_lease_and_its_servers() {
    let lan = leased("renew-carrier");
    lan.link(1);
    let each = |number: u8| {
        [
            format!("--interface=srv{number}"),
            format!("--dhcp-range=set:net{number},10.77.{number}.100,10.77.{number}.150,255.255.255.0,1h"),
            format!("--dhcp-option=tag:net{number},option:dns-server,10.77.{number}.53"),
        ]
    };
    let options = [each(0), each(1)].concat();
    let server = Dnsmasq::start(&lan.server, &options.iter().map(String::as_str).collect::<Vec<_>>());
    lan.up("ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1").exits(0);
    let resolv = lan.client.read("/etc/resolv.conf");
    assert!(resolv.contains("10.77.0.53") && resolv.contains("10.77.1.53"), "{resolv}");
    lan.server.ip("link set srv0 down");
    lan.sunup(&["renew", "eth1"]).exits(0);
    assert_eq!(lan.client.read("/etc/resolv.conf"), resolv);
    assert_eq!(
        lan.link_state("eth0")["lease"]["address"].as_str().map(|text| text.starts_with("10.77.0.")),
        Some(true)
    );
    // Asked for itself it is not renewed; what it has stays.
    lan.sunup(&["renew", "--timeout", "2"]).exits(3).says("eth0");
    assert_eq!(lan.client.read("/etc/resolv.conf"), resolv);
    lan.server.ip("link set srv0 up");
    let discovers = server.count("DHCPDISCOVER");
    lan.sunup(&["renew"]).exits(0);
    assert_eq!(server.count("DHCPDISCOVER"), discovers, "{}", server.log());
    assert!(["eth0", "eth1"].iter().all(|link| lan.link_state(link)["state"] == "up"));
}

#[test]
fn servers_that_a_router_named_stay() {
    let lan = leased("renew-router");
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; ip address add fd77::1/64 dev srv0 nodad");
    let options = ["--enable-ra", "--dhcp-range=fd77::,ra-only,64,1h", "--dhcp-option=option6:dns-server,[fd77::53]"];
    let _server = lan.serve(&options);
    lan.up("ip=dhcp,auto6 rd.neednet=1").exits(0);
    let resolv = lan.client.read("/etc/resolv.conf");
    assert!(resolv.contains("10.77.0.53") && resolv.contains("fd77::53"), "{resolv}");
    lan.sunup(&["renew"]).exits(0);
    assert_eq!(lan.client.read("/etc/resolv.conf"), resolv);
}

#[test]
fn after_its_end_a_lease_is_asked_for_anew() {
    let lan = leased("renew-over");
    let text = "default-lease-time 4; max-lease-time 4; min-lease-time 4; authoritative;\n\
        subnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.150; option routers 10.77.0.1; }\n";
    lan.server.sh(&format!("printf '%s' '{text}' >/run/dhcpd.conf; : >/run/dhcpd.leases"));
    let arguments =
        ["-4", "-f", "-d", "-cf", "/run/dhcpd.conf", "-lf", "/run/dhcpd.leases", "-pf", "/run/d.pid", "srv0"];
    let mut server = super::dhcp6_leases_from_real_servers::serve(&lan, "dhcpd", &arguments);
    server.wait_for("Server starting service");
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    let gone = || lan.address("eth0", "10.77.0.").is_none();
    assert!(!gone() && wait_until(Duration::from_secs(20), gone), "the kernel ends what has an end");
    lan.sunup(&["renew"]).exits(0);
    assert!(!gone() && lan.route("0.0.0.0/0").is_some(), "{}", server.log());
    assert!(server.log().matches("DHCPDISCOVER").count() >= 2, "{}", server.log());
    // With `keep` the address stays in the kernel after the lease's end, and is leased again all the same.
    lan.sunup(&["down"]).exits(0);
    lan.up("ip=eth0:dhcp rd.neednet=1 rd.sunup.exit=keep").exits(0);
    std::thread::sleep(Duration::from_secs(5));
    assert!(!gone());
    lan.sunup(&["renew"]).exits(0);
    assert_eq!(lan.client.ip_json("-4 address show dev eth0")[0]["addr_info"].as_array().unwrap().len(), 1);
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1);
}
