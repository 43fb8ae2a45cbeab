//! The report of the last run, changed afterwards.

use std::path::Path;

use serde_json::Value;

use super::file::{self, StateFile, below};
use super::report::{self, PATH};
use crate::journal::Journal;
use crate::profile::handover::Handover;
use crate::proto::names::HostName;

/// Tells in the report that is there that these links are down: their state, and nothing of theirs any more.
pub fn mark_down(root: &Path, links: &[u32]) {
    let mut report = report(root);
    if !report.is_object() {
        return;
    }
    let mut names = Vec::new();
    for link in report.get_mut("links").and_then(Value::as_array_mut).into_iter().flatten() {
        let ifindex = link.get("ifindex").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok());
        let Some(fields) = link.as_object_mut().filter(|_| ifindex.is_some_and(|index| links.contains(&index))) else {
            continue;
        };
        names.extend(fields.get("ifname").cloned());
        let null = ["lease", "lease6", "wireguard"].map(|key| (key, Value::Null));
        let down = [("state", "down".into()), ("addresses", Value::Array(Vec::new()))];
        fields.extend(down.into_iter().chain(null).map(|(key, value)| (key.to_owned(), value)));
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

/// What a later run does not find out again.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Of the command line; empty where no report is there.
    pub cmdline_hash: String,
    /// The host name that was set, or was to be.
    pub hostname: Option<String>,
}

/// What the report that is there tells of the run before.
pub fn earlier(root: &Path) -> Earlier {
    let report = report(root);
    let word = |key: &str| report.get(key).and_then(Value::as_str).map(str::to_owned);
    // What is read from a file is not believed.
    let hostname = word("hostname").filter(|name| HostName::parse(name.as_bytes()).is_ok());
    Earlier { cmdline_hash: word("cmdline_hash").unwrap_or_default(), hostname }
}

/// The report that is there; null where there is none.
fn report(root: &Path) -> Value {
    let text = report::read(&below(root, Path::new(PATH))).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// For which daemons the last run has left files, and the number at the start of networkd's.
pub fn handed_over(root: &Path) -> (Handover, u8) {
    let (mut handover, mut priority) = (Handover::default(), 10);
    for one in report(root).get("handed_over").and_then(Value::as_array).into_iter().flatten() {
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
