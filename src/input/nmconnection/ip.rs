//! `[ipv4]` and `[ipv6]`.

use std::net::Ipv6Addr;

use super::connection::keep_others;
use super::dns;
use super::table::{Field, Key, Notes, Taken, Unit, in_range, lens, put, read, write};
use super::{Family, address, rule};
use crate::input::keyfile::{Entry, Group, KeyFile};
use crate::profile::ip::{AddrGenMode, TABLE_MAIN};
use crate::profile::text::{iaid, unescape};
use crate::profile::{Ip4Settings, Ip6Settings, IpSettings, LinkKind, Method4, Method6, Profile};

const INT: i64 = 0x7fff_ffff;
const U32: i64 = 0xffff_ffff;

/// What both sections have, beside addresses, routes, rules, gateway and name servers.
const IP: &[Key<IpSettings>] = &[
    Key::new("dns-search", Field::Items(dns::read_search, |ip| ip.dns_search.clone())),
    Key::new("dns-options", Field::Items(dns::read_options, |ip| ip.dns_options.clone())),
    Key::new("dns-priority", Field::Signed(lens!(dns_priority), -INT - 1, INT)),
    Key::new("ignore-auto-dns", Field::Bool(lens!(ignore_auto_dns), false)),
    Key::new("ignore-auto-routes", Field::Bool(lens!(ignore_auto_routes), false)),
    Key::new("never-default", Field::Bool(lens!(never_default), false)),
    Key::new("may-fail", Field::Bool(lens!(may_fail), true)),
    Key::new("required-timeout", Field::Time(lens!(required_timeout), Unit::Milliseconds, -1, INT)),
    Key::new("route-metric", Field::Number(lens!(route_metric), -1, U32)),
    Key::new("route-table", Field::Word(read_table, |ip| (ip.route_table > 0).then(|| ip.route_table.to_string()))),
    Key::new("dhcp-timeout", Field::Time(lens!(dhcp_timeout), Unit::Seconds, 0, INT)),
    Key::new("dhcp-hostname", Field::Word(|ip, text| some(&mut ip.dhcp_hostname, text), |ip| ip.dhcp_hostname.clone())),
    Key::new("dhcp-send-hostname", Field::Bool(lens!(dhcp_send_hostname), true)),
    Key::new("dhcp-iaid", Field::Word(read_iaid, |ip| ip.dhcp_iaid.clone())),
    Key::new("dad-timeout", Field::Time(lens!(dad_timeout), Unit::Milliseconds, -1, 30_000)),
];

/// What only `[ipv4]` has.
const IP4: &[Key<Ip4Settings>] = &[
    Key::new("method", Field::Word(read_method4, |ip| Some(name_of(METHODS4, ip.method).to_owned()))),
    Key::new(
        "dhcp-client-id",
        Field::Word(|ip, text| some(&mut ip.dhcp_client_id, text), |ip| ip.dhcp_client_id.clone()),
    ),
    Key::new("dhcp-vendor-class-identifier", Field::Word(read_vendor_class, |ip| ip.dhcp_vendor_class.clone())),
    Key::new("dhcp-dscp", Field::Word(read_dscp, |ip| ip.dhcp_dscp.clone())),
    Key::new("dhcp-fqdn", Field::Word(read_fqdn, |ip| ip.dhcp_fqdn.clone())),
    Key::new("link-local", Field::Word(read_link_local, write_link_local)),
];

/// What only `[ipv6]` has.
const IP6: &[Key<Ip6Settings>] = &[
    Key::new("method", Field::Word(read_method6, |ip| Some(name_of(METHODS6, ip.method).to_owned()))),
    Key::new("addr-gen-mode", Field::Word(read_mode, write_mode)),
    Key::new("ip6-privacy", Field::Word(read_privacy, |ip| ip.privacy.map(|value| value.to_string()))),
    Key::new("token", Field::Word(read_token, |ip| ip.token.map(|token| token.to_string()))),
    Key::new("dhcp-duid", Field::Word(|ip, text| some(&mut ip.dhcp_duid, text), |ip| ip.dhcp_duid.clone())),
    Key::new("dhcp-pd-hint", Field::Word(read_hint, |ip| ip.dhcp_pd_hint.map(|net| net.to_string()))),
    Key::new("ra-timeout", Field::Number(lens!(ra_timeout), 0, INT)),
    Key::new("mtu", Field::Number(lens!(mtu), 0, U32)),
];

