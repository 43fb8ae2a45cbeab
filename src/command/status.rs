//! `sunup status`: what the last `up` did, for people or as the JSON it left.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::Status;
use crate::state::report;

/// Prints it; the exit code is that of the run it tells of: 0 ok, 3 degraded, 1 failed or never run.
pub(super) fn run(arguments: &Status) -> ExitCode {
    let path = crate::state::file::below(&arguments.root, Path::new(report::PATH));
    let text = match crate::state::file::read(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("sunup: {}: {error} (has 'sunup up' run?)", path.display());
            return ExitCode::FAILURE;
        }
    };
    let Ok(report) = serde_json::from_str::<Value>(&text) else {
        eprintln!("sunup: {}: is damaged: not JSON; run 'sunup up' again to write it anew", path.display());
        return ExitCode::FAILURE;
    };
    print!("{}", if arguments.json { text } else { table(&report) });
    match report.get("result").and_then(Value::as_str) {
        Some("ok") => ExitCode::SUCCESS,
        Some("degraded") => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    }
}

/// The report as a table for people.
fn table(report: &Value) -> String {
    let mut out = String::new();
    let took = ms(report, "finished_ms").zip(ms(report, "started_ms")).map(|(end, start)| end.saturating_sub(start));
    let _ = writeln!(out, "{} after {} ms", text(report, "result"), took.unwrap_or(0));
    let start = ms(report, "started_ms").unwrap_or(0);
    for link in list(report, "links").filter(|link| text(link, "state") != "untouched") {
        link_lines(&mut out, link, start);
    }
    for route in list(report, "routes").filter(|route| text(route, "proto") != "kernel") {
        let via = route.get("gateway").and_then(Value::as_str).map(|g| format!(" via {g}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "route {}{via} dev {} metric {}",
            text(route, "destination"),
            text(route, "ifname"),
            route["metric"]
        );
    }
    for (key, name) in [("servers", "name server"), ("search", "search")] {
        for value in report["dns"].get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let _ = writeln!(out, "{name} {value}");
        }
    }
    for missing in list(report, "missing") {
        let _ = writeln!(out, "missing: {}", text(missing, "what"));
    }
    for link in list(report, "links").filter(|link| text(link, "state") == "untouched") {
        let _ = writeln!(out, "not ours: {} ({})", text(link, "ifname"), text(link, "reason"));
    }
    for warning in report["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let _ = writeln!(out, "warning: {warning}");
    }
    out
}

fn link_lines(out: &mut String, link: &Value, start: u64) {
    let reason = link.get("reason").and_then(Value::as_str).map(|r| format!(": {r}")).unwrap_or_default();
    let profile = link["profile"].get("id").and_then(Value::as_str).unwrap_or("-");
    let _ = writeln!(out, "{} {}{reason}, profile '{profile}'", text(link, "ifname"), text(link, "state"));
    for address in list(link, "addresses") {
        let lifetime =
            address.get("valid_lft").and_then(Value::as_u64).map_or("forever".to_owned(), |s| format!("{s} s"));
        let _ = writeln!(out, "  address {} ({}, {lifetime})", text(address, "cidr"), text(address, "proto"));
    }
    let points = ["up", "carrier", "offer", "lease", "done"];
    let times: Vec<String> = points
        .iter()
        .filter_map(|point| Some(format!("{point} {} ms", ms(link, &format!("{point}_ms"))?.saturating_sub(start))))
        .collect();
    if !times.is_empty() {
        let _ = writeln!(out, "  {}", times.join(", "));
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}

fn ms(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
