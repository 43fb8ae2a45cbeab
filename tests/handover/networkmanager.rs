//! A real NetworkManager in a room, with a system bus of its own.

use std::time::Duration;

use crate::daemon::{Daemon, ifindex};
use crate::support::{Process, Room, patient, wait_until};
use crate::verdict::Fault;

/// As distributions have it, without what would lead out of the room.
const CONFIGURATION: &str = "[main]\nplugins=keyfile\nauth-polkit=root-only\ndhcp=internal\n[logging]\nlevel=INFO\n";

/// A bus on which everybody in the room may do everything.
const BUS: &str = r#"<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"#;

/// The running daemon.
pub(crate) struct NetworkManager<'room> {
    room: &'room Room,
    /// Interface index and uuid of every device file at the start: the daemon writes its own over them.
    handed_over: Vec<(u32, String)>,
    // Dropped in this order: the daemon before its bus.
    process: Process<'room>,
    _bus: Process<'room>,
}

impl<'room> NetworkManager<'room> {
    /// Makes the bus ready; the daemon is started by the answer.
    pub(crate) fn prepare(room: &'room Room) -> impl FnOnce() -> Self {
        room.sh(&format!(
            "mkdir -p /run/dbus /run/nm; printf '%s' '{BUS}' >/run/nm/bus; printf '{CONFIGURATION}' >/run/nm/conf"
        ));
        let bus = room.spawn("dbus-daemon", &["--config-file=/run/nm/bus", "--nofork", "--nopidfile"]);
        let there = wait_until(patient(Duration::from_secs(5)), || room.exists("/run/dbus/system_bus_socket"));
        assert!(there, "the bus did not start: {}", bus.log());
        let handed_over = handed_over(room);
        move || {
            let arguments = ["--debug", "--config=/run/nm/conf", "--config-dir=/run/nm/none", "--pid-file=/run/nm/pid"];
            let process = room.spawn("NetworkManager", &arguments);
            Self { room, handed_over, process, _bus: bus }
        }
    }

    /// True if it could not make anything of the profile of this link.
    #[allow(dead_code, reason = "for the scenarios in the virtual machine")]
    pub(crate) fn refuses(&self, link: &str) -> bool {
        self.process.log().contains(&format!("/{link}.nmconnection\": failed to load"))
    }

    /// True if it has done what there was to do at its start.
    pub(crate) fn has_started(&self) -> bool {
        self.process.log().contains("startup complete")
    }

    /// `nmcli -t ARGUMENTS`: what it answers, whatever its exit code.
    fn nmcli(&self, arguments: &str) -> String {
        let all: Vec<_> = ["-t"].into_iter().chain(arguments.split_whitespace()).collect();
        self.room.run("nmcli", &all).stdout
    }

    /// `nmcli device show LINK`, of these fields: name and value, `IP4.DNS[2]` for the second of a list.
    fn fields(&self, link: &str, names: &[&str]) -> Vec<(String, String)> {
        let text = self.nmcli(&format!("-f {} device show {link}", names.join(",")));
        let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        text.lines().filter_map(pair).collect()
    }

    /// Milliseconds of the time stamp of the first line with this text.
    fn stamp(&self, text: &str) -> Option<f64> {
        let log = self.process.log();
        let line = log.lines().find(|line| line.contains(text))?;
        let seconds: f64 = line.split(['[', ']']).nth(1)?.parse().ok()?;
        Some(seconds * 1000.0)
    }
}

/// Interface index and uuid of every device file.
fn handed_over(room: &Room) -> Vec<(u32, String)> {
    let text = room.run("sh", &["-c", "cd /run/NetworkManager/devices && grep -H connection-uuid= *"]).stdout;
    let one = |line: &str| {
        let (index, uuid) = line.split_once(":connection-uuid=")?;
        Some((index.parse().ok()?, uuid.to_owned()))
    };
    text.lines().filter_map(one).collect()
}

impl Daemon for NetworkManager<'_> {
    fn connected_ms(&self, link: &str) -> Option<f64> {
        let start = self.stamp("is starting...")?;
        Some(self.stamp(&format!("device ({link}): Activation: successful"))? - start)
    }

    fn faults(&self, link: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let fields = self.fields(link, &["GENERAL.STATE", "GENERAL.CON-UUID", "IP4.DNS", "IP6.DNS"]);
        let value = |name: &str| fields.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value);
        let (state, active) = (value("GENERAL.STATE"), value("GENERAL.CON-UUID"));
        if state.contains("externally") || !state.starts_with("100") {
            faults.push(Fault::External(format!("{link}: {state}")));
        }
        let index = ifindex(self.room, link);
        let ours = self.handed_over.iter().find(|(one, _)| *one == index).map(|(_, uuid)| uuid);
        if ours.map(String::as_str) != Some(active) {
            faults.push(Fault::OtherProfile(format!("{link}: active {active}, handed over {ours:?}")));
        }
        if !fields.iter().any(|(name, _)| name.contains(".DNS[")) {
            faults.push(Fault::NoDns(link.to_owned()));
        }
        faults
    }
}
