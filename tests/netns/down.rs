//! `sunup down` leaves the room as `sunup up` found it: links, addresses, routes, rules, settings, host name, files; also
//! after a run that was killed before its k-th system call of a kind, for many kinds and k.

use std::collections::BTreeMap;

use crate::support::look::{difference, look};
use crate::support::{Lan, Options, Room};

#[track_caller]
fn assert_same(room: &Room, before: &str, what: &str) {
    let after = look(room);
    let difference = difference(before, &after);
    assert!(difference.is_empty(), "{what}:\n{}", difference.join("\n"));
}

const STATIC: &str = "ip=10.77.0.9::10.77.0.1:255.255.255.0:lark:eth0:none:10.77.0.53 ip=[fd77::9]::[fd77::1]:64::eth0:none \
                      rd.route=192.168.9.0/24:10.77.0.2:eth0 rd.neednet=1";

#[test]
fn everything_of_a_static_configuration_goes() {
    let lan = crate::lan("down-static");
    let before = look(&lan.client);
    lan.up(STATIC).exits(0);
    assert!(!difference(&before, &look(&lan.client)).is_empty(), "the look must see what up does");
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after up and down");
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after a second down");
}

#[test]
fn everything_of_a_lease_goes_also_after_several_runs() {
    let lan = crate::lan("down-dhcp");
    let _server = lan.serve(&["--dhcp-option=26,1400", "--dhcp-option=12,lark"]);
    lan.client.sh("ip link set lo up; echo 'nameserver 192.0.2.53' >/etc/resolv.conf; chmod 640 /etc/resolv.conf");
    let before = look(&lan.client);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    lan.up(STATIC).exits(0);
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after up, up, up and down");
}

#[test]
fn what_others_have_made_stays() {
    let lan = crate::lan("down-others");
    lan.link(1);
    let settled = || {
        let text = lan.client.ip("-6 address show dev eth1");
        text.contains("fe80::") && !text.contains("tentative")
    };
    // In the network of ours, so that the kernel would take it away with ours; and a link that is up.
    lan.client.sh("ip link set eth1 up; ip address add 10.77.1.77/24 dev eth1; ip route add 192.0.2.0/24 dev eth1");
    assert!(crate::support::wait_until(std::time::Duration::from_secs(9), settled));
    let before = look(&lan.client);
    lan.up("ip=10.77.1.9::10.77.1.1:255.255.255.0::eth1:none ip=eth0:link-local rd.neednet=1");
    lan.client.sh("ip address add 10.77.1.78/24 dev eth1; ip address del 10.77.1.78/24 dev eth1");
    lan.client.sh("ip address add 10.77.1.99/24 dev eth1; echo theirs >/run/NetworkManager/theirs");
    lan.sunup(&["down"]).exits(0);
    lan.client.sh("ip address del 10.77.1.99/24 dev eth1; cat /run/NetworkManager/theirs; rm -r /run/NetworkManager");
    // Its link-local address was away while IPv6 was off.
    assert!(crate::support::wait_until(std::time::Duration::from_secs(9), settled));
    assert_same(&lan.client, &before, "after up, others' doings, and down");
}

#[test]
fn a_file_that_another_has_written_since_stays() {
    let lan = crate::lan("down-rewritten");
    lan.up(STATIC).exits(0);
    lan.client.sh("echo 'nameserver 192.0.2.1' >/etc/resolv.conf");
    lan.sunup(&["down"]).exits(0);
    assert_eq!(lan.client.read("/etc/resolv.conf"), "nameserver 192.0.2.1\n");
}

#[test]
fn one_link_of_two_goes() {
    let lan = crate::lan("down-one");
    lan.link(1);
    let before = look(&lan.client);
    let both = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none ip=10.77.1.9:::255.255.255.0::eth1:none nameserver=10.77.0.53";
    lan.up(both).exits(0);
    lan.sunup(&["down", "eth7"]).exits(2);
    lan.sunup(&["down", "eth1"]).exits(0);
    assert!(lan.address("eth1", "10.").is_none() && lan.address("eth0", "10.77.0.9").is_some());
    assert_eq!(lan.link_state("eth1")["state"], "down");
    assert!(lan.client.read("/etc/resolv.conf").contains("10.77.0.53"), "the host's own things stay while a link does");
    lan.sunup(&["down", "eth0"]).exits(0);
    assert_same(&lan.client, &before, "after both went one by one");
}

#[test]
fn a_renamed_link_with_another_address_gets_its_own_back() {
    let lan = crate::lan("down-rename");
    let before = look(&lan.client);
    let line =
        "ifname=wan0:52:54:00:77:00:02 ip=10.77.0.9:::255.255.255.0::wan0:none:1400:52:54:00:aa:bb:cc rd.neednet=1";
    lan.up(line).exits(0);
    assert!(lan.client.ip("link show wan0").contains("52:54:00:aa:bb:cc"));
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after a rename, a MAC address and an MTU");
}

#[test]
fn what_routers_have_told_goes_from_a_link_that_stays_up() {
    let lan = crate::lan("down-slaac");
    lan.client.sh("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra; ip link set eth0 up");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    let settled = crate::support::wait_until(std::time::Duration::from_secs(5), || {
        !lan.client.ip("-6 address show dev eth0").contains("tentative")
    });
    assert!(settled);
    let before = look(&lan.client);
    let server = ["--enable-ra", "--dhcp-range=::,constructor:srv0,ra-only,64,1h", "--ra-param=srv0,4,1800"];
    let _server = lan.serve(&server);
    lan.up("ip=eth0:auto6 rd.neednet=1").exits(0);
    assert!(lan.address("eth0", "fd77:").is_some());
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after a router's word");
}

