//! What firmware tables say, where arguments ask for it: `ip=ibft`, `rd.iscsi.ibft`, `rd.nvmf.nonbft`.

use super::builder::Builder;
use super::lex::{Interface, Value};
use super::reading::Remark;
use crate::input::firmware::Found;
use crate::input::{ibft, nbft, openfirmware};
use crate::profile::{Method4, Method6};

/// Reads the iBFT and the Open Firmware device tree.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let sysfs = builder.environment.sysfs;
    let (ibft, tree) = (ibft::read(sysfs), openfirmware::read(sysfs));
    if ibft.profiles.is_empty() && tree.profiles.is_empty() {
        builder.caution(value.origin(), "there is no usable iBFT and no boot network in the device tree");
    }
    add(builder, ibft);
    add(builder, tree);
}

/// `rd.iscsi.ibft`.
pub(super) fn iscsi<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if super::dhcp::switch(builder, value, true) {
        read(builder, value);
    }
}

/// `rd.nvmf.nonbft`: a bare one is a yes.
pub(super) fn nonbft<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.switches.nbft = !super::dhcp::switch(builder, value, true);
}

/// Reads the NBFT, unless an argument says that it is read already or not wanted.
pub(super) fn read_nbft(builder: &mut Builder<'_>) {
    if !builder.switches.nbft || builder.switches.nbft_names {
        return;
    }
    let found = nbft::read(builder.environment.sysfs);
    if builder.reading.hostname.is_none() {
        builder.reading.hostname.clone_from(&found.hostname);
    }
    add(builder, found);
}

/// Adds what a table gives.
fn add(builder: &mut Builder<'_>, found: Found) {
    found.profiles.into_iter().for_each(|profile| builder.add(profile));
    note(builder, found.warnings);
}

/// Notes what cannot be used in a table.
fn note(builder: &mut Builder<'_>, warnings: Vec<crate::profile::Warning>) {
    let remarks = warnings.into_iter().map(|warning| Remark { is_error: false, warning, instead: None });
    builder.reading.remarks.extend(remarks);
}

/// `ip=IFACE:ibft`: the profile of the link takes over what the table says about its MAC. It is bound by the MAC then.
pub(super) fn merge(builder: &mut Builder<'_>, value: Value<'_>, interface: &Interface, stem: &str) {
    let sysfs = builder.environment.sysfs;
    let known = builder.find(stem).and_then(|entry| entry.profile.matching.mac_address);
    let mac = known.or_else(|| interface.name().and_then(|name| ibft::interface_mac(sysfs, name)));
    let Some(mac) = mac else {
        return builder
            .error(value.origin(), format!("the MAC of {interface} is not known, so it gets automatic addresses"));
    };
    let Found { mut profiles, warnings, .. } = ibft::find_by_mac(sysfs, mac);
    note(builder, warnings);
    let (Some(record), Some(entry)) = (profiles.pop(), builder.find(stem)) else {
        return builder
            .error(value.origin(), format!("the iBFT has no NIC {mac}, so {interface} gets automatic addresses"));
    };
    let profile = &mut entry.profile;
    profile.id = record.id;
    profile.uuid = record.uuid;
    profile.kind = record.kind;
    profile.interface_name = None;
    profile.matching.mac_address = record.matching.mac_address;
    profile.autoconnect_priority = record.autoconnect_priority;
    let (v4, v6) = (record.ipv4.unwrap_or_default(), record.ipv6.unwrap_or_default());
    entry.ipv4().method = v4.method;
    entry.ipv6().method = v6.method;
    let is_v4 = v4.method != Method4::Disabled;
    let found = if is_v4 { v4.ip } else { v6.ip };
    if is_v4 || v6.method != Method6::Disabled {
        let ip = entry.ip(is_v4);
        ip.may_fail = false;
        ip.addresses.extend(found.addresses);
        ip.gateway = found.gateway.or(ip.gateway);
        ip.dns.extend(found.dns);
    }
}
