//! `[connection]`, `[match]`, `[user]`.

use uuid::Uuid;

use super::kept;
use super::table::{Field, Key, Notes, Taken, Unit, in_range, lens, put, read, write, write_group};
use super::value::{decode_key, encode_key};
use crate::input::keyfile::{Entry, Group, KeyFile};
use crate::profile::{Controller, MultiConnect, Profile};

const MILLISECONDS_MAX: i64 = 0x7fff_ffff;

/// `[connection]`; `type` and `uuid` are read before, as the profile needs them to exist.
const CONNECTION: &[Key<Profile>] = &[
    Key::new("id", Field::Word(|profile, text| say(&mut profile.id, text), |profile| Some(profile.id.clone()))),
    Key::new("uuid", Field::Word(|_, _| Taken::Yes, |profile| Some(profile.uuid.to_string()))),
    Key::new("type", Field::Word(|_, _| Taken::Yes, |profile| Some(profile.kind.name().to_owned()))),
    Key::new("interface-name", Field::Text(lens!(interface_name))),
    Key::new("autoconnect", Field::Bool(lens!(autoconnect), true)),
    Key::new("autoconnect-priority", Field::Signed(lens!(autoconnect_priority), -999, 999)),
    Key::new("autoconnect-retries", Field::Number(lens!(autoconnect_retries), -1, 0x7fff_ffff)),
    Key::new("timestamp", Field::Word(read_timestamp, write_timestamp)),
    Key::new("multi-connect", Field::Word(read_multi_connect, write_multi_connect)),
    Key::new("wait-device-timeout", Field::Time(lens!(wait_device_timeout), Unit::Milliseconds, -1, MILLISECONDS_MAX)),
    Key::alias("master", "controller", Field::Word(read_controller, write_controller)),
    Key::alias("slave-type", "port-type", Field::Word(read_port_type, write_port_type)),
];

/// What a link can be a port of.
pub(super) const PORT_TYPES: &[&str] = &["bond", "bridge", "ovs-bridge", "ovs-port", "team", "vrf", "hsr"];

/// Keys of `[connection]` that sunup knows and cannot honour.
const NOT_HONOURED: &[&str] = &[
    "secondaries",
    "autoconnect-ports",
    "autoconnect-slaves",
    "gateway-ping-timeout",
    "ip-ping-addresses",
    "ip-ping-timeout",
    "ip-ping-addresses-require-all",
    "lldp",
    "mdns",
    "llmnr",
    "dns-over-tls",
    "dnssec",
    "mptcp-flags",
    "mud-url",
    "zone",
];

/// Keys of `[connection]` that say nothing to a tool that runs once as root.
const WITHOUT_EFFECT: &[&str] =
    &["permissions", "metered", "auth-retries", "stable-id", "down-on-poweroff", "read-only"];

/// `[match]`.
const MATCH: &[Key<Profile>] = &[
    Key::new("interface-name", Field::List(lens!(matching.interface_name))),
    Key::new("driver", Field::List(lens!(matching.driver))),
    Key::new("path", Field::List(lens!(matching.path))),
    Key::new("kernel-command-line", Field::List(lens!(matching.kernel_command_line))),
];

fn say(field: &mut String, text: &str) -> Taken {
    text.clone_into(field);
    Taken::Yes
}

fn read_timestamp(profile: &mut Profile, text: &str) -> Taken {
    put(&mut profile.timestamp, in_range(text, 0, i64::MAX).map(i64::unsigned_abs))
}

fn write_timestamp(profile: &Profile) -> Option<String> {
    (profile.timestamp > 0).then(|| profile.timestamp.to_string())
}

fn read_multi_connect(profile: &mut Profile, text: &str) -> Taken {
    profile.multi_connect = match in_range(text, 0, 3) {
        Ok(1) => MultiConnect::Single,
        Ok(2) => MultiConnect::ManualMultiple,
        Ok(3) => MultiConnect::Multiple,
        Ok(_) => MultiConnect::Default,
        Err(why) => return Taken::No(why),
    };
    Taken::Yes
}

