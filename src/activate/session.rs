//! All links of one run: what was planned is started, everything that happens goes to the link it is for, and the run is over
//! when what was required is decided.

use std::rc::Rc;
use std::time::Duration;

use uuid::Uuid;

use super::event::{Action, Input};
use super::link::{Link, Start};
use super::outcome::{Dns, LinkState, Missing, Outcome, Untouched, Verdict};
use super::stack::{self, Made, Making, Step};
use super::wait::{self, Standing};
use crate::plan::{self, Context, Plan, Target};
use crate::profile::handover::{ExitPolicy, ExitRule};
use crate::profile::{Device, HwAddr, LinkKind, Profile, Warning};
use crate::proto::identity::Host;
use crate::proto::{Instant, Output, dhcp4, dhcp6};

/// What a run is started with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What becomes of links afterwards.
    pub exit: Vec<ExitRule>,
    /// What is wanted.
    pub profiles: Vec<Profile>,
    /// What the choice of profiles goes by besides the devices.
    pub context: Context,
    /// `rd.net.timeout.carrier`: how long carrier is waited for.
    pub carrier_timeout: Duration,
    /// After this everything must be done.
    pub timeout: Option<Duration>,
    /// The host name asked for; it goes before one from a lease.
    pub hostname: Option<String>,
    /// What could not be honoured as written.
    pub warnings: Vec<Warning>,
    /// What identifiers of the machine are made of.
    pub host: Rc<Host>,
    /// Links of earlier runs in this boot.
    pub remembered: Vec<Remembered>,
    /// Makes transaction ids and jitter.
    pub seed: u64,
}

/// What is remembered of a link of an earlier run in this boot.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Its interface index.
    pub ifindex: u32,
    /// Its name then.
    pub name: String,
    /// Its address then.
    pub mac: Option<HwAddr>,
    /// The profile that had it.
    pub profile: Uuid,
    /// True if sunup made the link.
    pub created: bool,
    /// What becomes of it afterwards.
    pub exit: ExitPolicy,
    /// Its lease.
    pub lease4: Option<dhcp4::Lease>,
    /// Its DHCPv6 lease.
    pub lease6: Option<dhcp6::Lease>,
}

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
    actions: std::collections::VecDeque<Action>,
    started: Instant,
    now: Instant,
}

/// A link, and the profile in the settings that took it.
struct Slot {
    link: Link,
    profile: usize,
}

/// DISCOVERs of so many links leave at once; each later one waits a little longer. A server's socket buffer holds no more.
const BURST: usize = 16;
const PACE: Duration = Duration::from_micros(250);

impl Session {
    /// A run that starts now. It knows no device yet: tell it with [`Input::Devices`].
    pub fn new(settings: Settings, now: Instant) -> Self {
        let shared = settings.profiles.iter().cloned().map(Rc::new).collect();
        Self {
            settings,
            shared,
            plan: Plan::default(),
            devices: Vec::new(),
            links: Vec::new(),
            making: Vec::new(),
            lifted: Vec::new(),
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
            Input::Timeout => self.links.iter_mut().for_each(|slot| slot.link.timeout(now)),
            Input::Devices(devices) => self.devices(devices),
            Input::Link(event) => {
                self.on(event.ifindex, |link| link.link_event(&event, now));
                if let Some((bond, active)) = event.bond {
                    self.on(bond, |link| link.port_active(event.ifindex, active, now));
                }
            }
            Input::LinkGone { ifindex } => self.on(ifindex, Link::gone),
            Input::Address(event) => self.on(event.ifindex, |link| link.address(event, now)),
            Input::DefaultRoute { ifindex, ipv6, gone } => self.on(ifindex, |link| link.default_route(ipv6, !gone)),
            Input::RouterOptions { ifindex, options } => self.on(ifindex, |link| link.router_options(options, now)),
            Input::Dhcp4 { ifindex, source, payload } => self.on(ifindex, |link| link.dhcp4(now, source, payload)),
            Input::Created { name, error } => self.created(name, error),
            Input::Router { ifindex, managed, other } => self.on(ifindex, |link| link.router(managed, other)),
            Input::Dhcp6 { ifindex, source, payload } => self.on(ifindex, |link| link.dhcp6(now, source, payload)),
            Input::Applied { ifindex, fatal, complaints } => {
                self.on(ifindex, |link| link.applied(fatal, complaints));
            }
        }
        let mut out = Vec::new();
        self.links.iter_mut().for_each(|slot| slot.link.drive(now, &mut out));
        self.actions.extend(out);
    }

    /// What to do next; `Event` is the end of the run.
    pub fn poll(&mut self) -> Output<Action, Verdict> {
        if let Some(action) = self.actions.pop_front() {
            return Output::Transmit(action);
        }
        match self.verdict() {
            Ok(verdict) => Output::Event(verdict),
            Err(until) => Output::WaitUntil(until),
        }
    }

