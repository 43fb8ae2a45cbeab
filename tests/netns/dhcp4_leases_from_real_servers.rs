//! DHCPv4 from servers that others wrote, and in networks that are not plain: behind a relay, without a subnet, with large packets
//! and large replies.

use std::fmt::Write as _;

use crate::dhcp6_leases_from_real_servers::serve;
use crate::support::{CLIENT_MAC, Dnsmasq, Lan, Options, Process, Room};

/// ISC dhcpd on a link of a room, with this configuration.
fn dhcpd<'room>(room: &'room Room, link: &str, text: &str) -> Process<'room> {
    room.sh(&format!("printf '%s' '{text}' >/run/dhcpd.conf; : >/run/dhcpd.leases"));
    let arguments = ["-4", "-f", "-d", "-cf", "/run/dhcpd.conf", "-lf", "/run/dhcpd.leases", "-pf", "/run/d.pid", link];
    let mut server = room.spawn("dhcpd", &arguments);
    server.wait_for("Server starting service");
    server
}

/// Everything of an ordinary lease is there.
#[track_caller]
fn ordinary(lan: &Lan) {
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert_eq!(lan.address("eth0", "10.77.0.").expect("a lease")["prefixlen"], 24);
    assert_eq!(lan.route("0.0.0.0/0").expect("a default route")["gateway"], "10.77.0.1");
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver 10.77.0.53") && text.contains("dawn.example"), "{text}");
    let before = lan.link_state("eth0")["lease"]["acquired"].clone();
    lan.sunup(&["renew", "eth0"]).exits(0);
    let lease = lan.link_state("eth0")["lease"].clone();
    assert!(lease["server"].is_string() && (before.is_null() || lease["acquired"] != before), "{lease}");
    lan.ping("10.77.0.1");
}

const ISC: &str = "authoritative; default-lease-time 3600; subnet 10.77.0.0 netmask 255.255.255.0 {\n\
    range 10.77.0.100 10.77.0.150; option routers 10.77.0.1; option domain-name-servers 10.77.0.53;\n\
    option domain-name \"dawn.example\"; }\n";

#[test]
fn isc_dhcpd_gives_and_renews() {
    let lan = crate::lan("dhcp4-isc");
    let _server = dhcpd(&lan.server, "srv0", ISC);
    ordinary(&lan);
}

#[test]
fn kea_gives_and_renews() {
    let lan = crate::lan("dhcp4-kea");
    let text = r#"{"Dhcp4":{"interfaces-config":{"interfaces":["srv0"]},
        "lease-database":{"type":"memfile","persist":false},"valid-lifetime":3600,
        "subnet4":[{"id":1,"subnet":"10.77.0.0/24","interface":"srv0","pools":[{"pool":"10.77.0.100-10.77.0.150"}],
        "option-data":[{"name":"routers","data":"10.77.0.1"},{"name":"domain-name-servers","data":"10.77.0.53"},
        {"name":"domain-name","data":"dawn.example"}]}],
        "loggers":[{"name":"kea-dhcp4","output_options":[{"output":"stdout"}],"severity":"INFO"}]}}"#;
    lan.server.sh(&format!("mkdir -p /run/kea /var/lib/kea; printf '%s' '{text}' >/run/kea4.json"));
    // Kea takes no link without carrier.
    lan.client.ip("link set eth0 up");
    let mut server = serve(&lan, "kea-dhcp4", &["-c", "/run/kea4.json"]);
    server.wait_for("DHCP4_STARTED");
    ordinary(&lan);
}

/// The server is behind a router: DISCOVER and REQUEST come to it by the relay on srv0 (giaddr 10.77.0.1), a renewal by the route.
#[test]
fn a_server_behind_a_relay() {
    let lan = crate::lan("dhcp4-relay");
    let behind = Room::new("behind", &lan.server.artifacts().join("behind"), &Options::default());
    lan.server.veth("up0", &behind, "up1");
    lan.server.ip("address add 10.88.0.1/24 dev up0");
    lan.server.ip("link set up0 up");
    lan.server.sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
    behind.ip("address add 10.88.0.2/24 dev up1");
    behind.ip("link set up1 up");
    behind.ip("route add default via 10.88.0.1");
    let server = dhcpd(&behind, "up1", &format!("{ISC}subnet 10.88.0.0 netmask 255.255.255.0 {{ }}\n"));
    let relay =
        Dnsmasq::start(&lan.server, &["--dhcp-relay=10.77.0.1,10.88.0.2", "--interface=srv0", "--interface=up0"]);
    ordinary(&lan);
    assert_eq!(lan.link_state("eth0")["lease"]["server"], "10.88.0.2");
    assert!(server.log().contains("via 10.77.0.1"), "{}\n{}", server.log(), relay.log());
}