fn write_multi_connect(profile: &Profile) -> Option<String> {
    let number = match profile.multi_connect {
        MultiConnect::Default => return None,
        MultiConnect::Single => "1",
        MultiConnect::ManualMultiple => "2",
        MultiConnect::Multiple => "3",
    };
    Some(number.to_owned())
}

fn controller(profile: &mut Profile) -> &mut Controller {
    profile.controller.get_or_insert_with(|| Controller {
        name: String::new(),
        port_type: String::new(),
        port_options: Vec::new(),
    })
}

fn read_controller(profile: &mut Profile, text: &str) -> Taken {
    say(&mut controller(profile).name, text)
}

fn write_controller(profile: &Profile) -> Option<String> {
    profile.controller.as_ref().map(|controller| controller.name.clone())
}

fn read_port_type(profile: &mut Profile, text: &str) -> Taken {
    say(&mut controller(profile).port_type, text)
}

fn write_port_type(profile: &Profile) -> Option<String> {
    profile.controller.as_ref().map(|controller| controller.port_type.clone())
}

/// The uuid the daemon gives a file without one: version 3 over the file's place in /etc.
pub(super) fn uuid_of_file(file_name: &str) -> Uuid {
    const NAMESPACE: Uuid = Uuid::from_u128(0xb425_e9fb_7598_44b4_9e3b_5a2e_3aaa_4905);
    let seed = format!("keyfile\0/etc/NetworkManager/system-connections/{file_name}\0");
    Uuid::new_v3(&NAMESPACE, seed.as_bytes())
}

/// Reads the three groups.
pub(super) fn read_all(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    if let Some(group) = file.group("connection") {
        let others = read(CONNECTION, profile, "connection", group, notes);
        keep_others("connection", &others, NOT_HONOURED, WITHOUT_EFFECT, notes);
    }
    // How a port is attached may follow from a section.
    if let Some(controller) = profile.controller.as_mut().filter(|controller| controller.port_type.is_empty()) {
        let found = PORT_TYPES.iter().find(|name| file.group(&format!("{name}-port")).is_some());
        controller.port_type = found.map(|name| (*name).to_owned()).unwrap_or_default();
    }
    if let Some(group) = file.group("match") {
        let others = read(MATCH, profile, "match", group, notes);
        keep_others("match", &others, &[], &[], notes);
    }
    if let Some(group) = file.group("user") {
        read_user(profile, group, notes);
    }
}

fn read_user(profile: &mut Profile, group: &Group, notes: &mut Notes<'_>) {
    for entry in &group.entries {
        match entry.text() {
            Ok(text) => drop(profile.user.insert(decode_key(&entry.key), text)),
            Err(error) => notes.taken("user", entry, Taken::No(error.to_string())),
        }
    }
}

/// Keeps what no table has, with a warning that says whether sunup knows it.
pub(super) fn keep_others(
    group: &str,
    others: &[&Entry],
    not_honoured: &[&str],
    silent: &[&str],
    notes: &mut Notes<'_>,
) {
    for entry in others {
        if let Some(taken) = kept::judge(group, entry) {
            notes.taken(group, entry, taken);
            continue;
        }
        let key = entry.key.as_str();
        if not_honoured.contains(&key) {
            notes.warn(entry.line, format!("{group}.{key} is not carried out by sunup; it is kept for the daemon"));
        } else if !silent.contains(&key) {
            notes.warn(entry.line, format!("{group}.{key} is not known to sunup; it is kept for the daemon"));
        }
        notes.keep(group, entry);
    }
}

/// Writes `[connection]`.
pub(super) fn write_connection(profile: &Profile, file: &mut KeyFile) {
    write(CONNECTION, profile, file.group_mut("connection"));
}

/// Writes `[match]` and `[user]` where they say something.
pub(super) fn write_match_and_user(profile: &Profile, file: &mut KeyFile) {
    write_group(MATCH, profile, "match", file);
    for (name, value) in &profile.user {
        file.group_mut("user").set_text(&encode_key(name), value);
    }
}
