//! What routers and DHCP servers may not do beside a tunnel: send what belongs into it another way.
//!
//! | from the network | who is kept out |
//! | --- | --- |
//! | a route that is more specific than the tunnel's (option 121) | TunnelVision, CVE-2024-3661 |
//! | a lease whose subnet covers public addresses that belong into the tunnel; its router stays in reach | LocalNet, CVE-2023-36672 |
//!
//! A subnet of private addresses stays: it is what a network of that kind has, and its neighbours are meant to be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::profile::desired::{DesiredRoute, protocol};
use crate::profile::{LinkKind, Profile};

/// The networks that belong into tunnels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    networks: Vec<IpNet>,
}

impl Guard {
    /// The networks of all tunnels among the profiles: those that they make routes of.
    pub(crate) fn of<'a>(profiles: impl Iterator<Item = &'a Profile>) -> Self {
        let mut networks = Vec::new();
        for profile in profiles {
            let LinkKind::WireGuard(link) = &profile.kind else { continue };
            networks.extend(super::routes::of(profile, 1, false).all().map(|route| route.destination));
            // The rules send everything into an empty table: nobody may get round that either.
            let never = |v4: bool| {
                if v4 {
                    profile.ipv4.as_ref().is_some_and(|ipv4| ipv4.ip.never_default)
                } else {
                    profile.ipv6.as_ref().is_some_and(|ipv6| ipv6.ip.never_default)
                }
            };
            let all = link.peers.iter().flat_map(|peer| &peer.allowed_ips).filter(|net| net.prefix_len() == 0);
            networks.extend(all.filter(|net| link.peer_routes && !never(matches!(net, IpNet::V4(_)))));
        }
        crate::profile::sort::sort(&mut networks);
        networks.dedup();
        Self { networks }
    }

    /// True if there are IPv6 networks that belong into tunnels.
    pub(crate) fn guards_ipv6(&self) -> bool {
        self.networks.iter().any(|net| matches!(net, IpNet::V6(_)))
    }

    /// Takes away the routes that came by the network and are more specific than a tunnel's; answers them in words. What reaches the
    /// router of a route that stays is left. `leased`: the networks of addresses from a DHCP server.
    pub(crate) fn purge(&self, routes: &mut Vec<DesiredRoute>, leased: &[IpNet]) -> Vec<String> {
        if self.networks.is_empty() {
            return Vec::new();
        }
        self.narrow(routes, leased);
        let routers: Vec<_> = routes.iter().filter(|route| !self.refuses(route)).filter_map(|r| r.gateway).collect();
        let to_router = |route: &DesiredRoute| {
            route.gateway.is_none() && routers.iter().any(|&router| IpNet::from(router) == route.destination)
        };
        let mut refused = Vec::new();
        routes.retain(|route| {
            let keep = !self.refuses(route) || to_router(route);
            if !keep {
                refused.push(format!(
                    "the route to {} from the network is refused: it would lead past the tunnel (CVE-2024-3661, CVE-2023-36672); \
                     rd.wireguard.bypass=1 takes it",
                    route.destination
                ));
            }
            keep
        });
        refused
    }

    /// Makes the subnet of a lease, where that covers what belongs into a tunnel, a route like others from the network; its routers
    /// get their own.
    fn narrow(&self, routes: &mut Vec<DesiredRoute>, leased: &[IpNet]) {
        let routers: Vec<IpAddr> = routes.iter().filter_map(|route| route.gateway).collect();
        let mut to_routers = Vec::new();
        for route in routes.iter_mut() {
            let of_lease = route.protocol == protocol::KERNEL && leased.contains(&route.destination);
            if of_lease && !is_private(&route.destination) && self.covers(&route.destination) {
                route.protocol = protocol::DHCP;
                let inside = routers.iter().filter(|router| route.destination.contains(*router));
                to_routers.extend(inside.map(|&router| DesiredRoute { destination: router.into(), ..route.clone() }));
            }
        }
        for route in to_routers {
            if !routes.contains(&route) {
                routes.insert(0, route);
            }
        }
    }

    fn refuses(&self, route: &DesiredRoute) -> bool {
        matches!(route.protocol, protocol::DHCP | protocol::RA) && self.covers(&route.destination)
    }

    /// True if a tunnel has a network that this one is a part of.
    fn covers(&self, inner: &IpNet) -> bool {
        self.networks.iter().any(|net| net.prefix_len() < inner.prefix_len() && net.contains(inner))
    }
}

