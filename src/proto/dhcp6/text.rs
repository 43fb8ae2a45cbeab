//! A lease as pairs of key and value, see [`crate::proto::remembered`].

use std::fmt::Display;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::lease::{Address, Lease, Prefix, TimeServer};
use super::reply::{MAX_DUID, MAX_PARAMETERS, can_be_leased, is_server, net};
use crate::proto::Instant;
use crate::proto::domains::MAX_NAMES;
use crate::proto::names::{BootFile, DomainName};
use crate::proto::remembered::{
    self, FOR_EVER, Field, checked, field, hex, list, milliseconds, option, some, unhex, unmilliseconds, words,
};

/// Without these a lease is none.
const REQUIRED: [&str; 4] = ["acquired", "duid", "iaid", "server-duid"];

const FIELDS: &[Field<Lease>] = &[
    field!("addresses", addresses, |all: &Vec<_>| list(all, address), |text| {
        words(text, Lease::MAX_ADDRESSES, unaddress)
    }),
    field!("prefixes", prefixes, |all: &Vec<_>| list(all, prefix), |text| words(text, Lease::MAX_ADDRESSES, unprefix)),
    field!("server-duid", server_duid, bytes, unduid),
    field!("acquired", acquired, |at: &Instant| some(&at.as_millis()), |text: &str| {
        Some(Instant::from_millis(text.parse().ok()?))
    }),
    field!("t1", t1, |time: &Duration| Some(duration(*time)), unduration),
    field!("t2", t2, |time: &Duration| Some(duration(*time)), unduration),
    field!("dns", dns, |all: &Vec<_>| list(all, Ipv6Addr::to_string), |text| words(text, Lease::MAX_SERVERS, server)),
    field!("search", search, |all: &Vec<_>| list(all, DomainName::to_string), |text| words(text, MAX_NAMES, name)),
    field!("ntp", ntp, |all: &Vec<_>| list(all, TimeServer::to_string), |text| {
        words(text, Lease::MAX_SERVERS, time_server)
    }),
    field!("boot-file-url", boot_file_url, option, |text| Some(Some(boot_file(text)?))),
    field!("boot-file-params", boot_file_params, |all: &Vec<_>| list(all, BootFile::to_string), |text| {
        words(text, MAX_PARAMETERS, boot_file)
    }),
    field!("fqdn", fqdn, option, |text| Some(Some(name(text)?))),
    field!("refresh-time", refresh_time, |time: &Option<_>| time.map(duration), |text| Some(Some(unduration(text)?))),
    field!("duid", duid, bytes, unduid),
    field!("iaid", iaid, some, |text: &str| text.parse().ok()),
];

impl Lease {
    /// The lease as pairs of key and value: printable ASCII, lists separated by spaces, no quotes anywhere. Times are milliseconds
    /// or `infinite`, `acquired` since boot. An address is `address,preferred,valid`, a prefix likewise. What is not there has no pair.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        remembered::to_pairs(FIELDS, self)
    }

    /// The lease that [`Lease::to_pairs`] wrote. Unknown keys are skipped; a value that is damaged counts as absent. `None` without
    /// both DUIDs, the IAID and the time of acquisition.
    pub fn from_pairs(pairs: &[(String, String)]) -> Option<Self> {
        let mut lease = remembered::enter(FIELDS, &REQUIRED, pairs, Self::bare())?;
        lease.order_times();
        Some(lease)
    }
}

/// A time without end is [`Duration::MAX`].
fn duration(time: Duration) -> String {
    if time == Duration::MAX { FOR_EVER.to_owned() } else { milliseconds(time) }
}

fn unduration(text: &str) -> Option<Duration> {
    if text == FOR_EVER { Some(Duration::MAX) } else { unmilliseconds(text) }
}

fn timed(what: &impl Display, preferred: Duration, valid: Duration) -> String {
    format!("{what},{},{}", duration(preferred), duration(valid))
}

/// Three parts, lifetimes in their order and not over.
fn untimed(text: &str) -> Option<(&str, Duration, Duration)> {
    let (what, times) = text.split_once(',')?;
    let (preferred, valid) = times.split_once(',')?;
    let (preferred, valid) = (unduration(preferred)?, unduration(valid)?);
    (preferred <= valid && !valid.is_zero()).then_some((what, preferred, valid))
}

fn address(address: &Address) -> String {
    timed(&address.address, address.preferred, address.valid)
}

fn unaddress(text: &str) -> Option<Address> {
    let (text, preferred, valid) = untimed(text)?;
    let address = text.parse().ok().filter(|&address| can_be_leased(address))?;
    Some(Address { address, preferred, valid })
}

fn prefix(prefix: &Prefix) -> String {
    timed(&prefix.prefix, prefix.preferred, prefix.valid)
}

fn unprefix(text: &str) -> Option<Prefix> {
    let (text, preferred, valid) = untimed(text)?;
    let prefix: Ipv6Net = text.parse().ok()?;
    Some(Prefix { prefix: net(prefix.addr(), prefix.prefix_len())?, preferred, valid })
}

fn server(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().filter(is_server)
}

fn name(text: &str) -> Option<DomainName> {
    checked(DomainName::parse, text)
}

fn boot_file(text: &str) -> Option<BootFile> {
    checked(BootFile::parse, text)
}

fn time_server(text: &str) -> Option<TimeServer> {
    server(text).map(TimeServer::Address).or_else(|| name(text).map(TimeServer::Name))
}

fn bytes(bytes: &[u8]) -> Option<String> {
    Some(hex(bytes))
}

fn unduid(text: &str) -> Option<Vec<u8>> {
    unhex(text, MAX_DUID).filter(|duid| !duid.is_empty())
}
