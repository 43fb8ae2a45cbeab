//! `routing-ruleN`: a policy rule in words much like `ip rule add`.

use ipnet::IpNet;

use super::Family;
use super::address::numbered;
use super::route_options::KINDS;
use super::table::{Notes, Taken};
use super::value::{decimal, integer};
use super::verify::is_interface_name;
use crate::input::keyfile::Group;
use crate::profile::IpSettings;
use crate::profile::ip::{RouteKind, RoutingRule, TABLE_MAIN};

/// A word with a value: its names, and what it sets. Answers false if the value is no good.
struct Word {
    names: &'static [&'static str],
    set: fn(&mut Draft, &str) -> bool,
}

/// A rule as far as it was read.
struct Draft {
    rule: RoutingRule,
    family: Family,
    priority: bool,
    seen: Vec<&'static str>,
}

const WORDS: &[Word] = &[
    Word { names: &["from"], set: |draft, text| net(&mut draft.rule.from, draft.family, text) },
    Word { names: &["to"], set: |draft, text| net(&mut draft.rule.to, draft.family, text) },
    Word { names: &["priority", "order", "pref", "preference"], set: set_priority },
    Word { names: &["table", "lookup"], set: set_table },
    Word { names: &["tos", "dsfield"], set: |draft, text| put(&mut draft.rule.tos, integer(text), |n| n != &0) },
    Word { names: &["ipproto"], set: |draft, text| put(&mut draft.rule.ipproto, decimal(text), |n| n != &0) },
    Word { names: &["sport"], set: |draft, text| ports(&mut draft.rule.sport, text) },
    Word { names: &["dport"], set: |draft, text| ports(&mut draft.rule.dport, text) },
    Word { names: &["fwmark"], set: set_mark },
    Word { names: &["iif", "dev"], set: |draft, text| interface(&mut draft.rule.iif, text) },
    Word { names: &["oif"], set: |draft, text| interface(&mut draft.rule.oif, text) },
    Word {
        names: &["suppress_prefixlength", "sup_pl"],
        set: |draft, text| {
            put(&mut draft.rule.suppress_prefixlength, integer(text), |_| true)
                && draft.rule.suppress_prefixlength <= Some(u32::from(draft.family.bits()))
        },
    },
    Word { names: &["uidrange"], set: set_users },
    Word { names: &["type"], set: set_kind },
];

/// Puts a number into its field where it fits; `keep` says which numbers mean something.
fn put<N: TryFrom<i64>>(field: &mut Option<N>, number: Option<i64>, keep: impl Fn(&N) -> bool) -> bool {
    let number = number.and_then(|number| N::try_from(number).ok());
    let good = number.is_some();
    *field = number.filter(keep);
    good
}

/// `all` is no restriction, and so is the prefix of length 0; a prefix of length 0 with address bits is refused.
fn net(field: &mut Option<IpNet>, family: Family, text: &str) -> bool {
    if text == "all" {
        return true;
    }
    let net = family.net(text);
    *field = net.filter(|net| net.prefix_len() > 0);
    net.is_some_and(|net| net.prefix_len() > 0 || net.addr().is_unspecified())
}

fn set_priority(draft: &mut Draft, text: &str) -> bool {
    let number = integer(text).and_then(|number| u32::try_from(number).ok());
    draft.priority = number.is_some();
    draft.rule.priority = number.unwrap_or_default();
    draft.priority
}

fn set_table(draft: &mut Draft, text: &str) -> bool {
    let number = match text {
        "main" => Some(i64::from(TABLE_MAIN)),
        "local" => Some(255),
        "default" => Some(253),
        _ => integer(text),
    };
    put(&mut draft.rule.table, number, |_| true)
}

fn range<N: TryFrom<i64> + PartialOrd>(text: &str, read: fn(&str) -> Option<i64>) -> Option<(N, N)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text| read(text).and_then(|number| N::try_from(number).ok());
    Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last)
}

/// The last port cannot be named, and port 0 is none.
fn ports(field: &mut Option<(u16, u16)>, text: &str) -> bool {
    let found = range::<u16>(text, decimal);
    *field = found.filter(|&(first, _)| first > 0);
    found.is_some_and(|(first, last)| if first == 0 { last == 0 } else { last < u16::MAX })
}

fn set_users(draft: &mut Draft, text: &str) -> bool {
    draft.rule.uidrange = range(text, integer);
    draft.rule.uidrange.is_some()
}

