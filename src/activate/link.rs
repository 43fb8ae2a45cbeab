//! One link, from "down" to "all that was asked for is there".

mod carrier;
mod dns;
mod heard;
mod port;
mod report;
mod tunnels;

use std::rc::Rc;

use self::carrier::Lower;
use super::config::{self, Identity};
use super::event::{Action, AddressEvent};
use super::family::{Family, Progress, combine};
use super::ipv4::Ipv4;
use super::ipv4::conflicts::Conflicts;
use super::ipv6::Ipv6;
use super::limits::Limits;
use super::multicast;
use super::outcome::{LinkState, Reason, Timing};
use super::settings::Renewal;
use super::tuning::Tuning;
use super::tunnel::guard::Guard;
use super::tunnel::{Tunnel, TunnelStart};
use crate::profile::desired::{DesiredKind, DesiredLink, DesiredRoute};
use crate::profile::handover::ExitPolicy;
use crate::profile::tuning::{self, Change};
use crate::profile::{Device, HwAddr, Method6, Profile};
use crate::proto::Instant;
use crate::proto::identity::Host;
use crate::proto::ndisc::Learned;
use crate::proto::{dhcp4, dhcp6};

/// What a link is started with besides its device and profile.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// Which rules of the profile matched.
    pub(super) matched_by: Vec<String>,
    /// True if the run counts on it.
    pub(super) required: bool,
    /// True if sunup made the link.
    pub(super) created: bool,
    /// The link it becomes a port of.
    pub(super) controller: Option<u32>,
    /// What it is, if the profile makes it.
    pub(super) kind: Option<DesiredKind>,
    /// The address it shall have.
    pub(super) mac: Option<HwAddr>,
    /// What there is to say of it.
    pub(super) mac_remark: Option<String>,
    /// The MTU that links upon it need.
    pub(super) needed_mtu: Option<u32>,
    /// The MTU of the link below, which it cannot exceed.
    pub(super) parent_mtu: Option<u32>,
    /// What becomes of it afterwards.
    pub(super) exit: ExitPolicy,
    /// The metric of its default route.
    pub(super) metric: u32,
    /// How long is waited for what.
    pub(super) limits: Limits,
    /// DHCP is not begun before this.
    pub(super) dhcp_not_before: Instant,
    /// Makes transaction ids and jitter.
    pub(super) seed: u64,
    /// What identifiers are made of.
    pub(super) host: Rc<Host>,
    /// Whether they are to be prolonged.
    pub(super) renew: Option<Renewal>,
    /// Leases of an earlier run in this boot.
    pub(super) remembered: (Option<dhcp4::Lease>, Option<dhcp6::Lease>),
    /// What routers said about names then.
    pub(super) learned: Learned,
    /// What earlier runs changed in the device.
    pub(super) tuned: Vec<Change>,
    /// What tunnels are started with.
    pub(super) tunnel: TunnelStart,
    /// What the network may not do beside tunnels.
    pub(super) guard: Guard,
    /// The kernel has no IPv6.
    pub(super) no_ipv6: bool,
}

/// One link that a profile took.
pub(super) struct Link {
    device: Device,
    profile: Rc<Profile>,
    start: Start,
    identity: Option<Identity>,
    started: Instant,
    v4: Ipv4,
    v6: Option<Ipv6>,
    timing: Timing,
    learned: Learned,
    tunnel: Option<Tunnel>,
    /// Routes to endpoints of tunnels by this link.
    pins: Vec<DesiredRoute>,
    fatal: Option<Reason>,
    complaints: Vec<String>,
    /// The device's own settings.
    pub(super) tuning: Tuning,
    /// When the device was removed.
    removed: Option<Instant>,
    applied: bool,
    /// What the link shall be is to be applied once more.
    again: bool,
    /// How far it had come when it was last driven.
    latest: LinkState,
    /// What the kernel says of carrier; a bond that speaks LACP counts from when a port of it may send.
    lower: Lower,
}

