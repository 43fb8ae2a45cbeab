//! A WireGuard link, from the profile to a completed handshake.
//!
//! The order: read what the device holds; find out where each peer is (its name over the network below, once that is up) and how
//! the kernel would get there; configure the device; then the link is set up like any other, and a handshake is provoked and waited for.
//! A peer with several addresses is tried at each in turn.
//!
//! | peers | the link is up |
//! | --- | --- |
//! | one or more with an endpoint | when one of them has answered |
//! | none with an endpoint (they call us), or `rd.net.timeout.handshake=0` | when it is configured |

mod contact;
pub(crate) mod guard;
mod handshake;
mod names;
mod numbers;
mod reach;
pub(crate) mod routes;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use self::contact::Contact;
use self::names::Names;
use self::reach::Reaches;
use self::routes::TunnelRoutes;
use super::event::{Action, DnsTicket, Underlay};
use super::outcome::Reason;
use crate::profile::desired::DesiredRoute;
use crate::profile::tunnel::{self, TunnelChanges, TunnelPeer};
use crate::profile::wireguard::{Peer, PublicKey, WireGuard};
use crate::profile::{LinkKind, Profile, sort};
use crate::proto::Instant;

/// What is lost of a packet on its way through a tunnel, with an IPv6 network below (wg-quick has the same).
const OVERHEAD: u32 = 80;
/// No tunnel is narrower.
const NARROWEST: u32 = 576;
/// How long a way to a peer is looked for when nothing else will come up any more.
const GRACE: Duration = Duration::from_secs(3);
/// So many peers are called at once, and the next ones so much later: each call is work for this machine and a packet for the network.
const AT_ONCE: usize = 8;
const PACE: Duration = Duration::from_millis(100);
/// Looks at the device while a handshake is waited for.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

/// Where the link stands in relation to the namespace that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Apart {
    /// In the same.
    #[default]
    No,
    /// In the same for now: it is configured, and will be moved.
    Before,
    /// In one of its own.
    After,
}

/// What tunnels must know of the network below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Below {
    /// Name servers.
    pub(crate) servers: Vec<SocketAddr>,
    /// Search domains.
    pub(crate) search: Vec<String>,
    /// A link may still come up.
    pub(crate) pending: bool,
    /// How many links are up.
    pub(crate) up: usize,
}

/// A WireGuard link.
pub(crate) struct Tunnel {
    ifindex: u32,
    link: WireGuard,
    routes: TunnelRoutes,
    apart: Apart,
    patience: Duration,
    /// What the device holds; `None` before it was read.
    have: Option<tunnel::Tunnel>,
    /// A look at the device is under way.
    asked: bool,
    /// What it was last told to hold, and where peers are according to that.
    wanted: Option<tunnel::Tunnel>,
    aims: BTreeMap<PublicKey, SocketAddr>,
    /// Routes to endpoints, and the links they leave by.
    pins: Vec<(u32, DesiredRoute)>,
    contacts: Vec<Contact>,
    hosts: Vec<(String, IpAddr)>,
    names: Names,
    reaches: Reaches,
    below: Below,
    /// When the network below last changed.
    changed: Instant,
    setting: bool,
    configured: bool,
    /// When the link was set up.
    applied: Option<Instant>,
    look_at: Instant,
    look_gap: Duration,
    shaken: bool,
    failed: Option<Reason>,
    complaints: Vec<String>,
}

impl Tunnel {
    /// The tunnel of a profile; `None` if it is none.
    pub(crate) fn new(ifindex: u32, profile: &Rc<Profile>, settings: &TunnelStart, now: Instant) -> Option<Self> {
        let LinkKind::WireGuard(link) = &profile.kind else { return None };
        let without_key = "wireguard.private-key is missing: write it into the profile, or give the credential \
                           network.wireguard.private.";
        let id = &profile.id;
        let failed = link.private_key.is_none().then(|| Reason::Tunnel(format!("{without_key}{id}")));
        let routes = routes::of(profile, settings.metric, settings.apart != Apart::No);
        Some(Self {
            ifindex,
            link: link.clone(),
            names: Names::new(settings.seed, routes.mark),
            reaches: Reaches::new(
                routes.mark,
                settings.apart == Apart::After,
                [routes.v4.plain_default, routes.v6.plain_default],
            ),
            routes,
            apart: settings.apart,
            patience: settings.patience,
            have: None,
            asked: false,
            wanted: None,
            pins: Vec::new(),
            contacts: Vec::new(),
            hosts: settings.hosts.clone(),
            aims: BTreeMap::new(),
            below: Below::default(),
            changed: now,
            setting: false,
            configured: false,
            applied: None,
            look_at: now,
            look_gap: LOOKS.0,
            shaken: false,
            failed,
            complaints: Vec::new(),
        })
    }

