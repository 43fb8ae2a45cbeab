//! Two rooms and the links between them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::server::{Manners, Working};
use super::{DEFAULTS, Dnsmasq, Options, Process, Ran, Room, wait_until};

/// The hardware address of the client's eth0.
pub(crate) const CLIENT_MAC: &str = "52:54:00:77:00:02";

/// A server room and a client room. Link N of the client is `ethN`, its other end in the server room is `srvN` with the
/// address 10.77.N.1/24 (N = 0 here; more with [`Lan::link`]).
pub(crate) struct Lan {
    /// The room in which sunup runs.
    pub(crate) client: Room,
    /// The room in which servers run.
    pub(crate) server: Room,
    sunup: PathBuf,
}

impl Lan {
    /// Two rooms joined by one pair, the client's end down. The name is that of the test, and of its artifacts.
    pub(crate) fn new(name: &str, sunup: &Path, artifacts: &Path) -> Self {
        Self::with(name, sunup, artifacts, &Options::default())
    }

    /// The same, with options for the client's room.
    pub(crate) fn with(name: &str, sunup: &Path, artifacts: &Path, options: &Options) -> Self {
        let artifacts = artifacts.join(name);
        let server = Room::new("server", &artifacts, &Options::default());
        let client = Room::new("client", &artifacts, options);
        // Ends of a pair with equal numbers are taken for hardware that may flap: the kernel tells of their carrier once a second.
        let lines = ["link set lo up", "link add spare0 type veth peer name spare1", "link delete spare0"];
        server.ip_all(&lines.map(str::to_owned));
        let lan = Self { client, server, sunup: sunup.to_owned() };
        lan.link(0);
        lan
    }

    /// Adds `ethN` <-> `srvN`, hardware address 52:54:00:77:NN:02, server address 10.77.N.1/24; the server's end is up.
    pub(crate) fn link(&self, number: u8) {
        let (ours, theirs) = (format!("eth{number}"), format!("srv{number}"));
        let mac = |end: u8| format!("address 52:54:00:77:{number:02x}:{end:02x}");
        self.client.veth(&format!("{ours} {}", mac(2)), &self.server, &format!("{theirs} {}", mac(1)));
        let address = format!("address add 10.77.{number}.1/24 dev {theirs}");
        self.server.ip_all(&[address, format!("link set {theirs} up")]);
    }

    /// Serves 10.77.0.0/24 on srv0 with the defaults and these options.
    pub(crate) fn serve(&self, options: &[&str]) -> Dnsmasq<'_> {
        let all = ["--interface=srv0"].iter().chain(DEFAULTS).chain(options).copied().collect::<Vec<_>>();
        Dnsmasq::start(&self.server, &all)
    }

    /// Serves on srv0 with a server of our own that behaves as told.
    pub(crate) fn serve_own(&self, manners: Manners) -> Working {
        Working::start(&self.server, manners)
    }

    /// Serves 10.77.N.0/24 on every srvN up to N = `last`.
    pub(crate) fn serve_all(&self, last: u8) -> Dnsmasq<'_> {
        let each = (0..=last).flat_map(|number| {
            let range = format!("--dhcp-range=set:net{number},10.77.{number}.100,10.77.{number}.150,255.255.255.0,1h");
            let router = format!("--dhcp-option=tag:net{number},option:router,10.77.{number}.1");
            [format!("--interface=srv{number}"), range, router]
        });
        let options: Vec<String> = each.collect();
        Dnsmasq::start(&self.server, &options.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs `sunup ARGUMENTS` in the client room.
    pub(crate) fn sunup(&self, arguments: &[&str]) -> Ran {
        self.client.run(self.sunup.to_str().unwrap(), arguments)
    }

    /// Runs `sunup up --cmdline CMDLINE`.
    pub(crate) fn up(&self, cmdline: &str) -> Ran {
        self.sunup(&["up", "--cmdline", cmdline])
    }

    /// Starts `sunup ARGUMENTS` in the client room and does not wait.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process<'_> {
        self.client.spawn(self.sunup.to_str().unwrap(), arguments)
    }

    /// `ip monitor` in the client room, listening when this returns.
    pub(crate) fn monitor(&self) -> Process<'_> {
        let monitor = self.client.spawn("ip", &["monitor", "link", "address", "route", "rule"]);
        // It does not say when it is ready: events of our own show that it is.
        let heard = || {
            self.client.ip("link add ready0 type veth peer name ready1");
            self.client.ip("link delete ready0");
            monitor.log().contains("Deleted") && monitor.log().contains("ready0")
        };
        assert!(wait_until(Duration::from_secs(60), heard), "ip monitor hears nothing");
        monitor
    }

    /// The path of the binary under test.
    pub(crate) fn binary(&self) -> &str {
        self.sunup.to_str().unwrap()
    }

    /// The address of the link that begins with this text (family by form), as `ip -j` shows it.
    pub(crate) fn address(&self, link: &str, starts: &str) -> Option<Value> {
        let shown = self.client.ip_json(&format!("address show dev {link}"));
        let all = shown.first()?["addr_info"].as_array()?.clone();
        all.into_iter().find(|address| address["local"].as_str().is_some_and(|text| text.starts_with(starts)))
    }

    /// The route to this destination as `ip -j` shows it; `None` if there is none. `::/0` etc. show IPv6 routes.
    #[track_caller]
    pub(crate) fn route(&self, destination: &str) -> Option<Value> {
        let family = if destination.contains(':') { "-6" } else { "-4" };
        let all = self.client.ip_json(&format!("{family} route show table main"));
        let wanted = if matches!(destination, "0.0.0.0/0" | "::/0") { "default" } else { destination };
        all.into_iter().find(|route| route["dst"] == wanted)
    }

    /// /run/sunup/state.json, which must be as its schema says.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        let text = self.client.read("/run/sunup/state.json");
        let state = serde_json::from_str(&text).unwrap_or_else(|error| panic!("state.json: {error}: {text}"));
        let faults = super::schema::faults(&state);
        assert!(faults.is_empty(), "state.json is not as src/state/status.schema.json says: {faults:#?}");
        state
    }

    /// What state.json says of a link.
    #[track_caller]
    pub(crate) fn link_state(&self, link: &str) -> Value {
        let state = self.state();
        let links = state["links"].as_array().unwrap_or_else(|| panic!("no links in {state}"));
        links.iter().find(|entry| entry["ifname"] == link).unwrap_or_else(|| panic!("no {link} in {state}")).clone()
    }

    /// Pings from the client until the first answer; panics when nothing answers. With `-w`, ping counts answers: one lost packet
    /// on a busy machine is no failure.
    #[track_caller]
    pub(crate) fn ping(&self, address: &str) {
        self.client.ok("ping", &["-c1", "-i0.2", "-w10", "-n", address]);
    }
}
