//! Which daemon will take the network over: the one that the real root has.

use std::path::Path;

use crate::profile::handover::Handover;

/// Where NetworkManager is.
const NETWORKMANAGER: [&str; 2] = ["usr/sbin/NetworkManager", "usr/bin/NetworkManager"];

/// What shows that systemd-networkd is started: a distribution has the program also where nobody uses it.
const NETWORKD: [&str; 4] = [
    "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
    "etc/systemd/system/dbus-org.freedesktop.network1.service",
    "etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
    "usr/lib/systemd/system/multi-user.target.wants/systemd-networkd.service",
];

/// The daemons of the real root, if it is mounted already (`sysroot`), else of the image itself; both where there is no sign of
/// any.
pub fn found(root: &Path) -> Handover {
    let sysroot = root.join("sysroot");
    [sysroot.as_path(), root].into_iter().map(of).find(|found| *found != Handover::default()).unwrap_or(Handover::ALL)
}

fn of(root: &Path) -> Handover {
    // A link that leads nowhere from here (its target is in the other root) is there all the same.
    let any = |paths: &[&str]| paths.iter().any(|path| root.join(path).symlink_metadata().is_ok());
    Handover { networkmanager: any(&NETWORKMANAGER), networkd: any(&NETWORKD) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_real_root_decides_then_the_image_then_both() {
        let root = std::env::temp_dir().join(format!("sunup-daemons-{}", std::process::id()));
        fs::create_dir_all(root.join("usr/sbin")).unwrap();
        assert_eq!(found(&root), Handover::ALL);
        fs::write(root.join("usr/sbin/NetworkManager"), "").unwrap();
        assert_eq!(found(&root), Handover { networkmanager: true, networkd: false });
        let wants = root.join("sysroot/etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants).unwrap();
        std::os::unix::fs::symlink("/lib/nowhere", wants.join("systemd-networkd.service")).unwrap();
        assert_eq!(found(&root), Handover { networkmanager: false, networkd: true });
        fs::remove_dir_all(root).unwrap();
    }
}
