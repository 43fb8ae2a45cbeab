//! WireGuard devices over generic netlink (`linux/wireguard.h`): what one holds, and the changes to it.
//!
//! An attribute holds 64 KiB at most and a message should be far shorter, so that peers and their networks are spread over as many
//! messages as they need. Every buffer that held a key is overwritten.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use ipnet::IpNet;
use netlink_packet_core::NLM_F_DUMP;

use super::generic::{self, HEADER, Header};
use super::message::{Batch, address_of, attributes, u32_of};
use super::netlink::{Encode, Netlink};
use super::{Kernel, KernelError};
use crate::profile::tunnel::{PeerChange, Tunnel, TunnelChanges, TunnelPeer};
use crate::profile::wireguard::{Key, PublicKey};

const GET_DEVICE: u8 = 0;
const SET_DEVICE: u8 = 1;
const VERSION: u8 = 1;

/// `WGDEVICE_A_*`.
mod device {
    pub(super) const IFINDEX: u16 = 1;
    pub(super) const PRIVATE_KEY: u16 = 3;
    pub(super) const PUBLIC_KEY: u16 = 4;
    pub(super) const LISTEN_PORT: u16 = 6;
    pub(super) const FWMARK: u16 = 7;
    pub(super) const PEERS: u16 = 8;
}

/// `WGPEER_A_*` and `WGPEER_F_*`.
mod peer {
    pub(super) const PUBLIC_KEY: u16 = 1;
    pub(super) const PRESHARED_KEY: u16 = 2;
    pub(super) const FLAGS: u16 = 3;
    pub(super) const ENDPOINT: u16 = 4;
    pub(super) const KEEPALIVE: u16 = 5;
    pub(super) const LAST_HANDSHAKE: u16 = 6;
    pub(super) const ALLOWED_IPS: u16 = 9;
    pub(super) const F_REMOVE: u32 = 1;
    pub(super) const F_REPLACE_ALLOWED_IPS: u32 = 2;
    pub(super) const F_UPDATE_ONLY: u32 = 4;
}

/// `WGALLOWEDIP_A_*`.
mod allowed {
    pub(super) const FAMILY: u16 = 1;
    pub(super) const ADDRESS: u16 = 2;
    pub(super) const PREFIX: u16 = 3;
}

/// Networks in one message, and peers: both far below 64 KiB.
const NETWORKS: usize = 500;
const PEERS: usize = 50;

/// A WireGuard netlink socket.
pub(super) struct WireGuard {
    netlink: Netlink,
    family: u16,
}

impl Kernel {
    /// What a device holds, keys included.
    pub fn tunnel(&mut self, ifindex: u32) -> Result<Tunnel, KernelError> {
        let WireGuard { netlink, family } = self.wireguard()?;
        let header = Header { command: GET_DEVICE, version: VERSION };
        let write = |batch: &mut Batch| batch.u32(device::IFINDEX, ifindex);
        let parts = netlink.query("WireGuard device", *family, NLM_F_DUMP, &header, &write, parse);
        netlink.forget();
        Ok(joined(parts?))
    }

    /// Changes a device.
    pub fn set_tunnel(&mut self, ifindex: u32, changes: &TunnelChanges) -> Result<(), KernelError> {
        let WireGuard { netlink, family } = self.wireguard()?;
        let messages = messages(ifindex, *family, changes);
        let refusals = netlink.send(&messages);
        netlink.forget();
        let refused = refusals.into_iter().next().map(|refusal| KernelError::Refused {
            request: "configure the WireGuard device".to_owned(),
            ifindex,
            device: String::new(),
            fatal: true,
            errno: refusal.errno,
            explanation: refusal.explanation,
        });
        refused.map_or(Ok(()), Err)
    }

    fn wireguard(&mut self) -> Result<&mut WireGuard, KernelError> {
        if self.wireguard.is_none() {
            let mut netlink = Netlink::open_generic()?;
            let family = generic::family(&mut netlink, "wireguard")?;
            self.wireguard = Some(WireGuard { netlink, family });
        }
        let none = KernelError::Socket { what: "WireGuard", errno: super::error::errno::ENOENT };
        self.wireguard.as_mut().ok_or(none)
    }
}

