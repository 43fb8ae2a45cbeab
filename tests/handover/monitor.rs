//! What the kernel did, in order: `ip -ts monitor all`, read.

use std::time::Duration;

use crate::support::{Process, Room, patient, wait_until};

/// Addresses of `lo` that are added to mark the beginning and the end.
const BEGIN: &str = "127.0.1.1/32";
const END: &str = "127.0.1.2/32";

/// The monitor of a room.
pub(crate) struct Monitor<'room> {
    room: &'room Room,
    process: Process<'room>,
}

/// One event on a link other than `lo`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Milliseconds since midnight.
    pub(crate) at: f64,
    /// `LINK`, `ADDR`, `ROUTE` or `RULE`.
    pub(crate) kind: String,
    /// True if the object went away.
    pub(crate) deleted: bool,
    /// What `ip` printed of the object.
    pub(crate) text: String,
}

impl<'room> Monitor<'room> {
    /// Starts it and waits until it sees.
    pub(crate) fn start(room: &'room Room) -> Self {
        // As in every real root.
        room.ip("link set lo up");
        let process = room.spawn("ip", &["-ts", "monitor", "all"]);
        let monitor = Self { room, process };
        monitor.mark(BEGIN);
        monitor
    }

    /// Leaves a mark in the log: what was printed before it happened before it.
    fn mark(&self, address: &str) {
        let seen = wait_until(patient(Duration::from_secs(5)), || {
            self.room.ip(&format!("address replace {address} dev lo"));
            self.process.log().contains(address)
        });
        assert!(seen, "ip monitor does not see the mark {address}:\n{}", self.process.log());
    }

    /// What has happened so far since the start.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.mark(END);
        between_marks(&self.process.log())
    }
}

/// The events between the last mark of the beginning and the first of the end.
fn between_marks(log: &str) -> Vec<Event> {
    let begun = log.rfind(BEGIN).map_or(log, |at| &log[at..]);
    let all = begun.split(END).next().unwrap();
    all.lines().filter_map(Event::parse).collect()
}

impl Event {
    /// A line of `ip -ts monitor all`: `[TIME] [KIND]Deleted OBJECT`. `None` for continuations, for `lo`, and for the rest.
    fn parse(line: &str) -> Option<Self> {
        let (time, rest) = line.strip_prefix('[')?.split_once("] [")?;
        let (kind, text) = rest.split_once(']')?;
        let about_lo = text.contains(" lo:") || text.contains("dev lo ") || text.contains(": lo ");
        if about_lo || !["LINK", "ADDR", "ROUTE", "RULE"].contains(&kind) {
            return None;
        }
        let (deleted, text) = text.strip_prefix("Deleted ").map_or((false, text), |text| (true, text));
        Some(Self { at: milliseconds(time)?, kind: kind.to_owned(), deleted, text: text.trim().to_owned() })
    }

    /// True if this tells that a link is not up, or has lost its carrier.
    pub(crate) fn link_is_down(&self) -> bool {
        let flags = self.text.split(['<', '>']).nth(1).unwrap_or_default();
        let has = |flag: &str| flags.split(',').any(|one| one == flag);
        self.kind == "LINK" && (!has("UP") || !has("LOWER_UP"))
    }

    /// The address of an `ADDR` event with its link.
    fn address(&self) -> Option<(&str, &str)> {
        let mut words = self.text.split_whitespace().skip(1);
        let link = words.next()?;
        let address = words.nth(1)?;
        (self.kind == "ADDR").then_some((link, address))
    }
}

/// For how many milliseconds each removed address was away; `None`: it did not come back.
pub(crate) fn gaps(events: &[Event]) -> Vec<(String, Option<f64>)> {
    let mut gaps = Vec::new();
    for (index, event) in events.iter().enumerate().filter(|(_, event)| event.deleted) {
        let Some(address) = event.address() else { continue };
        let back = events[index..].iter().find(|later| !later.deleted && later.address() == Some(address));
        gaps.push((address.1.to_owned(), back.map(|later| later.at - event.at)));
    }
    gaps
}

/// The time of day in milliseconds.
fn milliseconds(time: &str) -> Option<f64> {
    let mut parts = time.split_once('T')?.1.split(':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(((hours * 60.0 + minutes) * 60.0 + seconds) * 1000.0)
}

#[test]
fn the_monitor_sees_a_removed_address_a_removed_route_and_a_link_that_went_down() {
    let lan = crate::lan("monitor");
    let room = &lan.client;
    room.sh("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 up");
    room.ip("address add 10.77.0.9/24 dev eth0");
    let monitor = Monitor::start(room);
    room.ip("address del 10.77.0.9/24 dev eth0");
    room.ip("address add 10.77.0.9/24 dev eth0");
    room.ip("link set eth0 down");
    let events = monitor.events();
    let deleted = |kind: &str, text: &str| events.iter().any(|e| e.deleted && e.kind == kind && e.text.contains(text));
    assert!(deleted("ADDR", "inet 10.77.0.9/24"), "{events:#?}");
    assert!(deleted("ROUTE", "10.77.0.0/24 dev eth0"), "{events:#?}");
    assert!(events.iter().any(Event::link_is_down), "{events:#?}");
    let gaps = gaps(&events);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].0 == "10.77.0.9/24" && gaps[0].1.is_some_and(|gap| gap > 0.0 && gap < 5000.0), "{gaps:?}");
}