fn set_mark(draft: &mut Draft, text: &str) -> bool {
    let (mark, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    let number = |text| integer(text).and_then(|number| u32::try_from(number).ok());
    let found = number(mark).zip(number(mask));
    draft.rule.fwmark = found.filter(|&pair| pair != (0, 0));
    found.is_some()
}

fn interface(field: &mut Option<String>, text: &str) -> bool {
    *field = Some(text.to_owned());
    is_interface_name(text)
}

/// Rules know four of the route types.
fn set_kind(draft: &mut Draft, text: &str) -> bool {
    let kind = KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    draft.rule.kind = kind.filter(|kind| *kind != RouteKind::Unicast);
    matches!(kind, Some(RouteKind::Unicast | RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit))
}

/// Splits at white space; a backslash takes the next character as it is.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => word.extend(characters.next()),
            character if character.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            character => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Reads one rule.
pub(super) fn parse(text: &str, family: Family) -> Result<RoutingRule, String> {
    let mut draft = Draft { rule: RoutingRule::default(), family, priority: false, seen: Vec::new() };
    let mut words = words(text).into_iter();
    while let Some(name) = words.next() {
        if name == "not" {
            draft.rule.invert = true;
            continue;
        }
        if KINDS.iter().any(|(kind, _)| *kind == name) {
            read_word(&mut draft, "type", &name)?;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("'{name}' is not known or has no value"))?;
        read_word(&mut draft, &name, &value)?;
    }
    complete(draft)
}

fn read_word(draft: &mut Draft, name: &str, value: &str) -> Result<(), String> {
    let word = WORDS.iter().find(|word| word.names.contains(&name)).ok_or_else(|| format!("'{name}' is not known"))?;
    let first = word.names.first().copied().unwrap_or_default();
    if draft.seen.contains(&first) {
        return Err(format!("'{name}' is said twice"));
    }
    draft.seen.push(first);
    if (word.set)(draft, value) { Ok(()) } else { Err(format!("'{name} {value}' is not valid")) }
}

fn complete(draft: Draft) -> Result<RoutingRule, String> {
    let Draft { rule, priority, .. } = draft;
    if !priority {
        return Err("a rule needs a priority, as in 'priority 100 from 192.0.2.1 table 100'".to_owned());
    }
    if rule.kind.is_none() && rule.table == Some(0) {
        return Err("table 0 does not exist".to_owned());
    }
    if rule.kind.is_some() && rule.suppress_prefixlength.is_some() {
        return Err("suppress_prefixlength goes with a table only".to_owned());
    }
    Ok(rule)
}

/// Reads every rule.
pub(super) fn read(ip: &mut IpSettings, family: Family, group: &Group, notes: &mut Notes<'_>) {
    for entry in numbered(group, &["routing-rule"]) {
        let taken = match entry.text().map_err(|error| error.to_string()).and_then(|text| parse(&text, family)) {
            Ok(rule) => {
                ip.routing_rules.push(rule);
                Taken::Yes
            }
            Err(why) => Taken::No(why),
        };
        notes.taken(family.group(), entry, taken);
    }
}

/// Writes every rule.
pub(super) fn write(ip: &IpSettings, family: Family, group: &mut Group) {
    for (index, rule) in ip.routing_rules.iter().enumerate() {
        group.set_text(&format!("routing-rule{}", index.saturating_add(1)), &text(rule, family));
    }
}

fn text(rule: &RoutingRule, family: Family) -> String {
    let mut words = vec![format!("priority {}", rule.priority)];
    let mut word = |word: Option<String>| words.extend(word);
    word(rule.invert.then(|| "not".to_owned()));
    // A rule says at least where packets come from.
    let everywhere = rule.to.is_none().then(|| format!("from {}/0", family.unspecified()));
    word(rule.from.map(|net| format!("from {net}")).or(everywhere));
    word(rule.to.map(|net| format!("to {net}")));
    word(rule.tos.map(|tos| format!("tos 0x{tos:02x}")));
    word(rule.ipproto.map(|number| format!("ipproto {number}")));
    word(rule.fwmark.map(|(mark, mask)| match mask {
        u32::MAX => format!("fwmark 0x{mark:x}"),
        mask => format!("fwmark 0x{mark:x}/0x{mask:x}"),
    }));
    word(rule.sport.map(|(first, last)| format!("sport {first}-{last}")));
    word(rule.dport.map(|(first, last)| format!("dport {first}-{last}")));
    word(rule.iif.as_ref().map(|name| format!("iif {}", name.replace('\\', "\\\\"))));
    word(rule.oif.as_ref().map(|name| format!("oif {}", name.replace('\\', "\\\\"))));
    word(rule.uidrange.map(|(first, last)| format!("uidrange {first}-{last}")));
    word(rule.suppress_prefixlength.map(|length| format!("suppress_prefixlength {length}")));
    word(rule.table.map(|table| format!("table {table}")));
    word(rule.kind.and_then(|kind| KINDS.iter().find(|row| row.1 == kind)).map(|row| format!("type {}", row.0)));
    words.join(" ")
}
