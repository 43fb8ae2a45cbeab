//! What makes a whole profile invalid, or is put right before use: the daemon's rules across keys.

use super::connection::PORT_TYPES;
use super::link::ethernet_group;
use super::link_rules;
use super::table::Notes;
use super::value::integer;
use crate::input::keyfile::{Entry, KeyFile};
use crate::profile::ip::{AddrGenMode, Route, RouteKind};
use crate::profile::{IpSettings, LinkKind, Method4, Method6, Profile};

/// True for a name the kernel takes for a link: 1 to 15 bytes, no `/`, `:`, `%` or white space, none of the reserved words.
pub(in crate::input) fn is_interface_name(name: &str) -> bool {
    const RESERVED: &[&str] = &[".", "..", "all", "default", "bonding_masters"];
    let bad = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b':' | b'%' | 0x0b);
    (1..=15).contains(&name.len()) && !name.bytes().any(bad) && !RESERVED.contains(&name)
}

/// True for what names another profile or link: a uuid or an interface name.
pub(super) fn is_reference(name: &str) -> bool {
    uuid::Uuid::try_parse(name).is_ok_and(|_| name.len() == 36) || is_interface_name(name)
}

/// The profile under examination: where a rule is broken, the line of the key is looked up.
pub(super) struct Check<'a, 'n> {
    file: &'a KeyFile,
    notes: &'a mut Notes<'n>,
}

impl Check<'_, '_> {
    /// Refuses the profile unless the rule holds.
    pub(super) fn require(&mut self, holds: bool, group: &str, key: &str, why: &str) {
        if !holds {
            let line = self.line(group, key);
            self.notes.refuse(line, format!("{group}.{key}: {why}"));
        }
    }

    /// The text of a key of `[ethernet]` that no field holds.
    pub(super) fn ethernet_text(&self, key: &str) -> Option<String> {
        ethernet_group(self.file)?.get(key)?.text().ok()
    }

    /// Says that a value was put right.
    pub(super) fn corrected(&mut self, group: &str, key: &str, how: &str) {
        let line = self.line(group, key);
        self.notes.warn(line, format!("{group}.{key}: {how}"));
    }

    fn line(&self, group: &str, key: &str) -> usize {
        let entry =
            self.file.group(group).and_then(|group| group.get(key).map(|entry| entry.line).or(Some(group.line)));
        entry.unwrap_or_default()
    }
}

/// Examines the whole profile.
pub(super) fn verify(profile: &mut Profile, file: &KeyFile, notes: &mut Notes<'_>) {
    let mut check = Check { file, notes };
    connection(profile, file, &mut check);
    patterns(profile, &mut check);
    user(profile, &mut check);
    link_rules::verify(profile, &mut check);
    methods(file, &mut check);
    addresses4(profile, &mut check);
    addresses6(profile, &mut check);
}

fn connection(profile: &mut Profile, file: &KeyFile, check: &mut Check<'_, '_>) {
    check.require(!profile.id.is_empty(), "connection", "id", "it is empty; give the profile a name");
    // Once the name stood in the section of the type, for links that are made.
    let stated = file.group("connection").is_some_and(|group| group.get("type").is_some());
    if profile.interface_name.is_none() && stated && profile.kind != LinkKind::Ethernet {
        let entry = file.group(profile.kind.name()).and_then(|group| group.get("interface-name"));
        profile.interface_name = entry.and_then(|entry| entry.text().ok());
    }
    if let Some(name) = &profile.interface_name {
        let why = "not an interface name (1 to 15 characters, no '/', ':', '%' or blanks)";
        check.require(is_interface_name(name), "connection", "interface-name", why);
    }
    let virtual_link =
        matches!(profile.kind.name(), "bond" | "bridge" | "team" | "vrf" | "veth" | "dummy" | "wireguard" | "ipvlan");
    let named = profile.interface_name.is_some() || !virtual_link;
    check.require(named, "connection", "interface-name", "it is missing; a link that is made needs a name");
    port(profile, file, check);
}

