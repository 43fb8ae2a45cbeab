//! What makes systemd-networkd adopt a running link without a flap: one `.network` file.
//!
//! networkd reads nothing else back: it looks at the kernel and at its configuration files. `KeepConfiguration=yes` keeps it
//! from dropping what it did not make; the broadcast address and the client identifier make its own result equal to ours.

mod route;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::file::StateFile;
use super::netdev;
use crate::activate::{LinkOutcome, router_metric};
use crate::profile::ip::AddrGenMode;
use crate::profile::text::is_search_domain;
use crate::profile::{Ip6Settings, Method4, Method6, Warning};
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
    text.push_str(&route::sections(&link.target));
    StateFile::public(path(&link.device.name, priority), text)
}

fn network(text: &mut String, link: &LinkOutcome) {
    let method6 = link.profile.ipv6.as_ref().map_or(Method6::Disabled, |s| s.method);
    let mut add = |key: &str, value: &str| text.push_str(&format!("{key}={value}\n"));
    let dhcp = match asks(link) {
        (true, true) => "yes",
        (true, false) => "ipv4",
        (false, true) => "ipv6",
        (false, false) => "no",
    };
    add("DHCP", dhcp);
    add("IPv6AcceptRA", if method6 == Method6::Auto { "yes" } else { "no" });
    let privacy = link.profile.ipv6.as_ref().and_then(|settings| settings.privacy);
    let privacy = match (privacy, method6) {
        (None, Method6::Ignore | Method6::Shared) => Some("kernel"),
        (Some(1), _) => Some("prefer-public"),
        (Some(2), _) => Some("yes"),
        _ => None,
    };
    privacy.into_iter().for_each(|word| add("IPv6PrivacyExtensions", word));
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

/// Whether the daemon shall ask DHCPv4 and DHCPv6 servers: also for what sunup did not wait for, if something came by itself. Without that
/// the daemon calls a link configured only when a server has answered, and the boot would wait for one that is not there.
fn asks(link: &LinkOutcome) -> (bool, bool) {
    let auto4 = link.profile.ipv4.as_ref().is_some_and(|settings| settings.method == Method4::Auto);
    let dhcp6 = link.profile.ipv6.as_ref().is_some_and(|settings| settings.method == Method6::Dhcp);
    let leased6 = link.lease6.as_ref().is_some_and(|lease| !lease.is_empty());
    let came = auto4 && link.lease4.is_some() || leased6 || !link.autoconf.is_empty();
    (auto4 && came, leased6 || dhcp6 && came)
}

/// How the lease goes on: the same identifier, and routes with the metric they have, or a second default route appears.
fn dhcp4(text: &mut String, link: &LinkOutcome) {
    let Some(settings) = link.profile.ipv4.as_ref().filter(|_| asks(link).0) else { return };
    let ip = &settings.ip;
    let lease = link.lease4.as_ref();
    let id = lease.map_or(&link.identity4, |lease| &lease.client_id).as_deref();
    text.push_str(&format!("\n[DHCPv4]\n{}", client_identifier(id).unwrap_or_else(|| BY_ADDRESS.to_owned())));
    text.push_str(&format!("RouteMetric={}\n", ip.route_metric.unwrap_or(link.metric)));
    // By its own default the daemon sends the name of the host.
    match settings.dhcp_fqdn.as_ref().or(ip.dhcp_hostname.as_ref()) {
        _ if !ip.dhcp_send_hostname => text.push_str("SendHostname=no\n"),
        Some(name) if is_search_domain(name) => text.push_str(&format!("Hostname={name}\n")),
        _ => {}
    }
    // What a server chooses by; what the daemon might read otherwise is not told.
    let plain = |class: &&String| class.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"%\\\"'".contains(&byte));
    if let Some(class) = settings.dhcp_vendor_class.as_ref().filter(plain) {
        text.push_str(&format!("VendorClassIdentifier={class}\n"));
    }
    let named = lease.is_some_and(|lease| lease.domain.is_some() || !lease.search.is_empty());
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

/// The settings with which networkd sends this identifier; `None` if it cannot.
fn client_identifier(id: Option<&[u8]>) -> Option<String> {
    match id? {
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

/// True if networkd can go on with this lease.
pub(crate) fn goes_on(lease: &Lease) -> bool {
    client_identifier(lease.client_id.as_deref()).is_some()
}

/// What there is to say of leases that networkd cannot go on with.
pub fn remarks(link: &LinkOutcome, said: &mut Vec<Warning>) {
    let name = &link.device.name;
    let mut say = |text: String| said.push(Warning::new(&link.profile.origin, text));
    if let Some(lease) = link.lease4.as_ref().filter(|lease| !goes_on(lease)) {
        let id = link.profile.ipv4.as_ref().and_then(|settings| settings.dhcp_client_id.as_deref()).unwrap_or_default();
        say(format!(
            "systemd-networkd cannot send the client identifier of {name} (ipv4.dhcp-client-id={id}), only one made of the MAC address or \
             a DUID: if it takes over, it will ask for another address than {}",
            lease.address
        ));
    }
    if link.lease6.as_ref().is_some_and(|lease| !lease.is_empty() && identity(lease.iaid, &lease.duid).is_none()) {
        let duid = link.profile.ipv6.as_ref().and_then(|settings| settings.dhcp_duid.as_deref()).unwrap_or_default();
        say(format!(
            "systemd-networkd cannot send the DUID of {name} (ipv6.dhcp-duid={duid}), only one of a type and length it knows: if it takes \
             over, it will ask for another IPv6 address"
        ));
    }
}

/// networkd's names of the types of DUID, from 1 on (RFC 8415 section 11, RFC 6355), and how long it wants what follows the type. It
/// knows no others, and gives a link up for one of another length.
const DUID_TYPES: [(&str, RangeInclusive<usize>); 4] =
    [("link-layer-time", 7..=126), ("vendor", 12..=12), ("link-layer", 3..=126), ("uuid", 16..=16)];

/// An IAID and a DUID; `None` for one that networkd does not take.
fn identity(iaid: u32, duid: &[u8]) -> Option<String> {
    let (kind, rest) = duid.split_first_chunk::<2>()?;
    let (kind, lengths) = DUID_TYPES.get(usize::from(u16::from_be_bytes(*kind)).checked_sub(1)?)?;
    if !lengths.contains(&rest.len()) {
        return None;
    }
    let raw: Vec<String> = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("IAID={iaid}\nDUIDType={kind}\nDUIDRawData={}\n", raw.join(":")))
}

/// What is taken from routers, as the kernel was told: a default route with another metric would be a second one.
fn routers(text: &mut String, link: &LinkOutcome) {
    let by_router = link.profile.ipv6.as_ref().filter(|settings| settings.method == Method6::Auto);
    let Some(settings) = by_router else { return };
    let ip = &settings.ip;
    // The kernel's own: networkd prolongs that route then.
    text.push_str(&format!("\n[IPv6AcceptRA]\nRouteMetric={}\n", router_metric(ip, link.metric)));
    if let Some(identifier) = identifier(link, settings) {
        text.push_str(&format!("Token=static:{identifier}\n"));
    }
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

/// The end of addresses by routers where it is not made of the link's own address: with another a second address would come, and the
/// first would end. Of several that differ none can be told.
fn identifier(link: &LinkOutcome, settings: &Ip6Settings) -> Option<Ipv6Addr> {
    let by_lot = settings.addr_gen_mode == AddrGenMode::StablePrivacy;
    settings.token.or_else(|| match link.autoconf.as_slice() {
        [IpNet::V6(net)] if by_lot => Some(net.addr()),
        _ => None,
    })
}

/// The same identifiers, or the server gives a second address; also without a lease: a router may have the daemon ask for one.
fn dhcp6(text: &mut String, link: &LinkOutcome) {
    let Some(settings) = &link.profile.ipv6 else { return };
    if !matches!(settings.method, Method6::Auto | Method6::Dhcp) {
        return;
    }
    let lease = link.lease6.as_ref();
    let known = lease.map(|lease| (lease.iaid, lease.duid.clone())).or_else(|| link.identity6.clone());
    let identity = known.and_then(|(iaid, duid)| identity(iaid, &duid)).unwrap_or_default();
    text.push_str(&format!("\n[DHCPv6]\n{identity}"));
    let named = lease.is_some_and(|lease| !lease.search.is_empty());
    let words = [
        (settings.method == Method6::Dhcp, "WithoutRA=solicit\n"),
        (named && !settings.ip.ignore_auto_dns, "UseDomains=yes\n"),
        (settings.ip.ignore_auto_dns, "UseDNS=no\n"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured: with any other length the daemon gives the link up.
    #[test]
    fn a_duid_of_a_length_that_the_daemon_does_not_take_is_not_told() {
        let told =
            |kind: u16, length: usize| identity(1, &[&kind.to_be_bytes()[..], &vec![7; length]].concat()).is_some();
        let lengths = |kind| (0..=130).filter(|&length| told(kind, length)).collect::<Vec<_>>();
        assert_eq!(lengths(1), (7..=126).collect::<Vec<_>>());
        assert_eq!(lengths(2), [12]);
        assert_eq!(lengths(3), (3..=126).collect::<Vec<_>>());
        assert_eq!(lengths(4), [16]);
        assert!(lengths(0).is_empty() && lengths(5).is_empty());
        assert!(identity(1, &[]).is_none() && identity(1, &[0]).is_none());
    }
}
