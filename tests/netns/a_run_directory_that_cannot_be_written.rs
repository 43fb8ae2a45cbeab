//! /run full or read-only: the network is up all the same, and it is said what was lost.

use crate::support::{Lan, Ran};

#[track_caller]
fn assert_up_and_said(lan: &Lan, ran: &Ran) {
    assert!(matches!(ran.code, 0 | 3), "the network is up: {ran}");
    ran.says("/run/");
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}");
    assert!(lan.route("0.0.0.0/0").is_some(), "{ran}");
    assert!(lan.client.read("/etc/resolv.conf").contains("10.77.0.53"), "resolv.conf is not in /run: {ran}");
}

#[test]
fn full() {
    let lan = crate::lan("run-full");
    let _server = lan.serve(&[]);
    lan.client
        .sh("mount -t tmpfs -o size=64k full /run; dd if=/dev/zero of=/run/filler bs=1k count=100 2>/dev/null || :");
    let ran = lan.up("ip=dhcp rd.neednet=1");
    assert_up_and_said(&lan, &ran);
}

#[test]
fn read_only() {
    let lan = crate::lan("run-read-only");
    let _server = lan.serve(&[]);
    lan.client.sh("mount -o remount,ro /run");
    let ran = lan.up("ip=dhcp rd.neednet=1");
    assert_up_and_said(&lan, &ran);
}
