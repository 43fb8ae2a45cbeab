//! What a router says of routes (RFC 4191) and of the way out stays what it is under the daemons.

use std::time::Duration;

use serde_json::Value;

use crate::daemon::{Daemon, fake_udev};
use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::same_links::{by_daemon, write};
use crate::stand_in::wait_for_global6;
use crate::support::{Lan, Process};

/// The way out holds for 12 seconds from each advertisement on, the address for 16.
const CONFIGURATION: &str = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
    prefix fd77::/64 { AdvValidLifetime 16; AdvPreferredLifetime 12; };\n route 2001:db8:9::/48 {};\n RDNSS fd77::53 {};\n DNSSL dawn.example {};\n};\n";

/// The server's room is one of a router.
fn routing(lan: &Lan) {
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
}

/// A router with this configuration.
pub(crate) fn radvd<'lan>(lan: &'lan Lan, configuration: &str) -> Process<'lan> {
    lan.server.sh(&format!("printf '%s' '{configuration}' >/run/radvd.conf"));
    let mut radvd =
        lan.server.spawn("radvd", &["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"]);
    radvd.wait_for("version");
    radvd
}

/// A link that sunup set up by the router.
fn up(lan: &Lan) {
    let profile = "type=ethernet\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\nroute-metric=50\n";
    write(lan, &[("eth0", profile)]);
    lan.up("rd.neednet=1 rd.sunup.handover=networkmanager,networkd").exits(0);
    wait_for_global6(lan);
}

/// The routes of the way out after the daemon took over.
fn stay(name: &str, own_default: bool, start: impl Fn(&Adoption<'_>) -> crate::verdict::Verdict) -> Vec<Value> {
    let lan = crate::lan(name);
    routing(&lan);
    let _router = radvd(&lan, CONFIGURATION);
    up(&lan);
    let title = format!("{name}, a router's routes");
    start(&Adoption { pings: &["fd77::1"], own_default, ..one_link(&title, &lan, None) }).print().is_clean();
    assert!(lan.route("2001:db8:9::/48").is_some(), "{}", lan.client.ip("-6 route show"));
    lan.client.ip_json("-6 route show default")
}

/// Its own is not lost with the kernel's, which goes after the router's lifetime: they have two metrics.
#[test]
fn stay_under_networkmanager() {
    let defaults = stay("nm-router", true, |adoption| adoption.by(NetworkManager::prepare(&adoption.lan.client)));
    let own = defaults.iter().find(|route| route["metric"] == 50).expect("the daemon's own");
    assert!(own["expires"].is_null(), "{defaults:?}");
    assert!(defaults.iter().any(|route| route["metric"] == 51), "the kernel's: {defaults:?}");
}

/// It prolongs the kernel's.
#[test]
fn stay_under_networkd() {
    let defaults = stay("networkd-router", false, |adoption| adoption.by(|| Networkd::start(&adoption.lan.client)));
    assert_eq!(defaults.iter().map(|route| &route["metric"]).collect::<Vec<_>>(), [51], "{defaults:?}");
}

/// Nobody but the daemon hears the router after the hand-over. The kernel looks for what is over every 30 seconds.
fn outlives<'lan, D: Daemon + 'lan>(lan: &'lan Lan, metric: &str, start: impl Fn(&'lan Lan) -> D) {
    routing(lan);
    let _router = radvd(lan, CONFIGURATION);
    up(lan);
    let monitor = lan.monitor();
    let daemon = start(lan);
    std::thread::sleep(Duration::from_secs(33));
    // The kernel's way out may go beside the daemon's own.
    let counts = |line: &str| line.contains("inet6 fd77:") || (line.contains(" default ") && line.contains(metric));
    let lost = |log: &str| log.lines().any(|line| line.starts_with("Deleted ") && counts(line));
    assert!(!lost(&monitor.log()), "{}", monitor.log());
    let defaults = lan.client.ip_json("-6 route show default");
    let holds = |route: &Value| route["expires"].as_i64().is_none_or(|left| left > 0);
    assert!(defaults.iter().any(holds), "{defaults:?}");
    drop(daemon);
}

#[test]
fn outlive_their_lifetimes_under_networkmanager() {
    outlives(&crate::lan("nm-lifetimes"), "metric 50 ", |lan| by_daemon(lan, &["eth0"]));
}

#[test]
fn outlive_their_lifetimes_under_networkd() {
    outlives(&crate::lan("networkd-lifetimes"), "metric 51 ", |lan| {
        fake_udev(&lan.client);
        Networkd::start(&lan.client)
    });
}
