//! One run of the whole program: the session, the machine, the networks, and the clock that belongs to the run alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use ipnet::{IpNet, Ipv6Net};
use sunup::activate::{Action, AddressEvent, Input, LinkEvent, Session, Settings, Verdict};
use sunup::input::cmdline::{self, CommandLine, Environment};
use sunup::plan::{self, Context};
use sunup::poll::news;
use sunup::profile::desired::{DesiredLink, DesiredRoute, protocol};
use sunup::profile::ip::RouteOptions;
use sunup::proto::dhcp4::frame;
use sunup::proto::{Instant, Output, ndisc};

use super::machine::{Machine, Told, eui64, mac_of};
use super::rules;
use super::scene::{Blow, LinkPlan, Scene};
use super::server6::Server6;
use crate::chance::Chance;
use crate::server::Server;

/// No run takes longer: the longest wait of the command line, and what comes before it.
const LIMIT: Duration = Duration::from_secs(300);
/// How long probing an address takes.
const PROBING: Duration = Duration::from_secs(1);
/// From something that happens in the kernel to the word of it.
const WORD: Duration = Duration::from_micros(20);
/// Where the router speaks from.
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x99);

pub(crate) type Rule = Result<(), String>;

/// Something that happens at its time.
#[derive(Debug, Clone)]
enum Happening {
    Told(Told),
    Carrier(usize),
    Probed(usize, IpNet),
    AtServer4(usize, usize, Vec<u8>),
    AtClient4(usize, Vec<u8>),
    AtSquatter(usize, Vec<u8>),
    ArpAtClient(usize, Vec<u8>),
    AtServer6(usize, usize, Vec<u8>),
    AtClient6(usize, Ipv6Addr, Vec<u8>),
    AtRouter(usize),
    Advert(usize),
    /// The router speaks unasked.
    Unasked(usize),
    Blow(usize, Blow),
}

/// A link and the other end of its cable.
pub(crate) struct Port<'a> {
    pub(crate) plan: &'a LinkPlan,
    pub(crate) ifindex: u32,
    pub(crate) present: bool,
    cable: bool,
    pub(crate) servers4: Vec<Server>,
    pub(crate) servers6: Vec<Server6>,
    /// When messages left, by protocol: DHCPv4, DHCPv6, router solicitations.
    sent: [Vec<Duration>; 3],
}

pub(crate) struct World<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) session: Session,
    pub(crate) machine: Machine,
    pub(crate) ports: Vec<Port<'a>>,
    pub(crate) verdict: Option<Verdict>,
    chance: Chance,
    happenings: BTreeMap<(Duration, u64), Happening>,
    wanted: Vec<DesiredLink>,
    now: Duration,
    wait: Option<Instant>,
    count: u64,
    pub(crate) steps: u64,
    pub(crate) trace: Option<String>,
}

fn settings(scene: &Scene) -> Settings {
    let text = scene.line();
    let line = CommandLine::parse(text.as_bytes());
    let environment = Environment { sysfs: Path::new("/nowhere"), persistent_profiles: false, machine_id: None };
    let reading = cmdline::read(&line, &environment);
    let context = Context { words: plan::words::split(&text), need_network: true, ..Context::default() };
    Settings {
        profiles: reading.profiles,
        context,
        limits: sunup::activate::Limits::default(),
        timeout: scene.timeout,
        warnings: reading.warnings,
        seed: scene.seed,
        ..Settings::default()
    }
}

/// The addresses that a squatter on this link has: the static one, and that of the first server.
pub(crate) fn squatted(number: usize) -> [Ipv4Addr; 2] {
    let number = u8::try_from(number).expect("few");
    [Ipv4Addr::new(198, 51, number, 2), Ipv4Addr::new(192, 0, 2, 101)]
}

