//! What is waited for, how long, and what is said when it does not come.

use std::time::Duration;

use crate::support::server::{DISCOVER, Manners, REQUEST};

/// Ends well before any time-out of a dead link.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_link_without_cable_beside_a_live_one_is_not_waited_for() {
    let lan = crate::lan("dead-carrier");
    lan.link(1);
    lan.server.ip("link set srv1 down");
    let _server = lan.serve_all(0);
    let ran = lan.up("ip=dhcp rd.neednet=1");
    ran.exits(0);
    assert!(ran.elapsed < SOON, "{ran}");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}

#[test]
fn a_link_without_server_beside_a_live_one_is_not_waited_for() {
    let lan = crate::lan("dead-server");
    lan.link(1);
    let _server = lan.serve_all(0);
    let ran = lan.up("ip=dhcp rd.neednet=1");
    ran.exits(0);
    assert!(ran.elapsed < SOON, "{ran}");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}

#[test]
fn without_a_server_it_fails_at_the_time_limit_with_the_reason() {
    let lan = crate::lan("no-server");
    let ran = lan.sunup(&["up", "--cmdline", "ip=dhcp rd.neednet=1", "--timeout", "1"]);
    ran.exits(1).says("eth0").says("no offer");
    assert!(ran.elapsed >= Duration::from_millis(950), "gave up too early: {ran}");
    assert!(ran.elapsed < Duration::from_secs(4), "gave up too late: {ran}");
    assert_eq!(lan.state()["result"], "failed");
    assert!(lan.link_state("eth0")["reason"].as_str().unwrap().contains("no offer"));
    assert_eq!(lan.sunup(&["status"]).code, 1, "status answers with the exit code of the run");
}

#[test]
fn without_carrier_the_reason_is_the_carrier() {
    let lan = crate::lan("no-carrier");
    lan.server.ip("link set srv0 down");
    let ran = lan.sunup(&["up", "--cmdline", "ip=dhcp rd.neednet=1", "--timeout", "1"]);
    ran.exits(1).says("eth0").says("no carrier");
    assert!(lan.link_state("eth0")["reason"].as_str().unwrap().contains("no carrier"));
}

#[test]
fn without_any_link_the_reason_is_that_there_is_none() {
    let lan = crate::lan("no-link");
    lan.client.ip("link delete eth0");
    let ran = lan.sunup(&["up", "--cmdline", "ip=eth7:dhcp rd.neednet=1", "--timeout", "1"]);
    ran.exits(1).says("eth7");
}

#[test]
fn a_carrier_that_comes_late_is_noticed_at_once() {
    let lan = crate::lan("late-carrier");
    let _server = lan.serve(&[]);
    lan.server.ip("link set srv0 down");
    let mut running = lan.start(&["up", "--cmdline", "ip=dhcp rd.neednet=1"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!running.ended(), "{}", running.log());
    lan.server.ip("link set srv0 up");
    assert!(crate::support::wait_until(SOON, || running.ended()), "{}", running.log());
    let link = lan.link_state("eth0");
    let (carrier, lease) = (link["carrier_ms"].as_u64().unwrap(), link["lease_ms"].as_u64().unwrap());
    // By polling or by a retry that happens to come, it would be hundreds of milliseconds.
    assert!(lease - carrier < 300, "{link}");
}

#[test]
fn a_device_that_comes_late_is_configured() {
    let lan = crate::lan("late-device");
    let mut running = lan.start(&["up", "--cmdline", "ip=eth1:dhcp rd.neednet=1"]);
    std::thread::sleep(Duration::from_millis(500));
    assert!(!running.ended(), "{}", running.log());
    // Its name at first is another one, as with udev.
    lan.client.veth("tmp1", &lan.server, "srv1");
    lan.server.sh("ip address add 10.77.1.1/24 dev srv1; ip link set srv1 up");
    let options = ["--interface=srv1", "--dhcp-range=10.77.1.100,10.77.1.150,255.255.255.0,1h"];
    let _server = crate::support::Dnsmasq::start(&lan.server, &options);
    lan.client.ip("link set tmp1 name eth1");
    assert!(crate::support::wait_until(SOON, || running.ended()), "{}", running.log());
    assert!(lan.address("eth1", "10.77.1.1").is_some(), "{}", running.log());
}

#[test]
fn a_server_that_refuses_every_request_is_named_as_the_reason() {
    let lan = crate::lan("refused");
    let server = lan.serve_own(Manners { refuse: usize::MAX, ..Manners::default() });
    let ran = lan.sunup(&["up", "--cmdline", "ip=dhcp rd.neednet=1", "--timeout", "3"]);
    ran.exits(1).says("refused");
    let messages = server.stop();
    assert!(messages.len() < 30, "RFC 2131: no tight loop after a NAK: {messages:?}");
    assert!(lan.address("eth0", "10.77.").is_none(), "a refused address is not used");
}

#[test]
fn one_refusal_is_followed_by_a_new_attempt() {
    let lan = crate::lan("refused-once");
    let server = lan.serve_own(Manners { refuse: 1, ..Manners::default() });
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let messages = server.stop();
    assert_eq!(messages.iter().filter(|kind| **kind == REQUEST).count(), 2, "{messages:?}");
}

#[test]
fn a_lost_discover_costs_less_than_a_second() {
    let lan = crate::lan("lost-discover");
    let server = lan.serve_own(Manners { lose_discovers: 2, ..Manners::default() });
    let ran = lan.up("ip=dhcp rd.neednet=1");
    ran.exits(0);
    assert!(ran.elapsed < Duration::from_millis(2500), "{ran}");
    let messages = server.stop();
    assert!(messages.iter().filter(|kind| **kind == DISCOVER).count() >= 3, "{messages:?}");
}

#[test]
fn a_lost_request_is_repeated() {
    let lan = crate::lan("lost-request");
    let server = lan.serve_own(Manners { lose_requests: 1, ..Manners::default() });
    let ran = lan.up("ip=dhcp rd.neednet=1");
    ran.exits(0);
    assert!(ran.elapsed < Duration::from_millis(2500), "{ran}");
    assert!(server.stop().iter().filter(|kind| **kind == REQUEST).count() >= 2);
}

#[test]
fn nothing_asked_for_is_nothing_done() {
    let lan = crate::lan("nothing");
    lan.up("quiet ro").exits(0);
    let flags = lan.client.ip_json("link show dev eth0")[0]["operstate"].clone();
    assert_eq!(flags, "DOWN", "a link that nobody asked for stays down");
}
