//! What makes systemd-networkd adopt a running link without a flap: one `.network` file.
//!
//! networkd reads nothing else back: it looks at the kernel and at its configuration files. `KeepConfiguration=yes` keeps it
//! from dropping what it did not make; the broadcast address and the client identifier make its own result equal to ours.

use ipnet::IpNet;

use super::file::StateFile;
use crate::activate::LinkOutcome;
use crate::profile::text::is_search_domain;
use crate::profile::{Method4, Method6};

/// Sorts before an administrator's files; survives the switch to the real root.
fn path(ifname: &str) -> String {
    format!("/run/systemd/network/10-sunup-{ifname}.network")
}

/// The file for one link. World-readable: it never holds a secret.
pub fn file(link: &LinkOutcome) -> StateFile {
    let mut text = format!("[Match]\nName={}\n", link.device.name);
    if let Some(mac) = link.device.perm_mac {
        text.push_str(&format!("PermanentMACAddress={mac}\n"));
    }
    text.push_str("\n[Network]\n");
    network(&mut text, link);
    dhcp4(&mut text, link);
    dhcp6(&mut text, link);
    static_addresses(&mut text, link);
    static_routes(&mut text, link);
    StateFile::public(path(&link.device.name), text)
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
    if method6 == Method6::Disabled {
        add("LinkLocalAddressing", "no");
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
    text.push_str("\n[DHCPv4]\nClientIdentifier=mac\n");
    text.push_str(&format!("RouteMetric={}\n", ip.route_metric.unwrap_or(link.metric)));
    let words = [
        (ip.route_table != 0, format!("RouteTable={}\n", ip.route_table)),
        (lease.domain.is_some() || !lease.search.is_empty(), "UseDomains=yes\n".to_owned()),
        (ip.ignore_auto_dns, "UseDNS=no\n".to_owned()),
        (ip.ignore_auto_routes, "UseRoutes=no\n".to_owned()),
        (ip.ignore_auto_routes || ip.never_default, "UseGateway=no\n".to_owned()),
    ];
    words.into_iter().filter(|(wanted, _)| *wanted).for_each(|(_, word)| text.push_str(&word));
}

/// The same identifiers again, or the server gives a second address.
fn dhcp6(text: &mut String, link: &LinkOutcome) {
    let Some(lease) = link.lease6.as_ref().filter(|lease| !lease.is_empty()) else { return };
    let Some((kind, rest)) = lease.duid.split_first_chunk::<2>() else { return };
    let raw: Vec<String> = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    text.push_str(&format!(
        "\n[DHCPv6]\nIAID={}\nDUIDType={}\nDUIDRawData={}\n",
        lease.iaid,
        u16::from_be_bytes(*kind),
        raw.join(":")
    ));
    let method = link.profile.ipv6.as_ref().map(|settings| settings.method);
    if method == Some(Method6::Dhcp) {
        text.push_str("WithoutRA=solicit\n");
    }
}

fn is_leased(link: &LinkOutcome, net: &IpNet) -> bool {
    let address = net.addr();
    link.lease4.as_ref().is_some_and(|lease| address == lease.address)
        || link.lease6.iter().flat_map(|lease| &lease.addresses).any(|leased| address == leased.address)
}

fn static_addresses(text: &mut String, link: &LinkOutcome) {
    for address in link.target.addresses.iter().filter(|address| !is_leased(link, &address.net)) {
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
