//! What the DHCP clients of a link are told: by its profile, its device and what is remembered of it.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::IpNet;

use super::dhcp6::Dhcp6;
use super::ipv4::Remembered4;
use super::settings::Renewal;
use crate::profile::text::unescape;
use crate::profile::{Device, HwAddr, Ip6Settings, IpSettings, Method6, Profile};
use crate::proto::Instant;
use crate::proto::identity::{Asker, Host};
use crate::proto::{dhcp4, dhcp6};

/// Who a link says it is, by its profile; what could not be as the profile says is told beside it.
pub(super) struct Identity {
    /// Option 61 of DHCPv4; `None`: not sent.
    client_id: Option<Vec<u8>>,
    duid: Vec<u8>,
    iaid: u32,
    /// The host name, where the profile gives none.
    name: Option<String>,
    /// What there is to say if there is a DHCPv4 lease.
    pub(super) remark4: Option<String>,
    /// What there is to say if there is a DHCPv6 lease.
    pub(super) remark6: Option<String>,
}

impl Identity {
    /// A profile of ours has identifiers made of the link's address, and is handed over with them; a user's own says what the daemon
    /// will send, and is handed over as it is. `None` on a link without an address of its own.
    pub(super) fn new(profile: &Profile, device: &Device, mac: Option<HwAddr>, host: &Host) -> Option<Self> {
        let mac = mac?;
        let (settings4, settings6) = (profile.ipv4.as_ref(), profile.ipv6.as_ref());
        let uuid = profile.uuid.hyphenated().to_string();
        // The daemon makes other identifiers of a key that is not a field of ours.
        let other_id = profile.raw.as_ref().is_some_and(|raw| raw.lines().any(|line| line.starts_with("stable-id")));
        let asker = Asker {
            host,
            ifname: &device.name,
            arp_type: device.arp_type,
            mac,
            perm_mac: device.perm_mac.or(device.mac).unwrap_or(mac),
            stable_id: (!other_id).then_some(uuid.as_str()),
        };
        let iaid4 = settings4.and_then(|s| s.ip.dhcp_iaid.as_deref());
        let (iaid6, duid6) =
            (settings6.and_then(|s| s.ip.dhcp_iaid.as_deref()), settings6.and_then(|s| s.dhcp_duid.as_deref()));
        let id = settings4.and_then(|s| s.dhcp_client_id.as_deref());
        let ours = profile.raw.is_none();
        let client_id = asker.client_id(id, [iaid4, iaid6], duid6);
        let duid = asker.duid(duid6.or(ours.then_some("ll")));
        let iaid = asker.iaid(iaid6.or(ours.then_some("mac")));
        let why = "is made of the machine's id or of NetworkManager's key, which is not to be had here; one made of the link's \
            address is sent, and a daemon that takes over may get a second address";
        Some(Self {
            remark4: client_id.is_none().then(|| format!("ipv4.dhcp-client-id={} {why}", id.unwrap_or_default())),
            remark6: (duid.is_none() || iaid.is_none())
                .then(|| format!("ipv6.dhcp-duid={} {why}", duid6.unwrap_or("lease (the default)"))),
            client_id: client_id.unwrap_or_else(|| Some(dhcp4::client_id_from_address(device.arp_type, mac))),
            duid: duid.unwrap_or_else(|| dhcp6::duid_ll(device.arp_type, &mac)),
            iaid: iaid.unwrap_or_else(|| dhcp6::iaid_from_mac(&mac)),
            name: host.name().map(str::to_owned),
        })
    }
}

impl Identity {
    /// Option 61 of DHCPv4.
    pub(super) fn dhcp4(&self) -> Option<Vec<u8>> {
        self.client_id.clone()
    }

    /// The IAID and DUID of DHCPv6.
    pub(super) fn dhcp6(&self) -> (u32, Vec<u8>) {
        (self.iaid, self.duid.clone())
    }
}

/// How long one DHCP exchange takes at most where the profile does not say, as in NetworkManager.
pub(super) const DHCP_TIMEOUT: Duration = Duration::from_secs(45);

/// `connection.autoconnect-retries`: DHCP is tried so many times as long; 0 is for ever.
pub(super) fn retried(ip: &mut IpSettings, retries: Option<u32>) {
    let once = ip.dhcp_timeout.unwrap_or(DHCP_TIMEOUT);
    ip.dhcp_timeout = Some(match retries {
        Some(0) => Duration::MAX,
        tries => once.saturating_mul(tries.unwrap_or(1)),
    });
}

/// The kernel has one length of prefix for an IPv6 address: the last that was given, as in NetworkManager.
pub(super) fn one_of_each(ip: &mut IpSettings) {
    let all = std::mem::take(&mut ip.addresses);
    let given_again = |at: usize, net: &IpNet| all.iter().skip(at + 1).any(|later| later.addr() == net.addr());
    let last = all.iter().enumerate().filter(|(at, net)| !given_again(*at, net));
    ip.addresses = last.map(|(_, net)| *net).collect();
}

