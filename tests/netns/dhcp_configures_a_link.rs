//! `ip=dhcp`: everything a lease carries ends up where it belongs, and everything is written down.

use serde_json::Value;

use crate::support::{CLIENT_MAC, Lan};

/// A lease with everything in it, taken.
fn leased(name: &str) -> Lan {
    let lan = crate::lan(name);
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.77,lark");
    let server = lan.serve(&["--dhcp-option=26,1400", &host]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    drop(server);
    lan
}

#[test]
fn the_address_has_prefix_broadcast_and_the_lifetime_of_the_lease() {
    let lan = leased("dhcp-address");
    let address = lan.address("eth0", "10.77.0.77").expect("the leased address");
    assert_eq!(address["prefixlen"], 24);
    assert_eq!(address["broadcast"], "10.77.0.255");
    let valid = address["valid_life_time"].as_u64().unwrap();
    assert!((3590..=3600).contains(&valid), "valid for {valid} s of a lease of 3600 s");
    let preferred = address["preferred_life_time"].as_u64().unwrap();
    assert!(preferred <= valid, "{preferred} > {valid}");
    lan.ping("10.77.0.1");
}

#[test]
fn the_default_route_is_marked_as_the_daemon_would() {
    let lan = leased("dhcp-route");
    let route = lan.route("0.0.0.0/0").expect("a default route");
    assert_eq!(route["gateway"], "10.77.0.1");
    assert_eq!(route["dev"], "eth0");
    assert_eq!(route["protocol"], "dhcp");
    assert_eq!(route["prefsrc"], "10.77.0.77");
    assert_eq!(route["metric"], 100);
    let subnet = lan.route("10.77.0.0/24").expect("the route of the subnet");
    assert_eq!(subnet["metric"], 100, "the daemon's metric, so that adopting changes nothing");
}

#[test]
fn option_26_sets_the_mtu() {
    let lan = leased("dhcp-mtu");
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["mtu"], 1400);
}

#[test]
fn name_servers_and_search_domain_go_to_resolv_conf() {
    let lan = leased("dhcp-dns");
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.lines().any(|line| line == "nameserver 10.77.0.53"), "{text}");
    assert!(text.lines().any(|line| line == "search dawn.example"), "{text}");
}

#[test]
fn option_12_sets_the_host_name() {
    let lan = leased("dhcp-hostname");
    assert_eq!(lan.client.read("/proc/sys/kernel/hostname").trim(), "lark");
}

#[test]
fn the_state_is_json_with_addresses_lease_and_times() {
    let lan = leased("dhcp-state");
    let state = lan.state();
    assert_eq!(state["schema"], 1, "{state}");
    assert_eq!(state["result"], "ok", "{state}");
    let link = lan.link_state("eth0");
    assert_eq!(link["mac"], CLIENT_MAC);
    let cidr = |address: &Value| address["cidr"] == "10.77.0.77/24" && address["proto"] == "dhcp4";
    assert!(link["addresses"].as_array().unwrap().iter().any(cidr), "{link}");
    assert_eq!(link["lease"]["server"], "10.77.0.1", "{link}");
    assert!(link["carrier_ms"].as_u64().is_some(), "the time of the carrier: {link}");
    assert!(state["finished_ms"].as_u64().unwrap() >= state["started_ms"].as_u64().unwrap(), "{state}");
}

#[test]
fn status_prints_the_state_and_answers_with_its_exit_code() {
    let lan = leased("dhcp-status");
    let json = lan.sunup(&["status", "--json"]);
    json.exits(0);
    let printed: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(printed, lan.state());
    let text = lan.sunup(&["status"]);
    text.exits(0);
    assert!(text.stdout.contains("eth0") && text.stdout.contains("10.77.0.77"), "{text}");
}

#[test]
fn the_profile_is_left_for_the_daemon_readable_by_root_only() {
    let lan = leased("dhcp-profile");
    let directory = "/run/NetworkManager/system-connections";
    let files = lan.client.sh(&format!("stat -c '%a %n' {directory}/*"));
    assert_eq!(files.lines().count(), 1, "{files}");
    assert!(files.starts_with("600 "), "{files}");
    let profile = lan.client.sh(&format!("cat {directory}/*.nmconnection"));
    let uuid = profile.lines().find_map(|line| line.strip_prefix("uuid=")).expect("a uuid");
    assert!(profile.contains("method=auto"), "{profile}");
    let index = lan.client.read("/sys/class/net/eth0/ifindex");
    let device = lan.client.read(&format!("/run/NetworkManager/devices/{}", index.trim()));
    assert!(device.contains(&format!("connection-uuid={uuid}")), "{device}");
    assert!(device.contains("managed=true"), "{device}");
    let permanent = format!("perm-hw-addr-fake={CLIENT_MAC}");
    assert!(device.to_lowercase().contains(&permanent), "{device}");
}

#[test]
fn one_exchange_is_enough() {
    let lan = crate::lan("dhcp-packets");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let log = server.log();
    for message in ["DHCPREQUEST", "DHCPACK"] {
        assert_eq!(server.count(message), 1, "{message}: {log}");
    }
    // The first DISCOVER may leave in the instant of link-up and be lost, or be repeated at the carrier.
    assert!(server.count("DHCPDISCOVER") <= 2, "{log}");
}

#[test]
fn the_default_command_is_up_and_the_command_line_is_found() {
    let lan = crate::lan("dhcp-default");
    let _server = lan.serve(&[]);
    // Not in /proc/cmdline: where the tests run in a container, that is not looked at.
    lan.client.sh("echo ip=dhcp rd.neednet=1 >/etc/cmdline");
    lan.sunup(&[]).exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}

#[test]
fn root_is_where_files_are_read_and_written() {
    let lan = crate::lan("dhcp-root");
    let _server = lan.serve(&[]);
    lan.client.sh("mkdir -p /mnt/root/proc /mnt/root/etc; echo ip=dhcp rd.neednet=1 >/mnt/root/proc/cmdline");
    lan.sunup(&["up", "--root", "/mnt/root"]).exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some());
    assert!(lan.client.exists("/mnt/root/run/sunup/state.json") && !lan.client.exists("/run/sunup"));
    assert!(lan.client.read("/mnt/root/etc/resolv.conf").contains("10.77.0.53"));
    assert_eq!(lan.client.read("/etc/resolv.conf"), "", "the file outside of the root is not touched");
    lan.sunup(&["status", "--root", "/mnt/root"]).exits(0);
}
