//! Router solicitations (RFC 4861 section 4.1).

use std::net::Ipv6Addr;

use crate::profile::HwAddr;

/// The all-routers group (RFC 4291 section 2.7.1); on Ethernet 33:33:00:00:00:02.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

const ICMPV6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const SOURCE_LINK_LAYER_ADDRESS: u8 = 1;
/// RFC 4861 section 6.1.1: proof that no router forwarded it.
const HOP_LIMIT: u8 = 255;
/// Where the checksum stands in the ICMPv6 message.
const CHECKSUM: usize = 2;
/// RFC 4391 section 9.3: two reserved bytes stand before an InfiniBand address.
const INFINIBAND_LENGTH: usize = 20;

/// A whole IPv6 packet (IPv6 header first) that asks all routers on the link to advertise.
///
/// `source` is a link-local address of ours, which may be optimistic; `None` sends from `::`, which is right at any time. Our
/// link-layer address goes with it only if `source` is there (RFC 4861 section 4.1), and if it is not optimistic (RFC 4429
/// section 2.2): give no `mac` then.
pub fn solicitation(source: Option<Ipv6Addr>, mac: Option<&HwAddr>) -> Vec<u8> {
    let from = source.unwrap_or(Ipv6Addr::UNSPECIFIED);
    let mut message = vec![ROUTER_SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    if let Some(mac) = mac.filter(|_| !from.is_unspecified()) {
        message.extend(link_layer_option(mac));
    }
    let sum = checksum(from, ALL_ROUTERS, &message).to_be_bytes();
    message.iter_mut().skip(CHECKSUM).zip(sum).for_each(|(to, byte)| *to = byte);
    let mut packet = header(from, message.len());
    packet.append(&mut message);
    packet
}

fn header(source: Ipv6Addr, payload: usize) -> Vec<u8> {
    // 8 to 32 bytes.
    let length = u16::try_from(payload).unwrap_or(u16::MAX).to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0];
    header.extend(length);
    header.extend([ICMPV6, HOP_LIMIT]);
    header.extend(source.octets());
    header.extend(ALL_ROUTERS.octets());
    header
}

/// Type, length in units of eight bytes, address, zeros.
fn link_layer_option(mac: &HwAddr) -> Vec<u8> {
    let reserved = if mac.as_bytes().len() == INFINIBAND_LENGTH { 2 } else { 0 };
    let units = (2 + reserved + mac.as_bytes().len()).div_ceil(8);
    let mut option = vec![SOURCE_LINK_LAYER_ADDRESS, u8::try_from(units).unwrap_or(u8::MAX)];
    option.resize(2 + reserved, 0);
    option.extend_from_slice(mac.as_bytes());
    option.resize(units * 8, 0);
    option
}

/// The Internet checksum of an ICMPv6 message with its pseudo-header (RFC 8200 section 8.1), not zeroing the field first.
pub(super) fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let pseudo = [&source.octets()[..], &destination.octets(), &length.to_be_bytes(), &[0, 0, 0, ICMPV6]];
    let sum = pseudo.iter().fold(add(0, message), |sum, part| add(sum, part));
    !u16::try_from(fold(fold(sum))).unwrap_or_default()
}

fn add(sum: u32, bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    };
    bytes.chunks(2).fold(sum, |sum, pair| fold(sum + word(pair)))
}

fn fold(sum: u32) -> u32 {
    (sum & 0xffff) + (sum >> 16)
}

#[cfg(test)]
mod tests {
    use smoltcp::phy::ChecksumCapabilities;
    use smoltcp::wire::{Icmpv6Packet, Icmpv6Repr, Ipv6Packet, Ipv6Repr, NdiscRepr};

    use super::*;

    /// Another implementation reads the packet, checksum and all.
    fn read(packet: &[u8]) -> (Ipv6Repr, Option<Vec<u8>>) {
        let ip = Ipv6Packet::new_checked(packet).unwrap();
        let repr = Ipv6Repr::parse(&ip).unwrap();
        let icmp = Icmpv6Packet::new_checked(ip.payload()).unwrap();
        let parsed = Icmpv6Repr::parse(&repr.src_addr, &repr.dst_addr, &icmp, &ChecksumCapabilities::default());
        match parsed.unwrap() {
            Icmpv6Repr::Ndisc(NdiscRepr::RouterSolicit { lladdr }) => (repr, lladdr.map(|l| l.as_bytes().to_vec())),
            other => panic!("{other:?}"),
        }
    }

    fn mac(bytes: &[u8]) -> HwAddr {
        HwAddr::new(bytes).unwrap()
    }

    #[test]
    fn a_solicitation_from_a_link_local_address_names_our_hardware_address() {
        let source = "fe80::5054:ff:fe00:7701".parse().unwrap();
        let packet = solicitation(Some(source), Some(&mac(&[0x52, 0x54, 0, 0, 0x77, 1])));
        let (ip, lladdr) = read(&packet);
        assert_eq!((ip.src_addr, ip.dst_addr, ip.hop_limit), (source, ALL_ROUTERS, 255));
        assert_eq!(lladdr, Some(vec![0x52, 0x54, 0, 0, 0x77, 1]));
        assert_eq!(packet.len(), 40 + 8 + 8);
    }

    #[test]
    fn a_solicitation_from_nowhere_names_none() {
        let packet = solicitation(None, Some(&mac(&[0x52, 0x54, 0, 0, 0x77, 1])));
        let (ip, lladdr) = read(&packet);
        assert_eq!((ip.src_addr, lladdr), (Ipv6Addr::UNSPECIFIED, None));
        assert_eq!(packet.len(), 40 + 8);
    }

    #[test]
    fn an_infiniband_address_stands_behind_two_reserved_bytes() {
        let option = link_layer_option(&mac(&[7; 20]));
        assert_eq!(option[..4], [1, 3, 0, 0]);
        assert_eq!(option[4..], [7; 20]);
    }
}
