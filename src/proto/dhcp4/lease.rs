//! What a server has granted.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::guard::{Message, one};
use super::{Reject, code, options};
use crate::proto::Instant;
use crate::proto::names::{BootFile, DomainName, HostName, NameError, RootPath, ServerName};

/// A lease: an address, how long it may be used, and what else the server said. Every string is of a type that hostile bytes
/// cannot enter; every address is one that a host can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Our address (`yiaddr`).
    pub address: Ipv4Addr,
    /// Option 1, 1 to 32.
    pub prefix_len: u8,
    /// The broadcast address of that prefix; `None` for /31 and /32, which have none.
    pub broadcast: Option<Ipv4Addr>,
    /// Option 54; the sender's address if the server left it out.
    pub server: Ipv4Addr,
    /// Option 51; `None` is for ever.
    pub lease_time: Option<Duration>,
    /// Option 58, counted from `acquired`: when to ask this server to renew. 0.5 of the lease time by default.
    pub t1: Duration,
    /// Option 59: when to ask any server. 0.875 of the lease time by default. Always `t1 < t2 < lease_time`.
    pub t2: Duration,
    /// Option 3, best first. For the routes to set see [`Lease::routes`].
    pub routers: Vec<Ipv4Addr>,
    /// Option 33: destination and router.
    pub static_routes: Vec<(Ipv4Net, Ipv4Addr)>,
    /// Option 121, or 249 in its absence: destination and router, 0.0.0.0 meaning "on the link".
    pub classless_routes: Vec<(Ipv4Net, Ipv4Addr)>,
    /// Option 6.
    pub dns: Vec<Ipv4Addr>,
    /// Option 42.
    pub ntp: Vec<Ipv4Addr>,
    /// Option 7.
    pub log_servers: Vec<Ipv4Addr>,
    /// Option 12.
    pub hostname: Option<HostName>,
    /// Option 15.
    pub domain: Option<DomainName>,
    /// Option 119; else option 15 if that held several names.
    pub search: Vec<DomainName>,
    /// Option 40.
    pub nis_domain: Option<DomainName>,
    /// Option 26, in bytes, 68 or more.
    pub mtu: Option<u16>,
    /// Option 17.
    pub root_path: Option<RootPath>,
    /// `siaddr`: the next server of the boot process.
    pub next_server: Option<Ipv4Addr>,
    /// Option 66.
    pub tftp_server_name: Option<ServerName>,
    /// Option 67, else the header's `file`.
    pub boot_file: Option<BootFile>,
    /// When the request that was granted was answered.
    pub acquired: Instant,
    /// Option 61 as it was sent: whoever renews this lease must send the same.
    pub client_id: Option<Vec<u8>>,
    /// What the server sent but could not be used.
    pub dropped: Vec<Dropped>,
}

/// An option that could not be used, in whole or in part. The lease is good without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// The option's code.
    pub code: u8,
    /// The option's name.
    pub name: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "option {} ({}) {}", self.code, self.name, self.problem)
    }
}

/// What is wrong with an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is too short, too long, cut off, or not a multiple of its elements' size.
    #[error("has a wrong length; ignored")]
    Length,
    /// It (or an element of a list) has a value that makes no sense; only that is left out.
    #[error("has a value that cannot be used; ignored")]
    Value,
    /// A list is longer than anybody needs.
    #[error("is too long a list; the first {kept} are used")]
    TooMany {
        /// How many were kept.
        kept: usize,
    },
    /// A string has bytes that could do harm.
    #[error("{0}; ignored")]
    Name(NameError),
}

/// Option 51's value for a lease that never ends (RFC 2131 section 3.3).
const FOR_EVER: u32 = u32::MAX;

impl Lease {
    /// The lease that a sound OFFER or ACK of `server` describes.
    pub(super) fn read(message: &Message<'_>, server: Ipv4Addr, now: Instant) -> Result<Self, Reject> {
        if !options::is_usable(message.yiaddr) {
            return Err(Reject::Address);
        }
        let mut lease = Self::bare(message.yiaddr, server, now);
        lease.read_times(message)?;
        options::read_all(&mut lease, message);
        if lease.prefix_len == 0 {
            return Err(Reject::Mask);
        }
        if message.cut_short {
            lease.dropped.push(Dropped { code: 0, name: "end of the reply", problem: Problem::Length });
        }
        lease.set_broadcast();
        lease.next_server = Some(message.siaddr).filter(|&address| options::is_usable(address));
        if lease.boot_file.is_none() && !message.file.is_empty() {
            let dropped = |e| Dropped { code: code::BOOT_FILE, name: "boot file in header", problem: Problem::Name(e) };
            lease.boot_file = BootFile::parse(message.file).map_err(|e| lease.dropped.push(dropped(e))).ok();
        }
        Ok(lease)
    }

