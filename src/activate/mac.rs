//! `cloned-mac-address`: the link-layer address a link shall have.

use crate::profile::link::ClonedMac;
use crate::profile::{Device, HwAddr, LinkKind, Profile};
use crate::proto::identity::{Host, random_mac};

/// What addresses are made of.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The machine.
    pub(super) host: &'a Host,
    /// For those of chance.
    pub(super) seed: u64,
}

/// The address of a link that is yet to be made, if the profile names one.
pub(super) fn of_new(profile: &Profile, name: &str, source: Source<'_>) -> Option<HwAddr> {
    match &profile.link.cloned_mac {
        Some(ClonedMac::Address(mac)) => Some(*mac),
        Some(ClonedMac::Random) => {
            random_mac(source.seed ^ name.bytes().fold(0, |sum, byte| sum << 7 ^ u64::from(byte)))
        }
        Some(ClonedMac::Stable) => stable(profile, name, source.host),
        _ => of_section(profile),
    }
}

/// The address the link shall get, if the profile names one. `kept`: the link has it from this run or an earlier one, so that
/// chance has decided.
pub(super) fn of_link(profile: &Profile, device: &Device, source: Source<'_>, kept: bool) -> Option<HwAddr> {
    match &profile.link.cloned_mac {
        Some(ClonedMac::Permanent) => device.perm_mac,
        Some(ClonedMac::Random) if kept => None,
        _ => of_new(profile, &device.name, source),
    }
}

/// Why the link does not get the address that the profile asks for.
pub(super) fn remark(profile: &Profile, name: &str, host: &Host) -> Option<String> {
    let asked = profile.link.cloned_mac == Some(ClonedMac::Stable);
    (asked && stable(profile, name, host).is_none()).then(|| {
        format!("cloned-mac-address=stable is made of NetworkManager's key, which is not to be had here; {name} keeps its address")
    })
}

/// With a stable-id of its own, which is no field of ours, the daemon makes another one.
fn stable(profile: &Profile, name: &str, host: &Host) -> Option<HwAddr> {
    let other_id = profile.raw.as_ref().is_some_and(|raw| raw.lines().any(|line| line.starts_with("stable-id")));
    host.stable_mac(name, &profile.uuid.hyphenated().to_string()).filter(|_| !other_id)
}

/// `bridge.mac-address`, the older way to say it.
fn of_section(profile: &Profile) -> Option<HwAddr> {
    let LinkKind::Bridge { options } = &profile.kind else { return None };
    options.iter().find(|(key, _)| key == "mac-address")?.1.parse().ok()
}
