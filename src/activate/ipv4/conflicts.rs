//! Which IPv4 addresses of a link are another host's: looked for before they are used, where `ipv4.dad-timeout` says so.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};

use super::chosen::Chosen;
use crate::activate::event::Action;
use crate::activate::family::Progress;
use crate::activate::outcome::Reason;
use crate::profile::{Device, HwAddr, Ip4Settings};
use crate::proto::acd::{self, Acd, Event};
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
    /// The same of an address that the link gives itself: the RFC's own time (RFC 3927 section 2.2.1) where nobody says another.
    longest_chosen: Duration,
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
    /// The one that the link gives itself.
    chosen: Option<Chosen>,
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
        let longest_chosen = if longest.is_zero() { acd::FULL } else { longest };
        let acd = mac.and_then(|mac| Acd::new(mac, longest_chosen, seed));
        let held: Vec<Ipv4Addr> = device.addresses.iter().filter_map(v4).collect();
        let mut open: Vec<Ipv4Addr> = settings.ip.addresses.iter().filter_map(v4).collect();
        let had = held.iter().copied().find(|address| address.is_link_local() && !open.contains(address));
        let mac = mac.filter(|_| acd.is_some() && settings.wants_link_local());
        let chosen = mac.and_then(|mac| Chosen::new(mac, had));
        open.retain(|address| acd.is_some() && !longest.is_zero() && !held.contains(address));
        Self { acd, longest, longest_chosen, seed, held, open, chosen, ..Self::default() }
    }

    /// The link has another address now.
    pub(in crate::activate) fn hardware_changed(&mut self, mac: Option<HwAddr>, now: Instant) {
        if let (Some(_), Some(mac)) = (&self.acd, mac) {
            self.acd = Acd::new(mac, self.longest_chosen, self.seed);
            let open = self.chosen.as_mut().filter(|chosen| chosen.ours().is_none());
            open.into_iter().zip(Chosen::new(mac, None)).for_each(|(old, new)| *old = new);
            if self.begun {
                self.carrier(now);
            }
        }
    }

    /// The link has carrier: what was sent before need not have arrived anywhere.
    pub(super) fn carrier(&mut self, now: Instant) {
        self.begun = true;
        let chosen = self.chosen.as_ref().and_then(Chosen::open);
        for address in self.open.iter().copied().chain(self.leased).chain(chosen) {
            self.acd.iter_mut().for_each(|acd| acd.probe(address, now));
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
    pub(super) fn poll(&mut self, ifindex: u32, applied: bool, now: Instant, out: &mut Vec<Action>) -> Option<Event> {
        let answers = !self.longest.is_zero() || self.chosen.is_some();
        let acd = self.acd.as_mut()?;
        if applied {
            self.fresh.drain(..).for_each(|address| acd.announce(address));
        }
        loop {
            match acd.poll() {
                Output::WaitUntil(_) => return None,
                Output::Transmit(packet) => {
                    out.push(Action::SendArp { ifindex, packet, answers });
                }
                Output::Event(event) => {
                    self.note(event, now);
                    return Some(event);
                }
            }
        }
    }

    fn note(&mut self, event: Event, now: Instant) {
        let (Event::Free(address) | Event::InUse { address, .. }) = event;
        let leased = self.leased.take_if(|leased| *leased == address).is_some();
        let open = self.open.contains(&address);
        self.open.retain(|open| *open != address);
        match event {
            Event::Free(address) => {
                self.fresh.push(address);
                self.chosen.iter_mut().for_each(|chosen| chosen.is_free(address));
            }
            Event::InUse { by, .. } if open => self.taken.push((address, by)),
            Event::InUse { by, .. } => {
                let next = self.chosen.as_mut().filter(|_| !leased).and_then(|chosen| chosen.is_taken(address, by));
                self.acd.iter_mut().zip(next).for_each(|(acd, next)| acd.probe(next, now));
            }
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

    /// True while an address of the profile or of a lease is on trial.
    pub(super) fn proves(&self) -> bool {
        self.begun && (!self.open.is_empty() || self.leased.is_some())
    }

    /// The address that the link gave itself.
    pub(super) fn chosen(&self) -> Option<Ipv4Addr> {
        self.chosen.as_ref().and_then(Chosen::ours)
    }

    /// What is missing of the address that the link is to give itself.
    pub(super) fn missing(&self) -> Option<Progress> {
        let without_arp = || Reason::Unsupported("a link-local IPv4 address is had on Ethernet alone".to_owned());
        self.chosen.as_ref().map_or_else(|| Some(Progress::Failed(without_arp())), Chosen::missing)
    }

    /// The addresses of a profile that may be used. One waits for those of its network that stand before it: the kernel speaks from the
    /// first that it is given.
    pub(super) fn usable(&self, addresses: &[IpNet]) -> Vec<IpNet> {
        let is_open = |net: &IpNet| self.open.iter().any(|address| net.addr() == *address);
        let usable = |(at, net): &(usize, &IpNet)| {
            let mut before = addresses.iter().take(*at).filter(|other| other.trunc() == net.trunc());
            !is_open(net) && !before.any(is_open) && !self.taken.iter().any(|(address, _)| net.addr() == *address)
        };
        addresses.iter().enumerate().filter(usable).map(|(_, net)| *net).collect()
    }

    /// True while an address of the profile in this network is looked for: that one is to be there first.
    pub(super) fn looks_in(&self, network: Ipv4Net) -> bool {
        self.open.iter().any(|address| network.contains(address))
    }

    /// The addresses of the profile that other hosts have.
    pub(super) fn taken(&self) -> impl Iterator<Item = Reason> {
        self.taken.iter().map(|&(address, by)| Reason::InUse(address, by))
    }
}