    /// A lease of nothing but an address, for ever; its prefix length is still 0.
    pub(super) fn bare(address: Ipv4Addr, server: Ipv4Addr, acquired: Instant) -> Self {
        Self {
            address,
            prefix_len: 0,
            broadcast: None,
            server,
            lease_time: None,
            t1: seconds(FOR_EVER),
            t2: seconds(FOR_EVER),
            routers: Vec::new(),
            static_routes: Vec::new(),
            classless_routes: Vec::new(),
            dns: Vec::new(),
            ntp: Vec::new(),
            log_servers: Vec::new(),
            hostname: None,
            domain: None,
            search: Vec::new(),
            nis_domain: None,
            mtu: None,
            root_path: None,
            next_server: None,
            tftp_server_name: None,
            boot_file: None,
            acquired,
            client_id: None,
            dropped: Vec::new(),
        }
    }

    fn read_times(&mut self, message: &Message<'_>) -> Result<(), Reject> {
        let option = |code| message.option(code).and_then(one).map(u32::from_be_bytes);
        match option(code::LEASE_TIME) {
            None | Some(0) => Err(Reject::LeaseTime),
            Some(FOR_EVER) => Ok(()),
            Some(time) => {
                self.set_times(seconds(time), option(code::T1).map(seconds), option(code::T2).map(seconds));
                Ok(())
            }
        }
    }

    /// Sets the three times; T1 and T2 that are not `0 < T1 < T2 < lease time` give way to the defaults of RFC 2131 section 4.4.5.
    pub(super) fn set_times(&mut self, lease_time: Duration, t1: Option<Duration>, t2: Option<Duration>) {
        self.lease_time = Some(lease_time);
        self.t2 = t2.filter(|&t2| !t2.is_zero() && t2 < lease_time).unwrap_or(lease_time * 7 / 8);
        let half = if lease_time / 2 < self.t2 { lease_time / 2 } else { self.t2 / 2 };
        self.t1 = t1.filter(|&t1| !t1.is_zero() && t1 < self.t2).unwrap_or(half);
    }

    pub(super) fn set_broadcast(&mut self) {
        self.broadcast = self.network().filter(|net| net.prefix_len() < 31).map(|net| net.broadcast());
    }

    /// The address with its prefix length.
    pub fn network(&self) -> Option<Ipv4Net> {
        Ipv4Net::new(self.address, self.prefix_len).ok()
    }

    /// When the lease ends; `None` is never.
    pub fn expires(&self) -> Option<Instant> {
        self.lease_time.map(|time| self.acquired + time)
    }

    /// The routes to set beside that of the prefix itself, in the order to set them: destination and router, `None` meaning "on the
    /// link".
    ///
    /// Classless routes (121, else 249) replace static routes (33) and routers (3), RFC 3442. Of several routers the first is
    /// the default route. A router that lies outside the prefix (always so with /32) gets a route of its own first.
    pub fn routes(&self) -> Vec<(Ipv4Net, Option<Ipv4Addr>)> {
        let mut routes = Vec::new();
        if self.classless_routes.is_empty() {
            let router = self.routers.first().copied();
            let default = router.map(|router| (Ipv4Net::default(), router));
            // A route to the router by another one would cost the default route.
            let others = self.static_routes.iter().copied().filter(|(net, _)| Some(*net) != router.map(Ipv4Net::from));
            others.chain(default).for_each(|route| self.add_route(&mut routes, route));
        } else {
            self.classless_routes.iter().for_each(|&route| self.add_route(&mut routes, route));
        }
        routes
    }

    fn add_route(&self, routes: &mut Vec<(Ipv4Net, Option<Ipv4Addr>)>, (destination, router): (Ipv4Net, Ipv4Addr)) {
        if routes.iter().any(|(net, _)| *net == destination) {
            return;
        }
        // A router that is ourselves says the same as 0.0.0.0: ask on the link (proxy ARP).
        let on_link = router.is_unspecified() || router == self.address;
        if on_link {
            return routes.push((destination, None));
        }
        let own = Ipv4Net::from(router);
        if !self.is_on_link(routes, router) {
            if routes.iter().any(|(net, _)| *net == own) {
                // The server says that this router is behind another router. The kernel takes no such gateway.
                return;
            }
            routes.push((own, None));
        }
        if destination != own {
            routes.push((destination, Some(router)));
        }
    }

    /// Whether the best route to `address`, of those set so far, leads onto the link.
    fn is_on_link(&self, routes: &[(Ipv4Net, Option<Ipv4Addr>)], address: Ipv4Addr) -> bool {
        let known = routes.iter().copied().chain(self.network().map(|net| (net.trunc(), None)));
        let best = known.filter(|(net, _)| net.contains(&address)).max_by_key(|(net, _)| net.prefix_len());
        best.is_some_and(|(_, via)| via.is_none())
    }
}

pub(super) fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}
