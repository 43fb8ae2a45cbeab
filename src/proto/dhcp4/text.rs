//! A lease as pairs of key and value, see [`crate::proto::remembered`].

use std::net::Ipv4Addr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::lease::Lease;
use super::options::{MAX_ROUTES, MAX_SEARCH, MAX_SERVERS, MIN_MTU, is_usable};
use crate::proto::Instant;
use crate::proto::names::{BootFile, DomainName, HostName, NameError, RootPath, ServerName};
use crate::proto::remembered::{
    self, FOR_EVER, Field, checked, field, hex, list, milliseconds, option, some, unhex, unmilliseconds, words,
};

/// Without these a lease is none. A lease whose end got lost must not become one for ever.
const REQUIRED: [&str; 5] = ["address", "prefix", "server", "acquired", "lease-time"];
/// Of an option of DHCP.
const MAX_CLIENT_ID: usize = 255;

const FIELDS: &[Field<Lease>] = &[
    field!("address", address, some, usable),
    field!("prefix", prefix_len, some, prefix),
    field!("server", server, some, usable),
    field!("acquired", acquired, |at: &Instant| some(&at.as_millis()), |text| Some(Instant::new(unmilliseconds(
        text
    )?))),
    field!("lease-time", lease_time, lease_time, unlease_time),
    field!("t1", t1, time, unmilliseconds),
    field!("t2", t2, time, unmilliseconds),
    field!("client-id", client_id, |id: &Option<Vec<u8>>| id.as_deref().map(hex), |text| {
        unhex(text, MAX_CLIENT_ID).map(Some)
    }),
    field!("routers", routers, addresses, servers),
    field!("static-routes", static_routes, routes, unroutes),
    field!("classless-routes", classless_routes, routes, unroutes),
    field!("dns", dns, addresses, servers),
    field!("ntp", ntp, addresses, servers),
    field!("log-servers", log_servers, addresses, servers),
    field!("host-name", hostname, option, |text| name(HostName::parse, text)),
    field!("domain", domain, option, |text| name(DomainName::parse, text)),
    field!("search", search, |all: &Vec<_>| list(all, DomainName::to_string), search),
    field!("nis-domain", nis_domain, option, |text| name(DomainName::parse, text)),
    field!("mtu", mtu, option, mtu),
    field!("root-path", root_path, option, |text| name(RootPath::parse, text)),
    field!("next-server", next_server, option, |text| usable(text).map(Some)),
    field!("tftp-server-name", tftp_server_name, option, |text| name(ServerName::parse, text)),
    field!("boot-file", boot_file, option, |text| name(BootFile::parse, text)),
];

impl Lease {
    /// The lease as pairs of key and value: printable ASCII, with no `=` in a key and no quotes anywhere. Times are milliseconds,
    /// `acquired` since boot. What was dropped is not remembered.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        remembered::to_pairs(FIELDS, self)
    }

    /// The lease that [`Lease::to_pairs`] wrote. Unknown keys are skipped; a value that is damaged counts as absent. `None` without
    /// a usable address, prefix length, server, time of acquisition and lease time.
    pub fn from_pairs(pairs: &[(String, String)]) -> Option<Self> {
        let bare = Self::bare(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, Instant::default());
        let mut lease = remembered::enter(FIELDS, &REQUIRED, pairs, bare)?;
        if let Some(time) = lease.lease_time {
            lease.set_times(time, Some(lease.t1), Some(lease.t2));
        }
        lease.set_broadcast();
        Some(lease)
    }
}

fn addresses(all: &[Ipv4Addr]) -> Option<String> {
    list(all, Ipv4Addr::to_string)
}

fn routes(routes: &[(Ipv4Net, Ipv4Addr)]) -> Option<String> {
    list(routes, |(net, router)| format!("{net}>{router}"))
}

fn time(time: &Duration) -> Option<String> {
    Some(milliseconds(*time))
}

fn lease_time(time: &Option<Duration>) -> Option<String> {
    Some(time.map_or_else(|| FOR_EVER.to_owned(), milliseconds))
}

fn usable(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().filter(|&address| is_usable(address))
}

fn prefix(text: &str) -> Option<u8> {
    text.parse().ok().filter(|length| (1..=32).contains(length))
}

fn unlease_time(text: &str) -> Option<Option<Duration>> {
    if text == FOR_EVER { Some(None) } else { unmilliseconds(text).filter(|time| !time.is_zero()).map(Some) }
}

fn servers(text: &str) -> Option<Vec<Ipv4Addr>> {
    words(text, MAX_SERVERS, usable)
}

fn search(text: &str) -> Option<Vec<DomainName>> {
    words(text, MAX_SEARCH, |word| checked(DomainName::parse, word))
}

fn unroutes(text: &str) -> Option<Vec<(Ipv4Net, Ipv4Addr)>> {
    words(text, MAX_ROUTES, |word| {
        let (net, router) = word.split_once('>')?;
        let router = Ipv4Addr::from_str(router).ok().filter(|&r| r.is_unspecified() || is_usable(r))?;
        Some((Ipv4Net::from_str(net).ok()?.trunc(), router))
    })
}

fn mtu(text: &str) -> Option<Option<u16>> {
    text.parse().ok().filter(|&mtu| mtu >= MIN_MTU).map(Some)
}

fn name<T>(parse: fn(&[u8]) -> Result<T, NameError>, text: &str) -> Option<Option<T>> {
    checked(parse, text).map(Some)
}
