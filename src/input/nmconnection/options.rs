//! Sections that the profile keeps as a list of options: one table per section says which there are and how their values look.
//!
//! Numbers are kept in decimal and booleans as `true` or `false`, whatever way they were written.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::table::{Notes, Taken, in_range};
use super::value::{boolean, decimal};
use crate::input::bonding::MODES;
use crate::input::keyfile::{Entry, Group};
use crate::profile::{HwAddr, vlans};

/// An option and the shape of its value.
pub(super) struct Opt {
    name: &'static str,
    shape: Shape,
}

enum Shape {
    /// `true` or `false`.
    Bool,
    /// A number in any base.
    Number(i64, i64),
    /// A decimal number, as bonding and ethtool want it.
    Decimal(i64, i64),
    /// One of these words, or its place among them.
    Choice(&'static [&'static str]),
    /// One of these words; another one makes the profile invalid.
    OneOf(&'static [&'static str]),
    Text,
    Mac,
    /// IPv4 addresses separated by `,`.
    Addresses4,
    /// IPv6 addresses separated by `,`.
    Addresses6,
    IfName,
    /// VLANs of a bridge.
    Vlans,
}

use Shape::{Addresses4, Addresses6, Bool, Choice, Decimal, IfName, Mac, Number, OneOf, Text, Vlans};

const fn opt(name: &'static str, shape: Shape) -> Opt {
    Opt { name, shape }
}

const INT: i64 = 0x7fff_ffff;
const U32: i64 = 0xffff_ffff;

/// `[bond]`: the kernel's bonding options.
pub(super) const BOND: &[Opt] = &[
    opt("mode", Choice(MODES)),
    opt("active_slave", IfName),
    opt("ad_actor_sys_prio", Decimal(1, 65535)),
    opt("ad_actor_system", Mac),
    opt("ad_select", Choice(&["stable", "bandwidth", "count"])),
    opt("ad_user_port_key", Decimal(0, 1023)),
    opt("all_slaves_active", Decimal(0, 1)),
    opt("arp_all_targets", Choice(&["any", "all"])),
    opt("arp_interval", Decimal(0, INT)),
    opt("arp_ip_target", Addresses4),
    opt("arp_missed_max", Decimal(0, 255)),
    opt("arp_validate", Choice(&["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"])),
    opt("balance-slb", Decimal(0, 1)),
    opt("downdelay", Decimal(0, INT)),
    opt("fail_over_mac", Choice(&["none", "active", "follow"])),
    opt("lacp_active", Choice(&["off", "on"])),
    opt("lacp_rate", Choice(&["slow", "fast"])),
    opt("lp_interval", Decimal(1, INT)),
    opt("miimon", Decimal(0, INT)),
    opt("min_links", Decimal(0, INT)),
    opt("ns_ip6_target", Addresses6),
    opt("num_grat_arp", Decimal(0, 255)),
    opt("num_unsol_na", Decimal(0, 255)),
    opt("packets_per_slave", Decimal(0, 65535)),
    opt("peer_notif_delay", Decimal(0, INT)),
    opt("primary", IfName),
    opt("primary_reselect", Choice(&["always", "better", "failure"])),
    opt("resend_igmp", Decimal(0, 255)),
    opt("tlb_dynamic_lb", Decimal(0, 1)),
    opt("updelay", Decimal(0, INT)),
    opt("use_carrier", Decimal(0, 1)),
    opt("xmit_hash_policy", Choice(&["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"])),
];

const VLAN_PROTOCOLS: &[&str] = &["802.1Q", "802.1ad"];

/// `[bridge]`.
pub(super) const BRIDGE: &[Opt] = &[
    opt("mac-address", Mac),
    opt("stp", Bool),
    opt("priority", Number(0, 65535)),
    opt("forward-delay", Number(0, 30)),
    opt("hello-time", Number(0, 10)),
    opt("max-age", Number(0, 40)),
    opt("ageing-time", Number(0, 1_000_000)),
    opt("group-address", Text),
    opt("group-forward-mask", Number(0, 65535)),
    opt("multicast-hash-max", Number(1, U32)),
    opt("multicast-last-member-count", Number(0, U32)),
    opt("multicast-last-member-interval", Number(0, i64::MAX)),
    opt("multicast-membership-interval", Number(0, i64::MAX)),
    opt("multicast-router", OneOf(&["auto", "enabled", "disabled"])),
    opt("multicast-querier", Bool),
    opt("multicast-querier-interval", Number(0, i64::MAX)),
    opt("multicast-query-interval", Number(0, i64::MAX)),
    opt("multicast-query-response-interval", Number(0, i64::MAX)),
    opt("multicast-query-use-ifaddr", Bool),
    opt("multicast-snooping", Bool),
    opt("multicast-startup-query-count", Number(0, U32)),
    opt("multicast-startup-query-interval", Number(0, i64::MAX)),
    opt("vlan-filtering", Bool),
    opt("vlan-default-pvid", Number(0, 4094)),
    opt("vlan-protocol", OneOf(VLAN_PROTOCOLS)),
    opt("vlan-stats-enabled", Bool),
    opt("vlans", Vlans),
];