    fn on(&mut self, ifindex: u32, act: impl FnOnce(&mut Link)) {
        if let Some(slot) = self.links.iter_mut().find(|slot| slot.link.ifindex() == ifindex) {
            act(&mut slot.link);
        }
    }

    /// Plans anew and starts what has become possible. What runs already goes on.
    fn devices(&mut self, devices: &[Device]) {
        self.devices = devices.to_vec();
        self.settings.context.kept = self.links.iter().map(|slot| (slot.link.ifindex(), slot.profile)).collect();
        self.plan = plan::plan(&self.settings.profiles, devices, &self.settings.context);
        let mut out = Vec::new();
        stack::lift(&self.plan, &self.settings.profiles, devices, &mut self.lifted, &mut out);
        self.actions.extend(out);
        for step in stack::steps(&self.plan) {
            self.begin(&step);
        }
        let mut out = Vec::new();
        stack::make(&self.plan, &self.settings.profiles, devices, &mut self.making, &mut out);
        self.actions.extend(out);
    }

    /// What became of a link that was asked for. Whether it is what was wanted is seen when the devices are read again.
    fn created(&mut self, name: &str, error: Option<String>) {
        for one in self.making.iter_mut().filter(|one| one.name == name && one.state == Made::Asked) {
            one.state = error.clone().map_or(Made::Done, Made::Failed);
        }
    }

