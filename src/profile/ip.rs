//! `[ipv4]` and `[ipv6]`: methods, addresses, routes, rules, name servers.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

/// `ipv4.method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method4 {
    /// `auto`: DHCPv4; addresses in the profile are added to it.
    Auto,
    /// `manual`: the addresses in the profile.
    Manual,
    /// `link-local`: 169.254.0.0/16 (RFC 3927).
    LinkLocal,
    /// `shared`: a NAT router; sunup cannot carry it out.
    Shared,
    /// `disabled`: no IPv4.
    #[default]
    Disabled,
}

/// `ipv6.method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method6 {
    /// `auto`: router advertisements, and DHCPv6 where they ask for it.
    #[default]
    Auto,
    /// `dhcp`: DHCPv6 without waiting for a router.
    Dhcp,
    /// `manual`: the addresses in the profile; router advertisements are not used.
    Manual,
    /// `link-local`: only fe80::/10.
    LinkLocal,
    /// `ignore`: leave IPv6 to the kernel.
    Ignore,
    /// `shared`: a router; sunup cannot carry it out.
    Shared,
    /// `disabled`: no IPv6, not even link-local.
    Disabled,
}

/// `[ipv4]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ip4Settings {
    /// `ipv4.method`.
    pub method: Method4,
    /// What both families have.
    pub ip: IpSettings,
    /// `ipv4.dhcp-client-id`: `mac`, `perm-mac`, `duid`, `ipv6-duid`, `stable`, `none`, hexadecimal `aa:bb` or text.
    pub dhcp_client_id: Option<String>,
    /// `ipv4.dhcp-vendor-class-identifier` (option 60), with its C escapes; see [`super::text::unescape`].
    pub dhcp_vendor_class: Option<String>,
    /// `ipv4.dhcp-dscp`: `CS0`, `CS4`, `CS6`.
    pub dhcp_dscp: Option<String>,
    /// `ipv4.dhcp-fqdn` (option 81).
    pub dhcp_fqdn: Option<String>,
    /// `ipv4.link-local`: whether a 169.254 address is added beside others. `None` is the default.
    pub link_local: Option<bool>,
}

impl Ip4Settings {
    /// True if the link gives itself an address, alone or beside others.
    pub fn wants_link_local(&self) -> bool {
        self.link_local.unwrap_or(self.method == Method4::LinkLocal)
    }
}

/// `[ipv6]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ip6Settings {
    /// `ipv6.method`.
    pub method: Method6,
    /// What both families have.
    pub ip: IpSettings,
    /// `ipv6.addr-gen-mode`.
    pub addr_gen_mode: AddrGenMode,
    /// `ipv6.ip6-privacy`: `None` is the default (-1).
    pub privacy: Option<u8>,
    /// `ipv6.token`: the interface identifier, as `::42`.
    pub token: Option<std::net::Ipv6Addr>,
    /// `ipv6.dhcp-duid`: `ll`, `llt`, `lease`, `stable-…`, or hexadecimal.
    pub dhcp_duid: Option<String>,
    /// `ipv6.dhcp-pd-hint`: the prefix to ask for (IA_PD), or `::/56` for one of that length. Without it none is asked for.
    pub dhcp_pd_hint: Option<ipnet::Ipv6Net>,
    /// `ip=either6`: DHCPv6 also where no router announces it. NetworkManager has no such key; it is not in a keyfile.
    pub dhcp_without_router: bool,
    /// `ipv6.ra-timeout`, in seconds.
    pub ra_timeout: Option<u32>,
    /// `ipv6.mtu`.
    pub mtu: Option<u32>,
}

/// `ipv6.addr-gen-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddrGenMode {
    /// 0 `eui64`.
    Eui64,
    /// 1 `stable-privacy` (RFC 7217).
    StablePrivacy,
    /// 2 `default-or-eui64`: the daemon's default, EUI-64 where it has none. An absent key in a keyfile reads as this.
    #[default]
    DefaultOrEui64,
    /// 3 `default`: the daemon's default, stable-privacy where it has none.
    Default,
}

