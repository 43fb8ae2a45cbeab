//! What sunup remembers of a link between two runs in one boot: `/run/sunup/links/IFINDEX`, in keyfile syntax.
//!
//! Read back only by sunup. A file that is damaged in any way is no memory: the link starts afresh.

use crate::profile::sort::sort_by_key;
use std::fs;
use std::path::Path;

use super::file::{self, StateFile, below};
use super::networkmanager::handed_over;
use crate::activate::{LinkOutcome, Remembered};
use crate::input::nmconnection;
use crate::profile::handover::ExitPolicy;
use crate::profile::text::one_line;
use crate::profile::tuning::Change;
use crate::profile::{MatchRule, Origin, Profile};
use crate::proto::ndisc::Learned;
use crate::proto::{dhcp4, dhcp6};

/// Where the files are.
const FOLDER: &str = "/run/sunup/links";

/// The files for one link: what is remembered, and the profile it has (which may hold secrets).
pub fn remember(link: &LinkOutcome) -> Vec<StateFile> {
    let profile = handed_over(link);
    let mut text = format!("[link]\nname={}\nprofile={}\n", link.device.name, link.profile.uuid.hyphenated());
    text.push_str(&format!("stem={}\nown={}\n", one_line(&profile.file_stem), profile.raw.is_none()));
    if let Origin::CommandLine { word, column, at } = &profile.origin {
        text.push_str(&format!("word={column} {at} {}\n", one_line(word)));
    }
    if let Some(mac) = link.device.mac {
        text.push_str(&format!("mac={mac}\n"));
    }
    if link.created {
        text.push_str("created=true\n");
    }
    if link.exit != ExitPolicy::default() {
        text.push_str(&format!("exit={}\n", link.exit.word()));
    }
    let leases = [
        ("dhcp4", link.lease4.as_ref().map(dhcp4::Lease::to_pairs)),
        ("dhcp6", link.lease6.as_ref().filter(|lease| !lease.is_empty()).map(dhcp6::Lease::to_pairs)),
        ("router", Some(link.learned.to_pairs()).filter(|pairs| !pairs.is_empty())),
    ];
    for (group, pairs) in leases {
        let Some(pairs) = pairs else { continue };
        text.push_str(&format!("[{group}]\n"));
        for (key, value) in pairs {
            text.push_str(&format!("{key}={value}\n"));
        }
    }
    if !link.tuned.is_empty() {
        text.push_str("[ethtool]\n");
    }
    // No value has a blank in it.
    for Change { option, old, new } in &link.tuned {
        text.push_str(&format!("{option}={old} {new}\n"));
    }
    let path = format!("{FOLDER}/{}", link.device.ifindex);
    let profile = profile.raw.clone().unwrap_or_else(|| nmconnection::write(&profile));
    vec![StateFile::private(format!("{path}.nmconnection"), profile), StateFile::public(path, text)]
}

/// The profiles of links of earlier runs, as they were handed over: each for its link and no other. With each, what else is
/// remembered of its link.
pub fn profiles(root: &Path) -> Vec<(Profile, Remembered)> {
    let one = |mut remembered: Remembered| {
        let path = below(root, Path::new(FOLDER)).join(format!("{}.nmconnection", remembered.ifindex));
        let text = file::read(&path).ok()?;
        let (mut profile, _) = nmconnection::read(text.as_bytes(), &path).ok()?;
        let values = values(&file::read(&path.with_extension("")).ok()?, "link");
        let value = |key: &str| values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        profile.file_stem = value("stem").filter(|stem| !stem.contains('/') && !stem.is_empty())?.to_owned();
        if value("own") == Some("true") {
            profile.raw = None;
        }
        if let Some(origin) = value("word").and_then(origin) {
            profile.origin = origin;
        }
        profile.interface_name = Some(remembered.name.clone());
        profile.autoconnect = true;
        let mac_address = profile.matching.mac_address;
        profile.matching = MatchRule { mac_address, ..MatchRule::default() };
        remembered.profile = profile.uuid;
        Some((profile, remembered))
    };
    read(root).into_iter().filter_map(one).collect()
}

fn origin(text: &str) -> Option<Origin> {
    let mut parts = text.splitn(3, ' ');
    let (column, at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Origin::CommandLine { word: parts.next()?.to_owned(), column, at })
}

/// The keys and values of a group.
fn values(text: &str, group: &str) -> Vec<(String, String)> {
    let head = format!("[{group}]");
    let lines = text.lines().skip_while(|line| *line != head).skip(1).take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What is remembered of the links of earlier runs in this boot.
pub fn read(root: &Path) -> Vec<Remembered> {
    let Ok(folder) = fs::read_dir(below(root, Path::new(FOLDER))) else { return Vec::new() };
    let mut all: Vec<Remembered> = folder
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let ifindex = entry.file_name().to_str()?.parse().ok()?;
            parse(ifindex, &file::read(&entry.path()).ok()?)
        })
        .collect();
    sort_by_key(&mut all, |link| link.ifindex);
    all
}

