//! Scenarios: the real `sunup` in a private room, with real servers in another. One behaviour per file, named after it.
//!
//! Logs of servers and traces stay under `target/tmp/netns/SCENARIO`. `SUNUP_BIN` names another binary to test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod a_room_is_private;
mod dhcp_configures_a_link;

use std::path::{Path, PathBuf};

use support::{Lan, Options};

/// The binary under test.
fn sunup() -> PathBuf {
    std::env::var_os("SUNUP_BIN").map_or_else(|| env!("CARGO_BIN_EXE_sunup").into(), PathBuf::from)
}

/// Where the scenarios leave their logs.
fn artifacts() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("netns")
}

/// Two rooms and a link: the start of nearly every scenario.
fn lan(name: &str) -> Lan {
    Lan::new(name, &sunup(), &artifacts())
}

/// The same, with options for the client's room.
fn lan_with(name: &str, options: &Options) -> Lan {
    Lan::with(name, &sunup(), &artifacts(), options)
}