/// Keys sunup knows and cannot honour, in either section.
const NOT_HONOURED: &[&str] = &[
    "auto-route-ext-gw",
    "clat",
    "dhcp-hostname-flags",
    "dhcp-ipv6-only-preferred",
    "dhcp-reject-servers",
    "dhcp-send-release",
    "forwarding",
    "replace-local-rule",
    "routed-dns",
    "shared-dhcp-lease-time",
    "shared-dhcp-range",
    "temp-preferred-lifetime",
    "temp-valid-lifetime",
];

const METHODS4: &[(&str, Method4)] = &[
    ("auto", Method4::Auto),
    ("manual", Method4::Manual),
    ("link-local", Method4::LinkLocal),
    ("shared", Method4::Shared),
    ("disabled", Method4::Disabled),
];

const METHODS6: &[(&str, Method6)] = &[
    ("auto", Method6::Auto),
    ("dhcp", Method6::Dhcp),
    ("manual", Method6::Manual),
    ("link-local", Method6::LinkLocal),
    ("ignore", Method6::Ignore),
    ("shared", Method6::Shared),
    ("disabled", Method6::Disabled),
];

const MODES: &[(&str, AddrGenMode)] = &[
    ("eui64", AddrGenMode::Eui64),
    ("stable-privacy", AddrGenMode::StablePrivacy),
    ("default-or-eui64", AddrGenMode::DefaultOrEui64),
    ("default", AddrGenMode::Default),
];

fn named<V: Copy>(table: &[(&str, V)], name: &str) -> Option<V> {
    table.iter().find(|row| row.0 == name).map(|row| row.1)
}

pub(super) fn name_of<'a, V: PartialEq>(table: &[(&'a str, V)], value: V) -> &'a str {
    table.iter().find(|row| row.1 == value).map(|row| row.0).unwrap_or_default()
}

fn one_of<V>(table: &[(&str, V)]) -> String {
    format!("write one of {}", table.iter().map(|row| row.0).collect::<Vec<_>>().join(", "))
}

/// A text that must not be empty.
fn some(field: &mut Option<String>, text: &str) -> Taken {
    if text.is_empty() {
        return Taken::Invalid("it is empty; remove the line".to_owned());
    }
    *field = Some(text.to_owned());
    Taken::Yes
}

fn read_method4(ip: &mut Ip4Settings, text: &str) -> Taken {
    named(METHODS4, text).map_or_else(|| Taken::Invalid(one_of(METHODS4)), |method| put(&mut ip.method, Ok(method)))
}

fn read_method6(ip: &mut Ip6Settings, text: &str) -> Taken {
    named(METHODS6, text).map_or_else(|| Taken::Invalid(one_of(METHODS6)), |method| put(&mut ip.method, Ok(method)))
}

fn read_table(ip: &mut IpSettings, text: &str) -> Taken {
    put(&mut ip.route_table, in_range(text, 0, U32).map(|number| u32::try_from(number).unwrap_or_default()))
}

/// A number of 32 bits in any base, its four bytes as `aa:bb:cc:dd`, or one of four words.
fn read_iaid(ip: &mut IpSettings, text: &str) -> Taken {
    if !matches!(text, "mac" | "perm-mac" | "ifname" | "stable") && iaid(text).is_none() {
        return Taken::Invalid("write mac, perm-mac, ifname, stable or a number of 32 bits".to_owned());
    }
    ip.dhcp_iaid = Some(text.to_owned());
    Taken::Yes
}

/// Kept with its C escapes; the option holds at most 255 bytes.
fn read_vendor_class(ip: &mut Ip4Settings, text: &str) -> Taken {
    if text.is_empty() || unescape(text).len() > 255 {
        return Taken::Invalid("it must have 1 to 255 bytes".to_owned());
    }
    ip.dhcp_vendor_class = Some(text.to_owned());
    Taken::Yes
}

fn read_dscp(ip: &mut Ip4Settings, text: &str) -> Taken {
    if !matches!(text, "CS0" | "CS4" | "CS6") {
        return Taken::Invalid("write CS0, CS4 or CS6".to_owned());
    }
    some(&mut ip.dhcp_dscp, text)
}

fn read_fqdn(ip: &mut Ip4Settings, text: &str) -> Taken {
    if !text.contains('.') {
        return Taken::Invalid("a full domain name has a dot in it".to_owned());
    }
    some(&mut ip.dhcp_fqdn, text)
}

