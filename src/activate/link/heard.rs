//! What a link hears: of the kernel, of routers and servers.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Link;
use crate::activate::event::AddressEvent;
use crate::activate::ipv6::Ipv6;
use crate::profile::desired::DesiredLink;
use crate::proto::Instant;
use crate::proto::ndisc::NdOption;

impl Link {
    /// An address appeared, changed or went.
    pub(in crate::activate) fn address(&mut self, event: AddressEvent, now: Instant) {
        if let (Some(v6), IpNet::V6(_)) = (&mut self.v6, event.net) {
            v6.address(event, now);
        }
    }

    /// The IPv6 addresses it is known to have.
    pub(in crate::activate) fn addresses6(&self) -> &[AddressEvent] {
        self.v6.as_ref().map(|v6| v6.addresses()).unwrap_or_default()
    }

    /// A default route by this link appeared or went.
    pub(in crate::activate) fn default_route(&mut self, ipv6: bool, there: bool) {
        if let Some(v6) = self.v6.as_mut().filter(|_| ipv6) {
            v6.default_route(there);
        }
    }

    /// What the last router advertisement says about DHCPv6.
    pub(in crate::activate) fn router(&mut self, heard: bool, managed: bool, other: bool) {
        if let Some(v6) = &mut self.v6 {
            v6.router(heard, managed, other);
        }
    }

    /// A router advertisement had this prefix.
    pub(in crate::activate) fn router_prefix(&mut self, prefix: IpNet) {
        if let Some(v6) = &mut self.v6 {
            v6.prefix(prefix);
        }
    }

    /// What the kernel shall hold, with its addresses in order; `None` where that is not called for. `again`: what depends on them.
    pub(in crate::activate) fn in_order(&self, again: bool, now: Instant) -> Option<DesiredLink> {
        let v6 =
            self.v6.as_ref().filter(|v6| self.removed.is_none() && v6.wants_order() && (!again || v6.has_sources()))?;
        Some(DesiredLink { order6: Some(v6.prefixes().to_vec()), ..self.target(now) })
    }

    /// Options of a router advertisement.
    pub(in crate::activate) fn router_options(&mut self, options: &[NdOption], now: Instant) {
        self.learned.apply(options, now);
        self.v6.iter_mut().for_each(Ipv6::heard);
    }

    /// A UDP payload for port 546.
    pub(in crate::activate) fn dhcp6(&mut self, now: Instant, source: Ipv6Addr, payload: &[u8]) {
        if let Some(v6) = &mut self.v6 {
            v6.dhcp6(now, source, payload);
        }
    }

    /// A UDP payload for port 68.
    pub(in crate::activate) fn dhcp4(&mut self, now: Instant, source: Ipv4Addr, payload: &[u8]) {
        self.v4.packet(now, source, payload);
    }

    /// An ARP packet.
    pub(in crate::activate) fn arp(&mut self, now: Instant, packet: &[u8]) {
        self.v4.arp(now, packet);
    }
}
