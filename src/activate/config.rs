//! What the DHCP clients of a link are told: by its profile, its device and what is remembered of it.

use std::net::Ipv4Addr;

use super::dhcp6::Dhcp6;
use crate::profile::{Device, HwAddr, Ip4Settings, Ip6Settings, Method6, Profile};
use crate::proto::Instant;
use crate::proto::{dhcp4, dhcp6};

/// What the DHCPv4 client is told; `None` for a link without addresses of its own (a tunnel).
pub(super) fn dhcp4(
    profile: &Profile,
    device: &Device,
    mac: Option<HwAddr>,
    previous: Option<Ipv4Addr>,
    seed: u64,
) -> Option<dhcp4::Config> {
    let settings = profile.ipv4.clone().unwrap_or_default();
    let wants_ipv6 = profile.ipv6.as_ref().is_some_and(|s| s.method == Method6::Auto);
    let mac = mac?;
    let client_id = client_id(&settings, device.arp_type, mac);
    let hostname = settings.dhcp_fqdn.or(settings.ip.dhcp_hostname);
    Some(dhcp4::Config {
        client_id,
        hostname: hostname.filter(|_| settings.ip.dhcp_send_hostname),
        vendor_class: settings.dhcp_vendor_class.map(String::into_bytes),
        mtu: device.mtu,
        previous,
        want_ipv6_only: wants_ipv6 && settings.ip.may_fail,
        ..dhcp4::Config::new(mac, device.arp_type, seed)
    })
}

/// DHCPv6 on a link; `None` for one without addresses of its own. It begins when it is asked for.
pub(super) fn dhcp6(
    settings: &Ip6Settings,
    device: &Device,
    mac: Option<HwAddr>,
    remembered: Option<dhcp6::Lease>,
    seed: u64,
    now: Instant,
) -> Option<Dhcp6> {
    let mac = mac?;
    let fqdn = settings.ip.dhcp_hostname.clone().filter(|_| settings.ip.dhcp_send_hostname);
    let config = dhcp6::Config {
        duid: dhcp6::duid_ll(device.arp_type, &mac),
        iaid: dhcp6::iaid_from_mac(&mac),
        mode: dhcp6::Mode::Stateful,
        rapid_commit: true,
        want_prefix: settings.dhcp_pd_hint.map(|hint| hint.prefix_len()),
        fqdn,
        previous: Vec::new(),
        timing: dhcp6::Timing::Prompt,
        seed,
    };
    // Another identity would be another lease.
    let same = |lease: &dhcp6::Lease| lease.duid == config.duid && lease.iaid == config.iaid;
    let lease = remembered.filter(same).map(|lease| (lease.remaining(now), now < lease.acquired + lease.t1));
    let (holds, again) = match lease {
        Some((lease, _)) if lease.is_empty() => (None, None),
        Some((lease, true)) if lease.addresses.iter().all(|a| device.has_address(a.address.into())) => {
            (Some(lease), None)
        }
        Some((lease, _)) => (None, Some(lease)),
        None => (None, None),
    };
    Some(Dhcp6::new(config, holds, again))
}

/// A remembered lease still holds (its address is there and it is not time to renew), or only its address is asked for again.
pub(super) fn sort_out(
    remembered: Option<dhcp4::Lease>,
    device: &Device,
    now: Instant,
) -> (Option<dhcp4::Lease>, Option<Ipv4Addr>) {
    let Some(lease) = remembered else { return (None, None) };
    let age = now.since(lease.acquired);
    let holds = device.has_address(lease.address.into()) && (lease.lease_time.is_none() || age < lease.t1);
    let expired = lease.lease_time.is_some_and(|time| age >= time);
    let address = lease.address;
    match (holds, expired) {
        (true, _) => (Some(lease), None),
        (false, false) => (None, Some(address)),
        (false, true) => (None, None),
    }
}

/// The client identifier (option 61) a profile asks for: by default 01 and the MAC address, which is what the daemon that
/// adopts the link sends. `None`: send none.
fn client_id(settings: &Ip4Settings, arp_type: u16, mac: HwAddr) -> Option<Vec<u8>> {
    match settings.dhcp_client_id.as_deref() {
        None | Some("mac" | "perm-mac" | "stable" | "duid" | "ipv6-duid") => {
            Some([&[u8::try_from(arp_type).unwrap_or(0)], mac.as_bytes()].concat())
        }
        Some("none") => None,
        Some(text) => Some(hexadecimal(text).unwrap_or_else(|| [&[0], text.as_bytes()].concat())),
    }
}

/// `aa:bb:…` with at least two bytes.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let byte = |part: &str| match part.len() {
        1 | 2 if part.bytes().all(|b| b.is_ascii_hexdigit()) => u8::from_str_radix(part, 16).ok(),
        _ => None,
    };
    text.split(':').map(byte).collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() >= 2)
}
