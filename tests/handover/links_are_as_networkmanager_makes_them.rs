//! The same profiles carried out by sunup and by NetworkManager: the links have the same settings.

use std::time::Duration;

use crate::daemon::{Daemon, fake_udev};
use crate::networkmanager::NetworkManager;
use crate::same_links::{OFF, same, write};
use crate::support::wait_until;

#[test]
fn a_bridge_about_which_nothing_is_said() {
    let port = "type=ethernet\nmaster=br0\nslave-type=bridge\n";
    same("bridge", &[("br0", &format!("type=bridge\n[bridge]\nstp=false\n{OFF}")), ("eth0", port)]);
}

#[test]
fn a_bridge_with_every_option() {
    let bridge = "type=bridge\n[bridge]\nstp=false\nforward-delay=4\nhello-time=3\nmax-age=12\nageing-time=100\npriority=8192\n\
                  group-forward-mask=8\nmulticast-snooping=true\nmulticast-hash-max=1024\nmulticast-last-member-count=3\n\
                  multicast-last-member-interval=200\nmulticast-membership-interval=20000\nmulticast-querier=true\n\
                  multicast-querier-interval=20000\nmulticast-query-interval=10000\nmulticast-query-response-interval=900\n\
                  multicast-query-use-ifaddr=true\nmulticast-router=enabled\nmulticast-startup-query-count=3\n\
                  multicast-startup-query-interval=3000\n";
    let port =
        "type=ethernet\nmaster=br0\nslave-type=bridge\n[bridge-port]\npriority=10\npath-cost=7\nhairpin-mode=true\n";
    same("bridge-all", &[("br0", &format!("{bridge}{OFF}")), ("eth0", port)]);
}

#[test]
fn macvlans_and_a_pair() {
    let ethernet = format!("type=ethernet\n{OFF}");
    let macvlan = format!("type=macvlan\n[macvlan]\nmode=3\nparent=eth0\n{OFF}");
    same("macvlan", &[("eth0", &ethernet), ("mv0", &macvlan)]);
    let in0 = format!("type=veth\n[veth]\npeer=out0\n{OFF}");
    let out0 = format!("type=veth\n[veth]\npeer=in0\n{OFF}");
    same("veth", &[("in0", &in0), ("out0", &out0)]);
}

#[test]
fn a_stable_address_is_the_daemons() {
    let profile = format!("type=ethernet\n[ethernet]\ncloned-mac-address=stable\n{OFF}");
    let bridge = format!("type=bridge\n[bridge]\nstp=false\n[ethernet]\ncloned-mac-address=stable\n{OFF}");
    let profiles = [("eth0", profile.as_str()), ("br0", bridge.as_str())];
    let rooms = ["sunup", "daemon"].map(|who| {
        let lan = crate::lan(&format!("same-stable-{who}"));
        write(&lan, &profiles);
        lan.client
            .sh("umask 077; printf 'nm-v2:%s' 0123456789abcdef0123456789abcdef >/var/lib/NetworkManager/secret_key; \
                       echo 0123456789abcdef0123456789abcdef >/etc/machine-id");
        lan
    });
    rooms[0].up("rd.neednet=1 rd.net.timeout.carrier=2");
    fake_udev(&rooms[1].client);
    let daemon = NetworkManager::prepare(&rooms[1].client)();
    let there = wait_until(Duration::from_secs(120), || {
        daemon.connected_ms("eth0").is_some() && daemon.connected_ms("br0").is_some()
    });
    assert!(there, "the daemon did not bring them up");
    for link in ["eth0", "br0"] {
        let [ours, theirs] =
            [0, 1].map(|at| rooms[at].client.ip_json(&format!("link show dev {link}"))[0]["address"].clone());
        assert_eq!(ours, theirs, "{link}");
    }
}
