//! The report of the last run, changed afterwards.

use std::path::Path;

use serde_json::Value;

use super::file::{self, StateFile, below};
use super::report::PATH;
use crate::journal::Journal;
use crate::profile::handover::Handover;

/// Tells in the report that is there that these links are down: their state, and nothing of theirs any more.
pub fn mark_down(root: &Path, links: &[u32]) {
    let path = below(root, Path::new(PATH));
    let Some(mut report) = file::read(&path).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return;
    };
    let mut names = Vec::new();
    for link in report.get_mut("links").and_then(Value::as_array_mut).into_iter().flatten() {
        let ifindex = link.get("ifindex").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok());
        let Some(fields) = link.as_object_mut().filter(|_| ifindex.is_some_and(|index| links.contains(&index))) else {
            continue;
        };
        names.extend(fields.get("ifname").cloned());
        for (key, value) in [("state", "down".into()), ("addresses", Value::Array(Vec::new())), ("lease", Value::Null)]
        {
            fields.insert(key.to_owned(), value);
        }
    }
    if let Some(routes) = report.get_mut("routes").and_then(Value::as_array_mut) {
        routes.retain(|route| !names.iter().any(|name| route.get("ifname") == Some(name)));
    }
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    for error in file::write(root, &[StateFile::public(PATH, text)], Some(&mut Journal::open(root))) {
        log::warn!("{error}");
    }
}

/// For which daemons the last run has left files, and the number at the start of networkd's.
pub fn handed_over(root: &Path) -> (Handover, u8) {
    let (mut handover, mut priority) = (Handover::default(), 10);
    let text = file::read(&below(root, Path::new(PATH))).unwrap_or_default();
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    for one in report.get("handed_over").and_then(Value::as_array).into_iter().flatten() {
        let first = one.get("files").and_then(|files| files.get(0)).and_then(Value::as_str);
        match (one.get("to").and_then(Value::as_str), first) {
            (Some("networkmanager"), Some(_)) => handover.networkmanager = true,
            (Some("networkd"), Some(path)) => {
                handover.networkd = true;
                let name = path.rsplit('/').next().unwrap_or_default();
                priority = name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(priority);
            }
            _ => {}
        }
    }
    (handover, priority)
}
