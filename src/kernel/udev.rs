//! Whether udev is done with a link: until then its name may change, and a link that is up cannot be renamed (before Linux 6.2).

use std::path::{Path, PathBuf};

use crate::profile::Device;

/// True if a udevd runs. `run` is `/run/udev`.
pub fn runs(run: &Path) -> bool {
    run.join("control").exists()
}

/// The record that a running udevd will write about a hardware link once it has named it, and has not written yet. Links made by software are named by whoever makes them.
pub fn missing_record(run: &Path, sysfs: &Path, device: &Device) -> Option<PathBuf> {
    let record = run.join(format!("data/n{}", device.ifindex));
    if device.is_loopback() || record.exists() {
        return None;
    }
    let hardware = std::fs::read_link(sysfs.join("class/net").join(&device.name))
        .is_ok_and(|target| !target.components().any(|part| part.as_os_str() == "virtual"));
    hardware.then_some(record)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_a_hardware_link_that_a_running_udevd_has_not_named_is_waited_for() {
        let root = std::env::temp_dir().join(format!("sunup-udev-{}", std::process::id()));
        let (run, sysfs) = (root.join("udev"), root.join("sys"));
        fs::create_dir_all(run.join("data")).unwrap();
        fs::create_dir_all(sysfs.join("class/net")).unwrap();
        symlink("../../devices/pci0000:00/0000:00:03.0/net/eth0", sysfs.join("class/net/eth0")).unwrap();
        symlink("../../devices/virtual/net/bond0", sysfs.join("class/net/bond0")).unwrap();
        let device = |name: &str| Device { ifindex: 2, name: name.to_owned(), arp_type: 1, ..Device::default() };
        let waits = |name| runs(&run) && missing_record(&run, &sysfs, &device(name)).is_some();
        assert!(!waits("eth0"), "no udevd");
        fs::write(run.join("control"), "").unwrap();
        assert!(waits("eth0"));
        assert!(!waits("bond0"), "made by software");
        assert!(!waits("gone0"));
        fs::write(run.join("data/n2"), "").unwrap();
        assert!(!waits("eth0"));
        fs::remove_dir_all(root).unwrap();
    }
}
