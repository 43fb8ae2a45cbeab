//! A peer that can be called: where it may be, and how it is tried.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::names::Names;
use super::reach::Reaches;
use crate::profile::tunnel::{PeerChange, Tunnel, TunnelPeer};
use crate::profile::wireguard::{Peer, PublicKey, WireGuard, split_endpoint};
use crate::proto::Instant;

/// After so long without an answer the next address is tried, or the same again with a fresh start: the kernel itself would wait
/// five seconds after a lost packet. The last gap repeats.
const TRIES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(5), Duration::from_secs(5)];

/// Why a default route is refused.
const LOOP: &str = "AllowedIPs of everything without a rule (ip4-auto-default-route or ip6-auto-default-route is 0) would send \
                    the tunnel into itself; let that setting be, or give the endpoint a route of its own";

/// A peer with an endpoint.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) public_key: PublicKey,
    /// The host as written, for messages and look-ups.
    pub(super) host: String,
    pub(super) port: u16,
    /// Its addresses, best first; of a name, as far as it is known.
    pub(super) candidates: Vec<SocketAddr>,
    at: usize,
    tries: usize,
    next: Option<Instant>,
    nudged: bool,
}

/// All peers with an endpoint. One that is a name, and that the device talks with already, is not looked up again; `hosts` are names
/// that are known. `told`: only the device knows where they are.
pub(super) fn all(link: &WireGuard, held: &Tunnel, hosts: &[(String, IpAddr)], told: bool) -> Vec<Contact> {
    let peers = held.by_key();
    let one = |peer: &Peer| {
        let (host, port) = split_endpoint(peer.endpoint.as_deref()?)?;
        let held = peers.get(&peer.public_key);
        let works = |held: &&&TunnelPeer| told || held.last_handshake > 0;
        let known = held.filter(works).and_then(|peer| peer.endpoint).filter(|known| told || known.port() == port);
        let literal = host.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, port));
        let of_host = || hosts.iter().filter(|(name, _)| name.eq_ignore_ascii_case(host));
        let candidates = match if told { known } else { literal.or(known) } {
            Some(one) => vec![one],
            None if told => Vec::new(),
            None => of_host().map(|(_, address)| SocketAddr::new(*address, port)).collect(),
        };
        Some(Contact {
            public_key: peer.public_key,
            host: host.to_owned(),
            port,
            candidates,
            at: 0,
            tries: 0,
            next: None,
            nudged: false,
        })
    };
    link.peers.iter().filter_map(one).collect()
}

/// A peer as the kernel is told of it.
pub(super) fn desired(peer: &Peer, endpoint: Option<SocketAddr>) -> TunnelPeer {
    let Peer { public_key, preshared_key, preshared_key_flags: _, endpoint: _, allowed_ips, persistent_keepalive } =
        peer;
    // In their order; the last of several counts, as in the kernel.
    let mut seen = std::collections::BTreeSet::new();
    let mut networks: Vec<IpNet> = allowed_ips.iter().rev().map(IpNet::trunc).filter(|net| seen.insert(*net)).collect();
    networks.reverse();
    TunnelPeer {
        public_key: *public_key,
        preshared_key: preshared_key.clone(),
        endpoint,
        keepalive: u16::try_from(persistent_keepalive & 0xffff).unwrap_or_default(),
        allowed_ips: networks,
        last_handshake: 0,
    }
}

/// A network belongs to the last peer that names it, as the kernel has it.
pub(super) fn each_network_once(mut peers: Vec<TunnelPeer>) -> Vec<TunnelPeer> {
    let mut taken = std::collections::BTreeSet::new();
    for peer in peers.iter_mut().rev() {
        peer.allowed_ips.retain(|network| taken.insert(*network));
    }
    peers
}

impl Contact {
    /// The address being tried: the one whose turn it is, of those that can be reached.
    pub(super) fn current(&self, reaches: &Reaches) -> Option<SocketAddr> {
        let reached: Vec<SocketAddr> =
            self.candidates.iter().copied().filter(|c| reaches.is_open() || reaches.found(c.ip()).is_some()).collect();
        reached.get(self.at.checked_rem(reached.len())?).copied()
    }

    /// The endpoint, for people.
    pub(super) fn shown(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Why nothing will come of it.
    pub(super) fn lost(&self, reaches: &Reaches, names: &Names) -> Option<String> {
        if self.current(reaches).is_some() {
            return None;
        }
        let why = match self.candidates.is_empty() {
            true => names.failure(&self.host),
            false if self.candidates.iter().any(|c| reaches.loops(c.ip())) => LOOP.to_owned(),
            false => "there is no route to it".to_owned(),
        };
        Some(format!("endpoint {} is not used: {why}", self.shown()))
    }

    /// The link is up: the first try begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.next = Some(now);
    }

    /// When to try again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.next
    }

    /// What makes the kernel call the peer now, if it is time. `peer` is what the device holds of it.
    pub(super) fn provoke(&mut self, peer: &TunnelPeer, reaches: &Reaches, now: Instant) -> Vec<PeerChange> {
        if self.next.is_none_or(|next| now < next) || self.current(reaches).is_none() {
            return Vec::new();
        }
        let gap = TRIES.get(self.tries).or(TRIES.last()).copied().unwrap_or_default();
        let first = self.tries == 0;
        self.tries = self.tries.saturating_add(1);
        self.next = Some(now + gap);
        let mut changes = Vec::new();
        if !first {
            self.at = self.at.wrapping_add(1);
            let endpoint = self.current(reaches);
            changes.push(PeerChange::Remove(self.public_key));
            changes.push(PeerChange::Set(TunnelPeer { endpoint, ..peer.clone() }));
            self.nudged = false;
        }
        // A keepalive that is turned on is sent at once; a device that goes up does it by itself.
        if peer.keepalive == 0 && !std::mem::replace(&mut self.nudged, true) {
            changes.push(PeerChange::Keepalive(self.public_key, 1));
            changes.push(PeerChange::Keepalive(self.public_key, 0));
        }
        changes
    }
}
