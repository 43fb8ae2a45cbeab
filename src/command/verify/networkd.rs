//! systemd-networkd's rules: which file is a link's, what it keeps, and what makes its own result equal to what is there.

use std::net::IpAddr;

use ipnet::IpNet;

use super::facts::{Facts, Held, Link, value, values};
use super::{Effect, Finding};
use crate::plan::fnmatch::fnmatch;
use crate::profile::HwAddr;
use crate::profile::desired::protocol;
use crate::state;

/// What systemd-networkd would do to a link.
pub(super) fn verify(facts: &Facts, link: &Link) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |effect, text: String| {
        findings.push(Finding { daemon: "systemd-networkd", link: link.device.name.clone(), effect, text });
    };
    let files =
        facts.networkd.iter().filter(|held| held.path.extension().is_some_and(|extension| extension == "network"));
    let Some(file) = files.clone().find(|held| matches(held, link)) else {
        say(Effect::Flaps, "does not manage the link: no .network file is for it; nobody renews its lease".to_owned());
        return findings;
    };
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ours = format!("-sunup-{}.network", link.device.name);
    if !name.ends_with(&ours) {
        say(Effect::Flaps, format!("{} comes before sunup's file and is used instead", file.path.display()));
        return findings;
    }
    if file.mode & 0o004 == 0 {
        say(
            Effect::Flaps,
            format!("{} cannot be read by the user systemd-network (mode {:04o})", file.path.display(), file.mode),
        );
    }
    let keeps = value(&file.text, "Network", "KeepConfiguration") == Some("yes");
    // What stands in the file is recognised without; what came from a server or a router is not.
    let ends = facts.addresses(link.device.ifindex).any(|held| held.valid.is_some());
    if !keeps && ends {
        say(Effect::Flaps, "KeepConfiguration=yes is missing: what it did not make itself is dropped".to_owned());
    }
    kept(facts, link, file, &mut say);
    controller(facts, file, link, &mut say);
    findings
}

/// Whether `[Match]` of a file fits: every key that is there must.
fn matches(file: &Held, link: &Link) -> bool {
    let any = |key: &str, fits: &dyn Fn(&str) -> bool| {
        let words: Vec<&str> = values(&file.text, "Match", key).flat_map(str::split_whitespace).collect();
        words.is_empty() || words.iter().any(|word| fits(word))
    };
    let is_mac = |mac: Option<HwAddr>| move |word: &str| mac.is_some() && word.parse::<HwAddr>().ok() == mac;
    let named = any("Name", &|word| match word.strip_prefix('!') {
        Some(pattern) => !fnmatch(pattern, &link.device.name),
        None => fnmatch(word, &link.device.name),
    });
    let kind = link.device.kind.as_deref().unwrap_or("none");
    let is_there = file.text.lines().any(|line| line.trim() == "[Match]");
    is_there
        && named
        && any("MACAddress", &is_mac(link.device.mac))
        && any("PermanentMACAddress", &is_mac(link.device.perm_mac))
        && any("Kind", &|word| fnmatch(word, kind))
        && any("Driver", &|word| fnmatch(word, &link.device.driver))
}

/// Addresses and routes that it makes itself must be what is there.
fn kept(facts: &Facts, link: &Link, file: &Held, say: &mut impl FnMut(Effect, String)) {
    for held in facts.addresses(link.device.ifindex) {
        if matches!(held.net, IpNet::V4(_)) && held.net.prefix_len() <= 30 && held.broadcast.is_none() {
            say(Effect::Flaps, format!("{} has no broadcast address: the same request is sent for ever", held.net));
        }
    }
    for text in values(&file.text, "Address", "Address") {
        if !facts.addresses(link.device.ifindex).any(|held| held.net.to_string() == text) {
            say(Effect::Adds, format!("the address {text} of the file is not on the link"));
        }
    }
    let leased6 = link.remembered.lease6.as_ref().is_some_and(|lease| !lease.addresses.is_empty());
    if leased6 && value(&file.text, "DHCPv6", "DUIDRawData").is_none() {
        let text = "the DHCPv6 lease was got with a DUID that is not told: the server gives another address";
        say(Effect::Adds, text.to_owned());
    }
    let dhcp = value(&file.text, "Network", "DHCP").is_some_and(|word| matches!(word, "yes" | "ipv4"));
    let Some(address) = link.leased().filter(|_| dhcp) else { return };
    let sent = link.remembered.lease4.as_ref().and_then(|lease| lease.client_id.as_deref());
    let by_address = sent.is_some_and(|sent| sent.get(1..) == link.device.mac.as_ref().map(HwAddr::as_bytes));
    let identifier = value(&file.text, "DHCPv4", "ClientIdentifier");
    if by_address && identifier != Some("mac") {
        // What is there is kept, or not; the server gives another address to another client.
        let effect =
            if value(&file.text, "Network", "KeepConfiguration") == Some("yes") { Effect::Adds } else { Effect::Flaps };
        say(
            effect,
            "ClientIdentifier=mac is missing: the server sees another client, and gives another address".to_owned(),
        );
    }
    let lease = link.remembered.lease4.as_ref();
    if lease.is_some_and(|lease| !state::networkd::goes_on(lease)) {
        let text = "it cannot send the client identifier that the lease was got with: the server gives another address";
        say(Effect::Adds, text.to_owned());
    }
    let metric = value(&file.text, "DHCPv4", "RouteMetric").and_then(|text| text.parse().ok()).unwrap_or(1024);
    for route in facts.defaults(link.device.ifindex, true) {
        let right = route.protocol == protocol::DHCP
            && route.options.src == Some(IpAddr::V4(address))
            && route.metric == metric;
        if !right {
            let text = format!(
                "a second default route of metric {metric} beside the one of metric {} and protocol {}",
                route.metric, route.protocol
            );
            say(Effect::Adds, text);
        }
    }
}

/// A port stays one only if its file leaves the controller as it is, or names it and a `.netdev` file makes that known.
fn controller(facts: &Facts, file: &Held, link: &Link, say: &mut impl FnMut(Effect, String)) {
    let Some(controller) = link.device.controller.and_then(|index| facts.snapshot.link(index)) else { return };
    if value(&file.text, "Network", "KeepMaster") == Some("yes") {
        return;
    }
    let key = ["Bridge", "Bond", "VRF"].into_iter().find(|key| value(&file.text, "Network", key).is_some());
    let named = key.and_then(|key| value(&file.text, "Network", key));
    if key == Some("Bond") {
        let text = "Bond= without KeepMaster=yes: the port is set down to give it the bond it has";
        say(Effect::Flaps, text.to_owned());
    }
    if named != Some(controller.name.as_str()) {
        say(
            Effect::Flaps,
            format!("the file does not name the controller {}: the link is taken out of it", controller.name),
        );
    }
    let known = facts.networkd.iter().any(|held| value(&held.text, "NetDev", "Name") == Some(controller.name.as_str()));
    if !known {
        say(Effect::Flaps, format!("no .netdev file tells of {}: the link is taken out of it", controller.name));
    }
}
