//! What went wrong, and the numbers.

use std::fmt;
use std::io::Write as _;

use crate::monitor::Event;

/// One thing that must not happen while a daemon adopts a link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// An address, route, rule or link was removed.
    Removed(String),
    /// A link was down or without carrier.
    Down(String),
    /// The link did not come up in the daemon's eyes in time; what it said last.
    NotConnected(String),
    /// The daemon invented a profile (or manages nothing): it will never renew the lease.
    External(String),
    /// The active profile is not the one that was handed over.
    OtherProfile(String),
    /// Addresses or MTU are not what they were.
    Changed(String),
    /// The default route is another, or there is a second one.
    DefaultRoute(String),
    /// The server saw something else than a REQUEST for the same address.
    Lease(String),
    /// The daemon knows no name server for the link.
    NoDns(String),
    /// Pings were lost.
    Lost(String),
}

impl Fault {
    /// The name of the kind: what a self-test of the rig asks for.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Removed(_) => "removed",
            Self::Down(_) => "down",
            Self::NotConnected(_) => "not connected",
            Self::External(_) => "external",
            Self::OtherProfile(_) => "other profile",
            Self::Changed(_) => "changed",
            Self::DefaultRoute(_) => "default route",
            Self::Lease(_) => "lease",
            Self::NoDns(_) => "no dns",
            Self::Lost(_) => "lost",
        }
    }
}

/// What came of an adoption.
pub(crate) struct Verdict {
    /// Which daemon adopted what.
    pub(crate) name: String,
    /// What went wrong.
    pub(crate) faults: Vec<Fault>,
    /// Kernel events on links other than `lo`.
    pub(crate) events: Vec<Event>,
    /// Pings lost of pings sent, all targets together.
    pub(crate) pings: (usize, usize),
    /// Milliseconds from the daemon's start until it says that every link is connected.
    pub(crate) connected_ms: Option<f64>,
    /// The longest time for which an address was away, in milliseconds; infinite if it did not come back.
    pub(crate) gap_ms: f64,
}

impl Verdict {
    /// Prints the line of numbers, past the capture of the test runner.
    pub(crate) fn print(&self) -> &Self {
        let _ = writeln!(std::io::stderr(), "{self}");
        self
    }

    /// Panics unless nothing went wrong.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert!(self.faults.is_empty(), "{self}\nfaults: {:#?}\nevents: {:#?}", self.faults, self.texts());
    }

    /// Panics unless one of the faults is of this kind.
    #[track_caller]
    pub(crate) fn has(&self, kind: &str) -> &Self {
        let found = self.faults.iter().any(|fault| fault.kind() == kind);
        assert!(found, "{self}\n'{kind}' expected of {:#?}\nevents: {:#?}", self.faults, self.texts());
        self
    }

    fn texts(&self) -> Vec<String> {
        let one = |e: &Event| format!("{:.1} {}{} {}", e.at, e.kind, if e.deleted { " Deleted" } else { "" }, e.text);
        self.events.iter().map(one).collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, sent) = self.pings;
        let removed = self.events.iter().filter(|event| event.deleted).count();
        let connected = self.connected_ms.map_or("never".to_owned(), |ms| format!("after {ms:.0} ms"));
        let faults: Vec<_> = self.faults.iter().map(Fault::kind).collect();
        let faults = if faults.is_empty() { "no fault".to_owned() } else { faults.join(", ") };
        write!(
            f,
            "{:<44} {:>3} events, {removed} removed, address away {:.0} ms, {lost}/{sent} pings lost, connected {connected}: {faults}",
            self.name,
            self.events.len(),
            self.gap_ms,
        )
    }
}
