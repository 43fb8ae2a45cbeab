//! Requests to netlink messages.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressHeader, AddressHeaderFlags};
use netlink_packet_route::link::{LinkFlags, LinkHeader};
use netlink_packet_route::route::{RouteFlags, RouteHeader};
use netlink_packet_route::rule::{RuleFlags, RuleHeader};

use super::abi::{FOREVER, family, fra, ifa, ifla, route as numbers, rta, rtm};
use super::bridge_vlan;
use super::kinds::{self, Setting};
use super::message::{Batch, attributes};
use super::netlink::Encode;
use super::request::{LinkChange, Request, RuleFamily, Target};
use crate::profile::desired::{DesiredAddress, DesiredRoute, NewLink, protocol};
use crate::profile::ip::{RouteKind, RouteOptions, RoutingRule};

impl Encode for Request<'_> {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        match self {
            Self::AddLink(link) => new_link(batch, sequence, link),
            Self::SetKind(target, kind, setting) => {
                set_info(batch, sequence, *target, (ifla::INFO_KIND, kind), (ifla::INFO_DATA, setting));
            }
            Self::SetPort(target, kind, setting) => {
                set_info(batch, sequence, *target, (ifla::INFO_SLAVE_KIND, kind), (ifla::INFO_SLAVE_DATA, setting));
            }
            Self::AddVlans(target, vlans, own) => bridge_vlan::encode(batch, sequence, target.ifindex, vlans, *own),
            Self::SetLink(target, change) => set_link(batch, sequence, *target, *change),
            // Replacing is what makes the same request right for an address that is there already.
            Self::AddAddress(target, wanted) => {
                address(batch, sequence, rtm::NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, *target, wanted.net);
                lifetimes(batch, wanted);
            }
            Self::RemoveAddress(target, net) => address(batch, sequence, rtm::DELADDR, 0, *target, *net),
            // Appended, not replaced: a route of another link with the same metric is not ours to touch.
            Self::AddRoute(target, wanted) => {
                route(batch, sequence, (rtm::NEWROUTE, NLM_F_CREATE | NLM_F_APPEND), *target, wanted);
            }
            Self::RemoveRoute(target, wanted) => route(batch, sequence, (rtm::DELROUTE, 0), *target, wanted),
            Self::AddRule(family, wanted) => {
                rule(batch, sequence, (rtm::NEWRULE, NLM_F_CREATE | NLM_F_EXCL), *family, wanted);
            }
            Self::RemoveRule(family, wanted) => rule(batch, sequence, (rtm::DELRULE, 0), *family, wanted),
        }
    }
}

/// RTM_NEWLINK for a link that must not be there yet, with what it cannot come into being without.
fn new_link(batch: &mut Batch, sequence: u32, link: &NewLink) {
    let NewLink { name, kind, parent, mac } = link;
    batch.begin(rtm::NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sequence, &LinkHeader::default());
    batch.text(ifla::IFNAME, name);
    if let Some(parent) = parent {
        batch.u32(ifla::LINK, *parent);
    }
    if let Some(mac) = mac {
        batch.bytes_of(ifla::ADDRESS, mac.as_bytes());
    }
    let info = batch.begin_nest(ifla::LINKINFO);
    batch.text(ifla::INFO_KIND, kinds::kind_of(&kind.kind).unwrap_or_default());
    let settings = kinds::at_creation(kind);
    if !settings.is_empty() {
        let data = batch.begin_nest(ifla::INFO_DATA);
        settings.iter().for_each(|setting| batch.bytes_of(setting.attribute, &setting.value));
        batch.end_nest(data);
    }
    batch.end_nest(info);
}

/// RTM_NEWLINK for a link that is there: one setting of its kind. RTM_SETLINK would not look at it.
fn set_info(
    batch: &mut Batch,
    sequence: u32,
    target: Target<'_>,
    (kind, name): (u16, &str),
    (data, setting): (u16, &Setting),
) {
    let header = LinkHeader { index: target.ifindex, ..LinkHeader::default() };
    batch.begin(rtm::NEWLINK, 0, sequence, &header);
    let info = batch.begin_nest(ifla::LINKINFO);
    batch.text(kind, name);
    let data = batch.begin_nest(data);
    if setting.whole.is_empty() {
        batch.bytes_of(setting.attribute, &setting.value);
    } else {
        attributes(&setting.whole).for_each(|(kind, value)| batch.bytes_of(kind, value));
    }
    batch.end_nest(data);
    batch.end_nest(info);
}

