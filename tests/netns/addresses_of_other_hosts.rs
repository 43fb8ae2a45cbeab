//! `rd.net.acd` and `ipv4.dad-timeout`: an address that another host has is not used (RFC 5227).

use std::time::Duration;

use crate::support::{CLIENT_MAC, Lan, Process, wait_until};

/// The hardware address of the other host.
const OTHER: &str = "52:54:00:77:00:01";

/// What goes over the wire of ARP, seen from the other end.
pub(crate) fn capture(lan: &Lan) -> Process<'_> {
    let mut capture = lan.server.spawn("tcpdump", &["-U", "-l", "-n", "-i", "srv0", "arp"]);
    capture.wait_for("listening");
    capture
}

/// How many requests for `address` came from `sender`.
fn requests(log: &str, address: &str, sender: &str) -> usize {
    log.lines().filter(|line| line.contains(&format!("who-has {address} tell {sender},"))).count()
}

#[test]
fn a_static_address_of_another_host_is_not_used_and_the_host_is_named() {
    let lan = crate::lan("acd-static");
    lan.server.ip("address add 10.77.0.9/32 dev lo");
    let line = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none rd.net.acd=short rd.neednet=1";
    lan.up(line).exits(1).says(&format!("10.77.0.9 is in use by another host ({OTHER})"));
    assert!(lan.address("eth0", "10.77.0.9").is_none() && lan.route("0.0.0.0/0").is_none());
    // It goes away: then all is well.
    lan.server.ip("address delete 10.77.0.9/32 dev lo");
    lan.up(line).exits(0);
    assert!(lan.address("eth0", "10.77.0.9").is_some() && lan.route("0.0.0.0/0").is_some());
}

#[test]
fn r4_11_a_leased_address_of_another_host_is_declined_for_another() {
    let lan = crate::lan("acd-lease");
    lan.server.ip("address add 10.77.0.77/32 dev lo");
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.77");
    let server = lan.serve(&[&host]);
    lan.up("ip=dhcp rd.net.acd=short rd.neednet=1").exits(0);
    assert_eq!(server.count("DHCPDECLINE"), 1, "{}", server.log());
    assert!(lan.address("eth0", "10.77.0.77").is_none() && lan.address("eth0", "10.77.0.1").is_some());
    lan.ping("10.77.0.1");
}

#[test]
fn r4_11_a_free_address_is_probed_three_times_and_announced_once() {
    let lan = crate::lan("acd-free");
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.77");
    let _server = lan.serve(&[&host]);
    let capture = capture(&lan);
    lan.up("ip=dhcp rd.net.acd=short rd.neednet=1").exits(0);
    assert!(lan.address("eth0", "10.77.0.77").is_some());
    let announced = || requests(&capture.log(), "10.77.0.77", "10.77.0.77") == 1;
    assert!(wait_until(Duration::from_secs(5), announced), "{}", capture.log());
    let probed = || requests(&capture.log(), "10.77.0.77", "0.0.0.0");
    assert_eq!(probed(), 3, "{}", capture.log());
    lan.up("ip=dhcp rd.net.acd=short rd.neednet=1").exits(0);
    assert_eq!(probed(), 3, "a second run knows it: {}", capture.log());
}

#[test]
fn without_being_asked_to_a_leased_address_is_announced_only() {
    let lan = crate::lan("acd-off");
    let host = format!("--dhcp-host={CLIENT_MAC},10.77.0.77");
    let _server = lan.serve(&[&host]);
    let capture = capture(&lan);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let announced = || requests(&capture.log(), "10.77.0.77", "10.77.0.77") == 1;
    assert!(wait_until(Duration::from_secs(5), announced), "{}", capture.log());
    assert_eq!(requests(&capture.log(), "10.77.0.77", "0.0.0.0"), 0);
}

#[test]
fn an_address_on_trial_is_not_left_behind_because_the_other_family_is_up() {
    let lan = crate::lan("acd-beside-ipv6");
    lan.client.sh("mkdir -p -m 700 /etc/NetworkManager/system-connections; umask 077; \
         printf '[connection]\nid=e\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=10.77.0.9/24\ndad-timeout=200\n\
         [ipv6]\nmethod=manual\naddress1=fd77::9/64\n' >/etc/NetworkManager/system-connections/e.nmconnection");
    lan.up("").exits(0);
    assert!(lan.address("eth0", "fd77::9").is_some() && lan.address("eth0", "10.77.0.9").is_some());
}
