//! The report of the last run as a table for people.

use std::fmt::Write as _;

use serde_json::Value;

use crate::profile::text::one_line;

/// Colours of a terminal (ECMA-48), for the state words.
const COLOURS: [(&str, &str); 6] =
    [("ok", "32"), ("up", "32"), ("degraded", "33"), ("pending", "33"), ("failed", "31"), ("down", "31")];

/// The table. `colour`: for a terminal that wants it.
pub(super) fn table(report: &Value, colour: bool) -> String {
    let mut out = String::new();
    let took = ms(report, "finished_ms").zip(ms(report, "started_ms")).map(|(end, start)| end.saturating_sub(start));
    let _ = writeln!(out, "{} after {} ms", painted(&text(report, "result"), 0, colour), took.unwrap_or(0));
    let start = ms(report, "started_ms").unwrap_or(0);
    let (foreign, ours): (Vec<_>, Vec<_>) = list(report, "links").partition(|link| text(link, "state") == "untouched");
    rows(&mut out, &["LINK", "STATE", "PROFILE", "ADDRESS", "FROM", "VALID", "DONE"], &ours, colour, &|link| {
        let times = ms(link, "done_ms").map_or("-".to_owned(), |at| format!("{} ms", at.saturating_sub(start)));
        let profile = link.get("profile").map_or("-".to_owned(), |profile| text(profile, "id"));
        let mut addresses = list(link, "addresses").map(address);
        let [cidr, from, valid] = addresses.next().unwrap_or_else(|| ["-", "-", "-"].map(str::to_owned));
        let first = vec![text(link, "ifname"), text(link, "state"), profile, cidr, from, valid, times];
        let others = addresses.map(|[cidr, from, valid]| {
            let empty = String::new;
            vec![empty(), empty(), empty(), cidr, from, valid, empty()]
        });
        std::iter::once(first).chain(others).collect()
    });
    for link in ours.iter().filter(|link| link.get("reason").is_some_and(Value::is_string)) {
        let _ = writeln!(out, "{}: {}", text(link, "ifname"), text(link, "reason"));
    }
    rest(&mut out, report);
    if !foreign.is_empty() {
        let _ = writeln!(out, "\nnot ours:");
    }
    for link in foreign {
        let _ = writeln!(out, "  {}: {}", text(link, "ifname"), text(link, "reason"));
    }
    out
}

/// Routes, rules, name servers, what is missing, warnings.
fn rest(out: &mut String, report: &Value) {
    for route in list(report, "routes").filter(|route| text(route, "proto") != "kernel") {
        let via =
            route.get("gateway").and_then(Value::as_str).map(|g| format!(" via {}", one_line(g))).unwrap_or_default();
        let metric = ms(route, "metric").unwrap_or(0);
        let _ =
            writeln!(out, "route {}{via} dev {} metric {metric}", text(route, "destination"), text(route, "ifname"));
    }
    let words = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(one_line).collect()
    };
    let dns = report.get("dns");
    let lines = [
        ("rule", words(report.get("rules"))),
        ("name server", words(dns.and_then(|dns| dns.get("servers")))),
        ("search", words(dns.and_then(|dns| dns.get("search")))),
        ("missing:", list(report, "missing").map(|missing| text(missing, "what")).collect()),
        ("warning:", words(report.get("warnings"))),
    ];
    for (name, values) in lines {
        values.iter().for_each(|value| _ = writeln!(out, "{name} {value}"));
    }
    let daemons: Vec<String> = list(report, "handed_over")
        .filter(|one| one.get("files").and_then(Value::as_array).is_some_and(|files| !files.is_empty()))
        .map(|one| text(one, "to"))
        .collect();
    if !daemons.is_empty() {
        let _ = writeln!(out, "handed over to {}", daemons.join(", "));
    }
}