/// Settings that `[ipv4]` and `[ipv6]` share.
#[derive(Debug, Clone, PartialEq)]
pub struct IpSettings {
    /// `addressN`: address and prefix length, host bits kept.
    pub addresses: Vec<IpNet>,
    /// `gateway`.
    pub gateway: Option<IpAddr>,
    /// `routeN`.
    pub routes: Vec<Route>,
    /// `routing-ruleN`.
    pub routing_rules: Vec<RoutingRule>,
    /// `dns`.
    pub dns: Vec<DnsServer>,
    /// `dns-search`.
    pub dns_search: Vec<String>,
    /// `dns-options`.
    pub dns_options: Vec<String>,
    /// `dns-priority`; 0 is the default.
    pub dns_priority: i32,
    /// `ignore-auto-dns`: drop name servers from DHCP and router advertisements.
    pub ignore_auto_dns: bool,
    /// `ignore-auto-routes`: drop routes from DHCP and router advertisements.
    pub ignore_auto_routes: bool,
    /// `never-default`: no default route by this link.
    pub never_default: bool,
    /// `may-fail`: the profile counts as up although this family is not, if the other is.
    pub may_fail: bool,
    /// `required-timeout`: how long to wait for this family even though it may fail. `None` is the default (-1).
    pub required_timeout: Option<Duration>,
    /// `route-metric`; `None` is the default (-1), by type of link.
    pub route_metric: Option<u32>,
    /// `route-table`; 0 is the main table.
    pub route_table: u32,
    /// `dhcp-timeout`; `None` is the default, [`Duration::MAX`] is `infinity`.
    pub dhcp_timeout: Option<Duration>,
    /// `dhcp-hostname`.
    pub dhcp_hostname: Option<String>,
    /// `dhcp-send-hostname`.
    pub dhcp_send_hostname: bool,
    /// `dhcp-iaid`: `mac`, `perm-mac`, `ifname`, `stable`, or a number.
    pub dhcp_iaid: Option<String>,
    /// `dad-timeout`: how long addresses are probed; `None` is the default (-1).
    pub dad_timeout: Option<Duration>,
}

impl IpSettings {
    /// False if default routes of servers and routers are not for this link: none is wanted, or the profile has its own.
    pub fn takes_default_route(&self) -> bool {
        !self.never_default && !self.ignore_auto_routes && self.gateway.is_none()
    }
}

impl Default for IpSettings {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            gateway: None,
            routes: Vec::new(),
            routing_rules: Vec::new(),
            dns: Vec::new(),
            dns_search: Vec::new(),
            dns_options: Vec::new(),
            dns_priority: 0,
            ignore_auto_dns: false,
            ignore_auto_routes: false,
            never_default: false,
            may_fail: true,
            required_timeout: None,
            route_metric: None,
            route_table: 0,
            dhcp_timeout: None,
            dhcp_hostname: None,
            dhcp_send_hostname: true,
            dhcp_iaid: None,
            dad_timeout: None,
        }
    }
}

/// A name server: its address, and the text it was given as (`1.1.1.1`, `dns+tls://1.1.1.1#one`, `1.1.1.1#name`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsServer {
    /// The address.
    pub address: IpAddr,
    /// The text, written back as given.
    pub text: String,
}

impl DnsServer {
    /// A plain server on port 53.
    pub fn plain(address: IpAddr) -> Self {
        Self { address, text: address.to_string() }
    }

    /// The server for a plain resolver; see [`plain_server`].
    pub fn for_resolver(&self) -> Option<&str> {
        plain_server(&self.text)
    }
}

/// A name server (`ADDRESS[%LINK][#NAME]` or a URI) as resolv.conf(5) has it. `None`: it speaks TLS, or on another port than
/// 53, which a plain resolver cannot.
pub fn plain_server(text: &str) -> Option<&str> {
    let place = match text.split_once("://") {
        Some(("dns+udp", place)) => place,
        Some(_) => return None,
        None => return text.split('#').next(),
    };
    let (address, port) = match place.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => place.find(':').and_then(|at| place.split_at_checked(at)).unwrap_or((place, "")),
    };
    matches!(port, "" | ":53").then_some(address)
}

/// A static route: `routeN` and `routeN_options`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Destination, host bits kept as written.
    pub destination: IpNet,
    /// Next hop; `None` is on-link.
    pub gateway: Option<IpAddr>,
    /// Metric; `None` is the device's default.
    pub metric: Option<u32>,
    /// `routeN_options`.
    pub options: RouteOptions,
}

