//! `ip=auto6` with a real radvd.

use crate::support::{Lan, Process};

const CONFIGURATION: &str = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
    prefix 2001:db8:77::/64 { AdvOnLink on; AdvAutonomous on; };\n RDNSS 2001:db8:77::53 { };\n\
    DNSSL dawn.example { };\n};\n";

fn radvd(lan: &Lan) -> Process<'_> {
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    lan.server
        .sh(&format!("printf '%s' '{CONFIGURATION}' >/run/radvd.conf; ip -6 address add 2001:db8:77::1/64 dev srv0"));
    let mut radvd =
        lan.server.spawn("radvd", &["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"]);
    radvd.wait_for("version");
    radvd
}

#[test]
fn a_link_gets_address_route_and_name_server() {
    let lan = crate::lan("auto6");
    let _radvd = radvd(&lan);
    lan.up("ip=auto6 rd.neednet=1").exits(0);
    let address = lan.address("eth0", "2001:db8:77:").expect("an address of the prefix");
    // RFC 4429: where the kernel can, the address is usable while duplicate address detection goes on.
    let usable = address["tentative"].is_null() || address["optimistic"] == true;
    assert!(usable && address["dadfailed"].is_null(), "{address}");
    assert!(lan.route("::/0").expect("a default route")["gateway"].as_str().unwrap().starts_with("fe80::"));
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("nameserver 2001:db8:77::53") && text.contains("dawn.example"), "{text}");
    lan.ping("2001:db8:77::1");
}

/// A router is not asked again for what is known: what it said of names is remembered.
#[test]
fn a_second_run_keeps_name_servers_and_search_list() {
    let lan = crate::lan("auto6-again");
    let _radvd = radvd(&lan);
    lan.up("ip=auto6 rd.neednet=1").exits(0);
    let text = lan.client.read("/etc/resolv.conf");
    lan.up("ip=auto6 rd.neednet=1").exits(0);
    assert_eq!(lan.client.read("/etc/resolv.conf"), text);
    assert!(text.contains("nameserver 2001:db8:77::53"), "{text}");
}

#[test]
fn a_token_is_the_second_half_of_every_address() {
    let lan = crate::lan("auto6-token");
    let _radvd = radvd(&lan);
    let profile = "[connection]\nid=six\nuuid=7c1e0c3a-1df8-4d5f-9a55-1f4f4e0a6a02\ntype=ethernet\n\
        [ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\nmay-fail=false\ntoken=::aa:bb:cc:dd\n";
    lan.client.sh(&format!("mkdir -p /run/p; umask 077; printf '%s' '{profile}' >/run/p/six.nmconnection"));
    let arguments = ["up", "--cmdline", "rd.neednet=1", "--profiles", "/run/p"];
    lan.sunup(&arguments).exits(0);
    assert_eq!(lan.address("eth0", "2001:db8:77:").expect("an address")["local"], "2001:db8:77:0:aa:bb:cc:dd");
    assert!(lan.client.sh("ip token get dev eth0").contains("::aa:bb:cc:dd"));
    lan.sunup(&arguments).exits(0);
    assert_eq!(lan.address("eth0", "2001:db8:77:").expect("an address")["local"], "2001:db8:77:0:aa:bb:cc:dd");
    lan.sunup(&["down", "eth0"]).exits(0);
    assert!(!lan.client.sh("ip token get dev eth0").contains("aa:bb"), "down takes it back");
}

#[test]
fn without_a_router_the_reason_is_that_there_is_none() {
    let lan = crate::lan("auto6-none");
    let ran = lan.sunup(&["up", "--cmdline", "ip=auto6 rd.neednet=1", "--timeout", "2"]);
    ran.exits(1).says("eth0").says("router");
}