fn read_link_local(ip: &mut Ip4Settings, text: &str) -> Taken {
    match in_range(text, -INT - 1, INT) {
        Ok(0 | 1) => ip.link_local = None,
        Ok(2) => ip.link_local = Some(false),
        Ok(3) => ip.link_local = Some(true),
        Ok(4) => return Taken::Kept("sunup does not fall back to a link-local address".to_owned()),
        Ok(_) => return Taken::Invalid("write 0 (default), 2 (disabled) or 3 (enabled)".to_owned()),
        Err(why) => return Taken::No(why),
    }
    Taken::Yes
}

fn write_link_local(ip: &Ip4Settings) -> Option<String> {
    ip.link_local.map(|enabled| if enabled { "3" } else { "2" }.to_owned())
}

fn read_mode(ip: &mut Ip6Settings, text: &str) -> Taken {
    let number = || text.parse::<usize>().ok().and_then(|index| MODES.get(index)).map(|row| row.1);
    match named(MODES, text).or_else(number) {
        Some(mode) => put(&mut ip.addr_gen_mode, Ok(mode)),
        None => Taken::No(one_of(MODES)),
    }
}

fn write_mode(ip: &Ip6Settings) -> Option<String> {
    Some(ip.addr_gen_mode).filter(|&mode| mode != AddrGenMode::default()).map(|mode| name_of(MODES, mode).to_owned())
}

fn read_privacy(ip: &mut Ip6Settings, text: &str) -> Taken {
    put(&mut ip.privacy, in_range(text, -1, 2).map(|number| u8::try_from(number).ok()))
}

/// An interface identifier: the upper half is zero, the lower is not.
fn read_token(ip: &mut Ip6Settings, text: &str) -> Taken {
    match text.parse::<Ipv6Addr>().map(|token| (token, token.to_bits())) {
        Ok((token, bits)) if bits >> 64 == 0 && bits != 0 => ip.token = Some(token),
        _ => return Taken::Invalid("write the lower 64 bits of an address, as ::42".to_owned()),
    }
    Taken::Yes
}

/// A prefix to ask for; `::/56` is any of that length.
fn read_hint(ip: &mut Ip6Settings, text: &str) -> Taken {
    match text.parse::<ipnet::Ipv6Net>() {
        Ok(net) if net.prefix_len() > 0 => ip.dhcp_pd_hint = Some(net),
        _ => return Taken::Invalid("write an IPv6 prefix and its length, as ::/56".to_owned()),
    }
    Taken::Yes
}

/// Reads `[ipv4]`.
fn read4(group: &Group, notes: &mut Notes<'_>) -> Ip4Settings {
    let mut ip = Ip4Settings { method: Method4::Auto, ..Ip4Settings::default() };
    let others = read(IP4, &mut ip, "ipv4", group, notes);
    read_common(&mut ip.ip, Family::V4, group, others, notes);
    ip
}

/// Reads `[ipv6]`.
fn read6(group: &Group, notes: &mut Notes<'_>) -> Ip6Settings {
    let mut ip = Ip6Settings::default();
    let others = read(IP6, &mut ip, "ipv6", group, notes);
    read_common(&mut ip.ip, Family::V6, group, others, notes);
    // A token only works with EUI-64, so that is the default beside one.
    if ip.token.is_some() && group.get("addr-gen-mode").is_none() {
        ip.addr_gen_mode = AddrGenMode::Eui64;
    }
    if ip.method == Method6::Auto && !matches!(ip.ip.route_table, 0 | TABLE_MAIN) {
        let text = "ipv6.route-table is for routes of the profile: those that routers tell are the kernel's, and in its table main \
                    until the daemon takes over";
        notes.warn(group.get("route-table").map_or(group.line, |entry| entry.line), text);
    }
    ip
}

fn read_common(ip: &mut IpSettings, family: Family, group: &Group, others: Vec<&Entry>, notes: &mut Notes<'_>) {
    let rest = Group::new(&group.name, group.line, others.into_iter().cloned());
    let others = read(IP, ip, family.group(), &rest, notes);
    let from_address = address::read_addresses(ip, family, group, notes);
    address::read_routes(ip, family, group, notes);
    rule::read(ip, family, group, notes);
    dns::read_servers(ip, family, group, notes);
    read_gateway(ip, family, group, from_address, notes);
    let others: Vec<_> = others.into_iter().filter(|entry| !is_structured(&entry.key)).collect();
    keep_others(family.group(), &others, NOT_HONOURED, &[], notes);
}

