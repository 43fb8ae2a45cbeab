//! `[wireguard]` and `[wireguard-peer.KEY]`. No message here shows a value that may be a secret.

use ipnet::IpNet;

use super::Family;
use super::connection::keep_others;
use super::table::{Field, Key, Notes, Taken, in_range, lens, put, read, write};
use crate::input::keyfile::{Entry, Group, KeyFile};
use crate::profile::Profile;
use crate::profile::wireguard::{self, Peer, PublicKey, WireGuard};

const U32: i64 = 0xffff_ffff;

/// The start of a peer's section name.
pub(super) const PEER: &str = "wireguard-peer.";

const WIREGUARD: &[Key<WireGuard>] = &[
    Key::new("private-key-flags", Field::Word(read_key_flags, |link| flags(link.private_key_flags, 0))),
    Key::new(
        "listen-port",
        Field::Word(|link, text| small(&mut link.listen_port, text, 0xffff), |link| nonzero(link.listen_port)),
    ),
    Key::new("fwmark", Field::Word(|link, text| small(&mut link.fwmark, text, U32), |link| nonzero(link.fwmark))),
    Key::new("peer-routes", Field::Bool(lens!(peer_routes), true)),
    Key::new(
        "ip4-auto-default-route",
        Field::Word(
            |link, text| ternary(&mut link.ip4_auto_default_route, text),
            |link| digit(link.ip4_auto_default_route),
        ),
    ),
    Key::new(
        "ip6-auto-default-route",
        Field::Word(
            |link, text| ternary(&mut link.ip6_auto_default_route, text),
            |link| digit(link.ip6_auto_default_route),
        ),
    ),
];

/// What stands in `[wireguard]` and belongs to every link.
const LINK: &[Key<Profile>] = &[Key::new("mtu", Field::Number(lens!(link.mtu), 0, U32))];

const PEER_KEYS: &[Key<Peer>] = &[
    Key::new("endpoint", Field::Word(read_endpoint, |peer| peer.endpoint.clone())),
    Key::new("preshared-key-flags", Field::Word(read_psk_flags, |peer| flags(peer.preshared_key_flags, 4))),
    Key::new(
        "allowed-ips",
        Field::Items(read_allowed_ips, |peer| peer.allowed_ips.iter().map(IpNet::to_string).collect()),
    ),
    Key::new(
        "persistent-keepalive",
        Field::Word(
            |peer, text| small(&mut peer.persistent_keepalive, text, U32),
            |peer| nonzero(peer.persistent_keepalive),
        ),
    ),
];

fn small<N: TryFrom<i64> + Default>(field: &mut N, text: &str, max: i64) -> Taken {
    put(field, in_range(text, 0, max).map(|number| N::try_from(number).unwrap_or_default()))
}

fn nonzero<N: ToString + Default + PartialEq>(number: N) -> Option<String> {
    (number != N::default()).then(|| number.to_string())
}

fn flags(flags: u32, default: u32) -> Option<String> {
    (flags != default).then(|| flags.to_string())
}

fn ternary(field: &mut Option<bool>, text: &str) -> Taken {
    put(field, in_range(text, -1, 1).map(|number| (number >= 0).then_some(number == 1)))
}

fn digit(value: Option<bool>) -> Option<String> {
    value.map(|value| if value { "1" } else { "0" }.to_owned())
}

/// One source of the key at most, and a link without one is none.
fn read_key_flags(link: &mut WireGuard, text: &str) -> Taken {
    match in_range(text, 0, U32).map(|number| u32::try_from(number).unwrap_or_default()) {
        Ok(flags) if flags > 7 => Taken::No("a flag is not known".to_owned()),
        Ok(flags) if flags > 2 => {
            Taken::Invalid("write 0 (in the file), 1 (an agent has it) or 2 (not saved)".to_owned())
        }
        flags => put(&mut link.private_key_flags, flags),
    }
}

fn read_psk_flags(peer: &mut Peer, text: &str) -> Taken {
    match in_range(text, 0, 7) {
        Ok(number) => put(&mut peer.preshared_key_flags, u32::try_from(number).map_err(|error| error.to_string())),
        Err(why) => Taken::No(why),
    }
}

/// `host:port`, `[v6]:port` or `v6:port`; the host is not looked at.
fn read_endpoint(peer: &mut Peer, text: &str) -> Taken {
    if text.is_empty() {
        return Taken::Yes;
    }
    let good = wireguard::split_endpoint(text).is_some();
    let endpoint = if good { Ok(Some(text.to_owned())) } else { Err("write host:port or [IPv6]:port".to_owned()) };
    put(&mut peer.endpoint, endpoint)
}

fn read_allowed_ips(peer: &mut Peer, items: Vec<String>) -> Taken {
    let net = |item: &String| Family::V4.net(item).or_else(|| Family::V6.net(item));
    let bad: Vec<_> = items.iter().filter(|item| net(item).is_none()).map(String::as_str).collect();
    peer.allowed_ips = items.iter().filter_map(net).collect();
    if bad.is_empty() {
        return Taken::Yes;
    }
    Taken::Partly(format!("left out, as they are no networks: {} (items are separated by ';')", bad.join(" ")))
}

