//! `/etc/hosts`: addresses of names, without asking anybody.

use std::net::IpAddr;
use std::path::Path;

use super::file::contents;
use crate::profile::wireguard::split_endpoint;
use crate::profile::{LinkKind, Profile};

/// No such file is longer, but for those that block half of the world.
const LONGEST: u64 = 4 << 20;
/// Addresses of an endpoint.
const MOST: usize = 16;

/// The addresses of a host by hosts(5), in the order of the file. What is malformed is passed over.
pub fn addresses(root: &Path, name: &str) -> Vec<IpAddr> {
    parse(&text(root), name)
}

/// The addresses of names that are endpoints of tunnels. Those that only block a name are none.
pub(super) fn of_endpoints(root: &Path, profiles: &[Profile]) -> Vec<(String, IpAddr)> {
    let mut names = std::collections::BTreeSet::new();
    for profile in profiles {
        let LinkKind::WireGuard(link) = &profile.kind else { continue };
        let hosts = link.peers.iter().filter_map(|peer| Some(split_endpoint(peer.endpoint.as_deref()?)?.0));
        names.extend(hosts.filter(|host| host.parse::<IpAddr>().is_err()));
    }
    let text = if names.is_empty() { String::new() } else { text(root) };
    let mut found = Vec::new();
    for name in names {
        let usable = parse(&text, name).into_iter().filter(|address| !address.is_unspecified());
        found.extend(usable.take(MOST).map(|address| (name.to_owned(), address)));
    }
    found
}

fn text(root: &Path) -> String {
    String::from_utf8_lossy(&contents(&root.join("etc/hosts"), LONGEST).unwrap_or_default()).into_owned()
}

fn parse(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let one = |line: &str| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    };
    text.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_in_any_case_but_no_comment() {
        let text =
            "127.0.0.1 localhost\n192.0.2.1\tTang.example tang # other\n2001:db8::1 tang\nx tang\n#192.0.2.2 tang\n";
        let expected: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(parse(text, "tang"), expected);
        assert_eq!(parse(text, "TANG.example."), expected[..1]);
        assert!(parse(text, "other").is_empty() && parse(text, "").is_empty());
    }
}