impl Link {
    /// A link that shall become what `profile` asks for; tells `out` what to do first.
    pub(super) fn new(device: Device, profile: Rc<Profile>, start: Start, now: Instant, out: &mut Vec<Action>) -> Self {
        let mac = start.mac.or(device.mac);
        let mut settings = profile.ipv4.clone().unwrap_or_default();
        config::retried(&mut settings.ip, profile.autoconnect_retries);
        let (lease4, lease6) = start.remembered.clone();
        let (remembered4, previous) = config::remembered4(lease4, start.renew, &device, now);
        let identity = Identity::new(&profile, &device, mac, &start.host);
        let config = config::dhcp4(&profile, &device, mac, identity.as_ref(), previous, start.seed);
        let config = config::ipv4_alone(config, start.no_ipv6);
        let conflicts = Conflicts::new(&settings, &device, mac, start.seed ^ 1);
        let everybody = multicast::broadcast(&device);
        let v4 = Ipv4::new(settings, config, everybody, start.dhcp_not_before, remembered4, conflicts);
        let known = device.addresses.iter().map(|&net| AddressEvent {
            ifindex: device.ifindex,
            net,
            tentative: false,
            dad_failed: false,
            gone: false,
        });
        let known6 = known.filter(|known| matches!(known.net, ipnet::IpNet::V6(_))).collect();
        let v6 = profile.ipv6.clone().filter(|_| !start.no_ipv6).map(|mut settings| {
            config::retried(&mut settings.ip, profile.autoconnect_retries);
            config::one_of_each(&mut settings.ip);
            let dhcp = config::dhcp6(&settings, &device, identity.as_ref(), lease6, !start.seed, now, start.renew);
            Ipv6::new(settings, known6, dhcp, start.limits, multicast::all_routers(&device))
        });
        let wanted = tuning::wanted_after(&start.tuned, tuning::wanted(&profile.kind, &profile.link));
        let tunnel = Tunnel::new(device.ifindex, &profile, &start.tunnel, now);
        let learned = start.learned.clone();
        let lower = Lower::new(device.carrier);
        let mut link = Self {
            tuning: Tuning::new(wanted, start.tuned.clone()),
            tunnel,
            pins: Vec::new(),
            device,
            profile,
            start,
            identity,
            started: now,
            v4,
            v6,
            timing: Timing::default(),
            learned,
            fatal: None,
            complaints: Vec::new(),
            removed: None,
            applied: false,
            again: false,
            latest: LinkState::Pending(Reason::NotReady),
            lower,
        };
        link.begin(now, out);
        link
    }

    /// Its interface index.
    pub(super) fn ifindex(&self) -> u32 {
        self.device.ifindex
    }

    /// The profile that took it.
    pub(super) fn profile(&self) -> &Rc<Profile> {
        &self.profile
    }

    /// When it had carrier.
    pub(super) fn carrier_since(&self) -> Option<Instant> {
        self.timing.carrier.filter(|_| self.device.carrier)
    }

    /// The name of its device.
    pub(super) fn name(&self) -> &str {
        &self.device.name
    }

    /// When everything was there.
    pub(super) fn done_at(&self) -> Option<Instant> {
        self.timing.done
    }

    fn begin(&mut self, now: Instant, out: &mut Vec<Action>) {
        for (key, value) in self.sysctls() {
            out.push(Action::Sysctl { ifindex: self.ifindex(), ifname: self.device.name.clone(), key, value });
        }
        out.extend(self.tuning.ask(self.ifindex(), self.device.up, self.device.carrier));
        // A tunnel is set up when its device is configured.
        if self.tunnel.is_none() {
            out.push(Action::Apply(Box::new(self.target(now))));
        }
        if self.device.up {
            self.timing.up = Some(now);
            self.carrier_changed(self.device.carrier, now);
        }
    }

    /// What the kernel shall hold now.
    pub(super) fn target(&self, now: Instant) -> DesiredLink {
        let mut v4 = self.v4.target(self.start.metric, now);
        if let Some(v6) = &self.v6 {
            let v6 = v6.target(self.start.metric, now);
            v4.addresses.extend(v6.addresses);
            v4.routes.extend(v6.routes);
        }
        // Nobody may be there to prolong them.
        for address in v4.addresses.iter_mut().filter(|_| self.start.exit == ExitPolicy::Keep) {
            (address.valid, address.preferred) = (None, None);
        }
        let target = DesiredLink {
            ifindex: self.ifindex(),
            up: Some(true),
            mtu: self.mtu(),
            mac: self.start.mac,
            controller: self.start.controller,
            kind: self.start.kind.clone().map(Box::new),
            port: self.port().map(Box::new),
            token: self.token(),
            addresses: v4.addresses,
            routes: v4.routes,
            rules: self.profile.ipv4.as_ref().map(|s| s.ip.routing_rules.clone()).unwrap_or_default(),
            rules6: self.profile.ipv6.as_ref().map(|s| s.ip.routing_rules.clone()).unwrap_or_default(),
            ..DesiredLink::default()
        };
        let mut target = self.with_tunnels(target).0;
        if self.start.no_ipv6 {
            target.forget_ipv6();
        }
        target
    }

    /// The device is gone.
    pub(super) fn gone(&mut self, now: Instant) {
        self.removed = Some(now);
        self.device.carrier = false;
    }

    /// When that was.
    pub(super) fn gone_at(&self) -> Option<Instant> {
        self.removed
    }

    /// True if this is the device that `other` was.
    pub(super) fn is_again(&self, other: &Self) -> bool {
        self.device.name == other.device.name || self.device.mac.is_some() && self.device.mac == other.device.mac
    }

    /// A time that was waited for may have come.
    pub(super) fn timeout(&mut self, now: Instant) {
        self.lower_timeout(now);
        self.v4.timeout(now);
        if let Some(v6) = &mut self.v6 {
            v6.timeout(now);
        }
    }