/// What a squatter answers to an ARP request.
fn claim(number: usize, request: &[u8]) -> Option<Vec<u8>> {
    let (asker, target) = (request.get(8..18)?, request.get(24..28)?);
    let mine = squatted(number).iter().any(|address| address.octets() == target);
    let head = [0, 1, 8, 0, 6, 4, 0, 2, 2, 0x66, 0, 0, 0, 1];
    mine.then(|| [&head, target, asker].concat())
}

impl<'a> World<'a> {
    pub(crate) fn new(scene: &'a Scene, traced: bool) -> Self {
        let mut chance = Chance::new(scene.seed ^ 0x4005e);
        let mut machine = Machine::new(scene.optimistic);
        let port = |(number, plan): (usize, &'a LinkPlan)| {
            let ifindex = u32::try_from(number).expect("few") + 2;
            machine.add_link(ifindex, &format!("eth{number}"), mac_of(number));
            let small = |at: usize| u8::try_from(at).expect("few");
            let server4 = |(at, &(nature, latency, bare)): (usize, &(_, _, _))| {
                Server::new(small(at), nature, latency, bare, Chance::new(chance.next()))
            };
            let servers4 = plan.servers4.iter().enumerate().map(server4).collect();
            let server6 = |(at, nature): (usize, &_)| Server6::new(*nature, small(at) + 1, Chance::new(chance.next()));
            let servers6 = plan.servers6.iter().enumerate().map(server6).collect();
            Port { plan, ifindex, present: true, cable: true, servers4, servers6, sent: Default::default() }
        };
        let ports = scene.links.iter().enumerate().map(port).collect();
        let session = Session::new(settings(scene), Instant::new(Duration::ZERO));
        let mut world = Self {
            scene,
            session,
            machine,
            ports,
            verdict: None,
            chance,
            happenings: BTreeMap::new(),
            wanted: Vec::new(),
            now: Duration::ZERO,
            wait: None,
            count: 0,
            steps: 0,
            trace: traced.then(String::new),
        };
        for (number, plan) in scene.links.iter().enumerate() {
            plan.blows.iter().for_each(|&(at, blow)| world.at(at, Happening::Blow(number, blow)));
            if plan.router.is_some() {
                let first = Duration::from_millis(world.chance.below(3_000));
                world.at(first, Happening::Unasked(number));
            }
        }
        world
    }

    fn at(&mut self, at: Duration, happening: Happening) {
        self.count += 1;
        self.happenings.insert((at, self.count), happening);
    }

    fn tell(&mut self, told: impl IntoIterator<Item = Told>) {
        let at = self.now + WORD;
        told.into_iter().for_each(|told| self.at(at, Happening::Told(told)));
    }

