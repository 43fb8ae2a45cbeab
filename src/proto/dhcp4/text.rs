//! A lease as pairs of key and value, to remember it across runs.
//!
//! Writing and reading go through one table of fields. What is read is checked as if it came from the network: a file of an
//! earlier run may be damaged, or may not be from us at all.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::lease::Lease;
use super::options::{MAX_ROUTES, MAX_SEARCH, MAX_SERVERS, MIN_MTU, is_usable};
use crate::proto::Instant;
use crate::proto::names::{BootFile, DomainName, HostName, NameError, RootPath, ServerName};

/// A lease time without end.
const FOR_EVER: &str = "infinite";
/// Without these a lease is none. A lease whose end got lost must not become one for ever.
const REQUIRED: [&str; 5] = ["address", "prefix", "server", "acquired", "lease-time"];

/// A field: its key, its text in a lease (`None`: the lease has none), and how its text enters one (`None`: it is no such thing).
struct Field {
    key: &'static str,
    write: fn(&Lease) -> Option<String>,
    read: fn(&mut Lease, &str) -> Option<()>,
}

/// Declares a field whose text is parsed by the function given.
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
    field!("address", address, some, usable),
    field!("prefix", prefix_len, some, prefix),
    field!("server", server, some, usable),
    field!("acquired", acquired, acquired, |text| Some(Instant::new(duration(text)?))),
    field!("lease-time", lease_time, lease_time, unlease_time),
    field!("t1", t1, milliseconds, duration),
    field!("t2", t2, milliseconds, duration),
    field!("client-id", client_id, |id: &Option<Vec<u8>>| id.as_deref().map(hex), unhex),
    field!("routers", routers, list, servers),
    field!("static-routes", static_routes, routes, unroutes),
    field!("classless-routes", classless_routes, routes, unroutes),
    field!("dns", dns, list, servers),
    field!("ntp", ntp, list, servers),
    field!("log-servers", log_servers, list, servers),
    field!("host-name", hostname, text, |text| name(HostName::parse, text)),
    field!("domain", domain, text, |text| name(DomainName::parse, text)),
    field!("search", search, list, search),
    field!("nis-domain", nis_domain, text, |text| name(DomainName::parse, text)),
    field!("mtu", mtu, text, mtu),
    field!("root-path", root_path, text, |text| name(RootPath::parse, text)),
    field!("next-server", next_server, text, |text| usable(text).map(Some)),
    field!("tftp-server-name", tftp_server_name, text, |text| name(ServerName::parse, text)),
    field!("boot-file", boot_file, text, |text| name(BootFile::parse, text)),
];

impl Lease {
    /// The lease as pairs of key and value: printable ASCII, with no `=` in a key and no quotes anywhere. Times are milliseconds,
    /// `acquired` since boot. What was dropped is not remembered.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let pair = |field: &Field| Some((field.key.to_owned(), (field.write)(self)?));
        FIELDS.iter().filter_map(pair).collect()
    }

    /// The lease that [`Lease::to_pairs`] wrote. Unknown keys are skipped; a value that is damaged counts as absent. `None` without
    /// a usable address, prefix length, server, time of acquisition and lease time.
    pub fn from_pairs(pairs: &[(String, String)]) -> Option<Self> {
        let mut lease = Self::bare(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, Instant::default());
        let known = |key: &str| FIELDS.iter().find(|field| field.key == key);
        let mut enter = |key: &str, value: &str| (known(key)?.read)(&mut lease, value);
        let read: Vec<&str> =
            pairs.iter().filter_map(|(key, value)| enter(key, value).map(|()| key.as_str())).collect();
        if !REQUIRED.iter().all(|key| read.contains(key)) {
            return None;
        }
        if let Some(time) = lease.lease_time {
            lease.set_times(time, Some(lease.t1), Some(lease.t2));
        }
        lease.set_broadcast();
        Some(lease)
    }
}

fn some(value: &impl Display) -> Option<String> {
    Some(value.to_string())
}

fn text(value: &Option<impl Display>) -> Option<String> {
    value.as_ref().map(|value| value.to_string())
}

fn list<T: Display>(values: &[T]) -> Option<String> {
    let words: Vec<String> = values.iter().map(T::to_string).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn routes(routes: &[(Ipv4Net, Ipv4Addr)]) -> Option<String> {
    let words: Vec<String> = routes.iter().map(|(net, router)| format!("{net}>{router}")).collect();
    list(&words)
}

fn acquired(at: &Instant) -> Option<String> {
    Some(at.as_millis().to_string())
}

fn milliseconds(time: &Duration) -> Option<String> {
    Some(time.as_millis().to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lease_time(time: &Option<Duration>) -> Option<String> {
    time.as_ref().map_or_else(|| Some(FOR_EVER.to_owned()), milliseconds)
}

fn usable(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().filter(|&address| is_usable(address))
}

fn prefix(text: &str) -> Option<u8> {
    text.parse().ok().filter(|length| (1..=32).contains(length))
}

/// Milliseconds, up to what option 51 can say (and the time since boot for `acquired`, which is far less).
fn duration(text: &str) -> Option<Duration> {
    let milliseconds = text.parse().ok().filter(|&n: &u64| n <= u64::from(u32::MAX) * 1000)?;
    Some(Duration::from_millis(milliseconds))
}

fn unlease_time(text: &str) -> Option<Option<Duration>> {
    if text == FOR_EVER { Some(None) } else { duration(text).filter(|time| !time.is_zero()).map(Some) }
}

fn unhex(text: &str) -> Option<Option<Vec<u8>>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * 255 {
        return None;
    }
    let byte = |pair: &[u8]| {
        let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
        match pair {
            [high, low] => Some(value(high)? << 4 | value(low)?),
            _ => None,
        }
    };
    digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().map(Some)
}

fn words<T>(text: &str, most: usize, read: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(' ').take(most).map(read).collect()
}

fn servers(text: &str) -> Option<Vec<Ipv4Addr>> {
    words(text, MAX_SERVERS, usable)
}

fn search(text: &str) -> Option<Vec<DomainName>> {
    words(text, MAX_SEARCH, |word| DomainName::parse(word.as_bytes()).ok())
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
    parse(text.as_bytes()).ok().map(Some)
}
