//! NetworkManager's rules: when it assumes a link, and what it commits then.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use uuid::Uuid;

use super::facts::{Facts, Link, value};
use super::{Effect, Finding};
use crate::input::nmconnection;
use crate::plan::{self, Context};
use crate::profile::desired::protocol;
use crate::profile::{IpSettings, Method4, Method6, Profile};

/// What NetworkManager would do to a link.
pub(super) fn verify(facts: &Facts, link: &Link) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |effect, text: String| {
        findings.push(Finding { daemon: "NetworkManager", link: link.device.name.clone(), effect, text });
    };
    match assumed(facts, link) {
        Ok(profile) => committed(facts, link, &profile, &mut say),
        Err(why) => say(Effect::Flaps, format!("does not take the link over ({why}); nobody renews its lease")),
    }
    findings
}

/// The profile with which the daemon assumes the link; else why it does not.
fn assumed(facts: &Facts, link: &Link) -> Result<Profile, String> {
    let number = link.device.ifindex.to_string();
    let device = facts.devices.iter().find(|held| held.path.file_name().is_some_and(|name| *name == *number));
    let text = &device.ok_or_else(|| format!("/run/NetworkManager/devices/{number} is missing"))?.text;
    if value(text, "device", "managed") != Some("true") {
        return Err(format!("managed=true is missing in devices/{number}"));
    }
    let uuid = value(text, "device", "connection-uuid")
        .ok_or_else(|| format!("connection-uuid= is missing in devices/{number}"))?;
    if uuid.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("connection-uuid={uuid} in devices/{number} is not in lower case"));
    }
    let profile = find(facts, uuid)?;
    fits(facts, link, &profile)?;
    Ok(profile)
}

/// The profile of this uuid, if the daemon would load it.
fn find(facts: &Facts, uuid: &str) -> Result<Profile, String> {
    let wanted = Uuid::try_parse(uuid).ok();
    let found = facts.profiles.iter().find(|(known, _)| Some(*known) == wanted);
    let (_, held) = found.ok_or_else(|| format!("there is no profile with uuid {uuid}"))?;
    let path = held.path.display();
    if held.path.extension().is_none_or(|extension| extension != "nmconnection") {
        return Err(format!("{path} does not end in .nmconnection"));
    }
    if held.owner != 0 || held.mode & 0o077 != 0 {
        return Err(format!("{path} is of user {} and mode {:04o}; it must be root's and 0600", held.owner, held.mode));
    }
    let read = nmconnection::read(held.text.as_bytes(), Path::new(&held.path));
    read.map(|(profile, _)| profile).map_err(|error| error.to_string())
}

/// The profile must be one for this device, by its name, its type and its `[match]`.
fn fits(facts: &Facts, link: &Link, profile: &Profile) -> Result<(), String> {
    let context = Context { words: facts.words.clone(), owned: vec![link.device.ifindex], ..Context::default() };
    // The controller, which is not looked at here, has a profile of its own.
    let profiles = [Profile { autoconnect: true, controller: None, ..profile.clone() }];
    let devices: Vec<_> = [Some(&link.device), link.parent.as_ref()].into_iter().flatten().cloned().collect();
    let plan = plan::plan(&profiles, &devices, &context);
    let taken = plan.activations.iter().any(|one| one.ifindex == link.device.ifindex)
        || plan.creations.iter().any(|one| one.existing == Some(link.device.ifindex));
    let mine = plan.devices.iter().filter(|report| report.device.ifindex == link.device.ifindex);
    let rejected = mine.flat_map(|report| &report.rejected).next();
    let why = rejected.map(|one| plan::explain::refusal(one, &link.device, &profiles, &context.words));
    if taken {
        return Ok(());
    }
    Err(format!("the profile is not one for it: {}", why.unwrap_or_else(|| "another device".to_owned())))
}

/// What the daemon changes when it commits the profile it has assumed.
fn committed(facts: &Facts, link: &Link, profile: &Profile, say: &mut impl FnMut(Effect, String)) {
    if profile.controller.is_some() {
        return;
    }
    let method6 = profile.ipv6.as_ref().map_or(Method6::Auto, |settings| settings.method);
    let link_local =
        facts.addresses(link.device.ifindex).any(|held| matches!(held.net, IpNet::V6(_)) && held.scope == 253);
    if link_local && matches!(method6, Method6::Disabled | Method6::Ignore) {
        say(Effect::Flaps, "ipv6.method is disabled, but the link has a link-local address: it is removed".to_owned());
    }
    order6(facts, link, profile, say);
    // Without a lease the daemon leaves the MTU of a link that it assumes.
    let leases = profile.ipv4.as_ref().is_some_and(|settings| settings.method == Method4::Auto);
    if let Some(mtu) = profile.link.mtu.filter(|&mtu| leases && mtu != link.device.mtu) {
        say(Effect::Adds, format!("the MTU becomes {mtu}; it is {}", link.device.mtu));
    }
    let Some(ipv4) = &profile.ipv4 else { return };
    match ipv4.method {
        Method4::Auto => leased(facts, link, profile, say),
        Method4::Manual => {
            addresses(link, &ipv4.ip, say);
            gateway(facts, link, &ipv4.ip, true, say);
            let dns6 = profile.ipv6.as_ref().is_some_and(|settings| !settings.ip.dns.is_empty());
            if facts.names && ipv4.ip.dns.is_empty() && !dns6 && !matches!(method6, Method6::Auto | Method6::Dhcp) {
                say(Effect::Adds, "there is no dns= in the profile: the real root knows no name server".to_owned());
            }
        }
        _ => {}
    }
    if let Some(ipv6) = profile.ipv6.as_ref().filter(|settings| settings.method == Method6::Manual) {
        addresses(link, &ipv6.ip, say);
        gateway(facts, link, &ipv6.ip, false, say);
    }
}

