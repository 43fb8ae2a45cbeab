//! What a router says of routes (RFC 4191) and of the way out stays what it is under the daemons.

use serde_json::Value;

use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::same_links::write;
use crate::stand_in::wait_for_global6;
use crate::support::{Lan, Process};

const CONFIGURATION: &str = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
    prefix fd77::/64 {};\n route 2001:db8:9::/48 {};\n RDNSS fd77::53 {};\n DNSSL dawn.example {};\n};\n";

fn radvd(lan: &Lan) -> Process<'_> {
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    lan.server.sh(&format!("printf '%s' '{CONFIGURATION}' >/run/radvd.conf"));
    let mut radvd =
        lan.server.spawn("radvd", &["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"]);
    radvd.wait_for("version");
    radvd
}

/// The routes of the way out after the daemon took over.
fn stay(name: &str, own_default: bool, start: impl Fn(&Adoption<'_>) -> crate::verdict::Verdict) -> Vec<Value> {
    let lan = crate::lan(name);
    let _router = radvd(&lan);
    let profile = "type=ethernet\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\nroute-metric=50\n";
    write(&lan, &[("eth0", profile)]);
    lan.up("rd.neednet=1 rd.sunup.handover=networkmanager,networkd").exits(0);
    wait_for_global6(&lan);
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
