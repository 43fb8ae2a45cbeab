//! `/run/sunup/state.json`: what the last run did, for programs; `sunup status --json` prints it, `sunup status` reads it.
//!
//! Schema 1: `status.schema.json` beside this file says which keys there are, of which types. Times are milliseconds since boot; unknown is `null`; no secret is ever in it. `result` is `ok`, `degraded` or
//! `failed` and goes with exit codes 0, 3 and 1.

mod lease;
mod rule;
mod tunnel;

use std::io;
use std::path::Path;

use serde::Serialize;

use self::lease::{Lease6Report, LeaseReport, lease_report, lease6_report};
use super::file::{self, StateFile};
use crate::activate::{LinkOutcome, Outcome};
use crate::profile::desired::{DesiredAddress, DesiredRoute, protocol};
use crate::profile::tuning::Change;
use crate::profile::{Device, Origin, Profile};
use crate::proto::Instant;

/// Where the report is.
pub const PATH: &str = "/run/sunup/state.json";

/// A route takes 250 bytes, and there may be a quarter of a million.
const LARGEST: u64 = 64 << 20;

/// The text of a report, which is at this path.
pub fn read(path: &Path) -> io::Result<String> {
    file::read_up_to(LARGEST, path)
}

/// The report of one run.
#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    version: &'static str,
    result: &'static str,
    started_ms: u64,
    finished_ms: u64,
    cmdline_hash: String,
    hostname: Option<&'a str>,
    links: Vec<Link<'a>>,
    missing: Vec<Missing<'a>>,
    dns: Dns<'a>,
    routes: Vec<Route>,
    rules: Vec<String>,
    handed_over: Vec<HandedOver>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Link<'a> {
    ifname: &'a str,
    ifindex: u32,
    mac: Option<String>,
    perm_mac: Option<String>,
    driver: Option<&'a str>,
    id_path: Option<&'a str>,
    arp_type: u16,
    kind: Option<&'a str>,
    netns: Option<&'a str>,
    origin: &'static str,
    profile: Option<ProfileRef<'a>>,
    matched_by: Vec<&'a str>,
    rejected: Vec<Rejected<'a>>,
    rejected_more: usize,
    required: bool,
    state: &'static str,
    reason: Option<String>,
    up_ms: Option<u64>,
    carrier_ms: Option<u64>,
    offer_ms: Option<u64>,
    lease_ms: Option<u64>,
    lease6_ms: Option<u64>,
    done_ms: Option<u64>,
    mtu: Option<u32>,
    addresses: Vec<Address>,
    lease: Option<LeaseReport>,
    lease6: Option<Lease6Report>,
    wireguard: Option<tunnel::Report>,
    ethtool_changed: Vec<Changed<'a>>,
}

#[derive(Serialize)]
struct Changed<'a> {
    key: &'a str,
    old: &'a str,
    new: &'a str,
}

#[derive(Serialize)]
struct ProfileRef<'a> {
    uuid: String,
    id: &'a str,
    file: Option<String>,
    origin: String,
}

#[derive(Serialize)]
struct Rejected<'a> {
    profile: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Address {
    cidr: String,
    proto: &'static str,
    valid_lft: Option<u64>,
}

#[derive(Serialize)]
struct Missing<'a> {
    profile: &'a str,
    uuid: String,
    what: &'a str,
    required: bool,
}

#[derive(Serialize)]
struct Dns<'a> {
    servers: &'a [String],
    search: &'a [String],
}

#[derive(Serialize)]
struct Route {
    destination: String,
    gateway: Option<String>,
    ifname: String,
    metric: u32,
    table: u32,
    proto: &'static str,
    src: Option<String>,
}

#[derive(Serialize)]
struct HandedOver {
    to: &'static str,
    files: Vec<String>,
}

/// What tells one command line from another.
pub fn hash(cmdline: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, cmdline.as_bytes()).simple().to_string()
}

