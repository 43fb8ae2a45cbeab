//! The long form of `ip=`, and what goes with it.

use serde_json::Value;

use crate::support::Lan;

fn resolv_conf(lan: &Lan) -> Vec<String> {
    lan.client.read("/etc/resolv.conf").lines().map(str::to_owned).collect()
}

#[test]
fn ipv4_with_gateway_host_name_and_name_server() {
    let lan = crate::lan("static4");
    lan.up("ip=10.77.0.9::10.77.0.1:255.255.255.0:lark:eth0:none:10.77.0.53 rd.neednet=1").exits(0);
    let address = lan.address("eth0", "10.77.0.9").expect("the address");
    assert_eq!(address["prefixlen"], 24);
    assert_eq!(address["broadcast"], "10.77.0.255");
    assert_eq!(address["valid_life_time"], u32::MAX, "for ever");
    let route = lan.route("0.0.0.0/0").expect("a default route");
    assert_eq!(route["gateway"], "10.77.0.1");
    assert_eq!(route["metric"], 100);
    assert_eq!(lan.client.read("/proc/sys/kernel/hostname").trim(), "lark");
    assert!(resolv_conf(&lan).contains(&"nameserver 10.77.0.53".to_owned()));
    lan.ping("10.77.0.1");
}

#[test]
fn ipv4_needs_no_server_and_no_waiting() {
    let lan = crate::lan("static4-quick");
    let ran = lan.up("ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none");
    ran.exits(0);
    assert!(lan.address("eth0", "10.77.0.9").is_some());
    assert!(ran.elapsed.as_millis() < 1000, "{ran}");
}

#[test]
fn ipv6_in_brackets() {
    let lan = crate::lan("static6");
    lan.server.sh("ip address add fd77::1/64 dev srv0 nodad");
    lan.up("ip=[fd77::9]::[fd77::1]:64::eth0:none rd.neednet=1").exits(0);
    let address = lan.address("eth0", "fd77::9").expect("the address");
    assert_eq!(address["prefixlen"], 64);
    assert!(address["tentative"].is_null(), "up means that duplicate address detection is done: {address}");
    let route = lan.route("::/0").expect("a default route");
    assert_eq!(route["gateway"], "fd77::1");
    lan.ping("fd77::1");
}

#[test]
fn two_words_for_one_link_give_it_both_families() {
    let lan = crate::lan("static-both");
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none ip=[fd77::9]::[fd77::1]:64::eth0:none";
    lan.up(cmdline).exits(0);
    assert!(lan.address("eth0", "10.77.0.9").is_some());
    assert!(lan.address("eth0", "fd77::9").is_some());
}

#[test]
fn mtu_and_hardware_address_are_set() {
    let lan = crate::lan("static-mtu");
    lan.up("ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none:1380:52:54:00:77:99:99").exits(0);
    let link: Value = lan.client.ip_json("link show dev eth0")[0].clone();
    assert_eq!(link["mtu"], 1380);
    assert_eq!(link["address"], "52:54:00:77:99:99");
    lan.ping("10.77.0.1");
}

#[test]
fn nameserver_words_are_added_in_order() {
    let lan = crate::lan("nameserver");
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none nameserver=10.77.0.61 nameserver=10.77.0.62";
    lan.up(cmdline).exits(0);
    let lines = resolv_conf(&lan);
    let servers: Vec<_> = lines.iter().filter(|line| line.starts_with("nameserver")).collect();
    assert_eq!(servers, ["nameserver 10.77.0.61", "nameserver 10.77.0.62"]);
}

#[test]
fn rd_peerdns_0_ignores_the_name_servers_of_the_lease() {
    let lan = crate::lan("peerdns");
    let _server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1 rd.peerdns=0 nameserver=10.77.0.61").exits(0);
    let lines = resolv_conf(&lan);
    assert!(lines.contains(&"nameserver 10.77.0.61".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("10.77.0.53")), "{lines:?}");
}

#[test]
fn rd_route_adds_routes_of_both_families() {
    let lan = crate::lan("rd-route");
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none ip=[fd77::9]::[fd77::1]:64::eth0:none \
                   rd.route=192.168.9.0/24:10.77.0.2:eth0 rd.route=[fd99::/48]:[fd77::2]:eth0";
    lan.up(cmdline).exits(0);
    assert_eq!(lan.route("192.168.9.0/24").expect("the IPv4 route")["gateway"], "10.77.0.2");
    assert_eq!(lan.route("fd99::/48").expect("the IPv6 route")["gateway"], "fd77::2");
}

/// Nobody asked for a name server: then the hand-over lacks none.
#[test]
fn without_a_name_server_the_profile_needs_none() {
    let lan = crate::lan("nameless");
    let line = "ip=10.77.0.9::10.77.0.1:24::eth0:none rd.neednet=1 rd.sunup.handover=networkmanager";
    lan.up(line).exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    lan.up(&format!("{line} nameserver=10.77.0.53")).exits(0);
    lan.client.sh("sed -i /^dns=/d /run/NetworkManager/system-connections/*.nmconnection");
    assert!(lan.sunup(&["verify-handover"]).exits(3).stdout.contains("name server"));
}
