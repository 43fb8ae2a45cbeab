//! ARP for IPv4 over addresses of six bytes (RFC 826), as much of it as RFC 5227 needs.

use std::net::Ipv4Addr;

/// Link-layer address of six bytes.
pub(super) type Mac = [u8; 6];

/// Ethernet, IPv4, and the lengths of their addresses.
const HEADER: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: [u8; 2] = [0, 1];

/// A request from `mac`. With `sender` 0.0.0.0 it is a probe, with the address asked for an announcement (RFC 5227 section 1.1).
pub(super) fn request(mac: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    [&HEADER[..], &REQUEST, &mac, &sender.octets(), &[0; 6], &target.octets()].concat()
}

/// Who says what about which addresses; requests and replies count alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) mac: Mac,
    pub(super) sender: Ipv4Addr,
    pub(super) target: Ipv4Addr,
}

/// Reads a packet from its ARP header on. `None`: not of this kind, cut off, or from nobody (no address, or a group's).
pub(super) fn read(packet: &[u8]) -> Option<Heard> {
    let rest = packet.strip_prefix(&HEADER)?;
    let (operation, rest) = rest.split_first_chunk::<2>()?;
    let (mac, rest) = rest.split_first_chunk::<6>()?;
    let (sender, rest) = rest.split_first_chunk::<4>()?;
    let (_, rest) = rest.split_first_chunk::<6>()?;
    let target = rest.first_chunk::<4>()?;
    let sane = matches!(operation, [0, 1 | 2]) && *mac != [0; 6] && mac.first().is_some_and(|first| first & 1 == 0);
    sane.then(|| Heard { mac: *mac, sender: (*sender).into(), target: (*target).into() })
}
