//! DHCP's UDP in IPv4, as a packet socket of type SOCK_DGRAM takes and gives it: no link-layer header.

use std::net::Ipv4Addr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr};

/// The port that servers listen on (RFC 2131 section 4.1).
pub const SERVER_PORT: u16 = 67;
/// The port that clients listen on.
pub const CLIENT_PORT: u16 = 68;

const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// IPv4's default; DHCP does not cross routers, relays make packets of their own.
const HOP_LIMIT: u8 = 64;

/// A datagram for a DHCP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The sender: the server or a relay.
    pub source: Ipv4Addr,
    /// Broadcast, or the address that is being given out.
    pub destination: Ipv4Addr,
    /// The DHCP message.
    pub payload: &'a [u8],
}

/// Why a packet is not a datagram for a DHCP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Headers and lengths do not agree with the bytes there are, or it is not IPv4.
    #[error("not a whole IPv4 packet")]
    Malformed,
    /// A part of a larger packet. Nobody fragments DHCP replies on the way to a client without an address.
    #[error("a fragment")]
    Fragment,
    /// Some other protocol or port.
    #[error("not for a DHCP client")]
    NotDhcp,
    /// A checksum is wrong.
    #[error("damaged: wrong checksum")]
    Checksum,
}

/// Takes `packet` (IPv4 header first) apart.
///
/// `checksum_ready` is false if the kernel said that the UDP checksum is not filled in yet (`TP_STATUS_CSUMNOTREADY`): a
/// server on the same host, over veth or a bridge, leaves it to a network card that never comes.
pub fn parse(packet: &[u8], checksum_ready: bool) -> Result<Datagram<'_>, FrameError> {
    let ip = Ipv4Packet::new_checked(packet).map_err(|_| FrameError::Malformed)?;
    if ip.version() != 4 || usize::from(ip.header_len()) < IPV4_HEADER {
        return Err(FrameError::Malformed);
    }
    if ip.more_frags() || ip.frag_offset() != 0 {
        return Err(FrameError::Fragment);
    }
    if ip.next_header() != IpProtocol::Udp {
        return Err(FrameError::NotDhcp);
    }
    if !ip.verify_checksum() {
        return Err(FrameError::Checksum);
    }
    let (source, destination) = (ip.src_addr(), ip.dst_addr());
    let payload = packet.get(usize::from(ip.header_len())..usize::from(ip.total_len())).ok_or(FrameError::Malformed)?;
    let udp = UdpPacket::new_checked(payload).map_err(|_| FrameError::Malformed)?;
    if udp.dst_port() != CLIENT_PORT {
        return Err(FrameError::NotDhcp);
    }
    if checksum_ready && !udp.verify_checksum(&source.into(), &destination.into()) {
        return Err(FrameError::Checksum);
    }
    let payload = payload.get(UDP_HEADER..usize::from(udp.len())).ok_or(FrameError::Malformed)?;
    Ok(Datagram { source, destination, payload })
}

/// The packet (IPv4 header first, checksums filled in) that carries `payload` from a client to a server.
pub fn build(source: Ipv4Addr, destination: Ipv4Addr, dscp: u8, payload: &[u8]) -> Vec<u8> {
    let udp = UdpRepr { src_port: CLIENT_PORT, dst_port: SERVER_PORT };
    let ip = Ipv4Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Udp,
        payload_len: UDP_HEADER + payload.len(),
        hop_limit: HOP_LIMIT,
    };
    let mut packet = vec![0; IPV4_HEADER + UDP_HEADER + payload.len()];
    let mut header = Ipv4Packet::new_unchecked(&mut packet[..]);
    ip.emit(&mut header, &ChecksumCapabilities::default());
    if dscp != 0 {
        header.set_dscp(dscp);
        header.fill_checksum();
    }
    if let Some(body) = packet.get_mut(IPV4_HEADER..) {
        udp.emit(
            &mut UdpPacket::new_unchecked(body),
            &source.into(),
            &destination.into(),
            payload.len(),
            |buffer| buffer.copy_from_slice(payload),
            &ChecksumCapabilities::default(),
        );
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    /// What a server would send: ours with the ports exchanged.
    fn reply(payload: &[u8]) -> Vec<u8> {
        let mut packet = build(SERVER, Ipv4Addr::BROADCAST, 0, payload);
        packet[20..24].copy_from_slice(&[0, 67, 0, 68]);
        packet
    }

    fn without_udp_checksum(mut packet: Vec<u8>) -> Vec<u8> {
        packet[26..28].fill(0);
        packet
    }

    #[test]
    fn what_is_built_is_what_the_headers_say() {
        let packet = build(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, 48, b"hello");
        assert_eq!(packet.len(), 33);
        assert_eq!((packet[0], packet[8], packet[9]), (0x45, 64, 17));
        assert_eq!(&packet[12..28], &[0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, 0, 13, packet[26], packet[27]]);
        assert_eq!(parse(&packet, true), Err(FrameError::NotDhcp), "port 67 is the servers'");
    }

    #[test]
    fn a_reply_is_taken_apart() {
        // Exchanging the two ports leaves the checksum as it was.
        let packet = reply(b"hello");
        let expected = Datagram { source: SERVER, destination: Ipv4Addr::BROADCAST, payload: b"hello" };
        assert_eq!(parse(&packet, true), Ok(expected));
        let padded = [&packet[..], &[0; 20]].concat();
        assert_eq!(parse(&padded, true), Ok(expected), "link-layer padding is not payload");
    }

    #[test]
    fn udp_checksum_zero_means_none() {
        assert!(parse(&without_udp_checksum(reply(b"hello")), true).is_ok());
    }

    #[test]
    fn a_checksum_that_is_not_ready_is_not_verified() {
        let mut packet = reply(b"hello");
        packet[26] ^= 0xff;
        assert_eq!(parse(&packet, true), Err(FrameError::Checksum));
        assert!(parse(&packet, false).is_ok());
    }

    #[test]
    fn any_flipped_bit_of_a_checked_packet_is_noticed() {
        let packet = reply(b"hello");
        for bit in 0..packet.len() * 8 {
            let mut damaged = packet.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&damaged, true).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let packet = reply(b"hello");
        for length in 0..packet.len() {
            assert!(parse(&packet[..length], true).is_err(), "{length}");
        }
    }

    #[test]
    fn fragments_other_protocols_and_other_ports_are_not_ours() {
        let with = |offset: usize, bytes: &[u8]| {
            let mut packet = without_udp_checksum(reply(b"hello"));
            packet[offset..offset + bytes.len()].copy_from_slice(bytes);
            Ipv4Packet::new_unchecked(&mut packet[..]).fill_checksum();
            packet
        };
        assert_eq!(parse(&with(6, &[0x20, 0]), true), Err(FrameError::Fragment));
        assert_eq!(parse(&with(6, &[0, 3]), true), Err(FrameError::Fragment));
        assert_eq!(parse(&with(9, &[6]), true), Err(FrameError::NotDhcp));
        assert_eq!(parse(&with(22, &[0, 69]), true), Err(FrameError::NotDhcp));
        assert_eq!(parse(&with(0, &[0x65]), true), Err(FrameError::Malformed));
        assert_eq!(parse(&with(0, &[0x41]), true), Err(FrameError::Malformed));
    }
}
