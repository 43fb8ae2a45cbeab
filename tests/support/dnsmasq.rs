//! A real DHCP server.

use super::{Process, Room};

/// What a server without wishes of its own hands out on 10.77.0.0/24.
pub(crate) const DEFAULTS: &[&str] = &[
    "--dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h",
    "--dhcp-option=option:router,10.77.0.1",
    "--dhcp-option=option:dns-server,10.77.0.53",
    "--domain=dawn.example",
];

/// dnsmasq, serving one or more links of a room until dropped.
pub(crate) struct Dnsmasq<'room>(Process<'room>);

impl<'room> Dnsmasq<'room> {
    /// Starts it with these options besides the fixed ones, and waits until it serves.
    pub(crate) fn start(room: &'room Room, options: &[&str]) -> Self {
        let mut arguments = vec!["--keep-in-foreground", "--conf-file=/dev/null", "--no-ping", "--no-hosts"];
        if !options.iter().any(|option| option.starts_with("--port=")) {
            arguments.push("--port=0");
        }
        arguments.extend(["--user=root", "--log-facility=-", "--log-dhcp", "--no-resolv", "--pid-file="]);
        arguments.extend(["--dhcp-authoritative", "--dhcp-leasefile=/run/dnsmasq.leases"]);
        arguments.extend(options);
        let mut process = room.spawn("dnsmasq", &arguments);
        process.wait_for("dnsmasq-dhcp[");
        Self(process)
    }

    /// What it has said: one line per packet.
    pub(crate) fn log(&self) -> String {
        self.0.log()
    }

    /// How many messages of this kind it has logged, such as `DHCPREQUEST`.
    pub(crate) fn count(&self, message: &str) -> usize {
        self.log().matches(&format!(" {message}(")).count()
    }

    /// Ends it and answers what it has said.
    pub(crate) fn stop(self) -> String {
        self.0.stop()
    }
}