fn set_link(batch: &mut Batch, sequence: u32, target: Target<'_>, change: LinkChange<'_>) {
    let mut header = LinkHeader { index: target.ifindex, ..LinkHeader::default() };
    if let LinkChange::Up(up) = change {
        header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
        header.change_mask = LinkFlags::Up;
    }
    batch.begin(rtm::SETLINK, 0, sequence, &header);
    match change {
        LinkChange::Up(_) => {}
        LinkChange::Name(name) => batch.text(ifla::IFNAME, name),
        LinkChange::NameAside => batch.text(ifla::IFNAME, &format!("sunup-{}", target.ifindex)),
        LinkChange::Mtu(mtu) => batch.u32(ifla::MTU, mtu),
        LinkChange::Mac(mac) => batch.bytes_of(ifla::ADDRESS, mac.as_bytes()),
        LinkChange::Controller(index) => batch.u32(ifla::MASTER, index),
        LinkChange::AddrGenMode(mode) => inet6(batch, ifla::INET6_ADDR_GEN_MODE, &[mode]),
        LinkChange::Token(token) => inet6(batch, ifla::INET6_TOKEN, &token.octets()),
    }
}

/// A setting of a link's IPv6.
fn inet6(batch: &mut Batch, attribute: u16, value: &[u8]) {
    let spec = batch.begin_nest(ifla::AF_SPEC);
    let inet6 = batch.begin_nest(u16::from(family::INET6));
    batch.bytes_of(attribute, value);
    batch.end_nest(inet6);
    batch.end_nest(spec);
}

fn family_of(net: IpNet) -> AddressFamily {
    AddressFamily::from(if matches!(net, IpNet::V4(_)) { family::INET } else { family::INET6 })
}

fn address(batch: &mut Batch, sequence: u32, kind: u16, flags: u16, target: Target<'_>, net: IpNet) {
    let scope = match net.addr() {
        IpAddr::V4(address) if address.is_loopback() => numbers::SCOPE_HOST,
        IpAddr::V4(address) if address.is_link_local() => numbers::SCOPE_LINK,
        _ => 0,
    };
    let header = AddressHeader {
        family: family_of(net),
        prefix_len: net.prefix_len(),
        flags: AddressHeaderFlags::empty(),
        scope: scope.into(),
        index: target.ifindex,
    };
    batch.begin(kind, flags, sequence, &header);
    batch.address(ifa::LOCAL, net.addr());
    batch.address(ifa::ADDRESS, net.addr());
}

fn lifetimes(batch: &mut Batch, wanted: &DesiredAddress) {
    let DesiredAddress { net, broadcast, valid, preferred, no_prefix_route, no_dad, optimistic, leads_temporary } =
        wanted;
    if let (IpNet::V4(_), Some(broadcast)) = (net, broadcast) {
        batch.address(ifa::BROADCAST, IpAddr::V4(*broadcast));
    }
    let no_dad = *no_dad && matches!(net, IpNet::V6(_));
    let bits = [
        (*no_prefix_route, ifa::F_NOPREFIXROUTE),
        (no_dad, ifa::F_NODAD),
        (*leads_temporary, ifa::F_MANAGETEMPADDR),
        // The kernel refuses the two together.
        (*optimistic && !no_dad && matches!(net, IpNet::V6(_)), ifa::F_OPTIMISTIC),
    ];
    let flags = bits.iter().filter(|(wanted, _)| *wanted).fold(0, |flags, (_, bit)| flags | bit);
    if flags != 0 {
        batch.u32(ifa::FLAGS, flags);
    }
    if valid.is_some() || preferred.is_some() {
        let valid = seconds(*valid);
        // The kernel refuses an address that would be preferred for longer than it is valid.
        let preferred = seconds(*preferred).min(valid);
        let cache_info = [preferred, valid, 0, 0].map(u32::to_ne_bytes);
        batch.bytes_of(ifa::CACHEINFO, cache_info.as_flattened());
    }
}

