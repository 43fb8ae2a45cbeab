//! Which options of a bond are for which modes.

/// Modes in the order of their numbers.
pub(super) const MODES: &[&str] =
    &["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

const ROUND_ROBIN: &[&str] = &["balance-rr"];
pub(super) const LACP: &[&str] = &["802.3ad"];
pub(super) const ADAPTIVE: &[&str] = &["balance-tlb", "balance-alb"];
const ONE_ACTIVE: &[&str] = &["active-backup", "balance-tlb", "balance-alb"];
const ARP: &[&str] = &["balance-rr", "active-backup", "balance-xor", "broadcast"];

/// Options that some modes have not (Documentation/networking/bonding.rst). The kernel refuses them there.
const NOT_FOR_ALL: [(&str, &[&str]); 12] = [
    ("active_slave", ONE_ACTIVE),
    ("ad_actor_sys_prio", LACP),
    ("ad_actor_system", LACP),
    ("ad_user_port_key", LACP),
    ("arp_interval", ARP),
    ("arp_ip_target", ARP),
    ("arp_validate", ARP),
    ("lacp_active", LACP),
    ("lacp_rate", LACP),
    ("packets_per_slave", ROUND_ROBIN),
    ("primary", ONE_ACTIVE),
    ("tlb_dynamic_lb", ADAPTIVE),
];

/// The modes that have an option.
pub(super) fn modes_of(option: &str) -> &'static [&'static str] {
    NOT_FOR_ALL.iter().find(|(name, _)| *name == option).map_or(MODES, |(_, modes)| modes)
}