/// Rows in columns as wide as their widest value; nothing without a row.
fn rows(out: &mut String, heads: &[&str], links: &[&Value], colour: bool, cells: &dyn Fn(&Value) -> Vec<Vec<String>>) {
    let rows: Vec<Vec<String>> = links.iter().flat_map(|link| cells(link)).collect();
    if rows.is_empty() {
        return;
    }
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let width = |column: usize| {
        let cell = |row: &Vec<String>| row.get(column).map_or(0, |cell| cell.chars().count());
        rows.iter().chain([&heads]).map(cell).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for row in std::iter::once(&heads).chain(&rows) {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| painted(cell, width, colour)).collect();
        let _ = writeln!(out, "{}", line.join("  ").trim_end());
    }
}

/// A cell, padded; a word that says how it went in its colour.
fn painted(word: &str, width: usize, colour: bool) -> String {
    let padding = " ".repeat(width.saturating_sub(word.chars().count()));
    match COLOURS.iter().find(|(known, _)| *known == word).filter(|_| colour) {
        Some((_, code)) => format!("\u{1b}[{code}m{word}\u{1b}[0m{padding}"),
        None => format!("{word}{padding}"),
    }
}

/// Address, where it came from, how long it is valid.
fn address(address: &Value) -> [String; 3] {
    let valid = ms(address, "valid_lft").map_or("forever".to_owned(), |seconds| format!("{seconds} s"));
    [text(address, "cidr"), text(address, "proto"), valid]
}

/// A text for one line; `-` where there is none. The report may hold what a server said.
fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).map_or("-".to_owned(), one_line)
}

fn ms(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        json!({
            "result": "degraded", "started_ms": 100, "finished_ms": 142,
            "links": [
                { "ifname": "eth0", "state": "up", "profile": { "id": "eth0" }, "done_ms": 130, "addresses": [
                    { "cidr": "192.0.2.2/24", "proto": "dhcp4", "valid_lft": 3600 },
                    { "cidr": "2001:db8::2/64", "proto": "ra", "valid_lft": null } ] },
                { "ifname": "ethernet1", "state": "failed", "reason": "no carrier\u{1b}[2J", "addresses": [] },
                { "ifname": "docker0", "state": "untouched", "reason": "configured already", "addresses": [] } ],
            "routes": [{ "destination": "0.0.0.0/0", "gateway": "192.0.2.1", "ifname": "eth0", "metric": 100, "proto": "dhcp" }],
            "rules": [], "dns": { "servers": ["192.0.2.53"], "search": [] }, "missing": [], "warnings": [],
            "handed_over": [{ "to": "networkmanager", "files": ["/run/x"] }, { "to": "networkd", "files": [] }],
        })
    }

    #[test]
    fn links_stand_in_columns_and_others_apart() {
        let expected = "\
degraded after 42 ms
LINK       STATE   PROFILE  ADDRESS         FROM   VALID    DONE
eth0       up      eth0     192.0.2.2/24    dhcp4  3600 s   30 ms
                            2001:db8::2/64  ra     forever
ethernet1  failed  -        -               -      -        -
";
        let table = table(&report(), false);
        assert_eq!(&table[..expected.len()], expected);
        let rest = &table[expected.len()..];
        assert!(rest.starts_with("ethernet1: no carrier") && !rest.contains('\u{1b}'), "{rest}");
        assert!(rest.contains("route 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 100\nname server 192.0.2.53\n"), "{rest}");
        assert!(
            rest.ends_with("handed over to networkmanager\n\nnot ours:\n  docker0: configured already\n"),
            "{rest}"
        );
    }

    #[test]
    fn colour_is_only_around_words_and_only_when_asked() {
        let table = table(&report(), true);
        assert!(
            table.contains("\u{1b}[33mdegraded\u{1b}[0m") && table.contains("\u{1b}[32mup\u{1b}[0m      eth0"),
            "{table}"
        );
    }

    #[test]
    fn any_json_is_a_table() {
        for report in [
            json!(null),
            json!([]),
            json!({ "links": 3, "dns": [] }),
            json!({ "links": [1, {}, { "addresses": [7] }] }),
        ] {
            assert!(!table(&report, false).is_empty());
        }
    }
}
