//! ID_PATH as udev's `path_id` computes it, from sysfs alone: where a network device is plugged in.
//!
//! `match.path` compares with it, and in an initramfs or a microVM no udev may have run.

use std::fs;
use std::path::Path;

use super::real_path::real_path;

/// What a level of the device tree adds to the path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// `SUBSYSTEM-NAME`. Such a level says where the device is: a path without one is not unique, hence none.
    Place,
    /// `bcma-CORE`.
    Core,
    /// `cs-NUMBER`: the SPI chip select.
    ChipSelect,
    /// `usb-0:PORTS` for an interface or a device.
    Usb,
    /// Nothing: all its levels are passed over.
    Ignored,
}

/// The bus types a network device can be on. Levels of other types add nothing.
const LEVELS: &[(&str, Level)] = &[
    ("acpi", Level::Place),
    ("amba", Level::Place),
    ("bcma", Level::Core),
    ("ccw", Level::Place),
    ("ccwgroup", Level::Place),
    ("iucv", Level::Place),
    ("pci", Level::Place),
    ("platform", Level::Place),
    ("scm", Level::Place),
    ("spi", Level::ChipSelect),
    ("usb", Level::Usb),
    ("virtio", Level::Ignored),
    ("xen", Level::Place),
];

/// The device tree cannot be deeper: stops at loops of links that only a broken tree has.
const DEEPEST: usize = 64;

/// ID_PATH of the link `ifname` in the tree under `sysfs` (`/sys`), e.g. `pci-0000:00:05.0`; empty if it has none.
///
/// Walks from the device up to the root: of each bus type on the way (`/sys/.../subsystem`) the level nearest to the
/// device counts, the ones above it of the same type (bridges, hubs) do not. Outermost first, joined by `-`.
pub fn of(sysfs: &Path, ifname: &str) -> String {
    if ifname.is_empty() || ifname.contains('/') || matches!(ifname, "." | "..") {
        return String::new();
    }
    let Some(link) = real_path(&sysfs.join("class/net").join(ifname)) else { return String::new() };
    let levels: Vec<&Path> =
        link.ancestors().skip(1).take_while(|path| path.starts_with(sysfs)).take(DEEPEST).collect();
    walk(levels.into_iter().filter(|path| path.join("uevent").exists()))
}

/// Joins what the levels add, innermost given first.
fn walk<'a>(levels: impl Iterator<Item = &'a Path>) -> String {
    let (mut parts, mut has_place) = (Vec::new(), false);
    let mut passed = String::new();
    for path in levels {
        let subsystem = subsystem(path);
        if subsystem == passed {
            continue;
        }
        passed.clear();
        let Some((_, level)) = LEVELS.iter().find(|(name, _)| *name == subsystem) else { continue };
        let part = part(path, &subsystem, *level);
        // A USB level that is neither interface nor device does not stand for those above it.
        if *level == Level::Ignored || part.is_some() {
            passed = subsystem;
        }
        has_place |= *level == Level::Place;
        parts.extend(part);
    }
    parts.reverse();
    if has_place { parts.join("-") } else { String::new() }
}

fn part(path: &Path, subsystem: &str, level: Level) -> Option<String> {
    let name = path.file_name()?.to_str()?.replace('!', "/");
    match level {
        Level::Place => Some(format!("{subsystem}-{name}")),
        Level::Core => Some(format!("bcma-{}", name.split_once(':')?.1)),
        Level::ChipSelect => {
            let digits = name.rsplit(|c: char| !c.is_ascii_digit()).next()?;
            (!digits.is_empty()).then(|| format!("cs-{digits}"))
        }
        Level::Usb => {
            let devtype = property(path, "DEVTYPE")?;
            let ports = name.split_once('-').filter(|_| matches!(devtype.as_str(), "usb_interface" | "usb_device"))?.1;
            Some(format!("usb-0:{ports}"))
        }
        Level::Ignored => None,
    }
}

