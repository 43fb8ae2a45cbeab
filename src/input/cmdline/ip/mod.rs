//! `ip=`: addresses.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::builder::{Builder, Entry};
use super::lex::Value;
use super::reading::NeedReason;
use super::{firmware, need, traps};
use crate::profile::ip::DnsServer;
use crate::profile::{LinkKind, Method4, Method6, MultiConnect, Origin};

mod argument;
mod guesses;
mod method;
mod print;
#[cfg(test)]
mod tests;

pub(super) use argument::{Argument, Reader};
pub(super) use method::Method;

/// Reads one `ip=`.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if value.text().is_empty() {
        builder.caution(value.origin(), "ip= without a value asks for nothing (no blank may stand beside the '=')");
        return;
    }
    let sysfs = builder.environment.sysfs;
    let is_link = |name: &str| super::lex::is_interface_name(name) && sysfs.join("class/net").join(name).exists();
    let joined = builder.collected.anaconda.goes_with(value).then(|| builder.collected.anaconda.word(value));
    let words = joined.as_ref().map_or(value, |word| Value::of(word).1);
    let mut reader = Reader {
        value: words,
        is_link: &is_link,
        remarks: &mut builder.reading.remarks,
        hostname: None,
        swapped: None,
        mac_at: None,
    };
    let argument = reader.read();
    let mac_at = reader.mac_at.take();
    let hostname = reader.hostname.take();
    builder.reading.hostname = hostname.or_else(|| builder.reading.hostname.take());
    if let Some(argument) = argument {
        builder.reading.remarks.extend(traps::ip(words, &argument));
        apply(builder, value, argument, mac_at);
    }
}

/// Carries an argument out. `mac_at` is where its MAC stands.
fn apply<'a>(builder: &mut Builder<'a>, value: Value<'a>, argument: Argument, mac_at: Option<Origin>) {
    if argument.is_only_gateway() {
        builder.collected.gateways.extend(argument.gateway.map(|gateway| (gateway, value.origin())));
        return;
    }
    let method = argument.method.unwrap_or(Method::Auto);
    if method != Method::None || argument.client.is_some() {
        need::note(builder, NeedReason::Addresses, value.origin());
    }
    builder.reading.single_dhcp |= method == Method::SingleDhcp;
    if argument.interface.is_none() && method == Method::Ibft {
        return firmware::read(builder, value);
    }
    let required = builder.defaults.required_timeout();
    let entry = match &argument.interface {
        Some(interface) => builder.link(interface, None, value),
        None => builder.default_link(value.origin()),
    };
    let wanted_ipv4 = entry.ip.is_some() && entry.method4() == Method4::Auto;
    entry.ip = Some(value.origin());
    if let Some(client) = argument.client {
        add_address(entry, client);
    }
    set_method(entry, method, required);
    set_rest(entry, &argument);
    let keeps_mac =
        matches!(entry.profile.kind, LinkKind::Infiniband(_)) && entry.settings().cloned_mac.take().is_some();
    let lost_ipv4 = wanted_ipv4 && entry.method4() == Method4::Disabled;
    let stem = entry.profile.file_stem.clone();
    if lost_ipv4 {
        builder.caution(
            value.origin(),
            "this turns off the IPv4 of an earlier ip= for the same link; for both write dhcp,dhcp6",
        );
    }
    if let Some(at) = mac_at.filter(|_| keeps_mac) {
        builder.caution(at, format!("{stem} is an InfiniBand link, which keeps its own address; this one is ignored"));
    }
    note_rest(builder, &argument, &stem);
    if let (Method::Ibft, Some(interface)) = (method, &argument.interface) {
        firmware::merge(builder, value, interface, &stem);
    }
}

/// CLIENT: makes its family static and required. Repeated arguments add up.
fn add_address(entry: &mut Entry, client: IpNet) {
    // One address on many links would be a conflict.
    entry.profile.multi_connect = MultiConnect::Single;
    if client.addr().is_ipv4() {
        entry.ipv4().method = Method4::Manual;
    } else {
        entry.ipv6().method = Method6::Manual;
    }
    let ip = entry.ip(client.addr().is_ipv4());
    ip.may_fail = false;
    if !ip.addresses.contains(&client) {
        ip.addresses.push(client);
    }
}

