//! What the kernel holds: links, addresses, routes and rules, as plain values.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;

use super::abi::ifa;
use super::bridge_vlan::BridgeVlan;
use crate::profile::HwAddr;
use crate::profile::desired::{DesiredLink, DesiredRoute};
use crate::profile::ip::RoutingRule;

/// What the kernel held when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Links, by interface index.
    pub links: Vec<Link>,
    /// Addresses of all links.
    pub addresses: Vec<Address>,
    /// Routes of all tables, one entry for each next hop.
    pub routes: Vec<Route>,
    /// Policy rules.
    pub rules: Vec<Rule>,
    /// VLANs of bridges and their ports; read only where a link shall have some.
    pub vlans: Vec<BridgeVlan>,
}

impl Snapshot {
    /// The link with this index.
    pub fn link(&self, ifindex: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.ifindex == ifindex)
    }

    /// The loopback link, wanted up: programs expect it, and nobody has a profile for it.
    pub fn loopback(&self) -> Option<DesiredLink> {
        let link = self.links.iter().find(|link| link.is_loopback())?;
        Some(DesiredLink { ifindex: link.ifindex, up: Some(true), ..DesiredLink::default() })
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Interface index.
    pub ifindex: u32,
    /// IFLA_IFNAME.
    pub name: String,
    /// ARPHRD type: 1 Ethernet, 32 InfiniBand, 772 loopback.
    pub arp_type: u16,
    /// IFF_UP: administratively up.
    pub up: bool,
    /// IFF_LOWER_UP: carrier.
    pub carrier: bool,
    /// IFF_RUNNING: every part of the kernel was told of the carrier.
    pub running: bool,
    /// IFLA_OPERSTATE (RFC 2863): 2 down, 6 up; 0 where the driver does not say.
    pub operstate: u8,
    /// IFLA_MTU, in bytes.
    pub mtu: u32,
    /// IFLA_ADDRESS.
    pub mac: Option<HwAddr>,
    /// IFLA_BROADCAST.
    pub broadcast: Option<HwAddr>,
    /// IFLA_PERM_ADDRESS (Linux 5.6); `None` if there is none.
    pub perm_mac: Option<HwAddr>,
    /// IFLA_MASTER: index of the controller.
    pub controller: Option<u32>,
    /// IFLA_LINK: index of the link below, if it is in the same namespace.
    pub parent: Option<u32>,
    /// IFLA_INFO_KIND: `veth`, `bridge`, …
    pub kind: Option<String>,
    /// IFLA_INFO_DATA: the settings of this kind of link, as the kernel writes them.
    pub data: Vec<u8>,
    /// IFLA_INFO_SLAVE_KIND: what its controller is.
    pub port_kind: Option<String>,
    /// IFLA_INFO_SLAVE_DATA: its settings as a port.
    pub port_data: Vec<u8>,
    /// IFLA_INET6_ADDR_GEN_MODE; `None` without IPv6.
    pub addr_gen_mode: Option<u8>,
    /// IFLA_INET6_TOKEN; all zero: none.
    pub token: Option<Ipv6Addr>,
    /// What the last router advertisement said about DHCPv6.
    pub router_flags: RouterFlags,
}

impl Link {
    /// True for a loopback link.
    pub fn is_loopback(&self) -> bool {
        self.arp_type == 772
    }
}

/// What IFLA_INET6_FLAGS tells of the routers on a link: the M and O flags are those of the last advertisement (RFC 4861 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouterFlags {
    /// A router has answered a solicitation of the kernel's.
    pub heard: bool,
    /// M: addresses come by DHCPv6.
    pub managed: bool,
    /// O: other configuration comes by DHCPv6.
    pub other: bool,
}

/// An address of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Index of the link.
    pub ifindex: u32,
    /// The local address and its prefix length.
    pub net: IpNet,
    /// `rt_scope`: 0 global, 253 link, 254 host.
    pub scope: u8,
    /// IFA_BROADCAST.
    pub broadcast: Option<Ipv4Addr>,
    /// IFA_FLAGS.
    pub flags: u32,
    /// What is left of the valid lifetime; `None` is forever.
    pub valid: Option<Duration>,
    /// What is left of the preferred lifetime; `None` is forever.
    pub preferred: Option<Duration>,
}

impl Address {
    /// Duplicate address detection is under way (IFA_F_TENTATIVE without IFA_F_OPTIMISTIC): not usable yet.
    pub fn is_tentative(&self) -> bool {
        self.flags & ifa::F_TENTATIVE != 0 && self.flags & ifa::F_OPTIMISTIC == 0
    }

    /// Duplicate address detection is under way, whether the address may be used meanwhile or not.
    pub fn is_being_probed(&self) -> bool {
        self.flags & ifa::F_TENTATIVE != 0
    }

    /// It may be used before it is proved unique (RFC 4429).
    pub fn is_optimistic(&self) -> bool {
        self.flags & ifa::F_OPTIMISTIC != 0
    }

    /// An IPv6 address that reaches beyond the link.
    pub fn is_global6(&self) -> bool {
        matches!(self.net, IpNet::V6(_)) && self.scope == 0
    }

    /// The kernel makes temporary addresses beside it where it is told so.
    pub fn leads_temporary(&self) -> bool {
        self.flags & ifa::F_MANAGETEMPADDR != 0
    }

    /// What the kernel made of a router's prefix.
    pub fn is_by_router(&self) -> bool {
        self.is_global6() && self.leads_temporary() && !self.is_duplicate()
    }

    /// Another host has the address (IFA_F_DADFAILED).
    pub fn is_duplicate(&self) -> bool {
        self.flags & ifa::F_DADFAILED != 0
    }

    /// The kernel made no prefix route for it (IFA_F_NOPREFIXROUTE).
    pub fn no_prefix_route(&self) -> bool {
        self.flags & ifa::F_NOPREFIXROUTE != 0
    }
}

/// A route, with the options that the kernel shows. One of several IPv6 routes of equal destination and metric has the
/// protocol [`UNKNOWN`](crate::profile::desired::protocol::UNKNOWN), and neither source nor metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Index of the link; 0 for a route that has none (`blackhole`).
    pub ifindex: u32,
    /// The route.
    pub route: DesiredRoute,
}

/// A policy rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// True for IPv6.
    pub ipv6: bool,
    /// The rule.
    pub rule: RoutingRule,
}