/// True for the keys that are read apart from the tables.
fn is_structured(key: &str) -> bool {
    let name = key.strip_suffix("_options").unwrap_or(key).trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(name, "address" | "addresses" | "route" | "routes" | "routing-rule" | "dns" | "gateway")
}

/// The key `gateway` goes before the one that stands with an address.
fn read_gateway(
    ip: &mut IpSettings,
    family: Family,
    group: &Group,
    from_address: Option<String>,
    notes: &mut Notes<'_>,
) {
    let entry = group.get("gateway");
    let written = entry.and_then(|entry| entry.text().ok());
    let line = entry.or_else(|| address::numbered(group, &["address", "addresses"]).first().copied());
    let line = line.map_or(group.line, |entry| entry.line);
    let both = written.as_ref().zip(from_address.as_ref()).filter(|(written, other)| written != other);
    if let Some((written, other)) = both {
        notes.warn(
            line,
            format!("{}.gateway={written} is used, not {other} that stands with an address", family.group()),
        );
    }
    let Some(text) = written.or(from_address) else { return };
    match family.address(&text) {
        // libnm's way to say "none".
        Some(gateway) => ip.gateway = Some(gateway).filter(|gateway| !gateway.is_unspecified()),
        None => notes.refuse(line, format!("{}.gateway: '{text}' is not an {family} address", family.group())),
    }
}

/// Reads both sections. Where one is missing, a profile that is no port has the daemon's default for it.
pub(super) fn read_all(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    profile.ipv4 = file.group("ipv4").map(|group| read4(group, notes));
    profile.ipv6 = file.group("ipv6").map(|group| read6(group, notes));
    if has_ip(profile) {
        add_defaults(profile);
    }
}

fn add_defaults(profile: &mut Profile) {
    let quiet = matches!(&profile.kind, LinkKind::WireGuard(_)) || profile.kind.name() == "dummy";
    let method4 = if quiet { Method4::Disabled } else { Method4::Auto };
    let method6 = if quiet { Method6::Disabled } else { Method6::Auto };
    profile.ipv4.get_or_insert_with(|| Ip4Settings { method: method4, ..Ip4Settings::default() });
    // The default of a missing section is not that of a missing key.
    let addr_gen_mode = AddrGenMode::Default;
    profile.ipv6.get_or_insert_with(|| Ip6Settings { method: method6, addr_gen_mode, ..Ip6Settings::default() });
}

/// Drops what a port cannot have, once it has been examined.
pub(super) fn drop_of_port(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    if has_ip(profile) {
        return;
    }
    for group in [file.group("ipv4"), file.group("ipv6")].into_iter().flatten() {
        notes.warn(
            group.line,
            format!("[{}] is left out: the profile is a port, its controller has the addresses", group.name),
        );
    }
    profile.ipv4 = None;
    profile.ipv6 = None;
    // An unknown key would bring the section back when written, without its method.
    notes.unknown.retain(|(group, ..)| !matches!(group.as_str(), "ipv4" | "ipv6"));
}

/// True unless the profile is a port; the port of a VRF has addresses all the same.
fn has_ip(profile: &Profile) -> bool {
    profile.controller.as_ref().is_none_or(|controller| controller.port_type == "vrf")
}

/// Writes `[ipv4]` and `[ipv6]`.
pub(super) fn write_all(ip4: Option<&Ip4Settings>, ip6: Option<&Ip6Settings>, file: &mut KeyFile) {
    if let Some(ip) = ip4 {
        let group = file.group_mut("ipv4");
        write(IP4, ip, group);
        write_common(&ip.ip, Family::V4, group);
    }
    if let Some(ip) = ip6 {
        let group = file.group_mut("ipv6");
        write(IP6, ip, group);
        write_common(&ip.ip, Family::V6, group);
    }
}

fn write_common(ip: &IpSettings, family: Family, group: &mut Group) {
    address::write(ip, family, group);
    if !ip.dns.is_empty() {
        group.set_list("dns", ip.dns.iter().map(|server| &server.text));
    }
    write(IP, ip, group);
    rule::write(ip, family, group);
}
