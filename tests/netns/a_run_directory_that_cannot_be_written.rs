//! /run full or read-only: the network is up all the same, and it is said what was lost.

use crate::support::{Lan, Ran};

#[track_caller]
fn assert_up_and_said(lan: &Lan, ran: &Ran) {
    ran.says("/run/");
    assert_up(lan, ran);
}

#[track_caller]
fn assert_up(lan: &Lan, ran: &Ran) {
    assert!(matches!(ran.code, 0 | 3), "the network is up: {ran}");
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

/// At each size something else is the first that finds no room: the journal, a daemon's file, the report.
#[test]
fn of_any_size() {
    let lan = crate::lan("run-small");
    let _server = lan.serve(&[]);
    let (mut whole, mut lost) = (0, 0);
    for pages in (1..40).step_by(3) {
        lan.client.sh(&format!("mount -t tmpfs -o size={}k,mode=755 small /run", 4 * pages));
        let ran = lan.up("ip=dhcp rd.neednet=1 rd.sunup.handover=networkmanager,networkd");
        match ran.code {
            0 => whole += 1,
            _ => {
                lost += 1;
                ran.says("/run/").says("no space");
            }
        }
        assert_up(&lan, &ran);
        let status = lan.sunup(&["status", "--json"]);
        let told = serde_json::from_str::<serde_json::Value>(&status.stdout).is_ok() || status.code == 1;
        assert!(told, "{pages} pages: half a report: {status}");
        let down = lan.sunup(&["down"]);
        assert!(matches!(down.code, 0 | 1), "{pages} pages: {down}");
        lan.client.sh("umount /run; ip address flush dev eth0; ip link set eth0 down; : >/etc/resolv.conf");
    }
    assert!(whole > 0 && lost > 2, "{whole} with room enough, {lost} without");
}