/// A port names its controller and how it is attached.
fn port(profile: &Profile, file: &KeyFile, check: &mut Check<'_, '_>) {
    let Some(controller) = &profile.controller else { return };
    for name in PORT_TYPES.iter().filter(|name| **name != controller.port_type) {
        let section = format!("{name}-port");
        check.require(file.group(&section).is_none(), &section, "", "the port is not of this type");
    }
    let known = PORT_TYPES.contains(&controller.port_type.as_str());
    check.require(known, "connection", "slave-type", "write bond, bridge, team or vrf beside the controller");
    check.require(
        !controller.name.is_empty(),
        "connection",
        "master",
        "it is missing; name the controller of the port",
    );
}

fn patterns(profile: &Profile, check: &mut Check<'_, '_>) {
    let rule = &profile.matching;
    let lists = [
        ("interface-name", &rule.interface_name),
        ("driver", &rule.driver),
        ("path", &rule.path),
        ("kernel-command-line", &rule.kernel_command_line),
    ];
    for (key, list) in lists {
        let why = "a pattern is empty; write one ';' between patterns";
        check.require(!list.iter().any(String::is_empty), "match", key, why);
    }
}

/// User data: names have a namespace before a dot, letters, digits and `-_+/=`; values are at most 8 KiB.
fn user(profile: &Profile, check: &mut Check<'_, '_>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/' | '=');
    for (name, value) in &profile.user {
        let parts: Vec<&str> = name.split('.').collect();
        let good = name.len() <= 255
            && parts.len() > 1
            && parts.iter().all(|part| !part.is_empty() && part.chars().all(plain));
        check.require(good, "user", name, "a name is words with dots between them, as org.example.key");
        check.require(value.len() <= 8192, "user", name, "the value is longer than 8192 bytes");
    }
    check.require(profile.user.len() <= 256, "user", "", "there are more than 256 keys");
}

/// A section that is there must have a method.
fn methods(file: &KeyFile, check: &mut Check<'_, '_>) {
    for group in ["ipv4", "ipv6"] {
        let good = |entry: &Entry| entry.text().is_ok();
        let method = file.group(group).is_none_or(|section| section.get("method").is_some_and(good));
        check.require(method, group, "method", "it is missing; write auto, manual or disabled");
    }
}

fn addresses4(profile: &mut Profile, check: &mut Check<'_, '_>) {
    let wireguard = matches!(profile.kind, LinkKind::WireGuard(_));
    let Some(ipv4) = &mut profile.ipv4 else { return };
    let method = ipv4.method;
    let served = matches!(method, Method4::Auto | Method4::Manual);
    hostname_flags(&ipv4.ip, ipv4.dhcp_fqdn.is_some(), "ipv4", check);
    both(&mut ipv4.ip, "ipv4", method == Method4::Manual, served, served || method == Method4::Shared, check);
    check.require(
        !wireguard || matches!(method, Method4::Manual | Method4::Disabled),
        "ipv4",
        "method",
        "WireGuard has manual or disabled",
    );
    let both_names = ipv4.dhcp_fqdn.is_some() && ipv4.ip.dhcp_hostname.is_some();
    check.require(!both_names, "ipv4", "dhcp-fqdn", "it excludes dhcp-hostname; remove one of them");
    let contradicts = match ipv4.link_local {
        Some(true) => method == Method4::Disabled,
        Some(false) => method == Method4::LinkLocal,
        None => false,
    };
    check.require(!contradicts, "ipv4", "link-local", "it contradicts the method");
    if method == Method4::Disabled {
        ipv4.ip.may_fail = true;
    }
    if method == Method4::Shared {
        ipv4.ip.addresses.truncate(1);
        check.corrected("ipv4", "method", "shared is not carried out by sunup");
    }
}

