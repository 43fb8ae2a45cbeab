//! Leases of profiles and servers drawn by lot, as NetworkManager makes use of them. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture leases_drawn_by_lot`.

use std::collections::BTreeSet;

use crate::addresses_drawn_by_lot::{campaign, seen, verdict};
use crate::chance::Chance;
use crate::daemon::fake_udev;
use crate::networkmanager::NetworkManager;
use crate::same_links::write;
use crate::support::Lan;

/// Settings of `[ipv4]`, each given or not.
const SETTINGS: &[(&str, &[&str])] = &[
    (
        "dhcp-client-id",
        &["mac", "perm-mac", "01:52:54:00:77:00:02", "aa:bb:cc", "some text", "ff:00:00:00:01:00:02:ab"],
    ),
    ("dhcp-hostname", &["lark", "lark.example.org", "La-rk"]),
    ("dhcp-fqdn", &["wren.example.org", "wren"]),
    ("dhcp-send-hostname", &["true", "false"]),
    ("dhcp-vendor-class-identifier", &["acme", "a\\\\x41c", "anaconda-Linux 6.1"]),
    ("dhcp-iaid", &["mac", "7", "0x10"]),
    ("ignore-auto-dns", &["true", "false"]),
    ("ignore-auto-routes", &["true", "false"]),
    ("never-default", &["true", "false"]),
    ("route-metric", &["0", "1", "50", "700"]),
    ("route-table", &["0", "254", "300"]),
    ("may-fail", &["true", "false"]),
    ("dad-timeout", &["0", "50"]),
    ("link-local", &["0", "2"]),
    ("dns", &["192.0.2.53;", "192.0.2.53;192.0.2.54;"]),
    ("dns-search", &["dusk.example;", "dusk.example;~night.example;"]),
    ("dns-options", &["timeout:1;", "rotate;attempts:3;"]),
    ("dns-priority", &["0", "-5", "40"]),
    ("address1", &["10.88.0.5/16", "10.88.0.5/16,10.88.0.1", "10.77.0.9/24"]),
    ("route1", &["10.9.0.0/16,10.77.0.7", "198.51.100.0/24,203.0.113.1,20", "192.0.2.0/24", "0.0.0.0/0,10.77.0.3"]),
    ("routing-rule1", &["priority 100 from 10.0.0.0/8 table 300"]),
];

/// Options of the server, one of each line or none.
const SERVER: &[&[&str]] = &[
    &["--dhcp-option=3", "--dhcp-option=3,203.0.113.1", "--dhcp-option=3,10.77.0.3"],
    &["--dhcp-option=6", "--dhcp-option=6,10.77.0.55,10.77.0.56", "--dhcp-option=6,10.77.0.55,0.0.0.0"],
    &["--dhcp-option=26,1400", "--dhcp-option=26,1280", "--dhcp-option=26,1500"],
    &[
        "--dhcp-option=121,10.9.0.0/16,10.77.0.7",
        "--dhcp-option=121,0.0.0.0/0,10.77.0.9,198.51.100.0/24,10.77.0.7",
        "--dhcp-option=121,203.0.113.1/32,0.0.0.0,0.0.0.0/0,203.0.113.1",
        "--dhcp-option=121,10.77.0.0/24,0.0.0.0,10.9.8.0/24,192.0.2.1",
    ],
    &["--dhcp-option=249,10.9.0.0/16,10.77.0.7"],
    &["--dhcp-option=33,198.51.100.9,10.77.0.7", "--dhcp-option=33,0.0.0.0,10.77.0.7,192.0.2.0,10.77.0.8"],
    &["--dhcp-option=119,dawn.example,noon.example", "--dhcp-option=15", "--dhcp-option=15,one.example two.example"],
    &["--dhcp-option=1,255.255.255.255", "--dhcp-option=1,255.255.0.0"],
    &["--dhcp-option=28,10.77.0.254", "--dhcp-option=28,10.77.255.255"],
    &["--dhcp-option=12,finch", "--dhcp-option=42,10.77.0.9"],
];

/// The section `[ipv4]`, and options of the server.
pub(crate) fn draw(chance: &mut Chance) -> (String, Vec<&'static str>) {
    let one = |chance: &mut Chance, of: &[&'static str]| of[chance.index(of.len())];
    let mut section = "[ipv4]\nmethod=auto\n".to_owned();
    for (key, values) in SETTINGS {
        if chance.happens(0.15) {
            section.push_str(&format!("{key}={}\n", one(chance, values)));
        }
    }
    let mut server = Vec::new();
    for options in SERVER {
        if chance.happens(0.25) {
            server.push(one(chance, options));
        }
    }
    // The daemon takes the router beside classless routes that have none, against RFC 3442.
    let classless = |option: &&str| option.starts_with("--dhcp-option=121") || option.starts_with("--dhcp-option=249");
    if server.iter().any(classless) {
        server.retain(|option| !option.starts_with("--dhcp-option=3,"));
        server.push("--dhcp-option=3");
    }
    (section, server)
}

/// What is there, what the resolver is told, and who the server thinks the client is.
fn all(lan: &Lan, log: &str) -> BTreeSet<String> {
    let mut lines = seen(&lan.client);
    let resolver = lan.client.try_read("/etc/resolv.conf").unwrap_or_default();
    lines.extend(resolver.lines().filter(|line| !line.starts_with('#')).map(|line| format!("resolv.conf {line}")));
    let leases = lan.server.try_read("/run/dnsmasq.leases").unwrap_or_default();
    // The first word is when it ends.
    lines.extend(leases.lines().filter_map(|line| Some(format!("server {}", line.split_once(' ')?.1))));
    let told = |line: &&str| ["vendor class: ", "client provides name: "].iter().any(|start| line.contains(start));
    let text = |line: &str| line.rsplit_once("]: ").and_then(|(_, rest)| Some(rest.split_once(' ')?.1.to_owned()));
    lines.extend(log.lines().filter(told).filter_map(text));
    lines
}

fn compare(seed: u64) -> Option<String> {
    let (section, options) = draw(&mut Chance::new(seed));
    let profile = format!("type=ethernet\n{section}[ipv6]\nmethod=disabled\n");
    let (theirs, ours) = (crate::lan(&format!("lease-{seed}-daemon")), crate::lan(&format!("lease-{seed}-sunup")));
    let head = format!("seed {seed}: {options:?}\n{profile}");
    eprintln!("{head}");
    for lan in [&theirs, &ours] {
        write(lan, &[("eth0", &profile)]);
        lan.client.sh("printf '' >/etc/resolv.conf");
    }
    let servers = [ours.serve(&options), theirs.serve(&options)];
    fake_udev(&theirs.client);
    let daemon = NetworkManager::prepare(&theirs.client)();
    let ran = ours.sunup(&["up", "--timeout", "8", "--cmdline", "rd.neednet=1"]);
    let both = || [all(&ours, &servers[0].log()), all(&theirs, &servers[1].log())];
    verdict(&head, &ran, &daemon, both, |_| false)
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn leases_drawn_by_lot() {
    campaign(compare);
}
