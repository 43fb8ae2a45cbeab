//! Addresses, routes and rules drawn by lot, as NetworkManager makes them from the same profile. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture addresses_drawn_by_lot`;
//! with `DRAWN_PROFILE=FILE` the profile of that file instead, from `type=` on.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::chance::Chance;
use crate::daemon::{Daemon, fake_udev};
use crate::networkmanager::NetworkManager;
use crate::same_links::write;
use crate::support::{Lan, Ran, Room, wait_until};

/// One of the two families: what its addresses look like.
pub(crate) struct Family {
    section: &'static str,
    methods: &'static [&'static str],
    addresses: &'static [&'static str],
    gateways: &'static [&'static str],
    destinations: &'static [&'static str],
    /// Settings, each given or not.
    settings: &'static [(&'static str, &'static [&'static str])],
    /// Attributes of a route.
    attributes: &'static [(&'static str, &'static [&'static str])],
}

pub(crate) const IPV4: Family = Family {
    section: "ipv4",
    methods: &["manual", "manual", "manual", "disabled", "link-local"],
    addresses: &["10.77.0.2/24", "10.77.0.3/24", "10.88.0.5/16", "192.0.2.1/32", "172.16.5.9/30", "10.77.0.2/16"],
    gateways: &["10.77.0.1", "10.88.0.1", "203.0.113.1"],
    destinations: &[
        "10.9.0.0/16",
        "10.9.1.0/24",
        "198.51.100.7/32",
        "0.0.0.0/0",
        "0.0.0.0/1",
        "10.77.0.0/24",
        "10.9.0.1/16",
    ],
    settings: &[
        ("never-default", &["true", "false"]),
        ("route-metric", &["0", "1", "50", "700"]),
        ("route-table", &["0", "254", "300"]),
        ("may-fail", &["true", "false"]),
        ("dad-timeout", &["0", "50"]),
        ("link-local", &["0", "2", "3"]),
        (
            "routing-rule1",
            &[
                "priority 100 from 10.0.0.0/8 table 300",
                "priority 5 fwmark 0x7/0xff table 254",
                "priority 7 to 10.9.0.0/16 iif eth0 table 7",
            ],
        ),
        (
            "routing-rule2",
            &[
                "priority 101 not from 192.0.2.0/24 tos 0x10 lookup 100",
                "priority 102 ipproto tcp dport 80 table 9",
                "priority 103 from 0.0.0.0/0 suppress_prefixlength 0 table 254",
            ],
        ),
    ],
    attributes: &[
        ("table", &["100", "254", "255"]),
        ("src", &["10.77.0.2", "10.88.0.5"]),
        ("mtu", &["1400"]),
        ("onlink", &["true", "false"]),
        ("scope", &["253", "0", "254"]),
        ("tos", &["16"]),
        ("window", &["10000"]),
        ("cwnd", &["20"]),
        ("initcwnd", &["30"]),
        ("initrwnd", &["30"]),
        ("type", &["unicast", "blackhole", "prohibit", "unreachable", "local"]),
        ("advmss", &["1300"]),
        ("quickack", &["true"]),
        ("rto_min", &["200"]),
        ("weight", &["1", "5"]),
    ],
};

pub(crate) const IPV6: Family = Family {
    section: "ipv6",
    methods: &["manual", "manual", "manual", "disabled", "link-local", "ignore"],
    addresses: &["fd77::2/64", "fd77::3/64", "fd88::5/48", "2001:db8::1/128", "fd77::2/48"],
    gateways: &["fd77::1", "fe80::1", "2001:db8:ffff::1"],
    destinations: &["fd09::/16", "fd09:1::/32", "2001:db8:7::7/128", "::/0", "::/1", "fd77::/64", "fd09::1/64"],
    settings: &[
        ("never-default", &["true", "false"]),
        ("route-metric", &["0", "1", "50", "700"]),
        ("route-table", &["0", "254", "300"]),
        ("may-fail", &["true", "false"]),
        ("ip6-privacy", &["-1", "0", "1", "2"]),
        ("addr-gen-mode", &["eui64", "stable-privacy"]),
        ("mtu", &["1300"]),
        (
            "routing-rule1",
            &[
                "priority 100 from fd00::/8 table 300",
                "priority 5 fwmark 0x7/0xff table 254",
                "priority 7 to fd09::/16 iif eth0 table 7",
            ],
        ),
        (
            "routing-rule2",
            &["priority 101 not from 2001:db8::/32 lookup 100", "priority 102 ipproto 17 sport 53-60 table 9"],
        ),
    ],
    attributes: &[
        ("table", &["100", "254", "255"]),
        ("src", &["fd77::2", "fd88::5"]),
        ("from", &["fd77::/64"]),
        ("mtu", &["1400"]),
        ("onlink", &["true", "false"]),
        ("window", &["10000"]),
        ("cwnd", &["20"]),
        ("initcwnd", &["30"]),
        ("initrwnd", &["30"]),
        ("type", &["unicast", "blackhole", "prohibit", "unreachable", "local"]),
        ("advmss", &["1300"]),
        ("quickack", &["true"]),
        ("rto_min", &["200"]),
        ("weight", &["1", "5"]),
    ],
};

