//! Which IPv4 addresses of a link are another host's: looked for before they are used, where `ipv4.dad-timeout` says so.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::IpNet;

use crate::activate::event::Action;
use crate::activate::outcome::Reason;
use crate::profile::{Device, HwAddr, Ip4Settings};
use crate::proto::acd::{Acd, Event};
use crate::proto::{Instant, Output};

/// ARPHRD_ETHER: ARP over addresses of another length has no conflict detection here.
const ETHERNET: u16 = 1;

/// The addresses of one link that are not simply used.
#[derive(Default)]
pub(in crate::activate) struct Conflicts {
    /// `None`: a link without ARP.
    acd: Option<Acd>,
    /// How long addresses are looked for; zero: not at all. An address that was leased is announced all the same, as NetworkManager does.
    longest: Duration,
    seed: u64,
    /// There is carrier.
    begun: bool,
    /// What the link had before, and is ours.
    held: Vec<Ipv4Addr>,
    /// Addresses of the profile that are not known to be free.
    open: Vec<Ipv4Addr>,
    /// A leased one that is not.
    leased: Option<Ipv4Addr>,
    /// Addresses of the profile that other hosts have.
    taken: Vec<(Ipv4Addr, HwAddr)>,
    /// To be announced when the kernel has them.
    fresh: Vec<Ipv4Addr>,
}

impl Conflicts {
    /// On `device`, whose address is or becomes `mac`.
    pub(in crate::activate) fn new(settings: &Ip4Settings, device: &Device, mac: Option<HwAddr>, seed: u64) -> Self {
        let v4 = |net: &IpNet| match net {
            IpNet::V4(net) => Some(net.addr()),
            IpNet::V6(_) => None,
        };
        let longest = settings.ip.dad_timeout.unwrap_or_default();
        let mac = mac.filter(|_| device.arp_type == ETHERNET);
        let acd = mac.and_then(|mac| Acd::new(mac, longest, seed));
        let held: Vec<Ipv4Addr> = device.addresses.iter().filter_map(v4).collect();
        let mut open: Vec<Ipv4Addr> = settings.ip.addresses.iter().filter_map(v4).collect();
        open.retain(|address| acd.is_some() && !longest.is_zero() && !held.contains(address));
        Self { acd, longest, seed, held, open, ..Self::default() }
    }

    /// The link has another address now.
    pub(in crate::activate) fn hardware_changed(&mut self, mac: Option<HwAddr>, now: Instant) {
        if let (Some(_), Some(mac)) = (&self.acd, mac) {
            self.acd = Acd::new(mac, self.longest, self.seed);
            if self.begun {
                self.carrier(now);
            }
        }
    }

    /// The link has carrier: what was sent before need not have arrived anywhere.
    pub(super) fn carrier(&mut self, now: Instant) {
        self.begun = true;
        for address in self.open.iter().chain(&self.leased) {
            self.acd.iter_mut().for_each(|acd| acd.probe(*address, now));
        }
    }

    /// Nothing is heard any more, and silence says nothing.
    pub(super) fn carrier_lost(&mut self) {
        self.begun = false;
        self.acd.iter_mut().for_each(Acd::pause);
    }

    /// An address was leased. True: it is not to be used yet, [`Conflicts::poll`] tells when.
    pub(super) fn lease(&mut self, address: Ipv4Addr, now: Instant) -> bool {
        if self.held.contains(&address) {
            return false;
        }
        let Some(acd) = self.acd.as_mut().filter(|_| !self.longest.is_zero()) else {
            self.fresh.push(address);
            return false;
        };
        acd.probe(address, now);
        self.leased = Some(address);
        true
    }

    /// The link has this address no longer.
    pub(super) fn lost(&mut self, address: Ipv4Addr) {
        self.held.retain(|held| *held != address);
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        self.acd.iter_mut().for_each(|acd| acd.handle_timeout(now));
    }

    /// An ARP packet came.
    pub(super) fn packet(&mut self, now: Instant, packet: &[u8]) {
        self.acd.iter_mut().for_each(|acd| acd.handle_packet(now, packet));
    }

    /// What was found out about the next address. `applied`: the kernel has what was asked of it.
    pub(super) fn poll(&mut self, ifindex: u32, applied: bool, out: &mut Vec<Action>) -> Option<Event> {
        let acd = self.acd.as_mut()?;
        if applied {
            self.fresh.drain(..).for_each(|address| acd.announce(address));
        }
        loop {
            match acd.poll() {
                Output::WaitUntil(_) => return None,
                Output::Transmit(packet) => {
                    out.push(Action::SendArp { ifindex, packet, answers: !self.longest.is_zero() });
                }
                Output::Event(event) => {
                    self.note(event);
                    return Some(event);
                }
            }
        }
    }

    fn note(&mut self, event: Event) {
        let (Event::Free(address) | Event::InUse { address, .. }) = event;
        let leased = self.leased.take_if(|leased| *leased == address).is_some();
        self.open.retain(|open| *open != address);
        match event {
            Event::Free(address) => self.fresh.push(address),
            Event::InUse { by, .. } if !leased => self.taken.push((address, by)),
            Event::InUse { .. } => {}
        }
    }

    pub(super) fn deadline(&mut self) -> Option<Instant> {
        match self.acd.as_mut()?.poll() {
            Output::WaitUntil(next) => next,
            _ => None,
        }
    }

    /// True while addresses of the profile are looked for.
    pub(super) fn looks(&self) -> bool {
        !self.open.is_empty()
    }

    /// The addresses of a profile that may be used.
    pub(super) fn usable(&self, addresses: &[IpNet]) -> Vec<IpNet> {
        let usable = |net: &IpNet| {
            let is = |address: &Ipv4Addr| net.addr() == *address;
            !self.open.iter().any(is) && !self.taken.iter().any(|(address, _)| is(address))
        };
        addresses.iter().copied().filter(usable).collect()
    }

    /// The addresses of the profile that other hosts have.
    pub(super) fn taken(&self) -> impl Iterator<Item = Reason> {
        self.taken.iter().map(|&(address, by)| Reason::InUse(address, by))
    }
}
