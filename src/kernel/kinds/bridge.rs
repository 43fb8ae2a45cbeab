//! Bridges: `[bridge]` to IFLA_BR_*, `[bridge-port]` to IFLA_BRPORT_* (`linux/if_link.h`).

use super::shape::Shape::{EtherType, Flag, Flag32, Hundredths, Mac, U16, U32, U64, Word};
use super::{Row, row};

/// `stp` first: delays out of bounds are taken only without it. NetworkManager switches it on where nothing is said.
const ROWS: [Row; 25] = [
    row("stp", 5, Flag32).or("true"),
    row("priority", 6, U16),
    row("forward-delay", 1, Hundredths),
    row("hello-time", 2, Hundredths),
    row("max-age", 3, Hundredths),
    row("ageing-time", 4, Hundredths),
    row("group-address", 20, Mac),
    row("group-forward-mask", 9, U16),
    row("vlan-protocol", 8, EtherType),
    row("vlan-default-pvid", 39, U16),
    row("vlan-stats-enabled", 41, Flag),
    row("vlan-filtering", 7, Flag),
    row("multicast-snooping", 23, Flag),
    row("multicast-router", 22, Word(&["disabled", "auto", "enabled"])),
    row("multicast-query-use-ifaddr", 24, Flag),
    row("multicast-querier", 25, Flag),
    row("multicast-hash-max", 27, U32),
    row("multicast-last-member-count", 28, U32),
    row("multicast-startup-query-count", 29, U32),
    row("multicast-last-member-interval", 30, U64),
    row("multicast-membership-interval", 31, U64),
    row("multicast-querier-interval", 32, U64),
    row("multicast-query-interval", 33, U64),
    row("multicast-query-response-interval", 34, U64),
    row("multicast-startup-query-interval", 35, U64),
];

/// The table for these options: NetworkManager leaves a bridge that does not filter with VLAN 1, whatever is given.
pub(super) fn rows(options: &[(String, String)]) -> Vec<Row> {
    let filters = options.iter().any(|(key, value)| key == "vlan-filtering" && value == "true");
    ROWS.into_iter().filter(|row| filters || row.option != "vlan-default-pvid").collect()
}

/// What is not given is set to NetworkManager's defaults, or the daemon would change the port when it adopts it.
pub(super) const PORT: &[Row] = &[
    row("priority", 2, U16).or("32").nonzero(),
    row("path-cost", 3, U32).or("100").nonzero(),
    row("hairpin-mode", 4, Flag).or("false"),
];
