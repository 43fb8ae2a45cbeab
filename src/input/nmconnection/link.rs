//! `[ethernet]`, `[infiniband]`, `[vlan]`, `[ethtool]` and the sections that are lists of options.

use super::connection::keep_others;
use super::options;
use super::table::{Field, Key, Notes, Taken, in_range, lens, put, read, write_group};
use super::value::integer;
use super::wireguard;
use crate::input::keyfile::{Group, KeyFile};
use crate::input::s390::is_option;
use crate::profile::link::{ClonedMac, Infiniband, Vlan};
use crate::profile::{HwAddr, LinkKind, Profile};

const U32_MAX: i64 = 0xffff_ffff;

/// `[ethernet]`, formerly `[802-3-ethernet]`.
const ETHERNET: &[Key<Profile>] = &[
    Key::new("mac-address", Field::Word(|profile, text| read_mac(profile, text, 6), |profile| write_mac(profile, 6))),
    Key::alias("mac-address-blacklist", "mac-address-denylist", Field::Items(read_denylist, write_denylist)),
    Key::new("mtu", Field::Number(lens!(link.mtu), 0, U32_MAX)),
    Key::new("cloned-mac-address", Field::Word(read_cloned_mac, write_cloned_mac)),
    Key::new("auto-negotiate", Field::MaybeBool(lens!(link.auto_negotiate))),
    Key::new("speed", Field::Number(lens!(link.speed), 0, U32_MAX)),
    Key::new("duplex", Field::Word(read_duplex, write_duplex)),
    Key::new("wake-on-lan", Field::Word(read_wake_on_lan, |profile| profile.link.wake_on_lan.map(|n| n.to_string()))),
    Key::new("s390-nettype", Field::Word(read_nettype, |profile| profile.link.s390_nettype.clone())),
    Key::new("s390-subchannels", Field::Items(read_subchannels, |profile| profile.link.s390_subchannels.clone())),
];

/// Keys of `[ethernet]` that sunup knows and cannot honour.
const ETHERNET_NOT_HONOURED: &[&str] =
    &["port", "generate-mac-address-mask", "wake-on-lan-password", "accept-all-mac-addresses"];

/// `[infiniband]`, the keys every InfiniBand profile may have.
const INFINIBAND: &[Key<Profile>] = &[
    Key::new("mac-address", Field::Word(|profile, text| read_mac(profile, text, 20), |profile| write_mac(profile, 20))),
    Key::new("mtu", Field::Number(lens!(link.mtu), 0, U32_MAX)),
];

/// `[infiniband]`, the keys of the link itself.
const INFINIBAND_LINK: &[Key<Infiniband>] = &[
    Key::new(
        "transport-mode",
        Field::Word(read_transport_mode, |link| {
            Some(link.transport_mode.clone().unwrap_or_else(|| "datagram".to_owned()))
        }),
    ),
    Key::new("p-key", Field::Word(read_p_key, |link| link.p_key.map(|number| number.to_string()))),
    Key::new("parent", Field::Text(lens!(parent))),
];

/// `[vlan]`.
const VLAN: &[Key<Vlan>] = &[
    Key::new("id", Field::Word(read_vlan_id, |vlan| (vlan.id > 0).then(|| vlan.id.to_string()))),
    Key::new("parent", Field::Text(lens!(parent))),
    Key::new("flags", Field::Word(read_vlan_flags, |vlan| vlan.flags.map(|flags| flags.to_string()))),
    Key::new("protocol", Field::Word(read_vlan_protocol, |vlan| vlan.protocol.clone())),
    Key::new(
        "ingress-priority-map",
        Field::Items(
            |vlan, items| read_map(&mut vlan.ingress_priority_map, items, 7, U32_MAX),
            |vlan| vlan.ingress_priority_map.clone(),
        ),
    ),
    Key::new(
        "egress-priority-map",
        Field::Items(
            |vlan, items| read_map(&mut vlan.egress_priority_map, items, U32_MAX, 7),
            |vlan| vlan.egress_priority_map.clone(),
        ),
    ),
];