/// What the DHCPv4 client is told; `None` for a link without addresses of its own (a tunnel).
pub(super) fn dhcp4(
    profile: &Profile,
    device: &Device,
    mac: Option<HwAddr>,
    identity: Option<&Identity>,
    previous: Option<Ipv4Addr>,
    seed: u64,
) -> Option<dhcp4::Config> {
    let settings = profile.ipv4.clone().unwrap_or_default();
    let wants_ipv6 = profile.ipv6.as_ref().is_some_and(|s| s.method == Method6::Auto);
    let (mac, identity) = (mac?, identity?);
    let hostname = settings.dhcp_fqdn.or(settings.ip.dhcp_hostname).or_else(|| identity.name.clone());
    Some(dhcp4::Config {
        client_id: identity.client_id.clone(),
        hostname: hostname.filter(|_| settings.ip.dhcp_send_hostname),
        vendor_class: settings.dhcp_vendor_class.as_deref().map(unescape),
        mtu: device.mtu,
        previous,
        want_ipv6_only: wants_ipv6 && settings.ip.may_fail,
        ..dhcp4::Config::new(mac, device.arp_type, seed)
    })
}

/// In a kernel without IPv6 nobody tells IPv4 to step back for it (RFC 8925).
pub(super) fn ipv4_alone(config: Option<dhcp4::Config>, alone: bool) -> Option<dhcp4::Config> {
    config.map(|config| dhcp4::Config { want_ipv6_only: config.want_ipv6_only && !alone, ..config })
}

/// DHCPv6 on a link; `None` for one without addresses of its own. It begins when it is asked for.
pub(super) fn dhcp6(
    settings: &Ip6Settings,
    device: &Device,
    identity: Option<&Identity>,
    remembered: Option<dhcp6::Lease>,
    seed: u64,
    now: Instant,
    renew: Option<Renewal>,
) -> Option<Dhcp6> {
    let identity = identity?;
    let fqdn = settings.ip.dhcp_hostname.clone().or_else(|| identity.name.clone());
    let fqdn = fqdn.filter(|_| settings.ip.dhcp_send_hostname);
    let config = dhcp6::Config {
        duid: identity.duid.clone(),
        iaid: identity.iaid,
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
    let rest = renew == Some(Renewal::Rest);
    let lease = remembered.filter(same).map(|lease| (lease.remaining(now), rest || now < lease.acquired + lease.t1));
    let (holds, again) = match lease {
        Some((lease, _)) if lease.is_empty() => (None, None),
        Some((lease, true)) if lease.addresses.iter().all(|a| device.has_address(a.address.into())) => {
            (Some(lease), None)
        }
        Some((lease, _)) => (None, Some(lease)),
        None => (None, None),
    };
    let due = |lease: &dhcp6::Lease| renew == Some(Renewal::Now) || now >= lease.acquired + lease.t1;
    match holds {
        Some(lease) if renew.is_some() && !rest && due(&lease) => Some(Dhcp6::new(config, None, Some(lease), true)),
        holds => Some(Dhcp6::new(config, holds, again, renew.is_some())),
    }
}

/// A remembered lease is to be prolonged if its address is there (`renew`: whatever its age; else nothing is). Otherwise as
/// [`sort_out`] says.
pub(super) fn remembered4(
    remembered: Option<dhcp4::Lease>,
    renew: Option<Renewal>,
    device: &Device,
    now: Instant,
) -> (Remembered4, Option<Ipv4Addr>) {
    let due = |lease: &&dhcp4::Lease| match renew {
        Some(Renewal::Due) => lease.lease_time.is_some() && now >= lease.acquired + lease.t1,
        Some(Renewal::Now) => true,
        Some(Renewal::Rest) | None => false,
    };
    if let Some(lease) = remembered.as_ref().filter(due).filter(|lease| device.has_address(lease.address.into())) {
        return (Remembered4 { holds: None, renew: Some(lease.clone()) }, Some(lease.address));
    }
    let (holds, previous) = sort_out(remembered, renew == Some(Renewal::Rest), device, now);
    (Remembered4 { holds, renew: None }, previous)
}

/// A remembered lease still holds (its address is there and it is not time to renew; to its end where it is left at `rest`), or
/// only its address is asked for again.
fn sort_out(
    remembered: Option<dhcp4::Lease>,
    rest: bool,
    device: &Device,
    now: Instant,
) -> (Option<dhcp4::Lease>, Option<Ipv4Addr>) {
    let Some(lease) = remembered else { return (None, None) };
    let age = now.since(lease.acquired);
    let expired = lease.lease_time.is_some_and(|time| age >= time);
    let young = if rest { !expired } else { lease.lease_time.is_none() || age < lease.t1 };
    let holds = device.has_address(lease.address.into()) && young;
    let address = lease.address;
    match (holds, expired) {
        (true, _) => (Some(lease), None),
        (false, false) => (None, Some(address)),
        (false, true) => (None, None),
    }
}
