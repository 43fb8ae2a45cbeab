//! What a server gave: addresses, prefixes and the configuration that came with them.

use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::reply::Reply;
use crate::proto::Instant;
use crate::proto::names::{BootFile, DomainName};

/// An address of an IA_NA (RFC 8415 section 21.6). It is given as a /128: what else is on the link is said by routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The address: global or unique-local unicast.
    pub address: Ipv6Addr,
    /// For how long after [`Lease::acquired`] it is preferred; at most `valid`. [`Duration::MAX`] is "for ever".
    pub preferred: Duration,
    /// For how long after [`Lease::acquired`] it is valid; never zero. [`Duration::MAX`] is "for ever".
    pub valid: Duration,
}

/// A delegated prefix of an IA_PD (RFC 8415 section 21.22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The prefix, host bits zero.
    pub prefix: Ipv6Net,
    /// As for [`Address::preferred`].
    pub preferred: Duration,
    /// As for [`Address::valid`].
    pub valid: Duration,
}

/// A time server (options 31 and 56).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeServer {
    /// RFC 4075, RFC 5908 section 4.1.
    Address(Ipv6Addr),
    /// RFC 5908 section 4.3.
    Name(DomainName),
}

impl fmt::Display for TimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) => write!(f, "{name}"),
        }
    }
}

/// A lease, or with [`Mode::StatelessInfo`](super::Mode::StatelessInfo) the configuration alone.
///
/// Times are counted from [`acquired`](Self::acquired); [`Duration::MAX`] is "for ever" (0xffffffff in the packet).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Addresses for this link, without repeats, at most [`Lease::MAX_ADDRESSES`].
    pub addresses: Vec<Address>,
    /// Prefixes for links behind this machine, without repeats, at most [`Lease::MAX_ADDRESSES`].
    pub prefixes: Vec<Prefix>,
    /// The server's DUID (RFC 8415 section 11), 1 to 130 bytes.
    pub server_duid: Vec<u8>,
    /// When to ask the same server again. [`Duration::MAX`]: never.
    pub t1: Duration,
    /// When to ask any server; at least `t1`. [`Duration::MAX`]: never.
    pub t2: Duration,
    /// Name servers (RFC 3646), best first, at most [`Lease::MAX_SERVERS`].
    pub dns: Vec<Ipv6Addr>,
    /// Search list (RFC 3646).
    pub search: Vec<DomainName>,
    /// Time servers (RFC 5908, RFC 4075).
    pub ntp: Vec<TimeServer>,
    /// Boot file URL (RFC 5970 section 3.1).
    pub boot_file_url: Option<BootFile>,
    /// Boot file parameters (RFC 5970 section 3.2).
    pub boot_file_params: Vec<BootFile>,
    /// The name the server entered into the DNS (RFC 4704).
    pub fqdn: Option<DomainName>,
    /// When to ask for the configuration again (RFC 8415 section 21.23); only without addresses.
    pub refresh_time: Option<Duration>,
    /// When the reply came.
    pub acquired: Instant,
    /// The DUID that was sent; the daemon that adopts the lease must send the same.
    pub duid: Vec<u8>,
    /// The IAID that was sent, for IA_NA and IA_PD alike.
    pub iaid: u32,
}

impl Lease {
    /// The most addresses, and the most prefixes, that are kept.
    pub const MAX_ADDRESSES: usize = 16;
    /// The most name servers, and the most time servers, that are kept.
    pub const MAX_SERVERS: usize = 32;

    /// When the last address or prefix ceases to be valid; `None`: never.
    pub fn expires(&self) -> Option<Instant> {
        let valid = self.valid_times().max().unwrap_or_default();
        (valid != Duration::MAX).then(|| self.acquired + valid)
    }

    fn valid_times(&self) -> impl Iterator<Item = Duration> {
        self.addresses.iter().map(|a| a.valid).chain(self.prefixes.iter().map(|p| p.valid))
    }

