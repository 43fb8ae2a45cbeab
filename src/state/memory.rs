//! What sunup remembers of a link between two runs in one boot: `/run/sunup/links/IFINDEX`, in keyfile syntax.
//!
//! Read back only by sunup. A file that is damaged in any way is no memory: the link starts afresh.

use crate::profile::sort::sort_by_key;
use std::fs;
use std::path::Path;

use super::file::{self, StateFile, below};
use crate::activate::{LinkOutcome, Remembered};
use crate::profile::handover::ExitPolicy;
use crate::proto::{dhcp4, dhcp6};

/// Where the files are.
const FOLDER: &str = "/run/sunup/links";

/// The file for one link.
pub fn remember(link: &LinkOutcome) -> StateFile {
    let mut text = format!("[link]\nname={}\nprofile={}\n", link.device.name, link.profile.uuid.hyphenated());
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
    ];
    for (group, pairs) in leases {
        let Some(pairs) = pairs else { continue };
        text.push_str(&format!("[{group}]\n"));
        for (key, value) in pairs {
            text.push_str(&format!("{key}={value}\n"));
        }
    }
    StateFile::public(format!("{FOLDER}/{}", link.device.ifindex), text)
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
    let (mut link, mut lease4, mut lease6) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines() {
        match (line.strip_prefix('[').and_then(|l| l.strip_suffix(']')), line.split_once('=')) {
            (Some(name), _) => group = name,
            (None, Some((key, value))) => {
                let pair = (key.to_owned(), value.to_owned());
                match group {
                    "link" => link.push(pair),
                    "dhcp4" => lease4.push(pair),
                    "dhcp6" => lease6.push(pair),
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_memory_is_no_memory() {
        assert!(parse(3, "[link]\nname=eth0\nprofile=not-a-uuid\n").is_none());
        assert!(parse(3, "[link]\nname=eth0\n\u{0}\n").is_none());
        assert!(parse(3, "").is_none());
        let good = "[link]\nname=eth0\nprofile=0d641a3c-5a0e-5b5c-9f0b-6d0f1f8653a1\nmac=00:53:00:00:00:01\n";
        assert_eq!(parse(3, good).unwrap().mac.unwrap().to_string(), "00:53:00:00:00:01");
    }
}
