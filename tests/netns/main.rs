//! Scenarios: the real `sunup` in a private room, with real servers in another. One behaviour per file, named after it.
//!
//! Logs of servers and traces stay under `target/tmp/netns/SCENARIO`. `SUNUP_BIN` names another binary to test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "tests start programs and wait")]

#[path = "../support/mod.rs"]
mod support;

mod a_failing_call;
mod a_kernel_without_ipv6;
mod a_removed_device_fails_alone;
mod a_report_of_any_size;
mod a_run_directory_that_cannot_be_written;
mod a_second_run_changes_nothing;
mod addresses_of_other_hosts;
mod bad_input;
mod classless_routes_win_over_the_router;
mod corrupt_or_planted;
mod dhcp4_leases_from_real_servers;
mod dhcp6_by_up;
mod dhcp6_leases_from_real_servers;
mod dhcp_configures_a_link;
mod down;
mod hundreds_of_links;
mod ipv6_speed;
mod leaving;
mod networkmanager_adopts_the_link;
mod plan_changes_nothing;
mod renew;
mod renew_dhcp6;
mod resolv_conf;
mod router_advertisements;
mod settings_of_a_profile;
mod several_links;
mod stacked_links;
mod standard_streams;
mod static_configuration;
mod the_command_line_acts;
mod the_rig_itself;
mod wait_for_it;
mod waiting;
mod without_privilege;

use std::path::{Path, PathBuf};

use support::Lan;

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
