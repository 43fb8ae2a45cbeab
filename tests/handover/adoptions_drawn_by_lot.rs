//! Networks drawn by lot, set up by sunup and then adopted by each of the daemons: nothing that was there may go. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture adoptions_drawn_by_lot`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::addresses_drawn_by_lot::{IPV4, IPV6, campaign, seen};
use crate::chance::Chance;
use crate::daemon::{Daemon, fake_udev};
use crate::monitor::Monitor;
use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{event_faults, routes};
use crate::routes_of_routers::radvd;
use crate::support::{Dnsmasq, Lan, wait_until};
use crate::verdict::Fault;
use crate::{leases_drawn_by_lot, routers_drawn_by_lot};

/// How long the daemon is watched after it says that it is done: a router speaks within it.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// A profile, and who answers.
struct Case {
    profile: String,
    router: Option<String>,
    server: Vec<&'static str>,
}

fn draw(chance: &mut Chance) -> Case {
    let (mut server, mut router) = (vec!["--interface=srv0"], None);
    let mut profile = "type=ethernet\n".to_owned();
    if chance.happens(0.5) {
        profile.push_str(&IPV4.draw(chance));
    } else {
        let (section, options) = leases_drawn_by_lot::draw(chance);
        profile.push_str(&section);
        server.extend(crate::support::DEFAULTS);
        server.extend(options);
    }
    if chance.happens(0.5) {
        profile.push_str(&IPV6.draw(chance));
    } else {
        let case = routers_drawn_by_lot::draw(chance);
        profile.push_str(&case.section);
        server.extend(case.server);
        router = case.router;
    }
    Case { profile, router, server }
}

/// What is there, without what changes by itself, what a daemon takes over from the kernel, and what comes later than sunup waits.
fn held(lan: &Lan) -> BTreeSet<String> {
    const PASSING: [&str; 7] =
        ["expires", "dynamic", "valid_life_time", "preferred_life_time", "optimistic", "mngtmpaddr", "noprefixroute"];
    let one = |line: &String| {
        let Some((head, json)) = line.split_once(" {") else { return Some(line.clone()) };
        let mut value: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
        let late = value["prefixlen"] == 128 && value["dynamic"] == true
            || value["scope"] == "link" && (value["family"] == "inet" || value["dst"] == "224.0.0.0/4");
        value.as_object_mut().unwrap().retain(|key, _| !PASSING.contains(&key.as_str()));
        (!late).then(|| format!("{head} {value}"))
    };
    seen(&lan.client).iter().filter(|line| !line.starts_with("accept_ra")).filter_map(one).collect()
}

/// What is left of `before`, and what has come to it.
fn change(before: &BTreeSet<String>, after: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
    (only(before, after), only(after, before))
}

/// What has gone wrong while this daemon took over.
fn adopted<D: Daemon>(name: &str, lan: &Lan, start: impl FnOnce() -> D) -> Option<String> {
    let room = &lan.client;
    fake_udev(room);
    let mut before = held(lan);
    wait_until(Duration::from_secs(5), || {
        before = held(lan);
        !before.iter().any(|line| line.contains("tentative"))
    });
    let leases = || lan.server.try_read("/run/dnsmasq.leases").unwrap_or_default();
    let given = leases();
    let foretold = lan.sunup(&["verify-handover"]).stdout;
    let routes = routes(room);
    let monitor = Monitor::start(room);
    let daemon = start();
    let connected = wait_until(Duration::from_secs(12), || daemon.connected_ms("eth0").is_some());
    std::thread::sleep(AFTERWARDS);
    let events = monitor.events();
    let mut said: Vec<String> = Vec::new();
    if !connected {
        said.push("never connected".to_owned());
    }
    let named = room.try_read("/etc/resolv.conf").is_some_and(|text| text.contains("nameserver"));
    let faults = daemon.faults("eth0").into_iter().filter(|fault| named || !matches!(fault, Fault::NoDns(_)));
    said.extend(faults.map(|fault| format!("{fault:?}")));
    said.extend(event_faults(&events, &routes).iter().map(|fault| format!("{fault:?}")));
    let mut last = change(&before, &held(lan));
    wait_until(Duration::from_secs(3), || {
        last = change(&before, &held(lan));
        last.0.is_empty()
    });
    said.extend(last.0.iter().map(|line| format!("- {line}")));
    // What it makes of the servers' and routers' words by itself is its own affair.
    let own = |line: &&String| {
        line.starts_with("address") || line.contains("\"protocol\":\"static\"") || line.contains(" rule ")
    };
    said.extend(last.1.iter().filter(own).map(|line| format!("+ {line}")));
    let now = leases();
    if given.lines().count() != now.lines().count() {
        said.push(format!("leases\n{given}to\n{now}"));
    }
    // What was said before need not be said again.
    let known = foretold.contains(if name == "networkd" { "systemd-networkd" } else { "NetworkManager flaps" });
    (!said.is_empty() && !known).then(|| format!("{name}:\n{}\nforetold: {foretold}", said.join("\n")))
}

fn compare(seed: u64) -> Option<String> {
    let case = draw(&mut Chance::new(seed));
    let head = format!("{:?}\n{}\n{}", case.server, case.router.as_deref().unwrap_or("no router"), case.profile);
    eprintln!("seed {seed}: {head}");
    let one = |name: &'static str| {
        let lan = routers_drawn_by_lot::lan(&format!("adopted-{seed}-{name}"), &case.profile);
        let _server = (case.server.len() > 1).then(|| Dnsmasq::start(&lan.server, &case.server));
        let _router = case.router.as_ref().map(|text| radvd(&lan, text));
        let line = format!("rd.neednet=1 rd.net.timeout.carrier=2 rd.sunup.handover={name}");
        let ran = lan.sunup(&["up", "--timeout", "12", "--cmdline", &line]);
        if ran.code != 0 {
            return None;
        }
        let fault = match name {
            "networkd" => adopted(name, &lan, || Networkd::start(&lan.client)),
            _ => adopted(name, &lan, NetworkManager::prepare(&lan.client)),
        };
        fault.map(|fault| format!("{fault}\n{}", ran.stderr))
    };
    let faults: Vec<_> = ["networkmanager", "networkd"].into_iter().filter_map(one).collect();
    (!faults.is_empty()).then(|| format!("SEED {seed}: {head}\n{}", faults.join("\n")))
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn adoptions_drawn_by_lot() {
    campaign(compare);
}