fn read_mac(profile: &mut Profile, text: &str, length: usize) -> Taken {
    let mac = text.parse::<HwAddr>().ok().or_else(|| numbers_as_mac(text)).filter(|mac| mac.as_bytes().len() == length);
    let why = || format!("not an address of {length} bytes");
    put(&mut profile.matching.mac_address, mac.map(Some).ok_or_else(why))
}

/// The oldest spelling: decimal numbers, each ended by `;`.
fn numbers_as_mac(text: &str) -> Option<HwAddr> {
    let numbers = text.strip_suffix(';').unwrap_or(text).split(';');
    let bytes: Option<Vec<u8>> = numbers.map(|number| number.trim().parse().ok()).collect();
    HwAddr::new(&bytes?)
}

fn write_mac(profile: &Profile, length: usize) -> Option<String> {
    profile.matching.mac_address.filter(|mac| mac.as_bytes().len() == length).map(|mac| mac.to_string())
}

fn read_denylist(profile: &mut Profile, items: Vec<String>) -> Taken {
    let list = items.iter().map(|item| item.parse().ok().filter(|mac: &HwAddr| mac.as_bytes().len() == 6));
    match list.collect() {
        Some(list) => profile.matching.mac_address_denylist = list,
        None => {
            return Taken::Invalid("every item must be a MAC address (00:53:00:00:00:01), separated by ';'".to_owned());
        }
    }
    Taken::Yes
}

fn write_denylist(profile: &Profile) -> Vec<String> {
    profile.matching.mac_address_denylist.iter().map(ToString::to_string).collect()
}

fn read_cloned_mac(profile: &mut Profile, text: &str) -> Taken {
    profile.link.cloned_mac = Some(match text {
        "preserve" => ClonedMac::Preserve,
        "permanent" => ClonedMac::Permanent,
        "random" => ClonedMac::Random,
        "stable" => ClonedMac::Stable,
        _ => match text.parse::<HwAddr>().ok().or_else(|| numbers_as_mac(text)).filter(|mac| mac.as_bytes().len() == 6)
        {
            Some(mac) => ClonedMac::Address(mac),
            None => return Taken::No("neither a MAC address nor preserve, permanent, random or stable".to_owned()),
        },
    });
    Taken::Yes
}

fn write_cloned_mac(profile: &Profile) -> Option<String> {
    profile.link.cloned_mac.as_ref().map(|mac| match mac {
        ClonedMac::Address(mac) => mac.to_string(),
        ClonedMac::Preserve => "preserve".to_owned(),
        ClonedMac::Permanent => "permanent".to_owned(),
        ClonedMac::Random => "random".to_owned(),
        ClonedMac::Stable => "stable".to_owned(),
        ClonedMac::Other(word) => word.clone(),
    })
}

fn read_duplex(profile: &mut Profile, text: &str) -> Taken {
    profile.link.full_duplex = match text {
        "full" => Some(true),
        "half" => Some(false),
        _ => return Taken::Invalid("write half or full".to_owned()),
    };
    Taken::Yes
}

fn write_duplex(profile: &Profile) -> Option<String> {
    profile.link.full_duplex.map(|full| if full { "full" } else { "half" }.to_owned())
}

/// Wake-on-LAN flags: 1 is the daemon's default and stands alone, as does 0x8000, "leave it".
fn read_wake_on_lan(profile: &mut Profile, text: &str) -> Taken {
    const ALONE: u32 = 0x8001;
    let flags = in_range(text, 0, U32_MAX).map(|number| u32::try_from(number).unwrap_or_default());
    match flags {
        Ok(flags) if flags & !0x80ff != 0 => Taken::No("a flag is not known".to_owned()),
        Ok(flags) if flags & ALONE != 0 && !flags.is_power_of_two() => {
            Taken::Invalid("1 (default) and 32768 (ignore) stand alone".to_owned())
        }
        flags => put(&mut profile.link.wake_on_lan, flags.map(|flags| Some(flags).filter(|&flags| flags != 1))),
    }
}

fn read_nettype(profile: &mut Profile, text: &str) -> Taken {
    match text {
        "qeth" | "lcs" | "ctc" => profile.link.s390_nettype = Some(text.to_owned()),
        _ => return Taken::Invalid("write qeth, lcs or ctc".to_owned()),
    }
    Taken::Yes
}

