//! `nameserver=` and `rd.net.dns*`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::builder::Builder;
use super::ip::add_dns;
use super::lex::{Value, number};
use super::reading::Remark;
use crate::profile::{Method4, Method6};

/// Values of `rd.net.dns-backend`.
const BACKENDS: [&str; 5] = ["none", "default", "systemd-resolved", "dnsmasq", "dnsconfd"];

/// Values of `rd.net.dns-resolve-mode`.
const RESOLVE_MODES: [&str; 3] = ["backup", "prefer", "exclusive"];

/// Keeps a `nameserver=` until all profiles exist.
pub(super) fn nameserver<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if value.text().is_empty() {
        return builder.caution(value.origin(), "nameserver= without an address asks for nothing");
    }
    builder.collected.nameservers.push(value);
}

/// Adds every name server to every profile that can use it.
pub(super) fn apply(builder: &mut Builder<'_>) {
    for value in std::mem::take(&mut builder.collected.nameservers) {
        let field = value.fields().next('\0');
        let Ok(server) = field.text.parse::<IpAddr>() else {
            let text = format!("'{}' is no address; each name server takes a nameserver= of its own", field.text);
            let servers: Vec<&str> = field.text.split([',', ';']).collect();
            let apart = servers.len() > 1 && servers.iter().all(|server| server.parse::<IpAddr>().is_ok());
            let instead = apart.then(|| format!("nameserver={}", servers.join(" nameserver=")));
            let remark = Remark::error(value.origin_of(field), text);
            builder.reading.remarks.push(Remark { instead, ..remark });
            continue;
        };
        builder.reading.nameservers.push(server);
        let mut taken = false;
        for entry in &mut builder.entries {
            let uses = match server {
                IpAddr::V4(_) => matches!(entry.method4(), Method4::Auto | Method4::Manual),
                IpAddr::V6(_) => matches!(entry.method6(), Method6::Auto | Method6::Dhcp | Method6::Manual),
            };
            if uses {
                add_dns(entry, server);
                taken |= !entry.is_port();
            }
        }
        if !taken {
            builder.caution(value.origin(), format!("no link can use the name server {server}; an ip= is missing"));
        }
    }
}

/// `rd.net.dns`: may be repeated.
pub(super) fn global<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match check_uri(value.text()) {
        Ok(()) => builder.reading.global_dns.servers.push(value.text().to_owned()),
        Err(wrong) => builder.error(value.origin_of_value(), format!("{wrong}; the server is ignored")),
    }
}

/// `rd.net.dns-backend`.
pub(super) fn backend<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if let Some(word) = one_of(builder, value, &BACKENDS) {
        builder.reading.global_dns.backend = Some(word);
    }
}

/// `rd.net.dns-resolve-mode`.
pub(super) fn resolve_mode<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if let Some(word) = one_of(builder, value, &RESOLVE_MODES) {
        builder.reading.global_dns.resolve_mode = Some(word);
    }
}

/// The value, if it is one of these.
pub(super) fn one_of(builder: &mut Builder<'_>, value: Value<'_>, words: &[&str]) -> Option<String> {
    let found = words.iter().find(|word| **word == value.text());
    if found.is_none() {
        builder.error(
            value.origin_of_value(),
            format!("'{}' is none of {}; it is ignored", value.text(), words.join(", ")),
        );
    }
    found.map(|word| (*word).to_owned())
}

/// What is wrong with `ADDRESS[#NAME]`, `dns+udp://ADDRESS[:PORT]` or `dns+tls://ADDRESS[:PORT][#NAME]`; with a scheme an
/// IPv6 address stands in brackets and, if it is link-local, may name its link after `%`.
fn check_uri(text: &str) -> Result<(), String> {
    let tls = text.strip_prefix("dns+tls://");
    let Some(uri) = tls.or_else(|| text.strip_prefix("dns+udp://")) else {
        let (address, name) = text.split_once('#').map_or((text, None), |(address, name)| (address, Some(name)));
        return match () {
            () if name == Some("") => Err("the server name after '#' is empty".to_owned()),
            () if address.parse::<IpAddr>().is_err() => {
                Err(format!("'{address}' is neither an address nor a known URI"))
            }
            () => Ok(()),
        };
    };
    let (place, name) = uri.rsplit_once('#').map_or((uri, None), |(place, name)| (place, Some(name)));
    match name {
        Some("") => return Err("the server name after '#' is empty".to_owned()),
        Some(_) if tls.is_none() => return Err("a server name is for dns+tls:// only".to_owned()),
        _ => {}
    }
    let port = match place.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']').ok_or("the bracket is not closed")?;
            check_scoped(inside)?;
            after.strip_prefix(':')
        }
        None => {
            let (address, port) = place.split_once(':').map_or((place, None), |(address, port)| (address, Some(port)));
            address
                .parse::<Ipv4Addr>()
                .map_err(|_| format!("'{address}' is no IPv4 address (IPv6 goes into brackets)"))?;
            port
        }
    };
    match port.map(|port| number(port, 1, 65535)) {
        Some(None) => Err("the port is no number from 1 to 65535".to_owned()),
        _ => Ok(()),
    }
}

/// What is wrong with an IPv6 address that may have a scope.
fn check_scoped(text: &str) -> Result<(), String> {
    let (address, scope) = text.split_once('%').map_or((text, ""), |(address, scope)| (address, scope));
    let address: Ipv6Addr = address.parse().map_err(|_| format!("'{address}' is no IPv6 address"))?;
    match () {
        () if scope.len() > 15 => Err(format!("'{scope}' is too long for an interface name")),
        () if !scope.is_empty() && !address.is_unicast_link_local() => {
            Err("only a link-local address has a scope".into())
        }
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses_or_uris() {
        for good in [
            "192.0.2.1",
            "2001:db8::1",
            "192.0.2.1#name",
            "dns+udp://192.0.2.1",
            "dns+udp://192.0.2.1:53",
            "dns+tls://192.0.2.1:853#example.com",
            "dns+tls://[2001:db8::1]",
            "dns+tls://[2001:db8::1]:35#name",
            "dns+udp://[fe80::1%eth0]",
        ] {
            assert_eq!(check_uri(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "foobar",
            "192.0.2.1#",
            "[2001:db8::1]",
            "dns+udp://192.0.2.1#name",
            "dns+tls://192.0.2.1:0",
            "dns+tls://192.0.2.1#",
            "dns+tls://2001:db8::1",
            "dns+tls://[2001:db8::1",
            "dns+udp://[2001:db8::1%eth0]",
            "dns+udp://[fe80::1%interface-too-long]",
            "https://192.0.2.1",
            "dns+udp://[::1]:x",
        ] {
            assert!(check_uri(bad).is_err(), "{bad}");
        }
    }
}
