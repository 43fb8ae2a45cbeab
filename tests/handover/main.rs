//! Hand-over: a real NetworkManager and a real systemd-networkd start on the network that `sunup up` has just made, and
//! nothing may flap. Every scenario is run in private rooms, is watched from before the daemon starts (kernel events, a ping
//! every 10 ms, the server's log), and prints one line of numbers.
//!
//! The rig is tested by itself: a stand-in of known good bytes must pass, and each sabotage of it must be seen.
//! Logs stay under `target/tmp/handover/SCENARIO`. `SUNUP_BIN` names another binary to test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "the rig watches a while")]

#[path = "../sim/chance.rs"]
#[allow(dead_code, reason = "shared with the simulation")]
mod chance;
#[path = "../support/mod.rs"]
mod support;

mod addresses_drawn_by_lot;
mod adoptions_drawn_by_lot;
mod daemon;
mod leases_drawn_by_lot;
mod lines;
mod links_are_as_networkmanager_makes_them;
mod monitor;
mod networkd;
mod networkmanager;
mod profiles_drawn_by_lot;
mod rig;
mod routers_drawn_by_lot;
mod routes_of_routers;
mod same_links;
mod snapshot;
mod stand_in;
mod undone_drawn_by_lot;
mod verdict;

mod dhcp6_goes_on;
mod sunup_hands_over_to_networkd;
mod sunup_hands_over_to_networkmanager;
mod the_rig_sees_what_goes_wrong;
mod what_is_foretold;
mod what_went_wrong_goes_right;

use std::path::{Path, PathBuf};

use support::{Lan, Options};

/// The binary under test.
fn sunup() -> PathBuf {
    std::env::var_os("SUNUP_BIN").map_or_else(|| env!("CARGO_BIN_EXE_sunup").into(), PathBuf::from)
}

/// Two rooms and a link.
fn lan(name: &str) -> Lan {
    Lan::new(name, &sunup(), &artifacts())
}

/// The same, with options for the client's room.
fn lan_with(name: &str, options: &Options) -> Lan {
    Lan::with(name, &sunup(), &artifacts(), options)
}

/// The same with a read-only /sys, as containers have it.
fn container(name: &str) -> Lan {
    lan_with(name, &Options { read_only_sys: true, ..Options::default() })
}

/// Where the scenarios leave their logs.
fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("handover")
}
