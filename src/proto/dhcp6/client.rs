//! The machine: begins exchanges, repeats them, ends them. What messages do to it is in `receive`.

use std::collections::VecDeque;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::guard::kind;
use super::states::{Asking, Extension, State};
use super::{ALL_SERVERS, Config, Event, Lease, Mode, Output, Transmit};
use crate::proto::Instant;
use crate::proto::pace::Pace;
use crate::proto::random::Random;

/// For so long bad news is not told again.
const SILENCE: Duration = Duration::from_secs(10);
/// So much bad news is told in that time.
const MAX_TOLD: usize = 32;
/// A DHCPv6 client on one link.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) config: Config,
    pub(super) random: Random,
    pub(super) state: State,
    /// The latest time heard of.
    pub(super) now: Instant,
    pace: Pace,
    events: VecDeque<Event>,
    /// Bad news and when it was told.
    told: Vec<(Event, Instant)>,
    /// Set by servers (options 82 and 83); outlives the exchange.
    pub(super) sol_max_rt: Option<Duration>,
    pub(super) inf_max_rt: Option<Duration>,
    /// How often a lease was refused, or declined, since the beginning.
    pub(super) refusals: u32,
    /// Servers that advertised and then refused or kept silent, latest last.
    pub(super) shunned: VecDeque<Vec<u8>>,
}

impl Client {
    /// Begins with a Solicit, or an Information-request, that leaves at once.
    pub fn new(config: Config, now: Instant) -> Self {
        let mut client = Self::idle(config, now);
        match client.config.mode {
            Mode::Stateful => client.solicit(now),
            Mode::StatelessInfo => client.inform(now),
        }
        client
    }

    /// Begins with a lease remembered from before a restart (RFC 8415 section 18.2.12): asks whether its addresses still fit the
    /// link, or, if it has prefixes, whether it may be kept. DUID and IAID are the lease's. What has expired is not asked about.
    ///
    /// If no server answers, that ends with [`Event::Unconfirmed`].
    pub fn reboot(config: Config, lease: &Lease, now: Instant) -> Self {
        let how = if lease.prefixes.is_empty() { Extension::Confirm } else { Extension::Recall };
        Self::with_lease(config, lease, how, now)
    }

    /// Asks for more time for `lease`: from its own server until T2, then from any, and at last for a new one
    /// (RFC 8415 sections 18.2.4 and 18.2.5; [`Timing::Prompt`](super::Timing) waits for seconds only). DUID and IAID are the lease's.
    pub fn renew(config: Config, lease: &Lease, now: Instant) -> Self {
        let t2 = lease.acquired + lease.t2;
        let how = if now < t2 { Extension::Renew } else { Extension::Rebind };
        Self::with_lease(config, lease, how, now)
    }

    /// Gives `lease` back (RFC 8415 section 18.2.7). Its addresses must not be in use any more. Ends with [`Event::Released`].
    pub fn release(config: Config, lease: &Lease, now: Instant) -> Self {
        let mut client = Self::idle(owned_by(config, lease), now);
        let addresses = lease.addresses.iter().map(|a| a.address).collect();
        let prefixes = lease.prefixes.iter().map(|p| p.prefix).collect();
        client.give_back(kind::RELEASE, lease.server_duid.clone(), addresses, prefixes);
        client
    }

    fn idle(config: Config, now: Instant) -> Self {
        Self {
            random: Random::new(config.seed),
            config,
            state: State::Done,
            now,
            pace: Pace::default(),
            events: VecDeque::new(),
            told: Vec::new(),
            sol_max_rt: None,
            inf_max_rt: None,
            refusals: 0,
            shunned: VecDeque::new(),
        }
    }

    fn with_lease(config: Config, lease: &Lease, how: Extension, now: Instant) -> Self {
        let mut client = Self::idle(owned_by(config, lease), now);
        client.config.previous = lease.addresses.iter().map(|a| a.address).collect();
        let lease = lease.remaining(now);
        if lease.is_empty() {
            client.solicit(now)
        } else {
            client.extend(how, Box::new(lease))
        }
        client
    }

    /// Takes note of a message from UDP port [`SERVER_PORT`](super::SERVER_PORT) of `source`.
    pub fn handle_packet(&mut self, now: Instant, source: Ipv6Addr, payload: &[u8]) {
        self.handle_timeout(now);
        if let Err(reason) = self.receive(source, payload) {
            self.report_seldom(Event::Ignored { reason });
        }
    }

    /// The time named by [`poll`](Self::poll) may have come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.state.asking().is_some_and(|asking| asking.retry.due() <= self.now) {
            self.expire();
        }
    }

    /// The link has got a carrier: what was sent before may be lost, so it is sent again at once.
    pub fn carrier(&mut self, now: Instant) {
        self.now = self.now.max(now);
        let now = self.now;
        if let Some(asking) = self.state.asking_mut() {
            asking.retry.restart(now);
        }
    }

    /// An address of the lease just bound is in use by another machine: tells the server (RFC 8415 section 18.2.8) and asks for a
    /// new lease. Does nothing unless bound.
    pub fn decline(&mut self, addresses: &[Ipv6Addr], now: Instant) {
        self.now = self.now.max(now);
        let State::Bound(lease) = &self.state else { return };
        let (server, declined) = (lease.server_duid.clone(), addresses.to_vec());
        self.config.previous.retain(|address| !declined.contains(address));
        self.give_back(kind::DECLINE, server, declined, Vec::new());
    }

    /// What to do next. Changes only by the other methods; never more than one transmission between two of them.
    pub fn poll(&mut self) -> Output<Transmit, Event> {
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        let Some(Asking { retry, .. }) = self.state.asking() else { return Output::WaitUntil(None) };
        if retry.is_over(self.now) {
            return Output::WaitUntil(Some(retry.due()));
        }
        let due = retry.due().max(self.pace.allowed());
        if due > self.now {
            return Output::WaitUntil(Some(due));
        }
        Output::Transmit(self.transmit())
    }

    fn transmit(&mut self) -> Transmit {
        let payload = self.draft().map(|draft| draft.write(&self.config)).unwrap_or_default();
        let ceiling = match self.state {
            State::Soliciting(_) => self.sol_max_rt,
            State::Informing(_) => self.inf_max_rt,
            _ => None,
        };
        self.pace.sent(self.now);
        if let Some(asking) = self.state.asking_mut() {
            asking.retry.sent(self.now, ceiling, &mut self.random);
        }
        Transmit { destination: ALL_SERVERS, payload }
    }

    /// Queues what will be polled.
    pub(super) fn report(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// The same for news that others can make at no cost: each at most once in [`SILENCE`], and [`MAX_TOLD`] different ones.
    pub(super) fn report_seldom(&mut self, event: Event) {
        let now = self.now;
        self.told.retain(|(_, at)| now.since(*at) < SILENCE);
        if self.told.len() < MAX_TOLD && self.told.iter().all(|(told, _)| *told != event) {
            self.told.push((event.clone(), now));
            self.report(event);
        }
    }
}

/// The configuration with the identity under which `lease` was given, wanting what it holds.
fn owned_by(config: Config, lease: &Lease) -> Config {
    let want_prefix = config.want_prefix.or((!lease.prefixes.is_empty()).then_some(0));
    Config { duid: lease.duid.clone(), iaid: lease.iaid, mode: Mode::Stateful, want_prefix, ..config }
}
