//! The kinds with few settings: vlan, macvlan, ipvlan, vrf, veth, vxlan, partitions of InfiniBand.

use super::shape::{Shape, ether_type};
use super::{Row, Setting, When, from_table, ip_tunnel, row};
use crate::kernel::message::Stream;
use crate::profile::link::{Infiniband, Vlan};

/// Every flag that IFLA_VLAN_FLAGS can name: reorder headers, GVRP, loose binding, MVRP.
const VLAN_FLAGS: u32 = 0xf;
/// IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_INGRESS_QOS, and IFLA_VLAN_QOS_MAPPING in them.
const EGRESS: u16 = 3;
const INGRESS: u16 = 4;
const MAPPING: u16 = 1;

const VLAN_ID: Row = row("vlan.id", 1, Shape::U16).identity();
const VLAN_PROTOCOL: Row = row("vlan.protocol", 5, Shape::EtherType).identity();
const VLAN_FLAGS_ROW: Row = row("vlan.flags", 2, Shape::U32).early();
const VLAN_EGRESS: Row = row("vlan.egress-priority-map", EGRESS, Shape::U32).early();
const VLAN_INGRESS: Row = row("vlan.ingress-priority-map", INGRESS, Shape::U32).early();

/// `[vlan]` to IFLA_VLAN_*.
pub(super) fn vlan(vlan: &Vlan) -> Vec<Setting> {
    let Vlan { id, parent: _, flags, protocol, ingress_priority_map, egress_priority_map } = vlan;
    let protocol = protocol.as_deref().unwrap_or("802.1Q");
    let flags = flags.unwrap_or(1);
    let pair = [flags.to_ne_bytes(), VLAN_FLAGS.to_ne_bytes()].concat();
    // The kernel shows another mask than it takes.
    let flags = Setting { compared: 4, ..Setting::new(&VLAN_FLAGS_ROW, &flags.to_string(), pair) };
    let mut settings = vec![
        Setting::new(&VLAN_ID, &id.to_string(), id.to_ne_bytes().to_vec()),
        Setting::new(&VLAN_PROTOCOL, protocol, ether_type(protocol).to_be_bytes().to_vec()),
        flags,
    ];
    for (row, map) in [(&VLAN_EGRESS, egress_priority_map), (&VLAN_INGRESS, ingress_priority_map)] {
        let value = mappings(map);
        if !value.is_empty() {
            settings.push(Setting::new(row, &map.join(","), value));
        }
    }
    settings
}

/// `from:to` pairs as the kernel shows them again: in the order of `from`, without those that lead to 0.
fn mappings(map: &[String]) -> Vec<u8> {
    let pair = |text: &String| {
        let (from, to) = text.split_once(':')?;
        let to = to.parse::<u32>().ok().filter(|&to| to != 0)?;
        Some((from.parse::<u32>().ok()?, to))
    };
    let mut pairs: Vec<(u32, u32)> = map.iter().filter_map(pair).collect();
    crate::profile::sort::sort(&mut pairs);
    let mut stream = Stream::default();
    for (from, to) in pairs {
        stream.put(MAPPING, [from.to_ne_bytes(), to.to_ne_bytes()].as_flattened());
    }
    stream.into_bytes()
}

/// `[infiniband]` of a partition to IFLA_IPOIB_*.
pub(super) fn infiniband(link: &Infiniband) -> Vec<Setting> {
    const PKEY: Row = row("infiniband.p-key", 1, Shape::U16).identity();
    const MODE: Row = row("infiniband.transport-mode", 2, Shape::U16).early();
    let Infiniband { transport_mode, p_key, parent: _ } = link;
    let Some(key) = p_key else { return Vec::new() };
    let mode = transport_mode.as_deref().unwrap_or("datagram");
    vec![
        // The highest bit says full member, as the kernel sets it.
        Setting::new(&PKEY, &key.to_string(), (key | 0x8000).to_ne_bytes().to_vec()),
        Setting::new(&MODE, mode, u16::from(mode == "connected").to_ne_bytes().to_vec()),
    ]
}

/// `[vxlan]` to IFLA_VXLAN_*, with NetworkManager's defaults where the kernel's are others.
const VXLAN: &[Row] = &[
    row("id", 1, Shape::U32).identity(),
    row("parent", 3, Shape::Index).early(),
    row("ttl", 5, Shape::U8).early(),
    row("tos", 6, Shape::U8).early(),
    row("learning", 7, Shape::Flag).or("true").early(),
    row("ageing", 8, Shape::U32).or("300").early(),
    row("limit", 9, Shape::U32).early(),
    row("proxy", 11, Shape::Flag).early(),
    row("rsc", 12, Shape::Flag).early(),
    row("l2-miss", 13, Shape::Flag).early(),
    row("l3-miss", 14, Shape::Flag).early(),
    row("destination-port", 15, Shape::Port).or("8472").identity(),
];