fn read_subchannels(profile: &mut Profile, items: Vec<String>) -> Taken {
    if !matches!(items.len(), 2 | 3) {
        return Taken::Invalid("two or three subchannels are needed, separated by ';'".to_owned());
    }
    profile.link.s390_subchannels = items;
    Taken::Yes
}

fn read_transport_mode(link: &mut Infiniband, text: &str) -> Taken {
    match text {
        "datagram" | "connected" => link.transport_mode = Some(text.to_owned()),
        _ => return Taken::Invalid("write datagram or connected".to_owned()),
    }
    Taken::Yes
}

fn read_p_key(link: &mut Infiniband, text: &str) -> Taken {
    match in_range(text, -1, 0xffff) {
        Ok(0 | 0x8000) => Taken::Invalid("0 and 0x8000 are the partition of the parent itself".to_owned()),
        number => put(&mut link.p_key, number.map(|number| u16::try_from(number).ok())),
    }
}

fn read_vlan_id(vlan: &mut Vlan, text: &str) -> Taken {
    match in_range(text, 0, 4095) {
        Ok(4095) => Taken::Invalid("a VLAN id is a number from 0 to 4094".to_owned()),
        number => put(&mut vlan.id, number.map(|number| u16::try_from(number).unwrap_or_default())),
    }
}

fn read_vlan_flags(vlan: &mut Vlan, text: &str) -> Taken {
    let flags = in_range(text, 0, U32_MAX).map(|number| u32::try_from(number).unwrap_or_default());
    match flags {
        Ok(flags) if flags & !0xf != 0 => Taken::No("a flag is not known".to_owned()),
        flags => put(&mut vlan.flags, flags.map(|flags| Some(flags).filter(|&flags| flags != 1))),
    }
}

fn read_vlan_protocol(vlan: &mut Vlan, text: &str) -> Taken {
    match text {
        "802.1Q" | "802.1ad" => vlan.protocol = Some(text.to_owned()),
        _ => return Taken::Invalid("write 802.1Q or 802.1ad".to_owned()),
    }
    Taken::Yes
}

/// Pairs `from:to`, each side bounded; the daemon leaves out what is none.
fn read_map(map: &mut Vec<String>, items: Vec<String>, from_max: i64, to_max: i64) -> Taken {
    let good = |item: &String| {
        let (from, to) = item.split_once(':')?;
        let bounded = |text: &str, max: i64| integer(text).filter(|number| (0..=max).contains(number));
        Some(format!("{}:{}", bounded(from, from_max)?, bounded(to, to_max)?))
    };
    let count = items.len();
    *map = items.iter().filter_map(good).collect();
    if map.len() < count {
        return Taken::Partly(
            "items that are no pair 'from:to' of a kernel and a VLAN priority are left out".to_owned(),
        );
    }
    Taken::Yes
}

/// The group under its own name or the one it had before; the older one goes first where both stand, as in the daemon.
pub(super) fn ethernet_group(file: &KeyFile) -> Option<&Group> {
    file.group("802-3-ethernet").or_else(|| file.group("ethernet"))
}

/// True for types whose MTU and addresses stand in `[ethernet]`.
pub(super) fn has_ethernet(kind: &LinkKind) -> bool {
    !matches!(kind, LinkKind::Infiniband(_) | LinkKind::WireGuard(_))
}

