//! One adoption: watched from before the daemon starts until a while after it says that everything is connected.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::daemon::{Daemon, fake_udev};
use crate::monitor::{Event, Monitor, gaps};
use crate::snapshot::{Snapshot, way};
use crate::support::{Dnsmasq, Lan, Process, Room, patient, wait_until};
use crate::verdict::{Fault, Verdict};

/// How long the daemon may take to say that it has adopted a link.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long it may then take to ask the server for its lease, and to learn of name servers.
const LEASE: Duration = Duration::from_secs(3);

/// How long the rig goes on watching after that: late removals come within it.
const AFTERWARDS: Duration = Duration::from_millis(700);

/// How often addresses are pinged.
const INTERVAL: Duration = Duration::from_millis(10);

/// What is adopted, and what must hold.
pub(crate) struct Adoption<'a> {
    /// Name for the line of numbers.
    pub(crate) name: &'a str,
    /// The rooms.
    pub(crate) lan: &'a Lan,
    /// The links with addresses that are adopted.
    pub(crate) links: &'a [&'a str],
    /// Links without any that are adopted with them: ports, and what a VLAN stands on.
    pub(crate) below: &'a [&'a str],
    /// Addresses that are pinged.
    pub(crate) pings: &'a [&'a str],
    /// The server whose leases go on; `None` without DHCPv4.
    pub(crate) server: Option<&'a Dnsmasq<'a>>,
    /// How many of the links have an address that no server gave.
    pub(crate) fixed: usize,
    /// The daemon may add its own route to the same router: it does so beside those that the kernel made of a router
    /// advertisement.
    pub(crate) own_default: bool,
}

/// eth0 and the server's end of it.
pub(crate) fn one_link<'a>(name: &'a str, lan: &'a Lan, server: Option<&'a Dnsmasq<'a>>) -> Adoption<'a> {
    Adoption { name, lan, links: &["eth0"], below: &[], pings: &["10.77.0.1"], server, fixed: 0, own_default: false }
}

impl Adoption<'_> {
    /// Starts the daemon on what is configured now.
    pub(crate) fn by<D: Daemon>(&self, start: impl FnOnce() -> D) -> Verdict {
        let room = &self.lan.client;
        fake_udev(room);
        let before = self.snapshots();
        let routes = routes(room);
        let log = self.server.map_or_else(String::new, Dnsmasq::log);
        let mut pings: Vec<_> = self.pings.iter().map(|target| Ping::start(self.lan, target)).collect();
        pings.iter_mut().for_each(|ping| assert!(ping.goes_on(), "no answer before the daemon starts"));
        let monitor = Monitor::start(room);
        let daemon = start();
        let connected_ms = self.wait(&daemon);
        let mut faults = self.daemon_faults(&daemon);
        let patience = patient(if faults.is_empty() { LEASE } else { LEASE / 10 });
        faults.extend(self.server.and_then(|server| self.lease_fault(server, &log, &before, patience)));
        std::thread::sleep(patient(AFTERWARDS) / 4);
        let events = monitor.events();
        faults.extend(event_faults(&events, &routes));
        faults.extend(self.changes(&before));
        let (lost, sent) = self.lost(&mut pings, &mut faults);
        let away = gaps(&events).into_iter().map(|(_, gap)| gap.unwrap_or(f64::INFINITY));
        let gap_ms = away.fold(0.0, f64::max);
        Verdict { name: self.name.to_owned(), faults, events, pings: (lost, sent), connected_ms, gap_ms }
    }

    fn snapshots(&self) -> Vec<Snapshot> {
        self.links.iter().map(|link| Snapshot::of(&self.lan.client, link)).collect()
    }

    /// The time at which the last of the links was connected; `None` if one was not in time.
    fn wait(&self, daemon: &impl Daemon) -> Option<f64> {
        let all = || self.links.iter().chain(self.below);
        let times = || all().map(|link| daemon.connected_ms(link)).collect::<Option<Vec<_>>>();
        let mut found = None;
        wait_until(patient(PATIENCE), || {
            found = times();
            found.is_some()
        });
        found?.into_iter().reduce(f64::max)
    }

    /// What the daemon itself thinks of the links.
    fn daemon_faults(&self, daemon: &impl Daemon) -> Vec<Fault> {
        let one = |link: &str| -> Vec<Fault> {
            if daemon.connected_ms(link).is_none() {
                return vec![Fault::NotConnected(link.to_owned())];
            }
            // What the daemon learns from the server comes a moment later; a wrong profile is no better later.
            let mut faults = Vec::new();
            wait_until(patient(LEASE), || {
                faults = daemon.faults(link);
                !matches!(faults.as_slice(), [Fault::NoDns(_)]) || self.below.contains(&link)
            });
            faults.retain(|fault| !matches!(fault, Fault::NoDns(_)) || !self.below.contains(&link));
            faults
        };
        self.links.iter().chain(self.below).flat_map(|link| one(link)).collect()
    }

    /// What is wrong in the log of the server since `before`, where a REQUEST for each address is right.
    fn lease_fault(
        &self,
        server: &Dnsmasq<'_>,
        before: &str,
        snapshots: &[Snapshot],
        patience: Duration,
    ) -> Option<Fault> {
        let since = || server.log().get(before.len()..).unwrap_or_default().to_owned();
        let due = self.links.len() - self.fixed;
        let answered = wait_until(patience, || since().matches(" DHCPACK(").count() >= due);
        let (log, leases) = (since(), self.lan.server.read("/run/dnsmasq.leases"));
        let words = |message: &str| -> Vec<String> {
            let of = |line: &str| Some(line.split_once(&format!(" {message}("))?.1.split(' ').nth(1)?.to_owned());
            log.lines().filter_map(of).collect()
        };
        let surplus = ["DHCPDISCOVER", "DHCPNAK", "DHCPDECLINE", "DHCPRELEASE"].map(|name| words(name).len());
        let ours = |address: &String| {
            let prefix = format!("{address}/");
            snapshots.iter().any(|snapshot| snapshot.addresses.iter().any(|one| one.starts_with(&prefix)))
        };
        let same = words("DHCPREQUEST").iter().chain(&words("DHCPACK")).all(ours);
        let right = answered && surplus == [0; 4] && same && leases.lines().count() == due;
        (!right).then(|| Fault::Lease(format!("leases:\n{leases}\nlog:\n{log}")))
    }

    fn changes(&self, before: &[Snapshot]) -> Vec<Fault> {
        let after = self.snapshots();
        let all = self.links.iter().zip(before.iter().zip(&after));
        all.flat_map(|(link, (before, after))| self.change(link, before, after)).collect()
    }

    fn change(&self, link: &str, before: &Snapshot, after: &Snapshot) -> Vec<Fault> {
        let mut faults = Vec::new();
        if (&before.addresses, before.mtu) != (&after.addresses, after.mtu) {
            faults.push(Fault::Changed(format!("{link}: {before:?} -> {after:?}")));
        }
        let ways = |all: &[String]| all.iter().map(|route| way(route).to_owned()).collect::<BTreeSet<_>>();
        let kept = before.defaults.iter().all(|route| after.defaults.contains(route));
        let same = before.defaults == after.defaults
            || self.own_default && kept && ways(&before.defaults) == ways(&after.defaults);
        if !same {
            faults.push(Fault::DefaultRoute(format!("{link}: {:?} -> {:?}", before.defaults, after.defaults)));
        }
        faults
    }

    /// Pings lost of pings sent.
    fn lost(&self, pings: &mut [Ping<'_>], faults: &mut Vec<Fault>) -> (usize, usize) {
        let (mut lost, mut sent) = (0, 0);
        for ping in pings {
            let goes_on = ping.goes_on();
            let (one_lost, one_sent) = ping.count();
            (lost, sent) = (lost + one_lost, sent + one_sent);
            if one_lost > 0 || !goes_on {
                let end = if goes_on { "" } else { ", then no answer any more" };
                faults.push(Fault::Lost(format!("{}: {one_lost} of {one_sent}{end}", ping.target)));
            }
        }
        (lost, sent)
    }
}

