//! Options of `bond=`: what they may be, and which go together.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::lex::{Field, Value, is_interface_name, nearest, number};
use super::reading::Remark;
use crate::input::bonding::{ADAPTIVE, LACP, MODES, modes_of};
use crate::profile::{HwAddr, Origin};

/// What a bonding option may be.
#[derive(Clone, Copy)]
enum Form {
    /// A number in a range.
    Number(i64, i64),
    /// One of these words, or its position.
    Word(&'static [&'static str]),
    /// Comma-separated IPv4 addresses.
    Ip4,
    /// Comma-separated IPv6 addresses.
    Ip6,
    /// A MAC.
    Mac,
    /// An interface name.
    Name,
}

const MAX: i64 = i32::MAX as i64;
const FLAG: Form = Form::Number(0, 1);

/// Every option of the kernel's bonding driver (Documentation/networking/bonding.rst), and `balance-slb` of NetworkManager:
/// name and form.
#[rustfmt::skip]
const OPTIONS: [(&str, Form); 32] = [
    ("mode", Form::Word(MODES)),
    ("active_slave", Form::Name),
    ("ad_actor_sys_prio", Form::Number(1, 65535)),
    ("ad_actor_system", Form::Mac),
    ("ad_select", Form::Word(&["stable", "bandwidth", "count"])),
    ("ad_user_port_key", Form::Number(0, 1023)),
    ("all_slaves_active", FLAG),
    ("arp_all_targets", Form::Word(&["any", "all"])),
    ("arp_interval", Form::Number(0, MAX)),
    ("arp_ip_target", Form::Ip4),
    ("arp_missed_max", Form::Number(0, 255)),
    ("arp_validate", Form::Word(&["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"])),
    ("balance-slb", FLAG),
    ("downdelay", Form::Number(0, MAX)),
    ("fail_over_mac", Form::Word(&["none", "active", "follow"])),
    ("lacp_active", Form::Word(&["off", "on"])),
    ("lacp_rate", Form::Word(&["slow", "fast"])),
    ("lp_interval", Form::Number(1, MAX)),
    ("miimon", Form::Number(0, MAX)),
    ("min_links", Form::Number(0, MAX)),
    ("ns_ip6_target", Form::Ip6),
    ("num_grat_arp", Form::Number(0, 255)),
    ("num_unsol_na", Form::Number(0, 255)),
    ("packets_per_slave", Form::Number(0, 65535)),
    ("peer_notif_delay", Form::Number(0, MAX)),
    ("primary", Form::Name),
    ("primary_reselect", Form::Word(&["always", "better", "failure"])),
    ("resend_igmp", Form::Number(0, 255)),
    ("tlb_dynamic_lb", FLAG),
    ("updelay", Form::Number(0, MAX)),
    ("use_carrier", FLAG),
    ("xmit_hash_policy", Form::Word(&["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"])),
];

/// The options of a bond that nothing is said about.
pub(super) fn defaults() -> Vec<(String, String)> {
    set(Vec::new(), "mode", "balance-rr")
}

/// Reads `NAME=VALUE,…` over `options`. Several values of one option are separated by `;`.
pub(super) fn read(
    value: Value<'_>,
    field: Field<'_>,
    mut options: Vec<(String, String)>,
    remarks: &mut Vec<Remark>,
) -> Vec<(String, String)> {
    let mut fields = field.fields();
    while !fields.is_empty() {
        let start = fields.rest();
        let name = fields.next('=');
        let text = fields.next(',');
        let text = values(text);
        match check(name.text, &text) {
            Ok(()) => options = set(options, name.text, &text),
            Err(wrong) => remarks.push(Remark::error(value.origin_of(start), wrong)),
        }
    }
    options
}

/// The values of one option, as the keyfile has them: separated by commas, IPv6 without brackets.
fn values(field: Field<'_>) -> String {
    let mut fields = field.fields();
    let values = std::iter::from_fn(|| fields.next(';').get());
    values.collect::<Vec<_>>().join(",")
}

/// What is wrong with an option.
fn check(name: &str, value: &str) -> Result<(), String> {
    let Some((_, form)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        let near = nearest(name, OPTIONS.iter().map(|(known, _)| *known), 2);
        let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        return Err(format!("'{name}' is no option of a bond; it is ignored{near}"));
    };
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let all = |valid: fn(&str) -> bool| !value.is_empty() && value.split(',').all(|value| valid(value.trim_ascii()));
    let valid = match form {
        Form::Number(min, max) => digits && number(value, *min, *max).is_some(),
        Form::Word(words) => words.contains(&value) || position(value, words).is_some(),
        Form::Ip4 => all(|value| value.parse::<Ipv4Addr>().is_ok()),
        Form::Ip6 => all(|value| value.parse::<Ipv6Addr>().is_ok()),
        Form::Mac => value.parse::<HwAddr>().is_ok_and(|mac| mac.as_bytes().len() == 6),
        Form::Name => is_interface_name(value),
    };
    let near = match form {
        Form::Word(words) if !valid => nearest(value, words.iter().copied(), 3),
        _ => None,
    };
    let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
    if valid { Ok(()) } else { Err(format!("'{value}' is no value of the bond option '{name}'; it is ignored{near}")) }
}

/// The word at the position that `value` is.
fn position(value: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    value.parse::<usize>().ok().filter(|_| digits).and_then(|at| words.get(at)).copied()
}

/// Sets one option.
fn set(mut options: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    options.retain(|(known, _)| known != name);
    options.push((name.to_owned(), value.to_owned()));
    options
}

