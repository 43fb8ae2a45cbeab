//! `rd.route=NET[/P]:GW[:IFACE]`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::builder::{Builder, Entry};
use super::lex::{Field, Interface, Value, number};
use super::reading::Remark;
use crate::profile::ip::{Route, RouteOptions};

/// Keeps the argument until all profiles exist.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.collected.routes.push(value);
}

/// Adds all routes.
pub(super) fn apply(builder: &mut Builder<'_>) {
    for value in std::mem::take(&mut builder.collected.routes) {
        let mut fields = value.fields();
        let (net, gateway, interface) = (fields.next(':'), fields.next(':'), fields.next(':'));
        let route = route(value, net, gateway);
        let port = match target(builder, value, interface) {
            entry if entry.is_port() => Some(entry.profile.id.clone()),
            entry => {
                if let Ok(route) = &route {
                    add(entry, route.clone());
                }
                None
            }
        };
        builder.reading.remarks.extend(route.err());
        if let Some(port) = port {
            builder.error(
                value.origin_of(interface),
                format!("{port} is a port, which has no routes; name its controller"),
            );
        }
    }
}

/// The profile that takes the route: IFACE's, else `bootdev=`'s, else the first that is no port, else one for every link.
fn target<'b, 'a>(builder: &'b mut Builder<'a>, value: Value<'a>, field: Field<'a>) -> &'b mut Entry {
    let mut interface = field.get().and_then(Interface::parse);
    if let (Some(text), None) = (field.get(), &interface) {
        builder
            .error(value.origin_of(field), format!("'{text}' is neither an interface name nor a MAC; it is ignored"));
    }
    if interface.is_none() {
        interface = builder.collected.bootdev.and_then(super::need::bootdev_link);
    }
    if let Some(interface) = interface {
        return builder.link(&interface, None, value);
    }
    match builder.entries.iter().position(|entry| !entry.is_port()) {
        Some(at) => builder.at(at),
        None => builder.default_link(value.origin()),
    }
}

/// Adds a route to its family, once.
fn add(entry: &mut Entry, route: Route) {
    let routes = &mut entry.ip(route.destination.addr().is_ipv4()).routes;
    if !routes.contains(&route) {
        routes.push(route);
    }
}

/// The route. Without a prefix length it is one to a host; NET alone is on-link; GW alone is a route to `0.0.0.0/32`.
fn route(value: Value<'_>, net: Field<'_>, gateway: Field<'_>) -> Result<Route, Remark> {
    let wrong = |field: Field<'_>, text: String| Remark::error(value.origin_of(field), text);
    let hop = match gateway.get().map(str::parse::<IpAddr>) {
        None => None,
        Some(Ok(address)) => Some(address),
        Some(Err(_)) => return Err(wrong(gateway, format!("'{}' is no address; the route is ignored", gateway.text))),
    };
    let Some(destination) = net.get().map(|_| destination(net)).or_else(|| hop.map(|hop| Some(nowhere(hop)))) else {
        return Err(wrong(net, "a route needs a destination; it is ignored".to_owned()));
    };
    let Some(destination) = destination else {
        let text =
            format!("'{}' is no network (IPv6 goes into brackets, NET[/P]:GW[:IFACE]); the route is ignored", net.text);
        return Err(wrong(net, text));
    };
    if hop.is_some_and(|hop| hop.is_ipv4() != destination.addr().is_ipv4()) {
        return Err(wrong(
            gateway,
            "the gateway is of another family than the destination; the route is ignored".to_owned(),
        ));
    }
    Ok(Route {
        destination,
        gateway: hop.filter(|hop| !hop.is_unspecified()),
        metric: None,
        options: RouteOptions::default(),
    })
}

/// NET, its prefix length inside or outside of the brackets; host bits stay.
fn destination(net: Field<'_>) -> Option<IpNet> {
    let mut parts = net.fields();
    let address: IpAddr = parts.next('/').text.parse().ok()?;
    let limit = if address.is_ipv4() { 32 } else { 128 };
    let length = match parts.rest().get() {
        Some(text) => number(text, 0, limit)?,
        None if net.text.ends_with('/') => return None,
        None => limit,
    };
    IpNet::new(address, u8::try_from(length).ok()?).ok()
}

/// The host route to the unspecified address.
fn nowhere(hop: IpAddr) -> IpNet {
    match hop {
        IpAddr::V4(_) => IpNet::from(IpAddr::from(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => IpNet::from(IpAddr::from(Ipv6Addr::UNSPECIFIED)),
    }
}
