//! What the kernel shall hold: the targets that `kernel` compares with what is there. Only the difference is sent.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;

use super::ip::{RouteOptions, RoutingRule};
use super::{HwAddr, LinkKind};

/// A link that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: DesiredKind,
    /// Interface index of the link below it (IFLA_LINK).
    pub parent: Option<u32>,
    /// Link-layer address; `None`: the kernel's choice.
    pub mac: Option<HwAddr>,
}

/// Type and settings of a link that a profile makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredKind {
    /// As in the profile.
    pub kind: LinkKind,
    /// Interface indices of the links that settings name (`bond.primary`, `vxlan.parent`). One that is not here yet is not set yet.
    pub names: Vec<(String, u32)>,
}

/// What a link is as a port of its controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredPort {
    /// `connection.port-type`: `bond`, `bridge`, `team`, `vrf`.
    pub port_type: String,
    /// `[bridge-port]` or `[bond-port]`, in file order.
    pub options: Vec<(String, String)>,
}

/// What one link shall be. `None` leaves a property as it is. What is not named here is never removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DesiredLink {
    /// The link.
    pub ifindex: u32,
    /// New name.
    pub name: Option<String>,
    /// Administratively up.
    pub up: Option<bool>,
    /// MTU in bytes.
    pub mtu: Option<u32>,
    /// Link-layer address. Changed while the link is down where the driver wants that.
    pub mac: Option<HwAddr>,
    /// Interface index of the controller it shall be a port of; `Some(0)` is none.
    pub controller: Option<u32>,
    /// Settings of a link that the profile makes (IFLA_INFO_DATA).
    pub kind: Option<Box<DesiredKind>>,
    /// Settings of the port it is (IFLA_INFO_SLAVE_DATA); set after `controller`.
    pub port: Option<Box<DesiredPort>>,
    /// IFLA_INET6_ADDR_GEN_MODE: 0 EUI-64, 1 none, 2 stable-privacy, 3 random.
    pub addr_gen_mode: Option<u8>,
    /// IFLA_INET6_TOKEN: the interface identifier of addresses by router advertisement, as `::42`.
    pub token: Option<std::net::Ipv6Addr>,
    /// Addresses it shall have.
    pub addresses: Vec<DesiredAddress>,
    /// Prefixes of routers in the order in which they were told: IPv6 addresses are put in order, the one to speak from first. `None`:
    /// what is there stays where it is.
    pub order6: Option<Vec<IpNet>>,
    /// Routes by this link that shall exist.
    pub routes: Vec<DesiredRoute>,
    /// Policy rules that shall exist. The family is that of `from` or `to`; IPv4 for a rule without either.
    pub rules: Vec<RoutingRule>,
    /// IPv6 policy rules that shall exist: those that have neither `from` nor `to` must be here.
    pub rules6: Vec<RoutingRule>,
}

impl DesiredLink {
    /// Takes out all that a kernel without IPv6 cannot have.
    pub fn forget_ipv6(&mut self) {
        self.addresses.retain(|address| address.net.addr().is_ipv4());
        self.routes.retain(|route| route.destination.addr().is_ipv4());
        self.rules6.clear();
        self.token = None;
    }
}

/// An address a link shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DesiredAddress {
    /// Address and prefix length.
    pub net: IpNet,
    /// Broadcast address (IPv4, prefixes up to /30).
    pub broadcast: Option<Ipv4Addr>,
    /// Valid lifetime from now; `None` is forever. A remaining lifetime in the kernel within two seconds (or a 64th, up to 20 s) of it is equal.
    pub valid: Option<Duration>,
    /// Preferred lifetime from now; `None` is forever.
    pub preferred: Option<Duration>,
    /// IFA_F_NOPREFIXROUTE: sunup adds the prefix route itself.
    pub no_prefix_route: bool,
    /// IFA_F_NODAD: do not probe the address (IPv6).
    pub no_dad: bool,
    /// IFA_F_MANAGETEMPADDR: the kernel makes temporary addresses beside it (RFC 8981).
    pub leads_temporary: bool,
    /// IFA_F_OPTIMISTIC: usable while it is being probed (RFC 4429), where the kernel can; not for addresses a person chose.
    pub optimistic: bool,
}

/// A route that shall exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredRoute {
    /// Destination, host bits zero.
    pub destination: IpNet,
    /// Next hop; `None` is on-link.
    pub gateway: Option<IpAddr>,
    /// Metric.
    pub metric: u32,
    /// Origin, `rtm_protocol`: [`protocol::KERNEL`] and friends.
    pub protocol: u8,
    /// Everything else; `options.table` `None` is the main table.
    pub options: RouteOptions,
}

/// Values of `rtm_protocol`.
pub mod protocol {
    /// Not known, or not to be looked at (RTPROT_UNSPEC). No route to be set has it.
    pub const UNKNOWN: u8 = 0;
    /// Made by the kernel.
    pub const KERNEL: u8 = 2;
    /// Set while booting.
    pub const BOOT: u8 = 3;
    /// Set by the administrator.
    pub const STATIC: u8 = 4;
    /// From a router advertisement.
    pub const RA: u8 = 9;
    /// From DHCP.
    pub const DHCP: u8 = 16;
}
