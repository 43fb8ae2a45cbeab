//! What happens in the kernel, as it happens: links, addresses, IPv6 routes, router advertisement options.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};

use ipnet::IpNet;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use nix::libc::MSG_TRUNC;
use nix::sys::socket::{setsockopt, sockopt};

use super::abi::route::TABLE_MAIN;
use super::abi::{group, rtm};
use super::again::{SENDING, again};
use super::error::{KernelError, errno_of};
use super::message::{address_of, attributes, messages};
use super::snapshot::{Address, Link, Route, RouterFlags, Snapshot};
use super::{kinds, read, read_route};
use crate::profile::HwAddr;
use crate::profile::ip::RouteKind;

/// Groups listened to. Not IPv4 routes: those are sunup's own work, and ten thousand of them would drown the rest.
const GROUPS: u32 = group::LINK
    | group::IPV4_IFADDR
    | group::IPV6_IFADDR
    | group::IPV6_ROUTE
    | group::IPV6_IFINFO
    | group::IPV6_PREFIX
    | group::ND_USEROPT;
/// Room for events of many links that come up together.
const RECEIVE_ROOM: usize = 4 << 20;
const BUFFER: usize = 32 * 1024;
/// Length of `struct nduseroptmsg`.
const USER_OPTION_HEADER: usize = 16;
/// `AF_INET6`, as the family stands in `struct nduseroptmsg`.
const AF_INET6: u8 = 10;
/// ICMPv6 type of a router advertisement (RFC 4861 section 4.2).
const ROUTER_ADVERTISEMENT: u8 = 134;
/// `NDUSEROPT_SRCADDR`.
const SOURCE_ADDRESS: u16 = 1;

/// Something changed in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A link appeared or changed.
    Link {
        /// Interface index.
        ifindex: u32,
        /// Its name now.
        name: String,
        /// Administratively up.
        up: bool,
        /// IFF_LOWER_UP.
        carrier: bool,
        /// IFF_RUNNING.
        running: bool,
        /// Link-layer address.
        mac: Option<HwAddr>,
        /// The bond it is a port of, and whether it may send (IFLA_BOND_SLAVE_STATE).
        bond: Option<(u32, bool)>,
    },
    /// A link is gone.
    LinkGone {
        /// Interface index it had.
        ifindex: u32,
    },
    /// An address was added, changed its state or was removed.
    Address {
        /// Index of its link.
        ifindex: u32,
        /// The address.
        net: IpNet,
        /// Duplicate address detection is under way: not usable yet.
        tentative: bool,
        /// Another host has it.
        dad_failed: bool,
        /// It is gone.
        gone: bool,
    },
    /// A default route of the main table was added or removed. IPv6 only, see `GROUPS`.
    DefaultRoute {
        /// Index of its link.
        ifindex: u32,
        /// True for IPv6.
        ipv6: bool,
        /// It is gone.
        gone: bool,
    },
    /// An option of a router advertisement that the kernel leaves to others: RDNSS, DNSSL, captive portal, PREF64.
    RouterOption {
        /// Index of the link it came by.
        ifindex: u32,
        /// The router's link-local address.
        router: Option<Ipv6Addr>,
        /// The option as in the packet: type, length in units of eight bytes, value (RFC 4861 section 4.6).
        bytes: Vec<u8>,
    },
    /// A router advertisement had a prefix.
    RouterPrefix {
        /// Index of the link it came by.
        ifindex: u32,
        /// The prefix.
        prefix: IpNet,
    },
    /// A router advertisement changed what is known of DHCPv6 on a link.
    Router {
        /// Index of the link.
        ifindex: u32,
        /// The flags now.
        flags: RouterFlags,
    },
    /// Events were lost: what is must be read again.
    Overrun,
}

/// Listens to the kernel; readable (`poll`) when there is something to [receive](Monitor::receive).
pub struct Monitor {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Event {
    fn of_address(address: &Address, gone: bool) -> Self {
        let (tentative, dad_failed) = (address.is_tentative(), address.is_duplicate());
        Self::Address { ifindex: address.ifindex, net: address.net, tentative, dad_failed, gone }
    }

    /// `None`: no default route of the main table.
    fn of_route(Route { ifindex, route }: &Route, gone: bool) -> Option<Self> {
        let unicast = route.options.kind.unwrap_or_default() == RouteKind::Unicast;
        let main = route.options.table.is_none_or(|table| table == TABLE_MAIN);
        let default = unicast && route.destination.prefix_len() == 0 && main;
        let ipv6 = matches!(route.destination, IpNet::V6(_));
        default.then_some(Self::DefaultRoute { ifindex: *ifindex, ipv6, gone })
    }
}

impl Snapshot {
    /// All that it holds as it would have been told, piece by piece.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let links = self.links.iter().cloned().map(Event::from);
        let addresses = self.addresses.iter().map(|address| Event::of_address(address, false));
        let routes = self.routes.iter().filter_map(|route| Event::of_route(route, false));
        let routers = self.links.iter().map(|link| Event::Router { ifindex: link.ifindex, flags: link.router_flags });
        links.chain(addresses).chain(routes).chain(routers)
    }
}