    /// What belongs into the kernel's tables.
    pub(crate) fn routes(&self) -> &TunnelRoutes {
        &self.routes
    }

    /// Its interface index.
    pub(crate) fn ifindex(&self) -> u32 {
        self.ifindex
    }

    /// True if the link itself is to be set up here.
    pub(crate) fn is_here(&self) -> bool {
        self.apart != Apart::Before
    }

    /// The MTU that the network below leaves.
    pub(crate) fn mtu(&self) -> Option<u32> {
        let below = self.contacts.iter().filter_map(|contact| self.reaches.found(contact.current(&self.reaches)?.ip()));
        below.map(|below| below.mtu.saturating_sub(OVERHEAD).max(NARROWEST)).min()
    }

    /// Routes to endpoints that the tunnel would swallow, by the links they go out by.
    pub(crate) fn pins(&self) -> &[(u32, DesiredRoute)] {
        &self.pins
    }

    fn find_pins(&self) -> Vec<(u32, DesiredRoute)> {
        if self.apart != Apart::No {
            return Vec::new();
        }
        let endpoints = self.contacts.iter().filter_map(|contact| contact.current(&self.reaches));
        let swallowed = endpoints.map(|endpoint| endpoint.ip()).filter(|&address| self.routes.swallows(address));
        swallowed.filter_map(|address| self.reaches.found(address).map(|way| way.pin(address))).collect()
    }

    /// What the device holds, without secrets.
    pub(crate) fn report(&self) -> Option<tunnel::Tunnel> {
        let mut held = self.have.clone()?;
        held.private_key = None;
        held.peers.iter_mut().for_each(|peer| peer.preshared_key = None);
        Some(held)
    }

    /// What is not as it was asked for, although the link is up.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// What the device holds, answering [`Action::ReadTunnel`].
    pub(crate) fn read(&mut self, held: Result<tunnel::Tunnel, String>) {
        self.asked = false;
        match held {
            Ok(held) if self.have.is_none() => {
                self.contacts = contact::all(&self.link, &held, &self.hosts, self.apart == Apart::After);
                self.have = Some(held);
            }
            Ok(held) => {
                let answered = held.peers.iter().filter(|peer| peer.last_handshake > 0);
                let answered = sort::map(answered.map(|peer| (peer.public_key, ())));
                self.shaken |= self.contacts.iter().any(|contact| answered.contains_key(&contact.public_key));
                self.have = Some(held);
            }
            Err(why) => self.failed = Some(Reason::Kernel(why)),
        }
    }

    /// What [`Action::SetTunnel`] came to.
    pub(crate) fn set(&mut self, error: Option<String>) {
        self.setting = false;
        if let Some(why) = error {
            self.failed = Some(Reason::Kernel(why));
        }
    }

    /// The way to an address, answering [`Action::FindRoute`].
    pub(crate) fn route(&mut self, address: IpAddr, found: Option<Underlay>, now: Instant) {
        // A way through the tunnel itself is none.
        self.reaches.told(address, found.filter(|found| found.ifindex != self.ifindex), now);
    }

    /// What came of a question to a name server.
    pub(crate) fn dns(&mut self, ticket: DnsTicket, answer: Option<&[u8]>, now: Instant) {
        self.names.told(ticket, answer, now);
    }

    /// The link was set up.
    pub(crate) fn applied(&mut self, now: Instant) {
        if self.configured && self.applied.is_none() {
            self.applied = Some(now);
            self.look_at = now;
            let groups = self.contacts.chunks_mut(AT_ONCE).zip(0_u32..);
            groups.for_each(|(group, turn)| group.iter_mut().for_each(|contact| contact.begin(now + PACE * turn)));
        }
    }

    /// Another way to peers may be there.
    pub(crate) fn look_for_ways(&mut self, now: Instant) {
        self.reaches.retry(now);
    }

    /// The network below is like this now.
    pub(crate) fn below(&mut self, below: &Below, now: Instant) {
        if self.below != *below {
            if self.below.up != below.up {
                self.reaches.retry(now);
            }
            self.below = below.clone();
            self.changed = now;
        }
    }