/// Every route, as the monitor would print it.
pub(crate) fn routes(room: &Room) -> BTreeSet<String> {
    let all = ["-4", "-6"].map(|family| room.ip(&format!("{family} route show table all")));
    all.iter().flat_map(|text| text.lines()).map(lasting).collect()
}

/// A route without the time that it has left.
fn lasting(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().filter(|word| *word != "expires" && !word.ends_with("sec")).collect();
    words.join(" ")
}

/// Removals and links that were down. A route that the daemon itself has added since the start may go again: it does so
/// with a route to a router that turns out to be on the link.
pub(crate) fn event_faults(events: &[Event], routes: &BTreeSet<String>) -> Vec<Fault> {
    let own = |event: &Event| {
        let first = events.iter().find(|one| lasting(&one.text) == lasting(&event.text));
        event.kind == "ROUTE" && first.is_some_and(|one| !one.deleted) && !routes.contains(&lasting(&event.text))
    };
    let removed = events.iter().filter(|e| e.deleted && !own(e)).map(|e| Fault::Removed(e.text.clone()));
    removed.chain(events.iter().filter(|e| e.link_is_down()).map(|e| Fault::Down(e.text.clone()))).collect()
}

/// A ping again and again.
struct Ping<'a> {
    target: &'a str,
    process: Process<'a>,
}

impl<'a> Ping<'a> {
    fn start(lan: &'a Lan, target: &'a str) -> Self {
        let interval = patient(INTERVAL).as_secs_f64().to_string();
        Self { target, process: lan.client.spawn("ping", &["-n", "-i", &interval, target]) }
    }

    /// The sequence numbers that were answered.
    fn answers(&self) -> BTreeSet<usize> {
        let log = self.process.log();
        let number = |line: &str| line.split_once("icmp_seq=")?.1.split(' ').next()?.parse().ok();
        log.lines().filter(|line| line.contains(" bytes from ")).filter_map(number).collect()
    }

    /// Whether more answers come.
    fn goes_on(&mut self) -> bool {
        let before = self.answers().len();
        wait_until(patient(Duration::from_secs(10)), || self.answers().len() > before + 3)
    }

    /// Lost of sent, up to the last answer.
    fn count(&self) -> (usize, usize) {
        let answers = self.answers();
        let sent = answers.last().copied().unwrap_or(0);
        (sent - answers.len(), sent)
    }
}

#[test]
fn only_a_route_that_was_not_there_may_go_again() {
    let event = |deleted: bool, text: &str| {
        let kind = "ROUTE".to_owned();
        Event { at: 0.0, kind, deleted, text: text.to_owned() }
    };
    let routes = BTreeSet::from([lasting("default via fe80::1 dev eth0 expires 17sec")]);
    let added = [event(false, "fe80::1 dev eth0"), event(true, "fe80::1 dev eth0")];
    assert!(event_faults(&added, &routes).is_empty());
    let kept = "default via fe80::1 dev eth0 expires 30sec";
    assert_eq!(event_faults(&[event(false, kept), event(true, kept)], &routes).len(), 1, "it was there before");
    assert_eq!(event_faults(&[event(true, "fe80::2 dev eth0")], &routes).len(), 1, "nobody has added it");
}
