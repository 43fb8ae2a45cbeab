//! What the scenarios take for granted is there: a missing module would show as a puzzling failure elsewhere.

use crate::support::{Options, Room};

/// A link of this kind can be made; the rest of the `ip link add` command.
const KINDS: [&str; 12] = [
    "dummy",
    "bond",
    "bridge",
    "team",
    "wireguard",
    "vrf table 10",
    "ifb",
    "veth peer name other",
    "vlan link lower0 id 5",
    "macvlan link lower0",
    "ipvlan link lower1",
    "vxlan id 7 dstport 4789 remote 192.0.2.1",
];

#[test]
fn every_kind_of_link_can_be_made() {
    let room = Room::new("kinds", &crate::artifacts().join("kinds"), &Options::default());
    for lower in ["lower0", "lower1"] {
        room.ip(&format!("link add {lower} type dummy"));
    }
    for (number, kind) in KINDS.iter().enumerate() {
        // Options that name other links come before the type.
        let (kind, lower) = kind.split_once(" link ").map_or((*kind, String::new()), |(name, rest)| {
            let (lower, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            (name, format!("{lower} {rest}"))
        });
        let (lower, rest) = lower.split_once(' ').unwrap_or(("", ""));
        let link = if lower.is_empty() { String::new() } else { format!("link {lower} ") };
        room.ip(&format!("link add {link}name kind{number} type {kind} {rest}"));
    }
    let links = room.ip_json("link show");
    let made = links.iter().filter(|link| link["ifname"].as_str().unwrap().starts_with("kind")).count();
    assert_eq!(made, KINDS.len());
}

#[test]
fn no_link_stands_there_unasked() {
    let room = Room::new("unasked", &crate::artifacts().join("unasked"), &Options::default());
    let names = room.sh("ls /sys/class/net");
    // bonding leaves a file among the links: never to be taken for one.
    assert_eq!(names.split_whitespace().collect::<Vec<_>>(), ["bonding_masters", "lo"]);
}
