//! Links as devices: what profiles are matched against.

use std::fs;
use std::path::Path;

use ipnet::IpNet;

use super::abi::route;
use super::id_path;
use super::real_path::real_path;
use super::snapshot::{Link, Snapshot};
use crate::profile::Device;

/// The devices of a snapshot, in its order.
///
/// `sysfs` is where sysfs is mounted (`/sys`). Without it, driver, ID_PATH and s390 subchannels are left empty: they are
/// some file operations for each link, and only match rules on them and reports need them; see [`describe`].
pub fn devices(snapshot: &Snapshot, sysfs: Option<&Path>) -> Vec<Device> {
    let mut devices: Vec<_> = snapshot.links.iter().map(|link| device(snapshot, link)).collect();
    if let Some(sysfs) = sysfs {
        devices.iter_mut().for_each(|device| describe(device, sysfs));
    }
    devices
}

fn device(snapshot: &Snapshot, link: &Link) -> Device {
    let addresses = snapshot.addresses.iter().filter(|address| address.ifindex == link.ifindex && address.scope == 0);
    let default = snapshot.routes.iter().any(|held| {
        let main = held.route.options.table.is_none_or(|table| table == route::TABLE_MAIN);
        held.ifindex == link.ifindex && held.route.destination.prefix_len() == 0 && main
    });
    Device {
        ifindex: link.ifindex,
        name: link.name.clone(),
        arp_type: link.arp_type,
        kind: link.kind.clone(),
        mac: link.mac,
        perm_mac: link.perm_mac,
        broadcast: link.broadcast,
        driver: String::new(),
        id_path: String::new(),
        subchannels: Vec::new(),
        mtu: link.mtu,
        up: link.up,
        carrier: link.carrier,
        controller: link.controller,
        parent: link.parent,
        addresses: addresses.map(|address| address.net).collect::<Vec<IpNet>>(),
        default_route: default,
    }
}

/// Fills in what sysfs knows: driver, ID_PATH, s390 subchannels.
pub fn describe(device: &mut Device, sysfs: &Path) {
    let link = sysfs.join("class/net").join(&device.name);
    // A link made by software has no hardware and no place; not to search for them saves most of the time.
    let target = fs::read_link(&link).unwrap_or_default();
    let hardware = !target.components().any(|part| part.as_os_str() == "virtual");
    let driver = if hardware { driver(&link) } else { None };
    device.driver = driver.or_else(|| device.kind.clone()).unwrap_or_else(|| "unknown".to_owned());
    if hardware {
        device.id_path = id_path::of(sysfs, &device.name);
        device.subchannels = subchannels(&link.join("device"));
    }
}

/// The driver as NetworkManager names it: that of the device in sysfs; else that of its parent (of its grandparent, if the
/// parent has no subsystem or is on the ibmebus). Where there is none, the kind of link stands in.
fn driver(link: &Path) -> Option<String> {
    if let Some(driver) = link_name(&link.join("device/driver")) {
        return Some(driver);
    }
    let parent = real_path(&real_path(link)?.join("device"))?.parent()?.to_owned();
    let parent = match link_name(&parent.join("subsystem")) {
        None => parent.parent()?.to_owned(),
        Some(subsystem) if subsystem == "ibmebus" => parent.parent()?.to_owned(),
        Some(_) => parent,
    };
    link_name(&parent.join("driver"))
}

/// The last component of what a symbolic link points to.
fn link_name(link: &Path) -> Option<String> {
    Some(fs::read_link(link).ok()?.file_name()?.to_str()?.to_owned())
}

/// `cdev0`, `cdev1`, `cdev2` of a s390 channel-group device.
fn subchannels(device: &Path) -> Vec<String> {
    (0..3).map_while(|number| link_name(&device.join(format!("cdev{number}")))).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A sysfs with one link `eth0`, whose device is at `path`.
    fn sysfs(name: &str, path: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sunup-device-{name}-{}", std::process::id()));
        fs::create_dir_all(root.join(path)).unwrap();
        fs::create_dir_all(root.join("class/net/eth0")).unwrap();
        symlink(root.join(path), root.join("class/net/eth0/device")).unwrap();
        root
    }

    fn described(root: &Path, kind: Option<&str>) -> Device {
        let mut device = Device { name: "eth0".into(), kind: kind.map(str::to_owned), ..Device::default() };
        describe(&mut device, root);
        fs::remove_dir_all(root).unwrap();
        device
    }

    #[test]
    fn the_driver_is_that_of_the_device_itself() {
        let root = sysfs("own", "devices/pci0/virtio0");
        symlink("../../../bus/virtio/drivers/virtio_net", root.join("devices/pci0/virtio0/driver")).unwrap();
        assert_eq!(described(&root, None).driver, "virtio_net");
    }

    #[test]
    fn the_driver_of_the_parent_stands_in_or_that_of_the_grandparent() {
        let root = sysfs("parent", "devices/a/b/c");
        symlink("../../../bus/usb", root.join("devices/a/b/subsystem")).unwrap();
        symlink("../../../bus/usb/drivers/parent", root.join("devices/a/b/driver")).unwrap();
        assert_eq!(described(&root, None).driver, "parent");
        let root = sysfs("grandparent", "devices/a/b/c");
        symlink("../../bus/usb/drivers/grandparent", root.join("devices/a/driver")).unwrap();
        assert_eq!(described(&root, None).driver, "grandparent");
    }

    #[test]
    fn without_a_driver_the_kind_of_link_is_named_or_unknown() {
        assert_eq!(described(&sysfs("kind", "devices/a/b/c"), Some("veth")).driver, "veth");
        assert_eq!(described(&sysfs("unknown", "devices/a/b/c"), None).driver, "unknown");
    }

    #[test]
    fn a_link_made_by_software_is_not_looked_for_in_hardware() {
        let root = sysfs("virtual", "devices/virtual/net/eth0/lower");
        symlink("../../../bus/pci/drivers/lower", root.join("devices/virtual/net/eth0/lower/driver")).unwrap();
        fs::rename(root.join("class/net/eth0/device"), root.join("devices/virtual/net/eth0/device")).unwrap();
        fs::remove_dir(root.join("class/net/eth0")).unwrap();
        symlink("../../devices/virtual/net/eth0", root.join("class/net/eth0")).unwrap();
        assert_eq!(described(&root, Some("macvlan")).driver, "macvlan");
    }

    #[test]
    fn channels_of_a_group_device_are_in_order() {
        let root = sysfs("s390", "devices/qeth/0.0.0800");
        for (number, channel) in ["0.0.0800", "0.0.0801", "0.0.0802"].iter().enumerate() {
            let link = root.join(format!("devices/qeth/0.0.0800/cdev{number}"));
            symlink(format!("../../css0/0.0.0000/{channel}"), link).unwrap();
        }
        assert_eq!(described(&root, None).subchannels, ["0.0.0800", "0.0.0801", "0.0.0802"]);
    }
}