impl Family {
    /// The section.
    pub(crate) fn draw(&self, chance: &mut Chance) -> String {
        let one = |chance: &mut Chance, of: &[&'static str]| of[chance.index(of.len())];
        let method = one(chance, self.methods);
        let mut text = format!("[{}]\nmethod={method}\n", self.section);
        let mut addresses = BTreeSet::new();
        let count = if method == "manual" { 1 + chance.index(3) } else { 0 };
        for number in 1..=count {
            let address = one(chance, self.addresses);
            if !addresses.insert(address) {
                continue;
            }
            let gateway = if number == 1 && chance.happens(0.6) { one(chance, self.gateways) } else { "" };
            let comma = if gateway.is_empty() { "" } else { "," };
            text.push_str(&format!("address{number}={address}{comma}{gateway}\n"));
        }
        for (key, values) in self.settings {
            if chance.happens(0.15) {
                text.push_str(&format!("{key}={}\n", one(chance, values)));
            }
        }
        let count = if ["disabled", "ignore"].contains(&method) { 0 } else { chance.index(4) };
        for number in 1..=count {
            text.push_str(&self.route(chance, number));
        }
        text
    }

    fn route(&self, chance: &mut Chance, number: usize) -> String {
        let one = |chance: &mut Chance, of: &[&'static str]| of[chance.index(of.len())];
        let mut text = format!("route{number}={}", one(chance, self.destinations));
        if chance.happens(0.6) {
            text.push_str(&format!(",{}", one(chance, self.gateways)));
            if chance.happens(0.5) {
                text.push_str(one(chance, &[",0", ",20", ",4294967295"]));
            }
        }
        let mut attributes = Vec::new();
        for (key, values) in self.attributes {
            if chance.happens(0.1) {
                attributes.push(format!("{key}={}", one(chance, values)));
            }
        }
        let options = if attributes.is_empty() {
            String::new()
        } else {
            format!("\nroute{number}_options={}", attributes.join(","))
        };
        format!("{text}{options}\n")
    }
}

/// Everything that a profile may have set, as sorted lines.
pub(crate) fn seen(room: &Room) -> BTreeSet<String> {
    let (mut lines, mut own) = (BTreeSet::new(), Vec::new());
    let links = room.ip_json("address show dev eth0");
    for address in links[0]["addr_info"].as_array().into_iter().flatten() {
        let mut address = address.clone();
        for time in ["valid_life_time", "preferred_life_time"] {
            if address[time] != u32::MAX {
                address[time] = "leased".into();
            }
        }
        own.push(address["local"].clone());
        if address["scope"] == "link" {
            address["stable-privacy"] = Value::Null;
            // Of a key of the daemon's, or by lot; the daemon makes its route apart.
            address["local"] = Value::Null;
            address["noprefixroute"] = Value::Null;
        }
        lines.insert(format!("address {address}"));
    }
    for family in ["-4", "-6"] {
        for route in room.ip_json(&format!("{family} route show table all")) {
            let linked = ["dst", "prefsrc"].iter().any(|key| {
                let text = route[*key].as_str().unwrap_or_default();
                text.starts_with("fe80:") || text.starts_with("169.254.")
            });
            // The daemon makes a route of its own for an address that is alone in its prefix.
            let needless = route["gateway"].is_null() && route["table"] != "local" && own.contains(&route["dst"]);
            if !linked && !needless && route["dev"] != "lo" {
                lines.insert(format!("{family} route {route}"));
            }
        }
        for rule in room.ip_json(&format!("{family} rule show")) {
            lines.insert(format!("{family} rule {rule}"));
        }
    }
    let off = room.try_read("/proc/sys/net/ipv6/conf/eth0/disable_ipv6").is_some_and(|text| text.trim() == "1");
    // Without IPv6 the rest is without effect.
    for name in ["disable_ipv6", "use_tempaddr", "mtu", "accept_ra"].iter().take(if off { 1 } else { 4 }) {
        let value = room.try_read(&format!("/proc/sys/net/ipv6/conf/eth0/{name}")).unwrap_or_default();
        lines.insert(format!("{name} {}", value.trim()));
    }
    lines
}

fn room(name: &str, profile: &str) -> Lan {
    let lan = crate::lan(name);
    write(&lan, &[("eth0", profile)]);
    lan
}

fn compare(seed: u64) -> Option<String> {
    let mut chance = Chance::new(seed);
    let mut drawn = || format!("type=ethernet\n{}{}", IPV4.draw(&mut chance), IPV6.draw(&mut chance));
    let profile =
        std::env::var("DRAWN_PROFILE").map_or_else(|_| drawn(), |path| std::fs::read_to_string(path).unwrap());
    let theirs = room(&format!("drawn-{seed}-daemon"), &profile);
    fake_udev(&theirs.client);
    let daemon = NetworkManager::prepare(&theirs.client)();
    let ours = room(&format!("drawn-{seed}-sunup"), &profile);
    eprintln!("seed {seed}:\n{profile}");
    let begun = std::time::Instant::now();
    let ran = ours.sunup(&["up", "--timeout", "8", "--cmdline", "rd.neednet=1 rd.net.timeout.carrier=2"]);
    eprintln!("seed {seed}: sunup took {} ms\n{}", begun.elapsed().as_millis(), ran.stderr);
    let there = || daemon.connected_ms("eth0").is_some() || daemon.refuses("eth0");
    wait_until(Duration::from_secs(15), there);
    let refused = "profile refused: /etc/NetworkManager/system-connections/eth0";
    let said = match (daemon.refuses("eth0"), ran.stderr.contains(refused)) {
        (true, true) => {
            eprintln!("seed {seed}: both refuse the profile");
            return None;
        }
        (true, false) => "the daemon refuses the profile, sunup does not".to_owned(),
        (false, true) => "sunup refuses the profile, the daemon does not".to_owned(),
        (false, false) => {
            let mut pair = [seen(&ours.client), seen(&theirs.client)];
            let same = wait_until(Duration::from_secs(4), || {
                pair = [seen(&ours.client), seen(&theirs.client)];
                pair[0] == pair[1]
            });
            if same {
                return None;
            }
            difference(&pair)
        }
    };
    Some(format!("SEED {seed}: {said}\n{profile}\n{}", ran.stderr))
}

/// What only one of the two has.
pub(crate) fn difference(pair: &[BTreeSet<String>; 2]) -> String {
    let only = |one: usize, sign: &str| {
        pair[one].difference(&pair[1 - one]).map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    format!("\n{}{}", only(0, "sunup "), only(1, "daemon"))
}

/// What differs between the link that sunup has set up and the daemon's, once both have had their time; `forgives` what need not
/// be reported. `all` answers what is seen, sunup's first.
pub(crate) fn verdict(
    head: &str,
    ran: &Ran,
    daemon: &NetworkManager<'_>,
    all: impl Fn() -> [BTreeSet<String>; 2],
    forgives: impl Fn(&[BTreeSet<String>; 2]) -> bool,
) -> Option<String> {
    wait_until(Duration::from_secs(12), || daemon.connected_ms("eth0").is_some() || daemon.refuses("eth0"));
    let refused = ran.stderr.contains("profile refused: /etc/NetworkManager/system-connections/eth0");
    if daemon.refuses("eth0") || refused {
        let same = daemon.refuses("eth0") == refused;
        return (!same).then(|| format!("SEED {head}: one refuses it, sunup {refused}\n{}", ran.stderr));
    }
    let mut pair = [BTreeSet::new(), BTreeSet::new()];
    let same = wait_until(Duration::from_secs(4), || {
        pair = all();
        pair[0] == pair[1]
    });
    (!same && !forgives(&pair)).then(|| format!("SEED {head}{}\n{}", difference(&pair), ran.stderr))
}

/// Compares for the seeds of `DRAWN_SEED` and `DRAWN_COUNT`.
pub(crate) fn campaign(compare: impl Fn(u64) -> Option<String>) {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (number("DRAWN_SEED", 1), number("DRAWN_COUNT", 1));
    let faults: Vec<_> = (first..first + count).filter_map(compare).inspect(|fault| eprintln!("{fault}")).collect();
    assert!(faults.is_empty(), "{} of {count} differ", faults.len());
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn addresses_drawn_by_lot() {
    campaign(compare);
}