/// Drops options that the mode has no use for, or that contradict others: a daemon would refuse the whole bond.
pub(super) fn settle(options: &mut Vec<(String, String)>, origin: &Origin, remarks: &mut Vec<Remark>) {
    let mode = get(options, "mode").unwrap_or("balance-rr");
    let mode = position(mode, MODES).unwrap_or(mode).to_owned();
    *options = set(std::mem::take(options), "mode", &mode);
    options.rotate_right(1);
    let mut dropped: Vec<(&str, &str)> = Vec::new();
    let all = OPTIONS.iter().map(|(name, _)| (name, modes_of(name)));
    for (name, modes) in all.filter(|(_, modes)| !modes.contains(&mode.as_str())) {
        if get(options, name).is_some() {
            dropped
                .push((name, if modes.len() > 1 { "another mode" } else { modes.first().unwrap_or(&"another mode") }));
        }
    }
    options.retain(|(name, _)| dropped.iter().all(|(known, _)| known != name));
    while let Some((name, needs)) = contradiction(options, &mode) {
        options.retain(|(known, _)| known != name);
        dropped.push((name, needs));
    }
    for (name, needs) in dropped {
        let text = format!("the bond option '{name}' needs {needs}; it is ignored (mode {mode})");
        remarks.push(Remark::error(origin.clone(), text));
    }
}

/// An option that cannot be, and what it would need.
fn contradiction(options: &[(String, String)], mode: &str) -> Option<(&'static str, &'static str)> {
    let number = |name, default| get(options, name).map_or(default, |value| value.parse::<i64>().unwrap_or(default));
    let has = |name| get(options, name).is_some();
    let miimon = number("miimon", 100);
    let arp = number("arp_interval", 0) > 0;
    let targets = has("arp_ip_target") || has("ns_ip6_target");
    let delay = number("peer_notif_delay", 0);
    let hash = get(options, "xmit_hash_policy").is_none_or(|policy| matches!(policy, "vlan+srcmac" | "5"));
    let slb = number("balance-slb", 0) > 0;
    let adaptive = ADAPTIVE.contains(&mode) || LACP.contains(&mode);
    [
        (arp && !targets, "arp_interval", "arp_ip_target or ns_ip6_target"),
        (!arp && has("arp_ip_target"), "arp_ip_target", "arp_interval"),
        (!arp && has("ns_ip6_target"), "ns_ip6_target", "arp_interval"),
        (adaptive && number("arp_missed_max", 0) > 0, "arp_missed_max", "another mode"),
        (miimon == 0 && number("updelay", 0) > 0, "updelay", "miimon"),
        (miimon == 0 && number("downdelay", 0) > 0, "downdelay", "miimon"),
        (miimon == 0 && delay > 0, "peer_notif_delay", "miimon"),
        (!arp && miimon > 0 && delay % miimon.max(1) != 0, "peer_notif_delay", "to be a multiple of miimon"),
        (
            has("num_grat_arp") && has("num_unsol_na") && number("num_grat_arp", 1) != number("num_unsol_na", 1),
            "num_unsol_na",
            "the value of num_grat_arp",
        ),
        (slb && mode != "balance-xor", "balance-slb", "mode balance-xor"),
        (slb && !hash, "xmit_hash_policy", "to be vlan+srcmac with balance-slb"),
    ]
    .into_iter()
    .find_map(|(wrong, name, needs)| wrong.then_some((name, needs)))
}

/// The value of an option.
fn get<'o>(options: &'o [(String, String)], name: &str) -> Option<&'o str> {
    options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::words::Word;
    use super::*;

    /// Reads options and settles them: the options, and the number of remarks.
    fn options(text: &str) -> (String, usize) {
        let word = Word { text: format!("={text}"), column: 1, quotes: Vec::new() };
        let (_, value) = Value::of(&word);
        let mut remarks = Vec::new();
        let mut options = read(value, value.field, defaults(), &mut remarks);
        settle(&mut options, &word.origin(), &mut remarks);
        (options.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "), remarks.len())
    }

    #[test]
    fn modes_may_be_numbers_and_other_options_keep_theirs() {
        assert_eq!(options("mode=4,lacp_rate=1,miimon=100"), ("mode=802.3ad lacp_rate=1 miimon=100".to_owned(), 0));
        assert_eq!(options(""), ("mode=balance-rr".to_owned(), 0));
    }

    #[test]
    fn several_values_lose_semicolons_and_brackets() {
        let text = "arp_interval=100,ns_ip6_target=[fc08::1];[fc08::2]";
        assert_eq!(options(text).0, "mode=balance-rr arp_interval=100 ns_ip6_target=fc08::1,fc08::2");
        assert_eq!(options("arp_interval=1,arp_ip_target=10.0.0.1;10.0.0.2").1, 0);
    }

    #[test]
    fn what_is_wrong_or_does_not_fit_is_dropped_alone() {
        assert_eq!(options("mod=1,miimon=x,miimon=,=3,mode=7,miimon=50"), ("mode=balance-rr miimon=50".to_owned(), 5));
        assert_eq!(options("mode=802.3ad,primary=eth0"), ("mode=802.3ad".to_owned(), 1));
        assert_eq!(options("arp_interval=100"), ("mode=balance-rr".to_owned(), 1));
        assert_eq!(options("miimon=0,updelay=5,downdelay=6"), ("mode=balance-rr miimon=0".to_owned(), 2));
        assert_eq!(options("peer_notif_delay=150,miimon=100").0, "mode=balance-rr miimon=100");
    }
}
