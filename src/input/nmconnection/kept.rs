//! Keys that sunup keeps for the daemon, where the daemon looks at the value: one that it would refuse the profile for
//! refuses it here too, so that no profile is brought up that nobody can adopt.

use std::net::Ipv4Addr;

use super::options::is_mac;
use super::table::Taken;
use super::value::{decimal, integer};
use crate::input::keyfile::Entry;

/// A key, and what the daemon says about a value.
struct Kept {
    group: &'static str,
    key: &'static str,
    judge: fn(&str) -> Judgement,
}

/// What the daemon says.
enum Judgement {
    Good,
    /// It reads the key as absent.
    Absent,
    /// It refuses the profile; the text says what it wants.
    Refused(&'static str),
}

use Judgement::{Absent, Good, Refused};

const KEPT: &[Kept] = &[
    Kept { group: "connection", key: "mdns", judge: resolver },
    Kept { group: "connection", key: "llmnr", judge: resolver },
    Kept { group: "connection", key: "dns-over-tls", judge: resolver },
    Kept { group: "connection", key: "metered", judge: metered },
    Kept { group: "connection", key: "mptcp-flags", judge: mptcp },
    Kept { group: "connection", key: "mud-url", judge: mud_url },
    Kept { group: "connection", key: "permissions", judge: permissions },
    Kept { group: "ethernet", key: "port", judge: port },
    Kept { group: "ethernet", key: "generate-mac-address-mask", judge: mac_mask },
    Kept { group: "ipv4", key: "dhcp-reject-servers", judge: servers },
    Kept { group: "ipv6", key: "dhcp-reject-servers", judge: no_servers },
    Kept { group: "ipv4", key: "dhcp-hostname-flags", judge: |text| hostname_flags(text, false) },
    Kept { group: "ipv6", key: "dhcp-hostname-flags", judge: |text| hostname_flags(text, true) },
];

/// What becomes of an entry that no field holds; `None`: it is kept.
pub(super) fn judge(group: &str, entry: &Entry) -> Option<Taken> {
    let kept = KEPT.iter().find(|kept| kept.group == group && kept.key == entry.key)?;
    let text = match entry.text() {
        Ok(text) => text,
        Err(error) => return Some(Taken::No(error.to_string())),
    };
    match (kept.judge)(&text) {
        Good => None,
        Absent => Some(Taken::No("the daemon does not understand the value".to_owned())),
        Refused(why) => Some(Taken::Invalid(why.to_owned())),
    }
}

/// -1 is the default, 0 to 2 are the levels.
fn resolver(text: &str) -> Judgement {
    match integer(text).and_then(|number| i32::try_from(number).ok()) {
        Some(-1..=2) => Good,
        Some(_) => Refused("write -1 (default), 0, 1 or 2"),
        None => Absent,
    }
}

/// 3 and 4 are what the daemon guesses itself.
fn metered(text: &str) -> Judgement {
    match integer(text) {
        Some(0..=2) => Good,
        Some(3 | 4) => Refused("write 0 (default), 1 (yes) or 2 (no)"),
        _ => Absent,
    }
}

fn mptcp(text: &str) -> Judgement {
    const SIGNAL_AND_FULLMESH: u32 = 0x90;
    match integer(text).and_then(|number| u32::try_from(number).ok()) {
        None => Absent,
        Some(flags) if flags > 0xff => Refused("a flag is not known"),
        Some(flags) if flags & 1 != 0 && flags != 1 => Refused("1 (disabled) stands alone"),
        Some(flags) if flags & SIGNAL_AND_FULLMESH == SIGNAL_AND_FULLMESH => {
            Refused("0x10 (signal) and 0x80 (fullmesh) exclude each other")
        }
        Some(_) => Good,
    }
}

fn mud_url(text: &str) -> Judgement {
    let is_url = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if is_url || text == "none" { Good } else { Refused("write an https:// address or 'none'") }
}

fn permissions(text: &str) -> Judgement {
    let is_user = |item: &str| {
        let name = item.strip_prefix("user:").map(|name| name.strip_suffix(':').unwrap_or(name));
        name.is_some_and(|name| !name.is_empty() && !name.contains(':'))
    };
    let items = text.strip_suffix(';').unwrap_or(text);
    if text.is_empty() || items.split(';').all(is_user) { Good } else { Refused("write user:NAME:; for each user") }
}

fn port(text: &str) -> Judgement {
    if matches!(text, "tp" | "aui" | "bnc" | "mii") { Good } else { Refused("write tp, aui, bnc or mii") }
}

fn mac_mask(text: &str) -> Judgement {
    if text.split_ascii_whitespace().all(is_mac) { Good } else { Refused("write MAC addresses separated by blanks") }
}

fn servers(text: &str) -> Judgement {
    let is_net = |item: &str| {
        let (address, prefix) = item.split_once('/').unwrap_or((item, "32"));
        address.parse::<Ipv4Addr>().is_ok() && decimal(prefix).is_some_and(|length| (0..=32).contains(&length))
    };
    let items = text.strip_suffix(';').unwrap_or(text);
    if text.is_empty() || items.split(';').all(is_net) {
        Good
    } else {
        Refused("write IPv4 addresses or ADDRESS/PREFIX separated by ';'")
    }
}

/// The daemon can refuse servers of DHCPv4 only.
fn no_servers(text: &str) -> Judgement {
    if text.is_empty() { Good } else { Refused("it is for DHCPv4 only") }
}

/// 1 serv-update, 2 encoded, 4 no-update, 8 none of them.
fn hostname_flags(text: &str, ipv6: bool) -> Judgement {
    match integer(text).and_then(|number| u32::try_from(number).ok()) {
        None => Absent,
        Some(flags) if flags > 15 => Refused("a flag is not known"),
        Some(flags) if flags & 5 == 5 => Refused("1 (serv-update) and 4 (no-update) exclude each other"),
        Some(flags) if flags & 8 != 0 && flags != 8 => Refused("8 (no flags) stands alone"),
        Some(flags) if ipv6 && flags & 2 != 0 => Refused("2 (encoded) is for DHCPv4 only"),
        Some(_) => Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_as_the_daemon_does() {
        let word = |group: &str, key: &str, value: &str| {
            let entry = Entry { key: key.to_owned(), value: value.to_owned(), utf8: true, line: 1 };
            match judge(group, &entry) {
                None => "kept",
                Some(Taken::Invalid(_)) => "refused",
                Some(_) => "absent",
            }
        };
        for (group, key, values) in [
            ("connection", "mdns", "2 kept|0x1 kept|3 refused|-2 refused|x absent"),
            ("connection", "metered", "2 kept|3 refused|5 absent"),
            ("connection", "mptcp-flags", "1 kept|0x22 kept|3 refused|144 refused|256 refused|-1 absent"),
            ("connection", "mud-url", "none kept|https://a kept|https:// refused|HTTPS://a refused"),
            ("connection", "permissions", "user:a:; kept|user:a kept|root refused|user:: refused|user:a:b; refused"),
            ("ethernet", "port", "tp kept|TP refused"),
            ("ethernet", "generate-mac-address-mask", "00:00:FF:00:00:00 kept|x refused"),
            ("ipv4", "dhcp-reject-servers", "192.0.2.0/24;192.0.2.1 kept|192.0.2.1;; refused|::1 refused"),
            ("ipv6", "dhcp-reject-servers", "::1 refused"),
            ("ipv4", "dhcp-hostname-flags", "6 kept|5 refused|9 refused|16 refused|x absent"),
            ("ipv6", "dhcp-hostname-flags", "4 kept|2 refused"),
            ("ipv4", "bogus", "x kept"),
        ] {
            for case in values.split('|') {
                let (value, expected) = case.rsplit_once(' ').unwrap();
                assert_eq!(word(group, key, value), expected, "{group}.{key}={value}");
            }
        }
    }
}
