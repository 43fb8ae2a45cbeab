//! A static route as a section of a `.network` file.

use std::fmt::Display;
use std::net::IpAddr;

use crate::activate::is_link_local6;
use crate::profile::desired::{DesiredLink, DesiredRoute, protocol};
use crate::profile::ip::{RouteKind, RouteOptions};

/// The sections of the routes of a link.
pub(super) fn sections(link: &DesiredLink) -> String {
    let mut routers = Vec::new();
    link.routes.iter().filter_map(|route| section(route, link, &mut routers)).collect()
}

/// Routers, and whether they are reached: ten thousand routes lead by a few of them.
type Routers = Vec<(IpAddr, bool)>;

/// The section; `None` for a route that the daemon cannot be told of as it is: that stays where it is, for KeepConfiguration=yes. One
/// that lacks something would come beside it.
fn section(route: &DesiredRoute, link: &DesiredLink, routers: &mut Routers) -> Option<String> {
    let RouteOptions {
        table,
        kind,
        scope,
        src,
        from,
        tos,
        onlink,
        // Of one router it says nothing.
        weight: _,
        mtu,
        lock_mtu: _,
        advmss,
        window,
        lock_window: _,
        cwnd,
        lock_cwnd: _,
        initcwnd,
        lock_initcwnd,
        initrwnd,
        lock_initrwnd,
        rto_min,
        quickack,
    } = &route.options;
    // Of the metrics it reads these two of what is there; a route with others it would make once more, without them.
    let metrics = [*mtu, *advmss, *window, *cwnd, *rto_min].iter().any(Option::is_some) || *quickack == Some(true);
    let unknown = metrics || tos.unwrap_or(0) != 0 || [*lock_initcwnd, *lock_initrwnd].contains(&Some(true));
    if unknown || route.protocol != protocol::STATIC || !can_be_had(route, link, routers) {
        return None;
    }
    let mut text = format!("\n[Route]\nDestination={}\nMetric={}\n", route.destination, route.metric);
    let mut add = |key: &str, value: Option<&dyn Display>| {
        text.push_str(&value.map(|value| format!("{key}={value}\n")).unwrap_or_default());
    };
    add("Gateway", route.gateway.as_ref().map(|gateway| gateway as _));
    add("Table", table.as_ref().map(|table| table as _));
    add("Type", kind.and_then(RouteKind::word).as_ref().map(|word| word as _));
    add("Scope", scope.as_ref().map(|scope| scope as _));
    add("PreferredSource", src.as_ref().map(|source| source as _));
    add("Source", from.as_ref().map(|prefix| prefix as _));
    add("GatewayOnLink", (*onlink == Some(true)).then_some(&"yes"));
    add("InitialCongestionWindow", initcwnd.as_ref().map(|window| window as _));
    add("InitialAdvertisedReceiveWindow", initrwnd.as_ref().map(|window| window as _));
    Some(text)
}

/// False for a route that the daemon would wait for without end, or gives the link up for because the kernel refuses it once more: from
/// an address that the link has not, or by a router that nothing but a default route or another router leads to.
fn can_be_had(route: &DesiredRoute, link: &DesiredLink, routers: &mut Routers) -> bool {
    let own = |source: IpAddr| link.addresses.iter().any(|address| address.net.addr() == source);
    let Some(gateway) = route.gateway.filter(|_| route.options.onlink != Some(true)) else {
        return route.options.src.is_none_or(own);
    };
    let known = routers.iter().find(|(router, _)| *router == gateway).map(|(_, reached)| *reached);
    let reached = known.unwrap_or_else(|| is_reached(gateway, link));
    if known.is_none() {
        routers.push((gateway, reached));
    }
    reached && route.options.src.is_none_or(own)
}

