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
    lan.sunup(&["wait", "--reach", "tang example"]).exits(2).says("ADDRESS");
}

#[test]
fn a_host_may_be_a_name() {
    let lan = crate::lan("wait-name");
    lan.client.sh("echo 127.0.0.1 localhost >/etc/hosts");
    // Nothing is up: nobody can be asked.
    lan.sunup(&["wait", "--reach", "tang", "--timeout", "0.3"]).exits(1).says("no name server");
    let names = ["--interface=srv0", "--dhcp-range=10.77.0.100,10.77.0.150,1h", "--address=/tang.example/10.77.0.1"];
    let more = [
        "--address=/gone.example/10.77.0.99",
        "--local=/example/",
        "--dhcp-option=option:dns-server,10.77.0.1",
        "--domain=example",
        "--bind-interfaces",
    ];
    let options = [&["--port=53"], &names[..], &more].concat();
    let mut waiting = lan.start(&["wait", "--reach", "tang:8080", "--timeout", "60"]);
    let _server = crate::support::Dnsmasq::start(&lan.server, &options);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    // By its whole name, with the search domain of the lease, and whatever way the name is written.
    for name in ["tang.example", "tang", "TANG.example."] {
        lan.sunup(&["wait", "--reach", name, "--timeout", "10"]).exits(0);
    }
    lan.sunup(&["wait", "--reach", "gone.example", "--timeout", "1"]).exits(1).says("gone.example is not reached");
    lan.sunup(&["wait", "--reach", "nosuch.example", "--timeout", "1"]).exits(1).says("no such name");
    assert!(!waiting.ended(), "nobody listens yet: {}", waiting.log());
    let _listener = lan.server.spawn("busybox", &["nc", "-l", "-p", "8080"]);
    assert!(wait_until(Duration::from_secs(15), || waiting.ended()));
    // The file goes before the servers.
    lan.client.sh("echo '10.77.0.9 tang.example tang' >/etc/hosts");
    lan.sunup(&["wait", "--reach", "tang", "--timeout", "0.5"]).exits(1);
    lan.client.sh("echo '10.77.0.1 nosuch.example' >>/etc/hosts");
    lan.sunup(&["wait", "--reach", "nosuch.example", "--timeout", "10"]).exits(0);
}
