//! What makes systemd-networkd adopt a running link without a flap: one `.network` file.
//!
//! networkd reads nothing else back: it looks at the kernel and at its configuration files. `KeepConfiguration=yes` keeps it
//! from dropping what it did not make; the broadcast address and the client identifier make its own result equal to ours.

use std::net::Ipv4Addr;

use ipnet::IpNet;

use super::file::StateFile;
use super::netdev;
use crate::activate::{LinkOutcome, router_metric};
use crate::profile::text::is_search_domain;
use crate::profile::{Method4, Method6, Warning};
use crate::proto::Instant;
use crate::proto::dhcp4::Lease;

/// A priority of 10 sorts before an administrator's files. The folder survives the switch to the real root.
fn path(ifname: &str, priority: u8) -> String {
    format!("/run/systemd/network/{priority:02}-sunup-{ifname}.network")
}

/// The files for one link of `all`. World-readable: they never hold a secret.
pub fn files(link: &LinkOutcome, all: &[&LinkOutcome], priority: u8) -> Vec<StateFile> {
    [Some(file(link, all, priority)), netdev::file(link, priority)].into_iter().flatten().collect()
}

fn file(link: &LinkOutcome, all: &[&LinkOutcome], priority: u8) -> StateFile {
    let mut text = format!("[Match]\nName={}\n", link.device.name);
    if let Some(mac) = link.device.perm_mac {
        text.push_str(&format!("PermanentMACAddress={mac}\n"));
    }
    text.push_str("\n[Network]\n");
    text.push_str(&netdev::ties(link, all));
    network(&mut text, link);
    dhcp4(&mut text, link);
    dhcp6(&mut text, link);
    routers(&mut text, link);
    static_addresses(&mut text, link);
    static_routes(&mut text, link);
    StateFile::public(path(&link.device.name, priority), text)
}

fn network(text: &mut String, link: &LinkOutcome) {
    let method4 = link.profile.ipv4.as_ref().map_or(Method4::Disabled, |s| s.method);
    let method6 = link.profile.ipv6.as_ref().map_or(Method6::Disabled, |s| s.method);
    let mut add = |key: &str, value: &str| text.push_str(&format!("{key}={value}\n"));
    let leased6 = link.lease6.as_ref().is_some_and(|lease| !lease.is_empty());
    let dhcp = match (method4 == Method4::Auto && link.lease4.is_some(), leased6) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    };
    add("DHCP", dhcp);
    add("IPv6AcceptRA", if matches!(method6, Method6::Auto | Method6::Dhcp) { "yes" } else { "no" });
    let chosen = chosen(link);
    match (method6 == Method6::Disabled, chosen) {
        (true, Some(_)) => add("LinkLocalAddressing", "ipv4"),
        (true, None) => add("LinkLocalAddressing", "no"),
        (false, Some(_)) => add("LinkLocalAddressing", "yes"),
        (false, None) => {}
    }
    if let Some(address) = chosen {
        add("IPv4LLStartAddress", &address.to_string());
    }
    add("KeepConfiguration", "yes");
    let sections = [link.profile.ipv4.as_ref().map(|s| &s.ip), link.profile.ipv6.as_ref().map(|s| &s.ip)];
    for section in sections.into_iter().flatten() {
        section.dns.iter().for_each(|server| add("DNS", &server.address.to_string()));
        let search: Vec<&str> =
            section.dns_search.iter().map(String::as_str).filter(|domain| is_search_domain(domain)).collect();
        if !search.is_empty() {
            add("Domains", &search.join(" "));
        }
    }
}

/// How the lease goes on: the same identifier, and routes with the metric they have, or a second default route appears.
fn dhcp4(text: &mut String, link: &LinkOutcome) {
    let (Some(lease), Some(settings)) = (&link.lease4, &link.profile.ipv4) else { return };
    let ip = &settings.ip;
    text.push_str(&format!("\n[DHCPv4]\n{}", client_identifier(lease).unwrap_or_else(|| BY_ADDRESS.to_owned())));
    text.push_str(&format!("RouteMetric={}\n", ip.route_metric.unwrap_or(link.metric)));
    let named = lease.domain.is_some() || !lease.search.is_empty();
    let words = [
        (ip.route_table != 0, format!("RouteTable={}\n", ip.route_table)),
        (named && !ip.ignore_auto_dns, "UseDomains=yes\n".to_owned()),
        (ip.ignore_auto_dns, "UseDNS=no\n".to_owned()),
        (ip.ignore_auto_routes, "UseRoutes=no\n".to_owned()),
        (!ip.takes_default_route(), "UseGateway=no\n".to_owned()),
    ];
    words.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, word)| text.push_str(&word));
}

/// What networkd sends by itself: the link's type and address.
const BY_ADDRESS: &str = "ClientIdentifier=mac\n";

/// The settings with which networkd sends the identifier of the lease; `None` if it cannot.
fn client_identifier(lease: &Lease) -> Option<String> {
    match lease.client_id.as_deref()? {
        // RFC 4361: 255, IAID, DUID.
        [255, a, b, c, d, duid @ ..] => {
            let identity = identity(u32::from_be_bytes([*a, *b, *c, *d]), duid)?;
            Some(format!("ClientIdentifier=duid\n{identity}"))
        }
        [1, address @ ..] if address.len() == 6 => Some(BY_ADDRESS.to_owned()),
        [32, address @ ..] if address.len() == 8 => Some(BY_ADDRESS.to_owned()),
        _ => None,
    }
}