/// Reads the link and its peers.
pub(super) fn read_all(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) -> WireGuard {
    let mut link = WireGuard::default();
    if let Some(group) = file.group("wireguard") {
        let others = read(WIREGUARD, &mut link, "wireguard", group, notes);
        let rest = remaining(group, others);
        let others = read(LINK, profile, "wireguard", &rest, notes);
        let others = take_secret("private-key", &mut link.private_key, "wireguard", others, notes);
        keep_secret(&link, group, notes);
        keep_others("wireguard", &others, &[], &["interface-name"], notes);
    }
    for group in file.groups().iter().filter(|group| group.name.starts_with(PEER)) {
        link.peers.extend(read_peer(group, notes));
    }
    link
}

fn remaining(group: &Group, entries: Vec<&Entry>) -> Group {
    Group::new(&group.name, group.line, entries.into_iter().cloned())
}

fn read_peer(group: &Group, notes: &mut Notes<'_>) -> Option<Peer> {
    let Some(public_key) = group.name.strip_prefix(PEER).and_then(|key| key.parse::<PublicKey>().ok()) else {
        notes.warn(group.line, format!("[{}] is left out: its name must end in the peer's public key", group.name));
        group.entries.iter().for_each(|entry| notes.keep(&group.name, entry));
        return None;
    };
    let mut peer = Peer::new(public_key);
    let others = read(PEER_KEYS, &mut peer, &group.name, group, notes);
    let others = take_secret("preshared-key", &mut peer.preshared_key, &group.name, others, notes);
    keep_others(&group.name, &others, &[], &[], notes);
    remarks(&peer, group, notes);
    if !matches!(peer.preshared_key_flags, 0 | 1 | 2 | 4) {
        notes.warn(group.line, format!("[{}] is left out: preshared-key-flags name more than one source", group.name));
        group.entries.iter().for_each(|entry| notes.keep(&group.name, entry));
        return None;
    }
    Some(peer)
}

/// What the daemon does in silence is said aloud.
fn remarks(peer: &Peer, group: &Group, notes: &mut Notes<'_>) {
    let line = |key: &str| group.get(key).map_or(group.line, |entry| entry.line);
    if peer.preshared_key.is_some() && peer.preshared_key_flags != 0 {
        let why = "the daemon will not use the preshared-key; write preshared-key-flags=0";
        notes.warn(line("preshared-key"), format!("{}: {why}", group.name));
    }
    if peer.persistent_keepalive > 0xffff {
        let why = format!("only the lower 16 bits count: {} seconds", peer.persistent_keepalive & 0xffff);
        notes.warn(line("persistent-keepalive"), format!("{}.persistent-keepalive: {why}", group.name));
    }
}

/// Takes a key out of the entries without ever showing its value.
fn take_secret<'a>(
    name: &str,
    field: &mut Option<wireguard::Key>,
    group: &str,
    mut entries: Vec<&'a Entry>,
    notes: &mut Notes<'_>,
) -> Vec<&'a Entry> {
    let Some(at) = entries.iter().position(|entry| entry.key == name) else { return entries };
    let entry = entries.remove(at);
    let text: String = entry.text().unwrap_or_default().split_ascii_whitespace().collect();
    match text.parse() {
        Ok(key) => *field = Some(key),
        Err(error) => notes.warn(entry.line, format!("{group}.{name} is ignored: {error}")),
    }
    entries
}

/// A private key that is none: the daemon keeps the text, and only the activation fails.
fn keep_secret(link: &WireGuard, group: &Group, notes: &mut Notes<'_>) {
    let Some(entry) = group.get("private-key").filter(|_| link.private_key.is_none()) else { return };
    if link.private_key_flags == 0 {
        let value = entry.value.split_ascii_whitespace().collect();
        notes.keep("wireguard", &Entry { value, ..entry.clone() });
    }
}

/// Writes the link and its peers. A key that is not meant to be in the file is not written.
pub(super) fn write_all(profile: &Profile, link: &WireGuard, file: &mut KeyFile) {
    let group = file.group_mut("wireguard");
    if let Some(key) = link.private_key.as_ref().filter(|_| link.private_key_flags == 0) {
        group.set_raw("private-key", key.to_base64());
    }
    write(WIREGUARD, link, group);
    write(LINK, profile, group);
    for peer in &link.peers {
        let group = file.group_mut(&format!("{PEER}{}", peer.public_key));
        if let Some(key) = &peer.preshared_key {
            group.set_raw("preshared-key", key.to_base64());
        }
        write(PEER_KEYS, peer, group);
        // libnm keeps the section of a peer that says nothing in this way.
        if group.entries.is_empty() {
            group.set_raw("endpoint", "");
        }
    }
}
