//! Applying is a diff: `up` after `up` sends no request that modifies anything.

use crate::support::{Lan, Ran};

/// Runs `up` again under strace and `ip monitor`; answers the run and every modifying request.
pub(crate) fn again(lan: &Lan, cmdline: &str) -> (Ran, Vec<String>, String) {
    let monitor = lan.client.spawn("ip", &["monitor", "link", "address", "route", "rule"]);
    // The monitor says nothing when it is ready: an event of our own shows that it is.
    lan.client.ip("link add ready0 type bridge");
    let flip = || lan.client.sh("ip link set ready0 up; ip link set ready0 down");
    let ready = crate::support::wait_until(std::time::Duration::from_secs(5), || {
        flip();
        monitor.log().contains("ready0")
    });
    assert!(ready, "the monitor says nothing");
    std::thread::sleep(std::time::Duration::from_millis(100));
    let seen = monitor.log().len();
    let trace = lan.client.artifacts().join("second-up.strace");
    let trace = trace.to_str().unwrap();
    let arguments = [
        "-f",
        "-e",
        "trace=%network,write,writev",
        "-s",
        "4096",
        "-o",
        trace,
        lan.binary(),
        "up",
        "--cmdline",
        cmdline,
    ];
    let ran = lan.client.run("strace", &arguments);
    let text = lan.client.read(trace);
    assert!(text.contains("NETLINK_ROUTE"), "the trace shows the requests: {text}");
    let modifies = |line: &&str| ["RTM_NEW", "RTM_DEL", "RTM_SET"].iter().any(|kind| line.contains(kind));
    let sends = |line: &&str| ["sendto(", "sendmsg(", "sendmmsg("].iter().any(|call| line.contains(call));
    let requests = text.lines().filter(sends).filter(modifies).map(str::to_owned).collect();
    let events = monitor.stop()[seen..].to_owned();
    let ours = events.lines().filter(|line| line.contains("eth")).map(str::to_owned).collect::<Vec<_>>();
    (ran, requests, ours.join("\n"))
}

#[track_caller]
fn assert_nothing_changes(lan: &Lan, cmdline: &str) {
    let resolv_conf = lan.client.sh("stat -c '%i %Y' /etc/resolv.conf");
    let (ran, requests, events) = again(lan, cmdline);
    ran.exits(0);
    assert!(requests.is_empty(), "modifying requests: {requests:#?}");
    assert_eq!(events, "", "the kernel announced changes");
    assert_eq!(lan.client.sh("stat -c '%i %Y' /etc/resolv.conf"), resolv_conf, "resolv.conf was written again");
}

#[test]
fn static_configuration() {
    let lan = crate::lan("again-static");
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0:lark:eth0:none:10.77.0.53 ip=[fd77::9]::[fd77::1]:64::eth0:none \
                   rd.route=192.168.9.0/24:10.77.0.2:eth0 rd.neednet=1";
    lan.up(cmdline).exits(0);
    assert_nothing_changes(&lan, cmdline);
}

#[test]
fn dhcp() {
    let lan = crate::lan("again-dhcp");
    let _server = lan.serve(&["--dhcp-option=26,1400"]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert_nothing_changes(&lan, "ip=dhcp rd.neednet=1");
}

#[test]
fn what_was_taken_away_is_put_back() {
    let lan = crate::lan("again-repair");
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none rd.route=192.168.9.0/24:10.77.0.2:eth0";
    lan.up(cmdline).exits(0);
    lan.client.ip("route delete 192.168.9.0/24");
    let (ran, requests, _) = again(&lan, cmdline);
    ran.exits(0);
    assert!(!requests.is_empty(), "the trace must show the repair, or it would show nothing at all");
    assert!(lan.route("192.168.9.0/24").is_some(), "{requests:?}");
}

#[test]
fn a_run_that_was_killed_is_completed_by_the_next() {
    let lan = crate::lan("killed");
    for delay in ["0.001", "0.002", "0.004", "0.008", "0.016", "0.032"] {
        let script = format!("timeout --signal=KILL {delay} {} up --cmdline \"$1\" || :", lan.binary());
        lan.client.ok("sh", &["-euc", &script, "sh", "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none"]);
    }
    let _server = lan.serve(&[]);
    let cmdline = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none";
    lan.up(cmdline).exits(0);
    assert_eq!(lan.client.ip_json("-4 address show dev eth0")[0]["addr_info"].as_array().unwrap().len(), 1);
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1);
    let hidden = lan.client.sh("find /run/sunup /run/NetworkManager -name '*.sunup' -o -name '*.tmp'");
    assert_eq!(hidden, "", "half-written files were left");
}
