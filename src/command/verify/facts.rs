//! What the rules of the daemons go by: the kernel, and the files that were left.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use uuid::Uuid;

use crate::activate::Remembered;
use crate::input::nmconnection;
use crate::kernel::{Kernel, KernelError, Snapshot, device};
use crate::profile::Device;
use crate::profile::desired::DesiredRoute;
use crate::profile::handover::{ExitPolicy, Handover};
use crate::state::{amend, memory};

/// A link of sunup's.
pub(super) struct Link {
    pub(super) device: Device,
    /// What it stands on.
    pub(super) parent: Option<Device>,
    pub(super) remembered: Remembered,
}

/// A file of a daemon.
pub(super) struct Held {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) mode: u32,
    pub(super) owner: u32,
}

/// Everything.
pub(super) struct Facts {
    pub(super) handover: Handover,
    pub(super) links: Vec<Link>,
    pub(super) snapshot: Snapshot,
    /// True if names can be looked up by what sunup wrote.
    pub(super) names: bool,
    /// The kernel command line, which `[match]` may look at.
    pub(super) words: Vec<String>,
    /// `/run/NetworkManager/devices`.
    pub(super) devices: Vec<Held>,
    /// `/run/NetworkManager/*.lease`.
    pub(super) leases: Vec<Held>,
    /// Profiles of NetworkManager, and what lies beside them, with the uuid that the daemon knows each by.
    pub(super) profiles: Vec<(Uuid, Held)>,
    /// Files of networkd: of each name the one that counts, by name.
    pub(super) networkd: Vec<Held>,
}

impl Facts {
    pub(super) fn gather(root: &Path) -> Result<Self, KernelError> {
        let snapshot = Kernel::open()?.snapshot()?;
        let all = device::devices(&snapshot, Some(&root.join("sys")));
        let link = |remembered: Remembered| {
            let find = |ifindex: u32| all.iter().find(|device| device.ifindex == ifindex).cloned();
            let device = find(remembered.ifindex)?;
            Some(Link { parent: device.parent.and_then(find), device, remembered })
        };
        let lasting = memory::read(root).into_iter().filter(|link| link.exit != ExitPolicy::Flush);
        let line = fs::read_to_string(root.join("proc/cmdline")).unwrap_or_default();
        let folder = |path: &str| read_folder(&root.join(path));
        let profiles =
            ["etc", "run", "usr/lib"].map(|base| folder(&format!("{base}/NetworkManager/system-connections")));
        Ok(Self {
            handover: amend::handed_over(root).0,
            links: lasting.filter_map(link).collect(),
            snapshot,
            names: fs::read_to_string(root.join("run/sunup/resolv.conf")).is_ok_and(|text| text.contains("nameserver")),
            words: crate::plan::words::split(&line),
            devices: folder("run/NetworkManager/devices"),
            leases: folder("run/NetworkManager"),
            profiles: profiles.into_iter().flatten().filter_map(known).collect(),
            networkd: merged(
                ["etc", "run", "usr/local/lib", "usr/lib"].map(|base| folder(&format!("{base}/systemd/network"))),
            ),
        })
    }

    /// Addresses of a link, link-local ones among them.
    pub(super) fn addresses(&self, ifindex: u32) -> impl Iterator<Item = &crate::kernel::Address> {
        self.snapshot.addresses.iter().filter(move |held| held.ifindex == ifindex)
    }

    /// Default routes by a link, of the family that is asked for.
    pub(super) fn defaults(&self, ifindex: u32, ipv4: bool) -> Vec<&DesiredRoute> {
        let of_family = |route: &&DesiredRoute| matches!(route.destination, IpNet::V4(_)) == ipv4;
        let routes = self.snapshot.routes.iter().filter(|held| held.ifindex == ifindex).map(|held| &held.route);
        let main = |route: &&DesiredRoute| route.options.table.is_none_or(|table| table == 254);
        routes.filter(|route| route.destination.prefix_len() == 0).filter(of_family).filter(main).collect()
    }
}

impl Link {
    /// The leased address, if it is on the link.
    pub(super) fn leased(&self) -> Option<Ipv4Addr> {
        let address = self.remembered.lease4.as_ref()?.address;
        self.device.has_address(IpAddr::V4(address)).then_some(address)
    }
}

fn known(held: Held) -> Option<(Uuid, Held)> {
    Some((nmconnection::uuid(held.text.as_bytes(), &held.path)?, held))
}

/// Regular files of a folder, by name; a large one is left out.
fn read_folder(folder: &Path) -> Vec<Held> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let one = |entry: fs::DirEntry| {
        let path = entry.path();
        let meta = fs::symlink_metadata(&path).ok()?;
        let text = crate::state::file::read(&path).ok()?;
        Some(Held { text, mode: meta.mode() & 0o7777, owner: meta.uid(), path })
    };
    let mut all: Vec<Held> = entries.flatten().filter_map(one).collect();
    crate::profile::sort::sort_by(&mut all, |left, right| left.path.cmp(&right.path));
    all
}

/// All folders as one: of each name the file in the first folder that has it, sorted by name.
fn merged(folders: [Vec<Held>; 4]) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for held in folders.into_iter().flatten() {
        if !all.iter().any(|other| other.path.file_name() == held.path.file_name()) {
            all.push(held);
        }
    }
    crate::profile::sort::sort_by(&mut all, |left, right| left.path.file_name().cmp(&right.path.file_name()));
    all
}

/// The value of a key in a group of a keyfile (the last one, as the daemons read it).
pub(super) fn value<'a>(text: &'a str, group: &str, key: &str) -> Option<&'a str> {
    values(text, group, key).last()
}

/// Every value of a key in groups of this name.
pub(super) fn values<'a>(text: &'a str, group: &str, key: &str) -> impl Iterator<Item = &'a str> {
    let mut inside = false;
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == group;
            return None;
        }
        let (name, value) = line.split_once('=')?;
        (inside && name.trim() == key).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_looked_for_in_its_group() {
        let text = "[a]\nx=1\n#x=2\n[b]\nx = 3\n[a]\nx=4\n";
        assert_eq!(values(text, "a", "x").collect::<Vec<_>>(), ["1", "4"]);
        assert_eq!(value(text, "b", "x"), Some("3"));
        assert_eq!(value(text, "c", "x"), None);
    }

    #[test]
    fn the_first_folder_hides_the_same_name_and_names_are_sorted() {
        let held = |path: &str| Held { path: path.into(), text: String::new(), mode: 0o644, owner: 0 };
        let all = merged([
            vec![held("/etc/50-a.network")],
            vec![held("/run/10-b.network"), held("/run/50-a.network")],
            vec![],
            vec![],
        ]);
        let paths: Vec<_> = all.iter().map(|held| held.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["/run/10-b.network", "/etc/50-a.network"]);
    }
}
