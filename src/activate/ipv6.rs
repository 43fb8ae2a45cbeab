//! IPv6 on one link. Router advertisements and duplicate address detection are the kernel's: sunup sets it right before
//! the link goes up, asks the router at once, waits for what the kernel makes of the answer, and does the DHCPv6 that the router
//! (M and O flags, RFC 4861 section 4.2) or the profile asks for.
//!
//! A link counts as up while its addresses are still being probed, if the kernel lets them be used (optimistic, RFC 4429): a packet
//! by the router leaves at once. The kernel sends no solicitation for an unknown *neighbour* from such an address, so that one is
//! reached when the probing of the link-local address is over: 1 s after carrier, or with the next attempt another second later
//! (measured: 1.0 to 2.0 s). To wait for that would cost every machine a second for what a retransmission repairs.

mod lease;
mod order;
mod router;
mod sources;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;

use super::config::DHCP_TIMEOUT;
use super::dhcp6::Dhcp6;
use super::event::{Action, AddressEvent};
use super::family::Progress;
use super::limits::Limits;
use super::outcome::{Reason, Timing};
use super::target::{self, FamilyTarget};
use crate::profile::{Ip6Settings, Method6};
use crate::proto::Instant;
use crate::proto::dhcp6::Mode;

/// Router solicitations sent by sunup, from carrier on and again from the moment there is a link-local address: what came before
/// may have been answered to a kernel that was not listening yet. The kernel's own follow after its duplicate address detection.
const SOLICITATIONS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_millis(1000), Duration::from_millis(3000)];

/// So many solicitations may leave within a second.
const PER_SECOND: usize = 4;
/// The same beside an address that came by router advertisement: the link is of use without.
const DHCP_BESIDE: Duration = Duration::from_secs(10);
/// How long configuration (RFC 8415 section 18.2.6) is waited for: the addresses are there.
const INFORMATION_TIMEOUT: Duration = Duration::from_secs(3);
/// Without an address from a router by then, `either6` tries DHCPv6 as well.
const FALLBACK: Duration = Duration::from_secs(2);
/// The kernel tells of an advertisement in several messages: addresses first, name servers and flags last.
const SETTLE: Duration = Duration::from_millis(4);

/// IPv6 on one link.
pub(super) struct Ipv6 {
    settings: Ip6Settings,
    /// Addresses the kernel has now.
    known: Vec<AddressEvent>,
    /// `None` on a link without an address of its own (a tunnel).
    dhcp: Option<Dhcp6>,
    /// What the last advertisement said about DHCPv6.
    flags: Option<Mode>,
    /// An address that was taken away because another host has it.
    lost: Option<Ipv6Addr>,
    applied: bool,
    /// How many addresses that routes come from were still being probed when it was last looked.
    unproved: usize,
    carrier: Option<Instant>,
    /// Our link-local address, and since when it may be used.
    link_local: Option<(Ipv6Addr, Instant)>,
    /// When there was an address to use, from a router or beside what one said.
    formed: Option<Instant>,
    solicited: usize,
    /// When the last solicitations left: a carrier that flaps is no reason for more than four in a second.
    asked_at: VecDeque<Instant>,
    default_route: bool,
    /// A router has said something.
    heard: bool,
    /// Prefixes as routers told them.
    prefixes: Vec<IpNet>,
    /// A global address has come.
    news: bool,
    limits: Limits,
    /// The link-layer address of all routers.
    routers: Vec<u8>,
}

impl Ipv6 {
    /// IPv6 as `settings` ask for it, on a link that has these addresses already.
    pub(super) fn new(
        settings: Ip6Settings,
        known: Vec<AddressEvent>,
        dhcp: Option<Dhcp6>,
        limits: Limits,
        routers: Vec<u8>,
    ) -> Self {
        let mut ipv6 = Self {
            settings,
            known,
            dhcp,
            flags: None,
            lost: None,
            applied: false,
            unproved: 0,
            carrier: None,
            link_local: None,
            formed: None,
            solicited: 0,
            asked_at: VecDeque::new(),
            default_route: false,
            heard: false,
            prefixes: Vec::new(),
            news: false,
            limits,
            routers,
        };
        // What was there before has settled.
        ipv6.formed = (!ipv6.autoconf().is_empty()).then(Instant::default);
        ipv6
    }

