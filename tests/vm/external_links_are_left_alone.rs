//! Links that something else made and no profile names: not one setting of theirs changes.

use serde_json::Value;

use crate::support::Lan;

/// The links made by something else, by how they are made.
const FOREIGN: [&str; 4] = [
    "link add wg0 type wireguard",
    "link add dummy7 type dummy",
    "link add bond7 type bond mode active-backup miimon 100",
    "link add br7 type bridge",
];

/// All that the kernel says about the foreign links and their addresses.
fn shown(lan: &Lan) -> Vec<Value> {
    let all = lan.client.ip_json("address show");
    let mut all: Vec<_> =
        all.into_iter().filter(|link| !matches!(link["ifname"].as_str(), Some("eth0" | "lo"))).collect();
    for link in &mut all {
        // Times run on by themselves.
        link.as_object_mut().unwrap().remove("linkinfo");
    }
    all
}

#[test]
fn a_wireguard_and_other_links_keep_everything() {
    let lan = crate::lan("foreign-links");
    for command in FOREIGN {
        lan.client.ip(command);
    }
    lan.client.sh("umask 077; wg genkey >/tmp/key; wg set wg0 listen-port 51820 private-key /tmp/key");
    lan.client.ip("address add 10.99.0.1/24 dev wg0");
    lan.client.ip("link set wg0 mtu 1380 up");
    lan.client.ip("address add 10.98.0.1/24 dev dummy7");
    let (before, tunnel) = (shown(&lan), lan.client.ok("wg", &["show", "all", "dump"]));
    assert_eq!(before.len(), FOREIGN.len(), "{before:?}");

    let _server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some());
    assert_eq!(shown(&lan), before);
    assert_eq!(lan.client.ok("wg", &["show", "all", "dump"]), tunnel);
}
