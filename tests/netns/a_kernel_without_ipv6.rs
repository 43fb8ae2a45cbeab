//! A kernel that was built or started (`ipv6.disable=1`) without IPv6: what needs it fails at once and says why, what may fail
//! costs nothing.

use crate::support::{Lan, Ran};

/// Runs `up` where the kernel refuses the one socket of IPv6 that tells.
fn up(lan: &Lan, line: &str) -> Ran {
    let trace = lan.client.artifacts().join("sockets.strace");
    let trace = trace.to_str().unwrap();
    lan.client.run(
        "strace",
        &["-qq", "-o", trace, "-e", "trace=socket", lan.binary(), "up", "--cmdline", "ip=eth0:link-local"],
    );
    lan.sunup(&["down"]).exits(0);
    let sockets = lan.client.read(trace);
    let at = sockets.lines().position(|line| line.contains("AF_INET6")).expect("IPv6 is not asked for") + 1;
    let inject = format!("inject=socket:error=EAFNOSUPPORT:when={at}");
    let arguments = ["-qq", "-o", "/dev/null", "-e", &inject, lan.binary(), "up", "--timeout", "20"];
    lan.client.run("strace", &[&arguments[..], &["--cmdline", line]].concat())
}

#[test]
fn what_needs_it_fails_at_once() {
    let lan = crate::lan("no-ipv6-needed");
    let fixed = "ip=[fd77::9]::[fd77::1]:64::eth0:none rd.neednet=1";
    for line in ["ip=eth0:dhcp6 rd.neednet=1", "ip=eth0:auto6 rd.neednet=1", fixed] {
        let ran = up(&lan, line);
        ran.exits(1).says("the kernel has no IPv6");
        assert!(ran.elapsed.as_secs() < 3, "{ran}");
        assert!(lan.address("eth0", "fd77").is_none());
        lan.sunup(&["down"]).exits(0);
    }
}

#[test]
fn what_may_fail_costs_nothing() {
    let lan = crate::lan("no-ipv6");
    let _server = lan.serve(&[]);
    let fixed = "ip=10.77.0.9::10.77.0.1:24::eth0:none ip=eth0:dhcp,dhcp6 rd.neednet=1";
    for line in ["ip=dhcp rd.neednet=1", "ip=eth0:dhcp rd.neednet=1", fixed] {
        let ran = up(&lan, line);
        ran.exits(0);
        assert!(ran.elapsed.as_secs() < 3, "{ran}");
        assert!(lan.address("eth0", "10.77.0.").is_some(), "{ran}");
        lan.sunup(&["down"]).exits(0);
    }
}
