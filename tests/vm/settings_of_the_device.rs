//! `[ethtool]` and the negotiation of `[ethernet]`, on emulated hardware: what ethtool(8) shows is what the profile says, refusals are
//! warnings, and what was there before is remembered and given back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::nics::{Nic, cards};
use crate::support::{Lan, Ran, Room, wait_until};
use sunup::kernel::ethtool::{Way, tune};

const FOLDER: &str = "/etc/NetworkManager/system-connections";

/// Writes a profile for a link that needs no server, and activates it.
fn activate(lan: &Lan, link: &str, sections: &str) -> Ran {
    let text = format!(
        "[connection]\nid={link}\nuuid=5b1e7a0e-0000-4000-8000-000000000001\ntype=ethernet\ninterface-name={link}\n\
         [ipv4]\nmethod=manual\naddress1=10.88.0.2/24\n[ipv6]\nmethod=disabled\n{sections}\n"
    );
    std::fs::write(lan.client.artifacts().join("p.nmconnection"), &text).unwrap();
    let path = format!("{FOLDER}/p.nmconnection");
    lan.client.sh(&format!("umask 077; rm -f {FOLDER}/*; cat >{path} <<'END'\n{text}\nEND"));
    lan.sunup(&["up", "--cmdline", "rd.neednet=1", "-v"])
}

/// The lines `Name: value` of `ethtool OPTION LINK`, current values only.
fn shown(room: &Room, option: &str, link: &str) -> BTreeMap<String, String> {
    let arguments: Vec<&str> = [option, link].into_iter().filter(|word| !word.is_empty()).collect();
    let text = room.ok("ethtool", &arguments);
    let current = text.split("Current hardware settings:").last().unwrap_or_default();
    let pair = |line: &str| line.split_once(':').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
    current.lines().filter_map(pair).collect()
}

fn changed(lan: &Lan, link: &str) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = lan.link_state(link)["ethtool_changed"].as_array().unwrap().clone();
    list.iter().map(|one| (text(&one["key"]), (text(&one["old"]), text(&one["new"])))).collect()
}

#[test]
fn an_e1000e_takes_ring_coalesce_features_and_pause() {
    let right = cards();
    let lan = crate::lan("tune-e1000e");
    let _card = Nic::borrow(&right, "nic02", &lan.client, "lan0");
    let before = shown(&lan.client, "-g", "lan0");
    assert_ne!(before["RX"], "512", "{before:?}");
    let wishes = "[ethtool]\nring-rx=512\nring-tx=1024\ncoalesce-rx-usecs=100\nfeature-gro=false\nfeature-rxvlan=false\nfeature-tso=false\npause-autoneg=false\npause-rx=true\npause-tx=false\n";
    let ran = activate(&lan, "lan0", wishes);
    let rings = shown(&lan.client, "-g", "lan0");
    assert_eq!((rings["RX"].as_str(), rings["TX"].as_str()), ("512", "1024"), "{rings:?} {ran}");
    assert_eq!(shown(&lan.client, "-c", "lan0")["rx-usecs"], "100");
    let features = shown(&lan.client, "-k", "lan0");
    for feature in ["generic-receive-offload", "rx-vlan-offload", "tcp-segmentation-offload"] {
        assert!(features[feature].starts_with("off"), "{feature}: {features:?} {ran}");
    }
    let pause = shown(&lan.client, "-a", "lan0");
    assert_eq!([&pause["Autonegotiate"], &pause["RX"], &pause["TX"]], ["off", "on", "off"], "{pause:?} {ran}");
    let all = changed(&lan, "lan0");
    assert_eq!(all["ring-rx"], (before["RX"].clone(), "512".into()));
    assert_eq!(all["feature-rx-gro"], ("true".into(), "false".into()));
    ran.exits(0);

    // A second run has nothing to do, and remembers what was there before the first.
    activate(&lan, "lan0", wishes).exits(0);
    assert_eq!(changed(&lan, "lan0"), all);
    // A profile that wants none of it: everything is as it was.
    let back = activate(&lan, "lan0", "");
    assert_eq!(shown(&lan.client, "-g", "lan0"), before, "{back}");
    assert!(shown(&lan.client, "-k", "lan0")["tcp-segmentation-offload"].starts_with("on"), "{back}");
    assert_eq!(changed(&lan, "lan0"), BTreeMap::new(), "{back}");
}

