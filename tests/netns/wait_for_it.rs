//! `sunup wait`: returns when it is so, not before and not much later.

use std::time::Duration;

use crate::support::wait_until;

const LINE: &str = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none rd.neednet=1";

#[test]
fn online_comes_with_up_and_goes_with_carrier() {
    let lan = crate::lan("wait-online");
    lan.sunup(&["wait", "--online", "--timeout", "0.3"]).exits(1).says("not up");
    let mut waiting = lan.start(&["wait", "--online", "--timeout", "60"]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!waiting.ended());
    lan.up(LINE).exits(0);
    assert!(wait_until(Duration::from_secs(10), || waiting.ended()), "up has ended, and wait still waits");
    lan.sunup(&["wait", "--timeout", "5"]).exits(0);
    lan.server.ip("link set srv0 down");
    lan.sunup(&["wait", "--timeout", "0.3"]).exits(1);
    let mut waiting = lan.start(&["wait", "--timeout", "60"]);
    std::thread::sleep(Duration::from_millis(200));
    lan.server.ip("link set srv0 up");
    assert!(wait_until(Duration::from_secs(10), || waiting.ended()));
}

#[test]
fn a_host_is_reached_when_its_neighbour_answers_or_it_listens() {
    let lan = crate::lan("wait-reach");
    lan.sunup(&["wait", "--reach", "10.77.0.1", "--timeout", "0.3"]).exits(1).says("not reached");
    lan.up(LINE).exits(0);
    lan.sunup(&["wait", "--reach", "10.77.0.1", "--timeout", "10"]).exits(0);
    // By the router, which is there; the host need not be.
    lan.sunup(&["wait", "--reach", "192.0.2.7", "--timeout", "10"]).exits(0);
    lan.sunup(&["wait", "--reach", "10.77.0.99", "--timeout", "1"]).exits(1);
    lan.sunup(&["wait", "--reach", "10.77.0.9", "--timeout", "1"]).exits(0);
    lan.sunup(&["wait", "--reach", "10.77.0.1:8080", "--timeout", "0.5"]).exits(1);
    let mut waiting = lan.start(&["wait", "--reach", "10.77.0.1:8080", "--timeout", "60"]);
    let _server = lan.server.spawn("busybox", &["nc", "-l", "-p", "8080"]);
    assert!(wait_until(Duration::from_secs(15), || waiting.ended()));
    lan.sunup(&["wait", "--reach", "tang.example"]).exits(2).says("ADDRESS");
}