/// `[bridge-port]`.
const BRIDGE_PORT: &[Opt] = &[
    opt("priority", Number(0, 63)),
    opt("path-cost", Number(0, 65535)),
    opt("hairpin-mode", Bool),
    opt("vlans", Vlans),
];

/// `[bond-port]`.
const BOND_PORT: &[Opt] = &[opt("queue-id", Number(0, 65535)), opt("prio", Number(-INT - 1, INT))];

/// `[team]` and `[team-port]`.
pub(super) const TEAM: &[Opt] = &[opt("config", Text)];

const MACVLAN: &[Opt] = &[opt("parent", Text), opt("mode", Number(0, U32)), opt("promiscuous", Bool), opt("tap", Bool)];

const IPVLAN: &[Opt] = &[opt("parent", Text), opt("mode", Number(0, U32)), opt("private", Bool), opt("vepa", Bool)];

const IP_TUNNEL: &[Opt] = &[
    opt("mode", Number(0, U32)),
    opt("parent", Text),
    opt("local", Text),
    opt("remote", Text),
    opt("ttl", Number(0, 255)),
    opt("tos", Number(0, 255)),
    opt("path-mtu-discovery", Bool),
    opt("input-key", Text),
    opt("output-key", Text),
    opt("encapsulation-limit", Number(0, 255)),
    opt("flow-label", Number(0, 0xf_ffff)),
    opt("fwmark", Number(0, U32)),
    opt("flags", Number(0, U32)),
    opt("mtu", Number(0, U32)),
];

const VRF: &[Opt] = &[opt("table", Number(0, U32))];

const VETH: &[Opt] = &[opt("peer", Text)];

const VXLAN: &[Opt] = &[
    opt("parent", Text),
    opt("id", Number(0, 0xff_ffff)),
    opt("local", Text),
    opt("remote", Text),
    opt("source-port-min", Number(0, 65535)),
    opt("source-port-max", Number(0, 65535)),
    opt("destination-port", Number(0, 65535)),
    opt("tos", Number(0, 255)),
    opt("ttl", Number(0, 255)),
    opt("ageing", Number(0, U32)),
    opt("limit", Number(0, U32)),
    opt("learning", Bool),
    opt("proxy", Bool),
    opt("rsc", Bool),
    opt("l2-miss", Bool),
    opt("l3-miss", Bool),
];

/// `[ethtool]`; beside these every `feature-` is a boolean.
pub(super) const ETHTOOL: &[Opt] = &[
    opt("coalesce-adaptive-rx", Decimal(0, U32)),
    opt("coalesce-adaptive-tx", Decimal(0, U32)),
    opt("coalesce-pkt-rate-high", Decimal(0, U32)),
    opt("coalesce-pkt-rate-low", Decimal(0, U32)),
    opt("coalesce-rx-frames", Decimal(0, U32)),
    opt("coalesce-rx-frames-high", Decimal(0, U32)),
    opt("coalesce-rx-frames-irq", Decimal(0, U32)),
    opt("coalesce-rx-frames-low", Decimal(0, U32)),
    opt("coalesce-rx-usecs", Decimal(0, U32)),
    opt("coalesce-rx-usecs-high", Decimal(0, U32)),
    opt("coalesce-rx-usecs-irq", Decimal(0, U32)),
    opt("coalesce-rx-usecs-low", Decimal(0, U32)),
    opt("coalesce-sample-interval", Decimal(0, U32)),
    opt("coalesce-stats-block-usecs", Decimal(0, U32)),
    opt("coalesce-tx-frames", Decimal(0, U32)),
    opt("coalesce-tx-frames-high", Decimal(0, U32)),
    opt("coalesce-tx-frames-irq", Decimal(0, U32)),
    opt("coalesce-tx-frames-low", Decimal(0, U32)),
    opt("coalesce-tx-usecs", Decimal(0, U32)),
    opt("coalesce-tx-usecs-high", Decimal(0, U32)),
    opt("coalesce-tx-usecs-irq", Decimal(0, U32)),
    opt("coalesce-tx-usecs-low", Decimal(0, U32)),
    opt("ring-rx", Decimal(0, U32)),
    opt("ring-rx-jumbo", Decimal(0, U32)),
    opt("ring-rx-mini", Decimal(0, U32)),
    opt("ring-tx", Decimal(0, U32)),
    opt("pause-autoneg", Bool),
    opt("pause-rx", Bool),
    opt("pause-tx", Bool),
    opt("channels-rx", Decimal(0, U32)),
    opt("channels-tx", Decimal(0, U32)),
    opt("channels-other", Decimal(0, U32)),
    opt("channels-combined", Decimal(0, U32)),
    opt("eee-enabled", Bool),
    opt("fec-mode", Decimal(0, U32)),
];