/// Whole seconds, at least 1: the kernel refuses an address that is not valid at all.
fn seconds(lifetime: Option<Duration>) -> u32 {
    lifetime.map_or(FOREVER, |time| u32::try_from(time.as_secs()).unwrap_or(FOREVER).max(1))
}

fn route(batch: &mut Batch, sequence: u32, (kind, flags): (u16, u16), target: Target<'_>, wanted: &DesiredRoute) {
    let DesiredRoute { destination, gateway, metric, protocol, options } = wanted;
    let table = options.table.unwrap_or(numbers::TABLE_MAIN);
    let route_kind = options.kind.unwrap_or_default();
    let onlink = if options.onlink == Some(true) { rta::F_ONLINK } else { 0 };
    let header = RouteHeader {
        address_family: family_of(*destination),
        destination_prefix_length: destination.prefix_len(),
        source_prefix_length: options.from.map_or(0, |from| from.prefix_len()),
        tos: options.tos.unwrap_or(0),
        table: u8::try_from(table).unwrap_or(0),
        protocol: (*protocol).into(),
        scope: if kind == rtm::DELROUTE { numbers::SCOPE_NOWHERE } else { scope(wanted, route_kind) }.into(),
        kind: number_of(route_kind).into(),
        flags: RouteFlags::from_bits_retain(onlink),
    };
    batch.begin(kind, flags, sequence, &header);
    if destination.prefix_len() != 0 {
        batch.address(rta::DST, destination.network());
    }
    if let Some(from) = options.from {
        batch.address(rta::SRC, from.network());
    }
    if let Some(gateway) = gateway {
        next_hop(batch, *destination, *gateway);
    }
    if target.ifindex != 0 {
        batch.u32(rta::OIF, target.ifindex);
    }
    if *metric != 0 {
        batch.u32(rta::PRIORITY, *metric);
    }
    if table > u32::from(u8::MAX) {
        batch.u32(rta::TABLE, table);
    }
    if let Some(src) = options.src {
        batch.address(rta::PREFSRC, src);
    }
    metrics(batch, options);
}

/// RTA_GATEWAY, or RTA_VIA for a router of the other family (RFC 5549).
fn next_hop(batch: &mut Batch, destination: IpNet, gateway: IpAddr) {
    match (destination, gateway) {
        (IpNet::V4(_), IpAddr::V6(gateway)) => {
            let family = u16::from(family::INET6).to_ne_bytes();
            batch.bytes_of(rta::VIA, &[family.as_slice(), &gateway.octets()].concat());
        }
        _ => batch.address(rta::GATEWAY, gateway),
    }
}

/// `rtm_scope`. IPv6 has none; IPv4 refuses a route whose router would not be nearer than the route itself.
fn scope(wanted: &DesiredRoute, kind: RouteKind) -> u8 {
    if matches!(wanted.destination, IpNet::V6(_)) {
        return 0;
    }
    wanted.options.scope.unwrap_or(match kind {
        RouteKind::Local => numbers::SCOPE_HOST,
        RouteKind::Unicast if wanted.gateway.is_none() => numbers::SCOPE_LINK,
        _ => 0,
    })
}

/// `rtm_type`.
fn number_of(kind: RouteKind) -> u8 {
    match kind {
        RouteKind::Unicast => 1,
        RouteKind::Local => 2,
        RouteKind::Blackhole => 6,
        RouteKind::Unreachable => 7,
        RouteKind::Prohibit => 8,
        RouteKind::Throw => 9,
    }
}

