//! Routers and DHCPv6 servers drawn by lot, as NetworkManager makes use of them with profiles drawn by lot. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture routers_drawn_by_lot`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::addresses_drawn_by_lot::{campaign, seen, verdict};
use crate::chance::Chance;
use crate::daemon::fake_udev;
use crate::networkmanager::NetworkManager;
use crate::routes_of_routers::radvd;
use crate::same_links::write;
use crate::support::{Dnsmasq, Lan};

/// Values, one of which is given in this share of the cases.
type Settings = &'static [(&'static str, &'static [&'static str])];

/// Settings of `[ipv6]`. Stable addresses are the daemon's own business, of a key that it makes first; a token lets it leave a route
/// of the kernel's behind.
const SETTINGS: Settings = &[
    ("method", &["auto", "auto", "dhcp", "link-local", "manual"]),
    ("addr-gen-mode", &["eui64", "eui64"]),
    ("ip6-privacy", &["-1", "0", "1", "2"]),
    ("dhcp-duid", &["ll", "00:03:00:01:52:54:00:77:00:02", "00:02:00:00:ab:11:01"]),
    ("dhcp-iaid", &["mac", "7", "0x10"]),
    ("dhcp-hostname", &["lark", "lark.example.org"]),
    ("dhcp-send-hostname", &["true", "false"]),
    ("ignore-auto-dns", &["true", "false"]),
    ("ignore-auto-routes", &["true", "false"]),
    ("never-default", &["true", "false"]),
    ("route-metric", &["0", "1", "50", "700"]),
    ("route-table", &["0", "254"]),
    ("may-fail", &["true", "false"]),
    ("mtu", &["1300", "1500"]),
    ("ra-timeout", &["4"]),
    ("dns", &["fd77::5;", "fd77::5;fd77::6;"]),
    ("dns-search", &["dusk.example;", "dusk.example;~night.example;"]),
    ("dns-options", &["timeout:1;", "rotate;attempts:3;"]),
    ("dns-priority", &["0", "-5", "40"]),
    ("address1", &["fd88::5/48", "fd88::5/48,fd88::1", "fd77::9/64", "2001:db8::1/128,fe80::1"]),
    ("route1", &["fd09::/16,fd77::7", "2001:db8:7::/48,2001:db8:ffff::1,20", "fd0a::/16", "::/0,fd77::3"]),
    ("routing-rule1", &["priority 100 from fd00::/8 table 300"]),
];

/// Of the router's interface.
const ROUTER: Settings = &[
    ("AdvManagedFlag", &["on", "on", "off"]),
    ("AdvOtherConfigFlag", &["on", "off"]),
    ("AdvLinkMTU", &["1400", "1280", "1500"]),
    ("AdvDefaultLifetime", &["0", "1800", "9000"]),
    ("AdvDefaultPreference", &["low", "medium", "high"]),
    ("AdvCurHopLimit", &["0", "3", "64", "255"]),
    ("AdvReachableTime", &["0", "30000"]),
    ("AdvRetransTimer", &["0", "2000"]),
    ("AdvSourceLLAddress", &["off"]),
];

/// Of a prefix.
const PREFIX: Settings = &[
    ("AdvOnLink", &["on", "off"]),
    ("AdvAutonomous", &["on", "off"]),
    ("AdvValidLifetime", &["infinity", "7200", "86400"]),
    ("AdvPreferredLifetime", &["0", "1800", "3600"]),
    ("AdvRouterAddr", &["on"]),
];

const PREFIXES: &[&str] = &["fd77::/64", "fd77::/64", "2001:db8:5::/64", "fd66::/48", "fd77:0:0:1::/64"];