/// Reads every section about the link into the profile, whose type is known by now.
pub(super) fn read_all(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    if let Some(group) = ethernet_group(file).filter(|_| has_ethernet(&profile.kind)) {
        let others = read(ETHERNET, profile, "ethernet", group, notes);
        keep_others("ethernet", &others, ETHERNET_NOT_HONOURED, &[], notes);
    }
    if let Some(group) = file.group("ethernet-s390-options").filter(|_| ethernet_group(file).is_some()) {
        profile.link.s390_options = options::read_any(group, notes);
        for (key, value) in profile.link.s390_options.iter().filter(|(key, value)| !is_option(key, value)) {
            let line = group.get(key).map_or(group.line, |entry| entry.line);
            notes.refuse(
                line,
                format!("ethernet-s390-options.{key}={value}: not an option or value of the s390 drivers"),
            );
        }
    }
    if let Some(group) = file.group("ethtool") {
        profile.link.ethtool = options::read(options::ETHTOOL, "ethtool", group, notes);
    }
    let kind = match profile.kind.clone() {
        LinkKind::Infiniband(_) => read_infiniband(profile, file, notes),
        LinkKind::Vlan(_) => read_vlan(file, notes),
        LinkKind::Bond { .. } => LinkKind::Bond { options: section(options::BOND, "bond", file, notes) },
        LinkKind::Bridge { .. } => LinkKind::Bridge { options: section(options::BRIDGE, "bridge", file, notes) },
        LinkKind::Team { .. } => read_team(file, notes),
        LinkKind::WireGuard(_) => LinkKind::WireGuard(wireguard::read_all(profile, file, notes)),
        LinkKind::Other { name, .. } => {
            let options = options::of_type(&name).map(|table| section(table, &name, file, notes));
            LinkKind::Other { name, options: options.unwrap_or_default() }
        }
        LinkKind::Ethernet => LinkKind::Ethernet,
    };
    profile.kind = kind;
    if let Some(controller) = &mut profile.controller {
        let name = format!("{}-port", controller.port_type);
        if let Some((table, group)) = options::of_port(&name).zip(file.group(&name)) {
            controller.port_options = options::read(table, &name, group, notes);
        }
    }
}

fn section(table: &[options::Opt], name: &str, file: &KeyFile, notes: &mut Notes<'_>) -> Vec<(String, String)> {
    file.group(name).map(|group| options::read(table, name, group, notes)).unwrap_or_default()
}

fn read_infiniband(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) -> LinkKind {
    let mut link = Infiniband::default();
    if let Some(group) = file.group("infiniband") {
        let others = read(INFINIBAND, profile, "infiniband", group, notes);
        let rest = Group::new(&group.name, group.line, others.into_iter().cloned());
        let others = read(INFINIBAND_LINK, &mut link, "infiniband", &rest, notes);
        keep_others("infiniband", &others, &[], &["interface-name"], notes);
    }
    LinkKind::Infiniband(link)
}

fn read_vlan(file: &KeyFile, notes: &mut Notes<'_>) -> LinkKind {
    let mut vlan = Vlan::default();
    if let Some(group) = file.group("vlan") {
        let others = read(VLAN, &mut vlan, "vlan", group, notes);
        keep_others("vlan", &others, &[], &["interface-name"], notes);
    }
    LinkKind::Vlan(vlan)
}

fn read_team(file: &KeyFile, notes: &mut Notes<'_>) -> LinkKind {
    let options = section(options::TEAM, "team", file, notes);
    LinkKind::Team { config: options.into_iter().find(|(key, _)| key == "config").map(|(_, value)| value) }
}

/// Writes every section about the link.
pub(super) fn write_all(profile: &Profile, file: &mut KeyFile) {
    match &profile.kind {
        LinkKind::Ethernet => {}
        LinkKind::Infiniband(link) => {
            write_group(INFINIBAND, profile, "infiniband", file);
            write_group(INFINIBAND_LINK, link, "infiniband", file);
        }
        LinkKind::Vlan(vlan) => write_group(VLAN, vlan, "vlan", file),
        LinkKind::Bond { options } => write_options("bond", options, file),
        LinkKind::Bridge { options } => write_options("bridge", options, file),
        LinkKind::Team { config } => config.iter().for_each(|json| file.group_mut("team").set_text("config", json)),
        LinkKind::WireGuard(link) => wireguard::write_all(profile, link, file),
        LinkKind::Other { name, options } => write_options(name, options, file),
    }
    if has_ethernet(&profile.kind) {
        write_group(ETHERNET, profile, "ethernet", file);
    }
    if !profile.link.s390_options.is_empty() {
        // Beside no [ethernet] the daemon does not read them.
        file.group_mut("ethernet");
    }
    write_options("ethernet-s390-options", &profile.link.s390_options, file);
    write_options("ethtool", &profile.link.ethtool, file);
    if let Some(controller) = &profile.controller {
        write_options(&format!("{}-port", controller.port_type), &controller.port_options, file);
    }
}

fn write_options(name: &str, options: &[(String, String)], file: &mut KeyFile) {
    for (key, value) in options {
        file.group_mut(name).set_text(key, value);
    }
}
