//! The way to an address, as the kernel would take it.

use std::net::IpAddr;

use netlink_packet_core::NLM_F_ACK;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::link::LinkHeader;
use netlink_packet_route::route::{RouteFlags, RouteHeader};

use super::abi::{family, ifla, rta, rtm};
use super::message::Batch;
use super::{Kernel, read, read_route};
use crate::profile::ip::RouteKind;

/// A way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The link it leaves by.
    pub ifindex: u32,
    /// The router; `None`: on the link.
    pub gateway: Option<IpAddr>,
    /// Length of the prefix of the route that decides.
    pub prefix_len: u8,
    /// The largest packet: the route's MTU, else the link's.
    pub mtu: u32,
    /// The metric of that route.
    pub metric: u32,
}

impl Kernel {
    /// The way of packets with this mark (SO_MARK) to an address; `None` if there is none, or it is one to nowhere.
    pub fn way_to(&mut self, address: IpAddr, mark: u32) -> Option<Way> {
        let v4 = address.is_ipv4();
        let header = RouteHeader {
            address_family: AddressFamily::from(if v4 { family::INET } else { family::INET6 }),
            destination_prefix_length: if v4 { 32 } else { 128 },
            flags: RouteFlags::from_bits_retain(rta::F_FIB_MATCH),
            ..RouteHeader::default()
        };
        let write = |batch: &mut Batch| {
            batch.address(rta::DST, address);
            if mark != 0 {
                batch.u32(rta::MARK, mark);
            }
        };
        let found =
            self.netlink.query("the way to an address", rtm::GETROUTE, NLM_F_ACK, &header, &write, read_route::route);
        let found = found.inspect_err(|error| log::debug!("{address}: {error}")).ok()?.into_iter().next()?;
        let usable = matches!(found.route.options.kind.unwrap_or_default(), RouteKind::Unicast | RouteKind::Local);
        let mtu = found.route.options.mtu.or_else(|| self.mtu_of(found.ifindex)).filter(|_| usable)?;
        Some(Way {
            ifindex: found.ifindex,
            gateway: found.route.gateway,
            prefix_len: found.route.destination.prefix_len(),
            mtu,
            metric: found.route.metric,
        })
    }

    fn mtu_of(&mut self, ifindex: u32) -> Option<u32> {
        let header = LinkHeader { index: ifindex, ..LinkHeader::default() };
        let filter = [(ifla::EXT_MASK, ifla::FILTER_SKIP_STATS)];
        let links = self.netlink.get("links", rtm::GETLINK, &header, &filter, read::link).ok()?;
        links.first().map(|link| link.mtu)
    }
}
