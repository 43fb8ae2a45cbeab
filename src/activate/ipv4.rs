//! IPv4 on one link: static addresses, or a DHCPv4 lease, or both.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::config::DHCP_TIMEOUT;
use super::event::Action;
use super::family::{Family, Progress};
use super::outcome::{Reason, Timing};
use super::target::{self, FamilyTarget};
use crate::profile::{Ip4Settings, Method4};
use crate::proto::dhcp4::{Client, Config, Event, Lease};
use crate::proto::{Instant, Output};

/// How long a server is asked to prolong a lease that holds anyway.
const RENEWAL: Duration = Duration::from_secs(10);

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
    /// What the kernel has said yes to is what [`Ipv4::target`] was when it was last applied.
    applied: bool,
}

/// DHCPv4 on one link.
struct Dhcp {
    config: Config,
    /// The link's broadcast address.
    everybody: Vec<u8>,
    /// Not before this: DISCOVERs of many links at once would be lost at the server.
    not_before: Instant,
    client: Option<Client>,
    started: Option<Instant>,
    lease: Option<Lease>,
    /// A lease that is being prolonged; it holds until a server says no, or its time is over.
    renewing: Option<Lease>,
    /// An address that is ours no more, to be taken from the link.
    lost: Option<ipnet::IpNet>,
    /// Why a lease that still holds was not prolonged.
    unrenewed: Option<String>,
    offered: bool,
    last_refusal: Option<String>,
    last_reject: Option<String>,
}

impl Ipv4 {
    /// IPv4 as `settings` ask for it. `remembered`: a lease of an earlier run, which still holds or is to be prolonged.
    pub(super) fn new(
        settings: Ip4Settings,
        config: Option<Config>,
        everybody: Vec<u8>,
        not_before: Instant,
        remembered: Remembered4,
    ) -> Self {
        let Remembered4 { holds, renew } = remembered;
        let dhcp = config.filter(|_| settings.method == Method4::Auto).map(|config| Dhcp {
            config,
            everybody,
            not_before,
            client: None,
            started: None,
            lease: holds,
            renewing: renew,
            lost: None,
            unrenewed: None,
            offered: false,
            last_refusal: None,
            last_reject: None,
        });
        Self { settings, dhcp, applied: false }
    }

    /// The settings.
    pub(super) fn settings(&self) -> &Ip4Settings {
        &self.settings
    }