/// Networks that nobody has alone (RFC 1918, 6598, 3927, 4193).
const PRIVATE: [(IpAddr, u8); 6] = [
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

fn is_private(net: &IpNet) -> bool {
    PRIVATE.iter().any(|&(address, length)| IpNet::new(address, length).is_ok_and(|private| private.contains(net)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ip::RouteOptions;

    fn route(destination: &str, gateway: Option<&str>, protocol: u8) -> DesiredRoute {
        DesiredRoute {
            destination: destination.parse().unwrap(),
            gateway: gateway.map(|text| text.parse().unwrap()),
            metric: 100,
            protocol,
            options: RouteOptions::default(),
        }
    }

    fn left(networks: &[&str], mut routes: Vec<DesiredRoute>) -> (Vec<String>, usize) {
        let guard = Guard { networks: networks.iter().map(|net| net.parse().unwrap()).collect() };
        let refused =
            guard.purge(&mut routes, &["198.51.100.0/24", "10.77.0.0/24"].map(|net| net.parse().unwrap())).len();
        (routes.iter().map(|route| route.destination.to_string()).collect(), refused)
    }

    #[test]
    fn routes_round_a_full_tunnel_are_refused_and_the_way_to_the_router_stays() {
        let routes = || {
            vec![
                route("10.77.0.0/24", None, protocol::KERNEL),
                route("192.0.2.1/32", None, protocol::DHCP),
                route("0.0.0.0/0", Some("192.0.2.1"), protocol::DHCP),
                route("0.0.0.0/1", Some("10.77.0.66"), protocol::DHCP),
                route("128.0.0.0/1", Some("10.77.0.66"), protocol::DHCP),
                route("198.51.100.7/32", None, protocol::DHCP),
                route("10.5.0.0/16", Some("10.77.0.1"), protocol::STATIC),
            ]
        };
        let (kept, refused) = left(&["0.0.0.0/0"], routes());
        assert_eq!((kept.join(" "), refused), ("10.77.0.0/24 192.0.2.1/32 0.0.0.0/0 10.5.0.0/16".to_owned(), 3));
        assert_eq!(left(&["::/0"], routes()).1, 0);
        assert_eq!(left(&[], routes()).1, 0);
    }

    #[test]
    fn a_tunnel_to_some_networks_guards_those() {
        let routes = ["10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8", "10.2.0.0/16"];
        let routes = routes.iter().map(|net| route(net, Some("192.0.2.1"), protocol::DHCP)).collect();
        assert_eq!(
            left(&["10.1.0.0/16"], routes),
            (vec!["10.1.0.0/16".to_owned(), "10.0.0.0/8".into(), "10.2.0.0/16".into()], 1)
        );
    }

    #[test]
    fn a_leased_subnet_of_public_addresses_is_narrowed_to_its_router() {
        let routes = || {
            vec![
                route("198.51.100.0/24", None, protocol::KERNEL),
                route("10.77.0.0/24", None, protocol::KERNEL),
                route("203.0.113.0/24", None, protocol::KERNEL),
                route("0.0.0.0/0", Some("198.51.100.254"), protocol::DHCP),
            ]
        };
        // The last subnet is of an address that the user gave.
        let expected = "198.51.100.254/32 10.77.0.0/24 203.0.113.0/24 0.0.0.0/0";
        let (kept, refused) = left(&["0.0.0.0/0"], routes());
        assert_eq!((kept.join(" ").as_str(), refused), (expected, 1));
        assert_eq!(left(&["10.0.0.0/8"], routes()), (routes().iter().map(|r| r.destination.to_string()).collect(), 0));
    }
}