/// One message of a change.
struct Message<'a> {
    family: u16,
    ifindex: u32,
    /// Settings of the device itself; only in the first message.
    device: Option<&'a TunnelChanges>,
    peers: Vec<Part<'a>>,
}

/// A peer, or those of its networks that are in this message.
struct Part<'a> {
    change: &'a PeerChange,
    networks: &'a [IpNet],
    /// The first part has all but the networks, too.
    first: bool,
}

/// The changes as messages of a bearable size.
fn messages(ifindex: u32, family: u16, changes: &TunnelChanges) -> Vec<Message<'_>> {
    let message = |device| Message { family, ifindex, device, peers: Vec::new() };
    let mut messages = Vec::new();
    let mut open = message(Some(changes));
    let mut networks = 0;
    for part in changes.peers.iter().flat_map(parts) {
        if open.peers.len() >= PEERS || networks + part.networks.len() > NETWORKS {
            messages.push(std::mem::replace(&mut open, message(None)));
            networks = 0;
        }
        networks += part.networks.len();
        open.peers.push(part);
    }
    messages.push(open);
    messages
}

/// A peer with its networks, or what fits of them, and then the rest.
fn parts(change: &PeerChange) -> Vec<Part<'_>> {
    let networks = if let PeerChange::Set(peer) = change { peer.allowed_ips.as_slice() } else { &[] };
    if networks.is_empty() {
        return vec![Part { change, networks, first: true }];
    }
    let part = |(index, networks)| Part { change, networks, first: index == 0 };
    networks.chunks(NETWORKS).enumerate().map(part).collect()
}

impl Encode for Message<'_> {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        batch.begin(self.family, 0, sequence, &Header { command: SET_DEVICE, version: VERSION });
        batch.u32(device::IFINDEX, self.ifindex);
        if let Some(TunnelChanges { private_key, listen_port, fwmark, peers: _ }) = self.device {
            if let Some(key) = private_key {
                batch.bytes_of(device::PRIVATE_KEY, key.as_bytes());
            }
            if let Some(port) = listen_port {
                batch.bytes_of(device::LISTEN_PORT, &port.to_ne_bytes());
            }
            if let Some(mark) = fwmark {
                batch.u32(device::FWMARK, *mark);
            }
        }
        if self.peers.is_empty() {
            return;
        }
        let peers = batch.begin_nest(device::PEERS);
        for part in &self.peers {
            let nest = batch.begin_nest(0);
            write_peer(batch, part);
            batch.end_nest(nest);
        }
        batch.end_nest(peers);
    }
}

fn write_peer(batch: &mut Batch, part: &Part<'_>) {
    let peer = match part.change {
        PeerChange::Remove(key) => {
            batch.bytes_of(peer::PUBLIC_KEY, key.as_bytes());
            return batch.u32(peer::FLAGS, peer::F_REMOVE);
        }
        PeerChange::Keepalive(key, seconds) => {
            batch.bytes_of(peer::PUBLIC_KEY, key.as_bytes());
            batch.u32(peer::FLAGS, peer::F_UPDATE_ONLY);
            return batch.bytes_of(peer::KEEPALIVE, &seconds.to_ne_bytes());
        }
        PeerChange::Set(peer) => peer,
    };
    let TunnelPeer { public_key, preshared_key, endpoint, keepalive, allowed_ips: _, last_handshake: _ } = peer;
    batch.bytes_of(peer::PUBLIC_KEY, public_key.as_bytes());
    if part.first {
        batch.u32(peer::FLAGS, peer::F_REPLACE_ALLOWED_IPS);
        // All zero is none.
        batch.bytes_of(peer::PRESHARED_KEY, preshared_key.as_ref().map_or(&[0; 32], |key| key.as_bytes()));
        if let Some(endpoint) = endpoint {
            batch.bytes_of(peer::ENDPOINT, &socket_address(*endpoint));
        }
        batch.bytes_of(peer::KEEPALIVE, &keepalive.to_ne_bytes());
    }
    if part.networks.is_empty() {
        return;
    }
    let nest = batch.begin_nest(peer::ALLOWED_IPS);
    for network in part.networks {
        let one = batch.begin_nest(0);
        let family = if matches!(network, IpNet::V4(_)) { super::abi::family::INET } else { super::abi::family::INET6 };
        batch.bytes_of(allowed::FAMILY, &u16::from(family).to_ne_bytes());
        batch.address(allowed::ADDRESS, network.network());
        batch.u8(allowed::PREFIX, network.prefix_len());
        batch.end_nest(one);
    }
    batch.end_nest(nest);
}

