//! `dns` and `dns-search`.

use std::net::IpAddr;

use super::Family;
use super::table::{Notes, Taken};
use super::value::decimal;
use super::verify::is_interface_name;
use crate::input::keyfile::Group;
use crate::profile::IpSettings;
use crate::profile::ip::DnsServer;

/// The largest number of an option.
const INT: i64 = 0x7fff_ffff;

/// Reads the list of servers; one that is none is left out.
pub(super) fn read_servers(ip: &mut IpSettings, family: Family, group: &Group, notes: &mut Notes<'_>) {
    let Some(entry) = group.get("dns") else { return };
    let items = match entry.list() {
        Ok(items) => items,
        Err(error) => return notes.taken(family.group(), entry, Taken::No(error.to_string())),
    };
    for item in items {
        match server(&item, family) {
            Some(address) => ip.dns.push(DnsServer { address, text: item }),
            None => {
                let why =
                    format!("'{item}' is not an {family} name server and is left out (items are separated by ';')");
                notes.taken(family.group(), entry, Taken::Partly(why));
            }
        }
    }
}

/// The address in `ADDRESS[%LINK][#NAME]` or `SCHEME://ADDRESS[%LINK][:PORT][#NAME]`, with IPv6 in brackets before a port.
pub(crate) fn server(text: &str, family: Family) -> Option<IpAddr> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let (host, name) = rest.split_once('#').map_or((rest, None), |(host, name)| (host, Some(name)));
    if name.is_some_and(str::is_empty) || scheme.is_some_and(|scheme| !matches!(scheme, "dns+udp" | "dns+tls")) {
        return None;
    }
    let host = if scheme.is_some() { without_port(host)? } else { host };
    let (address, link) = host.split_once('%').map_or((host, None), |(address, link)| (address, Some(link)));
    let address = family.address(address)?;
    // Only a link-local address has a link to be reached by.
    let link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    link.is_none_or(|link| link_local && is_interface_name(link)).then_some(address)
}

fn without_port(host: &str) -> Option<&str> {
    let (address, port) = match host.strip_prefix('[') {
        Some(bracketed) => {
            let (address, rest) = bracketed.split_once(']')?;
            (address, rest.is_empty().then_some("1").or_else(|| rest.strip_prefix(':'))?)
        }
        None => host.split_once(':').unwrap_or((host, "1")),
    };
    port.parse::<u16>().ok().filter(|&port| port > 0).map(|_| address)
}

/// Reads the search list. Commas or blanks in an item are probably a list written with the wrong separator; the daemon
/// keeps them.
pub(super) fn read_search(ip: &mut IpSettings, items: Vec<String>) -> Taken {
    let wrong = items.iter().any(|item| item.trim().contains([',', ' ']));
    ip.dns_search = items;
    if wrong { Taken::Partly("separate the domains by ';'".to_owned()) } else { Taken::Yes }
}

/// Reads the resolver's options: of a name the first, with a number or nothing behind the colon. An empty list is not a
/// missing one: it keeps the daemon from adding its own.
pub(super) fn read_options(ip: &mut IpSettings, items: Vec<String>) -> Taken {
    let mut options: Vec<String> = Vec::new();
    let mut left_out = Vec::new();
    for item in items.into_iter().filter(|item| !item.is_empty()) {
        let (name, value) = item.split_once(':').map_or((item.as_str(), None), |(name, value)| (name, Some(value)));
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && decimal(text).is_some_and(|n| n <= INT);
        let known = options.iter().any(|option| option.split(':').next() == Some(name));
        if !value.is_none_or(number) {
            left_out.push(item);
        } else if !known {
            options.push(item);
        }
    }
    let empty = options.is_empty();
    ip.dns_options = options;
    match (left_out.is_empty(), empty) {
        (true, true) => Taken::Kept(String::new()),
        (true, false) => Taken::Yes,
        (false, true) => Taken::Kept("no option with a number behind its colon".to_owned()),
        (false, false) => {
            Taken::Partly(format!("left out, as there is no number behind the colon: {}", left_out.join(" ")))
        }
    }
}
