//! Scenarios on a kernel with everything (bonding, wireguard, netem, ...), run in a virtual machine by `tests/vm/run`, whose first
//! lines say how. One behaviour per file, named after it; rooms and servers as in `tests/netns`.
//!
//! Logs of servers and traces stay under `target/tmp/vm/SCENARIO`. `SUNUP_BIN` names another binary to test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "tests start programs and wait")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../handover/daemon.rs"]
#[allow(dead_code, reason = "a part of the other rig")]
mod daemon;
#[path = "../handover/monitor.rs"]
#[allow(dead_code, reason = "a part of the other rig")]
mod monitor;
#[path = "../handover/networkd.rs"]
#[allow(dead_code, reason = "a part of the other rig")]
mod networkd;
#[path = "../handover/networkmanager.rs"]
#[allow(dead_code, reason = "a part of the other rig")]
mod networkmanager;
#[path = "../handover/rig.rs"]
mod rig;
#[path = "../handover/same_links.rs"]
mod same_links;
#[path = "../handover/snapshot.rs"]
mod snapshot;
#[path = "../handover/verdict.rs"]
#[allow(dead_code, reason = "a part of the other rig")]
mod verdict;

#[path = "../sim/chance.rs"]
#[allow(dead_code, reason = "a part of the simulation")]
mod chance;

mod a_device_comes_back;
mod a_lossy_network;
mod a_module_is_loaded;
mod a_tunnel_is_changed_as_a_whole;
mod daemons_adopt;
mod drawn_links_are_those_of_networkmanager;
mod each_kind_from_lease_to_down;
mod external_links_are_left_alone;
mod nics;
mod settings_of_the_device;
mod stacked_links;
mod stacked_links_are_those_of_networkmanager;
mod stacks_side_by_side;
mod the_guest_itself;
mod where_a_card_is;
mod wireguard;
mod wireguard_as_networkmanager;

use std::path::PathBuf;

use support::Lan;

/// The binary under test.
fn sunup() -> PathBuf {
    std::env::var_os("SUNUP_BIN").map_or_else(|| env!("CARGO_BIN_EXE_sunup").into(), PathBuf::from)
}

/// Where the scenarios leave their logs.
fn artifacts() -> PathBuf {
    // By accident on the machine itself, the rooms would do no harm, but its kernel is not the one that is meant.
    std::env::var_os("SUNUP_VM").expect("these scenarios run in a virtual machine: tests/vm/run").into()
}

/// Two rooms and a link: the start of nearly every scenario.
fn lan(name: &str) -> Lan {
    Lan::new(name, &sunup(), &artifacts())
}
