//! IPv4 on one link: static addresses, or a DHCPv4 lease, or both.

mod chosen;
pub(super) mod conflicts;
mod dhcp;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use self::conflicts::Conflicts;
use self::dhcp::{Dhcp, RENEWAL};
use super::config::DHCP_TIMEOUT;
use super::event::Action;
use super::family::{Family, Progress};
use super::outcome::{Reason, Timing};
use super::target::{self, FamilyTarget};
use crate::profile::{Ip4Settings, IpSettings, Method4};
use crate::proto::dhcp4::{Config, Lease};
use crate::proto::{Instant, Output, acd};

/// A lease of an earlier run in this boot: one of the two, or none.
#[derive(Debug, Default)]
pub(super) struct Remembered4 {
    /// It still holds, and nobody needs to be asked.
    pub(super) holds: Option<Lease>,
    /// It is to be prolonged.
    pub(super) renew: Option<Lease>,
}

/// IPv4 on one link.
pub(super) struct Ipv4 {
    settings: Ip4Settings,
    dhcp: Option<Dhcp>,
    conflicts: Conflicts,
    /// What the kernel has said yes to is what [`Ipv4::target`] was when it was last applied.
    applied: bool,
}

impl Ipv4 {
    /// IPv4 as `settings` ask for it. `remembered`: a lease of an earlier run, which still holds or is to be prolonged.
    pub(super) fn new(
        settings: Ip4Settings,
        config: Option<Config>,
        everybody: Vec<u8>,
        not_before: Instant,
        remembered: Remembered4,
        conflicts: Conflicts,
    ) -> Self {
        let Remembered4 { holds, renew } = remembered;
        let dhcp = config.filter(|_| settings.method == Method4::Auto).map(|config| Dhcp {
            config,
            everybody,
            not_before,
            client: None,
            started: None,
            lease: holds,
            doubtful: None,
            renewing: renew,
            lost: None,
            unrenewed: None,
            offered: false,
            last_refusal: None,
            last_reject: None,
        });
        Self { settings, dhcp, conflicts, applied: false }
    }

    /// The settings.
    pub(super) fn settings(&self) -> &Ip4Settings {
        &self.settings
    }

    /// The lease, if there is one.
    pub(super) fn lease(&self) -> Option<&Lease> {
        self.dhcp.as_ref().and_then(|dhcp| dhcp.lease.as_ref())
    }

    /// The lease that holds now, also while it is being prolonged.
    pub(super) fn held(&self, now: Instant) -> Option<&Lease> {
        let holds = |lease: &&Lease| lease.expires().is_none_or(|end| now < end);
        let renewing = self.dhcp.as_ref().and_then(|dhcp| dhcp.renewing.as_ref());
        self.lease().or(renewing.filter(holds))
    }

    /// Why a lease that still holds was not prolonged; said once.
    pub(super) fn unrenewed(&mut self) -> Option<String> {
        self.dhcp.as_mut().and_then(|dhcp| dhcp.unrenewed.take())
    }

    /// The kernel has taken what was last asked of it.
    pub(super) fn applied(&mut self) {
        self.applied = true;
    }

