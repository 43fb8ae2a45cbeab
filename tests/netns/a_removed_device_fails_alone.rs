//! A device that disappears in the middle: that link fails, the others go on.

use std::time::Duration;

use crate::support::wait_until;

#[test]
fn the_other_link_comes_up() {
    let lan = crate::lan("removed");
    lan.link(1);
    let _server = lan.serve_all(0);
    let arguments = ["up", "--cmdline", "ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1", "--timeout", "20"];
    let mut running = lan.start(&arguments);
    // eth1 has carrier and nobody who serves it.
    let up = || lan.address("eth0", "10.77.0.1").is_some();
    assert!(wait_until(Duration::from_secs(10), up), "{}", running.log());
    assert!(!running.ended(), "eth1 is named, so it is waited for: {}", running.log());
    lan.client.ip("link delete eth1");
    assert!(wait_until(Duration::from_secs(5), || running.ended()), "{}", running.log());
    let log = running.log();
    assert!(log.contains("eth1") && log.contains("removed"), "{log}");
    let state = lan.state();
    assert_eq!(state["result"], "degraded", "{state}");
    assert_eq!(lan.link_state("eth0")["state"], "up");
    assert_eq!(lan.link_state("eth1")["state"], "failed");
}