#[test]
fn a_bridge_that_was_made_goes_and_its_port_is_free_again() {
    let lan = crate::lan("down-bridge");
    let before = look(&lan.client);
    lan.up("bridge=br7:eth0 ip=10.77.0.9::10.77.0.1:255.255.255.0::br7:none rd.neednet=1").exits(0);
    assert!(lan.address("br7", "10.77.0.9").is_some());
    lan.sunup(&["down", "br7"]).exits(0);
    assert!(!lan.client.ip("link show").contains("br7"));
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after a bridge");
}

#[test]
fn a_bridge_of_somebody_else_stays() {
    let lan = crate::lan("down-foreign-bridge");
    lan.link(1);
    lan.client.sh("ip link add br7 address 02:00:00:00:00:07 type bridge ageing_time 20000; ip link set br7 up");
    lan.client.sh("ip link set eth1 master br7; ip link set eth1 up");
    let settle = || {
        let text = lan.client.ip("-6 address show dev br7");
        text.contains("fe80::") && !text.contains("tentative")
    };
    assert!(crate::support::wait_until(std::time::Duration::from_secs(9), settle));
    lan.client.sh("echo 1 >/proc/sys/net/ipv6/conf/eth1/disable_ipv6");
    let before = look(&lan.client);
    lan.up("bridge=br7:eth0 ip=10.77.0.9::10.77.0.1:255.255.255.0::br7:none rd.neednet=1").exits(0);
    lan.sunup(&["down"]).exits(0);
    assert!(crate::support::wait_until(std::time::Duration::from_secs(9), settle));
    assert_same(&lan.client, &before, "after a bridge that was there");
}

#[test]
fn without_a_journal_there_is_nothing_to_do() {
    let lan = crate::lan("down-nothing");
    let before = look(&lan.client);
    lan.sunup(&["down"]).exits(0);
    lan.client.sh("mkdir /run/sunup; head -c 100000 /dev/urandom >/run/sunup/journal");
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after a journal of noise");
}

/// Calls before which a run is killed: those that change something, and a few around them.
const KILLED_AT: [&str; 8] = ["sendto", "write", "openat", "rename", "mkdir", "unlink", "sethostname", "close"];

/// How often the run makes each call.
fn calls(lan: &Lan, line: &str) -> BTreeMap<String, usize> {
    let trace = lan.client.artifacts().join("calls.strace");
    let trace = trace.to_str().unwrap();
    lan.client.run("strace", &["-o", trace, lan.binary(), "up", "--cmdline", line]).exits(0);
    let mut counts = BTreeMap::new();
    for call in lan.client.read(trace).lines().filter_map(|line| Some(line.split_once('(')?.0.to_owned())) {
        *counts.entry(call).or_insert(0) += 1;
    }
    counts
}

/// `SUNUP_KILLS`: at how many places for each call.
fn kills_per_call() -> usize {
    std::env::var("SUNUP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// `resumed`: after each kill a second run comes to its end first.
fn killed_anywhere(name: &str, line: &str, serve: bool, resumed: bool) {
    let lan = Lan::with(name, &crate::sunup(), &crate::artifacts(), &Options::default());
    let _server = serve.then(|| lan.serve(&["--dhcp-option=26,1400"]));
    lan.client.sh("echo 'nameserver 192.0.2.53' >/etc/resolv.conf");
    let before = look(&lan.client);
    let counts = calls(&lan, line);
    lan.sunup(&["down"]).exits(0);
    assert_same(&lan.client, &before, "after the run that is counted");
    let (mut kills, mut changed) = (0, 0);
    for call in KILLED_AT {
        let count = counts.get(call).copied().unwrap_or(0);
        let step = (count / kills_per_call()).max(1);
        for number in (1..=count).step_by(step) {
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let arguments = ["-qq", "-o", "/dev/null", "-e", &inject, lan.binary(), "up", "--cmdline", line];
            let ran = lan.client.run("strace", &arguments);
            assert_ne!(ran.code, 0, "{call} {number}: was not killed");
            kills += 1;
            changed += usize::from(lan.client.exists("/run/sunup/journal"));
            if resumed {
                lan.up(line).exits(0);
            }
            lan.sunup(&["down"]).exits(0);
            assert_same(&lan.client, &before, &format!("killed before call {number} of {call}"));
        }
    }
    println!("{name}: {kills} kills, {changed} of them with something to undo");
    assert!(changed > 10 && changed < kills, "{kills} kills, {changed} after the first change");
}

#[test]
fn a_static_run_killed_anywhere_is_undone() {
    killed_anywhere("down-killed-static", STATIC, false, false);
}

#[test]
fn a_leasing_run_killed_anywhere_is_undone() {
    killed_anywhere("down-killed-dhcp", "ip=eth0:dhcp rd.neednet=1", true, false);
}

const BRIDGED: &str = "bridge=br7:eth0 ip=10.77.0.9::10.77.0.1:255.255.255.0::br7:none rd.neednet=1";

#[test]
fn a_bridging_run_killed_anywhere_is_undone() {
    killed_anywhere("down-killed-bridge", BRIDGED, false, false);
}

#[test]
fn a_run_that_takes_up_the_work_of_a_killed_one_is_undone_as_a_whole() {
    killed_anywhere("down-resumed", BRIDGED, false, true);
}
