//! Networks drawn by lot, set up by sunup and then adopted by each of the daemons: nothing that was there may go. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture adoptions_drawn_by_lot`.

use std::collections::BTreeSet;
use std::fmt;
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
use crate::support::{Dnsmasq, Lan, Process, wait_until};
use crate::verdict::Fault;
use crate::{leases_drawn_by_lot, routers_drawn_by_lot};

/// How long the daemon is watched after it says that it is done: a router speaks within it.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// A profile, and who answers.
pub(crate) struct Case {
    pub(crate) profile: String,
    pub(crate) router: Option<String>,
    pub(crate) server: Vec<&'static str>,
}

impl Case {
    /// Rooms with this profile.
    pub(crate) fn lan(&self, name: &str) -> Lan {
        routers_drawn_by_lot::lan(name, &self.profile)
    }

    /// The servers, as long as the answer is held.
    pub(crate) fn serve<'lan>(&self, lan: &'lan Lan) -> (Option<Dnsmasq<'lan>>, Option<Process<'lan>>) {
        let server = (self.server.len() > 1).then(|| Dnsmasq::start(&lan.server, &self.server));
        (server, self.router.as_ref().map(|text| radvd(lan, text)))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{}\n{}", self.server, self.router.as_deref().unwrap_or("no router"), self.profile)
    }
}

/// One of them.
pub(crate) fn draw(chance: &mut Chance) -> Case {
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
        let link = value["scope"] == "link" && (value["family"] == "inet" || value["dst"] == "224.0.0.0/4");
        value.as_object_mut().unwrap().retain(|key, _| !PASSING.contains(&key.as_str()));
        (!link).then(|| format!("{head} {value}"))
    };
    seen(&lan.client).iter().filter(|line| !line.starts_with("accept_ra")).filter_map(one).collect()
}

/// What is left of `before`, and what has come to it.
fn change(before: &BTreeSet<String>, after: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
    (only(before, after), only(after, before))
}

/// What was seen while a daemon took over.
pub(crate) struct Seen {
    /// What `verify-handover` said.
    pub(crate) foretold: String,
    /// What went wrong.
    pub(crate) faults: Vec<String>,
}

/// Watches this daemon take over.
fn adopted<D: Daemon>(lan: &Lan, start: impl FnOnce() -> D) -> Seen {
    let room = &lan.client;
    fake_udev(room);
    let mut before = held(lan);
    wait_until(Duration::from_secs(5), || {
        before = held(lan);
        !before.iter().any(|line| line.contains("tentative"))
    });
    let foretold = lan.sunup(&["verify-handover"]).stdout;
    let routes = routes(room);
    let monitor = Monitor::start(room);
    let daemon = start();
    let connected = wait_until(Duration::from_secs(12), || daemon.connected_ms("eth0").is_some());
    std::thread::sleep(AFTERWARDS);
    let events = monitor.events();
    let mut faults: Vec<String> = (!connected).then(|| "never connected".to_owned()).into_iter().collect();
    let named = room.try_read("/etc/resolv.conf").is_some_and(|text| text.contains("nameserver"));
    let own = daemon.faults("eth0").into_iter().filter(|fault| named || !matches!(fault, Fault::NoDns(_)));
    faults.extend(own.chain(event_faults(&events, &routes)).map(|fault| format!("{fault:?}")));
    let mut last = change(&before, &held(lan));
    wait_until(Duration::from_secs(3), || {
        last = change(&before, &held(lan));
        last.0.is_empty()
    });
    faults.extend(last.0.iter().map(|line| format!("- {line}")));
    // What it makes of the servers' and routers' words by itself is its own affair; a lease too that sunup did not wait for.
    let leases = lan.server.try_read("/run/dnsmasq.leases").unwrap_or_default();
    let leased = |line: &str| leases.split_whitespace().any(|word| line.contains(&format!("\"local\":\"{word}\"")));
    let told = |line: &&String| match line.split(' ').next() {
        Some("address") => !leased(line),
        _ => line.contains("\"protocol\":\"static\"") || line.contains(" rule "),
    };
    faults.extend(last.1.iter().filter(told).map(|line| format!("+ {line}")));
    for family in [" 10.", " fd77:"] {
        if leases.lines().filter(|line| line.contains(family)).count() > 1 {
            faults.push(format!("the server sees two clients:\n{leases}"));
        }
    }
    Seen { foretold, faults }
}

/// Sets the network of the case up, and lets this daemon take it over; `None` if it could not be set up.
pub(crate) fn take_over(name: &str, daemon: &str, case: &Case) -> Option<Seen> {
    let lan = case.lan(&format!("adopted-{name}-{daemon}"));
    let _served = case.serve(&lan);
    let line = format!("rd.neednet=1 rd.net.timeout.carrier=2 rd.sunup.handover={daemon}");
    let ran = lan.sunup(&["up", "--timeout", "12", "--cmdline", &line]);
    eprintln!("{name}, {daemon}: {ran}");
    if ran.stderr.contains("sunup: failed") {
        return None;
    }
    Some(match daemon {
        "networkd" => adopted(&lan, || Networkd::start(&lan.client)),
        _ => adopted(&lan, NetworkManager::prepare(&lan.client)),
    })
}

/// The daemons, and how `verify-handover` begins what it says against each.
pub(crate) const DAEMONS: [(&str, &str); 2] =
    [("networkmanager", "NetworkManager flaps"), ("networkd", "systemd-networkd")];

fn compare(seed: u64) -> Option<String> {
    let case = draw(&mut Chance::new(seed));
    let head = case.to_string();
    eprintln!("seed {seed}: {head}");
    let one = |(daemon, says): (&str, &str)| {
        let seen = take_over(&seed.to_string(), daemon, &case)?;
        // What was said before need not be said again.
        let fault = !seen.faults.is_empty() && !seen.foretold.contains(says);
        fault.then(|| format!("{daemon}:\n{}\nforetold: {}", seen.faults.join("\n"), seen.foretold))
    };
    let faults: Vec<_> = DAEMONS.into_iter().filter_map(one).collect();
    (!faults.is_empty()).then(|| format!("SEED {seed}: {head}\n{}", faults.join("\n")))
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn adoptions_drawn_by_lot() {
    campaign(compare);
}
