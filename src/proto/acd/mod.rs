//! Address conflict detection (RFC 5227): whether an IPv4 address is another host's, before it is used.
//!
//! Three probes, each after a random time, and a time of silence after the last; then the address is free. Any word of another host
//! that it has the address, or that it too is probing it, and it is not. The times of the RFC (section 1.1) are shrunk by one factor,
//! as NetworkManager does: a longest time of 9 s stands for the RFC's own.
//!
//! One announcement follows, not the RFC's two: the program does not stay that long. While it stays, an address that another host
//! claims is defended, once in 10 s (section 2.4 b).

mod link_local;
mod packet;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::random::Random;
use super::{Instant, Output};
use crate::profile::HwAddr;
pub use link_local::LinkLocal;
use packet::Mac;

/// The longest time with which the RFC's own times are kept.
pub const FULL: Duration = Duration::from_secs(9);

/// PROBE_NUM.
const PROBES: u8 = 3;
/// PROBE_WAIT, PROBE_MIN, PROBE_MAX and ANNOUNCE_WAIT are 1, 1, 2 and 2 of so many parts.
const PARTS: u32 = 9;
/// DEFEND_INTERVAL.
const DEFENCE: Duration = Duration::from_secs(10);

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nobody has it: use it, then [`Acd::announce`] it.
    Free(Ipv4Addr),
    /// Another host has it.
    InUse {
        /// The address.
        address: Ipv4Addr,
        /// Who has it.
        by: HwAddr,
    },
}

/// The addresses of one link. What it transmits is an ARP packet for everybody, from its header on.
#[derive(Debug)]
pub struct Acd {
    mac: Mac,
    part: Duration,
    random: Random,
    claims: Vec<Claim>,
    out: VecDeque<Output<Vec<u8>, Event>>,
}

#[derive(Debug)]
struct Claim {
    address: Ipv4Addr,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// So many probes have left; at this time the next does, or the address is free.
    Probing(u8, Instant),
    /// It is ours; when it was last defended.
    Ours(Option<Instant>),
}

impl Acd {
    /// For a link with this address; finding out takes `longest` at most. `None` for addresses that are not of six bytes.
    pub fn new(mac: HwAddr, longest: Duration, seed: u64) -> Option<Self> {
        let mac = mac.as_bytes().try_into().ok()?;
        let part = longest / PARTS;
        Some(Self { mac, part, random: Random::new(seed), claims: Vec::new(), out: VecDeque::new() })
    }

    /// Finds out about `address`, from the beginning if that was under way.
    pub fn probe(&mut self, address: Ipv4Addr, now: Instant) {
        let first = now + self.random.up_to(self.part);
        self.claim(address, Stage::Probing(0, first));
    }

    /// Leaves off finding out, until it is begun again.
    pub fn pause(&mut self) {
        self.claims.retain(|claim| matches!(claim.stage, Stage::Ours(_)));
    }

    /// Tells everybody that `address` is ours, and defends it from now on.
    pub fn announce(&mut self, address: Ipv4Addr) {
        self.say(address, address);
        self.claim(address, Stage::Ours(None));
    }

    fn claim(&mut self, address: Ipv4Addr, stage: Stage) {
        self.claims.retain(|claim| claim.address != address);
        self.claims.push(Claim { address, stage });
    }

    fn say(&mut self, sender: Ipv4Addr, target: Ipv4Addr) {
        self.out.push_back(Output::Transmit(packet::request(self.mac, sender, target)));
    }

    /// The time that [`Acd::poll`] named may have come.
    pub fn handle_timeout(&mut self, now: Instant) {
        for mut claim in std::mem::take(&mut self.claims) {
            match &mut claim.stage {
                Stage::Probing(PROBES, next) if *next <= now => {
                    self.out.push_back(Output::Event(Event::Free(claim.address)));
                    continue;
                }
                Stage::Probing(sent, next) if *next <= now => {
                    self.say(Ipv4Addr::UNSPECIFIED, claim.address);
                    *sent += 1;
                    let more = if *sent == PROBES { self.part } else { self.random.up_to(self.part) };
                    *next = now + self.part + more;
                }
                _ => {}
            }
            self.claims.push(claim);
        }
    }

    /// An ARP packet came by the link. Any bytes are harmless.
    pub fn handle_packet(&mut self, now: Instant, bytes: &[u8]) {
        let Some(heard) = packet::read(bytes).filter(|heard| heard.mac != self.mac) else { return };
        let Some(by) = HwAddr::new(&heard.mac) else { return };
        let mut defended = None;
        self.claims.retain_mut(|claim| {
            let address = claim.address;
            match &mut claim.stage {
                Stage::Probing(..) => {
                    let probes_too = heard.sender.is_unspecified() && heard.target == address;
                    let taken = heard.sender == address || probes_too;
                    if taken {
                        self.out.push_back(Output::Event(Event::InUse { address, by }));
                    }
                    return !taken;
                }
                Stage::Ours(last) if heard.sender == address && last.is_none_or(|last| now >= last + DEFENCE) => {
                    *last = Some(now);
                    defended = Some(address);
                }
                Stage::Ours(_) => {}
            }
            true
        });
        if let Some(address) = defended {
            self.say(address, address);
        }
    }

    /// What to do next; to be called until it answers [`Output::WaitUntil`].
    pub fn poll(&mut self) -> Output<Vec<u8>, Event> {
        let next = self.claims.iter().filter_map(|claim| match claim.stage {
            Stage::Probing(_, next) => Some(next),
            Stage::Ours(_) => None,
        });
        self.out.pop_front().unwrap_or_else(|| Output::WaitUntil(next.min()))
    }
}
