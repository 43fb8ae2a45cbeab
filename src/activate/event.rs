//! What the activation is told, and what it answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::profile::desired::{DesiredLink, DesiredRoute, NewLink, protocol};
use crate::profile::ip::RouteOptions;
use crate::profile::tuning::{Pair, Tuned};
use crate::profile::tunnel::{Tunnel, TunnelChanges};
use crate::profile::{Device, HwAddr};
use crate::proto::ndisc::NdOption;
use crate::proto::{dhcp4, dhcp6, dns};

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A time that was waited for may have come.
    Timeout,
    /// All devices there are now: at the start, and whenever a new one has appeared.
    Devices(&'a [Device]),
    /// A link changed.
    Link(LinkEvent),
    /// A link is gone.
    LinkGone {
        /// Which.
        ifindex: u32,
    },
    /// An address appeared, changed or went.
    Address(AddressEvent),
    /// A default route appeared or went.
    DefaultRoute {
        /// The link it leaves by.
        ifindex: u32,
        /// True for IPv6.
        ipv6: bool,
        /// True if it went.
        gone: bool,
    },
    /// Options of a router advertisement that the kernel accepted and leaves to others (RFC 8106).
    RouterOptions {
        /// The link it came by.
        ifindex: u32,
        /// The options.
        options: &'a [NdOption],
    },
    /// A router advertisement had a prefix.
    RouterPrefix {
        /// The link it came by.
        ifindex: u32,
        /// The prefix.
        prefix: IpNet,
    },
    /// A UDP payload for port 68.
    Dhcp4 {
        /// The link it came by.
        ifindex: u32,
        /// Who sent it.
        source: Ipv4Addr,
        /// The DHCP message.
        payload: &'a [u8],
    },
    /// An ARP packet.
    Arp {
        /// The link it came by.
        ifindex: u32,
        /// The packet from its ARP header on.
        packet: &'a [u8],
    },
    /// What [`Action::Create`] came to. All devices are told anew afterwards.
    Created {
        /// Name of the link.
        name: &'a str,
        /// Why it was not made.
        error: Option<String>,
    },
    /// What the last router advertisement says about DHCPv6.
    Router {
        /// The link it came by.
        ifindex: u32,
        /// There was one.
        heard: bool,
        /// M: addresses come by DHCPv6.
        managed: bool,
        /// O: other configuration comes by DHCPv6.
        other: bool,
    },
    /// A UDP payload for port 546.
    Dhcp6 {
        /// The link it came by.
        ifindex: u32,
        /// Who sent it.
        source: Ipv6Addr,
        /// The DHCPv6 message.
        payload: &'a [u8],
    },
    /// What [`Action::Tune`] came to.
    Tuned {
        /// The link.
        ifindex: u32,
        /// What changed, and what was refused.
        tuned: Tuned,
    },
    /// What a WireGuard device holds, answering [`Action::ReadTunnel`].
    Tunnel {
        /// The link.
        ifindex: u32,
        /// Its configuration, or why it cannot be read.
        held: Result<Box<Tunnel>, String>,
    },
    /// What [`Action::SetTunnel`] came to.
    TunnelSet {
        /// The link.
        ifindex: u32,
        /// Why it was refused.
        error: Option<String>,
    },
    /// The way to an address, answering [`Action::FindRoute`].
    Route {
        /// The link that asked.
        ifindex: u32,
        /// The address.
        address: IpAddr,
        /// The way; `None` if there is none.
        found: Option<Underlay>,
    },
    /// What a name server answered to [`Action::SendDns`].
    Dns {
        /// The question.
        ticket: DnsTicket,
        /// The message; `None` if it could not be asked.
        answer: Option<&'a [u8]>,
    },
    /// What [`Action::Apply`] came to.
    Applied {
        /// The link.
        ifindex: u32,
        /// What the kernel refused that the link cannot do without.
        fatal: Option<String>,
        /// What else it refused, as text for people.
        complaints: Vec<String>,
    },
}

/// The way to an address, as the kernel would take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underlay {
    /// The link it leaves by.
    pub ifindex: u32,
    /// The router; `None`: on the link.
    pub gateway: Option<IpAddr>,
    /// Length of the prefix that decided: 0 for the default route.
    pub prefix_len: u8,
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// The route's metric.
    pub metric: u32,
}

impl Underlay {
    /// The same way for this address alone, and its link.
    pub fn pin(&self, address: IpAddr) -> (u32, DesiredRoute) {
        let options = RouteOptions::default();
        let (destination, gateway, metric) = (IpNet::from(address), self.gateway, self.metric);
        (self.ifindex, DesiredRoute { destination, gateway, metric, protocol: protocol::STATIC, options })
    }
}

