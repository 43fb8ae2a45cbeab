//! Every reference case that reads firmware, against what the readers make of its tree. The cases are not part of the
//! project; without them the test says so and passes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::firmware::Found;
use super::{ibft, nbft, openfirmware};
use crate::profile::ip::AddrGenMode;
use crate::profile::{HwAddr, IpSettings, LinkKind, Method4, Method6, Profile};

/// `section.key` and its value, as a keyfile has them; lists joined by spaces.
type Keys = BTreeMap<String, String>;

/// Keys that the command line adds to a firmware profile, or that every profile gets.
const NOT_OURS: [&str; 5] = [
    "connection.autoconnect-retries",
    "connection.multi-connect",
    "connection.wait-device-timeout",
    "ipv4.dhcp-timeout",
    "ipv6.dhcp-timeout",
];

/// Where sunup differs on purpose: case, profile, key, our value.
const BETTER: [(&str, &str, &str, &str); 1] =
    [("fw:dt-ofw", "OpenFirmware Connection", "ethernet.mac-address", "AC:7F:3E:E5:D8:18")];

fn fixtures() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let directory = std::env::var_os("SUNUP_FIXTURES").map_or_else(beside, PathBuf::from);
    directory.join("sysfs.json").is_file().then_some(directory)
}

#[test]
fn every_firmware_case_becomes_the_expected_profiles() {
    let Some(fixtures) = fixtures() else {
        eprintln!("NOT RUN: no reference cases; set SUNUP_FIXTURES to their directory");
        return;
    };
    let read = |name: &str| std::fs::read_to_string(fixtures.join(name)).unwrap();
    let trees: Value = serde_json::from_str(&read("sysfs.json")).unwrap();
    let mut seen = 0;
    for line in read("kernel-command-line.jsonl").lines().filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let (name, tree) = (case["name"].as_str().unwrap(), case["sysfs"].as_str().unwrap_or_default());
        let sysfs = std::env::temp_dir().join(format!("sunup-case-{seen}-{}", std::process::id()));
        if let Some(found) = trees.get(tree).and_then(|tree| find(&case, tree, &sysfs)) {
            compare(name, &case["expect"], &found);
            compare_hostname(name, &case, &found);
            seen += 1;
        }
    }
    eprintln!("{seen} firmware cases compared");
    assert!(seen >= 20, "only {seen} firmware cases: has the list changed its form?");
}

