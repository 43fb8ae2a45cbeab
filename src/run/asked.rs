//! What the command line asks of a run, in the run's own words.

use std::path::Path;

use crate::activate::{GlobalServers, Limits};
use crate::input::cmdline::{CommandLine, GlobalDns, Timeouts};
use crate::kernel;
use crate::profile::ip::plain_server;

/// `rd.net.dns` takes the place of the links' servers, but for the mode `backup`.
pub(super) fn global_servers(asked: &GlobalDns) -> GlobalServers {
    let servers: Vec<String> = asked.servers.iter().filter_map(|text| plain_server(text)).map(str::to_owned).collect();
    if servers.len() < asked.servers.len() {
        log::warn!("rd.net.dns: servers with TLS or another port than 53 are left to the daemon's resolver");
    }
    let alone = !asked.servers.is_empty() && asked.resolve_mode.as_deref() != Some("backup");
    GlobalServers { servers, alone }
}

/// The limits of the command line, and the defaults for the rest.
pub(super) fn limits(asked: &Timeouts) -> Limits {
    let default = Limits::default();
    Limits {
        up: asked.ifup.unwrap_or(default.up),
        carrier: asked.carrier.unwrap_or(default.carrier),
        dad: asked.ipv6dad.unwrap_or(default.dad),
        router: asked.ipv6auto.unwrap_or(default.router),
        route: asked.route,
    }
}

/// Lets the kernel read the iBFT where it is asked for and not there: its module does, once it is loaded.
pub(super) fn read_ibft(root: &Path, cmdline: Option<&str>) {
    let line = CommandLine::read(root, cmdline, std::env::var("container").ok().as_deref());
    if !line.asks_for_ibft() || root.join("sys/firmware/ibft").exists() {
        return;
    }
    if let Err(error) = kernel::module::load("iscsi_ibft") {
        log::info!("the iBFT cannot be read: {error}");
    }
}
