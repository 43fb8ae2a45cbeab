//! All links of one run: what was planned is started, everything that happens goes to the link it is for, and the run is over
//! when what was required is decided.

mod absent;
mod devices;
mod order;
mod tunnels;

use std::rc::Rc;
use std::time::Duration;

use super::event::{Action, AddressEvent, Input};
use super::link::{Link, Start};
use super::mac;
use super::outcome::{Dns, LinkOutcome, LinkState, Outcome, Verdict};
use super::settings::{Remembered, Renewal, Settings};
use super::stack::{self, Made, Making, Step};
use super::tunnel::Apart;
use super::wait::{self, Standing};
use crate::plan::{Plan, Requirement, Target};
use crate::profile::desired::DesiredRoute;
use crate::profile::handover::ExitRule;
use crate::profile::{Device, LinkKind, Profile, Warning};
use crate::proto::{Instant, Output};

pub use tunnels::TunnelSettings;

/// One run.
pub struct Session {
    settings: Settings,
    shared: Vec<Rc<Profile>>,
    plan: Plan,
    devices: Vec<Device>,
    links: Vec<Slot>,
    /// Links that were asked for.
    making: Vec<Making>,
    /// Links that were set up for what stands on them.
    lifted: Vec<u32>,
    /// Some profile is a tunnel's.
    tunnels: bool,
    /// Ways to endpoints by links of others.
    pinned: Vec<(u32, DesiredRoute)>,
    actions: std::collections::VecDeque<Action>,
    /// Rounds of putting addresses in order.
    ordered: u8,
    /// The plan is one for devices that are gone.
    outdated: bool,
    started: Instant,
    now: Instant,
}

/// A link, and the profile in the settings that took it.
struct Slot {
    link: Link,
    profile: usize,
    /// Something has happened to it that it was not driven by yet.
    touched: bool,
    /// When it wants to be driven, whatever happens.
    wake: Option<Instant>,
}

impl Slot {
    fn touch(&mut self) -> &mut Link {
        self.touched = true;
        &mut self.link
    }

    /// What happens to one link is nothing to the others, but to tunnels.
    fn drive(&mut self, now: Instant, out: &mut Vec<Action>) {
        if std::mem::take(&mut self.touched) || self.link.is_tunnel() {
            self.wake = self.link.drive(now, out);
        }
    }
}

/// DISCOVERs of so many links leave at once; each later one waits a little longer. A server's socket buffer holds no more.
const BURST: usize = 16;
const PACE: Duration = Duration::from_micros(250);

