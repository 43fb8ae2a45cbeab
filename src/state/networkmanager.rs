//! What makes NetworkManager adopt a running link without touching it: the profile, the device's state, the lease.
//!
//! All under `/run/NetworkManager`, which moves along into the real root. The daemon reads them once, at its start; the
//! profile is written before the device file that names it.

use std::path::Path;

use uuid::Uuid;

use super::file::{StateFile, below};
use crate::activate::LinkOutcome;
use crate::input::nmconnection;
use crate::profile::{LinkKind, MatchRule, MultiConnect, Origin, Profile};
use crate::proto::dhcp6::iaid_from_mac;

/// Where the daemon looks.
const RUN: &str = "/run/NetworkManager";

/// Namespace of the uuids of profiles that are pinned to one device.
const PINNED: Uuid = Uuid::from_u128(0x0d64_1a3c_5a0e_5b5c_9f0b_6d0f_1f86_53a1);

/// The files for one link; `root` stands for `/`.
pub fn files(link: &LinkOutcome, root: &Path) -> Vec<StateFile> {
    let profile = handed_over(link);
    let uuid = profile.uuid.hyphenated();
    let mut files = Vec::new();
    if !is_in_run(&profile, root) {
        let text = profile.raw.clone().unwrap_or_else(|| nmconnection::write(&profile));
        let path = format!("{RUN}/system-connections/{}.nmconnection", profile.file_stem);
        files.push(StateFile::private(path, text));
    }
    if let Some(lease) = &link.lease4 {
        let path = format!("{RUN}/internal-{uuid}-{}.lease", link.device.name);
        files.push(StateFile::public(path, format!("ADDRESS={}\n", lease.address)));
    }
    files.push(StateFile::public(format!("{RUN}/devices/{}", link.device.ifindex), device(link, &profile)));
    files
}

/// `devices/IFINDEX`. The daemon reads the first keys; dracut's hook reads the last three, and nothing else does.
fn device(link: &LinkOutcome, profile: &Profile) -> String {
    let mut text = String::from("[device]\nmanaged=true\n");
    let mut add = |key: &str, value: &str| text.push_str(&format!("{key}={value}\n"));
    if let (None, Some(mac)) = (link.device.perm_mac, link.device.mac) {
        add("perm-hw-addr-fake", &mac.to_string());
    }
    add("connection-uuid", &profile.uuid.hyphenated().to_string());
    add("nm-owned", if link.created { "true" } else { "false" });
    add("route-metric-default-effective", &link.metric.to_string());
    if let Some(lease) = &link.lease4 {
        lease.root_path.iter().for_each(|path| add("root-path", &path.to_string()));
        lease.next_server.iter().for_each(|server| add("next-server", &server.to_string()));
        lease.boot_file.iter().for_each(|file| add("dhcp-bootfile", &file.to_string()));
    }
    text
}

/// True for a profile the daemon finds where it is: below `root`, in its own folder of /run.
fn is_in_run(profile: &Profile, root: &Path) -> bool {
    let folder = below(root, Path::new(&format!("{RUN}/system-connections")));
    matches!(&profile.origin, Origin::File { path, .. } if path.starts_with(folder)) && profile.raw.is_some()
}

/// The profile as handed over: a user's own stays as it is; one of ours is pinned to the device, says what was really
/// sent, and has no `[match]` that might not hold in the real root.
pub fn handed_over(link: &LinkOutcome) -> Profile {
    let mut profile = (*link.profile).clone();
    if profile.raw.is_some() {
        return profile;
    }
    if profile.interface_name.is_none() && profile.matching.mac_address.is_none() {
        let name = format!("{}/{}", profile.uuid.hyphenated(), link.device.name);
        profile.uuid = Uuid::new_v5(&PINNED, name.as_bytes());
        profile.file_stem = format!("{}-{}", profile.file_stem, link.device.name);
    }
    profile.interface_name = Some(link.device.name.clone());
    profile.multi_connect = MultiConnect::Default;
    let mac_address = profile.matching.mac_address;
    profile.matching = MatchRule { mac_address, ..MatchRule::default() };
    if let Some(ipv4) = profile.ipv4.as_mut().filter(|_| link.lease4.is_some() && profile.kind == LinkKind::Ethernet) {
        ipv4.dhcp_client_id.get_or_insert_with(|| "mac".to_owned());
    }
    if let (Some(ipv6), Some(lease)) = (profile.ipv6.as_mut(), &link.lease6) {
        // The daemon's defaults hang on the machine-id, and on a name that may change.
        ipv6.dhcp_duid.get_or_insert_with(|| hexadecimal(&lease.duid));
        ipv6.ip.dhcp_iaid.get_or_insert_with(|| match link.device.mac.map(|mac| iaid_from_mac(&mac)) {
            Some(iaid) if iaid == lease.iaid => "mac".to_owned(),
            _ => lease.iaid.to_string(),
        });
    }
    if let Some(mtu) = link.target.mtu.filter(|_| link.lease4.as_ref().is_none_or(|lease| lease.mtu.is_none())) {
        profile.link.mtu = Some(mtu);
    }
    profile
}

/// `00:03:00:01:…`, as the daemon writes a DUID.
fn hexadecimal(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}
