//! What every firmware reader hands on, and what they share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use crate::profile::{Ip4Settings, Ip6Settings, IpSettings, Method4, Method6, Profile, Warning};

/// What a firmware table asks for. Empty when the machine has no such table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The profiles. A VLAN's parent stands before the VLAN.
    pub profiles: Vec<Profile>,
    /// What could not be honoured, and why.
    pub warnings: Vec<Warning>,
    /// The host name the table gives this machine.
    pub hostname: Option<String>,
}

/// `connection.autoconnect-priority` of firmware profiles: what the administrator wrote (0, or -100 on the kernel
/// command line) goes first.
pub(super) const PRIORITY: i32 = -200;

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// The family of `address`.
    pub(super) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// `text` as an address of this family.
    pub(super) fn parse(self, text: &str) -> Option<IpAddr> {
        match self {
            Self::V4 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            Self::V6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        }
    }
}

/// How a record wants its family configured. DHCPv4 is `Auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Auto,
    Dhcp6,
    Manual,
}

/// Gives `profile` the settings `ip` for `family`, and disables the other family.
pub(super) fn configure(profile: &mut Profile, family: Family, method: Method, ip: IpSettings) {
    disable(profile);
    match family {
        Family::V4 => {
            let method = if method == Method::Manual { Method4::Manual } else { Method4::Auto };
            profile.ipv4 = Some(Ip4Settings { method, ip, ..Ip4Settings::default() });
        }
        Family::V6 => {
            let method = match method {
                Method::Auto => Method6::Auto,
                Method::Dhcp6 => Method6::Dhcp,
                Method::Manual => Method6::Manual,
            };
            profile.ipv6 = Some(Ip6Settings { method, ip, ..Ip6Settings::default() });
        }
    }
}

/// Gives `profile` neither IPv4 nor IPv6.
pub(super) fn disable(profile: &mut Profile) {
    profile.ipv4 = Some(Ip4Settings { method: Method4::Disabled, ..Ip4Settings::default() });
    profile.ipv6 = Some(Ip6Settings { method: Method6::Disabled, ..Ip6Settings::default() });
}

/// The text up to the first NUL as a host name: 1 to 64 bytes (HOST_NAME_MAX) of letters, digits, `-`, `_`, `.`, and
/// no `-` or `.` in front. `None` for anything else: it goes into DHCP packets and a file.
pub(super) fn host_name(bytes: &[u8]) -> Option<String> {
    let text = bytes.split(|&b| b == 0).next().unwrap_or_default();
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let fits = (1..=64).contains(&text.len()) && !text.starts_with(b"-") && !text.starts_with(b".");
    if fits && text.iter().all(legal) { String::from_utf8(text.to_vec()).ok() } else { None }
}

/// The names in a directory that start with `prefix`, sorted, so that a run does not depend on the order on disk.
pub(super) fn names(directory: &Path, prefix: &str) -> Vec<String> {
    let Ok(entries) = directory.read_dir() else { return Vec::new() };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.starts_with(prefix));
    crate::profile::sort::sort(&mut names);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_ends_at_the_first_nul_and_holds_no_odd_bytes() {
        assert_eq!(host_name(b"node-9.example\0junk\n"), Some("node-9.example".to_owned()));
        for bad in [&b""[..], b"\0x", b"a b", b"a\nb", b"-a", b".a", b"../a", "gr\u{f6}\u{df}e".as_bytes(), &[b'a'; 65]]
        {
            assert_eq!(host_name(bad), None, "{bad:?}");
        }
        assert!(host_name(&[b'a'; 64]).is_some());
    }

    #[test]
    fn names_that_begin_alike_are_sorted() {
        let directory = std::env::temp_dir().join(format!("sunup-firmware-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("b4"), b"").unwrap();
        std::fs::write(directory.join("a"), b"").unwrap();
        std::fs::write(directory.join("b3"), b"").unwrap();
        assert_eq!(names(&directory, "b"), ["b3", "b4"]);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