fn addresses6(profile: &mut Profile, check: &mut Check<'_, '_>) {
    let wireguard = matches!(profile.kind, LinkKind::WireGuard(_));
    let Some(ipv6) = &mut profile.ipv6 else { return };
    let method = ipv6.method;
    let manual = method == Method6::Manual;
    let served = manual || matches!(method, Method6::Auto | Method6::Dhcp | Method6::Shared);
    hostname_flags(&ipv6.ip, true, "ipv6", check);
    both(&mut ipv6.ip, "ipv6", manual, served, served, check);
    let layer3 = manual || matches!(method, Method6::Disabled | Method6::Ignore | Method6::LinkLocal);
    check.require(!wireguard || layer3, "ipv6", "method", "WireGuard has manual, link-local, ignore or disabled");
    let token = ipv6.token.is_none() || ipv6.addr_gen_mode == AddrGenMode::Eui64;
    check.require(token, "ipv6", "token", "it needs addr-gen-mode=eui64");
    let duid = ipv6.dhcp_duid.as_deref().is_none_or(is_duid);
    check.require(
        duid,
        "ipv6",
        "dhcp-duid",
        "write lease, ll, llt, stable-ll, stable-llt, stable-uuid or 3 to 130 bytes as aa:bb:cc",
    );
    if matches!(method, Method6::Disabled | Method6::Ignore) {
        ipv6.ip.may_fail = true;
    }
    if method == Method6::Shared {
        check.corrected("ipv6", "method", "shared is not carried out by sunup");
    }
}

/// `dhcp-hostname-flags`, which sunup keeps, are about a name that is sent.
fn hostname_flags(ip: &IpSettings, named: bool, group: &str, check: &mut Check<'_, '_>) {
    let entry = check.file.group(group).and_then(|section| section.get("dhcp-hostname-flags"));
    let set = entry.is_some_and(|entry| integer(&entry.value).is_some_and(|flags| flags > 0));
    let key = "dhcp-hostname-flags";
    check.require(!set || named, group, key, "it needs dhcp-fqdn");
    check.require(!set || ip.dhcp_send_hostname, group, key, "it contradicts dhcp-send-hostname=false");
}

fn is_duid(text: &str) -> bool {
    const WORDS: &[&str] = &["lease", "llt", "ll", "stable-llt", "stable-ll", "stable-uuid"];
    let byte = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_hexdigit());
    WORDS.contains(&text) || ((3..=130).contains(&text.split(':').count()) && text.split(':').all(byte))
}

/// The rules that both families have.
fn both(ip: &mut IpSettings, group: &str, manual: bool, dns: bool, addresses: bool, check: &mut Check<'_, '_>) {
    let something = !ip.addresses.is_empty() || !ip.routes.is_empty();
    check.require(!manual || something, group, "method", "manual needs an address: address1=ADDRESS/PREFIX");
    check.require(dns || ip.dns.is_empty(), group, "dns", "this method has no name servers");
    check.require(dns || ip.dns_search.is_empty(), group, "dns-search", "this method has no search domains");
    check.require(addresses || ip.addresses.is_empty(), group, "address1", "this method has no addresses");
    let why = "a gateway needs an address: address1=ADDRESS/PREFIX";
    check.require(ip.gateway.is_none() || !ip.addresses.is_empty(), group, "gateway", why);
    for (index, route) in ip.routes.iter().enumerate() {
        let key = format!("route{}_options", index.saturating_add(1));
        check.require(is_route(route), group, &key, "type, scope, weight and gateway of the route do not go together");
    }
    if ip.never_default && ip.gateway.take().is_some() {
        check.corrected(group, "gateway", "it is dropped, as never-default is set");
    }
}

fn is_route(route: &Route) -> bool {
    let options = &route.options;
    let kind = options.kind.unwrap_or_default();
    let scope = kind != RouteKind::Local || options.scope.is_none_or(|scope| matches!(scope, 254 | 255));
    let hop = matches!(kind, RouteKind::Unicast | RouteKind::Local) || route.gateway.is_none();
    let weight = options.weight.unwrap_or_default();
    scope && hop && (weight == 0 || kind == RouteKind::Unicast)
}