fn is_reached(gateway: IpAddr, link: &DesiredLink) -> bool {
    let leads = |route: &&DesiredRoute| route.destination.prefix_len() != 0 && route.destination.contains(&gateway);
    let own = link.addresses.iter().any(|address| address.net.contains(&gateway));
    let direct = || link.routes.iter().filter(leads).any(|route| route.gateway.is_none());
    let astray = || link.routes.iter().filter(leads).any(|route| route.gateway.is_some());
    matches!(gateway, IpAddr::V6(address) if is_link_local6(address)) || (own || direct()) && !astray()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::desired::DesiredAddress;

    fn on(link: &mut DesiredLink, destination: &str, gateway: Option<&str>, options: RouteOptions) -> Option<String> {
        let gateway = gateway.map(|text| text.parse().unwrap());
        let destination = destination.parse().unwrap();
        let route = DesiredRoute { destination, gateway, metric: 20, protocol: protocol::STATIC, options };
        link.routes.push(route.clone());
        section(&route, link, &mut Vec::new())
    }

    fn link() -> DesiredLink {
        let net = "192.0.2.2/24".parse().unwrap();
        let address = DesiredAddress { net, no_prefix_route: true, ..DesiredAddress::default() };
        DesiredLink { addresses: vec![address], ..DesiredLink::default() }
    }

    #[test]
    fn what_can_be_told_is() {
        let options = RouteOptions {
            kind: Some(RouteKind::Prohibit),
            table: Some(300),
            src: "192.0.2.2".parse().ok(),
            initcwnd: Some(30),
            ..RouteOptions::default()
        };
        assert_eq!(
            on(&mut link(), "10.0.0.0/8", None, options).unwrap(),
            "\n[Route]\nDestination=10.0.0.0/8\nMetric=20\nTable=300\nType=prohibit\nPreferredSource=192.0.2.2\n\
             InitialCongestionWindow=30\n"
        );
    }

    #[test]
    fn what_cannot_be_told_is_left_to_stay() {
        let none = RouteOptions::default;
        let all = [
            RouteOptions { mtu: Some(1400), ..none() },
            RouteOptions { advmss: Some(1300), ..none() },
            RouteOptions { window: Some(1), ..none() },
            RouteOptions { cwnd: Some(1), ..none() },
            RouteOptions { rto_min: Some(1), ..none() },
            RouteOptions { quickack: Some(true), ..none() },
            RouteOptions { tos: Some(16), ..none() },
            RouteOptions { src: "192.0.2.3".parse().ok(), ..none() },
        ];
        for options in all {
            assert_eq!(on(&mut link(), "10.0.0.0/8", Some("192.0.2.1"), options.clone()), None, "{options:?}");
        }
        assert!(on(&mut link(), "10.0.0.0/8", Some("192.0.2.1"), RouteOptions { tos: Some(0), ..none() }).is_some());
    }

    /// Measured: the daemon would wait for these without end, and the boot for it.
    #[test]
    fn a_router_that_only_a_default_route_leads_to_is_not_waited_for() {
        let mut link = link();
        assert!(on(&mut link, "0.0.0.0/0", None, RouteOptions::default()).is_some());
        assert_eq!(on(&mut link, "10.0.0.0/8", Some("198.51.100.1"), RouteOptions::default()), None);
        assert!(on(&mut link, "198.51.100.1/32", None, RouteOptions::default()).is_some());
        assert!(on(&mut link, "10.0.0.0/8", Some("198.51.100.1"), RouteOptions::default()).is_some());
        assert!(on(&mut link, "::/0", Some("fe80::1"), RouteOptions::default()).is_some());
        assert_eq!(
            on(&mut link, "192.0.2.0/25", Some("192.0.2.1"), RouteOptions::default()),
            None,
            "it would lead to itself"
        );
        let onlink = RouteOptions { onlink: Some(true), ..RouteOptions::default() };
        assert!(on(&mut link, "10.0.0.0/8", Some("203.0.113.1"), onlink).unwrap().contains("GatewayOnLink=yes"));
    }
}