/// `struct sockaddr_in` or `sockaddr_in6`.
fn socket_address(address: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(28);
    match address {
        SocketAddr::V4(address) => {
            bytes.extend(u16::from(super::abi::family::INET).to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend(address.ip().octets());
            bytes.extend([0; 8]);
        }
        SocketAddr::V6(address) => {
            bytes.extend(u16::from(super::abi::family::INET6).to_ne_bytes());
            bytes.extend(address.port().to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(address.ip().octets());
            bytes.extend(address.scope_id().to_ne_bytes());
        }
    }
    bytes
}

fn read_socket_address(bytes: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    match u16::from_ne_bytes(*bytes.first_chunk()?) {
        family if family == u16::from(super::abi::family::INET) => {
            let octets: [u8; 4] = *bytes.get(4..)?.first_chunk()?;
            Some(SocketAddr::V4(SocketAddrV4::new(octets.into(), port)))
        }
        family if family == u16::from(super::abi::family::INET6) => {
            let octets: [u8; 16] = *bytes.get(8..)?.first_chunk()?;
            let scope = u32_of(bytes.get(24..)?)?;
            Some(SocketAddr::V6(SocketAddrV6::new(octets.into(), port, 0, scope)))
        }
        _ => None,
    }
}

/// One message of a dump: the device, or more of it.
fn parse(payload: &[u8], parts: &mut Vec<Tunnel>) {
    let mut tunnel = Tunnel::default();
    for (kind, value) in attributes(payload.get(HEADER..).unwrap_or_default()) {
        match kind {
            device::PRIVATE_KEY => tunnel.private_key = key(value),
            device::PUBLIC_KEY => tunnel.public_key = value.try_into().ok().map(PublicKey::new),
            device::LISTEN_PORT => tunnel.listen_port = u16_of(value).unwrap_or_default(),
            device::FWMARK => tunnel.fwmark = u32_of(value).unwrap_or_default(),
            device::PEERS => tunnel.peers.extend(attributes(value).filter_map(|(_, value)| parse_peer(value))),
            _ => {}
        }
    }
    parts.push(tunnel);
}

/// A key; all zero is none.
fn key(value: &[u8]) -> Option<Key> {
    value.try_into().ok().filter(|bytes| *bytes != [0; 32]).map(Key::new)
}

fn u16_of(value: &[u8]) -> Option<u16> {
    value.first_chunk().copied().map(u16::from_ne_bytes)
}

fn parse_peer(bytes: &[u8]) -> Option<TunnelPeer> {
    let public_key = attributes(bytes).find(|(kind, _)| *kind == peer::PUBLIC_KEY)?.1;
    let mut found = TunnelPeer::new(PublicKey::new(public_key.try_into().ok()?));
    for (kind, value) in attributes(bytes) {
        match kind {
            peer::PRESHARED_KEY => found.preshared_key = key(value),
            peer::ENDPOINT => found.endpoint = read_socket_address(value),
            peer::KEEPALIVE => found.keepalive = u16_of(value).unwrap_or_default(),
            peer::LAST_HANDSHAKE => {
                // The kernel keeps the wall clock's time; a negative one is before 1970, and still a handshake.
                let seconds = value.first_chunk().copied().map_or(0, i64::from_ne_bytes);
                found.last_handshake = if seconds < 0 { 1 } else { seconds.unsigned_abs() };
            }
            peer::ALLOWED_IPS => found.allowed_ips.extend(attributes(value).filter_map(|(_, value)| network(value))),
            _ => {}
        }
    }
    Some(found)
}

fn network(bytes: &[u8]) -> Option<IpNet> {
    let (mut address, mut prefix) = (None::<IpAddr>, None);
    for (kind, value) in attributes(bytes) {
        match kind {
            allowed::ADDRESS => address = address_of(value),
            allowed::PREFIX => prefix = value.first().copied(),
            _ => {}
        }
    }
    IpNet::new(address?, prefix?).ok()
}

/// The messages of a dump as one device. A peer that did not fit comes again with the rest of its networks.
fn joined(parts: Vec<Tunnel>) -> Tunnel {
    let mut parts = parts.into_iter();
    let mut tunnel = parts.next().unwrap_or_default();
    for part in parts {
        for peer in part.peers {
            match tunnel.peers.last_mut().filter(|last| last.public_key == peer.public_key) {
                Some(last) => last.allowed_ips.extend(peer.allowed_ips),
                None => tunnel.peers.push(peer),
            }
        }
    }
    tunnel
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message;
    use super::*;

    fn peer(number: u32, networks: usize) -> TunnelPeer {
        let mut bytes = [7; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let network = |at: usize| IpNet::new(IpAddr::from(u32::try_from(at).unwrap().to_be_bytes()), 32).unwrap();
        let v6 = "fd00::/64".parse().unwrap();
        TunnelPeer {
            preshared_key: Some(Key::new([3; 32])),
            endpoint: Some(format!("[2001:db8::{number:x}]:51820").parse().unwrap()),
            keepalive: 25,
            allowed_ips: (0..networks).map(network).chain([v6]).collect(),
            ..TunnelPeer::new(PublicKey::new(bytes))
        }
    }

    /// What the kernel would read, as the device it would make.
    fn sent(changes: &TunnelChanges) -> (Vec<usize>, Tunnel) {
        let (mut lengths, mut parts) = (Vec::new(), Vec::new());
        for one in messages(3, 29, changes) {
            let mut batch = Batch::default();
            one.encode(&mut batch, 1);
            for received in message::messages(batch.bytes()) {
                assert_eq!((received.kind, received.payload.len() + 16), (29, batch.bytes().len()));
                parse(received.payload, &mut parts);
            }
            lengths.push(batch.bytes().len());
        }
        (lengths, joined(parts))
    }

    #[test]
    fn a_thousand_peers_and_ten_thousand_networks_are_spread_over_short_messages() {
        let peers: Vec<TunnelPeer> =
            (0..1000).map(|number| peer(number, if number == 7 { 10_000 } else { 1 })).collect();
        let changes = TunnelChanges {
            private_key: Some(Key::new([9; 32])),
            listen_port: Some(51820),
            fwmark: Some(0x1234),
            peers: peers.iter().cloned().map(PeerChange::Set).collect(),
        };
        let (lengths, tunnel) = sent(&changes);
        assert!(lengths.iter().all(|&length| length < 30_000), "{lengths:?}");
        assert_eq!((tunnel.private_key, tunnel.listen_port, tunnel.fwmark), (Some(Key::new([9; 32])), 51820, 0x1234));
        assert_eq!(tunnel.peers.len(), peers.len());
        assert!(tunnel.peers.iter().zip(&peers).all(|(left, right)| left.is_as(right)));
    }

    #[test]
    fn endpoints_of_both_families_come_back() {
        for text in ["192.0.2.1:51820", "[2001:db8::1]:1", "[fe80::1%4]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(read_socket_address(&socket_address(address)), Some(address));
        }
    }

    #[test]
    fn a_change_without_peers_is_one_message() {
        let changes = TunnelChanges { fwmark: Some(1), ..TunnelChanges::default() };
        assert_eq!(sent(&changes).0.len(), 1);
        let nudge = [PeerChange::Keepalive(PublicKey::new([1; 32]), 1), PeerChange::Remove(PublicKey::new([1; 32]))];
        let changes = TunnelChanges { peers: nudge.to_vec(), ..TunnelChanges::default() };
        assert_eq!(sent(&changes).1.peers.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut parts = Vec::new();
            parse(&bytes, &mut parts);
            let _ = (joined(parts), parse_peer(&bytes), network(&bytes), read_socket_address(&bytes));
        }
    }
}
