//! One run: a plan, a clock, a client, some servers, and what must hold at every step.

use std::fmt::{Debug, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv4Addr;
use std::time::Duration;

use sunup::profile::HwAddr;
use sunup::proto::dhcp4::{Client, Config, Event, Lease, Transmit, frame};
use sunup::proto::{Instant, Output};

use crate::chance::Chance;
use crate::network::{Arrival, Network};
use crate::server::{Nature, Server};

const MAC: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 1];

/// Everything that is decided before a run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Shares of packets, 0 to 1.
    pub(crate) loss: f64,
    pub(crate) duplication: f64,
    pub(crate) corruption: f64,
    /// Every packet takes `delay` and up to `jitter` more.
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
    /// Nothing passes before this (spanning tree).
    pub(crate) closed: Duration,
    /// No carrier from, to.
    pub(crate) outages: Vec<(Duration, Duration)>,
    pub(crate) servers: Vec<(Nature, Duration, bool)>,
    pub(crate) previous: Option<Ipv4Addr>,
    pub(crate) rapid_commit: bool,
    /// A client with a server in reach has a lease by then.
    pub(crate) limit: Duration,
}

impl Plan {
    /// One sane server, nothing lost, every packet takes `delay`.
    pub(crate) fn clean(seed: u64, delay: Duration) -> Self {
        Self {
            seed,
            loss: 0.0,
            duplication: 0.0,
            corruption: 0.0,
            delay,
            jitter: Duration::ZERO,
            closed: Duration::ZERO,
            outages: Vec::new(),
            servers: vec![(Nature::Sane, Duration::ZERO, false)],
            previous: None,
            rapid_commit: false,
            limit: Duration::from_secs(120),
        }
    }

    /// A sane server, and a rogue that is quicker.
    pub(crate) fn with_rogue(seed: u64, rogue: Nature) -> Self {
        let servers = vec![(rogue, Duration::ZERO, false), (Nature::Sane, Duration::from_millis(3), false)];
        Self { servers, ..Self::clean(seed, Duration::from_millis(1)) }
    }

    /// Whatever the seed says.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let milliseconds = |chance: &mut Chance, bound| Duration::from_millis(chance.below(bound));
        let outages = (0..chance.below(4)).scan(Duration::ZERO, |last, _| {
            let from = *last + milliseconds(&mut chance, 10_000);
            *last = from + milliseconds(&mut chance, 4_000);
            Some((from, *last))
        });
        let outages: Vec<_> = outages.collect();
        Self {
            seed,
            loss: [0.0, 0.1, 0.3, 0.5][chance.index(4)],
            duplication: [0.0, 0.2][chance.index(2)],
            corruption: [0.0, 0.0, 0.1][chance.index(3)],
            delay: milliseconds(&mut chance, 20),
            jitter: [Duration::ZERO, Duration::from_millis(50), Duration::from_secs(1), Duration::from_secs(10)]
                [chance.index(4)],
            closed: if chance.happens(0.2) { milliseconds(&mut chance, 30_000) } else { Duration::ZERO },
            outages: if chance.happens(0.3) { outages } else { Vec::new() },
            servers: Self::drawn_servers(&mut chance),
            previous: chance.happens(0.3).then(|| Ipv4Addr::new(192, 0, 2, 100 + chance.byte() % 4)),
            rapid_commit: chance.happens(0.2),
            limit: Duration::from_secs(300),
        }
    }

    fn drawn_servers(chance: &mut Chance) -> Vec<(Nature, Duration, bool)> {
        let mut natures = Vec::new();
        if chance.happens(0.9) {
            natures.push(Nature::TOLERABLE[chance.index(4)]);
        }
        for _ in 0..chance.below(3) {
            natures.push(if chance.happens(0.2) { Nature::Sane } else { Nature::ROGUES[chance.index(8)] });
        }
        let slow = |chance: &mut Chance| if chance.happens(0.2) { chance.below(3_000) } else { chance.below(5) };
        let drawn =
            natures.into_iter().map(|nature| (nature, Duration::from_millis(slow(chance)), chance.happens(0.1)));
        drawn.collect()
    }

    pub(crate) fn has_a_sane_server(&self) -> bool {
        self.servers.iter().any(|(nature, _, _)| Nature::TOLERABLE.contains(nature))
    }

    /// No packet passes at this time.
    pub(crate) fn is_dark(&self, at: Duration) -> bool {
        at < self.closed || self.outages.iter().any(|&(from, to)| (from..to).contains(&at))
    }

    /// Damage that no checksum notices may reach the client, which then cannot know that a lease is not what was granted.
    fn hides_damage(&self) -> bool {
        self.corruption > 0.0
    }
}

/// What came of a run.
pub(crate) struct Run {
    /// The rule that was broken, if any.
    pub(crate) broken: Option<String>,
    pub(crate) bound_after: Option<Duration>,
    /// Every packet and event with its time, digested.
    pub(crate) digest: u64,
    /// The same as text, if asked for.
    pub(crate) trace: Option<String>,
}

impl Run {
    pub(crate) fn to_the_end(plan: &Plan) -> Self {
        Self::with(plan, None)
    }

    pub(crate) fn traced(plan: &Plan) -> Self {
        Self::with(plan, Some(String::new()))
    }

    fn with(plan: &Plan, trace: Option<String>) -> Self {
        let mut world = World { trace, ..World::new(plan) };
        let broken = world.live().err();
        Self { broken, bound_after: world.bound.map(|(at, _)| at), digest: world.digest.finish(), trace: world.trace }
    }
}