/// Names a question to a name server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsTicket {
    /// The link that asks.
    pub ifindex: u32,
    /// Which of its look-ups.
    pub lookup: usize,
    /// Which question of that.
    pub query: dns::Query,
}

/// A link as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkEvent {
    /// Which.
    pub ifindex: u32,
    /// Its name now.
    pub name: String,
    /// IFF_UP.
    pub up: bool,
    /// IFF_LOWER_UP.
    pub carrier: bool,
    /// IFF_RUNNING: the kernel has told its parts of the carrier, and IPv6 has begun anew on the link.
    pub running: bool,
    /// Its address now: that of a bond or bridge changes with its ports.
    pub mac: Option<HwAddr>,
    /// The bond it is a port of, and whether it may send (IFLA_BOND_SLAVE_STATE).
    pub bond: Option<(u32, bool)>,
}

/// An address as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressEvent {
    /// The link it is on.
    pub ifindex: u32,
    /// Address and prefix length.
    pub net: IpNet,
    /// Still being probed, and not optimistic: not usable yet.
    pub tentative: bool,
    /// Duplicate address detection failed: another host has it.
    pub dad_failed: bool,
    /// It went.
    pub gone: bool,
}

impl AddressEvent {
    /// True for an address that reaches beyond the link.
    pub fn is_global(&self) -> bool {
        match self.net.addr() {
            IpAddr::V4(address) => !address.is_link_local(),
            IpAddr::V6(address) => !is_link_local6(address),
        }
    }
}

/// fe80::/10.
pub fn is_link_local6(address: Ipv6Addr) -> bool {
    address.octets().first_chunk().is_some_and(|&[a, b]| a == 0xfe && b & 0xc0 == 0x80)
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Write this kernel setting if it differs; comes before the link is set up.
    Sysctl {
        /// The link.
        ifindex: u32,
        /// Its name.
        ifname: String,
        /// Address family and key, e.g. `ipv6/accept_ra`.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// Make this link once everything asked for before is applied, then answer [`Input::Created`].
    Create(Box<NewLink>),
    /// Give the device these settings of its own, then answer [`Input::Tuned`]; comes before the link is set up.
    Tune {
        /// The link.
        ifindex: u32,
        /// The options; of two values of one the later counts.
        wanted: Vec<Pair>,
    },
    /// Make the kernel hold this, then answer [`Input::Applied`].
    Apply(Box<DesiredLink>),
    /// Read what a WireGuard device holds.
    ReadTunnel {
        /// The link.
        ifindex: u32,
    },
    /// Change a WireGuard device.
    SetTunnel {
        /// The link.
        ifindex: u32,
        /// The changes.
        changes: Box<TunnelChanges>,
    },
    /// Ask the kernel for the way to an address.
    FindRoute {
        /// The link that asks.
        ifindex: u32,
        /// The address.
        address: IpAddr,
        /// The mark of the packets (SO_MARK).
        mark: u32,
    },
    /// Ask a name server.
    SendDns {
        /// To be said with the answer.
        ticket: DnsTicket,
        /// The question and where it goes.
        transmit: Box<dns::Transmit>,
        /// The mark of the packets (SO_MARK).
        mark: u32,
    },
    /// Take this address away: its lease is over, or there is another.
    RemoveAddress {
        /// The link.
        ifindex: u32,
        /// Address and prefix length.
        net: IpNet,
    },
    /// Send a DHCPv4 message.
    SendDhcp4 {
        /// The link.
        ifindex: u32,
        /// The link-layer address it goes to.
        to: Vec<u8>,
        /// `ipv4.dhcp-dscp`, 0 to 63.
        dscp: u8,
        /// The message and where it goes.
        transmit: dhcp4::Transmit,
    },
    /// Send an ARP packet to everybody.
    SendArp {
        /// The link.
        ifindex: u32,
        /// The packet from its ARP header on.
        packet: Vec<u8>,
        /// What others send from now on is to be told by [`Input::Arp`].
        answers: bool,
    },
    /// Send a DHCPv6 message.
    SendDhcp6 {
        /// The link.
        ifindex: u32,
        /// The message and where it goes.
        transmit: dhcp6::Transmit,
    },
    /// Send a router solicitation.
    SolicitRouter {
        /// The link.
        ifindex: u32,
        /// The link-layer address of all routers.
        to: Vec<u8>,
        /// Our link-local address, once it may be used: a router then answers us alone and at once (RFC 4861 section 6.2.6). Before,
        /// the unspecified address.
        source: Option<Ipv6Addr>,
    },
}
