//! How the kernel's IPv6 is set for a method, before the link goes up.

use crate::profile::ip::AddrGenMode;
use crate::profile::{Ip6Settings, IpSettings, Method6};

/// The kernel settings (`net/ipv6/conf/IF/…`) a method wants, to be made before the link goes up. `metric` is of routes where the
/// profile says none. `guarded`: some of IPv6 belongs into tunnels, and no router may tell a way past them.
pub(super) fn sysctls(settings: Option<&Ip6Settings>, metric: u32, guarded: bool) -> Vec<(&'static str, String)> {
    let Some(settings) = settings else { return vec![("ipv6/disable_ipv6", "1".to_owned())] };
    let ip = &settings.ip;
    let privacy = settings.privacy.unwrap_or(0).to_string();
    let metric = router_metric(ip, metric).to_string();
    let router = |yes: &str| {
        let on = if yes == "0" { "0" } else { "1" };
        // Routes of routers (RFC 4191) up to this length; a gateway of the profile keeps only their default route away.
        let longest = if on == "0" || ip.ignore_auto_routes || guarded { "0" } else { "128" };
        let mut all = vec![
            ("ipv6/accept_ra", yes),
            ("ipv6/autoconf", on),
            ("ipv6/accept_ra_pinfo", on),
            ("ipv6/accept_ra_defrtr", if ip.takes_default_route() { on } else { "0" }),
            ("ipv6/accept_ra_rt_info_max_plen", longest),
        ];
        all.extend(Some(("ipv6/ra_defrtr_metric", metric.as_str())).filter(|_| on == "1"));
        // The profile's MTU counts, not the router's.
        all.extend(settings.mtu.map(|_| ("ipv6/accept_ra_mtu", "0")));
        all.push(("ipv6/addr_gen_mode", addr_gen_mode(settings.addr_gen_mode)));
        all.extend([
            ("ipv6/optimistic_dad", "1"),
            ("ipv6/use_optimistic", "1"),
            // A random time of up to a second before the first probe, where the kernel has no optimistic detection.
            ("ipv6/router_solicitation_delay", "0"),
            ("ipv6/use_tempaddr", privacy.as_str()),
        ]);
        // Last: the link-local address is formed in this moment.
        all.push(("ipv6/disable_ipv6", "0"));
        all.into_iter().map(|(key, value)| (key, value.to_owned())).collect()
    };
    match settings.method {
        Method6::Disabled => vec![("ipv6/disable_ipv6", "1".to_owned())],
        Method6::Ignore => settings.privacy.map(|_| ("ipv6/use_tempaddr", privacy)).into_iter().collect(),
        Method6::Shared => Vec::new(),
        // 2: also on a machine that forwards, on which 1 would be no.
        Method6::Auto => router("2"),
        Method6::Dhcp | Method6::Manual | Method6::LinkLocal => router("0"),
    }
}

/// The metric of the default route that the kernel makes by a router: next to that of NetworkManager's own. With the same the daemon's
/// would be this one, which goes with the router's lifetime, as the kernel hears no router any more by then.
pub(crate) fn router_metric(ip: &IpSettings, metric: u32) -> u32 {
    // Zero is no metric of IPv6.
    Some(ip.route_metric.unwrap_or(metric)).filter(|&metric| metric != 0).unwrap_or(1024).saturating_add(1)
}

/// IFLA_INET6_ADDR_GEN_MODE. Where the daemon's default decides, EUI-64: it needs no secret that the initramfs has not.
fn addr_gen_mode(mode: AddrGenMode) -> &'static str {
    match mode {
        AddrGenMode::Eui64 | AddrGenMode::DefaultOrEui64 | AddrGenMode::Default => "0",
        AddrGenMode::StablePrivacy => "3",
    }
}