    /// The link has carrier, for the first time or again.
    pub(super) fn carrier(&mut self, now: Instant) {
        self.conflicts.carrier(now);
        let Some(dhcp) = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none()) else { return };
        match dhcp.client.as_mut() {
            Some(client) => client.carrier(now),
            None => dhcp.begin(now),
        }
    }

    /// The link has none any more.
    pub(super) fn carrier_lost(&mut self) {
        self.conflicts.carrier_lost();
    }

    /// The link has another address now, as a bond has with its first port: a lease is asked for with that one.
    pub(super) fn hardware_changed(&mut self, config: Option<Config>, now: Instant) {
        self.conflicts.hardware_changed(config.as_ref().map(|config| config.hwaddr), now);
        let Some((dhcp, config)) = self.dhcp.as_mut().zip(config) else { return };
        if dhcp.lease.is_some() || dhcp.config.hwaddr == config.hwaddr {
            return;
        }
        dhcp.config = config;
        if dhcp.client.take().is_some() {
            dhcp.begin(now);
        }
    }

    /// A time that was waited for may have come.
    pub(super) fn timeout(&mut self, now: Instant) {
        self.conflicts.timeout(now);
        let Some(dhcp) = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none()) else { return };
        if dhcp.is_patient_no_more(now) {
            return dhcp.stay();
        }
        match dhcp.client.as_mut() {
            Some(client) => client.handle_timeout(now),
            None if dhcp.started.is_some() => dhcp.begin(now),
            None => {}
        }
    }

    /// A UDP payload for port 68.
    pub(super) fn packet(&mut self, now: Instant, source: Ipv4Addr, payload: &[u8]) {
        if let Some(client) = self.dhcp.as_mut().and_then(|dhcp| dhcp.client.as_mut()) {
            client.handle_packet(now, source, payload);
        }
    }

    /// An ARP packet.
    pub(super) fn arp(&mut self, now: Instant, packet: &[u8]) {
        self.conflicts.packet(now, packet);
    }

    /// Lets everything speak until it waits. True if there is something new to apply.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, timing: &mut Timing, out: &mut Vec<Action>) -> bool {
        let mut fresh = false;
        while let Some(event) = self.conflicts.poll(ifindex, self.applied, now, out) {
            fresh |= matches!(event, acd::Event::Free(_));
            self.dhcp.iter_mut().for_each(|dhcp| dhcp.found(event, now));
        }
        self.applied &= !fresh;
        self.ask(ifindex, now, timing, out) || fresh
    }

    /// Lets the client speak until it waits. True if there is a new lease to apply.
    fn ask(&mut self, ifindex: u32, now: Instant, timing: &mut Timing, out: &mut Vec<Action>) -> bool {
        let dscp = class_selector(self.settings.dhcp_dscp.as_deref());
        let Some(dhcp) = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none()) else { return false };
        while let Some(client) = dhcp.client.as_mut() {
            match client.poll() {
                Output::WaitUntil(_) => return false,
                Output::Transmit(transmit) => {
                    out.push(Action::SendDhcp4 { ifindex, to: dhcp.everybody.clone(), dscp, transmit });
                }
                Output::Event(event) => dhcp.note(event, now, timing),
            }
            if let Some(net) = dhcp.lost.take() {
                self.conflicts.lost(net.addr());
                out.push(Action::RemoveAddress { ifindex, net: net.into() });
            }
            if let Some(lease) = dhcp.lease.take_if(|lease| self.conflicts.lease(lease.address, now)) {
                dhcp.doubtful = Some(lease);
            }
            if dhcp.lease.is_some() {
                self.applied = false;
                return true;
            }
        }
        false
    }

    /// When to be woken.
    pub(super) fn deadline(&mut self, now: Instant) -> Option<Instant> {
        let probe = self.conflicts.deadline();
        let give_up = self.give_up();
        let Some(dhcp) = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none()) else { return probe };
        let next = match dhcp.client.as_mut() {
            Some(client) => match client.poll() {
                Output::WaitUntil(next) => next,
                _ => Some(now),
            },
            None => dhcp.started.map(|started| started.max(dhcp.not_before)),
        };
        [next, probe, give_up.filter(|&at| at > now)].into_iter().flatten().min()
    }

    /// When the exchange is given up.
    fn give_up(&self) -> Option<Instant> {
        let dhcp = self.dhcp.as_ref()?;
        let started = dhcp.started?;
        if dhcp.renewing.is_some() {
            return Some(started + RENEWAL);
        }
        Some(started + self.settings.ip.dhcp_timeout.unwrap_or(DHCP_TIMEOUT))
    }

    /// The addresses that the profile or the lease brings.
    pub(super) fn addresses(&self) -> Vec<ipnet::IpNet> {
        self.lease()
            .and_then(|lease| ipnet::Ipv4Net::new(lease.address, lease.prefix_len).ok())
            .map(ipnet::IpNet::V4)
            .into_iter()
            .collect()
    }

    /// What the kernel shall hold now.
    pub(super) fn target(&self, metric: u32, now: Instant) -> FamilyTarget {
        let metric = self.settings.ip.route_metric.unwrap_or(metric);
        let mut all = FamilyTarget::default();
        let waits = |lease: &&Lease| {
            Ipv4Net::new(lease.address, lease.prefix_len).is_ok_and(|net| self.conflicts.looks_in(net))
        };
        if let Some(lease) = self.lease().filter(|lease| !waits(lease)) {
            all = target::from_lease4(lease, &self.settings.ip, metric, now);
        }
        // Routers are reached by what the lease says is on the link.
        let direct = all.routes.iter().filter(|route| route.gateway.is_none()).map(|route| route.destination);
        let others: Vec<ipnet::IpNet> = self.addresses().into_iter().chain(direct).collect();
        let own = match self.partly() {
            Some(part) => target::from_profile(&part, &others, metric),
            None => target::from_profile(&self.settings.ip, &others, metric),
        };
        let chosen =
            self.conflicts.chosen().map(|address| target::link_local(address, metric, self.settings.ip.route_table));
        // The kernel speaks from the first of a network: one of the profile goes before a lease, as in NetworkManager.
        all.addresses.splice(0..0, own.addresses);
        all.routes.extend(own.routes);
        if let Some(more) = chosen {
            all.addresses.extend(more.addresses);
            all.routes.extend(more.routes);
        }
        all
    }

    /// What of the profile can be had now; `None`: all.
    fn partly(&self) -> Option<IpSettings> {
        let ip = &self.settings.ip;
        let addresses = self.conflicts.usable(&ip.addresses);
        let waits = self.dhcp.is_some() && self.lease().is_none();
        if addresses.len() == ip.addresses.len() && !waits {
            return None;
        }
        let mut part = IpSettings { addresses, ..ip.clone() };
        // Routes by a router of a network can only be made when that network is there.
        if waits || self.conflicts.looks() || part.addresses.is_empty() && self.lease().is_none() {
            part.routes.clear();
            part.gateway = None;
        }
        Some(part)
    }

    /// What is to be said of addresses of the profile that other hosts have.
    pub(super) fn complaints(&self) -> impl Iterator<Item = String> {
        self.conflicts.taken().map(|reason| format!("{reason}: not used (ipv4.dad-timeout)"))
    }

    /// What is missing of the address that the link gives itself.
    fn missing(&self) -> Option<Progress> {
        if self.settings.wants_link_local() { self.conflicts.missing() } else { None }
    }

    /// Why none of the profile's addresses is there: other hosts have them all.
    fn in_use(&self) -> Option<Reason> {
        self.conflicts.taken().next().filter(|_| self.conflicts.usable(&self.settings.ip.addresses).is_empty())
    }

    /// How far it has come.
    pub(super) fn family(&self, since: Instant, now: Instant) -> Family {
        let ip = &self.settings.ip;
        let link_only = self.settings.method == Method4::LinkLocal;
        let proves = self.conflicts.proves();
        Family { link_only, proves, ..Family::new(self.progress(now), ip.may_fail, since, ip.required_timeout) }
    }

    fn progress(&self, now: Instant) -> Progress {
        match (self.settings.method, &self.dhcp) {
            (Method4::Disabled, _) => Progress::Off,
            (Method4::Shared, _) => {
                Progress::Failed(Reason::Unsupported("ipv4.method=shared cannot be carried out".to_owned()))
            }
            (Method4::Auto, None) => Progress::Failed(Reason::Unsupported(
                "ipv4.method=auto needs a link with a MAC address, for DHCP".to_owned(),
            )),
            (_, Some(dhcp)) if dhcp.lease.is_none() => match self.give_up() {
                Some(at) if now >= at => Progress::Failed(dhcp.reason()),
                _ => Progress::Pending(dhcp.reason()),
            },
            _ if self.conflicts.looks() => Progress::Pending(Reason::NotReady),
            _ if self.missing().is_some() => self.missing().unwrap_or(Progress::Off),
            (Method4::Manual, _) if self.in_use().is_some() => {
                Progress::Failed(self.in_use().unwrap_or(Reason::NotReady))
            }
            _ if !self.applied => Progress::Pending(Reason::NotReady),
            _ => Progress::Up,
        }
    }
}

/// The DSCP of a class selector (RFC 2474 section 4.2.2.2): CS6 is 48. Without one 0, the daemon's default since 1.46.
fn class_selector(setting: Option<&str>) -> u8 {
    match setting {
        Some("CS4") => 4 << 3,
        Some("CS6") => 6 << 3,
        _ => 0,
    }
}