    /// Tells `out` what to do now. True: the device is ready for the link to be set up.
    pub(crate) fn drive(&mut self, now: Instant, out: &mut Vec<Action>) -> bool {
        if self.failed.is_some() || self.setting {
            return false;
        }
        if self.have.is_none() {
            if !std::mem::replace(&mut self.asked, true) {
                out.push(Action::ReadTunnel { ifindex: self.ifindex });
            }
            return false;
        }
        self.search(now, out);
        self.give_up(now);
        let ready = self.failed.is_none() && self.configure(out);
        if self.applied.is_some() && !self.setting {
            self.shake(now, out);
        }
        ready
    }

    /// Looks for addresses, and ways to them.
    fn search(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.apart == Apart::After {
            return;
        }
        let deadline = self.patience.max(GRACE);
        self.names.drive(self.ifindex, &mut self.contacts, &self.below, deadline, now, out);
        for contact in &self.contacts {
            contact.candidates.iter().for_each(|endpoint| self.reaches.want(endpoint.ip(), now));
        }
        self.reaches.drive(self.ifindex, now, out);
    }

    /// Whether nobody will be found any more.
    fn give_up(&mut self, now: Instant) {
        if now < self.give_up_at() || self.apart == Apart::After {
            return;
        }
        let lost: Vec<String> = self.contacts.iter().filter_map(|c| c.lost(&self.reaches, &self.names)).collect();
        if lost.is_empty() {
            return;
        }
        if lost.len() == self.contacts.len() && !self.configured {
            self.failed = Some(Reason::Tunnel(lost.join("; ")));
        } else {
            self.complaints.extend(lost);
        }
        self.contacts.retain(|contact| contact.current(&self.reaches).is_some());
    }

    fn give_up_at(&self) -> Instant {
        let idle = !self.below.pending && !self.names.is_busy() && !self.reaches.is_busy();
        let since = self.changed.max(self.names.ended()).max(self.reaches.since());
        if idle { since + GRACE } else { Instant::new(Duration::MAX) }
    }

    /// Configures the device when there is somebody to talk to. True: done for the first time.
    fn configure(&mut self, out: &mut Vec<Action>) -> bool {
        let reached = self.contacts.iter().any(|contact| contact.current(&self.reaches).is_some());
        let Some(have) = &self.have else { return false };
        if !(self.configured || reached || self.contacts.is_empty() || self.apart == Apart::After) {
            return false;
        }
        let aims = self.aims();
        let mut changes = TunnelChanges::default();
        // Where a peer has moved to by itself is not put back.
        if self.wanted.is_none() || self.aims != aims {
            let want = self.want(&aims);
            changes = tunnel::changes(have, &want);
            self.wanted = Some(want);
            self.aims = aims;
            self.pins = self.find_pins();
        }
        if !changes.is_empty() {
            self.send(changes, out);
            return false;
        }
        !std::mem::replace(&mut self.configured, true)
    }

    fn send(&mut self, changes: TunnelChanges, out: &mut Vec<Action>) {
        self.setting = true;
        out.push(Action::SetTunnel { ifindex: self.ifindex, changes: Box::new(changes) });
    }

    /// Where each peer is.
    fn aims(&self) -> BTreeMap<PublicKey, SocketAddr> {
        sort::map(self.contacts.iter().filter_map(|c| Some((c.public_key, c.current(&self.reaches)?))))
    }

    /// What the device shall hold.
    fn want(&self, aims: &BTreeMap<PublicKey, SocketAddr>) -> tunnel::Tunnel {
        let link = &self.link;
        let one = |peer: &Peer| contact::desired(peer, aims.get(&peer.public_key).copied());
        let peers: Vec<TunnelPeer> = link.peers.iter().map(one).collect();
        let key = link.private_key.clone();
        let mark = self.routes.mark;
        let (listen_port, peers) = (link.listen_port, contact::each_network_once(peers));
        tunnel::Tunnel { private_key: key, public_key: None, listen_port, fwmark: mark, peers }
    }
}

/// What a tunnel is started with besides its profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct TunnelStart {
    /// Metric of its routes.
    pub(crate) metric: u32,
    /// Where it stands.
    pub(crate) apart: Apart,
    /// How long a handshake is waited for.
    pub(crate) patience: Duration,
    /// Makes identifiers.
    pub(crate) seed: u64,
    /// Addresses of names that need not be looked up.
    pub(crate) hosts: Vec<(String, IpAddr)>,
}

#[cfg(test)]
mod tests;
