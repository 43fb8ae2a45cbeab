//! Options of the kernel's s390 network drivers, as `ethernet.s390-options` and `rd.znet=` have them.

/// Those that NetworkManager knows.
const OPTIONS: [&str; 30] = [
    "bridge_role",
    "broadcast_mode",
    "buffer_count",
    "canonical_macaddr",
    "checksumming",
    "ctcprot",
    "fake_broadcast",
    "inter",
    "inter_jumbo",
    "ipato_add4",
    "ipato_add6",
    "ipato_enable",
    "ipato_invert4",
    "ipato_invert6",
    "isolation",
    "lancmd_timeout",
    "large_send",
    "layer2",
    "portname",
    "portno",
    "priority_queueing",
    "protocol",
    "route4",
    "route6",
    "rxip_add4",
    "rxip_add6",
    "sniffer",
    "total",
    "vipa_add4",
    "vipa_add6",
];

/// The longest value of an option, in bytes.
const MAX_VALUE: usize = 200;

/// True for an option and a value it may have.
pub(crate) fn is_option(key: &str, value: &str) -> bool {
    let role = key != "bridge_role" || matches!(value, "primary" | "secondary" | "none");
    OPTIONS.contains(&key) && role && (1..=MAX_VALUE).contains(&value.len())
}