    fn note(&mut self, sign: &str, what: impl std::fmt::Debug) {
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{:?} {sign} {what:02x?}", self.now);
        }
    }

    fn instant(&self) -> Instant {
        Instant::new(self.now)
    }

    fn hear(&mut self, input: Input<'_>) {
        self.session.handle(Instant::new(self.now), input);
    }

    /// Runs to the verdict.
    pub(crate) fn live(&mut self) -> Rule {
        self.devices();
        loop {
            self.drain()?;
            if self.verdict.is_some() {
                return rules::at_the_end(self);
            }
            let next = self.happenings.first_key_value().map(|((at, _), _)| *at);
            let wake = self.wait.map(Instant::since_boot).filter(|&at| next.is_none_or(|next| at <= next));
            let at = wake.or(next).ok_or("waits for nothing")?;
            if at > LIMIT {
                return Err(format!("no end after {LIMIT:?}"));
            }
            self.now = at;
            self.steps += 1;
            if wake.is_none() {
                let happening = self.happenings.pop_first().map(|(_, happening)| happening);
                happening.into_iter().for_each(|happening| self.happen(happening));
            }
            self.hear(Input::Timeout);
        }
    }

    /// What the loop of the program does until there is nothing to do.
    fn drain(&mut self) -> Rule {
        for _ in 0..200 * (self.ports.len() + 1) {
            match self.session.poll() {
                Output::Transmit(action) => self.act(action)?,
                Output::Event(_) | Output::WaitUntil(_) if !self.wanted.is_empty() => self.apply(),
                Output::Event(verdict) => {
                    self.note("=", verdict);
                    self.verdict = Some(verdict);
                    return Ok(());
                }
                Output::WaitUntil(wait) => {
                    self.wait = wait;
                    let past = wait.is_some_and(|wait| wait <= self.instant());
                    return if past { Err(format!("waits for the past: {wait:?} at {:?}", self.now)) } else { Ok(()) };
                }
            }
        }
        Err("poll does not end".to_owned())
    }

    fn act(&mut self, action: Action) -> Rule {
        self.note(">", &action);
        match action {
            Action::Sysctl { ifindex, key, value, .. } => self.machine.set(ifindex, key, value),
            Action::Apply(wanted) => {
                self.wanted.retain(|other| other.ifindex != wanted.ifindex);
                self.wanted.push(*wanted);
            }
            Action::SendDhcp4 { ifindex, dscp, transmit, .. } => {
                let packet = frame::build(transmit.source, transmit.destination, dscp, &transmit.payload);
                let Some(number) = self.leaves(ifindex, 0)? else { return Ok(()) };
                for server in 0..self.ports[number].servers4.len() {
                    self.send(number, Duration::ZERO, &packet, |packet| Happening::AtServer4(number, server, packet));
                }
            }
            Action::SendArp { ifindex, packet, .. } => {
                if let Some(number) = self.port(ifindex).filter(|&number| self.ports[number].plan.squatter) {
                    self.send(number, Duration::ZERO, &packet, |packet| Happening::AtSquatter(number, packet));
                }
            }
            Action::SendDhcp6 { ifindex, transmit } => {
                let speaks = self.machine.can_speak6(ifindex);
                let Some(number) = self.leaves(ifindex, 1)?.filter(|_| speaks) else { return Ok(()) };
                for server in 0..self.ports[number].servers6.len() {
                    self.send(number, Duration::ZERO, &transmit.payload, |payload| {
                        Happening::AtServer6(number, server, payload)
                    });
                }
            }
            Action::SolicitRouter { ifindex, .. } => {
                let Some(number) = self.leaves(ifindex, 2)? else { return Ok(()) };
                self.send(number, Duration::ZERO, &[], |_| Happening::AtRouter(number));
            }
            _ => {}
        }
        Ok(())
    }

    fn port(&self, ifindex: u32) -> Option<usize> {
        self.ports.iter().position(|port| port.ifindex == ifindex && port.present)
    }

    /// Counts a packet that leaves, and answers by which port; `None` if the link does not carry it.
    fn leaves(&mut self, ifindex: u32, protocol: usize) -> Result<Option<usize>, String> {
        let Some(number) = self.port(ifindex) else { return Ok(None) };
        let (now, sent) = (self.now, &mut self.ports[number].sent[protocol]);
        sent.push(now);
        if sent.iter().rev().nth(4).is_some_and(|&at| now - at < Duration::from_secs(1)) {
            return Err(format!(
                "more than four packets of protocol {protocol} on eth{number} in the second before {now:?}"
            ));
        }
        Ok(Some(number).filter(|_| self.carries(number)))
    }

    fn carries(&self, number: usize) -> bool {
        let port = &self.ports[number];
        port.present
            && port.cable
            && self.machine.snapshot.link(port.ifindex).is_some_and(|link| link.up && link.carrier)
    }

    /// Puts a packet on the cable; it arrives never, once or twice, whole or not.
    fn send(&mut self, number: usize, extra: Duration, packet: &[u8], make: impl Fn(Vec<u8>) -> Happening) {
        let plan = self.ports[number].plan;
        let copies = 1 + u32::from(self.chance.happens(plan.duplication));
        for _ in 0..copies {
            if !self.carries(number) || self.chance.happens(plan.loss) {
                continue;
            }
            let spread = u64::try_from(plan.jitter.as_micros()).expect("seconds");
            let at = self.now + extra + plan.delay + Duration::from_micros(self.chance.below(spread + 1));
            let mut packet = packet.to_vec();
            if !packet.is_empty() && self.chance.happens(plan.corruption) {
                let index = self.chance.index(packet.len());
                packet[index] ^= 1 << self.chance.below(8);
            }
            self.at(at, make(packet));
        }
    }

    fn apply(&mut self) {
        for wanted in std::mem::take(&mut self.wanted) {
            let before = self.machine.snapshot.link(wanted.ifindex).is_some_and(|link| link.up);
            let answer = self.machine.apply(&wanted);
            let fatal = answer.is_none().then(|| "No such device".to_owned());
            let number = self.port(wanted.ifindex);
            if let (Some((told, probed)), Some(number)) = (answer, number) {
                self.tell(told);
                probed.into_iter().for_each(|net| self.probe(number, net));
                if !before && wanted.up == Some(true) {
                    let at = self.now + self.ports[number].plan.carrier;
                    self.at(at, Happening::Carrier(number));
                }
            }
            self.hear(Input::Applied { ifindex: wanted.ifindex, fatal, complaints: Vec::new() });
        }
    }

    fn probe(&mut self, number: usize, net: IpNet) {
        let random = self.machine.setting(self.ports[number].ifindex, "ipv6/router_solicitation_delay") != Some("0");
        let extra = Duration::from_millis(if random { self.chance.below(1_000) } else { 0 });
        let at = self.now + PROBING + extra;
        self.at(at, Happening::Probed(number, net));
    }

    /// All devices, and what no event will tell.
    fn devices(&mut self) {
        self.hear_devices();
        news::standing(&mut self.session, Instant::new(self.now), &self.machine.snapshot);
    }

    fn hear_devices(&mut self) {
        let devices = self.machine.devices();
        self.hear(Input::Devices(&devices));
    }

    /// What the kernel has to tell, this and all that follows, finds no room: everything is looked at anew.
    fn overrun(&mut self) {
        self.happenings.retain(|_, happening| !matches!(happening, Happening::Told(_)));
        self.hear_devices();
        news::catch_up(&mut self.session, Instant::new(self.now), &self.machine.snapshot);
    }

    fn happen(&mut self, happening: Happening) {
        self.note("<", &happening);
        match happening {
            Happening::Told(_) if self.chance.happens(self.scene.overruns) => self.overrun(),
            Happening::Told(told) => self.told(told),
            Happening::Carrier(number) => self.carrier(number),
            Happening::Probed(number, net) => self.probed(number, net),
            Happening::AtServer4(number, server, packet) => {
                if let Some(server) = self.ports[number].servers4.get_mut(server) {
                    let latency = server.latency;
                    for reply in server.answer(&packet) {
                        self.send(number, latency, &reply, |reply| Happening::AtClient4(number, reply));
                    }
                }
            }
            Happening::AtClient4(number, packet) => {
                let ifindex = self.ports[number].ifindex;
                if let (true, Ok(datagram)) = (self.carries(number), frame::parse(&packet, true)) {
                    let (source, payload) = (datagram.source, datagram.payload);
                    self.hear(Input::Dhcp4 { ifindex, source, payload });
                }
            }
            Happening::AtSquatter(number, packet) => {
                if let Some(claim) = claim(number, &packet) {
                    self.send(number, Duration::ZERO, &claim, |packet| Happening::ArpAtClient(number, packet));
                }
            }
            Happening::ArpAtClient(number, packet) => {
                let ifindex = self.ports[number].ifindex;
                if self.carries(number) {
                    self.hear(Input::Arp { ifindex, packet: &packet });
                }
            }
            Happening::AtServer6(number, server, payload) => {
                if let Some(server) = self.ports[number].servers6.get_mut(server) {
                    let source = server.source();
                    if let Some(reply) = server.answer(&payload) {
                        self.send(number, Duration::ZERO, &reply, |reply| Happening::AtClient6(number, source, reply));
                    }
                }
            }
            Happening::AtClient6(number, source, payload) => {
                let ifindex = self.ports[number].ifindex;
                if self.carries(number) && self.machine.can_speak6(ifindex) {
                    self.hear(Input::Dhcp6 { ifindex, source, payload: &payload });
                }
            }
            Happening::AtRouter(number) => {
                if self.ports[number].plan.router.is_some() {
                    self.send(number, Duration::ZERO, &[], |_| Happening::Advert(number));
                }
            }
            Happening::Unasked(number) => {
                self.send(number, Duration::ZERO, &[], |_| Happening::Advert(number));
                let at = self.now + Duration::from_millis(3_000 + self.chance.below(1_000));
                self.at(at, Happening::Unasked(number));
            }
            Happening::Advert(number) => self.advert(number),
            Happening::Blow(number, blow) => self.strike(number, blow),
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Link { ifindex, name, up, carrier } => {
                let unknown = !self.session.knows(ifindex, &name);
                let mac = self.machine.snapshot.link(ifindex).and_then(|link| link.mac);
                self.hear(Input::Link(LinkEvent { ifindex, name, up, carrier, running: carrier, mac, bond: None }));
                if unknown {
                    self.devices();
                }
            }
            Told::Gone { ifindex } => self.hear(Input::LinkGone { ifindex }),
            Told::Address { ifindex, net, tentative, dad_failed, gone } => {
                self.hear(Input::Address(AddressEvent { ifindex, net, tentative, dad_failed, gone }));
            }
            Told::DefaultRoute { ifindex } => self.hear(Input::DefaultRoute { ifindex, ipv6: true, gone: false }),
            Told::Flags { ifindex, managed, other } => {
                self.hear(Input::Router { ifindex, heard: true, managed, other });
            }
            Told::NameServer { ifindex } => {
                let server = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53).octets();
                let options = ndisc::options(&[&[25, 3, 0, 0, 0, 0, 14, 16][..], &server].concat());
                self.hear(Input::RouterOptions { ifindex, options: &options });
            }
        }
    }

    fn carrier(&mut self, number: usize) {
        let ifindex = self.ports[number].ifindex;
        let cable = self.ports[number].cable;
        let Some(link) = self.machine.link(ifindex).filter(|link| link.up && !link.carrier && cable) else { return };
        link.carrier = true;
        let mac = link.mac.expect("Ethernet");
        let told = self.machine.tell_link(ifindex);
        self.tell(told);
        if !self.machine.has_ipv6(ifindex) {
            return;
        }
        let local: Ipv6Net = "fe80::/64".parse().expect("a prefix");
        let local = IpNet::V6(Ipv6Net::new(eui64(local, mac), 64).expect("64 bits"));
        let mut nets = self.machine.addresses6(ifindex);
        nets.retain(|net| *net != local);
        nets.insert(0, local);
        // Every address is probed again: the link may be another one.
        for net in nets {
            self.machine.add_address(ifindex, net, 0, (None, None), true);
            let told = self.machine.tell_address(ifindex, net);
            self.tell(told);
            self.probe(number, net);
        }
    }

    fn probed(&mut self, number: usize, net: IpNet) {
        let Port { ifindex, plan, .. } = self.ports[number];
        let static_or_leased = net.prefix_len() == 128;
        let duplicate = plan.duplicate && !static_or_leased;
        if !self.machine.probed(ifindex, net, duplicate) {
            return;
        }
        let local = matches!(net, IpNet::V6(net) if net.addr().is_unicast_link_local());
        if duplicate && !local {
            self.machine.snapshot.addresses.retain(|held| (held.ifindex, held.net) != (ifindex, net));
            return self.tell([Told::Address { ifindex, net, tentative: true, dad_failed: true, gone: true }]);
        }
        let told = self.machine.tell_address(ifindex, net);
        self.tell(told);
        if local && !duplicate {
            // The kernel's own solicitations.
            self.send(number, Duration::ZERO, &[], |_| Happening::AtRouter(number));
            self.send(number, Duration::from_secs(4), &[], |_| Happening::AtRouter(number));
        }
    }

    /// What the kernel makes of an advertisement.
    fn advert(&mut self, number: usize) {
        let Port { ifindex, plan, .. } = self.ports[number];
        let Some(router) = plan.router.filter(|_| self.carries(number)) else { return };
        let takes = matches!(self.machine.setting(ifindex, "ipv6/accept_ra"), Some("1" | "2"));
        if !takes || !self.machine.has_ipv6(ifindex) {
            return;
        }
        let default = |held: &sunup::kernel::Route| held.ifindex == ifindex && held.route.protocol == protocol::RA;
        if !self.machine.snapshot.routes.iter().any(default) {
            let (destination, gateway) = (IpNet::V6(Ipv6Net::default()), Some(ROUTER.into()));
            let options = RouteOptions::default();
            self.machine.add_route(
                ifindex,
                DesiredRoute { destination, gateway, metric: 1024, protocol: protocol::RA, options },
            );
            self.tell([Told::DefaultRoute { ifindex }]);
        }
        if router.autonomous && self.machine.setting(ifindex, "ipv6/autoconf") == Some("1") {
            self.form(number);
        }
        self.tell([Told::NameServer { ifindex }]);
        let link = self.machine.link(ifindex).expect("it carries");
        let flags = &mut link.router_flags;
        if (flags.heard, flags.managed, flags.other) != (true, router.managed, router.other) {
            (flags.heard, flags.managed, flags.other) = (true, router.managed, router.other);
            self.tell([Told::Flags { ifindex, managed: router.managed, other: router.other }]);
        }
    }

    fn form(&mut self, number: usize) {
        let ifindex = self.ports[number].ifindex;
        let mac = self.machine.snapshot.link(ifindex).and_then(|link| link.mac).expect("Ethernet");
        let prefix: Ipv6Net = format!("2001:db8:{:x}::/64", number + 0x100).parse().expect("a prefix");
        let net = IpNet::V6(Ipv6Net::new(eui64(prefix, mac), 64).expect("64 bits"));
        if self.machine.addresses6(ifindex).contains(&net) {
            return;
        }
        let lifetimes = (Some(Duration::from_secs(3_600)), Some(Duration::from_secs(1_800)));
        self.machine.add_address(ifindex, net, 0, lifetimes, true);
        let told = self.machine.tell_address(ifindex, net);
        self.tell(told);
        self.probe(number, net);
    }

    fn strike(&mut self, number: usize, blow: Blow) {
        let ifindex = self.ports[number].ifindex;
        match blow {
            Blow::CableOut => {
                self.ports[number].cable = false;
                if let Some(link) = self.machine.link(ifindex) {
                    link.carrier = false;
                }
                let told = self.machine.tell_link(ifindex);
                self.tell(told);
            }
            Blow::CableIn => {
                self.ports[number].cable = true;
                self.carrier(number);
            }
            Blow::Rename => {
                if let Some(link) = self.machine.link(ifindex) {
                    link.name = format!("new{number}");
                }
                let told = self.machine.tell_link(ifindex);
                self.tell(told);
            }
            Blow::Remove => {
                self.ports[number].present = false;
                self.machine.remove_link(ifindex);
                self.tell([Told::Gone { ifindex }]);
            }
            Blow::Return => {
                self.ports[number].ifindex = ifindex + 1_000;
                self.ports[number].present = true;
                // Another device, and a client of its own.
                self.ports[number].sent = Default::default();
                self.machine.add_link(ifindex + 1_000, &format!("eth{number}"), mac_of(number));
                let told = self.machine.tell_link(ifindex + 1_000);
                self.tell(told);
            }
        }
    }
}
