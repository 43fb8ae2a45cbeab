//! Cards at several places of the machine: their `ID_PATH` is udev's, their driver ethtool's, and profiles that go by them find them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::nics::{Nic, cards};
use crate::support::Lan;

const FOLDER: &str = "/etc/NetworkManager/system-connections";
const CARDS: [&str; 8] = ["nic01", "nic02", "nic03", "nic04", "nic05", "nic06", "nic07", "nic08"];

/// Path and driver of every card, as `sunup plan --json` has them.
fn known_to_sunup(lan: &Lan) -> (Value, BTreeMap<String, (String, String)>) {
    let ran = lan.sunup(&["plan", "--json", "--cmdline", "rd.neednet=1"]);
    ran.exits(0);
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |device: &Value| (text(&device["ifname"]), (text(&device["id_path"]), text(&device["driver"])));
    let known = plan["devices"].as_array().unwrap().iter().map(one).collect();
    (plan, known)
}

/// The same of one card, from udev's program and from ethtool.
fn known_to_others(lan: &Lan, card: &str) -> (String, String) {
    let udev = lan.client.ok("udevadm", &["test-builtin", "path_id", &format!("/sys/class/net/{card}")]);
    let path = udev.lines().find_map(|line| line.trim().strip_prefix("ID_PATH=")).unwrap_or_default().to_owned();
    let ethtool = lan.client.ok("ethtool", &["-i", card]);
    let driver = ethtool.lines().find_map(|line| line.strip_prefix("driver: ")).unwrap().to_owned();
    (path, driver)
}

fn profile(lan: &Lan, name: &str, number: u8, rule: &str) {
    let text = format!(
        "[connection]\\nid={name}\\nuuid=5b1e7a0e-0000-4000-8000-00000000000{number}\\ntype=ethernet\\n\
         [match]\\n{rule}\\n[ipv4]\\nmethod=disabled\\n[ipv6]\\nmethod=disabled\\n"
    );
    lan.client.sh(&format!("umask 077; printf '{text}' >{FOLDER}/{name}.nmconnection"));
}

#[test]
fn is_what_udev_says_and_its_driver_what_ethtool_says() {
    let right = cards();
    let lan = crate::lan("card-paths");
    let _cards = CARDS.map(|card| Nic::borrow(&right, card, &lan.client, card));
    let (_, known) = known_to_sunup(&lan);
    let others: BTreeMap<_, _> = CARDS.iter().map(|card| ((*card).to_owned(), known_to_others(&lan, card))).collect();
    let known: BTreeMap<_, _> = known.into_iter().filter(|(name, _)| name.starts_with("nic")).collect();
    assert_eq!(known, others);
    let paths: Vec<&str> = known.values().map(|(path, _)| path.as_str()).collect();
    assert!(paths.iter().all(|path| path.starts_with("pci-0000:")), "{paths:?}");
    assert!(
        paths.iter().any(|path| path.ends_with(".1")) && paths.iter().any(|path| path.contains("-usb-0:")),
        "{paths:?}"
    );

    // One profile by place, one by driver, one by what is left.
    let function1 = &known["nic06"].0;
    profile(&lan, "place", 1, &format!("path={function1};"));
    profile(&lan, "usb", 2, "path=*-usb-*;");
    profile(&lan, "driver", 3, "driver=e1000e;");
    let (plan, _) = known_to_sunup(&lan);
    let taken = |card: &str| {
        let devices = plan["devices"].as_array().unwrap();
        devices.iter().find(|device| device["ifname"] == card).unwrap()["taken_by"]["id"].clone()
    };
    assert_eq!([taken("nic06"), taken("nic08"), taken("nic02")], ["place", "usb", "driver"].map(Value::from), "{plan}");
    for card in ["nic01", "nic03", "nic04", "nic05", "nic07"] {
        assert_eq!(taken(card), Value::Null, "{card}: {plan}");
    }
}
