//! What routers on one link said about names, with its lifetimes.

use std::fmt::Display;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::option::NdOption;
use crate::proto::Instant;
use crate::proto::names::DomainName;

/// So many entries of each kind are kept; those that would expire first give way.
const MAX: usize = 32;

/// Keys of [`Learned::to_pairs`], and its word for no end.
const SERVER: &str = "dns";
const NAME: &str = "search";
const NEVER: &str = "never";

/// Name servers, search list and NAT64 prefix as learned from routers (RFC 8106 section 6, RFC 8781).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learned {
    servers: Vec<(Ipv6Addr, Expiry)>,
    names: Vec<(DomainName, Expiry)>,
    nat64: Vec<(Ipv6Net, Expiry)>,
}

/// When an entry ceases to hold; `None`: never.
type Expiry = Option<Instant>;

impl Learned {
    /// Takes in what was said at `now`. A lifetime of zero removes; any other takes the place of the one before.
    pub fn apply(&mut self, options: &[NdOption], now: Instant) {
        self.forget(now);
        for option in options {
            match option {
                NdOption::NameServers { lifetime, servers } => update(&mut self.servers, servers, *lifetime, now),
                NdOption::SearchList { lifetime, names } => update(&mut self.names, names, *lifetime, now),
                NdOption::Nat64 { lifetime, prefix } => update(&mut self.nat64, &[*prefix], *lifetime, now),
                NdOption::Prefix(_) | NdOption::Mtu(_) | NdOption::Route(_) => {}
            }
        }
    }

    /// Name servers and search list as keys and values, to be remembered: each with the time since boot in ms at which it ceases, or
    /// `never`.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let pair = |key: &str, value: &dyn Display, expiry: Expiry| {
            let end = expiry.map_or_else(|| NEVER.to_owned(), |end| end.as_millis().to_string());
            (key.to_owned(), format!("{value} {end}"))
        };
        let servers = self.servers.iter().map(|(server, expiry)| pair(SERVER, server, *expiry));
        servers.chain(self.names.iter().map(|(name, expiry)| pair(NAME, name, *expiry))).collect()
    }

    /// What [`Learned::to_pairs`] wrote; what is damaged is left out.
    pub fn from_pairs(pairs: &[(String, String)]) -> Self {
        let mut learned = Self::default();
        for (key, value) in pairs {
            let Some((what, end)) = value.split_once(' ') else { continue };
            let expiry = match end.parse() {
                Ok(end) => Some(Instant::from_millis(end)),
                Err(_) if end == NEVER => None,
                Err(_) => continue,
            };
            match key.as_str() {
                SERVER => what.parse().into_iter().for_each(|server| insert(&mut learned.servers, (server, expiry))),
                NAME => DomainName::parse(what.as_bytes())
                    .into_iter()
                    .for_each(|name| insert(&mut learned.names, (name, expiry))),
                _ => {}
            }
        }
        learned
    }

    fn forget(&mut self, now: Instant) {
        self.servers.retain(|entry| holds(entry.1, now));
        self.names.retain(|entry| holds(entry.1, now));
        self.nat64.retain(|entry| holds(entry.1, now));
    }

    /// The name servers that hold at `now`, in the order they were first heard of, each with when it ceases (`None`: never).
    pub fn servers(&self, now: Instant) -> impl Iterator<Item = (Ipv6Addr, Option<Instant>)> {
        self.servers.iter().copied().filter(move |entry| holds(entry.1, now))
    }

    /// The search list that holds at `now`, likewise.
    pub fn search(&self, now: Instant) -> impl Iterator<Item = (&DomainName, Option<Instant>)> {
        self.names.iter().filter(move |entry| holds(entry.1, now)).map(|(name, expiry)| (name, *expiry))
    }

    /// The NAT64 prefixes that hold at `now`, likewise.
    pub fn nat64(&self, now: Instant) -> impl Iterator<Item = (Ipv6Net, Option<Instant>)> {
        self.nat64.iter().copied().filter(move |entry| holds(entry.1, now))
    }
}

fn holds(expiry: Expiry, now: Instant) -> bool {
    expiry.is_none_or(|expiry| now < expiry)
}

fn update<T: PartialEq + Clone>(entries: &mut Vec<(T, Expiry)>, said: &[T], lifetime: Duration, now: Instant) {
    if lifetime.is_zero() {
        return entries.retain(|entry| !said.contains(&entry.0));
    }
    let expiry = (lifetime != Duration::MAX).then(|| now + lifetime);
    for item in said {
        match entries.iter_mut().find(|entry| entry.0 == *item) {
            Some(entry) => entry.1 = expiry,
            None => insert(entries, (item.clone(), expiry)),
        }
    }
}

fn insert<T>(entries: &mut Vec<(T, Expiry)>, entry: (T, Expiry)) {
    entries.push(entry);
    if entries.len() <= MAX {
        return;
    }
    let key = |expiry: Expiry| expiry.map_or(Duration::MAX, Instant::since_boot);
    let first = entries.iter().enumerate().min_by_key(|(_, entry)| key(entry.1)).map(|(place, _)| place);
    if let Some(place) = first {
        entries.remove(place);
    }
}
