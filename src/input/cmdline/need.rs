//! Whether network is needed, and by which link: `rd.neednet`, `root=`, `netroot=`, `bootdev=`.

use super::builder::{Builder, Entry};
use super::lex::{Interface, Value, boolean};
use super::reading::{NeedNetwork, NeedReason};
use crate::profile::{Method4, Method6, Origin};

/// Beginnings of `root=` that name a place reached by network. dracut.cmdline(7), `nfsroot`.
const NETWORK_ROOTS: [&str; 15] = [
    "dhcp",
    "nfs:",
    "nfs4:",
    "/dev/nfs",
    "/dev/nbd",
    "iscsi:",
    "nbd:",
    "cifs:",
    "nvmf:",
    "live:http:",
    "live:https:",
    "live:ftp:",
    "live:tftp:",
    "live:nfs:",
    "live:torrent:",
];

/// `rd.neednet`.
pub(super) fn neednet<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let needed = boolean(value.text()).unwrap_or(true);
    if boolean(value.text()).is_none() && !value.text().is_empty() {
        builder.error(value.origin_of_value(), "not a switch (0 or 1); 1 is taken");
    }
    builder.switches.need_network = needed.then(|| value.origin());
}

/// `root=` and `nfsroot=`.
pub(super) fn root<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let text = value.text();
    let server = text.split_once(":/").is_some_and(|(server, _)| !server.is_empty() && !server.contains(['/', '=']));
    if NETWORK_ROOTS.iter().any(|start| text.starts_with(start)) || server {
        note(builder, NeedReason::Root, value.origin());
    }
}

/// `netroot=` and the like: any value is a place reached by network.
pub(super) fn netroot<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if !value.text().is_empty() {
        note(builder, NeedReason::Root, value.origin());
    }
}

/// Notes a reason, unless a stronger one is known.
pub(super) fn note(builder: &mut Builder<'_>, reason: NeedReason, origin: Origin) {
    let known = &mut builder.reading.need_network;
    if known.as_ref().is_none_or(|known| reason < known.reason) {
        *known = Some(NeedNetwork { reason, origin });
    }
}

/// `bootdev=`: the last one counts.
pub(super) fn bootdev<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.collected.bootdev = Some(value);
}

/// The link that `bootdev=` names.
pub(super) fn bootdev_link(value: Value<'_>) -> Option<Interface> {
    Interface::parse(value.fields().next('\0').text)
}

/// Makes a profile for the link of `bootdev=`, and lets it wait for its device.
pub(super) fn apply_bootdev(builder: &mut Builder<'_>) {
    let Some(value) = builder.collected.bootdev else {
        let anaconda = &builder.collected.anaconda;
        let bootif = builder.reading.bootif.filter(|_| anaconda.is_bootif()).map(|mac| mac.to_string());
        builder.reading.bootdev = anaconda.interface().map(|link| link.to_string()).or(bootif);
        return;
    };
    let Some(interface) = bootdev_link(value) else {
        let text = format!("'{}' is neither an interface name nor a MAC; it is ignored", value.text());
        builder.error(value.origin_of_value(), text);
        builder.collected.bootdev = None;
        return;
    };
    builder.reading.bootdev = Some(interface.to_string());
    Builder::wait_for_device(builder.link(&interface, None, value));
}

/// `rd.neednet`: makes a profile if there is none at all, and lets all of them wait for their devices.
pub(super) fn apply_neednet(builder: &mut Builder<'_>) {
    let Some(origin) = builder.switches.need_network.clone() else { return };
    if builder.entries.is_empty() && !builder.environment.persistent_profiles {
        builder.default_link(origin.clone());
    }
    builder.entries.iter_mut().for_each(Builder::wait_for_device);
    note(builder, NeedReason::Asked, origin);
}

/// Says so if network is needed and nothing brings any up.
pub(super) fn check(builder: &mut Builder<'_>) {
    let Some(need) = builder.reading.need_network.clone().filter(|_| !builder.environment.persistent_profiles) else {
        return;
    };
    let dead = |entry: &Entry| entry.method4() == Method4::Disabled && entry.method6() == Method6::Disabled;
    let all_dead = builder.entries.iter().all(|entry| entry.is_port() || dead(entry));
    match need.reason {
        NeedReason::Addresses => {}
        NeedReason::Root if builder.entries.is_empty() => {}
        _ if all_dead => builder.caution(need.origin, "network is needed, but no argument gives any link an address"),
        _ => {}
    }
}
