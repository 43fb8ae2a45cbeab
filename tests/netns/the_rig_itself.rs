//! The rig itself: what is done in a room stays in the room, and the servers serve whoever asks.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::server::{DISCOVER, Manners, REQUEST, Router};
use crate::support::{HostGuard, Lan, Options, Ran, Room, wait_until};

#[test]
fn what_is_written_in_a_room_is_not_seen_outside() {
    let outside = HostGuard::new();
    let room = Room::new("inner", &crate::artifacts().join("private"), &Options::default());
    room.sh("echo 'nameserver 192.0.2.1' >/etc/resolv.conf; mkdir -p /run/sunup; touch /run/leak /tmp/net.leak");
    room.sh("busybox hostname leak; ip link add leak0 type veth peer name leak1");
    assert_eq!(room.read("/etc/resolv.conf"), "nameserver 192.0.2.1\n");
    assert_eq!(room.read("/proc/sys/kernel/hostname"), "leak\n");
    assert!(room.exists("/sys/class/net/leak0"), "/sys shows the links of the room");
    outside.check("inner");
    drop(room);
    outside.check("inner");
}

#[test]
fn the_kernel_command_line_can_be_set() {
    let options = Options { cmdline: Some("ip=dhcp quiet".to_owned()), read_only_sys: true };
    let room = Room::new("cmdline", &crate::artifacts().join("private"), &options);
    assert_eq!(room.read("/proc/cmdline"), "ip=dhcp quiet\n");
    assert_ne!(room.run("sh", &["-c", "echo 1 >/sys/class/net/lo/ifalias"]).code, 0, "/sys is read-only");
}

#[test]
fn a_guard_sees_a_change() {
    let before = HostGuard::new();
    let after = HostGuard::with_file("/etc/resolv.conf", "changed");
    assert!(before.differs_from(&after).is_some_and(|text| text.contains("/etc/resolv.conf")));
    assert_eq!(before.differs_from(&HostGuard::new()), None);
}

#[test]
fn everything_in_a_room_ends_with_it() {
    let room = Room::new("ending", &crate::artifacts().join("private"), &Options::default());
    let marker = format!("86400.{}", std::process::id());
    room.sh(&format!("sleep {marker} >/dev/null 2>&1 & :"));
    let running = || {
        let ids = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
        ids.filter_map(|path| fs::read(path).ok()).any(|line| line.starts_with(format!("sleep\0{marker}").as_bytes()))
    };
    assert!(crate::support::wait_until(std::time::Duration::from_secs(5), running));
    drop(room);
    assert!(!running());
}

/// busybox udhcpc on eth0, with a script that sets the address and nothing else.
fn udhcpc(lan: &Lan) -> Ran {
    lan.client.ip("link set eth0 up");
    let script = "#!/bin/sh\n[ \"$1\" = bound ] && ip address add $ip/24 dev $interface\nexit 0\n";
    lan.client.sh(&format!("printf '%s' '{script}' >/tmp/script; chmod 755 /tmp/script"));
    let flags = "udhcpc -i eth0 -q -n -f -t 3 -T 1 -s /tmp/script";
    lan.client.run("busybox", &flags.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_real_server_answers_a_real_client() {
    let lan = crate::lan("real-peers");
    let server = lan.serve(&[]);
    udhcpc(&lan).exits(0);
    lan.ping("10.77.0.1");
    assert_eq!(server.count("DHCPACK"), 1);
}

#[test]
fn our_own_server_answers_a_real_client_as_badly_as_told() {
    let lan = crate::lan("own-server");
    let server = lan.serve_own(Manners { lose_discovers: 1, refuse: 1, ..Manners::default() });
    udhcpc(&lan).exits(0);
    lan.ping("10.77.0.1");
    assert_eq!(server.stop(), [DISCOVER, DISCOVER, REQUEST, DISCOVER, REQUEST]);
}

#[test]
fn our_own_router_is_believed_by_the_kernel() {
    let lan = crate::lan("own-router");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    let router = lan.server.within(|| Router::open("srv0")).expect("a router in the room");
    std::thread::spawn(move || router.serve());
    lan.client.ip("link set eth0 up");
    let configured = || lan.address("eth0", "2001:db8:77:").is_some() && lan.route("::/0").is_some();
    assert!(wait_until(Duration::from_secs(10), configured), "{}", lan.client.ip("address"));
}

#[test]
fn a_client_that_does_nothing_fails_a_scenario() {
    let lan = Lan::new("fake", Path::new("/bin/true"), &crate::artifacts());
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_none() && lan.route("0.0.0.0/0").is_none());
}
