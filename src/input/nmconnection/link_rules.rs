//! The daemon's rules for the sections about the link.

use super::link::has_ethernet;
use super::options::is_mac;
use super::verify::{Check, is_interface_name, is_reference};
use crate::input::bonding::{MODES, modes_of};
use crate::profile::{LinkKind, LinkSettings, MatchRule, Profile};

/// The largest MTU of an InfiniBand link.
const INFINIBAND_MTU: u32 = 65520;

/// Options by name.
struct Options<'a>(&'a [(String, String)]);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// True if the option is there and not zero.
    fn positive(&self, name: &str) -> bool {
        self.number(name).is_some_and(|number| number > 0)
    }
}

/// Examines the link.
pub(super) fn verify(profile: &mut Profile, check: &mut Check<'_, '_>) {
    negotiation(&mut profile.link, check);
    if has_ethernet(&profile.kind) {
        wake_on_lan(&profile.link, check);
    }
    ethtool(&Options(&profile.link.ethtool), check);
    match &mut profile.kind {
        LinkKind::Bond { options } => bond(options, check),
        LinkKind::Bridge { options } => bridge(&Options(options), check),
        LinkKind::Vlan(vlan) => parent(vlan.parent.as_deref(), &profile.matching, "vlan", check),
        LinkKind::Other { name, options } => other(name, &Options(options), &profile.matching, check),
        LinkKind::Infiniband(_) => infiniband(profile, check),
        LinkKind::Ethernet | LinkKind::Team { .. } | LinkKind::WireGuard(_) => {}
    }
}

/// `wake-on-lan-password`, which sunup keeps, is of the magic packet.
fn wake_on_lan(link: &LinkSettings, check: &mut Check<'_, '_>) {
    const MAGIC: u32 = 0x40;
    let Some(text) = check.ethernet_text("wake-on-lan-password") else { return };
    let magic = link.wake_on_lan.is_some_and(|flags| flags & MAGIC != 0);
    check.require(
        magic && is_mac(&text),
        "ethernet",
        "wake-on-lan-password",
        "it is a MAC address beside wake-on-lan=64",
    );
}

/// A fixed speed needs a duplex and the other way round; one alone is dropped.
fn negotiation(link: &mut LinkSettings, check: &mut Check<'_, '_>) {
    if link.speed.is_some() != link.full_duplex.is_some() {
        check.corrected(
            "ethernet",
            if link.speed.is_some() { "speed" } else { "duplex" },
            "it is dropped: speed and duplex go together",
        );
        link.speed = None;
        link.full_duplex = None;
    }
}

fn ethtool(options: &Options<'_>, check: &mut Check<'_, '_>) {
    for key in ["coalesce-adaptive-rx", "coalesce-adaptive-tx"] {
        check.require(options.number(key).is_none_or(|number| number <= 1), "ethtool", key, "write 0 or 1");
    }
    let fixed = options.get("pause-rx").or(options.get("pause-tx")).is_some();
    let auto = options.get("pause-autoneg") == Some("true");
    check.require(!(fixed && auto), "ethtool", "pause-autoneg", "it excludes pause-rx and pause-tx");
    let fec = options.number("fec-mode").is_none_or(|mode| (1..64).contains(&mode));
    check.require(fec, "ethtool", "fec-mode", "write the sum of 2 auto, 4 off, 8 rs, 16 baser, 32 llrs");
}

/// The link below: a profile, an interface, or the device with the ethernet address.
fn parent(parent: Option<&str>, matching: &MatchRule, group: &str, check: &mut Check<'_, '_>) {
    match parent {
        Some(name) => {
            check.require(is_reference(name), group, "parent", "write an interface name or the uuid of a profile")
        }
        None => check.require(
            matching.mac_address.is_some(),
            group,
            "parent",
            "it is missing, and so is ethernet.mac-address",
        ),
    }
}

fn bond(all: &mut Vec<(String, String)>, check: &mut Check<'_, '_>) {
    // The daemon puts a missing mode and a number in place of a word right.
    match all.iter_mut().find(|(key, _)| key == "mode") {
        Some((_, mode)) => {
            let word = mode.parse::<usize>().ok().and_then(|index| MODES.get(index));
            word.into_iter().for_each(|word| (*word).clone_into(mode));
        }
        None => all.insert(0, ("mode".to_owned(), "balance-rr".to_owned())),
    }
    let options = Options(all);
    let mode = options.get("mode").unwrap_or_default();
    let balance = matches!(mode, "balance-tlb" | "balance-alb");
    let lacp = mode == "802.3ad";
    let mut rule = |holds: bool, key: &str, why: &str| check.require(holds, "bond", key, why);
    let arp = options.positive("arp_interval");
    rule(!(arp && balance), "arp_interval", "it does not go with this mode");
    rule(!(options.positive("arp_missed_max") && (balance || lacp)), "arp_missed_max", "it does not go with this mode");
    let primary = options.get("primary").is_none() || balance || mode == "active-backup";
    rule(primary, "primary", "it goes with active-backup, balance-tlb and balance-alb only");
    let miimon = options.number("miimon").unwrap_or(100);
    for key in ["updelay", "downdelay", "peer_notif_delay"] {
        rule(miimon > 0 || !options.positive(key), key, "it needs miimon");
    }
    let delay = options.number("peer_notif_delay").unwrap_or_default();
    rule(
        arp || delay.checked_rem(miimon).unwrap_or_default() == 0,
        "peer_notif_delay",
        "it must be a multiple of miimon",
    );
    let targets = options.get("arp_ip_target").or(options.get("ns_ip6_target")).is_some();
    rule(arp == targets, "arp_interval", "arp_interval and arp_ip_target (or ns_ip6_target) need each other");
    let slow = matches!(options.get("lacp_rate"), None | Some("0" | "slow"));
    rule(lacp || slow, "lacp_rate", "it goes with 802.3ad only");
    rule(lacp || options.get("lacp_active").is_none(), "lacp_active", "it goes with 802.3ad only");
    let slb = mode == "balance-xor" && matches!(options.get("xmit_hash_policy"), None | Some("vlan+srcmac" | "5"));
    rule(slb || !options.positive("balance-slb"), "balance-slb", "it goes with balance-xor and vlan+srcmac only");
    let pair = options.number("num_grat_arp").zip(options.number("num_unsol_na"));
    rule(pair.is_none_or(|(arp, na)| arp == na), "num_grat_arp", "it is the same as num_unsol_na; remove one of them");
    let mode = mode.to_owned();
    all.retain(|(key, _)| {
        let suits = modes_of(key).contains(&mode.as_str());
        if !suits {
            check.corrected("bond", key, &format!("mode {mode} has no such option; it is left out"));
        }
        suits
    });
}

