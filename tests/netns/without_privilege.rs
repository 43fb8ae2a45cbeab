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

/// As in most containers: /proc/sys cannot be written.
#[test]
fn settings_that_cannot_be_written_are_told_of_once_and_the_rest_is_done() {
    let lan = crate::lan("unprivileged-sysctl");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    let _server = lan.serve(&["--enable-ra", "--dhcp-range=::,constructor:srv0,ra-only"]);
    let read_only = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys";
    lan.client.sh(read_only);
    let ran = lan.up("ip=eth0:dhcp,auto6 rd.neednet=1");
    ran.exits(0).says("read-only file system");
    assert_eq!(ran.stderr.matches("/proc/sys").count(), 1, "once: {ran}");
    for address in ["10.77.0.", "fd77::"] {
        assert!(lan.address("eth0", address).is_some(), "{ran}");
    }
    lan.sunup(&["down"]).exits(0);
    assert!(lan.address("eth0", "10.77.0.").is_none());
}
