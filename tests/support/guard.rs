//! The host before and after: what a room must not have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Files of the host that a leak would change: contents and inode.
const FILES: [&str; 4] = ["/etc/resolv.conf", "/etc/hostname", "/proc/sys/kernel/hostname", "/proc/net/route"];

/// Names in /run of what sunup, the daemons and the programs of the tests write; others on the host may come and go.
const RUN: [&str; 9] = ["NetworkManager", "dbus", "dnsmasq", "initramfs", "net-", "net6-", "radvd", "resolv", "sunup"];

/// Directories in which a leak would leave something: the names in them.
const DIRECTORIES: [&str; 9] = [
    "/etc/NetworkManager/system-connections",
    "/etc/systemd/network",
    "/run/systemd/netif",
    "/run/sunup",
    "/run/NetworkManager",
    "/run/NetworkManager/system-connections",
    "/run/systemd/network",
    "/run/initramfs",
    "/sys/class/net",
];

/// The state of the host when the guard was made.
pub(crate) struct HostGuard {
    before: BTreeMap<String, String>,
}

impl HostGuard {
    /// Notes the state of the host.
    pub(crate) fn new() -> Self {
        Self { before: host() }
    }

    /// The state of the host as it would be with another text in a file; to test the guard itself.
    pub(crate) fn with_file(path: &str, text: &str) -> Self {
        let mut state = host();
        state.insert(path.to_owned(), text.to_owned());
        Self { before: state }
    }

    /// What is different in the other; `None` if nothing is.
    pub(crate) fn differs_from(&self, other: &Self) -> Option<String> {
        let (before, after) = (&self.before, &other.before);
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
        let lines: Vec<_> =
            changed.map(|key| format!("{key}: {:?} -> {:?}", before.get(key), after.get(key))).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    /// Panics when the state of the host is no longer what it was (only says so during a panic).
    pub(crate) fn check(&self, room: &str) {
        let Some(text) = self.differs_from(&Self::new()) else { return };
        let text = format!("room {room}: THE HOST HAS CHANGED: {text}");
        if std::thread::panicking() {
            eprintln!("{text}");
        } else {
            panic!("{text}");
        }
    }
}

/// Everything that is compared, by name.
fn host() -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    for path in FILES {
        let inode = fs::symlink_metadata(path).map_or(0, |metadata| metadata.ino());
        // Files of /proc have no lasting inode.
        let inode = if path.starts_with("/proc") { 0 } else { inode };
        state.insert(path.to_owned(), format!("{inode} {:?}", fs::read_to_string(path).ok()));
    }
    for path in DIRECTORIES {
        state.insert(path.to_owned(), names(Path::new(path)).join(" "));
    }
    for link in names(Path::new("/sys/class/net")) {
        for attribute in ["address", "flags", "mtu"] {
            let path = format!("/sys/class/net/{link}/{attribute}");
            state.insert(path.clone(), fs::read_to_string(&path).unwrap_or_default());
        }
    }
    let ours = names(Path::new("/run")).into_iter().filter(|name| RUN.iter().any(|ours| name.starts_with(ours)));
    state.insert("/run".to_owned(), ours.collect::<Vec<_>>().join(" "));
    let dracut = names(Path::new("/tmp"))
        .into_iter()
        .filter(|name| name.starts_with("net.") || name.starts_with("dhclient."))
        .collect::<Vec<_>>();
    state.insert("/tmp/net.*".to_owned(), dracut.join(" "));
    state
}

/// The names in a directory, sorted; none if it does not exist.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