    /// What [`Action::Apply`] came to.
    pub(super) fn applied(&mut self, fatal: Option<String>, complaints: Vec<String>) {
        for complaint in complaints {
            if !self.complaints.contains(&complaint) {
                self.complaints.push(complaint);
            }
        }
        match fatal {
            Some(text) => self.fatal = Some(Reason::Kernel(text)),
            None => {
                (self.applied, self.lower.mtu6_forgotten) = (true, true);
                self.v4.applied();
                self.v6.iter_mut().for_each(Ipv6::applied);
            }
        }
    }

    /// Tells `out` what to do now; to be called after everything else. Answers when to be woken, whatever happens.
    pub(super) fn drive(&mut self, now: Instant, out: &mut Vec<Action>) -> Option<Instant> {
        if self.removed.is_none() {
            self.act(now, out);
        }
        self.latest = self.state(now);
        if self.latest == LinkState::Up {
            self.timing.done.get_or_insert(now);
        }
        self.deadline(now)
    }

    fn act(&mut self, now: Instant, out: &mut Vec<Action>) {
        let ifindex = self.ifindex();
        let (up, carrier) = (self.device.up, self.device.carrier);
        out.extend(std::iter::from_fn(|| self.tuning.ask(ifindex, up, carrier)));
        let mut fresh = self.v4.drive(ifindex, now, &mut self.timing, out);
        let new = self.v4.complaints().filter(|text| !self.complaints.contains(text)).collect::<Vec<_>>();
        self.complaints.extend(new);
        self.complaints.extend(self.v4.unrenewed());
        if let Some(v6) = &mut self.v6 {
            fresh |= v6.drive(ifindex, now, &mut self.timing, out);
            self.complaints.extend(v6.unrenewed());
        }
        fresh |= self.drive_tunnel(now, out) | std::mem::take(&mut self.again);
        if fresh {
            out.push(Action::Apply(Box::new(self.target(now))));
        }
        self.set_mtu6(out);
    }

    /// When to be woken.
    fn deadline(&mut self, now: Instant) -> Option<Instant> {
        if self.removed.is_some() {
            return None;
        }
        let tunnel = self.tunnel.as_ref().and_then(|tunnel| tunnel.deadline(now));
        let machines = [self.v4.deadline(now), self.v6.as_mut().and_then(|v6| v6.deadline(now)), tunnel];
        let carrier = self.timing.carrier.is_none().then(|| self.carrier_deadline());
        let lower = self.lower_deadline();
        let waits = self.families(now).map(|family| family.waited_for_until);
        let ahead = waits.into_iter().chain([carrier, lower]).flatten().filter(|&at| at > now);
        machines.into_iter().flatten().chain(ahead).min()
    }

    /// When the link must be up, and when it must have carrier.
    fn carrier_deadline(&self) -> Instant {
        match self.timing.up {
            Some(up) => up + self.start.limits.carrier,
            None => self.started + self.start.limits.up,
        }
    }

    fn families(&self, now: Instant) -> [Family; 2] {
        let since = self.timing.carrier.unwrap_or(self.started);
        let v6 = self.v6.as_ref().map_or_else(|| self.without_ipv6(since), |v6| v6.family(since, now));
        [self.v4.family(since, now), v6]
    }

    /// IPv6 as far as it comes in a kernel that has none.
    fn without_ipv6(&self, since: Instant) -> Family {
        match self.profile.ipv6.as_ref().filter(|_| self.start.no_ipv6) {
            Some(asked) if !matches!(asked.method, Method6::Disabled | Method6::Ignore) => {
                Family::new(Progress::Failed(Reason::NoIpv6), asked.ip.may_fail, since, None)
            }
            _ => Family::OFF,
        }
    }

    /// How far it had come when it was last driven: as far as it is now, for what changes it drives it.
    pub(super) fn latest(&self) -> &LinkState {
        &self.latest
    }

    /// How far it has come.
    pub(super) fn state(&self, now: Instant) -> LinkState {
        if self.removed.is_some() {
            return LinkState::Failed(Reason::Removed);
        }
        if let Some(reason) = &self.fatal {
            return LinkState::Failed(reason.clone());
        }
        if let Some(state) = self.waits_for_tunnel(now) {
            return state;
        }
        if self.serves() {
            return if self.applied { LinkState::Up } else { LinkState::Pending(Reason::NotReady) };
        }
        if !self.device.carrier && self.timing.done.is_none() {
            let reason = if self.timing.up.is_some() { Reason::NoCarrier } else { Reason::NotUp };
            return match now >= self.carrier_deadline() {
                true => LinkState::Failed(reason),
                false => LinkState::Pending(reason),
            };
        }
        if self.waits_for_mtu6() {
            return LinkState::Pending(Reason::NotReady);
        }
        combine(&self.families(now), now)
    }
}
