//! What each word of a line means and what is wrong with it: `sunup check`.

use std::fmt::Write;

use super::lex::Value;
use super::reading::{Reading, Remark};
use super::table::{self, Parameter};
use super::words::{CommandLine, Word};
use super::{Environment, ip};
use crate::profile::{IpSettings, LinkKind, Method4, Method6, MultiConnect, Origin, Profile};

/// A word and what there is to say about it.
pub struct Explained<'a> {
    /// The word.
    pub word: &'a Word,
    /// The argument it is; `None` if it is not about network.
    pub parameter: Option<&'static Parameter>,
    /// An `ip=` in its long form.
    pub canonical: Option<String>,
    /// The profiles it makes, a line each.
    pub makes: Vec<String>,
    /// What is wrong with it, or hardly meant.
    pub remarks: Vec<Remark>,
}

/// Explains every word, and what the line says that belongs to no word (firmware).
pub fn explain<'a>(line: &'a CommandLine, environment: &Environment<'_>) -> (Vec<Explained<'a>>, Vec<Remark>) {
    let reading = super::read(line, environment);
    let explained = line.words.iter().map(|word| explain_word(word, &reading)).collect();
    let elsewhere = |remark: &&Remark| !line.words.iter().any(|word| is_about(&remark.warning.origin, word));
    let rest = reading.remarks.iter().filter(elsewhere).cloned().collect();
    (explained, rest)
}

/// Explains one word of a line that has been read.
fn explain_word<'a>(word: &'a Word, reading: &Reading) -> Explained<'a> {
    let (name, value) = Value::of(word);
    let makes = reading.profiles.iter().filter(|profile| is_about(&profile.origin, word)).map(summary);
    let remarks = reading.remarks.iter().filter(|remark| is_about(&remark.warning.origin, word)).cloned();
    Explained {
        word,
        parameter: table::find(name),
        canonical: Some(value).filter(|_| matches!(name, "ip" | "nfsaddrs")).and_then(ip::canonical),
        makes: makes.collect(),
        remarks: remarks.chain(misspelt(word, name)).collect(),
    }
}

/// A name that is nearly one of ours. Short ones are nearly anything.
fn misspelt(word: &Word, name: &str) -> Option<Remark> {
    let limit = match name.len() {
        0..5 if same_but(name).is_none() => return None,
        5..9 => 1,
        _ => 2,
    };
    let known = table::find(name).is_some() || table::is_ours(name);
    let near = same_but(name).or_else(|| table::nearest_name(name, limit)).filter(|_| !known)?;
    Some(Remark::error(word.origin(), format!("there is no argument {name}=; did you mean {near}=?")))
}

/// The argument of this name in another case, or with the prefix that is missing.
fn same_but(name: &str) -> Option<&'static str> {
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    let prefixed = |known: &str| ["rd.", "rd.net."].iter().any(|prefix| known.strip_prefix(prefix) == Some(name));
    table::PARAMETERS.iter().map(|parameter| parameter.name).find(|known| same(known) || prefixed(known))
}

/// True if something at `origin` stands in `word`.
fn is_about(origin: &Origin, word: &Word) -> bool {
    matches!(origin, Origin::CommandLine { word: text, column, .. } if *text == word.text && *column == word.column)
}

/// A profile in one line: link, then both families.
fn summary(profile: &Profile) -> String {
    let mut out = format!("{} ({}", profile.id, profile.kind.name());
    if let LinkKind::Vlan(vlan) = &profile.kind {
        let _ = write!(out, " {} over {}", vlan.id, vlan.parent.as_deref().unwrap_or("the link with its MAC"));
    }
    match (&profile.interface_name, profile.matching.mac_address, &profile.controller) {
        (_, _, Some(controller)) => {
            let _ = write!(out, "): port of a {}", controller.port_type);
            return out;
        }
        (None, None, None) if profile.kind == LinkKind::Ethernet && profile.multi_connect == MultiConnect::Multiple => {
            out.push_str(", every link)");
        }
        (None, None, None) if profile.kind == LinkKind::Ethernet => out.push_str(", any one link)"),
        (None, Some(mac), None) => {
            let _ = write!(out, ", {mac})");
        }
        _ => out.push(')'),
    }
    if let (Some(ipv4), Some(ipv6)) = (&profile.ipv4, &profile.ipv6) {
        let method4 = match ipv4.method {
            Method4::Auto => "DHCP",
            Method4::Manual => "static",
            Method4::LinkLocal => "link-local",
            Method4::Shared => "shared",
            Method4::Disabled => "off",
        };
        let method6 = match ipv6.method {
            Method6::Auto => "automatic",
            Method6::Dhcp => "DHCP",
            Method6::Manual => "static",
            Method6::LinkLocal => "link-local",
            Method6::Ignore | Method6::Shared => "left to the kernel",
            Method6::Disabled => "off",
        };
        let _ = write!(out, ": IPv4 {method4}{}; IPv6 {method6}{}", family(&ipv4.ip), family(&ipv6.ip));
    }
    out
}

/// Addresses, gateway, routes and name servers of a family.
fn family(ip: &IpSettings) -> String {
    let mut out = String::new();
    for address in &ip.addresses {
        let _ = write!(out, " {address}");
    }
    if let Some(gateway) = ip.gateway {
        let _ = write!(out, " via {gateway}");
    }
    for route in &ip.routes {
        let _ = write!(out, ", route {}", route.destination);
        if let Some(gateway) = route.gateway {
            let _ = write!(out, " via {gateway}");
        }
    }
    for server in &ip.dns {
        let _ = write!(out, ", DNS {}", server.text);
    }
    out.push_str(if ip.may_fail { "" } else { " (required)" });
    out
}
