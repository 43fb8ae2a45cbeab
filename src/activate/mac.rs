//! `cloned-mac-address`: the link-layer address a link shall have.

use crate::profile::link::ClonedMac;
use crate::profile::{Device, HwAddr, LinkKind, Profile};

/// The address of a link that is yet to be made, if the profile names one.
pub(super) fn of_new(profile: &Profile) -> Option<HwAddr> {
    match &profile.link.cloned_mac {
        Some(ClonedMac::Address(mac)) => Some(*mac),
        _ => of_section(profile),
    }
}

/// `bridge.mac-address`, the older way to say it.
fn of_section(profile: &Profile) -> Option<HwAddr> {
    let LinkKind::Bridge { options } = &profile.kind else { return None };
    options.iter().find(|(key, _)| key == "mac-address")?.1.parse().ok()
}

/// The address the link shall get, if the profile names one.
pub(super) fn of_link(profile: &Profile, device: &Device) -> Option<HwAddr> {
    match &profile.link.cloned_mac {
        Some(ClonedMac::Permanent) => device.perm_mac,
        _ => of_new(profile),
    }
}
