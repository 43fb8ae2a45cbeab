//! What dracut's own scripts read of a network: `/tmp/net.*` and `/tmp/dhclient.*`, written only when asked for
//! (`up --dracut`).
//!
//! `netroot`, the NFS, iSCSI and syslog handlers source two of these files as root. So each value in them must be made of
//! `PLAIN` characters only, whatever type it came from; one that is not is left out, never escaped.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::file::StateFile;
use crate::activate::{LinkOutcome, LinkState, Outcome};
use crate::profile::desired::DesiredRoute;
use crate::profile::sort::sort_by_key;
use crate::profile::{HwAddr, LinkKind, Origin};
use crate::proto::dhcp4::Lease;
use crate::proto::dhcp6;

/// What of the command line these files repeat.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `bootdev=` or `BOOTIF=`: an interface name or a MAC.
    pub bootdev: Option<String>,
    /// The second field of `ip=` by the file stem of its profile.
    pub servers: Vec<(String, IpAddr)>,
}

/// Where the hook finds the interfaces to offer to `netroot`, one a line, the best first.
pub const INTERFACES: &str = "/tmp/sunup.ifaces";

/// Besides letters and digits, all that a value may hold. None of these means anything to a shell inside single quotes, and none
/// but `?`, `[`, `#` and `~` outside of them: those can at most name other files.
const PLAIN: &[u8] = b"-._~:/@[],=+%#?";

/// The values that are lists, with a space between the parts. Others have none: their readers do not always quote them.
const LISTS: [&str; 7] = [
    "new_routers",
    "new_domain_name_servers",
    "new_domain_search",
    "new_log_servers",
    "new_ntp_servers",
    "new_dhcp6_name_servers",
    "new_dhcp6_domain_search",
];

/// Every file, for all links that came up.
pub fn files(outcome: &Outcome, asked: &Asked) -> Vec<StateFile> {
    let up: Vec<&LinkOutcome> = outcome.links.iter().filter(|link| is_up(link)).collect();
    let mut files: Vec<StateFile> = up.iter().flat_map(|link| of_link(link, asked)).collect();
    let bootdev = asked.bootdev.as_deref().map(|bootdev| name_of(outcome, bootdev));
    let bootdev = bootdev.filter(|name| is_plain_name(name) || name.parse::<HwAddr>().is_ok());
    files.extend(bootdev.as_ref().map(|name| StateFile::public("/tmp/net.bootdev", format!("{name}\n"))));
    let all = first(bootdev.as_deref(), interfaces(outcome));
    if !all.is_empty() {
        files.push(StateFile::public("/tmp/net.ifaces", format!("{}\n", all.join(" "))));
    }
    let usable = up.iter().filter(|link| has_address(link)).map(|link| link.device.name.clone()).collect();
    let list: String = first(bootdev.as_deref(), usable).iter().map(|name| format!("{name}\n")).collect();
    files.push(StateFile::public(INTERFACES, list));
    files
}

/// Up, no port of another link, and with a name that may be part of a path.
fn is_up(link: &LinkOutcome) -> bool {
    link.state == LinkState::Up && link.profile.controller.is_none() && is_plain_name(&link.device.name)
}

fn has_address(link: &LinkOutcome) -> bool {
    !link.target.addresses.is_empty() || !link.autoconf.is_empty()
}

/// A name that is a plain file name and one word to a shell.
fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@');
    matches!(name.len(), 1..=15) && !name.starts_with(['.', '-']) && name.bytes().all(plain)
}

/// The name of the link that `bootdev` means; as it is where there is no such link.
fn name_of(outcome: &Outcome, bootdev: &str) -> String {
    let mac = bootdev.parse().ok();
    let is_it = |link: &&LinkOutcome| mac.is_some() && (link.device.match_mac() == mac || link.device.mac == mac);
    outcome.links.iter().find(is_it).map_or_else(|| bootdev.to_owned(), |link| link.device.name.clone())
}

