//! Bonds: `[bond]` to IFLA_BOND_* (`linux/if_link.h`).

use super::shape::Shape::{Flag, Index, Ip4List, Ip6List, Mac, U8, U16, U32, Word, Word32};
use super::{Row, row};

const MODES: &[&str] =
    &["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];
const VALIDATE: &[&str] = &["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"];
const HASHES: &[&str] = &["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"];

/// In the order in which the kernel itself takes the options of one request: some need others to be there.
const ROWS: [Row; 31] = [
    row("mode", 1, Word(MODES)).early(),
    row("miimon", 3, U32),
    row("updelay", 4, U32),
    row("downdelay", 5, U32),
    row("peer_notif_delay", 28, U32),
    row("use_carrier", 6, Flag),
    row("arp_interval", 7, U32),
    row("arp_ip_target", 8, Ip4List),
    row("ns_ip6_target", 31, Ip6List),
    row("arp_validate", 9, Word32(VALIDATE)),
    row("arp_all_targets", 10, Word32(&["any", "all"])),
    row("primary", 11, Index),
    // The older name of it.
    row("active_slave", 11, Index),
    row("primary_reselect", 12, Word(&["always", "better", "failure"])),
    row("fail_over_mac", 13, Word(&["none", "active", "follow"])),
    row("xmit_hash_policy", 14, Word(HASHES)),
    row("resend_igmp", 15, U32),
    row("num_grat_arp", 16, U8),
    row("num_unsol_na", 16, U8),
    row("all_slaves_active", 17, Flag),
    row("min_links", 18, U32),
    row("lp_interval", 19, U32),
    row("packets_per_slave", 20, U32),
    row("lacp_active", 29, Word(&["off", "on"])),
    row("lacp_rate", 21, Word(&["slow", "fast"])),
    row("ad_select", 22, Word(&["stable", "bandwidth", "count"])),
    row("ad_actor_sys_prio", 24, U16),
    row("ad_user_port_key", 25, U16),
    row("ad_actor_system", 26, Mac),
    row("tlb_dynamic_lb", 27, Flag),
    row("arp_missed_max", 30, U8),
];

/// `[bond-port]` to IFLA_BOND_SLAVE_*.
pub(super) const PORT: &[Row] = &[row("queue-id", 5, U16), row("prio", 9, U32)];

/// The table for these options: a bond whose ports are watched in no way takes a port without a cable for a good one, so
/// that NetworkManager looks at them every 100 ms where nothing is said. Where both ways are asked for, it does not ask by ARP
/// (the kernel has one way at a time: the last that is set).
pub(super) fn rows(options: &[(String, String)]) -> Vec<Row> {
    let on = |option: &str| options.iter().any(|(key, value)| key == option && value != "0");
    let (arp, miimon) = (on("arp_interval"), on("miimon"));
    let taken = |row: &Row| !(miimon && matches!(row.option, "arp_interval" | "arp_ip_target"));
    let with_default = |row: Row| match row.option {
        "mode" => row.or("balance-rr"),
        "miimon" if !arp => row.or("100"),
        _ => row,
    };
    ROWS.into_iter().filter(taken).map(with_default).collect()
}
