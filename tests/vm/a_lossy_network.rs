//! A network that loses and delays packets: the lease arrives all the same.

use crate::support::Lan;

/// A lan whose two ends each lose three packets of ten, and hold each for 20 ms.
fn lossy(name: &str) -> Lan {
    let lan = crate::lan(name);
    for (room, link) in [(&lan.server, "srv0"), (&lan.client, "eth0")] {
        room.ok("tc", &["qdisc", "add", "dev", link, "root", "netem", "loss", "30%", "delay", "20ms", "5ms"]);
    }
    lan
}

#[test]
fn the_lease_arrives() {
    let lan = lossy("loss-lease");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{}", server.log());
    assert_eq!(lan.route("0.0.0.0/0").expect("a default route")["gateway"], "10.77.0.1");
    let dropped = lan.client.ok("tc", &["-s", "qdisc", "show", "dev", "eth0"]);
    assert!(dropped.contains("netem"), "the qdisc is still there: {dropped}");
}

#[test]
fn duplicates_and_reordering_do_no_harm() {
    let lan = crate::lan("loss-duplicates");
    let netem = ["root", "netem", "duplicate", "50%", "delay", "10ms", "reorder", "30%"];
    lan.server.ok("tc", &[&["qdisc", "add", "dev", "srv0"][..], &netem].concat());
    lan.client.ok("tc", &[&["qdisc", "add", "dev", "eth0"][..], &netem].concat());
    let _server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    let addresses = lan.client.ip_json("-4 address show dev eth0");
    assert_eq!(addresses[0]["addr_info"].as_array().unwrap().len(), 1, "{addresses:?}");
}