    /// True if there is neither an address nor a prefix.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.prefixes.is_empty()
    }

    /// The lease of `reply`, which came at `now`.
    pub(super) fn new(reply: Reply, duid: &[u8], iaid: u32, now: Instant) -> Self {
        let t1 = [reply.addresses.t1, reply.prefixes.t1].into_iter().flatten().min();
        let t2 = [reply.addresses.t2, reply.prefixes.t2].into_iter().flatten().min();
        let mut lease = Self {
            addresses: reply.addresses.leases.iter().map(|l| l.address()).collect(),
            prefixes: reply.prefixes.leases.iter().map(|l| l.prefix()).collect(),
            server_duid: reply.server_duid,
            t1: Duration::MAX,
            t2: Duration::MAX,
            dns: reply.dns,
            search: reply.search,
            ntp: reply.ntp,
            boot_file_url: reply.boot_file_url,
            boot_file_params: reply.boot_file_params,
            fqdn: reply.fqdn,
            refresh_time: reply.refresh_time,
            acquired: now,
            duid: duid.to_vec(),
            iaid,
        };
        lease.settle_times(t1, t2);
        lease
    }

    /// T1 and T2 as given; where they are left to us half and four tenths of the shortest preferred lifetime (RFC 8415 section
    /// 14.2).
    fn settle_times(&mut self, t1: Option<Duration>, t2: Option<Duration>) {
        let preferred = self.addresses.iter().map(|a| a.preferred).chain(self.prefixes.iter().map(|p| p.preferred));
        let shortest = preferred.filter(|p| !p.is_zero()).min().unwrap_or(Duration::MAX);
        let part = |tenths: u32| if shortest == Duration::MAX { shortest } else { shortest / 10 * tenths };
        self.t2 = t2.unwrap_or_else(|| part(8)).max(t1.unwrap_or_default());
        self.t1 = t1.unwrap_or_else(|| part(5));
        self.order_times();
    }

    /// T1 ≤ T2 ≤ the last moment at which there is something to renew.
    pub(super) fn order_times(&mut self) {
        self.t2 = self.t2.min(self.valid_times().max().unwrap_or(Duration::MAX));
        self.t1 = self.t1.min(self.t2);
    }

    /// A lease of nothing.
    pub(super) fn bare() -> Self {
        Self {
            addresses: Vec::new(),
            prefixes: Vec::new(),
            server_duid: Vec::new(),
            t1: Duration::MAX,
            t2: Duration::MAX,
            dns: Vec::new(),
            search: Vec::new(),
            ntp: Vec::new(),
            boot_file_url: None,
            boot_file_params: Vec::new(),
            fqdn: None,
            refresh_time: None,
            acquired: Instant::default(),
            duid: Vec::new(),
            iaid: 0,
        }
    }

    /// What is left of this lease at `now`: lifetimes shortened, what has expired left out. `acquired` becomes `now`.
    pub fn remaining(&self, now: Instant) -> Self {
        let passed = now.since(self.acquired);
        let left = |time: Duration| if time == Duration::MAX { time } else { time.saturating_sub(passed) };
        let mut lease = Self { acquired: now, t1: left(self.t1), t2: left(self.t2), ..self.clone() };
        lease.refresh_time = self.refresh_time.map(left);
        for address in &mut lease.addresses {
            (address.preferred, address.valid) = (left(address.preferred), left(address.valid));
        }
        for prefix in &mut lease.prefixes {
            (prefix.preferred, prefix.valid) = (left(prefix.preferred), left(prefix.valid));
        }
        lease.addresses.retain(|address| !address.valid.is_zero());
        lease.prefixes.retain(|prefix| !prefix.valid.is_zero());
        lease
    }

    /// Adds what `old` still holds at this lease's time and the server neither renewed nor took back (RFC 8415 section
    /// 18.2.10.1: such an address lives on with the lifetimes it had).
    pub(super) fn keep_unmentioned(&mut self, old: &Self, removed: &[Ipv6Net]) {
        let old = old.remaining(self.acquired);
        let fresh = |net: Ipv6Net| !removed.contains(&net);
        for address in old.addresses.into_iter().filter(|a| fresh(a.address.into())) {
            if self.addresses.len() < Self::MAX_ADDRESSES && self.addresses.iter().all(|a| a.address != address.address)
            {
                self.addresses.push(address);
            }
        }
        for prefix in old.prefixes.into_iter().filter(|p| fresh(p.prefix)) {
            if self.prefixes.len() < Self::MAX_ADDRESSES && self.prefixes.iter().all(|p| p.prefix != prefix.prefix) {
                self.prefixes.push(prefix);
            }
        }
    }
}