/// The table of a link type's section; `None` for a type that sunup only knows by name.
pub(super) fn of_type(name: &str) -> Option<&'static [Opt]> {
    Some(match name {
        "ip-tunnel" => IP_TUNNEL,
        "macvlan" => MACVLAN,
        "ipvlan" => IPVLAN,
        "vrf" => VRF,
        "veth" => VETH,
        "vxlan" => VXLAN,
        "dummy" => &[],
        _ => return None,
    })
}

/// The table of a port's section, by the section's name.
pub(super) fn of_port(name: &str) -> Option<&'static [Opt]> {
    Some(match name {
        "bridge-port" => BRIDGE_PORT,
        "bond-port" => BOND_PORT,
        "team-port" => TEAM,
        _ => return None,
    })
}

/// Reads a section by its table.
pub(super) fn read(table: &[Opt], name: &str, group: &Group, notes: &mut Notes<'_>) -> Vec<(String, String)> {
    let mut options = Vec::new();
    for entry in &group.entries {
        let row = table.iter().find(|row| row.name == entry.key);
        let shape = match row {
            Some(row) => &row.shape,
            None if name == "ethtool" && entry.key.starts_with("feature-") => &Bool,
            None => {
                unknown(name, entry, notes);
                continue;
            }
        };
        match value(shape, entry) {
            Ok(value) => options.push((entry.key.clone(), value)),
            Err(taken) => notes.taken(name, entry, taken),
        }
    }
    options
}

/// The name of the link once stood in these sections; it is read with `[connection]`.
fn unknown(name: &str, entry: &Entry, notes: &mut Notes<'_>) {
    if entry.key != "interface-name" {
        notes.warn(entry.line, format!("{name}.{} is not known to sunup; it is kept for the daemon", entry.key));
    }
    notes.keep(name, entry);
}

/// Reads a section whose keys are free.
pub(super) fn read_any(group: &Group, notes: &mut Notes<'_>) -> Vec<(String, String)> {
    let mut options = Vec::new();
    for entry in &group.entries {
        match entry.text() {
            Ok(text) => options.push((entry.key.clone(), text)),
            Err(error) => notes.taken(&group.name, entry, Taken::No(error.to_string())),
        }
    }
    options
}

/// The value of an option in its one form.
fn value(shape: &Shape, entry: &Entry) -> Result<String, Taken> {
    let text = entry.text().map_err(|error| Taken::No(error.to_string()))?;
    let checked = |good: bool, why: &str| if good { Ok(text.clone()) } else { Err(Taken::No(why.to_owned())) };
    match shape {
        Bool => boolean(&entry.value).map(|value| value.to_string()).map_err(Taken::No),
        Number(min, max) => in_range(&entry.value, *min, *max).map(|value| value.to_string()).map_err(Taken::No),
        Decimal(min, max) if is_decimal(&text, *min, *max) => Ok(text),
        Decimal(min, max) => {
            let why = format!("not a decimal number from {min} to {max}");
            // The daemon lets a number wrap round, and passes it on.
            let number = text.strip_prefix(['-', '+']).unwrap_or(&text);
            let wraps = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && *max == U32;
            Err(if wraps { Taken::Kept(why) } else { Taken::No(why) })
        }
        Choice(words) => {
            let last = i64::try_from(words.len()).unwrap_or_default().saturating_sub(1);
            checked(
                words.contains(&text.as_str()) || is_decimal(&text, 0, last),
                &format!("write one of {}", words.join(", ")),
            )
        }
        OneOf(words) if words.contains(&text.as_str()) => Ok(text),
        OneOf(words) => Err(Taken::Invalid(format!("write one of {}", words.join(", ")))),
        Text => Ok(text),
        Mac => checked(is_mac(&text), "not a MAC address (00:53:00:00:00:01)"),
        Addresses4 => checked(
            are_all(&text, |item| item.parse::<Ipv4Addr>().is_ok()),
            "not a list of IPv4 addresses separated by ','",
        ),
        Addresses6 => checked(
            are_all(&text, |item| item.parse::<Ipv6Addr>().is_ok()),
            "not a list of IPv6 addresses separated by ','",
        ),
        Vlans => checked(
            vlans::parse(&text).all(|vlans| vlans.is_some()),
            "write ids from 1 to 4094 or ranges, separated by ',', each with pvid and untagged where it applies",
        ),
        IfName => checked(super::verify::is_interface_name(&text), "not an interface name"),
    }
}

fn is_decimal(text: &str, min: i64, max: i64) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && decimal(text).is_some_and(|number| (min..=max).contains(&number))
}

pub(super) fn is_mac(text: &str) -> bool {
    text.parse::<HwAddr>().is_ok_and(|mac| mac.as_bytes().len() == 6)
}

fn are_all(text: &str, good: impl Fn(&str) -> bool) -> bool {
    let mut items = text.split(',').map(str::trim).filter(|item| !item.is_empty()).peekable();
    items.peek().is_some() && items.all(good)
}
