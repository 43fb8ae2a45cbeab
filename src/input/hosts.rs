//! `/etc/hosts`: names that are known without asking anybody.

use std::net::IpAddr;
use std::path::Path;

use super::firmware::contents;
use crate::profile::wireguard::split_endpoint;
use crate::profile::{LinkKind, Profile};

/// What is longer is not read.
const LONGEST: u64 = 1 << 20;
/// Addresses of one name.
const MOST: usize = 16;

/// The addresses (hosts(5)) of names that are endpoints of tunnels, in the order of the file. What is malformed is passed over.
pub(super) fn of_endpoints(root: &Path, profiles: &[Profile]) -> Vec<(String, IpAddr)> {
    let mut names: Vec<&str> = Vec::new();
    for profile in profiles {
        let LinkKind::WireGuard(link) = &profile.kind else { continue };
        let hosts = link.peers.iter().filter_map(|peer| Some(split_endpoint(peer.endpoint.as_deref()?)?.0));
        names.extend(hosts.filter(|host| host.parse::<IpAddr>().is_err()));
    }
    if names.is_empty() {
        return Vec::new();
    }
    let text = contents(&root.join("etc/hosts"), LONGEST).unwrap_or_default();
    find(&String::from_utf8_lossy(&text), &names)
}

fn find(text: &str, names: &[&str]) -> Vec<(String, IpAddr)> {
    let mut found: Vec<(String, IpAddr)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        // No name of a peer leads nowhere; lists of names to be blocked do.
        let address = words.next().and_then(|word| word.parse().ok()).filter(|ip: &IpAddr| !ip.is_unspecified());
        let Some(address) = address else { continue };
        for word in words {
            for name in names.iter().filter(|name| name.eq_ignore_ascii_case(word)) {
                let same = found.iter().filter(|(known, _)| known == name).count();
                if same < MOST && !found.iter().any(|(known, ip)| known == name && *ip == address) {
                    found.push(((*name).to_owned(), address));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_addresses_of_all_its_lines() {
        let text = "127.0.0.1 localhost\n192.0.2.1\tvpn.example vpn # 192.0.2.9 vpn\n2001:db8::1 VPN\n0.0.0.0 vpn\nvpn 192.0.2.2\n\
                    192.0.2.1 vpn vpn\n192.0.2.300 vpn\n\u{0}\n192.0.2.4";
        let found = find(text, &["vpn", "other"]);
        let shown: Vec<String> = found.iter().map(|(name, address)| format!("{name} {address}")).collect();
        assert_eq!(shown, ["vpn 192.0.2.1", "vpn 2001:db8::1"]);
        let many: String = (0..99).map(|n| format!("192.0.2.{n} vpn\n")).collect();
        assert_eq!(find(&many, &["vpn"]).len(), MOST);
    }
}
