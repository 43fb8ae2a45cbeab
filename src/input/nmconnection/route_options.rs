//! `routeN_options`: `name=value` pairs separated by `,`, with `\` before a separator that is meant.

use super::Family;
use super::table::{Lens, Notes, Taken, lens};
use super::value::{decimal, lenient_boolean};
use crate::input::keyfile::Entry;
use crate::profile::ip::{RouteKind, RouteOptions};

/// A route attribute.
struct Attribute {
    name: &'static str,
    /// The only family that has it.
    only: Option<Family>,
    field: Field,
}

enum Field {
    Number(Lens<RouteOptions, Option<u32>>),
    Byte(Lens<RouteOptions, Option<u8>>),
    Bool(Lens<RouteOptions, Option<bool>>),
    /// At most 256.
    Weight,
    Kind,
    Src,
    From,
}

const fn attribute(name: &'static str, only: Option<Family>, field: Field) -> Attribute {
    Attribute { name, only, field }
}

const V4: Option<Family> = Some(Family::V4);
const V6: Option<Family> = Some(Family::V6);

/// All attributes, in the order they are written.
const ATTRIBUTES: &[Attribute] = &[
    attribute("advmss", None, Field::Number(lens!(advmss))),
    attribute("cwnd", None, Field::Number(lens!(cwnd))),
    attribute("from", V6, Field::From),
    attribute("initcwnd", None, Field::Number(lens!(initcwnd))),
    attribute("initrwnd", None, Field::Number(lens!(initrwnd))),
    attribute("lock-cwnd", None, Field::Bool(lens!(lock_cwnd))),
    attribute("lock-initcwnd", None, Field::Bool(lens!(lock_initcwnd))),
    attribute("lock-initrwnd", None, Field::Bool(lens!(lock_initrwnd))),
    attribute("lock-mtu", None, Field::Bool(lens!(lock_mtu))),
    attribute("lock-window", None, Field::Bool(lens!(lock_window))),
    attribute("mtu", None, Field::Number(lens!(mtu))),
    attribute("onlink", None, Field::Bool(lens!(onlink))),
    attribute("quickack", None, Field::Bool(lens!(quickack))),
    attribute("rto_min", None, Field::Number(lens!(rto_min))),
    attribute("scope", V4, Field::Byte(lens!(scope))),
    attribute("src", None, Field::Src),
    attribute("table", None, Field::Number(lens!(table))),
    attribute("tos", V4, Field::Byte(lens!(tos))),
    attribute("type", None, Field::Kind),
    attribute("weight", V4, Field::Weight),
    attribute("window", None, Field::Number(lens!(window))),
];

/// The names of the route types.
pub(super) const KINDS: &[(&str, RouteKind)] = &[
    ("unicast", RouteKind::Unicast),
    ("local", RouteKind::Local),
    ("blackhole", RouteKind::Blackhole),
    ("unreachable", RouteKind::Unreachable),
    ("prohibit", RouteKind::Prohibit),
    ("throw", RouteKind::Throw),
];

/// Splits at `separator`, but not behind a backslash; the backslashes stay.
fn split_escaped(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if character == separator && !escaped {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at.saturating_add(separator.len_utf8());
        }
        escaped = character == '\\' && !escaped;
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

/// Reads the options of a route. One that cannot be read at all voids all of them, as in the daemon.
pub(super) fn read(entry: &Entry, family: Family, notes: &mut Notes<'_>) -> RouteOptions {
    let mut options = RouteOptions::default();
    let text = entry.text().unwrap_or_default();
    for part in split_escaped(&text, ',').into_iter().filter(|part| !part.is_empty()) {
        let mut words = split_escaped(part, '=').into_iter();
        let name = unescape(words.next().unwrap_or_default());
        let Some(attribute) = ATTRIBUTES.iter().find(|attribute| attribute.name == name) else {
            notes.warn(
                entry.line,
                format!("{}.{}: {name} is not a route option sunup knows", family.group(), entry.key),
            );
            continue;
        };
        let value = part.split_once('=').map(|(_, value)| unescape(value));
        let Some(value) = value else {
            notes.taken(family.group(), entry, Taken::No(format!("{name} has no value")));
            return RouteOptions::default();
        };
        if attribute.only.is_some_and(|only| only != family) {
            notes.warn(entry.line, format!("{}.{}: {name} has no meaning here", family.group(), entry.key));
            continue;
        }
        match set(&mut options, &attribute.field, &value, family) {
            Ok(true) => {}
            Ok(false) => notes.warn(
                entry.line,
                format!("{}.{}: {name}={value} is not valid and left out", family.group(), entry.key),
            ),
            Err(()) => {
                notes.taken(
                    family.group(),
                    entry,
                    Taken::No(format!("{name}={value} is not valid; no option is used")),
                );
                return RouteOptions::default();
            }
        }
    }
    options
}

/// `Ok(false)`: this attribute is left out. `Err`: the text is of the wrong kind, which voids all of them.
fn set(options: &mut RouteOptions, field: &Field, value: &str, family: Family) -> Result<bool, ()> {
    match field {
        Field::Number(lens) => {
            *(lens.set)(options) = Some(decimal(value).and_then(|n| u32::try_from(n).ok()).ok_or(())?)
        }
        Field::Weight => {
            let weight = decimal(value).and_then(|n| u32::try_from(n).ok()).ok_or(())?;
            options.weight = Some(weight).filter(|&weight| weight <= 256);
            return Ok(options.weight.is_some());
        }
        Field::Byte(lens) => *(lens.set)(options) = Some(decimal(value).and_then(|n| u8::try_from(n).ok()).ok_or(())?),
        Field::Bool(lens) => *(lens.set)(options) = Some(lenient_boolean(value).ok_or(())?),
        Field::Kind => {
            let kind = KINDS.iter().find(|(name, _)| *name == value);
            options.kind = kind.map(|(_, kind)| *kind);
            return Ok(kind.is_some());
        }
        Field::Src => {
            options.src = family.address(value);
            return Ok(options.src.is_some());
        }
        Field::From => {
            options.from = family.net(value);
            return Ok(options.from.is_some());
        }
    }
    Ok(true)
}

/// The options as text; empty if there are none.
pub(super) fn write(options: &RouteOptions) -> String {
    let pairs = ATTRIBUTES.iter().filter_map(|attribute| {
        get(options, &attribute.field)
            .map(|value| format!("{}={}", attribute.name, value.replace('\\', "\\\\").replace(',', "\\,")))
    });
    pairs.collect::<Vec<_>>().join(",")
}

fn get(options: &RouteOptions, field: &Field) -> Option<String> {
    match field {
        Field::Number(lens) => (lens.get)(options).map(|value| value.to_string()),
        Field::Weight => options.weight.map(|value| value.to_string()),
        Field::Byte(lens) => (lens.get)(options).map(|value| value.to_string()),
        Field::Bool(lens) => (lens.get)(options).map(|value| value.to_string()),
        Field::Kind => options.kind.and_then(|kind| KINDS.iter().find(|row| row.1 == kind)).map(|row| row.0.to_owned()),
        Field::Src => options.src.map(|address| address.to_string()),
        Field::From => options.from.map(|net| net.to_string()),
    }
}
