//! Without CAP_NET_ADMIN there is one clear line, and nothing is done.

#[test]
fn one_line_says_what_is_missing() {
    let lan = crate::lan("unprivileged");
    let arguments = ["--bounding-set=-net_admin", "--inh-caps=-net_admin", lan.binary()];
    let ran = lan.client.run("setpriv", &[&arguments[..], &["up", "--cmdline", "ip=dhcp rd.neednet=1"]].concat());
    ran.exits(1).says("CAP_NET_ADMIN");
    assert_eq!(ran.stderr.lines().count(), 1, "one line: {ran}");
    assert!(ran.elapsed.as_secs() < 2, "{ran}");
}

#[test]
fn plan_and_check_need_none() {
    let lan = crate::lan("unprivileged-plan");
    let caps = ["--bounding-set=-net_admin,-net_raw", "--inh-caps=-net_admin,-net_raw", lan.binary()];
    let ran = lan.client.run("setpriv", &[&caps[..], &["plan", "--cmdline", "ip=dhcp rd.neednet=1"]].concat());
    ran.exits(0);
    assert!(ran.stdout.contains("eth0"), "{ran}");
}

/// As in a container that may configure its network, and no more.
#[test]
fn without_raw_sockets_it_is_said_once_and_what_needs_none_is_done() {
    let lan = crate::lan("unprivileged-raw");
    lan.link(1);
    let line = "ip=eth0:dhcp ip=10.77.1.9::10.77.1.1:24::eth1:none rd.neednet=1";
    let caps = ["--bounding-set=-net_raw", "--inh-caps=-net_raw", lan.binary()];
    let ran = lan.client.run("setpriv", &[&caps[..], &["up", "--timeout", "2", "--cmdline", line]].concat());
    assert_eq!(ran.stderr.matches("CAP_NET_RAW").count(), 1, "once: {ran}");
    assert!(lan.address("eth1", "10.77.1.9").is_some(), "{ran}");
}