fn bridge(options: &Options<'_>, check: &mut Check<'_, '_>) {
    let stp = options.get("stp") != Some("false");
    for (key, min) in [("forward-delay", 2), ("hello-time", 1), ("max-age", 6)] {
        let good = options.number(key).is_none_or(|number| number >= min || (number == 0 && !stp));
        check.require(good, "bridge", key, &format!("with stp it is at least {min}"));
    }
    let mask = options.number("group-forward-mask").unwrap_or_default();
    check.require(mask & 7 == 0, "bridge", "group-forward-mask", "bits 0, 1 and 2 cannot be set");
    let buckets = options.number("multicast-hash-max").is_none_or(u64::is_power_of_two);
    check.require(buckets, "bridge", "multicast-hash-max", "write a power of 2");
    let group = options.get("group-address").is_none_or(|mac| mac.parse().is_ok_and(is_bridge_group));
    check.require(group, "bridge", "group-address", "write 01:80:C2:00:00:00 to 0F, but not 01, 02 or 03");
}

fn is_bridge_group(mac: crate::profile::HwAddr) -> bool {
    matches!(mac.as_bytes(), [0x01, 0x80, 0xc2, 0, 0, last @ 0..=15] if !matches!(last, 1..=3))
}

fn other(name: &str, options: &Options<'_>, matching: &MatchRule, check: &mut Check<'_, '_>) {
    match name {
        "macvlan" => {
            parent(options.get("parent"), matching, "macvlan", check);
            let promiscuous = options.get("promiscuous") != Some("false") || options.get("mode") == Some("4");
            check.require(promiscuous, "macvlan", "promiscuous", "only mode 4 (passthru) goes without");
        }
        "vrf" => check.require(options.positive("table"), "vrf", "table", "name the routing table, 1 or more"),
        "veth" => {
            let peer = options.get("peer").is_some_and(is_interface_name);
            check.require(peer, "veth", "peer", "name the interface at the other end");
        }
        "vxlan" => vxlan(options, check),
        _ => {}
    }
}

fn vxlan(options: &Options<'_>, check: &mut Check<'_, '_>) {
    let address = |key: &str| options.get(key).map(str::parse::<std::net::IpAddr>);
    for key in ["remote", "local"] {
        check.require(address(key).is_none_or(|parsed| parsed.is_ok()), "vxlan", key, "not an address");
    }
    let families = address("remote").zip(address("local")).and_then(|(one, other)| Some((one.ok()?, other.ok()?)));
    let same = families.is_none_or(|(one, other)| one.is_ipv4() == other.is_ipv4());
    check.require(same, "vxlan", "local", "it must be of the same family as remote");
    let above = options.get("parent").is_none_or(is_reference);
    check.require(above, "vxlan", "parent", "write an interface name or the uuid of a profile");
    let ports = |key: &str| options.number(key).unwrap_or_default();
    check.require(
        ports("source-port-min") <= ports("source-port-max"),
        "vxlan",
        "source-port-min",
        "it is above source-port-max",
    );
}

fn infiniband(profile: &mut Profile, check: &mut Check<'_, '_>) {
    let LinkKind::Infiniband(link) = &profile.kind else { return };
    let group = "infiniband";
    check.require(link.transport_mode.is_some(), group, "transport-mode", "it is missing; write datagram or connected");
    let parent = link.parent.as_deref();
    check.require(parent.is_none_or(is_interface_name), group, "parent", "not an interface name");
    let below = parent.is_some() || profile.matching.mac_address.is_some();
    check.require(link.p_key.is_none() || below, group, "parent", "it is missing beside a p-key");
    if let (Some(key), Some(name)) = (link.p_key, &profile.interface_name) {
        // The kernel names these links itself; daemons before 1.46 without the bit of full membership.
        let names = |key: u16| parent.map(|parent| format!("{parent}.{key:04x}"));
        let own = [names(key), names(key | 0x8000)].contains(&Some(name.clone()));
        check.require(
            own,
            "connection",
            "interface-name",
            "an InfiniBand partition is named by the kernel; leave it out",
        );
    }
    if profile.link.mtu.is_some_and(|mtu| mtu > INFINIBAND_MTU) {
        check.corrected(group, "mtu", "it is lowered to 65520");
        profile.link.mtu = Some(INFINIBAND_MTU);
    }
}
