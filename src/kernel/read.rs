//! Kernel messages to the values of [`super::snapshot`]. Whatever the bytes are: an object that cannot be understood is left out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;
use netlink_packet_route::address::AddressHeader;
use netlink_packet_route::link::LinkHeader;

use super::abi::{FOREVER, family, ifa, ifla};
use super::message::{address_of, attributes, text_of, u32_of};
use super::snapshot::{Address, Link, RouterFlags};
use crate::profile::HwAddr;

/// Length of `struct ifinfomsg`.
const LINK_HEADER: usize = 16;
/// Length of `struct ifaddrmsg`.
const ADDRESS_HEADER: usize = 8;

/// Length of `struct prefixmsg`, and the attribute with the prefix.
const PREFIX_HEADER: usize = 12;
const PREFIX_ADDRESS: u16 = 1;

/// RTM_NEWLINK, RTM_DELLINK.
pub(super) fn link(payload: &[u8], links: &mut Vec<Link>) {
    links.extend(parse_link(payload));
}

/// RTM_NEWADDR, RTM_DELADDR.
pub(super) fn address(payload: &[u8], addresses: &mut Vec<Address>) {
    addresses.extend(parse_address(payload));
}

fn parse_link(payload: &[u8]) -> Option<Link> {
    let header = LinkHeader::parse(payload).ok()?;
    let flags = header.flags.bits();
    let mut link = Link {
        ifindex: header.index,
        arp_type: u16::from(header.link_layer_type),
        up: flags & (nix::libc::IFF_UP as u32) != 0,
        carrier: flags & (nix::libc::IFF_LOWER_UP as u32) != 0,
        running: flags & (nix::libc::IFF_RUNNING as u32) != 0,
        ..Link::default()
    };
    let mut parent_elsewhere = false;
    for (kind, value) in attributes(payload.get(LINK_HEADER..)?) {
        match kind {
            ifla::IFNAME => link.name = text_of(value),
            ifla::ADDRESS => link.mac = HwAddr::new(value),
            ifla::BROADCAST => link.broadcast = HwAddr::new(value),
            ifla::PERM_ADDRESS => link.perm_mac = HwAddr::new(value).filter(|mac| !mac.is_zero()),
            ifla::MTU => link.mtu = u32_of(value).unwrap_or_default(),
            ifla::LINK => link.parent = u32_of(value).filter(|&index| index != 0 && index != link.ifindex),
            ifla::LINK_NETNSID => parent_elsewhere = true,
            ifla::MASTER => link.controller = u32_of(value).filter(|&index| index != 0),
            ifla::OPERSTATE => link.operstate = value.first().copied().unwrap_or_default(),
            ifla::LINKINFO => link_info(value, &mut link),
            ifla::AF_SPEC => {
                let inet6 = find(value, u16::from(family::INET6)).unwrap_or_default();
                link.addr_gen_mode = find(inet6, ifla::INET6_ADDR_GEN_MODE).and_then(|mode| mode.first().copied());
                link.token =
                    find(inet6, ifla::INET6_TOKEN).and_then(|token| Some((*token.first_chunk::<16>()?).into()));
                link.router_flags = router_flags(inet6);
            }
            _ => {}
        }
    }
    if parent_elsewhere {
        link.parent = None;
    }
    (!link.name.is_empty()).then_some(link)
}

fn link_info(bytes: &[u8], link: &mut Link) {
    for (kind, value) in attributes(bytes) {
        match kind {
            ifla::INFO_KIND => link.kind = Some(text_of(value)),
            ifla::INFO_DATA => link.data = value.to_vec(),
            ifla::INFO_SLAVE_KIND => link.port_kind = Some(text_of(value)),
            ifla::INFO_SLAVE_DATA => link.port_data = value.to_vec(),
            _ => {}
        }
    }
}

/// The flags in the attributes of IPv6 on a link; none where there are none.
pub(super) fn router_flags(inet6: &[u8]) -> RouterFlags {
    let flags = find(inet6, ifla::INET6_FLAGS).and_then(u32_of).unwrap_or_default();
    let is_set = |flag: u32| flags & flag != 0;
    RouterFlags {
        heard: is_set(ifla::RA_RECEIVED),
        managed: is_set(ifla::RA_MANAGED),
        other: is_set(ifla::RA_OTHERCONF),
    }
}

/// IFLA_PROTINFO of a RTM_NEWLINK of AF_INET6, and the link it is about.
pub(super) fn protocol_info(payload: &[u8]) -> Option<(u32, &[u8])> {
    let header = LinkHeader::parse(payload).ok()?;
    Some((header.index, find(payload.get(LINK_HEADER..)?, ifla::PROTINFO)?))
}

/// RTM_NEWPREFIX, `struct prefixmsg`: the link and the prefix.
pub(super) fn router_prefix(payload: &[u8]) -> Option<(u32, IpNet)> {
    let ifindex = payload.get(4..)?.first_chunk().copied().map(u32::from_ne_bytes)?;
    let length = *payload.get(9)?;
    let address = address_of(find(payload.get(PREFIX_HEADER..)?, PREFIX_ADDRESS)?)?;
    Some((ifindex, IpNet::new(address, length).ok()?))
}

/// The value of the first attribute of this type.
fn find(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

fn parse_address(payload: &[u8]) -> Option<Address> {
    let header = AddressHeader::parse(payload).ok()?;
    let (mut local, mut peer, mut broadcast, mut lifetimes) = (None, None, None, (FOREVER, FOREVER));
    let mut flags = u32::from(header.flags.bits());
    for (kind, value) in attributes(payload.get(ADDRESS_HEADER..)?) {
        match kind {
            // On a point-to-point link ADDRESS is the other end; elsewhere the two are equal, or LOCAL is absent (IPv6).
            ifa::LOCAL => local = address_of(value),
            ifa::ADDRESS => peer = address_of(value),
            ifa::BROADCAST => broadcast = address_of(value),
            ifa::FLAGS => flags = u32_of(value).unwrap_or(flags),
            ifa::CACHEINFO => lifetimes = (u32_of(value)?, u32_of(value.get(4..)?)?),
            _ => {}
        }
    }
    Some(Address {
        ifindex: header.index,
        net: IpNet::new(local.or(peer)?, header.prefix_len).ok()?,
        scope: u8::from(header.scope),
        broadcast: broadcast.and_then(|address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }),
        flags,
        preferred: lifetime(lifetimes.0),
        valid: lifetime(lifetimes.1),
    })
}

fn lifetime(seconds: u32) -> Option<Duration> {
    (seconds != FOREVER).then(|| Duration::from_secs(seconds.into()))
}

/// A prefix of this family; the address may be absent (the default route).
pub(super) fn prefix(family: u8, address: Option<IpAddr>, length: u8) -> Option<IpNet> {
    let address = address.or(match family {
        family::INET => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        family::INET6 => Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        _ => None,
    })?;
    IpNet::new(address, length).ok()
}
