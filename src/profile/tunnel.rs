//! What a WireGuard device shall hold, or holds: the link's own configuration, apart from addresses and routes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipnet::IpNet;

use super::wireguard::{Key, PublicKey};

/// A device's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tunnel {
    /// The private key; `None`: none, or not told.
    pub private_key: Option<Key>,
    /// Its public key, told by the kernel.
    pub public_key: Option<PublicKey>,
    /// The UDP port; 0 asks for any.
    pub listen_port: u16,
    /// The mark of the packets that carry the tunnel; 0 is none.
    pub fwmark: u32,
    /// The peers.
    pub peers: Vec<TunnelPeer>,
}

/// A peer as the kernel knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelPeer {
    /// Its name.
    pub public_key: PublicKey,
    /// The preshared key.
    pub preshared_key: Option<Key>,
    /// Where it is.
    pub endpoint: Option<SocketAddr>,
    /// Seconds between keepalives; 0 is off.
    pub keepalive: u16,
    /// Networks behind it, host bits zero.
    pub allowed_ips: Vec<IpNet>,
    /// When the last handshake was completed, in seconds since 1970; 0 is never. Told by the kernel.
    pub last_handshake: u64,
}

impl TunnelPeer {
    /// A peer of which only the name is known.
    pub fn new(public_key: PublicKey) -> Self {
        Self {
            public_key,
            preshared_key: None,
            endpoint: None,
            keepalive: 0,
            allowed_ips: Vec::new(),
            last_handshake: 0,
        }
    }

    /// True if nothing that can be set differs. An endpoint that is not known may be any.
    pub fn is_as(&self, wanted: &Self) -> bool {
        let Self { public_key, preshared_key, endpoint, keepalive, allowed_ips, last_handshake: _ } = wanted;
        let mut ours: Vec<IpNet> = self.allowed_ips.clone();
        let mut theirs = allowed_ips.clone();
        super::sort::sort(&mut ours);
        super::sort::sort(&mut theirs);
        self.public_key == *public_key
            && self.preshared_key == *preshared_key
            && (endpoint.is_none() || self.endpoint == *endpoint)
            && self.keepalive == *keepalive
            && ours == theirs
    }
}

impl Tunnel {
    /// The peer of this name.
    pub fn peer(&self, public_key: PublicKey) -> Option<&TunnelPeer> {
        self.peers.iter().find(|peer| peer.public_key == public_key)
    }

    /// The peers by name: there may be thousands.
    pub fn by_key(&self) -> BTreeMap<PublicKey, &TunnelPeer> {
        super::sort::map(self.peers.iter().map(|peer| (peer.public_key, peer)))
    }
}

/// What is to be changed about a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TunnelChanges {
    /// A new private key.
    pub private_key: Option<Key>,
    /// Another port.
    pub listen_port: Option<u16>,
    /// Another mark.
    pub fwmark: Option<u32>,
    /// Peers, in this order.
    pub peers: Vec<PeerChange>,
}

/// What is to be done with a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerChange {
    /// Add it, or make all of it so.
    Set(TunnelPeer),
    /// Set its keepalive, no more. Turned on it sends one at once, and with it a handshake.
    Keepalive(PublicKey, u16),
    /// Take it away, with its sessions.
    Remove(PublicKey),
}

impl TunnelChanges {
    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What makes a device that holds `have` hold `want`. Sessions of peers that stay as they are go on.
pub fn changes(have: &Tunnel, want: &Tunnel) -> TunnelChanges {
    let Tunnel { private_key, public_key: _, listen_port, fwmark, peers } = want;
    let (held, wanted) = (have.by_key(), want.by_key());
    let foreign = have.peers.iter().filter(|peer| !wanted.contains_key(&peer.public_key));
    let differs = |peer: &&TunnelPeer| !held.get(&peer.public_key).is_some_and(|held| held.is_as(peer));
    TunnelChanges {
        private_key: private_key.clone().filter(|key| have.private_key.as_ref() != Some(key)),
        listen_port: Some(*listen_port).filter(|&port| port != 0 && port != have.listen_port),
        fwmark: Some(*fwmark).filter(|&mark| mark != have.fwmark),
        peers: foreign
            .map(|peer| PeerChange::Remove(peer.public_key))
            .chain(peers.iter().filter(differs).cloned().map(PeerChange::Set))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u8) -> TunnelPeer {
        let allowed_ips = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/64".parse().unwrap()];
        let endpoint = Some("192.0.2.1:51820".parse().unwrap());
        TunnelPeer { endpoint, allowed_ips, keepalive: 25, ..TunnelPeer::new(PublicKey::new([number; 32])) }
    }

    fn tunnel(peers: &[u8]) -> Tunnel {
        let peers = peers.iter().map(|&number| peer(number)).collect();
        Tunnel { private_key: Some(Key::new([9; 32])), listen_port: 51820, fwmark: 7, peers, ..Tunnel::default() }
    }

    #[test]
    fn what_is_there_is_not_sent() {
        let mut have = tunnel(&[1, 2]);
        have.peers[0].last_handshake = 99;
        have.peers[0].allowed_ips.reverse();
        assert!(changes(&have, &tunnel(&[1, 2])).is_empty());
        let mut want = tunnel(&[1, 2]);
        (want.listen_port, want.private_key, want.peers[0].endpoint) = (0, None, None);
        assert!(changes(&have, &want).is_empty());
    }

    #[test]
    fn only_the_difference_is_sent() {
        let mut want = tunnel(&[1, 3]);
        want.fwmark = 0;
        let found = changes(&tunnel(&[1, 2]), &want);
        let peers = vec![PeerChange::Remove(PublicKey::new([2; 32])), PeerChange::Set(peer(3))];
        assert_eq!(found, TunnelChanges { fwmark: Some(0), peers, ..TunnelChanges::default() });
        let mut want = tunnel(&[1]);
        want.peers[0].preshared_key = Some(Key::new([3; 32]));
        assert_eq!(changes(&tunnel(&[1]), &want).peers, [PeerChange::Set(want.peers[0].clone())]);
        assert_eq!(changes(&Tunnel::default(), &tunnel(&[1])).peers, [PeerChange::Set(peer(1))]);
    }
}