/// What the case's arguments ask of the firmware; `None` if nothing.
fn find(case: &Value, tree: &Value, sysfs: &Path) -> Option<Found> {
    let words: Vec<&str> = case["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let all = words.iter().any(|word| matches!(*word, "ip=ibft" | "ip=fw" | "rd.iscsi.ibft" | "rd.iscsi.ibft=1"));
    let one = words.iter().find_map(|word| word.strip_prefix("ip=")?.strip_suffix(":ibft"));
    let has_nbft = tree.as_object().unwrap().keys().any(|path| path.contains("NBFT"));
    if !all && one.is_none() && !has_nbft {
        return None;
    }
    for (path, content) in tree.as_object().unwrap() {
        let path = sysfs.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bytes = content.as_str().map(|text| text.as_bytes().to_vec());
        std::fs::write(path, bytes.unwrap_or_else(|| base64(content["base64"].as_str().unwrap()))).unwrap();
    }
    let mut found = nbft::read(sysfs);
    let mac = one.map(|one| one.parse::<HwAddr>().ok().or_else(|| ibft::interface_mac(sysfs, one)).unwrap());
    let asked = [
        mac.map(|mac| ibft::find_by_mac(sysfs, mac)),
        all.then(|| ibft::read(sysfs)),
        all.then(|| openfirmware::read(sysfs)),
    ];
    for mut more in asked.into_iter().flatten() {
        found.profiles.append(&mut more.profiles);
        found.warnings.append(&mut more.warnings);
    }
    std::fs::remove_dir_all(sysfs).unwrap();
    Some(found)
}

fn compare(case: &str, expect: &Value, found: &Found) {
    let uuids: BTreeMap<String, &str> = found.profiles.iter().map(|p| (p.uuid.to_string(), p.id.as_str())).collect();
    assert_eq!(uuids.len(), found.profiles.len(), "{case}: a uuid is used twice");
    let ours: BTreeMap<&str, Keys> = found.profiles.iter().map(|p| (p.id.as_str(), keys(p, &uuids))).collect();
    let connections = expect["connections"].as_object().unwrap();
    let ids: Vec<&str> = connections.keys().map(String::as_str).collect();
    let mut our_ids: Vec<&str> = ours.keys().copied().collect();
    our_ids.sort_by_key(|id| ids.iter().position(|other| other == id));
    assert_eq!(our_ids, ids, "{case}: {:?}", found.warnings);
    for (id, sections) in connections {
        let mut expected = expected_keys(sections);
        for (_, _, key, value) in BETTER.iter().filter(|better| (better.0, better.1) == (case, id)) {
            expected.insert((*key).to_owned(), (*value).to_owned());
        }
        let mut keys = ours[id.as_str()].clone();
        if !expected.contains_key("connection.uuid") {
            keys.remove("connection.uuid");
        }
        assert_eq!(keys, expected, "{case}: {id}");
    }
    stems(case, expect, found);
}

/// Where several tables give a name, the reference follows the order on disk: those cases say so.
fn compare_hostname(name: &str, case: &Value, found: &Found) {
    let unordered = case["ignore_files"].as_array().is_some_and(|files| files.contains(&"initrd/hostname".into()));
    let expected = case["expect"]["files"]["initrd/hostname"].as_str().map(str::trim);
    if !unordered && name.starts_with("fw:") {
        assert_eq!(found.hostname.as_deref(), expected, "{name}");
    }
}

/// Names of files, where the command line does not choose them.
fn stems(case: &str, expect: &Value, found: &Found) {
    for profile in found.profiles.iter().filter(|_| case.starts_with("fw:")) {
        let expected = expect["filenames"][&profile.id].as_str().unwrap();
        assert_eq!(format!("{}.nmconnection", profile.file_stem), expected, "{case}");
    }
}

fn expected_keys(sections: &Value) -> Keys {
    let mut keys = Keys::new();
    for (section, values) in sections.as_object().unwrap().iter().filter(|(section, _)| *section != "user") {
        for (key, value) in values.as_object().unwrap() {
            let words =
                |list: &Vec<Value>| list.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ");
            let text = value.as_array().map_or_else(|| value.as_str().unwrap().to_owned(), words);
            keys.insert(format!("{section}.{key}"), text);
        }
    }
    keys.retain(|key, _| !NOT_OURS.contains(&key.as_str()));
    keys
}

/// What a keyfile of `profile` would hold. References to uuids become `@id`.
fn keys(profile: &Profile, uuids: &BTreeMap<String, &str>) -> Keys {
    let mut keys = Keys::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            keys.insert(key.to_owned(), value);
        }
    };
    put("connection.id", Some(profile.id.clone()));
    put("connection.uuid", Some(profile.uuid.to_string()));
    put("connection.type", Some(profile.kind.name().to_owned()));
    put("connection.autoconnect-priority", Some(profile.autoconnect_priority.to_string()));
    put("connection.interface-name", profile.interface_name.clone());
    put("ethernet.mac-address", profile.matching.mac_address.map(|mac| mac.to_string()));
    put("ethernet.speed", profile.link.speed.map(|speed| speed.to_string()));
    put("ethernet.duplex", profile.link.full_duplex.map(|full| if full { "full" } else { "half" }.to_owned()));
    if let LinkKind::Vlan(vlan) = &profile.kind {
        put("vlan.id", Some(vlan.id.to_string()));
        put("vlan.parent", vlan.parent.as_ref().map(|uuid| format!("@{}", uuids[uuid])));
    }
    let (ipv4, ipv6) = (profile.ipv4.as_ref().unwrap(), profile.ipv6.as_ref().unwrap());
    put("ipv4.method", Some(method4(ipv4.method).to_owned()));
    put("ipv6.method", Some(method6(ipv6.method).to_owned()));
    put("ipv6.addr-gen-mode", (ipv6.addr_gen_mode == AddrGenMode::Default).then(|| "default".to_owned()));
    ip_keys(&mut put, "ipv4", &ipv4.ip);
    ip_keys(&mut put, "ipv6", &ipv6.ip);
    keys
}

fn ip_keys(put: &mut impl FnMut(&str, Option<String>), section: &str, ip: &IpSettings) {
    let list = |words: Vec<String>| (!words.is_empty()).then(|| words.join(" "));
    put(&format!("{section}.may-fail"), (!ip.may_fail).then(|| "false".to_owned()));
    put(&format!("{section}.addresses"), list(ip.addresses.iter().map(ToString::to_string).collect()));
    put(&format!("{section}.gateway"), ip.gateway.map(|gateway| gateway.to_string()));
    put(&format!("{section}.dns"), list(ip.dns.iter().map(|server| server.address.to_string()).collect()));
    put(&format!("{section}.dhcp-hostname"), ip.dhcp_hostname.clone());
}

fn method4(method: Method4) -> &'static str {
    match method {
        Method4::Auto => "auto",
        Method4::Manual => "manual",
        Method4::Disabled => "disabled",
        Method4::LinkLocal | Method4::Shared => "unexpected",
    }
}

fn method6(method: Method6) -> &'static str {
    match method {
        Method6::Auto => "auto",
        Method6::Dhcp => "dhcp",
        Method6::Manual => "manual",
        Method6::Disabled => "disabled",
        Method6::LinkLocal | Method6::Ignore | Method6::Shared => "unexpected",
    }
}

/// RFC 4648, with padding.
fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |byte: u8| digits.iter().position(|&digit| digit == byte).unwrap() as u32;
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().enumerate().fold(0, |bits, (i, &byte)| bits | value(byte) << (18 - 6 * i));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