pub(crate) fn parse(ifindex: u32, text: &str) -> Option<Remembered> {
    let mut group = "";
    let (mut link, mut lease4, mut lease6, mut router) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut tuned = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix('[').and_then(|l| l.strip_suffix(']')), line.split_once('=')) {
            (Some(name), _) => group = name,
            (None, Some((key, value))) => {
                let pair = (key.to_owned(), value.to_owned());
                match group {
                    "link" => link.push(pair),
                    "dhcp4" => lease4.push(pair),
                    "dhcp6" => lease6.push(pair),
                    "router" => router.push(pair),
                    "ethtool" => tuned.extend(change(pair)),
                    _ => {}
                }
            }
            (None, None) => return None,
        }
    }
    let value = |key: &str| link.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    Some(Remembered {
        ifindex,
        mac: value("mac").and_then(|mac| mac.parse().ok()),
        profile: value("profile")?.parse().ok()?,
        name: value("name").unwrap_or_default().to_owned(),
        created: value("created") == Some("true"),
        exit: value("exit").and_then(ExitPolicy::parse).unwrap_or_default(),
        lease4: dhcp4::Lease::from_pairs(&lease4),
        lease6: dhcp6::Lease::from_pairs(&lease6),
        learned: Learned::from_pairs(&router),
        tuned,
    })
}

/// `OPTION=OLD NEW`.
fn change((option, values): (String, String)) -> Option<Change> {
    let (old, new) = values.split_once(' ')?;
    Some(Change { option, old: old.to_owned(), new: new.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_memory_is_no_memory() {
        assert!(parse(3, "[link]\nname=eth0\nprofile=not-a-uuid\n").is_none());
        assert!(parse(3, "[link]\nname=eth0\n\u{0}\n").is_none());
        assert!(parse(3, "").is_none());
        let tuned =
            "[link]\nprofile=0d641a3c-5a0e-5b5c-9f0b-6d0f1f8653a1\n[ethtool]\nring-rx=256 512\nspeed= 100\nbad=1\n";
        let changes = parse(3, tuned).unwrap().tuned;
        let changes: Vec<_> = changes.iter().map(|c| (c.option.as_str(), c.old.as_str(), c.new.as_str())).collect();
        assert_eq!(changes, [("ring-rx", "256", "512"), ("speed", "", "100")]);
        let good = "[link]\nname=eth0\nprofile=0d641a3c-5a0e-5b5c-9f0b-6d0f1f8653a1\nmac=00:53:00:00:00:01\n";
        assert_eq!(parse(3, good).unwrap().mac.unwrap().to_string(), "00:53:00:00:00:01");
    }

    /// What a run leaves of a link with a lease.
    const GOOD: &str = "[link]\nname=eth0\nprofile=0d641a3c-5a0e-5b5c-9f0b-6d0f1f8653a1\nstem=eth0\nown=true\n\
        word=1 1 ip=eth0:dhcp\nmac=00:53:00:00:00:01\nexit=keep\n[dhcp4]\naddress=192.0.2.7\nprefix=24\nserver=192.0.2.1\n\
        acquired=1000\nlease-time=3600000\nt1=1800000\nt2=3150000\nclient-id=01005300000001\n";

    #[test]
    fn a_lease_is_remembered_and_half_of_one_is_none() {
        let whole = parse(3, GOOD).unwrap();
        assert_eq!((whole.name.as_str(), whole.exit), ("eth0", ExitPolicy::Keep));
        assert!(whole.lease4.is_some());
        for length in 0..GOOD.len() {
            let part = parse(3, &GOOD[..length]);
            let lease = part.and_then(|part| part.lease4);
            assert!(
                lease.is_none_or(|lease| lease.lease_time.is_some()),
                "a lease cut at {length} became one for ever"
            );
        }
    }

    #[test]
    fn links_fifos_and_giants_are_no_memory() {
        let root = std::env::temp_dir().join(format!("sunup-memory-{}", std::process::id()));
        let folder = below(&root, Path::new(FOLDER));
        fs::create_dir_all(&folder).unwrap();
        fs::write(root.join("elsewhere"), GOOD).unwrap();
        std::os::unix::fs::symlink(root.join("elsewhere"), folder.join("3")).unwrap();
        nix::unistd::mkfifo(&folder.join("4"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::write(folder.join("5"), GOOD.repeat(40_000)).unwrap();
        fs::create_dir(folder.join("6")).unwrap();
        fs::write(folder.join("7"), GOOD).unwrap();
        fs::write(folder.join("../8"), GOOD).unwrap();
        let read = read(&root);
        assert_eq!(read.iter().map(|link| link.ifindex).collect::<Vec<_>>(), [7]);
        assert!(profiles(&root).is_empty(), "a link without its profile is not renewed");
        fs::remove_dir_all(root).unwrap();
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}", at in 0_usize..200, byte in 0_u8..128) {
            let _ = parse(3, &text);
            let mut spoilt = GOOD.as_bytes().to_vec();
            spoilt[at] = byte;
            let _ = parse(3, &String::from_utf8_lossy(&spoilt));
        }
    }
}