    /// The settings.
    pub(super) fn settings(&self) -> &Ip6Settings {
        &self.settings
    }

    /// The kernel has taken what was last asked of it.
    pub(super) fn applied(&mut self) {
        self.applied = true;
    }

    /// The link has carrier, for the first time or again.
    pub(super) fn carrier(&mut self, now: Instant) {
        self.carrier = Some(now);
        // A solicitation by the address that was there before is as good.
        self.solicited = 0;
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.carrier(now);
        }
    }

    /// The link has another address now: DHCPv6 speaks for that one, unless it has spoken already.
    pub(super) fn hardware_changed(&mut self, dhcp: Option<Dhcp6>) {
        if self.lease().is_none() {
            self.dhcp = dhcp;
        }
    }

    /// An address appeared, changed or went.
    pub(super) fn address(&mut self, event: AddressEvent, now: Instant) {
        let is_known = self.known.iter().any(|known| known.net == event.net);
        self.news |= !is_known && !event.gone && event.is_global();
        self.known.retain(|known| known.net != event.net);
        if !event.gone {
            self.known.push(event);
        }
        let IpAddr::V6(address) = event.net.addr() else { return };
        if !event.dad_failed {
            return;
        }
        let leased = self.lease().is_some_and(|lease| lease.addresses.iter().any(|leased| leased.address == address));
        match self.dhcp.as_mut().filter(|_| leased) {
            Some(dhcp) => dhcp.decline(&[address], now),
            // The kernel keeps only addresses without end to show what became of them.
            None => self.lost = Some(address),
        }
    }

    /// Addresses the kernel has now, as far as it has told.
    pub(super) fn addresses(&self) -> &[AddressEvent] {
        &self.known
    }

    /// Global addresses that were formed from router advertisements.
    pub(super) fn autoconf(&self) -> Vec<IpNet> {
        let own = &self.settings.ip.addresses;
        let leased = |net: &IpNet| self.lease().is_some_and(|l| l.addresses.iter().any(|a| net.addr() == a.address));
        self.known
            .iter()
            .filter(|known| known.is_global() && usable(known) && !own.contains(&known.net) && !leased(&known.net))
            .map(|k| k.net)
            .collect()
    }

    /// A UDP payload for port 546.
    pub(super) fn dhcp6(&mut self, now: Instant, source: Ipv6Addr, payload: &[u8]) {
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.packet(now, source, payload);
        }
    }

    /// A time that was waited for may have come.
    pub(super) fn timeout(&mut self, now: Instant) {
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.timeout(now);
        }
    }

    /// Asks the router and the servers, when it is time. True if there is something new to apply.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, timing: &mut Timing, out: &mut Vec<Action>) -> bool {
        if self.formed.is_none() && self.has_address() {
            self.formed = Some(now);
        }
        self.find_link_local(now);
        if self.next_solicitation().is_some_and(|at| now >= at) {
            let source = self.link_local.map(|(address, _)| address);
            out.push(Action::SolicitRouter { ifindex, to: self.routers.clone(), source });
            self.solicited += 1;
            self.asked_at.push_back(now);
            if self.asked_at.len() > PER_SECOND {
                self.asked_at.pop_front();
            }
        }
        let mut fresh = self.proved();
        let wanted = self.wanted(now).filter(|_| self.link_local.is_some());
        if let Some(dhcp) = &mut self.dhcp {
            if let Some(mode) = wanted {
                dhcp.start(mode, now);
            }
            let leased = dhcp.drive(ifindex, now, timing, out);
            self.news |= leased;
            fresh |= leased;
        }
        self.applied &= !fresh;
        fresh
    }

    /// Notes the link-local address that may be used now; a new one is a new start for solicitations.
    fn find_link_local(&mut self, now: Instant) {
        let mut usable = self.known.iter().filter(|known| !known.is_global() && usable(known));
        let address = usable.find_map(|known| match known.net.addr() {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        });
        if address != self.link_local.map(|(known, _)| known) {
            self.link_local = address.map(|address| (address, now));
            self.solicited = if address.is_some() { 0 } else { self.solicited };
        }
    }

    /// What is to be asked of DHCPv6 servers.
    fn wanted(&self, now: Instant) -> Option<Mode> {
        match self.settings.method {
            Method6::Dhcp => Some(Mode::Stateful),
            Method6::Auto => {
                let late = self.autoconf().is_empty() && self.fallback().is_some_and(|at| now >= at);
                let begun = self.dhcp.as_ref().and_then(Dhcp6::mode);
                self.flags.or(begun).or(late.then_some(Mode::Stateful))
            }
            _ => None,
        }
    }

    /// When `either6` begins DHCPv6 without a router's word.
    fn fallback(&self) -> Option<Instant> {
        self.carrier.filter(|_| self.settings.dhcp_without_router).map(|at| at + FALLBACK)
    }

    /// When to be woken.
    pub(super) fn deadline(&mut self, now: Instant) -> Option<Instant> {
        let dhcp = self.dhcp.as_mut().and_then(|dhcp| dhcp.deadline(now));
        let started = self.dhcp.as_ref().and_then(Dhcp6::started);
        let ends = [INFORMATION_TIMEOUT, DHCP_BESIDE, self.dhcp_timeout()].map(|time| started.map(|at| at + time));
        let settled = self.formed.map(|at| at + SETTLE);
        let ahead = [self.give_up(), self.probed_by(), self.routed_by(), self.fallback(), settled]
            .into_iter()
            .chain(ends)
            .flatten()
            .filter(|&at| at > now);
        [self.next_solicitation(), dhcp].into_iter().flatten().chain(ahead).min()
    }

    fn dhcp_timeout(&self) -> Duration {
        self.settings.ip.dhcp_timeout.unwrap_or(DHCP_TIMEOUT)
    }

    fn next_solicitation(&self) -> Option<Instant> {
        let wanted = self.settings.method == Method6::Auto && !self.default_route && self.autoconf().is_empty();
        let delay = SOLICITATIONS.get(self.solicited).filter(|_| wanted)?;
        let since = self.link_local.map(|(_, since)| since);
        let paced =
            self.asked_at.front().filter(|_| self.asked_at.len() >= PER_SECOND).map(|at| *at + Duration::from_secs(1));
        let due = self.carrier.map(|at| since.map_or(at, |since| at.max(since)) + *delay)?;
        // Where it was not wanted for a while, what is due since then does not leave at once.
        let before = self.solicited.checked_sub(1).and_then(|before| SOLICITATIONS.get(before));
        let spread = before.and_then(|before| Some(*self.asked_at.back()? + (*delay - *before)));
        [Some(due), paced, spread].into_iter().flatten().max()
    }

    /// When addresses must have been probed.
    fn probed_by(&self) -> Option<Instant> {
        self.carrier.map(|at| at + self.limits.dad)
    }

    /// Until when a default route is waited for.
    fn routed_by(&self) -> Option<Instant> {
        let from = self.formed.filter(|_| !self.default_route && self.settings.ip.takes_default_route())?;
        self.limits.route.map(|limit| from + limit)
    }

    fn give_up(&self) -> Option<Instant> {
        let timeout = self.settings.ra_timeout.map_or(self.limits.router, |s| Duration::from_secs(u64::from(s)));
        self.carrier.map(|at| at + timeout)
    }

    /// What the kernel shall hold now: what the profile asks for and the lease brings. Addresses from routers are the kernel's.
    pub(super) fn target(&self, metric: u32, now: Instant) -> FamilyTarget {
        let metric = self.settings.ip.route_metric.unwrap_or(metric);
        match self.settings.method {
            Method6::Disabled | Method6::Ignore | Method6::Shared => FamilyTarget::default(),
            _ => {
                let mut all = target::from_profile(&self.settings.ip, &self.autoconf(), metric);
                all.addresses.extend(self.lease().into_iter().flat_map(|lease| target::from_lease6(lease, now)));
                all.routes.retain(|route| !self.too_early(&route.options));
                all
            }
        }
    }

    fn progress(&self, now: Instant) -> Progress {
        if let Some(address) = self.duplicate() {
            return Progress::Failed(Reason::Duplicate(IpAddr::V6(address)));
        }
        let own_ready = self.settings.ip.addresses.iter().all(|net| self.has(*net));
        match self.settings.method {
            Method6::Disabled | Method6::Ignore => Progress::Off,
            Method6::Shared => {
                Progress::Failed(Reason::Unsupported("ipv6.method=shared cannot be carried out".to_owned()))
            }
            Method6::Manual if self.applied && own_ready => Progress::Up,
            Method6::LinkLocal if self.link_local.is_some() => Progress::Up,
            Method6::Manual | Method6::LinkLocal => self.probing(now),
            Method6::Auto | Method6::Dhcp if !own_ready => self.probing(now),
            Method6::Auto if self.routed_by().is_some_and(|at| now < at) => Progress::Pending(Reason::NoRoute),
            Method6::Auto | Method6::Dhcp => match self.wanted(now) {
                None => self.by_router(now),
                Some(mode) => self.by_server(mode, now),
            },
        }
    }

    /// Static and link-local addresses that are not usable yet.
    fn probing(&self, now: Instant) -> Progress {
        match self.probed_by() {
            Some(at) if now >= at => Progress::Failed(Reason::NotProbed),
            _ => Progress::Pending(Reason::NotReady),
        }
    }

    /// DHCPv6, with or without addresses from routers.
    fn by_server(&self, mode: Mode, now: Instant) -> Progress {
        let Some(dhcp) = &self.dhcp else {
            let what = "DHCPv6 needs a link with a MAC address, for its identifiers".to_owned();
            return if self.has_formed(now) { Progress::Up } else { Progress::Failed(Reason::Unsupported(what)) };
        };
        let patience = if mode == Mode::Stateful { DHCP_BESIDE } else { INFORMATION_TIMEOUT };
        let done = match dhcp.lease() {
            Some(lease) if mode == Mode::Stateful => {
                let ready = |a: &crate::proto::dhcp6::Address| {
                    self.known.iter().any(|k| k.net.addr() == a.address && usable(k))
                };
                self.applied && lease.addresses.iter().all(ready)
            }
            Some(_) => self.has_formed(now),
            None => dhcp.is_over(patience, now) && self.has_formed(now),
        };
        match mode {
            _ if done => Progress::Up,
            Mode::StatelessInfo if !self.has_formed(now) => self.by_router(now),
            Mode::StatelessInfo => Progress::Pending(dhcp.reason()),
            Mode::Stateful if dhcp.lease().is_some() => Progress::Pending(Reason::NotReady),
            Mode::Stateful if dhcp.is_over(self.dhcp_timeout(), now) => Progress::Failed(dhcp.reason()),
            Mode::Stateful => Progress::Pending(dhcp.reason()),
        }
    }

    fn has(&self, net: IpNet) -> bool {
        self.known.iter().any(|known| known.net == net && usable(known))
    }

    /// An address that another host has, where the link is of no use without it.
    fn duplicate(&self) -> Option<Ipv6Addr> {
        let own = &self.settings.ip.addresses;
        let failed = |known: &&AddressEvent| known.dad_failed && (own.contains(&known.net) || !known.is_global());
        let kept = self.known.iter().find(failed).and_then(|known| match known.net.addr() {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        });
        kept.or_else(|| self.lost.filter(|_| self.autoconf().is_empty() && self.lease().is_none()))
    }
}

/// Probed, or allowed to be used while being probed.
fn usable(address: &AddressEvent) -> bool {
    !address.tentative && !address.dad_failed
}

#[cfg(test)]
mod tests;