/// A lease of 10.77.0.100 with these options.
fn with_options(name: &str, options: &[&str]) -> (Lan, String) {
    let lan = crate::lan(name);
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.100");
    let server = lan.serve(&[&[host.as_str()], options].concat());
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let log = server.stop();
    (lan, log)
}

#[test]
fn r4_20_two_hosts_share_a_prefix_of_31_bits() {
    let lan = crate::lan("dhcp4-31");
    lan.server.ip("address add 10.77.0.101/31 dev srv0");
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.100");
    let options = [&host, "--dhcp-option=option:netmask,255.255.255.254", "--dhcp-option=option:router,10.77.0.101"];
    let _server = lan.serve(&options);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let address = lan.address("eth0", "10.77.0.100").expect("the address");
    assert_eq!((&address["prefixlen"], address["broadcast"].is_null()), (&31.into(), true), "{address}");
    lan.ping("10.77.0.101");
}

#[test]
fn r4_20_a_host_alone_in_its_prefix_reaches_a_router_outside_of_it() {
    let lan = crate::lan("dhcp4-32");
    lan.server.ip("address add 192.0.2.254/32 dev srv0");
    lan.server.ip("route add 10.77.0.100/32 dev srv0");
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.100");
    let options = [&host, "--dhcp-option=option:netmask,255.255.255.255", "--dhcp-option=option:router,192.0.2.254"];
    let _server = lan.serve(&options);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert_eq!(lan.address("eth0", "10.77.0.100").expect("the address")["prefixlen"], 32);
    assert_eq!(lan.route("0.0.0.0/0").expect("a default route")["gateway"], "192.0.2.254");
    assert_eq!(lan.route("192.0.2.254").expect("the way to the router")["scope"], "link");
    lan.ping("192.0.2.254");
}

#[test]
fn packets_of_9000_bytes_are_used_where_the_server_says_so() {
    let lan = crate::lan("dhcp4-jumbo");
    lan.server.ip("link set srv0 mtu 9000");
    let _server = lan.serve(&["--dhcp-option=option:mtu,9000"]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["mtu"], 9000);
    lan.client.ok("ping", &["-c1", "-W5", "-n", "-M", "do", "-s", "8972", "10.77.0.1"]);
}

#[test]
fn the_smallest_mtu_that_ipv4_lives_with() {
    let (lan, _) = with_options("dhcp4-576", &["--dhcp-option=option:mtu,576"]);
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["mtu"], 576);
}

/// 960 bytes of one option, in four parts (RFC 3396), in a packet of 1,250 bytes.
#[test]
fn r4_09_two_hundred_and_forty_name_servers() {
    let lan = crate::lan("dhcp4-240");
    let mut servers = String::from("10.77.0.53");
    (1..240).for_each(|n| _ = write!(servers, ", 10.77.1.{n}"));
    let text = ISC.replace("10.77.0.53", &servers);
    let _server = dhcpd(&lan.server, "srv0", &text);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver 10.77.0.53\n") && text.contains("nameserver 10.77.1.1\n"), "{text}");
    let dropped = lan.link_state("eth0")["lease"]["dropped"].to_string();
    assert!(dropped.contains("the first 16 are used"), "{dropped}");
}

/// The same over IPv6: 3,840 bytes, more than a packet of the link holds.
#[test]
fn two_hundred_and_forty_name_servers_of_ipv6() {
    let lan = crate::lan("dhcp6-240");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    lan.server.ip("-6 address add fd77::1/64 dev srv0 nodad");
    let mut servers = String::from("fd77::53");
    (1..240).for_each(|n| _ = write!(servers, ", fd77::1:{n:x}"));
    let text = format!(
        "default-lease-time 600; subnet6 fd77::/64 {{ range6 fd77::10 fd77::ff; option dhcp6.name-servers {servers}; }}\n"
    );
    lan.server.sh(&format!("printf '%s' '{text}' >/run/dhcpd6.conf; : >/run/dhcpd6.leases"));
    let arguments =
        ["-6", "-f", "-d", "-cf", "/run/dhcpd6.conf", "-lf", "/run/dhcpd6.leases", "-pf", "/run/d.pid", "srv0"];
    let mut server = serve(&lan, "dhcpd", &arguments);
    server.wait_for("Server starting service");
    let profile = "[connection]\nid=six\nuuid=7c1e0c3a-1df8-4d5f-9a55-1f4f4e0a6a03\ntype=ethernet\n\
        [ipv4]\nmethod=disabled\n[ipv6]\nmethod=dhcp\nmay-fail=false\n";
    lan.client.sh(&format!("mkdir -p /run/p; umask 077; printf '%s' '{profile}' >/run/p/six.nmconnection"));
    lan.sunup(&["up", "--cmdline", "rd.neednet=1", "--profiles", "/run/p"]).exits(0);
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver fd77::53\n") && text.contains("nameserver fd77::1:1\n"), "{text}");
}
