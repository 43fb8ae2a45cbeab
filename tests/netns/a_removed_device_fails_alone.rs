//! A device that disappears in the middle: that link fails, the others go on.

use std::time::Duration;

use crate::support::wait_until;

#[test]
fn the_other_link_comes_up() {
    let lan = crate::lan("removed");
    lan.link(1);
    let _server = lan.serve_all(0);
    let arguments =
        ["up", "--cmdline", "ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1 rd.net.timeout.iflink=2", "--timeout", "20"];
    let mut running = lan.start(&arguments);
    // eth1 has carrier and nobody who serves it.
    let up = || lan.address("eth0", "10.77.0.1").is_some();
    assert!(wait_until(Duration::from_secs(10), up), "{}", running.log());
    assert!(!running.ended(), "eth1 is named, so it is waited for: {}", running.log());
    lan.client.ip("link delete eth1");
    // It is waited for as one that never was there.
    assert!(wait_until(Duration::from_secs(5), || running.ended()), "{}", running.log());
    let log = running.log();
    assert!(log.contains("eth1") && log.contains("removed"), "{log}");
    let state = lan.state();
    assert_eq!(state["result"], "degraded", "{state}");
    assert_eq!(lan.link_state("eth0")["state"], "up");
    assert_eq!(lan.link_state("eth1")["state"], "failed");
}

/// A USB adapter that changes its mode, a driver that starts its card anew: the device goes, and comes back as another.
#[test]
fn one_that_comes_back_is_configured() {
    for (name, line) in [("any", "ip=dhcp rd.neednet=1"), ("named", "ip=eth0:dhcp rd.neednet=1")] {
        let lan = crate::lan(&format!("removed-back-{name}"));
        let mut running = lan.start(&["up", "--cmdline", line, "--timeout", "30"]);
        assert!(wait_until(Duration::from_secs(10), || lan.client.ip("link show eth0").contains("LOWER_UP")));
        lan.client.ip("link delete eth0");
        assert!(!wait_until(Duration::from_millis(700), || running.ended()), "{}", running.log());
        lan.link(0);
        let _server = lan.serve(&[]);
        assert!(wait_until(Duration::from_secs(15), || running.ended()), "{}", running.log());
        assert!(lan.address("eth0", "10.77.0.1").is_some(), "{}", running.log());
        assert_eq!(lan.route("0.0.0.0/0").unwrap()["metric"], 100);
        let state = lan.state();
        assert_eq!(state["result"], "ok", "{state}");
        assert_eq!(
            state["links"].as_array().unwrap().iter().filter(|link| link["ifname"] == "eth0").count(),
            1,
            "{state}"
        );
    }
}

/// What stood on it went with it, and is made again.
#[test]
fn what_stands_on_it_comes_back_with_it() {
    let lan = crate::lan("removed-macvlan");
    lan.client.sh(
        "mkdir -p -m 700 /etc/NetworkManager/system-connections; cd /etc/NetworkManager/system-connections; umask 077; \
         printf '[connection]\nid=m\nuuid=3e4a5f1c-0000-4000-8000-000000000001\ntype=macvlan\ninterface-name=m0\n\
         [macvlan]\nparent=eth0\nmode=2\n[ipv4]\nmethod=auto\nmay-fail=false\n[ipv6]\nmethod=disabled\n' >m.nmconnection",
    );
    let mut running = lan.start(&["up", "--cmdline", "rd.neednet=1", "--timeout", "30"]);
    assert!(
        wait_until(Duration::from_secs(10), || lan.client.sh("ip link show m0 2>&1 || true").contains("LOWER_UP")),
        "{}",
        running.log()
    );
    lan.client.ip("link delete eth0");
    assert!(!wait_until(Duration::from_millis(700), || running.ended()), "{}", running.log());
    lan.link(0);
    let _server = lan.serve(&[]);
    assert!(wait_until(Duration::from_secs(15), || running.ended()), "{}", running.log());
    assert!(lan.address("m0", "10.77.0.1").is_some(), "{}", running.log());
    assert_eq!(lan.state()["result"], "ok", "{}", lan.state());
}

/// A bridge that others take away is made again, and has its port.
#[test]
fn a_bridge_taken_away_is_made_again() {
    let lan = crate::lan("removed-bridge");
    let mut running = lan.start(&["up", "--cmdline", "bridge=br7:eth0 ip=br7:dhcp rd.neednet=1", "--timeout", "30"]);
    let carries = || lan.client.sh("ip link show br7 2>&1 || true").contains("LOWER_UP");
    assert!(wait_until(Duration::from_secs(10), carries), "{}", running.log());
    lan.client.ip("link delete br7");
    let _server = lan.serve(&[]);
    assert!(wait_until(Duration::from_secs(15), || running.ended()), "{}", running.log());
    assert!(lan.address("br7", "10.77.0.1").is_some(), "{}", running.log());
    assert!(lan.client.ip("link show eth0").contains("master br7"));
    assert_eq!(lan.state()["result"], "ok", "{}", lan.state());
}