/// The names that `all_ifaces_setup` waits for: every link that is up or that the command line names.
fn interfaces(outcome: &Outcome) -> Vec<String> {
    let named = |link: &&LinkOutcome| {
        let asked = matches!(link.profile.origin, Origin::CommandLine { .. }) && link.profile.interface_name.is_some();
        link.profile.controller.is_none() && (link.state == LinkState::Up || asked)
    };
    let missing = outcome.missing.iter().filter(|one| one.required && one.profile.controller.is_none());
    let missing = missing.filter_map(|one| one.profile.interface_name.clone());
    let there = outcome.links.iter().filter(named).map(|link| link.device.name.clone());
    there.chain(missing).filter(|name| is_plain_name(name)).collect()
}

/// The list with `wanted` at its head if it is in it, each name once.
fn first(wanted: Option<&str>, mut names: Vec<String>) -> Vec<String> {
    sort_by_key(&mut names, |name| Some(name.as_str()) != wanted);
    let mut out: Vec<String> = Vec::new();
    names.into_iter().for_each(|name| {
        if !out.contains(&name) {
            out.push(name)
        }
    });
    out
}

fn of_link(link: &LinkOutcome, asked: &Asked) -> Vec<StateFile> {
    let name = &link.device.name;
    let mut files = Vec::new();
    let mut options = link.lease4.as_ref().map(dhcp_options).unwrap_or_default();
    let rooted = options.iter().any(|(key, value)| *key == "new_root_path" && !value.is_empty());
    options.extend(link.lease6.as_ref().map(|lease| dhcp6_options(lease, rooted)).unwrap_or_default());
    if !options.is_empty() {
        files.push(StateFile::public(format!("/tmp/dhclient.{name}.dhcpopts"), shell(&options)));
    }
    let address = link.target.addresses.first().map(|address| address.net);
    let leased = link.lease4.is_some() || link.lease6.as_ref().is_some_and(|lease| !lease.is_empty());
    if let Some(address) = address.filter(|_| !leased) {
        files.push(StateFile::public(format!("/tmp/net.{name}.override"), shell(&fixed(link, address, asked))));
    }
    // A VLAN has its parent's MAC: that file would speak for the parent.
    let mac = link.device.mac.filter(|_| !matches!(link.profile.kind, LinkKind::Vlan(_)));
    for key in std::iter::once(name.clone()).chain(mac.map(|mac| mac.to_string().to_lowercase())) {
        files.extend(["up", "did-setup"].map(|what| StateFile::public(format!("/tmp/net.{key}.{what}"), "")));
    }
    files
}

type Pair = (&'static str, String);

/// Assignments that a shell may source. Empty values and those with any other character are left out.
fn shell(pairs: &[Pair]) -> String {
    let plain = |key: &str, value: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || PLAIN.contains(&b) || b == b' ' && LISTS.contains(&key);
        !value.is_empty() && value.bytes().all(allowed)
    };
    let fit = pairs.iter().filter(|(key, value)| plain(key, value));
    fit.map(|(key, value)| format!("{key}='{value}'\n")).collect()
}

fn list<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// The lease under the names that dhclient gives its script.
fn dhcp_options(lease: &Lease) -> Vec<Pair> {
    let network = lease.network();
    vec![
        ("new_ip_address", lease.address.to_string()),
        ("new_subnet_mask", text(network.map(|net| net.netmask()).as_ref())),
        ("new_broadcast_address", text(lease.broadcast.as_ref())),
        ("new_routers", list(&lease.routers)),
        ("new_dhcp_server_identifier", lease.server.to_string()),
        ("new_dhcp_lease_time", lease.lease_time.map_or(u64::from(u32::MAX), |time| time.as_secs()).to_string()),
        ("new_domain_name_servers", list(&lease.dns)),
        ("new_host_name", text(lease.hostname.as_ref())),
        ("new_domain_name", text(lease.domain.as_ref())),
        ("new_domain_search", list(&lease.search)),
        ("new_nis_domain", text(lease.nis_domain.as_ref())),
        ("new_interface_mtu", text(lease.mtu.as_ref())),
        ("new_log_servers", list(&lease.log_servers)),
        ("new_ntp_servers", list(&lease.ntp)),
        ("new_root_path", text(lease.root_path.as_ref())),
        ("new_next_server", text(lease.next_server.as_ref())),
        ("new_tftp_server_name", text(lease.tftp_server_name.as_ref())),
        ("new_filename", text(lease.boot_file.as_ref())),
        ("filename", text(lease.boot_file.as_ref())),
    ]
}