#[test]
fn an_e1000e_is_fixed_at_100_full_and_negotiates_again_after() {
    let right = cards();
    let lan = crate::lan("tune-speed");
    let _other = Nic::borrow(&right, "nic01", &lan.server, "lan0");
    let _card = Nic::borrow(&right, "nic02", &lan.client, "lan0");
    lan.server.ip("link set lan0 up");
    let before = lan.client.ok("ethtool", &["lan0"]);
    let advertised = |text: &str| {
        text.split("Advertised link modes:").nth(1).unwrap().split("Advertised pause").next().unwrap().to_owned()
    };
    let ran = activate(&lan, "lan0", "[ethernet]\nauto-negotiate=false\nspeed=100\nduplex=full\nwake-on-lan=64\n");
    let now = shown(&lan.client, "", "lan0");
    let facts = [&now["Speed"], &now["Duplex"], &now["Auto-negotiation"], &now["Wake-on"]];
    assert_eq!(facts, ["100Mb/s", "Full", "off", "g"], "{ran}");
    let all = changed(&lan, "lan0");
    assert_eq!(all["auto-negotiate"], ("true".into(), "false".into()), "{all:?}");
    ran.exits(0);
    let ran = activate(&lan, "lan0", "");
    // It takes the partners a while to agree.
    let agreed = || shown(&lan.client, "", "lan0")["Speed"] == "1000Mb/s";
    let in_time = wait_until(Duration::from_secs(60), agreed);
    let text = lan.client.ok("ethtool", &["lan0"]);
    assert!(in_time && shown(&lan.client, "", "lan0")["Auto-negotiation"] == "on", "{ran}\n{text}");
    assert_eq!(advertised(&text), advertised(&before), "{ran}");
    assert_eq!(changed(&lan, "lan0"), BTreeMap::new(), "{ran}");
}

#[test]
fn the_command_line_fixes_a_speed_too() {
    let right = cards();
    let lan = crate::lan("tune-cmdline");
    let _other = Nic::borrow(&right, "nic01", &lan.server, "lan0");
    lan.server.ip("address add 10.99.0.1/24 dev lan0");
    lan.server.ip("link set lan0 up");
    let _card = Nic::borrow(&right, "nic02", &lan.client, "lan0");
    let cmdline = "ip=10.99.0.2::10.99.0.1:24::lan0:none rd.ethtool=lan0:off:100";
    let ran = lan.sunup(&["up", "-v", "--cmdline", cmdline]);
    ran.exits(0);
    let now = shown(&lan.client, "", "lan0");
    assert_eq!([&now["Speed"], &now["Auto-negotiation"]], ["100Mb/s", "off"], "{ran}");
    lan.ping("10.99.0.1");
    let down = lan.sunup(&["down"]);
    down.exits(0);
    assert_eq!(shown(&lan.client, "", "lan0")["Auto-negotiation"], "on", "{down}");
}