const VRF: &[Row] = &[row("table", 1, Shape::U32).identity()];

/// The settings of the types whose section is a list of options.
pub(super) fn other(name: &str, options: &[(String, String)], names: &[(String, u32)]) -> Vec<Setting> {
    match name {
        "vrf" => from_table(VRF, options, names),
        "vxlan" => vxlan(options, names),
        "macvlan" => macvlan(options),
        "ipvlan" => ipvlan(options),
        "veth" => veth(options),
        "ip-tunnel" => ip_tunnel::settings(options, names),
        _ => Vec::new(),
    }
}

pub(super) fn get<'a>(options: &'a [(String, String)], name: &str) -> Option<&'a str> {
    options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Addresses have one attribute in each family; the range of ports is a pair.
fn vxlan(options: &[(String, String)], names: &[(String, u32)]) -> Vec<Setting> {
    let mut settings = from_table(VXLAN, options, names);
    for (option, v4, v6) in [("remote", 2, 16), ("local", 4, 17)] {
        let Some(text) = get(options, option) else { continue };
        let attribute = if text.contains(':') { v6 } else { v4 };
        let row = row(option, attribute, Shape::Address).early();
        settings.extend(row.shape.bytes(text, names).map(|value| Setting::new(&row, text, value)));
    }
    let port = |name: &str| get(options, name).and_then(|text| text.parse::<u16>().ok()).unwrap_or(0);
    let (low, high) = (port("source-port-min"), port("source-port-max"));
    if high != 0 {
        const RANGE: Row = row("source-port-min", 10, Shape::U32).identity();
        let value = [low.to_be_bytes(), high.to_be_bytes()].concat();
        settings.push(Setting::new(&RANGE, &format!("{low}-{high}"), value));
    }
    settings
}

/// `[macvlan]`: NetworkManager's numbers of the modes to IFLA_MACVLAN_MODE, and IFLA_MACVLAN_FLAGS.
fn macvlan(options: &[(String, String)]) -> Vec<Setting> {
    const MODE: Row = row("macvlan.mode", 1, Shape::U32).early();
    const FLAGS: Row = row("macvlan.promiscuous", 2, Shape::U16).early();
    const NO_PROMISC: u16 = 1;
    let text = get(options, "mode").unwrap_or_default();
    // vepa, bridge, private, passthru, source.
    let mode: u32 = match text {
        "1" => 2,
        "2" => 4,
        "3" => 1,
        "4" => 8,
        "5" => 16,
        _ => return Vec::new(),
    };
    let quiet = get(options, "promiscuous") == Some("false");
    let flags = if quiet { NO_PROMISC } else { 0 };
    let mode = Setting::new(&MODE, text, mode.to_ne_bytes().to_vec());
    let flags = Setting::new(&FLAGS, if quiet { "false" } else { "true" }, flags.to_ne_bytes().to_vec());
    vec![mode, flags]
}

/// `[ipvlan]`: l2, l3, l3s are 1, 2, 3 in the keyfile and 0, 1, 2 in IFLA_IPVLAN_MODE; IFLA_IPVLAN_FLAGS.
fn ipvlan(options: &[(String, String)]) -> Vec<Setting> {
    const MODE: Row = row("ipvlan.mode", 1, Shape::U16).early();
    const FLAGS: Row = row("ipvlan.private", 2, Shape::U16).early();
    let text = get(options, "mode").unwrap_or("1");
    let mode = text.parse::<u16>().unwrap_or(1).saturating_sub(1);
    let on = |name: &str| get(options, name) == Some("true");
    let flags = u16::from(on("private")) | u16::from(on("vepa")) << 1;
    vec![
        Setting::new(&MODE, text, mode.to_ne_bytes().to_vec()),
        Setting::new(&FLAGS, &flags.to_string(), flags.to_ne_bytes().to_vec()),
    ]
}

/// `[veth]`: VETH_INFO_PEER, a link message of its own with the name of the other end. It is never shown again.
fn veth(options: &[(String, String)]) -> Vec<Setting> {
    const PEER: Row = row("veth.peer", 1, Shape::U32).early();
    const IFNAME: u16 = 3;
    let Some(peer) = get(options, "peer") else { return Vec::new() };
    let mut stream = Stream::default();
    stream.raw(&[0; 16]);
    stream.put(IFNAME, &[peer.as_bytes(), &[0]].concat());
    let setting = Setting::new(&PEER, peer, stream.into_bytes());
    vec![Setting { compared: 0, when: When::Early, ..setting }]
}