impl Session {
    /// A run that starts now. It knows no device yet: tell it with [`Input::Devices`].
    pub fn new(settings: Settings, now: Instant) -> Self {
        let shared = settings.profiles.iter().cloned().map(Rc::new).collect();
        Self {
            tunnels: settings.has_tunnels(),
            settings,
            shared,
            plan: Plan::default(),
            devices: Vec::new(),
            links: Vec::new(),
            making: Vec::new(),
            lifted: Vec::new(),
            pinned: Vec::new(),
            ordered: 0,
            outdated: false,
            actions: std::collections::VecDeque::new(),
            started: now,
            now,
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        let now = self.now;
        match input {
            Input::Timeout => {
                let due = |slot: &&mut Slot| slot.wake.is_some_and(|at| at <= now) || slot.link.is_tunnel();
                self.links.iter_mut().filter(due).for_each(|slot| slot.touch().timeout(now));
            }
            Input::Devices(devices) => {
                self.devices(devices);
                self.links.iter_mut().for_each(|slot| slot.touched = true);
            }
            Input::Link(event) => {
                self.on(event.ifindex, |link| link.link_event(&event, now));
                if let Some((bond, active)) = event.bond {
                    self.on(bond, |link| link.port_active(event.ifindex, active, now));
                }
            }
            Input::LinkGone { ifindex } => self.gone(ifindex),
            Input::Address(event) => self.on(event.ifindex, |link| link.address(event, now)),
            Input::DefaultRoute { ifindex, ipv6, gone } => self.on(ifindex, |link| link.default_route(ipv6, !gone)),
            Input::RouterPrefix { ifindex, prefix } => self.on(ifindex, |link| link.router_prefix(prefix)),
            Input::RouterOptions { ifindex, options } => self.on(ifindex, |link| link.router_options(options, now)),
            Input::Dhcp4 { ifindex, source, payload } => self.on(ifindex, |link| link.dhcp4(now, source, payload)),
            Input::Arp { ifindex, packet } => self.on(ifindex, |link| link.arp(now, packet)),
            Input::Created { name, error } => self.created(name, error),
            Input::Router { ifindex, heard, managed, other } => {
                self.on(ifindex, |link| link.router(heard, managed, other));
            }
            Input::Dhcp6 { ifindex, source, payload } => self.on(ifindex, |link| link.dhcp6(now, source, payload)),
            Input::Tuned { ifindex, tuned } => self.on(ifindex, |link| link.tuning.tuned(tuned)),
            Input::Tunnel { ifindex, held } => self.on(ifindex, |link| link.tunnel_read(held)),
            Input::TunnelSet { ifindex, error } => self.on(ifindex, |link| link.tunnel_set(error)),
            Input::Route { ifindex, address, found } => self.on(ifindex, |link| link.route(address, found, now)),
            Input::Dns { ticket, answer } => self.on(ticket.ifindex, |link| link.dns_answer(ticket, answer, now)),
            Input::Applied { ifindex, fatal, complaints } => {
                self.on(ifindex, |link| {
                    link.applied(fatal, complaints);
                    link.tunnel_applied(now);
                });
                self.links.iter_mut().for_each(|slot| slot.link.look_for_ways(now));
            }
        }
        self.drive();
    }

    fn drive(&mut self) {
        let (now, mut out) = (self.now, Vec::new());
        if self.tunnels {
            self.tell_tunnels();
        }
        self.links.iter_mut().for_each(|slot| slot.drive(now, &mut out));
        if self.tunnels {
            self.pin_endpoints(&mut out);
        }
        self.actions.extend(out);
    }

    /// What to do next; `Event` is the end of the run.
    pub fn poll(&mut self) -> Output<Action, Verdict> {
        if std::mem::take(&mut self.outdated) {
            self.plan_anew();
            self.drive();
        }
        if let Some(action) = self.actions.pop_front() {
            return Output::Transmit(action);
        }
        match self.verdict() {
            Ok(_) if self.puts_in_order() => self.poll(),
            Ok(verdict) => Output::Event(verdict),
            Err(until) => Output::WaitUntil(until),
        }
    }

    fn on(&mut self, ifindex: u32, act: impl FnOnce(&mut Link)) {
        if let Some(slot) = self.links.iter_mut().find(|slot| slot.link.ifindex() == ifindex) {
            act(slot.touch());
        }
    }

    fn begin(&mut self, step: &Step) {
        let device = self.devices.iter().find(|device| device.ifindex == step.ifindex);
        let (Some(device), Some(profile)) = (device, self.shared.get(step.profile)) else { return };
        let kind = profile.kind.is_virtual().then(|| stack::kind(profile, step.parent, &self.devices));
        if let Some(slot) = self.links.iter_mut().find(|slot| slot.link.ifindex() == step.ifindex) {
            let renamed = kind.is_some_and(|kind| slot.link.named(kind));
            if slot.link.port_of(step.controller) | renamed {
                self.actions.push_back(Action::Apply(Box::new(slot.link.target(self.now))));
            }
            return;
        }
        let table = stack::vrf_table(&self.plan, &self.settings.profiles, step.controller);
        let (device, profile) = (device.clone(), stack::in_table(profile, table));
        let made = |one: &Making| one.profile == step.profile && one.name == device.name;
        let remembered = self.remembers(&device, &profile);
        let created = self.making.iter().any(made) || remembered.is_some_and(|link| link.created);
        let source = mac::Source { host: &self.settings.host, seed: self.settings.seed };
        let start = Start {
            matched_by: self.matched_by(step.ifindex),
            required: step.required,
            created,
            controller: step.controller,
            kind,
            mac: stack::team_mac(&self.devices, step.controller)
                .or_else(|| mac::of_link(&profile, &device, source, created || remembered.is_some())),
            mac_remark: mac::remark(&profile, &device.name, &self.settings.host),
            needed_mtu: stack::needed_mtu(&self.plan, &self.settings.profiles, step.ifindex),
            parent_mtu: step.parent.and_then(|parent| self.mtu_of(parent)),
            exit: ExitRule::of(&self.settings.exit, &device.name),
            renew: self.settings.renew.map(|how| if self.renews(device.ifindex) { how } else { Renewal::Rest }),
            metric: self.metric(&profile),
            limits: self.settings.limits,
            tunnel: self.tunnel_start(&device, &profile),
            guard: self.guard(),
            no_ipv6: self.settings.no_ipv6,
            dhcp_not_before: self.now + PACE * u32::try_from(self.links.len().saturating_sub(BURST)).unwrap_or(0),
            seed: self.settings.seed.wrapping_add(u64::from(device.ifindex).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            host: self.settings.host.clone(),
            remembered: remembered.map(|link| (link.lease4.clone(), link.lease6.clone())).unwrap_or_default(),
            learned: remembered.map(|link| link.learned.clone()).unwrap_or_default(),
            tuned: Remembered::tuned(&self.settings.remembered, device.ifindex),
        };
        let mut out = Vec::new();
        let link = Link::new(device, profile, start, self.now, &mut out);
        self.actions.extend(out);
        self.links.push(Slot { link, profile: step.profile, touched: true, wake: None });
    }

    fn mtu_of(&self, ifindex: u32) -> Option<u32> {
        self.devices.iter().find(|device| device.ifindex == ifindex).map(|device| device.mtu)
    }

    /// NetworkManager's metric by type of link; several links of one type count up, the first to be planned is preferred.
    fn metric(&self, profile: &Profile) -> u32 {
        let alike = |slot: &&Slot| {
            let link = &slot.link;
            link.profile().kind.name() == profile.kind.name() && !link.serves() && link.gone_at().is_none()
        };
        base_metric(&profile.kind) + u32::try_from(self.links.iter().filter(alike).count()).unwrap_or(0)
    }

    fn remembers(&self, device: &Device, profile: &Profile) -> Option<&Remembered> {
        let same = |link: &&Remembered| {
            link.ifindex == device.ifindex && link.mac == device.mac && link.profile == profile.uuid
        };
        self.settings.remembered.iter().find(same)
    }

    /// The end of the run, or when to look again.
    fn verdict(&self) -> Result<Verdict, Option<Instant>> {
        let now = self.now;
        let over = self.settings.timeout.map(|timeout| self.started + timeout);
        let standings = self.standings();
        let open = standings.iter().any(|standing| matches!(standing, Standing::Open(_)));
        if !open || over.is_some_and(|over| now >= over) {
            let complains = |slot: &Slot| !slot.link.complaints().is_empty() && !self.is_replaced(slot);
            return Ok(wait::judge(&standings, self.links.iter().any(complains)));
        }
        let looks = standings.iter().filter_map(|standing| match standing {
            Standing::Open(at) => *at,
            _ => None,
        });
        let looks: Vec<Instant> = looks.chain(over).collect();
        let wakes = self.links.iter().filter_map(|slot| slot.wake);
        Err(wakes.chain(looks).min())
    }

    /// How every requirement stands; where nothing is required, nothing is waited for.
    fn standings(&self) -> Vec<Standing> {
        if self.settings.renew.is_some() {
            return self
                .links
                .iter()
                .filter(|slot| self.renews(slot.link.ifindex()))
                .map(|slot| slot.link.standing())
                .collect();
        }
        let one = |requirement: &Requirement| {
            wait::standing(
                requirement,
                |target| self.link(target),
                |target| self.coming(target),
                (self.started, self.lost(requirement)),
                self.now,
            )
        };
        self.plan.requirements.iter().map(one).collect()
    }

    /// True for a link with a lease that is to be prolonged.
    fn renews(&self, ifindex: u32) -> bool {
        let leased = |link: &Remembered| link.ifindex == ifindex && (link.lease4.is_some() || link.lease6.is_some());
        let named = self.settings.renewed.is_empty() || self.settings.renewed.contains(&ifindex);
        named && self.settings.remembered.iter().any(leased)
    }

    /// True for a link that is being made, or waits for one that is.
    fn coming(&self, target: Target) -> bool {
        let Target::Creation(at) = target else { return false };
        let Some(creation) = self.plan.creations.get(at) else { return false };
        match self.making.iter().find(|one| one.profile == creation.profile) {
            Some(one) => one.state == Made::Asked,
            None => self.making.iter().any(|one| one.state == Made::Asked),
        }
    }

    /// The link of a target of the plan, if it runs.
    fn link(&self, target: Target) -> Option<&Link> {
        let ifindex = match target {
            Target::Link(ifindex) => ifindex,
            Target::Creation(at) => self.plan.creations.get(at)?.existing?,
        };
        self.links.iter().map(|slot| &slot.link).find(|link| link.ifindex() == ifindex)
    }

    /// Which rules of its profile the device satisfied.
    fn matched_by(&self, ifindex: u32) -> Vec<String> {
        let report = self.plan.devices.iter().find(|report| report.device.ifindex == ifindex);
        report.into_iter().flat_map(|report| &report.matched_by).map(ToString::to_string).collect()
    }

    /// The links that are being brought up.
    pub fn ifindexes(&self) -> Vec<u32> {
        self.links.iter().map(|slot| slot.link.ifindex()).collect()
    }

    /// The IPv6 addresses that their links are known to have.
    pub fn addresses(&self) -> Vec<AddressEvent> {
        self.links.iter().flat_map(|slot| slot.link.addresses6()).copied().collect()
    }

    /// True if the device is known by this name: a new or renamed one may be what a profile waits for.
    pub fn knows(&self, ifindex: u32, name: &str) -> bool {
        self.devices.iter().any(|device| device.ifindex == ifindex && device.name == name)
    }

    /// How it went.
    pub fn outcome(&self, result: Verdict) -> Outcome {
        let counted = || self.links.iter().filter(|slot| !self.is_replaced(slot));
        let links: Vec<_> = counted().map(|slot| slot.link.outcome(self.now)).collect();
        let global = &self.settings.global_dns;
        let mut dns = Dns { servers: global.servers.clone(), ..Dns::default() };
        let up = || links.iter().filter(|link| link.state == LinkState::Up);
        let here = |link: &&LinkOutcome| self.settings.tunnels.apart != Apart::Before || link.tunnel.is_none();
        // A lease goes on while its link has no carrier, and nobody would write its servers again when that is back.
        let heard = |link: &&LinkOutcome| link.state == LinkState::Up || self.settings.renew.is_some();
        links.iter().filter(heard).filter(here).filter(|_| !global.alone).for_each(|link| dns.merge(&link.dns));
        let leased = || up().find_map(|link| link.lease4.as_ref()?.hostname.as_ref().map(ToString::to_string));
        let mut warnings = self.settings.warnings.clone();
        warnings.extend(self.plan.warnings.iter().cloned());
        for slot in counted() {
            let origin = &slot.link.profile().origin;
            let refused = slot.link.refused(self.now).into_iter().chain(slot.link.tuning.warnings());
            let said = slot.link.complaints().iter().chain(slot.link.remarks()).cloned().chain(refused);
            warnings.extend(said.map(|text| Warning::new(origin, text)));
        }
        Outcome {
            started: self.started,
            finished: self.now,
            result,
            hostname: self.settings.hostname.clone().or_else(leased),
            dns,
            untouched: self.untouched(),
            missing: self.missing(),
            links,
            warnings,
        }
    }
}

/// NetworkManager's default metric of a device type.
fn base_metric(kind: &LinkKind) -> u32 {
    match kind.name() {
        "infiniband" => 150,
        "bond" => 300,
        "team" => 350,
        "vlan" => 400,
        "macvlan" => 410,
        "bridge" => 425,
        "vrf" => 470,
        "vxlan" => 500,
        "dummy" => 550,
        "ip-tunnel" => 675,
        "wireguard" => 50,
        _ => 100,
    }
}