#[test]
fn what_a_device_refuses_is_a_warning_and_the_link_is_up() {
    let right = cards();
    let lan = crate::lan("tune-refused");
    let _card = Nic::borrow(&right, "nic01", &lan.client, "lan0");
    let ran = activate(
        &lan,
        "lan0",
        "[ethtool]\nring-rx-jumbo=64\ncoalesce-rx-usecs=10\npause-rx=true\nfeature-gro=false\nchannels-combined=64\neee-enabled=true\nfec-mode=4\n",
    );
    ran.exits(0);
    let warnings = lan.state()["warnings"].to_string();
    for option in ["ring-rx-jumbo", "coalesce-rx-usecs", "pause-rx", "channels-combined", "eee-enabled", "fec-mode"] {
        assert!(warnings.contains(&format!("{option} is not set: ")), "{option}: {warnings} {ran}");
    }
    assert!(
        shown(&lan.client, "-k", "lan0")["generic-receive-offload"].starts_with("off"),
        "one refused stops no other"
    );
    assert_eq!(changed(&lan, "lan0").len(), 1);
    assert!(lan.address("lan0", "10.88.0.2").is_some());
    activate(&lan, "lan0", "").exits(0);
    // A pair of virtual links has features only.
    let ran = activate(&lan, "eth0", "[ethtool]\nring-rx=64\nfeature-tso=false\n");
    ran.exits(0);
    assert!(shown(&lan.client, "-k", "eth0")["tcp-segmentation-offload"].starts_with("off"), "{ran}");
}

#[test]
fn the_ioctl_does_the_same_as_netlink() {
    let right = cards();
    let lan = crate::lan("tune-ioctl");
    let _card = Nic::borrow(&right, "nic02", &lan.client, "lan0");
    let index = lan.client.read("/sys/class/net/lan0/ifindex").trim().parse().unwrap();
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(option, value)| ((*option).to_owned(), (*value).to_owned())).collect()
    };
    let run = |way: Way, wanted: &[(String, String)]| lan.client.within(|| tune(index, wanted, way, &mut |_, _| {}));
    let options = ["-g", "-c", "-a", "-k", ""];
    let all = || {
        options.map(|option| {
            let mut shown = shown(&lan.client, option, "lan0");
            if shown.get("Auto-negotiation").is_some_and(|on| on == "on") {
                // What partners agree on is no setting, and comes later.
                shown.retain(|key, _| !matches!(key.as_str(), "Speed" | "Duplex" | "Link detected"));
            }
            shown
        })
    };
    let before = all();
    let wanted = pairs(&[
        ("ring-rx", "512"),
        ("coalesce-rx-usecs", "100"),
        ("pause-autoneg", "false"),
        ("pause-rx", "true"),
        ("pause-tx", "true"),
        ("feature-gro", "false"),
        ("feature-tx-nocache-copy", "true"),
        ("speed", "100"),
        ("duplex", "full"),
        ("wake-on-lan", "64"),
    ]);
    let by_netlink = run(Way::Best, &wanted);
    assert_eq!(by_netlink.refused, [], "{by_netlink:?}");
    let with_netlink = all();
    run(Way::Best, &sunup::profile::tuning::undo(&by_netlink.changed));
    assert_eq!(all(), before, "given back by netlink");
    let by_ioctl = run(Way::Ioctl, &wanted);
    assert_eq!(by_ioctl, by_netlink);
    assert_eq!(all(), with_netlink);
    run(Way::Ioctl, &sunup::profile::tuning::undo(&by_ioctl.changed));
    assert_eq!(all(), before, "given back by ioctl");
    // Negotiation for one speed only.
    let only = pairs(&[("auto-negotiate", "true"), ("speed", "100"), ("duplex", "full")]);
    for way in [Way::Best, Way::Ioctl] {
        let done = run(way, &only);
        let text = lan.client.ok("ethtool", &["lan0"]);
        let modes = text.split("Advertised link modes:").nth(1).unwrap().split("Advertised pause").next().unwrap();
        assert_eq!(modes.split_whitespace().collect::<Vec<_>>(), ["100baseT/Full"], "{way:?}: {text}");
        assert_eq!(run(way, &only).changed, [], "{way:?}: a second time nothing changes");
        run(way, &sunup::profile::tuning::undo(&done.changed));
        assert_eq!(all(), before, "{way:?}");
    }
}
