//! The `kernel` room against the running kernel. Every test runs itself again inside a private room.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "tests start programs and wait")]

#[path = "../support/mod.rs"]
mod support;

mod applying;
mod batches;
mod devices;
mod events;
mod host_name;
mod killed;
mod packets;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sunup::kernel::Kernel;
use sunup::profile::desired::{DesiredAddress, DesiredLink, DesiredRoute, protocol};
use sunup::profile::ip::RouteOptions;
use support::{Options, Room};

/// Set where a test is inside its room.
const INSIDE: &str = "SUNUP_KERNEL_TEST_INSIDE";

/// Runs `body` in a room of its own: this very test, started again there. The room sees to it that nothing leaks to the host.
fn in_a_room(test: &str, body: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let room =
        Room::new("kernel", &Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernel").join(test), &Options::default());
    let this = std::env::current_exe().unwrap();
    let ran = room.run(
        "env",
        &[&format!("{INSIDE}=1"), this.to_str().unwrap(), "--exact", test, "--nocapture", "--include-ignored"],
    );
    print!("{}", ran.stdout);
    assert!(ran.code == 0 && ran.stdout.contains("1 passed"), "{test} inside its room: {ran}");
}

/// Runs `ip ARGUMENTS`, which must succeed, and answers its output.
fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `ip -j -d ARGUMENTS` as JSON.
fn ip_json(arguments: &str) -> Vec<Value> {
    let text = ip(&format!("-j -d {arguments}"));
    if text.trim().is_empty() { Vec::new() } else { serde_json::from_str(&text).unwrap() }
}

/// A pair `eth0` <-> `peer0`, both down; the index of `eth0`.
fn pair() -> u32 {
    ip("link add eth0 type veth peer name peer0");
    index("eth0")
}

fn index(name: &str) -> u32 {
    std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).unwrap().trim().parse().unwrap()
}

fn kernel() -> Kernel {
    Kernel::open().unwrap()
}

fn up(ifindex: u32) -> DesiredLink {
    DesiredLink { ifindex, up: Some(true), ..DesiredLink::default() }
}

fn address(net: &str, valid: Option<u64>) -> DesiredAddress {
    let net: ipnet::IpNet = net.parse().unwrap();
    let broadcast = match net {
        ipnet::IpNet::V4(net) => Some(net.broadcast()),
        ipnet::IpNet::V6(_) => None,
    };
    let valid = valid.map(Duration::from_secs);
    DesiredAddress { net, broadcast, valid, preferred: valid, no_prefix_route: true, ..DesiredAddress::default() }
}

fn route(destination: &str, gateway: Option<&str>, metric: u32) -> DesiredRoute {
    DesiredRoute {
        destination: destination.parse().unwrap(),
        gateway: gateway.map(|gateway| gateway.parse().unwrap()),
        metric,
        protocol: protocol::DHCP,
        options: RouteOptions::default(),
    }
}
