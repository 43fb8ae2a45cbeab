//! Several links: all at once, and which one is meant.

use std::time::Duration;

#[test]
fn every_named_link_is_configured() {
    let lan = crate::lan("several");
    (1..4).for_each(|number| lan.link(number));
    let server = lan.serve_all(3);
    lan.up("ip=eth0:dhcp ip=eth1:dhcp ip=eth2:dhcp ip=eth3:dhcp rd.neednet=1").exits(0);
    for number in 0..4 {
        let prefix = format!("10.77.{number}.1");
        assert!(lan.address(&format!("eth{number}"), &prefix).is_some(), "eth{number}: {}", server.log());
    }
}

#[test]
fn links_are_configured_side_by_side() {
    let lan = crate::lan("parallel");
    (1..8).for_each(|number| lan.link(number));
    let _server = lan.serve_all(7);
    let cmdline = (0..8).map(|number| format!("ip=eth{number}:dhcp")).collect::<Vec<_>>().join(" ");
    lan.up(&cmdline).exits(0);
    let links: Vec<_> = (0..8).map(|number| lan.link_state(&format!("eth{number}"))).collect();
    let time = |key: &str| links.iter().map(|link| link[key].as_u64().unwrap()).collect::<Vec<_>>();
    let (last_start, first_end) = (*time("up_ms").iter().max().unwrap(), *time("done_ms").iter().min().unwrap());
    // In series, the last link would start after the first had ended. Both times are whole milliseconds.
    assert!(last_start <= first_end + 1, "up {:?}, done {:?}", time("up_ms"), time("done_ms"));
}

#[test]
fn bootdev_is_the_link_that_must_be_up() {
    let lan = crate::lan("bootdev");
    lan.link(1);
    let _server = lan.serve_all(0);
    let ran = lan.up("ip=dhcp bootdev=eth0 rd.neednet=1");
    ran.exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}");
    assert!(ran.elapsed < Duration::from_secs(5), "eth1, which nobody serves, is not waited for: {ran}");
}

#[test]
fn a_bootdev_that_nobody_serves_fails_though_another_link_is_up() {
    let lan = crate::lan("bootdev-dead");
    lan.link(1);
    let _server = lan.serve_all(0);
    let ran = lan.sunup(&["up", "--cmdline", "ip=eth0:dhcp ip=eth1:dhcp bootdev=eth1 rd.neednet=1", "--timeout", "2"]);
    assert!(matches!(ran.code, 1 | 3), "{ran}");
    ran.says("eth1").says("no offer");
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}");
}

#[test]
fn bootif_chooses_by_hardware_address() {
    let lan = crate::lan("bootif");
    lan.link(1);
    let _server = lan.serve_all(1);
    lan.up("BOOTIF=01-52-54-00-77-01-02 ip=dhcp rd.neednet=1").exits(0);
    assert!(lan.address("eth1", "10.77.1.1").is_some(), "eth1 has the address in BOOTIF");
}

#[test]
fn a_link_that_no_profile_names_is_left_alone() {
    let lan = crate::lan("external");
    lan.link(1);
    lan.client.sh("ip address add 192.0.2.7/24 dev eth1; ip link set eth1 up mtu 1450");
    let before = lan.client.ip_json("address show dev eth1");
    let _server = lan.serve_all(1);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    assert_eq!(lan.address("eth1", "192.0.2.7").unwrap()["prefixlen"], 24);
    assert_eq!(before[0]["mtu"], lan.client.ip_json("address show dev eth1")[0]["mtu"]);
    assert!(lan.address("eth1", "10.77.").is_none());
    assert_eq!(lan.link_state("eth1")["origin"], "external");
}