/// IPv6 addresses of the profile stand in its order, or the daemon takes them away and makes them anew.
fn order6(facts: &Facts, link: &Link, profile: &Profile, say: &mut impl FnMut(Effect, String)) {
    let Some(own) = profile.ipv6.as_ref().map(|settings| &settings.ip.addresses) else { return };
    let listed = facts.addresses(link.device.ifindex).filter_map(|held| own.iter().position(|net| *net == held.net));
    if !listed.is_sorted() {
        say(
            Effect::Flaps,
            "the IPv6 addresses of the profile do not stand in its order: they are made anew".to_owned(),
        );
    }
}

/// A lease goes on if the daemon asks for the same address in the same name.
fn leased(facts: &Facts, link: &Link, profile: &Profile, say: &mut impl FnMut(Effect, String)) {
    let Some(address) = link.leased() else { return };
    let settings = profile.ipv4.as_ref();
    let sent = link.remembered.lease4.as_ref().and_then(|lease| lease.client_id.clone());
    let will_send = settings.and_then(|settings| will_send(settings.dhcp_client_id.as_deref(), link));
    if let (Some(sent), Some(will_send)) = (&sent, will_send)
        && *sent != will_send
    {
        let text =
            "dhcp-client-id in the profile is not the one the lease was got with: another address comes, this one goes";
        say(Effect::Flaps, text.to_owned());
    }
    let name = format!("internal-{}-{}.lease", profile.uuid.hyphenated(), link.device.name);
    let lease = facts.leases.iter().find(|held| held.path.file_name().is_some_and(|one| *one == *name));
    match lease.and_then(|held| held.text.lines().find_map(|line| line.strip_prefix("ADDRESS="))) {
        None => say(Effect::Adds, format!("{name} is missing: the server is asked anew instead of for {address}")),
        Some(text) if text.trim() != address.to_string() => {
            say(Effect::Adds, format!("{name} names {text}: the server will refuse it, and is asked anew"));
        }
        Some(_) => {}
    }
    let metric = settings.and_then(|settings| settings.ip.route_metric);
    for route in facts.defaults(link.device.ifindex, true) {
        let right = route.protocol == protocol::DHCP && route.options.src == Some(IpAddr::V4(address));
        if !right || metric.is_some_and(|metric| metric != route.metric) {
            say(
                Effect::Adds,
                format!(
                    "a second default route beside the one of metric {} and protocol {}",
                    route.metric, route.protocol
                ),
            );
        }
    }
}

/// The client identifier that the daemon will send, where it needs no secret to know it.
fn will_send(setting: Option<&str>, link: &Link) -> Option<Vec<u8>> {
    let by_address = || Some([&[u8::try_from(link.device.arp_type).ok()?], link.device.mac?.as_bytes()].concat());
    match setting {
        None | Some("mac" | "perm-mac") => by_address(),
        Some(text) if text.contains(':') => {
            text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect::<Option<Vec<u8>>>()
        }
        Some(_) => None,
    }
}

fn addresses(link: &Link, settings: &IpSettings, say: &mut impl FnMut(Effect, String)) {
    for net in settings.addresses.iter().filter(|net| !link.device.addresses.contains(net)) {
        say(Effect::Adds, format!("the address {net} of the profile is not on the link"));
    }
}

/// A default route that is not exactly the daemon's own stays, and the daemon's comes beside it.
fn gateway(facts: &Facts, link: &Link, settings: &IpSettings, ipv4: bool, say: &mut impl FnMut(Effect, String)) {
    let held = facts.defaults(link.device.ifindex, ipv4);
    let Some(gateway) = settings.gateway.filter(|_| !settings.never_default) else { return };
    let metric = settings.route_metric;
    let right = |route: &&&crate::profile::desired::DesiredRoute| {
        route.gateway == Some(gateway)
            && route.protocol == protocol::STATIC
            && route.options.src.is_none()
            && metric.is_none_or(|metric| metric == route.metric)
    };
    if !held.iter().any(|route| right(&route)) {
        say(Effect::Adds, format!("a default route by {gateway} beside what is there ({} default routes)", held.len()));
    }
}
