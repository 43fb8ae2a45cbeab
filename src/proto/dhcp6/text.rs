//! A lease as pairs of key and value, to remember it across runs.
//!
//! Writing and reading go through one table of fields. What is read is checked as if it came from the network: a file of an
//! earlier run may be damaged, or may not be from us at all.

use std::fmt::Display;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::lease::{Address, Lease, Prefix, TimeServer};
use super::reply::{MAX_DUID, MAX_PARAMETERS, can_be_leased, is_server, net};
use crate::proto::Instant;
use crate::proto::domains::MAX_NAMES;
use crate::proto::names::{BootFile, DomainName, NameError};

/// [`Duration::MAX`].
const FOR_EVER: &str = "infinite";
/// Without these a lease is none.
const REQUIRED: [&str; 4] = ["acquired", "duid", "iaid", "server-duid"];

/// A field: its key, its text in a lease (`None`: the lease has none), and how its text enters one (`None`: it is no such thing).
struct Field {
    key: &'static str,
    write: fn(&Lease) -> Option<String>,
    read: fn(&mut Lease, &str) -> Option<()>,
}

/// Declares a field whose text is made and parsed by the functions given.
macro_rules! field {
    ($key:literal, $name:ident, $write:expr, $read:expr) => {
        Field {
            key: $key,
            write: |lease| $write(&lease.$name),
            read: |lease, text| {
                lease.$name = $read(text)?;
                Some(())
            },
        }
    };
}

const FIELDS: &[Field] = &[
    field!("addresses", addresses, |all: &Vec<_>| list(all, address), |text| {
        words(text, Lease::MAX_ADDRESSES, unaddress)
    }),
    field!("prefixes", prefixes, |all: &Vec<_>| list(all, prefix), |text| words(text, Lease::MAX_ADDRESSES, unprefix)),
    field!("server-duid", server_duid, hex, unhex),
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
    field!("duid", duid, hex, unhex),
    field!("iaid", iaid, some, |text: &str| text.parse().ok()),
];

impl Lease {
    /// The lease as pairs of key and value: printable ASCII, lists separated by spaces, no quotes anywhere. Times are milliseconds
    /// or `infinite`, `acquired` since boot. An address is `address,preferred,valid`, a prefix likewise. What is not there has no pair.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let pair = |field: &Field| Some((field.key.to_owned(), (field.write)(self)?));
        FIELDS.iter().filter_map(pair).collect()
    }

    /// The lease that [`Lease::to_pairs`] wrote. Unknown keys are skipped; a value that is damaged counts as absent. `None` without
    /// both DUIDs, the IAID and the time of acquisition.
    pub fn from_pairs(pairs: &[(String, String)]) -> Option<Self> {
        let mut lease = Self::bare();
        let known = |key: &str| FIELDS.iter().find(|field| field.key == key);
        let mut enter = |key: &str, value: &str| (known(key)?.read)(&mut lease, value);
        let read: Vec<&str> =
            pairs.iter().filter_map(|(key, value)| enter(key, value).map(|()| key.as_str())).collect();
        if !REQUIRED.iter().all(|key| read.contains(key)) {
            return None;
        }
        lease.order_times();
        Some(lease)
    }
}

fn some(value: &impl Display) -> Option<String> {
    Some(value.to_string())
}

fn option(value: &Option<impl Display>) -> Option<String> {
    value.as_ref().and_then(some)
}

fn list<T>(values: &[T], write: fn(&T) -> String) -> Option<String> {
    let words: Vec<String> = values.iter().map(write).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn words<T>(text: &str, most: usize, read: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(' ').take(most).map(read).collect()
}

fn duration(time: Duration) -> String {
    if time == Duration::MAX { FOR_EVER.to_owned() } else { time.as_millis().to_string() }
}

/// Milliseconds, up to what 32 bits of seconds can say.
fn unduration(text: &str) -> Option<Duration> {
    if text == FOR_EVER {
        return Some(Duration::MAX);
    }
    let milliseconds = text.parse().ok().filter(|&n: &u64| n <= u64::from(u32::MAX) * 1000)?;
    Some(Duration::from_millis(milliseconds))
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

fn checked<T>(parse: fn(&[u8]) -> Result<T, NameError>, text: &str) -> Option<T> {
    parse(text.as_bytes()).ok()
}

fn hex(bytes: &[u8]) -> Option<String> {
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() || pairs.len() > MAX_DUID {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
