//! What kind of profile a file holds, and which of its groups that kind has.

use std::path::Path;

use uuid::Uuid;

use super::connection::uuid_of_file;
use super::table::Notes;
use super::{link, wireguard};
use crate::input::keyfile::KeyFile;
use crate::profile::link::{Infiniband, Vlan};
use crate::profile::wireguard::WireGuard;
use crate::profile::{LinkKind, Origin, Profile};

/// The types of the daemon that sunup cannot carry out, beside those that [`kind_of`] knows.
const OTHER_TYPES: &[&str] = &[
    "6lowpan",
    "802-11-olpc-mesh",
    "802-11-wireless",
    "adsl",
    "bluetooth",
    "cdma",
    "generic",
    "geneve",
    "gsm",
    "hsr",
    "loopback",
    "macsec",
    "ovs-bridge",
    "ovs-interface",
    "ovs-port",
    "pppoe",
    "tun",
    "vpn",
    "wifi",
    "wifi-p2p",
    "wimax",
    "wpan",
];

/// The kind of link of a type; `None` if there is no such type.
fn kind_of(name: &str) -> Option<LinkKind> {
    let other = || LinkKind::Other { name: name.to_owned(), options: Vec::new() };
    Some(match name {
        "ethernet" | "802-3-ethernet" => LinkKind::Ethernet,
        "infiniband" => LinkKind::Infiniband(Infiniband::default()),
        "vlan" => LinkKind::Vlan(Vlan::default()),
        "bond" => LinkKind::Bond { options: Vec::new() },
        "bridge" => LinkKind::Bridge { options: Vec::new() },
        "team" => LinkKind::Team { config: None },
        "wireguard" => LinkKind::WireGuard(WireGuard::default()),
        "ip-tunnel" | "ipvlan" | "macvlan" | "vrf" | "veth" | "vxlan" | "dummy" => other(),
        name if OTHER_TYPES.contains(&name) => other(),
        _ => return None,
    })
}

/// A profile of the right kind with id and uuid; `None`, with the reason noted, if there is no telling.
pub(super) fn skeleton(file: &KeyFile, path: &Path, notes: &mut Notes<'_>) -> Option<Profile> {
    let connection = file.group("connection");
    let entry = |key: &str| connection.and_then(|group| group.get(key));
    let kind = match entry("type").and_then(|entry| Some((entry.line, entry.text().ok()?))) {
        Some((line, name)) => kind_of(&name).or_else(|| {
            notes.refuse(line, format!("connection.type: there is no type '{name}'"));
            None
        })?,
        None => guess(file)?,
    };
    if matches!(&kind, LinkKind::Other { name, .. } if OTHER_TYPES.contains(&name.as_str())) {
        let line = entry("type").map_or(0, |entry| entry.line);
        notes.warn(
            line,
            format!("type {} is not carried out by sunup; the profile is kept for the daemon", kind.name()),
        );
    }
    let file_name = file_name(path);
    let stem = file_name.strip_suffix(".nmconnection").filter(|stem| !stem.is_empty()).unwrap_or(&file_name);
    let uuid = uuid(file, path).map_err(|(line, why)| notes.refuse(line, why)).ok()?;
    Some(Profile::new(stem, uuid, kind, Origin::File { path: path.to_owned(), line: 0 }))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The uuid the daemon knows the profile by; else in which line it is wrong, and why.
pub(super) fn uuid(file: &KeyFile, path: &Path) -> Result<Uuid, (usize, String)> {
    let entry = file.group("connection").and_then(|group| group.get("uuid"));
    let Some((line, text)) = entry.and_then(|entry| Some((entry.line, entry.text().ok()?))) else {
        return Ok(uuid_of_file(&file_name(path)));
    };
    // Only the hyphenated form.
    let uuid = Uuid::try_parse(&text).ok().filter(|_| text.len() == 36);
    uuid.ok_or_else(|| (line, format!("connection.uuid: '{text}' is no uuid; `uuidgen` makes one")))
}

/// Without a type it is the section that says it, if there is just one.
fn guess(file: &KeyFile) -> Option<LinkKind> {
    let mut kinds = file.groups().iter().filter_map(|group| kind_of(&group.name));
    kinds.next().filter(|_| kinds.next().is_none())
}

/// True if some table has read this group.
fn is_read(profile: &Profile, name: &str) -> bool {
    match name {
        "connection" | "ipv4" | "ipv6" | "match" | "user" | "ethtool" | "ethernet-s390-options" => true,
        "ethernet" | "802-3-ethernet" => link::has_ethernet(&profile.kind),
        _ if name.starts_with(wireguard::PEER) => matches!(profile.kind, LinkKind::WireGuard(_)),
        _ => is_own(profile, name),
    }
}

/// The section of the profile's own type, and that of the port it is.
fn is_own(profile: &Profile, name: &str) -> bool {
    let port = profile.controller.as_ref().map(|controller| format!("{}-port", controller.port_type));
    let carried_out = !OTHER_TYPES.contains(&name);
    (profile.kind.name() == name && carried_out) || port.is_some_and(|port| port == name)
}

/// Keeps the groups that nothing has read.
pub(super) fn keep_groups(profile: &Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    for group in file.groups().iter().filter(|group| !is_read(profile, &group.name)) {
        let silent = matches!(group.name.as_str(), "proxy" | ".nmmeta") || group.entries.is_empty();
        if !silent {
            notes.warn(
                group.line,
                format!("[{}] is not carried out by sunup here; it is kept for the daemon", group.name),
            );
        }
        group.entries.iter().for_each(|entry| notes.keep(&group.name, entry));
    }
}
