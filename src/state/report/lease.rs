//! Leases, as the report tells of them.

use serde::Serialize;

use crate::proto::Instant;
use crate::proto::dhcp4::Lease;
use crate::proto::dhcp6;

#[derive(Serialize)]
pub(super) struct LeaseReport {
    address: String,
    server: String,
    t1_ms: Option<u64>,
    t2_ms: Option<u64>,
    expires_ms: Option<u64>,
    root_path: Option<String>,
    next_server: Option<String>,
    boot_file: Option<String>,
    ntp: Vec<String>,
    dropped: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Lease6Report {
    addresses: Vec<String>,
    prefixes: Vec<Prefix>,
    server_duid: String,
    duid: String,
    iaid: u32,
    t1_ms: Option<u64>,
    t2_ms: Option<u64>,
    expires_ms: Option<u64>,
    fqdn: Option<String>,
    boot_file_url: Option<String>,
    boot_file_params: Vec<String>,
    ntp: Vec<String>,
}

#[derive(Serialize)]
struct Prefix {
    prefix: String,
    preferred_lft: Option<u64>,
    valid_lft: Option<u64>,
}

pub(super) fn lease_report(lease: &Lease) -> LeaseReport {
    let at = |after: std::time::Duration| Some((lease.acquired + after).as_millis());
    let finite = lease.lease_time.is_some();
    LeaseReport {
        address: lease.address.to_string(),
        server: lease.server.to_string(),
        t1_ms: at(lease.t1).filter(|_| finite),
        t2_ms: at(lease.t2).filter(|_| finite),
        expires_ms: lease.lease_time.and_then(at),
        root_path: lease.root_path.as_ref().map(ToString::to_string),
        next_server: lease.next_server.map(|server| server.to_string()),
        boot_file: lease.boot_file.as_ref().map(ToString::to_string),
        ntp: lease.ntp.iter().map(ToString::to_string).collect(),
        dropped: lease.dropped.iter().map(|text| crate::profile::text::one_line(&text.to_string())).collect(),
    }
}

/// Seconds of a lifetime; `None` for one without end.
fn seconds(time: std::time::Duration) -> Option<u64> {
    (time != std::time::Duration::MAX).then_some(time.as_secs())
}

pub(super) fn lease6_report(lease: &dhcp6::Lease) -> Lease6Report {
    let at = |after: std::time::Duration| seconds(after).map(|_| (lease.acquired + after).as_millis());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let prefix = |prefix: &dhcp6::Prefix| Prefix {
        prefix: prefix.prefix.to_string(),
        preferred_lft: seconds(prefix.preferred),
        valid_lft: seconds(prefix.valid),
    };
    Lease6Report {
        addresses: lease.addresses.iter().map(|address| address.address.to_string()).collect(),
        prefixes: lease.prefixes.iter().map(prefix).collect(),
        server_duid: hex(&lease.server_duid),
        duid: hex(&lease.duid),
        iaid: lease.iaid,
        t1_ms: at(lease.t1),
        t2_ms: at(lease.t2),
        expires_ms: lease.expires().filter(|_| !lease.is_empty()).map(Instant::as_millis),
        fqdn: lease.fqdn.as_ref().map(ToString::to_string),
        boot_file_url: lease.boot_file_url.as_ref().map(ToString::to_string),
        boot_file_params: lease.boot_file_params.iter().map(ToString::to_string).collect(),
        ntp: lease.ntp.iter().map(ToString::to_string).collect(),
    }
}