    /// The lease, if there is one.
    pub(super) fn lease(&self) -> Option<&Lease> {
        self.dhcp.as_ref().and_then(|dhcp| dhcp.lease.as_ref())
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
        let Some(dhcp) = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none()) else { return };
        match dhcp.client.as_mut() {
            Some(client) => client.carrier(now),
            None => dhcp.begin(now),
        }
    }

    /// The link has another address now, as a bond has with its first port: a lease is asked for with that one.
    pub(super) fn hardware_changed(&mut self, config: Option<Config>, now: Instant) {
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

    /// Lets the client speak until it waits. True if there is a new lease to apply.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, timing: &mut Timing, out: &mut Vec<Action>) -> bool {
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
            out.extend(dhcp.lost.take().map(|net| Action::RemoveAddress { ifindex, net }));
            if dhcp.lease.is_some() {
                self.applied = false;
                return true;
            }
        }
        false
    }

    /// When to be woken.
    pub(super) fn deadline(&mut self, now: Instant) -> Option<Instant> {
        let give_up = self.give_up();
        let dhcp = self.dhcp.as_mut().filter(|dhcp| dhcp.lease.is_none())?;
        let next = match dhcp.client.as_mut() {
            Some(client) => match client.poll() {
                Output::WaitUntil(next) => next,
                _ => Some(now),
            },
            None => dhcp.started.map(|started| started.max(dhcp.not_before)),
        };
        [next, give_up.filter(|&at| at > now)].into_iter().flatten().min()
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
        if let Some(lease) = self.lease() {
            all = target::from_lease4(lease, &self.settings.ip, metric, now);
        } else if self.dhcp.is_some() {
            // Routes by a router of the lease's network can only be made when that network is there.
            let mut early = self.settings.ip.clone();
            early.routes.clear();
            early.gateway = None;
            return target::from_profile(&early, &[], metric);
        }
        let own = target::from_profile(&self.settings.ip, &self.addresses(), metric);
        all.addresses.extend(own.addresses);
        all.routes.extend(own.routes);
        all
    }

    /// How far it has come.
    pub(super) fn family(&self, since: Instant, now: Instant) -> Family {
        let ip = &self.settings.ip;
        Family::new(self.progress(now), ip.may_fail, since, ip.required_timeout)
    }

    fn progress(&self, now: Instant) -> Progress {
        match (self.settings.method, &self.dhcp) {
            (Method4::Disabled, _) => Progress::Off,
            (Method4::Shared | Method4::LinkLocal, _) => Progress::Failed(Reason::Unsupported(format!(
                "ipv4.method={:?} cannot be carried out",
                self.settings.method
            ))),
            (Method4::Auto, None) => Progress::Failed(Reason::Unsupported(
                "ipv4.method=auto needs a link with a MAC address, for DHCP".to_owned(),
            )),
            (_, Some(dhcp)) if dhcp.lease.is_none() => match self.give_up() {
                Some(at) if now >= at => Progress::Failed(dhcp.reason()),
                _ => Progress::Pending(dhcp.reason()),
            },
            _ if self.applied => Progress::Up,
            _ => Progress::Pending(Reason::NotReady),
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

impl Dhcp {
    /// Starts the exchange, or notes when to.
    fn begin(&mut self, now: Instant) {
        self.started.get_or_insert(now);
        if now >= self.not_before {
            self.client = Some(match self.renewing.clone() {
                Some(lease) => Client::renew(self.config.clone(), lease, now),
                None => Client::new(self.config.clone(), now),
            });
        }
    }

    /// The old lease may be used no more (RFC 2131 section 4.4.5).
    fn lose(&mut self) {
        let Some(lease) = self.renewing.take() else { return };
        self.lost = ipnet::Ipv4Net::new(lease.address, lease.prefix_len).ok().map(ipnet::IpNet::V4);
        // What follows is a new lease; it has its own time.
        self.started = None;
    }

    /// True if a renewal has taken too long, and the lease still holds.
    fn is_patient_no_more(&self, now: Instant) -> bool {
        let late = self.started.is_some_and(|started| now >= started + RENEWAL);
        late && self.renewing.as_ref().is_some_and(|lease| lease.expires().is_none_or(|end| now < end))
    }

    /// Goes on with the lease as it is.
    fn stay(&mut self) {
        let why = self.reason();
        self.lease = self.renewing.take();
        self.client = None;
        self.unrenewed = Some(format!("the lease was not renewed ({why}); it holds until its end"));
    }

    /// Takes note of what the client reports.
    fn note(&mut self, event: Event, now: Instant, timing: &mut Timing) {
        match event {
            Event::Offer { .. } => {
                self.offered = true;
                timing.offer.get_or_insert(now);
            }
            Event::Bound(lease) => {
                timing.lease = Some(now);
                if self.renewing.as_ref().is_some_and(|old| old.address != lease.address) {
                    self.lose();
                }
                self.renewing = None;
                self.lease = Some(*lease);
            }
            Event::Nak { server, message } => {
                let said = message.map(|text| format!(": {text}")).unwrap_or_default();
                self.last_refusal = Some(format!("server {server} answered NAK{said}"));
                self.lose();
            }
            Event::Expired { .. } => self.lose(),
            Event::Ignored { reason } => self.last_reject = Some(reason.to_string()),
            _ => {}
        }
    }

    /// Why there is no lease.
    fn reason(&self) -> Reason {
        match (&self.last_refusal, self.offered, &self.last_reject) {
            (Some(text), ..) => Reason::Refused(text.clone()),
            (None, true, _) => {
                Reason::Refused("the server made an offer and then did not answer the request".to_owned())
            }
            (None, false, Some(text)) => Reason::BadOffer(text.clone()),
            (None, false, None) => Reason::NoOffer,
        }
    }
}
