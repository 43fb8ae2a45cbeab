//! The ways to endpoints, as the kernel would take them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::activate::event::{Action, Underlay};
use crate::proto::Instant;

/// How often a way that is not there is asked for again.
const GAPS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// The ways known, by address.
#[derive(Debug, Default)]
pub(super) struct Reaches {
    mark: u32,
    known: BTreeMap<IpAddr, Reach>,
    /// When one was added last.
    since: Instant,
    open: bool,
    /// The tunnel's default route (IPv4, IPv6) will stand beside that of the network below.
    plain: [bool; 2],
}

#[derive(Debug)]
struct Reach {
    found: Option<Underlay>,
    /// There is a way, which the tunnel's default route will take away.
    loops: bool,
    asked: bool,
    next: Instant,
    gap: Duration,
}

impl Reaches {
    /// Ways for packets with this mark. `open`: every address counts as reached, as the ways are in another namespace.
    /// `plain`: the tunnel's default route (IPv4, IPv6) will stand beside others.
    pub(super) fn new(mark: u32, open: bool, plain: [bool; 2]) -> Self {
        Self { mark, known: BTreeMap::new(), since: Instant::default(), open, plain }
    }

    /// True if every address counts as reached.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The way to an address.
    pub(super) fn found(&self, address: IpAddr) -> Option<&Underlay> {
        self.known.get(&address)?.found.as_ref()
    }

    /// Looks for the way to an address from now on.
    pub(super) fn want(&mut self, address: IpAddr, now: Instant) {
        self.known.entry(address).or_insert_with(|| {
            self.since = now;
            Reach { found: None, loops: false, asked: false, next: now, gap: GAPS.0 }
        });
    }

    /// True while an answer is to come.
    pub(super) fn is_busy(&self) -> bool {
        self.known.values().any(|reach| reach.asked)
    }

    /// Since when all ways are looked for.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// True if there is a way only as long as the tunnel's default route is not there.
    pub(super) fn loops(&self, address: IpAddr) -> bool {
        self.known.get(&address).is_some_and(|reach| reach.loops)
    }

    /// Asks again now for what is not found.
    pub(super) fn retry(&mut self, now: Instant) {
        for reach in self.known.values_mut() {
            reach.next = now;
        }
    }

    /// An answer.
    pub(super) fn told(&mut self, address: IpAddr, found: Option<Underlay>, now: Instant) {
        let Some(reach) = self.known.get_mut(&address) else { return };
        reach.asked = false;
        let [v4, v6] = self.plain;
        let plain = if address.is_ipv4() { v4 } else { v6 };
        reach.loops = plain && found.as_ref().is_some_and(|way| way.prefix_len == 0);
        reach.found = found.filter(|_| !reach.loops);
        reach.next = now + reach.gap;
        reach.gap = (reach.gap * 2).min(GAPS.1);
    }

    /// Asks for what is due.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, out: &mut Vec<Action>) {
        for (&address, reach) in &mut self.known {
            if reach.found.is_none() && !reach.asked && now >= reach.next {
                reach.asked = true;
                out.push(Action::FindRoute { ifindex, address, mark: self.mark });
            }
        }
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.known.values().filter(|reach| reach.found.is_none() && !reach.asked).map(|reach| reach.next).min()
    }
}