/// Whole clauses, one of each line or none. A default route among them the daemon leaves out, against RFC 4191.
const CLAUSES: &[&[&str]] = &[
    &[
        "RDNSS fd77::53 {};",
        "RDNSS fd77::53 fd77::54 {AdvRDNSSLifetime 3600;};",
        "RDNSS fe80::53 {};",
        "RDNSS fd77::53 {AdvRDNSSLifetime 0;};",
    ],
    &["DNSSL dawn.example {};", "DNSSL dawn.example noon.example {AdvDNSSLLifetime 3600;};"],
    &[
        "route 2001:db8:9::/48 {};",
        "route 2001:db8:9::/48 {AdvRoutePreference high; AdvRouteLifetime 3600;};",
        "route 2001:db8:9::7/128 {AdvRouteLifetime 0;};",
    ],
    &["route fd77::/64 {AdvRoutePreference low;};", "route fd55::/16 {};"],
];

/// Options of the server, one of each line or none.
const SERVER: &[&[&str]] = &[
    &["--dhcp-option=option6:dns-server,[fd77::55]", "--dhcp-option=option6:dns-server,[fd77::55],[fd77::56]"],
    &["--dhcp-option=option6:domain-search,noon.example", "--dhcp-option=option6:domain-search,a.example,b.example"],
    &["--dhcp-option=option6:ntp-server,[fd77::123]"],
    &["--dhcp-rapid-commit"],
];

const RANGES: &[&str] = &[
    "--dhcp-range=fd77::10,fd77::ff,64,1h",
    "--dhcp-range=fd77::10,fd77::ff,64,infinite",
    "--dhcp-range=fd77::,static",
];