    fn begin(&mut self, step: &Step) {
        let device = self.devices.iter().find(|device| device.ifindex == step.ifindex);
        let (Some(device), Some(profile)) = (device, self.shared.get(step.profile)) else { return };
        let kind = profile.kind.is_virtual().then(|| stack::kind(profile, step.parent, &self.devices));
        if let Some(slot) = self.links.iter_mut().find(|slot| slot.link.ifindex() == step.ifindex) {
            if kind.is_some_and(|kind| slot.link.named(kind)) {
                self.actions.push_back(Action::Apply(Box::new(slot.link.target(self.now))));
            }
            return;
        }
        let table = stack::vrf_table(&self.plan, &self.settings.profiles, step.controller);
        let (device, profile) = (device.clone(), stack::in_table(profile, table));
        let made = |one: &Making| one.profile == step.profile && one.name == device.name;
        let start = Start {
            matched_by: self.matched_by(step.ifindex),
            required: step.required,
            created: self.making.iter().any(made) || self.remembers(&device, &profile).is_some_and(|link| link.created),
            controller: step.controller,
            kind,
            team_mac: stack::team_mac(&self.devices, step.controller),
            needed_mtu: stack::needed_mtu(&self.plan, &self.settings.profiles, step.ifindex),
            parent_mtu: step.parent.and_then(|parent| self.mtu_of(parent)),
            exit: ExitRule::of(&self.settings.exit, &device.name),
            metric: self.metric(&profile),
            carrier_timeout: self.settings.carrier_timeout,
            dhcp_not_before: self.now + PACE * u32::try_from(self.links.len().saturating_sub(BURST)).unwrap_or(0),
            seed: self.settings.seed.wrapping_add(u64::from(device.ifindex).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            host: self.settings.host.clone(),
            remembered: self
                .remembers(&device, &profile)
                .map(|link| (link.lease4.clone(), link.lease6.clone()))
                .unwrap_or_default(),
        };
        let mut out = Vec::new();
        let link = Link::new(device, profile, start, self.now, &mut out);
        self.actions.extend(out);
        self.links.push(Slot { link, profile: step.profile });
    }

    fn mtu_of(&self, ifindex: u32) -> Option<u32> {
        self.devices.iter().find(|device| device.ifindex == ifindex).map(|device| device.mtu)
    }

    /// NetworkManager's metric by type of link; several links of one type count up, the first to be planned is preferred.
    fn metric(&self, profile: &Profile) -> u32 {
        let alike = |slot: &&Slot| slot.link.profile().kind.name() == profile.kind.name() && !slot.link.serves();
        base_metric(&profile.kind) + u32::try_from(self.links.iter().filter(alike).count()).unwrap_or(0)
    }

    fn remembers(&self, device: &Device, profile: &Profile) -> Option<&Remembered> {
        let same = |link: &&Remembered| {
            link.ifindex == device.ifindex && link.mac == device.mac && link.profile == profile.uuid
        };
        self.settings.remembered.iter().find(same)
    }

    /// The end of the run, or when to look again.
    fn verdict(&mut self) -> Result<Verdict, Option<Instant>> {
        let now = self.now;
        let over = self.settings.timeout.map(|timeout| self.started + timeout);
        let standings = self.standings();
        let open = standings.iter().any(|standing| matches!(standing, Standing::Open(_)));
        if !open || over.is_some_and(|over| now >= over) {
            return Ok(judge(&standings, self.links.iter().any(|slot| !slot.link.complaints().is_empty())));
        }
        let looks = standings.iter().filter_map(|standing| match standing {
            Standing::Open(at) => *at,
            _ => None,
        });
        let looks: Vec<Instant> = looks.chain(over).collect();
        let wakes = self.links.iter_mut().filter_map(|slot| slot.link.deadline(now));
        Err(wakes.chain(looks).min())
    }

    /// How every requirement stands; where nothing is required, nothing is waited for.
    fn standings(&self) -> Vec<Standing> {
        let one = |requirement| {
            wait::standing(
                requirement,
                |target| self.link(target),
                |target| self.coming(target),
                self.started,
                self.now,
            )
        };
        self.plan.requirements.iter().map(one).collect()
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

    /// True if the device is known by this name: a new or renamed one may be what a profile waits for.
    pub fn knows(&self, ifindex: u32, name: &str) -> bool {
        self.devices.iter().any(|device| device.ifindex == ifindex && device.name == name)
    }

    /// How it went.
    pub fn outcome(&self, result: Verdict) -> Outcome {
        let links: Vec<_> = self.links.iter().map(|slot| slot.link.outcome(self.now)).collect();
        let mut dns = Dns::default();
        let up = || links.iter().filter(|link| link.state == LinkState::Up);
        up().for_each(|link| dns.merge(&link.dns));
        let leased = || up().find_map(|link| link.lease4.as_ref()?.hostname.as_ref().map(ToString::to_string));
        let mut warnings = self.settings.warnings.clone();
        warnings.extend(self.plan.warnings.iter().cloned());
        for slot in &self.links {
            let origin = &slot.link.profile().origin;
            warnings.extend(
                slot.link.complaints().iter().chain(slot.link.remarks()).map(|text| Warning::new(origin, text.clone())),
            );
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

    fn untouched(&self) -> Vec<Untouched> {
        let taken = |ifindex: u32| self.links.iter().any(|slot| slot.link.ifindex() == ifindex);
        let reports = self.plan.devices.iter().filter(|report| !taken(report.device.ifindex));
        let rejected = |rejection: &plan::Rejection| {
            let id = self.settings.profiles.get(rejection.profile).map(|profile| profile.id.clone());
            (
                id.unwrap_or_default(),
                plan::explain::refusal(&rejection.refusal, rejection.profile, &self.settings.profiles),
            )
        };
        let one = |report: &plan::DeviceReport| Untouched {
            device: report.device.clone(),
            reason: report.untouched.as_ref().map_or_else(|| "no profile takes it".to_owned(), ToString::to_string),
            rejected: report.rejected.iter().map(rejected).collect(),
        };
        reports.map(one).collect()
    }

    fn missing(&self) -> Vec<Missing> {
        let required = |index: usize| self.plan.requirements.iter().any(|one| one.profiles.contains(&index));
        let one = |waiting: &plan::Waiting| {
            let profile = self.shared.get(waiting.profile)?.clone();
            Some(Missing { profile, what: waiting.missing.to_string(), required: required(waiting.profile) })
        };
        let unmade = self.plan.creations.iter().filter(|creation| creation.existing.is_none()).filter_map(|creation| {
            let profile = self.shared.get(creation.profile)?.clone();
            let what = match self.making.iter().find(|one| one.profile == creation.profile).map(|one| &one.state) {
                Some(Made::Failed(error)) => error.clone(),
                Some(_) => format!("'{}' is the alternative name of another link", creation.name),
                None => format!("'{}' was not made: what it stands on is not there", creation.name),
            };
            Some(Missing { profile, what, required: creation.required })
        });
        let mistaken = self.plan.unused.iter().filter(|unused| unused.because.is_mistake()).filter_map(|unused| {
            let profile = self.shared.get(unused.profile)?.clone();
            Some(Missing { profile, what: unused.because.to_string(), required: required(unused.profile) })
        });
        self.plan.waiting.iter().filter_map(one).chain(unmade).chain(mistaken).collect()
    }
}

/// The verdict over all requirements; something open at the overall deadline counts as failed.
fn judge(standings: &[Standing], complaints: bool) -> Verdict {
    let met = standings.iter().filter(|standing| **standing == Standing::Met).count();
    match (met, standings.len()) {
        (met, all) if met == all && !complaints => Verdict::Ok,
        (0, all) if all > 0 => Verdict::Failed,
        _ => Verdict::Degraded,
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
        "wireguard" => 50,
        _ => 100,
    }
}