/// What there is to say of a lease that networkd cannot go on with.
pub fn remark(link: &LinkOutcome) -> Option<Warning> {
    let lease = link.lease4.as_ref().filter(|lease| client_identifier(lease).is_none())?;
    let id = link.profile.ipv4.as_ref().and_then(|settings| settings.dhcp_client_id.clone()).unwrap_or_default();
    let name = &link.device.name;
    let text = format!(
        "systemd-networkd cannot send the client identifier of {name} (ipv4.dhcp-client-id={id}), only one made of the MAC address or \
         a DUID: if it takes over, it will ask for another address than {}",
        lease.address
    );
    Some(Warning::new(&link.profile.origin, text))
}

/// networkd's names of the types of DUID, from 1 on (RFC 8415 section 11, RFC 6355). It knows no others.
const DUID_TYPES: [&str; 4] = ["link-layer-time", "vendor", "link-layer", "uuid"];

/// An IAID and a DUID; `None` for a type that networkd does not know.
fn identity(iaid: u32, duid: &[u8]) -> Option<String> {
    let (kind, rest) = duid.split_first_chunk::<2>()?;
    let kind = DUID_TYPES.get(usize::from(u16::from_be_bytes(*kind)).checked_sub(1)?)?;
    let raw: Vec<String> = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("IAID={iaid}\nDUIDType={kind}\nDUIDRawData={}\n", raw.join(":")))
}

/// What is taken from routers, as the kernel was told: a default route with another metric would be a second one.
fn routers(text: &mut String, link: &LinkOutcome) {
    let by_router = link.profile.ipv6.as_ref().filter(|s| matches!(s.method, Method6::Auto | Method6::Dhcp));
    let Some(ip) = by_router.map(|settings| &settings.ip) else { return };
    // The kernel's own: networkd prolongs that route then.
    text.push_str(&format!("\n[IPv6AcceptRA]\nRouteMetric={}\n", router_metric(ip, link.metric)));
    let named = link.learned.search(Instant::default()).next().is_some();
    let words = [
        (ip.route_table != 0, format!("RouteTable={}\n", ip.route_table)),
        (named && !ip.ignore_auto_dns, "UseDomains=yes\n".to_owned()),
        (ip.ignore_auto_dns, "UseDNS=no\n".to_owned()),
        (ip.ignore_auto_routes, "UseRoutePrefix=no\n".to_owned()),
        (!ip.takes_default_route(), "UseGateway=no\n".to_owned()),
    ];
    words.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, word)| text.push_str(&word));
}

/// The same identifiers again, or the server gives a second address.
fn dhcp6(text: &mut String, link: &LinkOutcome) {
    let Some(lease) = link.lease6.as_ref().filter(|lease| !lease.is_empty()) else { return };
    let Some(identity) = identity(lease.iaid, &lease.duid) else { return };
    text.push_str(&format!("\n[DHCPv6]\n{identity}"));
    let settings = link.profile.ipv6.as_ref();
    let ignored = settings.is_some_and(|settings| settings.ip.ignore_auto_dns);
    let words = [
        (settings.is_some_and(|settings| settings.method == Method6::Dhcp), "WithoutRA=solicit\n"),
        (!lease.search.is_empty() && !ignored, "UseDomains=yes\n"),
        (ignored, "UseDNS=no\n"),
    ];
    words.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, word)| text.push_str(word));
}

/// The address that the link gave itself, with which the daemon shall begin.
fn chosen(link: &LinkOutcome) -> Option<Ipv4Addr> {
    let settings = link.profile.ipv4.as_ref().filter(|settings| settings.wants_link_local())?;
    let given = |net: &IpNet| settings.ip.addresses.contains(net);
    link.target.addresses.iter().filter(|address| !given(&address.net)).find_map(|address| match address.net {
        IpNet::V4(net) if net.addr().is_link_local() => Some(net.addr()),
        _ => None,
    })
}

fn is_leased(link: &LinkOutcome, net: &IpNet) -> bool {
    let address = net.addr();
    link.lease4.as_ref().is_some_and(|lease| address == lease.address)
        || link.lease6.iter().flat_map(|lease| &lease.addresses).any(|leased| address == leased.address)
}

fn static_addresses(text: &mut String, link: &LinkOutcome) {
    let goes_on = |net: &IpNet| is_leased(link, net) || chosen(link).is_some_and(|chosen| net.addr() == chosen);
    for address in link.target.addresses.iter().filter(|address| !goes_on(&address.net)) {
        text.push_str(&format!("\n[Address]\nAddress={}\n", address.net));
        if let Some(broadcast) = address.broadcast {
            text.push_str(&format!("Broadcast={broadcast}\n"));
        }
        // networkd would make the prefix route with its own metric beside the one that is there.
        text.push_str("AddPrefixRoute=no\n");
    }
}

fn static_routes(text: &mut String, link: &LinkOutcome) {
    use crate::profile::desired::protocol::STATIC;
    for route in link.target.routes.iter().filter(|route| route.protocol == STATIC) {
        text.push_str(&format!("\n[Route]\nDestination={}\n", route.destination));
        if let Some(gateway) = route.gateway {
            text.push_str(&format!("Gateway={gateway}\n"));
        }
        text.push_str(&format!("Metric={}\n", route.metric));
        if let Some(table) = route.options.table {
            text.push_str(&format!("Table={table}\n"));
        }
        if route.options.onlink == Some(true) {
            text.push_str("GatewayOnLink=yes\n");
        }
    }
}