/// The report as a file. `cmdline_hash`: of [`hash`]; `handed_over`: which files were made for which daemon.
pub fn file(outcome: &Outcome, cmdline_hash: String, handed_over: &[(&'static str, Vec<StateFile>)]) -> StateFile {
    let report = Report {
        schema: 1,
        version: env!("CARGO_PKG_VERSION"),
        result: outcome.result.word(),
        started_ms: outcome.started.as_millis(),
        finished_ms: outcome.finished.as_millis(),
        cmdline_hash,
        hostname: outcome.hostname.as_deref(),
        links: links(outcome),
        missing: outcome.missing.iter().map(missing).collect(),
        dns: Dns { servers: &outcome.dns.servers, search: &outcome.dns.search },
        routes: outcome.links.iter().flat_map(|link| link.target.routes.iter().map(|r| route(r, link))).collect(),
        rules: outcome.links.iter().flat_map(|link| rule::all(&link.target)).collect(),
        handed_over: handed_over.iter().map(|(to, files)| handed(to, files)).collect(),
        warnings: outcome.warnings.iter().map(|warning| crate::profile::text::one_line(&warning.to_string())).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    StateFile::public(PATH, text)
}

fn handed(to: &'static str, files: &[StateFile]) -> HandedOver {
    HandedOver { to, files: files.iter().map(|file| file.path.display().to_string()).collect() }
}

fn links(outcome: &Outcome) -> Vec<Link<'_>> {
    let taken = outcome.links.iter().map(|link| taken(link));
    let others = outcome.untouched.iter().map(|untouched| {
        let mut link = bare(&untouched.device);
        link.reason = Some(untouched.reason.clone());
        link.rejected = untouched.rejected.iter().map(|(profile, reason)| Rejected { profile, reason }).collect();
        link.rejected_more = untouched.rejected_more;
        link.addresses = untouched.device.addresses.iter().map(|net| address_of(net.to_string(), "external")).collect();
        link
    });
    taken.chain(others).collect()
}

/// What is known of any device.
fn bare(device: &Device) -> Link<'_> {
    Link {
        ifname: &device.name,
        ifindex: device.ifindex,
        mac: device.mac.map(|mac| mac.to_string()),
        perm_mac: device.perm_mac.map(|mac| mac.to_string()),
        driver: Some(device.driver.as_str()).filter(|driver| !driver.is_empty()),
        id_path: Some(device.id_path.as_str()).filter(|path| !path.is_empty()),
        arp_type: device.arp_type,
        kind: device.kind.as_deref(),
        netns: None,
        origin: "external",
        profile: None,
        matched_by: Vec::new(),
        rejected: Vec::new(),
        rejected_more: 0,
        required: false,
        state: "untouched",
        reason: None,
        up_ms: None,
        carrier_ms: None,
        offer_ms: None,
        lease_ms: None,
        lease6_ms: None,
        done_ms: None,
        mtu: Some(device.mtu),
        addresses: Vec::new(),
        lease: None,
        lease6: None,
        ethtool_changed: Vec::new(),
        wireguard: None,
    }
}

fn taken(link: &LinkOutcome) -> Link<'_> {
    let timing = &link.timing;
    let ms = |at: Option<Instant>| at.map(Instant::as_millis);
    let mut addresses: Vec<Address> =
        link.target.addresses.iter().map(|address| static_or_leased(address, link)).collect();
    addresses.extend(link.autoconf.iter().map(|net| address_of(net.to_string(), "ra")));
    Link {
        netns: link.netns.as_deref(),
        origin: origin(&link.profile),
        profile: Some(profile(&link.profile)),
        matched_by: link.matched_by.iter().map(String::as_str).collect(),
        required: link.required,
        state: link.state.word(),
        reason: link.state.reason().map(|reason| crate::profile::text::one_line(&reason.to_string())),
        up_ms: ms(timing.up),
        carrier_ms: ms(timing.carrier),
        offer_ms: ms(timing.offer),
        lease_ms: ms(timing.lease),
        lease6_ms: ms(timing.lease6),
        done_ms: ms(timing.done),
        mtu: link.target.mtu.or(Some(link.device.mtu)),
        addresses,
        lease: link.lease4.as_ref().map(lease_report),
        lease6: link.lease6.as_ref().map(lease6_report),
        ethtool_changed: link
            .tuned
            .iter()
            .map(|Change { option, old, new }| Changed { key: option, old, new })
            .collect(),
        wireguard: tunnel::report(link),
        ..bare(&link.device)
    }
}

fn profile(profile: &Profile) -> ProfileRef<'_> {
    let file = match &profile.origin {
        Origin::File { path, .. } => Some(path.display().to_string()),
        _ => None,
    };
    let origin = crate::profile::text::one_line(&profile.origin.to_string());
    ProfileRef { uuid: profile.uuid.hyphenated().to_string(), id: &profile.id, file, origin }
}

/// The word programs read for where a profile came from.
fn origin(profile: &Profile) -> &'static str {
    match &profile.origin {
        Origin::CommandLine { .. } => "cmdline",
        Origin::File { path, .. } if path.extension().is_some_and(|e| e == "conf") => "wgquick",
        Origin::File { .. } => "keyfile",
        Origin::Firmware { .. } => "firmware",
        Origin::Default { .. } => "default",
    }
}

fn static_or_leased(address: &DesiredAddress, link: &LinkOutcome) -> Address {
    let ip = address.net.addr();
    let leased4 = link.lease4.as_ref().is_some_and(|lease| ip == lease.address);
    let leased6 = link.lease6.iter().flat_map(|lease| &lease.addresses).any(|leased| ip == leased.address);
    Address {
        cidr: address.net.to_string(),
        proto: match (leased4, leased6) {
            (true, _) => "dhcp4",
            (_, true) => "dhcp6",
            _ => "static",
        },
        valid_lft: address.valid.map(|valid| valid.as_secs()),
    }
}

fn address_of(cidr: String, proto: &'static str) -> Address {
    Address { cidr, proto, valid_lft: None }
}

fn missing(missing: &crate::activate::Missing) -> Missing<'_> {
    Missing {
        profile: &missing.profile.id,
        uuid: missing.profile.uuid.hyphenated().to_string(),
        what: &missing.what,
        required: missing.required,
    }
}

fn route(route: &DesiredRoute, link: &LinkOutcome) -> Route {
    Route {
        destination: route.destination.to_string(),
        gateway: route.gateway.map(|gateway| gateway.to_string()),
        ifname: link.device.name.clone(),
        metric: route.metric,
        table: route.options.table.unwrap_or(254),
        proto: match route.protocol {
            protocol::KERNEL => "kernel",
            protocol::DHCP => "dhcp",
            protocol::RA => "ra",
            protocol::STATIC => "static",
            _ => "boot",
        },
        src: route.options.src.map(|src| src.to_string()),
    }
}