/// METHOD. `required` is how long a family is waited for though it may fail.
fn set_method(entry: &mut Entry, method: Method, required: Duration) {
    if !matches!(method, Method::Auto | Method::DhcpAndDhcp6) {
        entry.ipv4().ip.required_timeout = None;
    }
    match method {
        Method::None => {
            no_ipv4(entry);
            if entry.ipv6().ip.addresses.is_empty() {
                entry.ipv6().method = Method6::Disabled;
            }
        }
        Method::Dhcp | Method::SingleDhcp => {
            entry.ipv4().method = Method4::Auto;
            entry.ipv4().ip.may_fail = false;
            if entry.ipv6().ip.addresses.is_empty() {
                entry.ipv6().method = Method6::Auto;
            }
        }
        Method::Dhcp6 | Method::Either6 => {
            only_ipv6(entry, Method6::Auto);
            entry.ipv6().dhcp_without_router = method == Method::Either6;
        }
        Method::DhcpAndDhcp6 => entry.ipv6().ip.required_timeout = Some(required),
        Method::Link6 => only_ipv6(entry, Method6::LinkLocal),
        Method::LinkLocal => {
            if entry.ipv4().ip.addresses.is_empty() {
                entry.ipv4().method = Method4::LinkLocal;
            }
            if entry.ipv6().ip.addresses.is_empty() {
                entry.ipv6().method = Method6::LinkLocal;
            }
        }
        Method::Auto | Method::Ibft => {}
    }
}

/// IPv6 by `method`, required, and IPv4 only if it has static addresses.
fn only_ipv6(entry: &mut Entry, method: Method6) {
    no_ipv4(entry);
    let ipv6 = entry.ipv6();
    ipv6.ip.may_fail = false;
    // A daemon refuses addresses where the method is link-local; they would be lost with everything else.
    if method == Method6::Auto || ipv6.ip.addresses.is_empty() {
        ipv6.method = method;
    }
}

/// Disables IPv4, unless it has static addresses.
fn no_ipv4(entry: &mut Entry) {
    if entry.ipv4().ip.addresses.is_empty() {
        entry.ipv4().method = Method4::Disabled;
    }
}

/// GW, HOST, DNS, MTU, MAC.
fn set_rest(entry: &mut Entry, argument: &Argument) {
    if let Some(gateway) = argument.gateway {
        entry.ip(gateway.is_ipv4()).gateway = Some(gateway).filter(|gateway| !gateway.is_unspecified());
    }
    if let Some(hostname) = &argument.hostname {
        entry.ip(true).dhcp_hostname = Some(hostname.clone());
        entry.ip(false).dhcp_hostname = Some(hostname.clone());
    }
    for &server in &argument.dns {
        add_dns(entry, server);
    }
    if let Some(mtu) = argument.mtu {
        entry.settings().mtu = Some(mtu).filter(|&mtu| mtu > 0);
    }
    if let Some(mac) = &argument.mac {
        entry.settings().cloned_mac = Some(mac.clone());
    }
}

/// Adds a name server to its family, once.
pub(super) fn add_dns(entry: &mut Entry, server: IpAddr) {
    let dns = &mut entry.ip(server.is_ipv4()).dns;
    if dns.iter().all(|known| known.address != server) {
        dns.push(DnsServer::plain(server));
    }
}

/// What stands in the reading beside the profile.
fn note_rest(builder: &mut Builder<'_>, argument: &Argument, stem: &str) {
    if argument.method == Some(Method::Either6) {
        builder.reading.either6.push(stem.to_owned());
    }
    builder.reading.servers.extend(argument.peer.map(|server| (stem.to_owned(), server)));
}

/// Gives the gateways of `ip=::GW::::` to the profiles with an address in the gateway's network.
pub(super) fn give_gateways(builder: &mut Builder<'_>) {
    for (gateway, origin) in std::mem::take(&mut builder.collected.gateways) {
        let mut taken = false;
        for entry in builder.entries.iter_mut().filter(|entry| !entry.is_port()) {
            let ip = entry.ip(gateway.is_ipv4());
            if ip.addresses.iter().any(|net| net.contains(&gateway)) && ip.gateway.is_none_or(|old| old == gateway) {
                ip.gateway = Some(gateway);
                taken = true;
            }
        }
        report_gateway(builder, gateway, origin, taken);
    }
}

/// Says what became of a gateway without a link.
fn report_gateway(builder: &mut Builder<'_>, gateway: IpAddr, origin: Origin, taken: bool) {
    if taken {
        let text = format!("a gateway without a link goes to the links with an address in the network of {gateway}");
        builder.caution(origin, text);
    } else {
        let text = format!(
            "no link has an address in the network of {gateway} and no gateway of its own; it is ignored. Write it into \
             the ip= that gives the address"
        );
        builder.error(origin, text);
    }
}

/// An `ip=` in its long form; `None` if nothing in it can be used.
pub(super) fn canonical(value: Value<'_>) -> Option<String> {
    let mut remarks = Vec::new();
    let mut reader =
        Reader { value, is_link: &|_| false, remarks: &mut remarks, hostname: None, swapped: None, mac_at: None };
    reader.read().map(|argument| format!("ip={argument}"))
}