impl Monitor {
    pub(super) fn open() -> Result<Self, KernelError> {
        let failed = |error: io::Error| KernelError::Socket { what: "netlink event", errno: errno_of(&error) };
        let mut socket = again(&SENDING, || Socket::new(NETLINK_ROUTE)).map_err(failed)?;
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_ROOM);
        again(&SENDING, || socket.bind(&SocketAddr::new(0, GROUPS))).map_err(failed)?;
        socket.set_non_blocking(true).map_err(failed)?;
        Ok(Self { socket, buffer: Vec::with_capacity(BUFFER) })
    }

    /// What has happened since the last call, in order. Does not wait.
    pub fn receive(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while self.receive_into(&mut events) {}
        events
    }

    /// Receives a datagram. False: there is none.
    fn receive_into(&mut self, events: &mut Vec<Event>) -> bool {
        self.buffer.clear();
        match self.socket.recv_from(&mut self.buffer, MSG_TRUNC) {
            Ok((length, sender)) if sender.port_number() == 0 => {
                let whole = length <= self.buffer.len();
                events.extend(messages(&self.buffer).filter_map(|message| event(message.kind, message.payload)));
                if !whole {
                    self.buffer.reserve(length);
                    events.push(Event::Overrun);
                }
                true
            }
            Ok(_) => true,
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EINTR) => true,
                Some(Errno::ENOBUFS) => {
                    events.push(Event::Overrun);
                    true
                }
                _ => false,
            },
        }
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

pub(super) fn event(kind: u16, payload: &[u8]) -> Option<Event> {
    match kind {
        rtm::NEWLINK | rtm::DELLINK => link_event(payload, kind == rtm::DELLINK),
        rtm::NEWADDR | rtm::DELADDR => address_event(payload, kind == rtm::DELADDR),
        rtm::NEWROUTE | rtm::DELROUTE => default_route(payload, kind == rtm::DELROUTE),
        rtm::NEWPREFIX => read::router_prefix(payload).map(|(ifindex, prefix)| Event::RouterPrefix { ifindex, prefix }),
        rtm::NEWNDUSEROPT => user_option(payload),
        _ => None,
    }
}

fn link_event(payload: &[u8], deleted: bool) -> Option<Event> {
    // A bridge tells about its ports in messages of its own family: those say nothing about the link itself.
    match payload.first() {
        Some(0) => {}
        Some(&AF_INET6) if !deleted => {
            let (ifindex, inet6) = read::protocol_info(payload)?;
            return Some(Event::Router { ifindex, flags: read::router_flags(inet6) });
        }
        _ => return None,
    }
    let mut links = Vec::new();
    read::link(payload, &mut links);
    let link = links.pop()?;
    Some(if deleted { Event::LinkGone { ifindex: link.ifindex } } else { link.into() })
}

impl From<Link> for Event {
    fn from(link: Link) -> Self {
        let bond = kinds::bond_port(&link);
        let Link { ifindex, name, up, carrier, running, mac, .. } = link;
        Self::Link { ifindex, name, up, carrier, running, mac, bond }
    }
}

fn address_event(payload: &[u8], gone: bool) -> Option<Event> {
    let mut addresses = Vec::new();
    read::address(payload, &mut addresses);
    Some(Event::of_address(&addresses.pop()?, gone))
}

fn default_route(payload: &[u8], gone: bool) -> Option<Event> {
    let mut routes = Vec::new();
    read_route::route(payload, &mut routes);
    Event::of_route(&routes.pop()?, gone)
}

fn ifindex(payload: &[u8]) -> Option<u32> {
    payload.get(4..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// RTM_NEWNDUSEROPT: `struct nduseroptmsg`, the option, attributes.
fn user_option(payload: &[u8]) -> Option<Event> {
    // Family, ICMPv6 type and code: nothing but a router advertisement is believed.
    if (payload.first(), payload.get(8..10)) != (Some(&AF_INET6), Some(&[ROUTER_ADVERTISEMENT, 0])) {
        return None;
    }
    let u16_at = |at: usize| payload.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes);
    let length = usize::from(u16_at(2)?);
    let ifindex = ifindex(payload)?;
    let option = payload.get(USER_OPTION_HEADER..)?.get(..length)?.to_vec();
    let rest = payload.get(USER_OPTION_HEADER..)?.get(length.next_multiple_of(4)..).unwrap_or_default();
    let router = attributes(rest).find(|(kind, _)| *kind == SOURCE_ADDRESS).and_then(|(_, value)| address_of(value));
    let router = match router {
        Some(IpAddr::V6(router)) if router.is_unicast_link_local() => Some(router),
        Some(_) => return None,
        None => None,
    };
    Some(Event::RouterOption { ifindex, router, bytes: option })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_server_option_is_handed_on_with_its_router() {
        let mut payload = vec![10, 0, 24, 0, 7, 0, 0, 0, 134, 0, 0, 0, 0, 0, 0, 0];
        let mut option = vec![25, 3, 0, 0, 0, 0, 0, 60];
        option.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        payload.extend(&option);
        payload.extend([20, 0, 1, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
        let router = Some("fe80::9".parse().unwrap());
        assert_eq!(event(rtm::NEWNDUSEROPT, &payload), Some(Event::RouterOption { ifindex: 7, router, bytes: option }));
    }

    proptest! {
        #[test]
        fn any_message_is_read_without_panic(kind in 0_u16..110, bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = event(kind, &bytes);
            read_route::rule(&bytes, &mut Vec::new());
        }
    }
}
