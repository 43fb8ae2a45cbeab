//! `/run/net-IF.conf`: what klibc's `ipconfig` leaves, read by initramfs-tools, cloud-init and scripts. It is sourced by shells as root:
//! every value is in single quotes, and none can hold a quote, because each is an address, a number or a whitelisted name.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::file::StateFile;
use crate::activate::LinkOutcome;
use crate::profile::desired::DesiredAddress;

/// `/run/net-IF.conf` for IPv4 and `/run/net6-IF.conf` for IPv6 that is static or leased; none for a name that is no plain file name.
pub fn files(link: &LinkOutcome) -> Vec<StateFile> {
    let name = &link.device.name;
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@')) {
        return Vec::new();
    }
    let v4 = ipv4(link).map(|pairs| StateFile::public(format!("/run/net-{name}.conf"), render(&pairs)));
    let v6 = ipv6(link).map(|pairs| StateFile::public(format!("/run/net6-{name}.conf"), render(&pairs)));
    v4.into_iter().chain(v6).collect()
}

fn render(pairs: &[(String, String)]) -> String {
    let harmless =
        |value: &str| value.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\'' | b'!' | b'\\') || b == b' ');
    let line = |(key, value): &(String, String)| format!("{key}='{}'\n", if harmless(value) { value } else { "" });
    pairs.iter().map(line).collect()
}

/// All keys, in ipconfig's order, empty rather than absent.
fn ipv4(link: &LinkOutcome) -> Option<Vec<(String, String)>> {
    let address = link.target.addresses.iter().find(|address| matches!(address.net, IpNet::V4(_)))?;
    let lease = link.lease4.as_ref();
    let mut pairs = Vec::new();
    let mut add = |key: &str, value: String| pairs.push((key.to_owned(), value));
    let or_zero = |address: Option<Ipv4Addr>| address.unwrap_or(Ipv4Addr::UNSPECIFIED).to_string();
    // cloud-init makes a route of 0.0.0.0, where ipconfig writes that; nothing is made of an empty value.
    let or_nothing = |address: Option<Ipv4Addr>| address.map(|address| address.to_string()).unwrap_or_default();
    add("DEVICE", link.device.name.clone());
    add("PROTO", if lease.is_some() { "dhcp" } else { "none" }.to_owned());
    add("IPV4ADDR", address.net.addr().to_string());
    add("IPV4BROADCAST", or_nothing(address.broadcast));
    add("IPV4NETMASK", address.net.netmask().to_string());
    // Routes of option 121 stand in the place of the gateway, as ipconfig writes them.
    let classless = lease.map(|lease| lease.classless_routes.as_slice()).unwrap_or_default();
    for (number, (destination, router)) in classless.iter().enumerate() {
        add(&format!("IPV4ROUTE{number}SUBNET"), destination.to_string());
        add(&format!("IPV4ROUTE{number}GATEWAY"), router.to_string());
    }
    if classless.is_empty() {
        add("IPV4GATEWAY", or_nothing(gateway(link).filter(|gateway| !gateway.is_unspecified())));
    }
    let servers = dns(link);
    add("IPV4DNS0", or_zero(servers.first().copied()));
    add("IPV4DNS1", or_zero(servers.get(1).copied()));
    let text = |value: Option<String>| value.unwrap_or_default();
    add("HOSTNAME", text(lease.and_then(|l| l.hostname.as_ref().map(ToString::to_string))));
    add("DNSDOMAIN", text(lease.and_then(|l| l.domain.as_ref().map(ToString::to_string))));
    add("NISDOMAIN", text(lease.and_then(|l| l.nis_domain.as_ref().map(ToString::to_string))));
    add("ROOTSERVER", or_zero(lease.and_then(|l| l.next_server)));
    add("ROOTPATH", text(lease.and_then(|l| l.root_path.as_ref().map(ToString::to_string))));
    add("filename", text(lease.and_then(|l| l.boot_file.as_ref().map(ToString::to_string))));
    add("UPTIME", link.timing.done.map_or(0, |at| at.since_boot().as_secs()).to_string());
    add("DHCPLEASETIME", lease_seconds(link).to_string());
    add("DOMAINSEARCH", link.dns.search.join(" "));
    Some(pairs)
}

fn lease_seconds(link: &LinkOutcome) -> u64 {
    match link.lease4.as_ref().map(|lease| lease.lease_time) {
        Some(Some(time)) => time.as_secs(),
        Some(None) => u64::from(u32::MAX),
        None => 0,
    }
}

fn gateway(link: &LinkOutcome) -> Option<Ipv4Addr> {
    let default = link.target.routes.iter().find(|route| route.destination == IpNet::V4(ipnet::Ipv4Net::default()))?;
    match default.gateway {
        Some(IpAddr::V4(gateway)) => Some(gateway),
        _ => None,
    }
}

fn dns(link: &LinkOutcome) -> Vec<Ipv4Addr> {
    link.dns.servers.iter().filter_map(|server| server.parse().ok()).collect()
}

/// Static or leased IPv6: of router advertisements cloud-init makes up its own mind.
fn ipv6(link: &LinkOutcome) -> Option<Vec<(String, String)>> {
    let is_v6 = |address: &&DesiredAddress| matches!(address.net, IpNet::V6(_));
    let address = link.target.addresses.iter().find(is_v6)?;
    let leased =
        link.lease6.iter().flat_map(|lease| &lease.addresses).any(|leased| address.net.addr() == leased.address);
    let gateway = link.target.routes.iter().find(|route| route.destination == IpNet::V6(ipnet::Ipv6Net::default()));
    let server = link.dns.servers.iter().find(|server| server.parse::<std::net::Ipv6Addr>().is_ok());
    let gateway = gateway.and_then(|route| route.gateway).map(|gateway| gateway.to_string());
    let pairs = [
        ("DEVICE6", link.device.name.clone()),
        ("IPV6PROTO", if leased { "dhcp6" } else { "none" }.to_owned()),
        ("IPV6ADDR", address.net.addr().to_string()),
        ("IPV6NETMASK", address.net.prefix_len().to_string()),
        ("IPV6GATEWAY", gateway.unwrap_or_default()),
        ("IPV6DNS0", server.cloned().unwrap_or_default()),
        ("IPV6DOMAINSEARCH", link.dns.search.join(" ")),
    ];
    Some(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}
