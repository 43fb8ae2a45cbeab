//! A real systemd-networkd in a room.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, ifindex};
use crate::support::{Process, Room, wait_until};
use crate::verdict::Fault;

/// Where distributions have it.
const PATHS: [&str; 2] = ["/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd"];

/// The running daemon.
pub(crate) struct Networkd<'room> {
    room: &'room Room,
    started: Instant,
    process: Process<'room>,
}

impl<'room> Networkd<'room> {
    /// Whether the program is there at all.
    pub(crate) fn path() -> Option<&'static str> {
        PATHS.into_iter().find(|path| Path::new(path).exists())
    }

    /// Starts it.
    pub(crate) fn start(room: &'room Room) -> Self {
        room.sh("mkdir -p /run/systemd/network; rm -rf /etc/systemd/network /run/systemd/netif");
        let started = Instant::now();
        let process = room.spawn(Self::path().expect("systemd-networkd, of the package systemd, is needed"), &[]);
        Self { room, started, process }
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(self) {
        self.process.stop();
    }

    /// Waits until the link is configured.
    pub(crate) fn wait(&self, link: &str) {
        let done = wait_until(Duration::from_secs(10), || self.connected_ms(link).is_some());
        assert!(done, "networkd did not configure {link}: {}{}", self.state(link), self.process.log());
    }

    /// What it says of a link: `KEY=VALUE` lines.
    fn state(&self, link: &str) -> String {
        let path = format!("/run/systemd/netif/links/{}", ifindex(self.room, link));
        self.room.try_read(&path).unwrap_or_default()
    }

    fn value(&self, link: &str, key: &str) -> String {
        let state = self.state(link);
        let line = state.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    }
}

impl Daemon for Networkd<'_> {
    fn connected_ms(&self, link: &str) -> Option<f64> {
        let state = self.state(link);
        let has = |line: &str| state.lines().any(|one| one == line);
        // The others are those of ports, and of links that are there for what stands on them.
        let there =
            ["routable", "enslaved", "carrier", "degraded"].iter().any(|state| has(&format!("OPER_STATE={state}")));
        let done = has("ADMIN_STATE=configured") && there;
        done.then(|| self.started.elapsed().as_secs_f64() * 1000.0)
    }

    fn faults(&self, link: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let [admin, file] = ["ADMIN_STATE", "NETWORK_FILE"].map(|key| self.value(link, key));
        if admin != "configured" {
            faults.push(Fault::External(format!("{link}: {admin}")));
        }
        if !file.starts_with("/run/systemd/network/10-sunup-") {
            faults.push(Fault::OtherProfile(format!("{link}: {file}")));
        }
        if self.value(link, "DNS").is_empty() {
            faults.push(Fault::NoDns(link.to_owned()));
        }
        faults
    }
}