/// RTA_METRICS, if any is given.
fn metrics(batch: &mut Batch, options: &RouteOptions) {
    let RouteOptions {
        table: _,
        kind: _,
        scope: _,
        src: _,
        from: _,
        tos: _,
        onlink: _,
        // Weighs the next hops of one route against each other; a route here has one.
        weight: _,
        mtu,
        lock_mtu,
        advmss,
        window,
        lock_window,
        cwnd,
        lock_cwnd,
        initcwnd,
        lock_initcwnd,
        initrwnd,
        lock_initrwnd,
        rto_min,
        quickack,
    } = options;
    let rows = [
        (rta::X_MTU, *mtu, *lock_mtu),
        (rta::X_WINDOW, *window, *lock_window),
        (rta::X_CWND, *cwnd, *lock_cwnd),
        (rta::X_ADVMSS, *advmss, None),
        (rta::X_INITCWND, *initcwnd, *lock_initcwnd),
        (rta::X_RTO_MIN, *rto_min, None),
        (rta::X_INITRWND, *initrwnd, *lock_initrwnd),
        (rta::X_QUICKACK, quickack.map(u32::from), None),
    ];
    if rows.iter().all(|(_, value, _)| value.is_none()) {
        return;
    }
    let nest = batch.begin_nest(rta::METRICS);
    let locks = rows.iter().filter(|(_, _, lock)| *lock == Some(true)).fold(0, |locks, row| locks | 1_u32 << row.0);
    if locks != 0 {
        batch.u32(rta::X_LOCK, locks);
    }
    for (metric, value, _) in rows {
        if let Some(value) = value {
            batch.u32(metric, value);
        }
    }
    batch.end_nest(nest);
}

fn rule(batch: &mut Batch, sequence: u32, (kind, flags): (u16, u16), family: RuleFamily, wanted: &RoutingRule) {
    let RoutingRule {
        priority,
        table,
        from,
        to,
        invert,
        iif,
        oif,
        fwmark,
        tos,
        ipproto,
        sport,
        dport,
        uidrange,
        suppress_prefixlength,
        kind: action,
        anonymous,
    } = wanted;
    let table = table.unwrap_or(numbers::TABLE_MAIN);
    let header = RuleHeader {
        family: AddressFamily::from(if family == RuleFamily::V6 { family::INET6 } else { family::INET }),
        dst_len: to.map_or(0, |net| net.prefix_len()),
        src_len: from.map_or(0, |net| net.prefix_len()),
        tos: tos.unwrap_or(0),
        table: if action.is_none() { u8::try_from(table).unwrap_or(0) } else { 0 },
        action: action_of(*action).into(),
        flags: RuleFlags::from_bits_retain(if *invert { fra::F_INVERT } else { 0 }),
    };
    batch.begin(kind, flags, sequence, &header);
    batch.u32(fra::PRIORITY, *priority);
    batch.u8(fra::PROTOCOL, if *anonymous { 0 } else { protocol::STATIC });
    if action.is_none() {
        batch.u32(fra::TABLE, table);
    }
    for (attribute, net) in [(fra::DST, to), (fra::SRC, from)] {
        if let Some(net) = net.filter(|net| net.prefix_len() != 0) {
            batch.address(attribute, net.network());
        }
    }
    for (attribute, name) in [(fra::IIFNAME, iif), (fra::OIFNAME, oif)] {
        if let Some(name) = name {
            batch.text(attribute, name);
        }
    }
    if let Some((mark, mask)) = fwmark {
        batch.u32(fra::FWMARK, *mark);
        batch.u32(fra::FWMASK, *mask);
    }
    if let Some(ipproto) = ipproto {
        batch.u8(fra::IP_PROTO, *ipproto);
    }
    for (attribute, range) in [(fra::SPORT_RANGE, sport), (fra::DPORT_RANGE, dport)] {
        if let Some((first, last)) = range {
            batch.bytes_of(attribute, [first.to_ne_bytes(), last.to_ne_bytes()].as_flattened());
        }
    }
    if let Some((first, last)) = uidrange {
        batch.bytes_of(fra::UID_RANGE, [first.to_ne_bytes(), last.to_ne_bytes()].as_flattened());
    }
    if let Some(length) = suppress_prefixlength {
        batch.u32(fra::SUPPRESS_PREFIXLEN, *length);
    }
}

/// The action of a rule.
fn action_of(kind: Option<RouteKind>) -> u8 {
    match kind {
        Some(RouteKind::Blackhole) => fra::ACT_BLACKHOLE,
        Some(RouteKind::Unreachable) => fra::ACT_UNREACHABLE,
        Some(RouteKind::Prohibit) => fra::ACT_PROHIBIT,
        None | Some(RouteKind::Unicast | RouteKind::Local | RouteKind::Throw) => fra::ACT_TO_TBL,
    }
}
