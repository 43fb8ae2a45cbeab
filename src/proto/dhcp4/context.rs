//! What outlives a state: the pace, the transaction, what the caller is still to be told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::Duration;

use dhcproto::v4::MessageType;

use super::encode::{Draft, encode};
use super::reply::Server;
use super::retry::Retry;
use super::{Config, Event, Reject, Transmit};
use crate::proto::pace::Pace;
use crate::proto::random::Random;
use crate::proto::{Instant, Output};

/// Of one kind of rejected reply, this often at most one is reported.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// The most servers remembered as having failed us.
const MAX_FAILING: usize = 8;
/// The most outputs kept for a caller that does not poll; then the oldest are dropped.
const MAX_OUTPUTS: usize = 64;

/// The server and address of the last REQUEST: an ACK for it is welcome even if it comes when we have given up waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// `None`: whoever remembers us (INIT-REBOOT).
    pub(super) server: Option<Server>,
    pub(super) address: Ipv4Addr,
}

/// How often a server has failed us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Failures {
    /// In any way; a refusal weighs twice as much as silence.
    pub(super) all: u32,
    /// By a NAK or an ACK that was no good.
    pub(super) refusals: u32,
}

/// Everything but the state.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) xid: u32,
    /// An address to ask for in DISCOVER.
    pub(super) hint: Option<Ipv4Addr>,
    pub(super) asked: Option<Asked>,
    /// NAKs in a row.
    pub(super) naks: u32,
    random: Random,
    pace: Pace,
    /// When this attempt to get or keep an address began.
    started: Instant,
    /// `secs` of the last DISCOVER, repeated in the REQUEST that follows (RFC 2131 section 4.4.1).
    secs: u16,
    /// Servers that failed us, the latest last.
    failing: VecDeque<(Ipv4Addr, Failures)>,
    reported: Vec<(Reject, Instant)>,
    outputs: VecDeque<Output<Transmit, Event>>,
}

impl Context {
    pub(super) fn new(config: Config, now: Instant) -> Self {
        let mut random = Random::new(config.seed);
        Self {
            xid: random.next_u32(),
            hint: config.previous,
            asked: None,
            naks: 0,
            random,
            pace: Pace::default(),
            started: now,
            secs: 0,
            failing: VecDeque::new(),
            reported: Vec::new(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// From now on only answers to what is sent from now on count.
    pub(super) fn new_transaction(&mut self) {
        self.xid = self.random.next_u32();
        self.asked = None;
    }

    /// A new attempt begins, from which `secs` is counted.
    pub(super) fn start(&mut self, now: Instant) {
        self.started = now;
    }

    /// When a message on this schedule may leave: when it is due and the pace allows it.
    pub(super) fn departure(&self, retry: &Retry) -> Instant {
        retry.due.max(self.pace.allowed())
    }

    pub(super) fn discover(&mut self, now: Instant, retry: &mut Retry) {
        self.secs = self.elapsed(now);
        let draft = Draft { requested: self.hint, ..self.draft(MessageType::Discover, self.secs) };
        self.send(now, retry, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, &draft);
    }

    /// The REQUEST of a client without an address: the chosen OFFER's, or an INIT-REBOOT if there is no server.
    pub(super) fn request(&mut self, now: Instant, retry: &mut Retry, asked: Asked) {
        self.asked = Some(asked);
        let secs = if asked.server.is_some() { self.secs } else { self.elapsed(now) };
        let draft = Draft {
            requested: Some(asked.address),
            server: asked.server.map(|server| server.id),
            ..self.draft(MessageType::Request, secs)
        };
        self.send(now, retry, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, &draft);
    }

    /// The REQUEST of a client that has `address`: to its server (renewing) or to anyone (rebinding).
    pub(super) fn extend(&mut self, now: Instant, retry: &mut Retry, address: Ipv4Addr, destination: Ipv4Addr) {
        let draft = Draft { ciaddr: address, ..self.draft(MessageType::Request, self.elapsed(now)) };
        self.send(now, retry, address, destination, &draft);
    }

    pub(super) fn decline(&mut self, now: Instant, retry: &mut Retry, address: Ipv4Addr, server: Ipv4Addr) {
        let draft = Draft { requested: Some(address), server: Some(server), ..self.draft(MessageType::Decline, 0) };
        self.send(now, retry, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, &draft);
    }

    fn draft(&self, kind: MessageType, secs: u16) -> Draft {
        Draft { kind, xid: self.xid, secs, ciaddr: Ipv4Addr::UNSPECIFIED, requested: None, server: None }
    }

    fn elapsed(&self, now: Instant) -> u16 {
        u16::try_from(now.since(self.started).as_secs()).unwrap_or(u16::MAX)
    }

    fn send(&mut self, now: Instant, retry: &mut Retry, source: Ipv4Addr, destination: Ipv4Addr, draft: &Draft) {
        self.pace.sent(now);
        retry.sent(now, &mut self.random);
        let payload = encode(&self.config, draft);
        self.push(Output::Transmit(Transmit { source, destination, payload }));
    }

    /// How long to keep quiet after a NAK: not at all after the first, then longer and longer.
    pub(super) fn penalty(&mut self) -> Duration {
        self.naks = self.naks.saturating_add(1);
        if self.naks == 1 { Duration::ZERO } else { super::retry::wait(self.naks, &mut self.random) }
    }

    /// The server did not answer a REQUEST. That may be the network's fault.
    pub(super) fn was_silent(&mut self, server: Ipv4Addr) {
        self.note_failure(server, 1, 0);
    }

    /// The server refused what it had offered, or its answer made no sense.
    pub(super) fn went_back(&mut self, server: Ipv4Addr) {
        self.note_failure(server, 2, 1);
    }

    fn note_failure(&mut self, server: Ipv4Addr, weight: u32, refusals: u32) {
        let Failures { all, refusals: before } = self.failures(server);
        let now = Failures { all: all.saturating_add(weight), refusals: before.saturating_add(refusals) };
        self.failing.retain(|(known, _)| *known != server);
        self.failing.push_back((server, now));
        if self.failing.len() > MAX_FAILING {
            self.failing.pop_front();
        }
    }

    /// How often this server has failed us.
    pub(super) fn failures(&self, server: Ipv4Addr) -> Failures {
        self.failing.iter().find(|(known, _)| *known == server).map_or(Failures::default(), |(_, failures)| *failures)
    }

    pub(super) fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    /// Reports a reply that is not used, but not each one of a storm, and none that is for somebody else.
    pub(super) fn reject(&mut self, now: Instant, reason: Reject) {
        if reason.is_foreign() {
            return;
        }
        match self.reported.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, last)) if now.since(*last) < REPORT_EVERY => return,
            Some((_, last)) => *last = now,
            None => self.reported.push((reason, now)),
        }
        self.event(Event::Ignored { reason });
    }

    fn push(&mut self, output: Output<Transmit, Event>) {
        self.outputs.push_back(output);
        if self.outputs.len() > MAX_OUTPUTS {
            self.outputs.pop_front();
        }
    }

    pub(super) fn output(&mut self) -> Option<Output<Transmit, Event>> {
        self.outputs.pop_front()
    }
}
