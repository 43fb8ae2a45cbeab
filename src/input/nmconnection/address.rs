//! `addressN`, `routeN`, `routeN_options` in all the spellings there have been.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Family;
use super::route_options;
use super::table::{Notes, Taken};
use super::value::decimal;
use crate::input::keyfile::{Entry, Group};
use crate::profile::IpSettings;
use crate::profile::ip::{Route, RouteOptions};
use crate::profile::sort::sort_by_key;

/// The entries `BASE`, `BASE0`, `BASE1`, … of these bases in the order the daemon reads them: by number, the bare name first.
pub(super) fn numbered<'a>(group: &'a Group, bases: &[&str]) -> Vec<&'a Entry> {
    let mut found: Vec<(i64, usize, &Entry)> = Vec::new();
    for entry in &group.entries {
        for (kind, base) in bases.iter().enumerate() {
            if let Some(number) = entry.key.strip_prefix(base).and_then(number) {
                found.push((number, kind, entry));
            }
        }
    }
    sort_by_key(&mut found, |(number, kind, _)| (*number, *kind));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}

/// Nothing is -1; no leading zeros, at most 31 bits.
fn number(digits: &str) -> Option<i64> {
    if digits.is_empty() {
        return Some(-1);
    }
    let good = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
    decimal(digits).filter(|&number| good && number <= 0x7fff_ffff)
}

/// `ADDRESS/PREFIX,GATEWAY,METRIC` taken apart. The separators are `/`, `;` and `,`, in any place, as the daemon has it.
struct Parts<'a> {
    rest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// The next field if all of it is of these characters. `Ok(None)` where there is none.
    fn next(&mut self, good: impl Fn(char) -> bool) -> Result<Option<&'a str>, String> {
        let Some(rest) = self.rest.filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let end = rest.find(|c: char| !good(c)).unwrap_or(rest.len());
        let (field, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        self.rest = match tail.strip_prefix(['/', ';', ',']) {
            Some(tail) => Some(tail),
            None if tail.is_empty() => None,
            None => return Err(format!("unexpected '{}'", tail.chars().next().unwrap_or_default())),
        };
        Ok(Some(field))
    }
}

fn address_character(character: char) -> bool {
    character.is_ascii_hexdigit() || matches!(character, ':' | '.' | '%')
}

/// What one value says.
struct Value<'a> {
    address: IpAddr,
    prefix: u8,
    gateway: Option<&'a str>,
    metric: Option<&'a str>,
    remark: Option<String>,
}

fn parse<'a>(text: &'a str, family: Family, route: bool) -> Result<Value<'a>, String> {
    let mut parts = Parts { rest: Some(text) };
    let address = parts.next(address_character)?.unwrap_or_default();
    let prefix = parts.next(|c| c.is_ascii_digit())?;
    let gateway = parts.next(address_character)?;
    let metric = if route { parts.next(|c| c.is_ascii_digit())? } else { None };
    if parts.rest.is_some_and(|rest| !rest.is_empty()) {
        return Err("there is more behind it than belongs there".to_owned());
    }
    let address = family.address(address).ok_or_else(|| format!("'{address}' is not an {family} address"))?;
    let default = match (route, family) {
        (true, Family::V6) => 128,
        (false, Family::V6) => 64,
        (_, Family::V4) => 24,
    };
    let given = prefix.and_then(decimal).and_then(|n| u8::try_from(n).ok()).filter(|&n| n <= family.bits());
    let remark = given.is_none().then(|| format!("no valid prefix length is given; /{default} is taken"));
    Ok(Value { address, prefix: given.unwrap_or(default), gateway, metric, remark })
}

/// Reads every address; answers the gateway the first of them names.
pub(super) fn read_addresses(
    ip: &mut IpSettings,
    family: Family,
    group: &Group,
    notes: &mut Notes<'_>,
) -> Option<String> {
    let mut gateway = None;
    for entry in numbered(group, &["address", "addresses"]) {
        let text = entry.text().unwrap_or_default();
        let taken = match parse(&text, family, false) {
            Ok(value) => match IpNet::new(value.address, value.prefix) {
                Ok(net) => {
                    ip.addresses.push(net);
                    gateway = gateway.or_else(|| value.gateway.map(str::to_owned));
                    value.remark.map_or(Taken::Yes, Taken::Partly)
                }
                Err(error) => Taken::No(error.to_string()),
            },
            Err(why) => Taken::No(why),
        };
        notes.taken(family.group(), entry, taken);
    }
    gateway
}

/// Reads every route with its options.
pub(super) fn read_routes(ip: &mut IpSettings, family: Family, group: &Group, notes: &mut Notes<'_>) {
    for entry in numbered(group, &["route", "routes"]) {
        let text = entry.text().unwrap_or_default();
        let taken = match parse(&text, family, true).and_then(|value| route(value, family)) {
            Ok((mut route, remark)) => {
                if let Some(options) = group.get(&format!("{}_options", entry.key)) {
                    route.options = route_options::read(options, family, notes);
                }
                ip.routes.push(route);
                remark.map_or(Taken::Yes, Taken::Partly)
            }
            Err(why) => Taken::No(why),
        };
        notes.taken(family.group(), entry, taken);
    }
}

fn route(value: Value<'_>, family: Family) -> Result<(Route, Option<String>), String> {
    let number = |text: &str| decimal(text).and_then(|number| u32::try_from(number).ok());
    let mut metric_text = value.metric;
    let mut gateway = None;
    if let Some(text) = value.gateway.filter(|text| !text.is_empty()) {
        match family.address(text) {
            Some(address) => gateway = Some(address).filter(|address| !address.is_unspecified()),
            // An old daemon wrote IPv6 routes without gateway as "net/plen,metric".
            None if family == Family::V6 && metric_text.is_none() && number(text).is_some() => metric_text = Some(text),
            None => return Err(format!("the gateway '{text}' is not an {family} address")),
        }
    }
    let metric = metric_text.map(|text| number(text).ok_or_else(|| format!("'{text}' is not a metric"))).transpose()?;
    let destination = IpNet::new(value.address, value.prefix).map_err(|error| error.to_string())?;
    Ok((Route { destination, gateway, metric, options: RouteOptions::default() }, value.remark))
}

/// Writes addresses and routes. The gateway stands with the first address, where every daemon reads it.
pub(super) fn write(ip: &IpSettings, family: Family, group: &mut Group) {
    for (index, address) in ip.addresses.iter().enumerate() {
        let gateway = ip.gateway.filter(|_| index == 0).map(|gateway| format!(",{gateway}")).unwrap_or_default();
        group.set_raw(&format!("address{}", index.saturating_add(1)), format!("{address}{gateway}"));
    }
    if let Some(gateway) = ip.gateway.filter(|_| ip.addresses.is_empty()) {
        group.set_raw("gateway", gateway.to_string());
    }
    for (index, route) in ip.routes.iter().enumerate() {
        let key = format!("route{}", index.saturating_add(1));
        group.set_raw(&key, route_text(route, family));
        let options = route_options::write(&route.options);
        if !options.is_empty() {
            group.set_text(&format!("{key}_options"), &options);
        }
    }
}

/// A metric needs a gateway before it, which old daemons want to see even where there is none.
fn route_text(route: &Route, family: Family) -> String {
    let gateway = route.gateway.unwrap_or_else(|| family.unspecified());
    match (route.metric, route.gateway) {
        (Some(metric), _) => format!("{},{gateway},{metric}", route.destination),
        (None, Some(_)) => format!("{},{gateway}", route.destination),
        (None, None) => route.destination.to_string(),
    }
}