/// `routeN_options`. `None` and `false` are "not given".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteOptions {
    /// `table`.
    pub table: Option<u32>,
    /// `type`: `unicast`, `local`, `blackhole`, `unreachable`, `prohibit`, `throw`.
    pub kind: Option<RouteKind>,
    /// `scope`: 0 global, 200 site, 253 link, 254 host.
    pub scope: Option<u8>,
    /// `src`: preferred source address.
    pub src: Option<IpAddr>,
    /// `from`: source prefix (IPv6).
    pub from: Option<IpNet>,
    /// `tos` (IPv4).
    pub tos: Option<u8>,
    /// `onlink`.
    pub onlink: Option<bool>,
    /// `weight` (IPv4 multipath).
    pub weight: Option<u32>,
    /// `mtu`.
    pub mtu: Option<u32>,
    /// `lock-mtu`.
    pub lock_mtu: Option<bool>,
    /// `advmss`.
    pub advmss: Option<u32>,
    /// `window`.
    pub window: Option<u32>,
    /// `lock-window`.
    pub lock_window: Option<bool>,
    /// `cwnd`.
    pub cwnd: Option<u32>,
    /// `lock-cwnd`.
    pub lock_cwnd: Option<bool>,
    /// `initcwnd`.
    pub initcwnd: Option<u32>,
    /// `lock-initcwnd`.
    pub lock_initcwnd: Option<bool>,
    /// `initrwnd`.
    pub initrwnd: Option<u32>,
    /// `lock-initrwnd`.
    pub lock_initrwnd: Option<bool>,
    /// `rto_min`, in milliseconds.
    pub rto_min: Option<u32>,
    /// `quickack`.
    pub quickack: Option<bool>,
}

/// The table that is asked where nobody says another (RT_TABLE_MAIN).
pub const TABLE_MAIN: u32 = 254;

/// The type of a route (`rtm_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteKind {
    /// An ordinary route.
    #[default]
    Unicast,
    /// An address of this host.
    Local,
    /// Dropped in silence.
    Blackhole,
    /// Dropped, "host unreachable".
    Unreachable,
    /// Dropped, "administratively prohibited".
    Prohibit,
    /// Look-up in this table ends; the next rule is asked.
    Throw,
}

impl RouteKind {
    /// Its word; `None` for an ordinary route, which needs none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Unicast => None,
            Self::Local => Some("local"),
            Self::Blackhole => Some("blackhole"),
            Self::Unreachable => Some("unreachable"),
            Self::Prohibit => Some("prohibit"),
            Self::Throw => Some("throw"),
        }
    }
}

/// A policy rule: `routing-ruleN`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingRule {
    /// `priority`.
    pub priority: u32,
    /// `table`.
    pub table: Option<u32>,
    /// `from`.
    pub from: Option<IpNet>,
    /// `to`.
    pub to: Option<IpNet>,
    /// `not`.
    pub invert: bool,
    /// `iif`.
    pub iif: Option<String>,
    /// `oif`.
    pub oif: Option<String>,
    /// `fwmark`: mark and mask.
    pub fwmark: Option<(u32, u32)>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `ipproto`.
    pub ipproto: Option<u8>,
    /// `sport`: first and last port.
    pub sport: Option<(u16, u16)>,
    /// `dport`: first and last port.
    pub dport: Option<(u16, u16)>,
    /// `uidrange`: first and last user.
    pub uidrange: Option<(u32, u32)>,
    /// `suppress_prefixlength`.
    pub suppress_prefixlength: Option<u32>,
    /// `type`: `None` is a table look-up.
    pub kind: Option<RouteKind>,
    /// It is made without a protocol, as NetworkManager makes those of tunnels; the others are static. What the kernel holds is not
    /// told apart by it.
    pub anonymous: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_resolver_takes_what_it_can_speak_to() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1#name", Some("192.0.2.1")),
            ("fe80::1%eth0", Some("fe80::1%eth0")),
            ("dns+udp://192.0.2.1", Some("192.0.2.1")),
            ("dns+udp://192.0.2.1:53", Some("192.0.2.1")),
            ("dns+udp://[fe80::1%eth0]:53", Some("fe80::1%eth0")),
            ("dns+udp://[2001:db8::1]", Some("2001:db8::1")),
            ("dns+udp://192.0.2.1:5353", None),
            ("dns+tls://192.0.2.1#name", None),
        ] {
            assert_eq!(plain_server(text), expected, "{text}");
        }
    }
}