/// A DHCPv6 lease under dhclient's names. Its boot file's URL (RFC 5970) is the root of `root=dhcp6`, unless DHCPv4 named one.
fn dhcp6_options(lease: &dhcp6::Lease, rooted: bool) -> Vec<Pair> {
    let url = text(lease.boot_file_url.as_ref());
    let mut pairs = vec![
        ("new_ip6_address", text(lease.addresses.first().map(|one| one.address).as_ref())),
        ("new_dhcp6_name_servers", list(&lease.dns)),
        ("new_dhcp6_domain_search", list(&lease.search)),
        ("new_dhcp6_bootfile_url", url.clone()),
    ];
    if !rooted {
        pairs.push(("new_root_path", url));
    }
    pairs
}

/// The fields of a static `ip=`, under the names that dracut's own reader gives them.
fn fixed(link: &LinkOutcome, address: IpNet, asked: &Asked) -> Vec<Pair> {
    let server = asked.servers.iter().find(|(stem, _)| *stem == link.profile.file_stem);
    let mask = match address {
        IpNet::V4(net) => net.netmask().to_string(),
        IpNet::V6(net) => net.prefix_len().to_string(),
    };
    let of_family = |route: &&DesiredRoute| {
        route.destination.prefix_len() == 0 && route.destination.addr().is_ipv4() == address.addr().is_ipv4()
    };
    let gateway = link.target.routes.iter().find(of_family).and_then(|route| route.gateway);
    let gateway = gateway.filter(|&gateway| gateway != IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let mut servers = link.dns.servers.iter();
    vec![
        ("ip", bracketed(address.addr())),
        ("srv", text(server.map(|(_, server)| bracketed(*server)).as_ref())),
        ("gw", text(gateway.map(bracketed).as_ref())),
        ("mask", mask),
        ("macaddr", text(link.target.mac.as_ref()).to_lowercase()),
        ("mtu", text(link.target.mtu.as_ref())),
        ("dns1", text(servers.next())),
        ("dns2", text(servers.next())),
    ]
}

/// As dracut writes addresses where a colon follows: an IPv6 address in brackets.
fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_any_other_character_is_left_out_not_escaped() {
        let hostile = [
            "$(reboot)",
            "`reboot`",
            "a'b",
            "a\"b",
            "a\\b",
            "a\nb",
            "a;b",
            "a&b",
            "a|b",
            "a*b",
            "a{b,c}",
            "a!b",
            "two words",
            "ä",
            "",
        ];
        for value in hostile {
            assert_eq!(
                shell(&[("new_root_path", value.to_owned()), ("srv", "192.0.2.1".to_owned())]),
                "srv='192.0.2.1'\n"
            );
        }
    }

    #[test]
    fn only_a_list_has_spaces() {
        let two = |key| shell(&[(key, "one two".to_owned())]);
        assert!(LISTS.into_iter().all(|key| two(key) == format!("{key}='one two'\n")));
        assert_eq!(["new_root_path", "new_filename", "srv", "new_domain_name"].map(two).concat(), "");
    }

    #[test]
    fn a_name_is_a_file_name_and_one_word() {
        assert!(["eth0", "enp0s31f6", "eth0.5", "lan@1", "a-b_c"].into_iter().all(is_plain_name));
        let bad = ["", ".", "..", "-a", ".a", "a/b", "a b", "a$b", "a'b", "a;b", "a\n", "sixteen-letters-"];
        assert!(!bad.into_iter().any(is_plain_name));
    }

    #[test]
    fn the_boot_interface_goes_first_and_nothing_twice() {
        let names = || ["eth0", "eth1", "eth0"].map(str::to_owned).to_vec();
        assert_eq!(first(Some("eth1"), names()), ["eth1", "eth0"]);
        assert_eq!(first(None, names()), ["eth0", "eth1"]);
        assert_eq!(first(Some("eth9"), names()), ["eth0", "eth1"], "one that did not come up is not offered");
    }
}