struct World<'a> {
    plan: &'a Plan,
    network: Network<'a>,
    servers: Vec<Server>,
    client: Client,
    now: Duration,
    wait: Option<Instant>,
    sent: Vec<Duration>,
    bound: Option<(Duration, Lease)>,
    digest: DefaultHasher,
    trace: Option<String>,
}

type Rule = Result<(), String>;

impl<'a> World<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut chance = Chance::new(plan.seed ^ 0x5157);
        let server = |(number, &(nature, latency, without)): (usize, &(Nature, Duration, bool))| {
            Server::new(u8::try_from(number).expect("few"), nature, latency, without, Chance::new(chance.next()))
        };
        let servers = plan.servers.iter().enumerate().map(server).collect();
        let config = Config {
            previous: plan.previous,
            rapid_commit: plan.rapid_commit,
            ..Config::new(HwAddr::new(&MAC).expect("6 bytes"), 1, chance.next())
        };
        let client = Client::new(config, Instant::new(Duration::ZERO));
        let network = Network::new(plan, chance);
        let (now, sent, digest) = (Duration::ZERO, Vec::new(), DefaultHasher::new());
        Self { plan, network, servers, client, now, wait: None, sent, bound: None, digest, trace: None }
    }

    fn live(&mut self) -> Rule {
        self.drain()?;
        // Some time more than to the lease: a client that has one keeps quiet.
        while self.bound.as_ref().is_none_or(|(at, _)| self.now < *at + Duration::from_secs(30)) {
            let wake =
                self.wait.map(Instant::since_boot).filter(|&at| self.network.next_time().is_none_or(|next| at <= next));
            let Some(at) = wake.or(self.network.next_time()).filter(|&at| at <= self.plan.limit) else { return Ok(()) };
            self.now = at;
            match wake {
                Some(_) => self.client.handle_timeout(Instant::new(at)),
                None => self.arrive(),
            }
            self.drain()?;
        }
        Ok(())
    }

    fn arrive(&mut self) {
        match self.network.pop() {
            Some(Arrival::AtServer(number, packet)) => {
                let server = &mut self.servers[number];
                for reply in server.answer(&packet) {
                    self.network.send(self.now, server.latency, &Arrival::AtClient(reply));
                }
            }
            Some(Arrival::AtClient(packet)) => {
                self.note("<", &packet);
                if let Ok(datagram) = frame::parse(&packet, true) {
                    self.client.handle_packet(Instant::new(self.now), datagram.source, datagram.payload);
                }
            }
            Some(Arrival::Carrier) => self.client.carrier(Instant::new(self.now)),
            None => {}
        }
    }

    fn note(&mut self, sign: &str, what: impl Hash + Debug) {
        (self.now, sign, &what).hash(&mut self.digest);
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{:?} {sign} {what:02x?}", self.now);
        }
    }

    fn drain(&mut self) -> Rule {
        for _ in 0..100 {
            match self.client.poll() {
                Output::WaitUntil(wait) => {
                    self.wait = wait;
                    let past = wait.is_some_and(|wait| wait.since_boot() <= self.now);
                    return if past { Err("waits for the past".to_owned()) } else { Ok(()) };
                }
                Output::Transmit(transmit) => self.transmitted(&transmit)?,
                Output::Event(event) => self.happened(event)?,
            }
        }
        Err("poll does not end".to_owned())
    }

    fn transmitted(&mut self, transmit: &Transmit) -> Rule {
        let packet = frame::build(transmit.source, transmit.destination, 0, &transmit.payload);
        self.note(">", &packet);
        self.sent.push(self.now);
        if self.sent.iter().rev().nth(4).is_some_and(|&at| self.now - at < Duration::from_secs(1)) {
            return Err(format!("more than four packets in the second before {:?}", self.now));
        }
        if self.bound.is_some() {
            return Err("has a lease and goes on sending".to_owned());
        }
        for number in 0..self.servers.len() {
            self.network.send(self.now, Duration::ZERO, &Arrival::AtServer(number, packet.clone()));
        }
        Ok(())
    }

    fn happened(&mut self, event: Event) -> Rule {
        self.note("!", format!("{event:?}"));
        match event {
            Event::Bound(lease) => self.leased(*lease),
            Event::Offer { server, address } if !self.plan.hides_damage() => {
                let offered = |s: &Server| s.id == server && s.offered.contains(&address);
                if self.servers.iter().any(offered) { Ok(()) } else { Err(format!("{server} never offered {address}")) }
            }
            _ => Ok(()),
        }
    }

    fn leased(&mut self, lease: Lease) -> Rule {
        if self.bound.is_some() {
            return Err("two leases for one exchange".to_owned());
        }
        let granted = |s: &Server| {
            s.id == lease.server && s.granted.contains(&lease.address) && Nature::TOLERABLE.contains(&s.nature)
        };
        if !self.plan.hides_damage() && !self.servers.iter().any(granted) {
            return Err(format!("{} never granted {}", lease.server, lease.address));
        }
        let strings =
            [lease.hostname.is_some(), lease.domain.is_some(), lease.root_path.is_some(), lease.boot_file.is_some()];
        if !self.plan.hides_damage() && (strings.contains(&true) || lease.prefix_len != 24) {
            return Err(format!("took a hostile value: {lease:?}"));
        }
        self.bound = Some((self.now, lease));
        Ok(())
    }
}
