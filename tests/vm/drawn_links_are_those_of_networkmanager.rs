//! Links whose options are drawn by lot, as NetworkManager makes them from the same profiles. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=20 tests/vm/run --ignored drawn_by_lot`.

use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::daemon::{Daemon, fake_udev};
use crate::networkmanager::NetworkManager;
use crate::same_links::{OFF, rooms, shown};
use crate::support::{Lan, wait_until};

/// A key and the values it is drawn from.
type Choice = (&'static str, &'static [&'static str]);

/// Without what the daemon drops: 0 in `packets_per_slave` and `num_grat_arp`, and `miimon` beside a useless `arp_validate`.
const BOND: &[Choice] = &[
    ("miimon", &["0", "50", "100", "250"]),
    ("updelay", &["100", "200", "250", "330"]),
    ("downdelay", &["0", "100", "300"]),
    ("peer_notif_delay", &["100", "500", "1000"]),
    ("use_carrier", &["0", "1"]),
    ("primary_reselect", &["always", "better", "failure", "1"]),
    ("fail_over_mac", &["none", "active", "follow", "1"]),
    ("xmit_hash_policy", &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac", "1"]),
    ("resend_igmp", &["0", "7", "255"]),
    ("num_grat_arp", &["3", "255"]),
    ("all_slaves_active", &["0", "1"]),
    ("min_links", &["0", "1", "2"]),
    ("lp_interval", &["1", "30"]),
    ("packets_per_slave", &["1", "9"]),
    ("tlb_dynamic_lb", &["0", "1"]),
    ("ad_select", &["stable", "bandwidth", "count"]),
    ("ad_actor_sys_prio", &["1", "1000", "65535"]),
    ("ad_actor_system", &["00:02:03:04:05:06"]),
    ("ad_user_port_key", &["0", "1", "1023"]),
    ("lacp_rate", &["slow", "fast"]),
    ("primary", &["eth1", "eth2", "nowhere"]),
    ("arp_all_targets", &["any", "all"]),
    ("arp_interval=150\narp_ip_target", &["10.77.1.1", "10.77.1.1,10.77.1.2,10.77.1.3", "10.77.1.1\narp_validate=all"]),
];

const BRIDGE: &[Choice] = &[
    ("stp", &["true", "false"]),
    ("priority", &["0", "4096", "61440"]),
    ("forward-delay", &["2", "15", "30"]),
    ("hello-time", &["1", "2", "10"]),
    ("max-age", &["6", "20", "40"]),
    ("ageing-time", &["0", "300", "1000000"]),
    ("group-address", &["01:80:C2:00:00:05"]),
    ("group-forward-mask", &["8", "65528"]),
    ("multicast-snooping", &["true", "false"]),
    ("multicast-router", &["auto", "disabled", "enabled"]),
    ("multicast-query-use-ifaddr", &["true", "false"]),
    ("multicast-querier", &["true", "false"]),
    ("multicast-hash-max", &["512", "4096"]),
    ("multicast-last-member-count", &["0", "5"]),
    ("multicast-startup-query-count", &["0", "5"]),
    ("multicast-last-member-interval", &["0", "250"]),
    ("multicast-membership-interval", &["5000", "26000"]),
    ("multicast-querier-interval", &["7000", "25500"]),
    ("multicast-query-interval", &["500", "12500"]),
    ("multicast-query-response-interval", &["100", "1000"]),
    ("multicast-startup-query-interval", &["200", "3125"]),
    ("vlan-filtering", &["true", "false"]),
    ("vlan-default-pvid", &["0", "1", "7", "4094"]),
    ("vlan-protocol", &["802.1Q", "802.1ad"]),
    ("vlan-stats-enabled", &["true", "false"]),
    ("vlans", &["2", "10-20,30 pvid untagged", "5 untagged", "4094"]),
];

const BRIDGE_PORT: &[Choice] = &[
    ("priority", &["0", "7", "63"]),
    ("path-cost", &["1", "100", "65535"]),
    ("hairpin-mode", &["true", "false"]),
    ("vlans", &["2-4", "10 pvid untagged,11-12", "5 untagged"]),
];

const VLAN: &[Choice] = &[("flags", &["0", "1", "2", "4", "8", "9", "15"]), ("protocol", &["802.1Q", "802.1ad"])];

const MACVLAN: &[Choice] = &[("tap", &["true", "false"]), ("promiscuous", &["true"])];

const VXLAN: &[Choice] = &[
    ("remote", &["10.77.0.1", "239.1.1.1"]),
    ("tos", &["0", "1", "16", "255"]),
    ("ttl", &["0", "1", "64", "255"]),
    ("ageing", &["0", "300", "86400"]),
    ("limit", &["0", "100"]),
    ("destination-port", &["4789", "8472", "65535"]),
    ("source-port-min=1000\nsource-port-max", &["2000", "65535"]),
    ("learning", &["true", "false"]),
    ("proxy", &["true", "false"]),
    ("rsc", &["true", "false"]),
    ("l2-miss", &["true", "false"]),
    ("l3-miss", &["true", "false"]),
];

/// Tunnels over IPv4, and those over IPv6.
const TUNNEL: &[Choice] =
    &[("ttl", &["0", "1", "64", "255"]), ("tos", &["0", "4", "16"]), ("parent", &["eth0"]), ("mtu", &["1300", "1400"])];
const TUNNEL6: &[Choice] = &[
    ("ttl", &["0", "1", "64", "255"]),
    ("tos", &["0", "16", "255"]),
    ("encapsulation-limit", &["0", "4", "255"]),
    ("flow-label", &["0", "1", "1048575"]),
    ("parent", &["eth0"]),
];
/// Of `ip6tnl` alone.
const FLAGS: &[Choice] = &[("flags", &["1", "2", "16", "30"])];
const KEYS: &[Choice] = &[("input-key", &["0", "1", "4294967295"]), ("output-key", &["5", "4294967295"])];

/// `[ethernet]` of any of them.
const ETHERNET: &[Choice] = &[("mtu", &["1280", "1400", "1492"]), ("cloned-mac-address", &["stable", "random"])];

/// About this many of the keys, each with one of its values.
fn draw(chance: &mut Chance, choices: &[Choice], about: usize) -> String {
    let mut text = String::new();
    for (key, values) in choices {
        if chance.index(choices.len()) < about {
            text.push_str(&format!("{key}={}\n", values[chance.index(values.len())]));
        }
    }
    text
}

/// A profile of this type.
fn profile(chance: &mut Chance, kind: &str, section: &str) -> String {
    let ethernet = match kind {
        "ip-tunnel" => String::new(),
        _ => format!("[ethernet]\n{}", draw(chance, ETHERNET, 1)),
    };
    format!("type={kind}\n[{kind}]\n{section}{ethernet}{OFF}")
}

fn drawn(chance: &mut Chance) -> Vec<(String, String)> {
    let mut all = vec![(
        "eth0".to_owned(),
        "type=ethernet\n[ethernet]\nmtu=1500\n[ipv4]\nmethod=manual\naddress1=10.77.0.2/24\n[ipv6]\nmethod=disabled\n"
            .to_owned(),
    )];
    let modes =
        ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb", "1", "4"];
    for number in 0..4 {
        let options = format!("mode={}\n{}", modes[chance.index(modes.len())], draw(chance, BOND, 4));
        all.push((format!("bond{number}"), profile(chance, "bond", &options)));
    }
    for number in 0..3 {
        let options = draw(chance, BRIDGE, 7);
        all.push((format!("br{number}"), profile(chance, "bridge", &options)));
    }
    for number in 1..=3 {
        let port = match chance.index(3) {
            0 => format!("type=ethernet\nmaster=bond{}\nslave-type=bond\n", chance.index(4)),
            _ => {
                let options = draw(chance, BRIDGE_PORT, 2);
                format!("type=ethernet\nmaster=br{}\nslave-type=bridge\n[bridge-port]\n{options}", chance.index(3))
            }
        };
        all.push((format!("eth{number}"), port));
    }
    let section = format!("id=100\nparent=eth0\n{}", draw(chance, VLAN, 1));
    all.push(("v0".to_owned(), profile(chance, "vlan", &section)));
    let mode = 1 + chance.index(3);
    let section = format!("parent=eth0\nmode={mode}\n{}", draw(chance, MACVLAN, 1));
    all.push(("mv0".to_owned(), profile(chance, "macvlan", &section)));
    let section = format!("id=1000\nparent=eth0\n{}", draw(chance, VXLAN, 4));
    all.push(("vx0".to_owned(), profile(chance, "vxlan", &section)));
    for (number, mode) in
        ["1", "2", "3", "5", "10"].iter().enumerate().filter(|_| chance.happens(0.4)).collect::<Vec<_>>()
    {
        let keys = if ["2", "5", "10"].contains(mode) { draw(chance, KEYS, 1) } else { String::new() };
        let ends = format!("local=10.77.0.2\nremote=10.77.9.{}\n", number + 1);
        let section = format!("mode={mode}\n{ends}{}{keys}", draw(chance, TUNNEL, 2));
        all.push((format!("four{number}"), profile(chance, "ip-tunnel", &section)));
    }
    for (number, mode) in ["6", "7", "8", "11"].iter().enumerate().filter(|_| chance.happens(0.5)).collect::<Vec<_>>() {
        let keys = draw(chance, if ["6", "7"].contains(mode) { FLAGS } else { KEYS }, 1);
        let ends = format!("local=fd77::2\nremote=fd77:9::{}\n", number + 1);
        let section = format!("mode={mode}\n{ends}{}{keys}", draw(chance, TUNNEL6, 2));
        all.push((format!("six{number}"), profile(chance, "ip-tunnel", &section)));
    }
    all
}

/// Which of the links the daemon has brought up once nothing more has happened for a while.
fn settled<'a>(daemon: &NetworkManager<'_>, links: &[&'a str]) -> Vec<&'a str> {
    let up = || links.iter().copied().filter(|link| daemon.connected_ms(link).is_some()).collect::<Vec<_>>();
    let (mut last, mut since) = (up(), Instant::now());
    wait_until(Duration::from_secs(300), || {
        let now = up();
        if now.len() != last.len() {
            (last, since) = (now, Instant::now());
        }
        last.len() == links.len() || since.elapsed() > Duration::from_secs(30)
    });
    last
}

/// The VLANs of a bridge or port, where they count.
fn vlans(lan: &Lan, link: &str) -> String {
    let filters = ["", "/master"].map(|of| format!("/sys/class/net/{link}{of}/bridge/vlan_filtering"));
    if !filters.iter().any(|file| lan.client.try_read(file).is_some_and(|text| text.trim() == "1")) {
        return String::new();
    }
    lan.client.run("bridge", &["-j", "vlan", "show", "dev", link]).stdout
}

fn compare(seed: u64) -> Vec<String> {
    let profiles = drawn(&mut Chance::new(seed));
    let profiles: Vec<_> = profiles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let links: Vec<&str> = profiles.iter().map(|(name, _)| *name).collect();
    let theirs = rooms(&format!("drawn-{seed}-daemon"), &profiles);
    fake_udev(&theirs.client);
    let daemon = NetworkManager::prepare(&theirs.client)();
    let there = settled(&daemon, &links);
    let ours = rooms(&format!("drawn-{seed}-sunup"), &profiles);
    let ran = ours.up("rd.neednet=1 rd.net.timeout.carrier=2");
    let exists = |name: &&str| ours.client.exists(&format!("/sys/class/net/{name}"));
    let mut faults = Vec::new();
    for (link, text) in &profiles {
        let fault = match (there.contains(link), exists(link)) {
            (true, true) => {
                let [mine, other] = [&ours, &theirs].map(|lan| (shown(lan, &[link]).remove(0), vlans(lan, link)));
                let vlans = if mine.1 == other.1 { String::new() } else { format!("vlans: {} {}", mine.1, other.1) };
                Some(differences(&mine.0, &other.0, "") + &vlans).filter(|text| !text.is_empty())
            }
            (true, false) => Some("the daemon makes it, sunup does not".to_owned()),
            (false, true) if daemon.refuses(link) => Some("sunup makes it, the daemon refuses the profile".to_owned()),
            (false, false) if !daemon.refuses(link) => {
                Some("sunup refuses the profile, the daemon does not".to_owned())
            }
            _ => None,
        };
        faults.extend(fault.map(|fault| format!("seed {seed}, {link}: {fault}\n{text}")));
    }
    if !faults.is_empty() {
        faults.push(format!("{:?}", ran.stderr));
    }
    eprintln!("seed {seed}: {} links, {} by the daemon", links.len(), there.len());
    faults
}

/// The fields that are not the same: sunup's, then NetworkManager's.
fn differences(ours: &serde_json::Value, theirs: &serde_json::Value, path: &str) -> String {
    match (ours.as_object(), theirs.as_object()) {
        (Some(one), Some(other)) => {
            let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            // A bridge ages by its delay while the tree changes; nobody asks these targets.
            let idle = |key: &str| match key {
                "ageing_time" => ours["stp_state"] == 1,
                "arp_ip_target" => ours["arp_interval"] == 0 && theirs["arp_interval"] == 0,
                _ => false,
            };
            let keys = keys.into_iter().filter(|key| !idle(key));
            keys.map(|key| differences(&ours[key], &theirs[key], &format!("{path}.{key}"))).collect()
        }
        _ if ours == theirs => String::new(),
        _ => format!("{path}: {ours} {theirs}; "),
    }
}

#[test]
#[ignore = "a campaign: minutes for each seed"]
fn links_drawn_by_lot() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (number("DRAWN_SEED", 1), number("DRAWN_COUNT", 1));
    let faults: Vec<_> = (first..first + count).flat_map(compare).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