fn one(chance: &mut Chance, of: &[&'static str]) -> &'static str {
    of[chance.index(of.len())]
}

/// Those of the settings that are given, by `write`.
fn some(chance: &mut Chance, settings: Settings, share: f64, write: impl Fn(&str, &str) -> String) -> String {
    let mut text = String::new();
    for (key, values) in settings {
        if chance.happens(share) {
            text.push_str(&write(key, one(chance, values)));
        }
    }
    text
}

/// The section `[ipv6]`, radvd's configuration and dnsmasq's options.
pub(crate) struct Case {
    pub(crate) section: String,
    pub(crate) router: Option<String>,
    pub(crate) server: Vec<&'static str>,
}

pub(crate) fn draw(chance: &mut Chance) -> Case {
    let keyfile = |key: &str, value: &str| format!("{key}={value}\n");
    let method = one(chance, SETTINGS[0].1);
    let mut section = format!("[ipv6]\nmethod={method}\n");
    section.push_str(&some(chance, &SETTINGS[1..2], 1.0, keyfile));
    section.push_str(&some(chance, &SETTINGS[2..], 0.13, keyfile));
    if method == "manual" && !section.contains("address1") {
        section.push_str("address1=fd88::5/48\n");
    }
    let clause = |key: &str, value: &str| format!(" {key} {value};\n");
    let mut router = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n".to_owned();
    router.push_str(&some(chance, ROUTER, 0.25, clause));
    let mut prefixes = BTreeSet::new();
    for _ in 0..chance.index(3) {
        let prefix = one(chance, PREFIXES);
        if prefixes.insert(prefix) {
            let mut inner = some(chance, PREFIX, 0.25, clause);
            if inner.contains("AdvValidLifetime") != inner.contains("AdvPreferredLifetime") {
                inner.push_str(" AdvValidLifetime 7200; AdvPreferredLifetime 1800;\n");
            }
            router.push_str(&format!(" prefix {prefix} {{\n{inner} }};\n"));
        }
    }
    for clauses in CLAUSES {
        if chance.happens(0.3) {
            router.push_str(&format!(" {}\n", one(chance, clauses)));
        }
    }
    router.push_str("};\n");
    let mut server = vec![one(chance, RANGES)];
    for options in SERVER {
        if chance.happens(0.5) {
            server.push(one(chance, options));
        }
    }
    Case { section, router: chance.happens(0.95).then_some(router), server }
}

/// A room with this server and this router.
pub(crate) fn lan(name: &str, profile: &str) -> Lan {
    let lan = crate::lan(name);
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    lan.server.ip("-6 address add fd77::1/64 dev srv0 nodad");
    write(&lan, &[("eth0", profile)]);
    lan.client.sh("printf '' >/etc/resolv.conf");
    lan
}

/// A line as it reads whoever hears the router: the kernel for sunup, the daemon itself.
fn alike(line: &str) -> Option<String> {
    let (head, json) = match line.split_once(" {") {
        Some((head, json)) => (head, format!("{{{json}")),
        None => return (!line.starts_with("accept_ra")).then(|| line.to_owned()),
    };
    let mut value: Value = serde_json::from_str(&json).unwrap();
    let fields = value.as_object_mut().unwrap();
    for key in ["expires", "noprefixroute", "mngtmpaddr"] {
        fields.remove(key);
    }
    if ["ra", "kernel"].map(Some).contains(&fields.get("protocol").and_then(Value::as_str)) {
        for key in ["protocol", "metrics", "scope", "metric"] {
            fields.remove(key);
        }
    }
    fields.remove("dynamic");
    if fields.get("temporary").is_some() {
        fields.remove("local");
    }
    // The daemon makes a route of its own for an address that is alone in its prefix; those of temporary addresses are by lot.
    let alone = fields.get("dst").and_then(Value::as_str).is_some_and(|dst| dst != "default" && !dst.contains('/'));
    (!alone || fields.contains_key("gateway")).then(|| format!("{head} {value}"))
}

/// What is there, what the resolver is told, and who the server thinks the client is.
fn all(lan: &Lan) -> BTreeSet<String> {
    let mut lines: BTreeSet<_> = seen(&lan.client).iter().filter_map(|line| alike(line)).collect();
    let resolver = lan.client.try_read("/etc/resolv.conf").unwrap_or_default();
    // Options alone are nothing to write down for.
    let said =
        |line: &&str| !line.starts_with('#') && (!line.starts_with("options") || resolver.contains("nameserver"));
    lines.extend(resolver.lines().filter(said).map(|line| format!("resolv.conf {line}")));
    let leases = lan.server.try_read("/run/dnsmasq.leases").unwrap_or_default();
    // The first word is when it ends; a line of its own is the server's name.
    let lease =
        |line: &str| Some(format!("server {}", line.strip_prefix("duid").is_none().then(|| line.split_once(' '))??.1));
    lines.extend(leases.lines().filter_map(lease));
    for name in ["base_reachable_time_ms", "retrans_time_ms"] {
        let value = lan.client.try_read(&format!("/proc/sys/net/ipv6/neigh/eth0/{name}")).unwrap_or_default();
        lines.insert(format!("{name} {}", value.trim()));
    }
    lines
}

fn compare(seed: u64) -> Option<String> {
    let case = draw(&mut Chance::new(seed));
    let profile = &format!("type=ethernet\n[ipv4]\nmethod=disabled\n{}", case.section);
    let lans = ["sunup", "daemon"].map(|who| lan(&format!("router-{seed}-{who}"), profile));
    let head = format!("seed {seed}: {:?}\n{}\n{profile}", case.server, case.router.as_deref().unwrap_or("no router"));
    eprintln!("{head}");
    let _servers = lans.each_ref().map(|lan| {
        let options = [&["--interface=srv0"], &case.server[..]].concat();
        Dnsmasq::start(&lan.server, &options)
    });
    let _routers = lans.each_ref().map(|lan| case.router.as_ref().map(|text| radvd(lan, text)));
    let [ours, theirs] = &lans;
    fake_udev(&theirs.client);
    let daemon = NetworkManager::prepare(&theirs.client)();
    let ran = ours.sunup(&["up", "--timeout", "12", "--cmdline", "rd.neednet=1"]);
    // To the daemon a router without addresses is a success, and sunup writes nothing down for a link that has none.
    let global = |line: &String| line.starts_with("address") && line.contains("\"scope\":\"global\"");
    let nothing = |pair: &[BTreeSet<String>; 2]| ran.code != 0 && !pair[1].iter().any(global);
    verdict(&head, &ran, &daemon, || [all(ours), all(theirs)], nothing)
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn routers_drawn_by_lot() {
    campaign(compare);
}
