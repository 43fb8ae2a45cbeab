//! The host that is waited for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::activate::Dns;
use crate::input::{hosts, resolv_conf};
use crate::kernel::Kernel;
use crate::proto::dns;

/// A host, and the port it listens on.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    host: Host,
    /// `None`: that its neighbour answers is enough.
    pub(super) port: Option<u16>,
}

#[derive(Debug, PartialEq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

impl Target {
    /// `HOST` or `HOST:PORT`, where an IPv6 address with a port is in brackets; `None` for what is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let address = |address, port| Some(Self { host: Host::Address(address), port });
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return address(socket.ip(), Some(socket.port()));
        }
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Ok(found) = inner.unwrap_or(text).parse::<IpAddr>() {
            return (inner.is_none() || found.is_ipv6()).then(|| address(found, None))?;
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok().filter(|&port| port != 0)?)),
            None => (text, None),
        };
        // What ends in a number is an address with a slip in it (RFC 3696, section 2).
        let last = name.trim_end_matches('.').rsplit('.').next()?;
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
        (dns::is_name(name) && !numeric).then(|| Self { host: Host::Name(name.to_owned()), port })
    }

    /// Its addresses: those of a name from `/etc/hosts`, else from the name servers of resolv.conf and of the last `up`, within
    /// this time. An error says why there are none.
    pub(super) fn addresses(&self, kernel: &mut Kernel, root: &Path, within: Duration) -> Result<Vec<IpAddr>, String> {
        let name = match &self.host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) => name,
        };
        let known = hosts::addresses(root, name);
        if !known.is_empty() {
            return Ok(known);
        }
        let mut resolver = Dns::default();
        for file in ["etc/resolv.conf", "run/sunup/resolv.conf"] {
            let (servers, search) = resolv_conf::read_file(&root.join(file));
            resolver.merge(&Dns { servers, search, ..Dns::default() });
        }
        let links = kernel.survey().map(|snapshot| snapshot.links).unwrap_or_default();
        let index = |zone: &str| Some(links.iter().find(|link| link.name == zone)?.ifindex);
        let servers = resolver.servers.iter().filter_map(|server| dns::server(server, &index)).collect();
        let found = crate::poll::look_up(name, servers, resolver.search, within);
        found.map_err(|why| format!("{self} is not reached: {why}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (Host::Address(address), Some(port)) => write!(f, "{}", SocketAddr::new(*address, port)),
            (Host::Address(address), None) => write!(f, "{address}"),
            (Host::Name(name), Some(port)) => write!(f, "{name}:{port}"),
            (Host::Name(name), None) => write!(f, "{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_with_or_without_a_port() {
        let good = [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "[2001:db8::1]:443"),
            ("tang", "tang"),
            ("tang.example.:7500", "tang.example.:7500"),
            ("2tang.example", "2tang.example"),
        ];
        for (text, shown) in good {
            assert_eq!(Target::parse(text).map(|target| target.to_string()).as_deref(), Some(shown), "{text}");
        }
        assert!(matches!(Target::parse("2001:db8::1:80").unwrap().host, Host::Address(_)), "no port without brackets");
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            "",
            ":80",
            "192.0.2.1:http",
            "192.0.2",
            "10.77.0.999",
            "[192.0.2.1]",
            "[tang]:80",
            "tang:0",
            "tang:65536",
            "tang:",
            "a b",
            "tang$(x)",
            "[2001:db8::1",
            "2001:db8::g",
            "http://tang",
            "tang/x",
            "..",
            "1",
            "a..b",
        ];
        for text in bad {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