/// The name of the bus or class; empty if it has none.
fn subsystem(path: &Path) -> String {
    let target = fs::read_link(path.join("subsystem")).unwrap_or_default();
    target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A value of the `uevent` file.
fn property(path: &Path, key: &str) -> Option<String> {
    let text = fs::read_to_string(path.join("uevent")).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A sysfs of its own, removed at the end.
    struct Tree(PathBuf);

    impl Tree {
        /// `levels`: directory name, bus (empty: none), DEVTYPE (empty: none), from the root to the device.
        fn new(test: &str, levels: &[Level]) -> Self {
            let root = std::env::temp_dir().join(format!("sunup-id-path-{}-{test}", std::process::id()));
            fs::create_dir_all(root.join("class/net")).unwrap();
            let mut target = PathBuf::from("devices");
            for (name, bus, devtype) in levels {
                target.push(name);
                let level = root.join(&target);
                fs::create_dir_all(&level).unwrap();
                let uevent = if devtype.is_empty() { String::new() } else { format!("DRIVER=x\nDEVTYPE={devtype}\n") };
                fs::write(level.join("uevent"), uevent).unwrap();
                if !bus.is_empty() {
                    symlink(format!("../../../bus/{bus}"), level.join("subsystem")).unwrap();
                }
            }
            target.push("net/eth0");
            fs::create_dir_all(root.join(&target)).unwrap();
            fs::write(root.join(&target).join("uevent"), "INTERFACE=eth0\n").unwrap();
            symlink("../../../../class/net", root.join(&target).join("subsystem")).unwrap();
            symlink(Path::new("../..").join(&target), root.join("class/net/eth0")).unwrap();
            Self(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// Name, bus, DEVTYPE.
    type Level = (&'static str, &'static str, &'static str);

    const ROOT: Level = ("pci0000:00", "", "");

    #[test]
    fn each_kind_of_place_is_written_as_udev_does() {
        let usb = |name, devtype| (name, "usb", devtype);
        let cases: &[(&str, &[Level], &str)] = &[
            ("virtio", &[ROOT, ("0000:00:05.0", "pci", ""), ("virtio2", "virtio", "")], "pci-0000:00:05.0"),
            (
                "root-port",
                &[ROOT, ("0000:00:08.0", "pci", ""), ("0000:02:00.0", "pci", ""), ("virtio5", "virtio", "")],
                "pci-0000:02:00.0",
            ),
            ("function", &[ROOT, ("0000:00:0b.1", "pci", "")], "pci-0000:00:0b.1"),
            (
                "usb",
                &[
                    ROOT,
                    ("0000:00:09.0", "pci", ""),
                    usb("usb1", "usb_device"),
                    usb("1-2", "usb_device"),
                    usb("1-2:1.0", "usb_interface"),
                ],
                "pci-0000:00:09.0-usb-0:2:1.0",
            ),
            (
                "usb-behind-hubs",
                &[
                    ROOT,
                    ("0000:00:09.0", "pci", ""),
                    usb("usb1", "usb_device"),
                    usb("1-2", "usb_device"),
                    usb("1-2.4", "usb_device"),
                    usb("1-2.4:1.0", "usb_interface"),
                ],
                "pci-0000:00:09.0-usb-0:2.4:1.0",
            ),
            (
                "platform",
                &[("platform", "", ""), ("soc", "platform", ""), ("1c30000.eth", "platform", "")],
                "platform-1c30000.eth",
            ),
            (
                "mmio",
                &[("platform", "", ""), ("a003e00.virtio_mmio", "platform", ""), ("virtio0", "virtio", "")],
                "platform-a003e00.virtio_mmio",
            ),
            (
                "platform-pci",
                &[("platform", "", ""), ("fd500000.pcie", "platform", ""), ROOT, ("0000:01:00.0", "pci", "")],
                "platform-fd500000.pcie-pci-0000:01:00.0",
            ),
            ("ccw", &[("css0", "css", ""), ("0.0.0001", "ccw", ""), ("virtio1", "virtio", "")], "ccw-0.0.0001"),
            ("qeth", &[("qeth", "", ""), ("0.0.0800", "ccwgroup", "")], "ccwgroup-0.0.0800"),
            ("xen", &[("vif-0", "xen", "")], "xen-vif-0"),
            ("vmbus", &[("VMBUS:01", "acpi", ""), ("f8b3781a-1e82", "vmbus", "")], "acpi-VMBUS:01"),
            (
                "spi",
                &[("fe204000.spi", "platform", ""), ("spi0", "spi_master", ""), ("spi0.1", "spi", "")],
                "platform-fe204000.spi-cs-1",
            ),
            ("bcma", &[("0000:03:00.0", "pci", ""), ("bcma0:2", "bcma", "")], "pci-0000:03:00.0-bcma-2"),
            ("virtual", &[("virtual", "", "")], ""),
            ("unknown", &[("thing0", "thingbus", "")], ""),
            ("usb-alone", &[usb("1-2:1.0", "usb_interface")], ""),
        ];
        for (test, levels, want) in cases {
            let tree = Tree::new(test, levels);
            assert_eq!(of(&tree.0, "eth0"), *want, "{test}");
        }
    }

    #[test]
    fn names_that_are_not_links_have_no_path() {
        let tree = Tree::new("names", &[ROOT, ("0000:00:05.0", "pci", "")]);
        for name in ["", ".", "..", "eth1", "../../devices/pci0000:00/0000:00:05.0"] {
            assert_eq!(of(&tree.0, name), "", "{name}");
        }
    }

    #[test]
    fn the_links_of_this_machine_are_read_without_harm() {
        let Ok(entries) = fs::read_dir("/sys/class/net") else { return };
        for entry in entries.flatten() {
            let path = of(Path::new("/sys"), &entry.file_name().to_string_lossy());
            assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
        }
    }
}
