//! What networks drawn by lot have shown to go wrong when a daemon takes over, and goes right.

use crate::adoptions_drawn_by_lot::{Case, DAEMONS, take_over};
use crate::support::DEFAULTS;

/// Nothing goes wrong with either daemon.
fn is_clean(name: &str, sections: &str, router: Option<&str>, server: &[&'static str]) {
    let profile = format!("type=ethernet\n{sections}");
    let case = Case { profile, router: router.map(str::to_owned), server: [&["--interface=srv0"], server].concat() };
    for (daemon, _) in DAEMONS {
        let seen = take_over(name, daemon, &case).expect("the network is set up");
        assert!(seen.faults.is_empty(), "{name}, {daemon}:\n{}\n{}", seen.faults.join("\n"), seen.foretold);
    }
}

const OFF4: &str = "[ipv4]\nmethod=disabled\n";
const OFF6: &str = "[ipv6]\nmethod=disabled\n";

/// A router with two prefixes.
const TWO_PREFIXES: &str = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
    prefix 2001:db8:5::/64 { };\n prefix fd77::/64 { };\n};\n";

/// Those of the profile in its order, then those of the router in its order: whatever stands elsewhere, NetworkManager makes anew.
#[test]
fn addresses_stand_in_their_order() {
    let own = "method=auto\naddr-gen-mode=eui64\nmay-fail=false\naddress1=fd88::5/48\naddress2=fd88::6/48\n";
    is_clean("order", &format!("{OFF4}[ipv6]\n{own}"), Some(TWO_PREFIXES), &[]);
}

/// Looked for at the same time, and not found free in this order.
#[test]
fn addresses_of_one_network_are_used_in_their_order() {
    let own = "address1=10.77.0.3/24,10.77.0.1\naddress2=10.88.0.3/24\naddress3=10.77.0.2/24\naddress4=10.77.0.4/24\n";
    is_clean("probed", &format!("[ipv4]\nmethod=manual\ndad-timeout=50\n{own}{OFF6}"), None, &[]);
    // A lease comes sooner than it is known that an address of the profile is free.
    let beside = format!("[ipv4]\nmethod=auto\ndad-timeout=200\naddress1=10.77.0.9/24\n{OFF6}");
    is_clean("beside-a-lease", &beside, None, DEFAULTS);
}

/// Also one that the kernel refuses, one by a router that only a default route leads to, and some that the daemon cannot be told of.
#[test]
fn routes_of_every_sort_stay_as_they_are() {
    let routes = "address1=10.77.0.2/24,10.88.0.1\nroute1=0.0.0.0/0\nroute1_options=table=254\n\
        route2=10.1.0.0/16\nroute2_options=type=prohibit\nroute3=10.2.0.0/16,10.77.0.1\nroute3_options=mtu=1400,quickack=true\n\
        route4=10.3.0.0/16,10.77.0.1,20\nroute4_options=src=10.77.0.2,table=300,initcwnd=30\n\
        route5=10.4.0.0/16,10.77.0.1\nroute5_options=scope=254\nroute6=10.5.0.0/16,10.77.0.1\nroute6_options=tos=16\n";
    is_clean("routes", &format!("[ipv4]\nmethod=manual\n{routes}{OFF6}"), None, &[]);
}

#[test]
fn temporary_addresses_and_leases_without_routers_stay() {
    let auto = "method=auto\naddr-gen-mode=eui64\nip6-privacy=2\nmay-fail=false\n";
    is_clean("privacy", &format!("{OFF4}[ipv6]\n{auto}"), Some(TWO_PREFIXES), &[]);
    let dhcp = "method=dhcp\naddr-gen-mode=eui64\nmay-fail=false\n";
    is_clean("dhcp", &format!("{OFF4}[ipv6]\n{dhcp}"), Some(TWO_PREFIXES), &["--dhcp-range=fd77::10,fd77::ff,64,1h"]);
}

/// Whatever they end in: networkd is told.
#[test]
fn addresses_by_routers_stay_the_only_ones() {
    const ONE_PREFIX: &str = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
        prefix fd77::/64 { };\n};\n";
    for (name, settings) in
        [("token", "addr-gen-mode=eui64\ntoken=::42\n"), ("by-lot", "addr-gen-mode=stable-privacy\n")]
    {
        let profile = format!("type=ethernet\n{OFF4}[ipv6]\nmethod=auto\nmay-fail=false\n{settings}");
        let case = Case { profile, router: Some(ONE_PREFIX.to_owned()), server: vec!["--interface=srv0"] };
        let seen = take_over(name, "networkd", &case).unwrap();
        assert!(seen.faults.is_empty(), "{name}: {:#?}", seen.faults);
    }
}

/// That the daemon cannot go on with the lease is said; it goes on with the link.
#[test]
fn an_identifier_that_networkd_does_not_take_costs_no_link() {
    let profile = format!("type=ethernet\n[ipv4]\nmethod=auto\ndhcp-client-id=ff:00:00:00:01:00:02:ab\n{OFF6}");
    let server = [&["--interface=srv0"], DEFAULTS].concat();
    let seen = take_over("identifier", "networkd", &Case { profile, router: None, server }).unwrap();
    assert!(seen.foretold.contains("cannot send the client identifier"), "{}", seen.foretold);
    let lost = |fault: &String| fault.starts_with("Removed") || fault.contains("never") || fault.starts_with("- ");
    assert!(!seen.faults.iter().any(lost), "{:#?}", seen.faults);
}
