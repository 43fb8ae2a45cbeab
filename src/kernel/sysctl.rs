//! Settings of a link under /proc/sys/net: `accept_ra`, `disable_ipv6`, `addr_gen_mode`, …

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::{KernelError, errno, errno_of};

/// Longest value worth reading; what is longer differs.
const LONGEST: usize = 64;

/// Sets `/proc/sys/net/<family>/conf/<device>/<setting>` if it differs; `key` is `family/setting`, e.g. `ipv6/accept_ra`.
/// `before` is told the former value, before it is changed. True: it was changed.
///
/// `root` is `/`, or a directory in its place. The error [is gone](KernelError::is_gone) where the kernel has no such
/// setting (no IPv6, an older kernel) or no such device.
pub fn set(root: &Path, device: &str, key: &str, value: &str, before: impl FnOnce(&str)) -> Result<bool, KernelError> {
    let path = path(root, device, key);
    let failed =
        |path: &Path, errno| KernelError::Sysctl { path: path.display().to_string(), value: value.to_owned(), errno };
    let Some(path) = path else {
        return Err(failed(&root.join("proc/sys/net"), errno::ENOENT));
    };
    change(&path, value, before).map_err(|error| failed(&path, errno_of(&error)))
}

/// The value of a setting; `None` if it cannot be read.
pub fn get(root: &Path, device: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path(root, device, key)?).ok()?;
    Some(text.trim_end().to_owned())
}

/// A device name is one component of the path (it may have dots), whatever it says.
fn path(root: &Path, device: &str, key: &str) -> Option<PathBuf> {
    let (family, setting) = key.split_once('/')?;
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('/');
    let usable = plain(device) && plain(family) && plain(setting);
    usable.then(|| root.join("proc/sys/net").join(family).join("conf").join(device).join(setting))
}

/// Writes without O_CREAT and O_TRUNC: these are not files to be made.
fn change(path: &Path, value: &str, before: impl FnOnce(&str)) -> io::Result<bool> {
    let mut buffer = [0; LONGEST];
    let length = fs::File::open(path)?.read(&mut buffer)?;
    let former = buffer.get(..length).unwrap_or_default().trim_ascii();
    if former == value.as_bytes() {
        return Ok(false);
    }
    before(&String::from_utf8_lossy(former));
    OpenOptions::new().write(true).open(path)?.write_all(value.as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sunup-sysctl-{name}-{}", std::process::id()));
        fs::create_dir_all(root.join("proc/sys/net/ipv6/conf/eth0.5")).unwrap();
        fs::write(root.join("proc/sys/net/ipv6/conf/eth0.5/accept_ra"), "1\n").unwrap();
        root
    }

    #[test]
    fn only_a_different_value_is_written() {
        let root = root("write");
        assert_eq!(set(&root, "eth0.5", "ipv6/accept_ra", "1", |_| panic!("not changed")), Ok(false));
        let mut former = String::new();
        assert_eq!(set(&root, "eth0.5", "ipv6/accept_ra", "2", |value| former = value.to_owned()), Ok(true));
        assert_eq!(former, "1");
        assert_eq!(get(&root, "eth0.5", "ipv6/accept_ra").as_deref(), Some("2"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_is_not_there_is_gone_and_is_not_made() {
        let root = root("gone");
        for (device, key) in [("eth1", "ipv6/accept_ra"), ("eth0.5", "ipv6/none"), ("../conf/eth0.5", "ipv6/accept_ra")]
        {
            let error = set(&root, device, key, "1", |_| {}).unwrap_err();
            assert!(error.is_gone(), "{error}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
