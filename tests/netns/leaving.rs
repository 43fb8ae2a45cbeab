//! What is left behind, and for whom: `--handover`, `rd.sunup.handover`, `--exit-policy`, `rd.sunup.exit`.

use crate::support::Lan;

const LINE: &str = "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none rd.neednet=1";

/// Whether NetworkManager, and whether networkd has been told of a link.
fn told(lan: &Lan) -> (bool, bool) {
    (lan.client.exists("/run/NetworkManager/devices"), lan.client.exists("/run/systemd/network"))
}

#[test]
fn the_daemons_named_are_prepared_and_no_other() {
    let cases = [("networkmanager", (true, false)), ("networkd", (false, true)), ("none", (false, false))];
    for (name, expected) in cases {
        let lan = crate::lan(&format!("leaving-{name}"));
        lan.up(&format!("{LINE} rd.sunup.handover={name}")).exits(0);
        assert_eq!(told(&lan), expected, "rd.sunup.handover={name}");
        lan.sunup(&["down"]).exits(0);
        // The argument of the program goes before that of the kernel.
        let line = format!("{LINE} rd.sunup.handover=networkmanager,networkd");
        lan.sunup(&["up", "--cmdline", &line, "--handover", name, "--networkd-priority", "90"]).exits(0);
        assert_eq!(told(&lan), expected, "--handover {name}");
        assert_eq!(lan.client.exists("/run/systemd/network/90-sunup-eth0.network"), expected.1);
    }
}

#[test]
fn a_wrong_word_is_said_and_changes_nothing() {
    let lan = crate::lan("leaving-wrong");
    lan.sunup(&["up", "--cmdline", LINE, "--handover", "wicked"]).exits(2);
    lan.sunup(&["up", "--cmdline", LINE, "--exit-policy", "eth0:stay"]).exits(2);
    assert!(!lan.client.exists("/run/sunup"));
    lan.up(&format!("{LINE} rd.sunup.handover=wicked rd.sunup.exit=stay")).exits(0);
}

#[test]
fn an_address_that_is_kept_has_no_end() {
    let lan = crate::lan("leaving-keep");
    let _server = lan.serve(&[]);
    lan.up("ip=eth0:dhcp rd.neednet=1 rd.sunup.exit=eth0:keep").exits(0);
    assert!(lan.client.ip("-4 address show dev eth0").contains("valid_lft forever"));
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    assert!(!lan.client.ip("-4 address show dev eth0").contains("valid_lft forever"), "adopt gives it its end back");
}

#[test]
fn a_link_for_the_boot_only_is_no_daemons_and_goes_when_told() {
    let lan = crate::lan("leaving-flush");
    lan.link(1);
    let line = format!("{LINE} ip=10.77.1.9:::255.255.255.0::eth1:none rd.sunup.exit=eth1:flush nameserver=10.77.0.1");
    lan.up(&format!("{line} rd.sunup.handover=networkmanager,networkd")).exits(0);
    let files =
        lan.client.sh("find /run/NetworkManager /run/systemd/network -type f; cat /run/NetworkManager/devices/*");
    assert!(files.contains("eth0") && !files.contains("eth1"), "{files}");
    lan.sunup(&["down", "--flush"]).exits(0);
    assert!(lan.address("eth1", "10.").is_none() && lan.address("eth0", "10.77.0.9").is_some());
    // All that is left is to stay: nothing is flushed.
    lan.sunup(&["down", "--flush"]).exits(0);
    assert!(lan.address("eth0", "10.77.0.9").is_some() && lan.client.exists("/run/sunup/state.json"));
}

#[test]
fn a_machine_whose_links_are_all_for_the_boot_is_left_as_it_was() {
    let lan = crate::lan("leaving-flush-all");
    lan.up(&format!("{LINE} rd.sunup.exit=flush")).exits(0);
    assert_eq!(told(&lan), (false, false));
    lan.sunup(&["down", "--flush"]).exits(0);
    assert!(!lan.client.exists("/run/sunup"));
}
