//! DHCPv6 on one link: begun when a router or the profile asks for it, and at rest with the first lease.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::event::Action;
use super::outcome::{Reason, Timing};
use crate::proto::dhcp6::{Client, Config, Event, Lease, Mode};
use crate::proto::{Instant, Output};

/// How long servers are asked to prolong a lease that holds anyway.
const RENEWAL: Duration = Duration::from_secs(10);

/// DHCPv6 on one link.
pub(super) struct Dhcp6 {
    config: Config,
    /// A lease of an earlier run whose addresses are to be confirmed.
    remembered: Option<Lease>,
    /// They are to be prolonged, not only confirmed.
    renew: bool,
    /// A lease that is being prolonged; it holds until its time is over.
    renewing: Option<Lease>,
    /// Why a lease that still holds was not prolonged.
    unrenewed: Option<String>,
    /// What is asked for; `None`: nothing yet.
    mode: Option<Mode>,
    started: Option<Instant>,
    client: Option<Client>,
    lease: Option<Lease>,
    advertised: bool,
    refusal: Option<String>,
    ignored: Option<String>,
}

impl Dhcp6 {
    /// Nothing is sent before [`Dhcp6::start`]. `holds`: a lease of an earlier run that needs no word from a server.
    pub(super) fn new(config: Config, holds: Option<Lease>, remembered: Option<Lease>, renew: bool) -> Self {
        let mode = holds.is_some().then_some(Mode::Stateful);
        Self {
            config,
            remembered,
            renew,
            renewing: None,
            unrenewed: None,
            mode,
            started: None,
            client: None,
            lease: holds,
            advertised: false,
            refusal: None,
            ignored: None,
        }
    }

    /// What is asked for.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// What a server gave: with [`Mode::StatelessInfo`] the configuration alone.
    pub(super) fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// The lease that holds now, also while it is being prolonged.
    pub(super) fn held(&self, now: Instant) -> Option<&Lease> {
        let waiting = self.remembered.as_ref().filter(|_| self.renew);
        let holds = |lease: &&Lease| lease.expires().is_none_or(|end| now < end);
        self.lease.as_ref().or(self.renewing.as_ref().or(waiting).filter(holds))
    }

    /// Why a lease that still holds was not prolonged; said once.
    pub(super) fn unrenewed(&mut self) -> Option<String> {
        self.unrenewed.take()
    }

    /// Asks for `mode`, to be called when there is a link-local address to speak from. Addresses include configuration: what was
    /// begun for both is not begun again for less.
    pub(super) fn start(&mut self, mode: Mode, now: Instant) {
        if self.mode == Some(mode) || self.mode == Some(Mode::Stateful) {
            return;
        }
        let config = Config { mode, ..self.config.clone() };
        let client = match self.remembered.take().filter(|_| mode == Mode::Stateful) {
            Some(lease) if self.renew => {
                let client = Client::renew(config, &lease, now);
                self.renewing = Some(lease);
                client
            }
            Some(lease) => Client::reboot(config, &lease, now),
            None => Client::new(config, now),
        };
        (self.mode, self.client, self.lease) = (Some(mode), Some(client), None);
        self.started.get_or_insert(now);
    }

    /// The link has carrier again.
    pub(super) fn carrier(&mut self, now: Instant) {
        if let Some(client) = self.asking() {
            client.carrier(now);
        }
    }

    /// A time that was waited for may have come.
    pub(super) fn timeout(&mut self, now: Instant) {
        if self.gives_up_at().is_some_and(|at| now >= at) {
            return self.stay(now);
        }
        if let Some(client) = self.asking() {
            client.handle_timeout(now);
        }
    }

    /// A UDP payload for port 546.
    pub(super) fn packet(&mut self, now: Instant, source: Ipv6Addr, payload: &[u8]) {
        if let Some(client) = self.asking() {
            client.handle_packet(now, source, payload);
        }
    }

    /// Another host has addresses of the lease: tells the server and asks for a new one.
    pub(super) fn decline(&mut self, addresses: &[Ipv6Addr], now: Instant) {
        self.lease = None;
        if let Some(client) = self.client.as_mut() {
            client.decline(addresses, now);
        }
    }

    /// When a renewal that nobody answers is given up.
    fn gives_up_at(&self) -> Option<Instant> {
        self.started.filter(|_| self.renewing.is_some() && self.lease.is_none()).map(|at| at + RENEWAL)
    }

    /// Goes on with the lease as it is, if it still holds.
    fn stay(&mut self, now: Instant) {
        let why = self.reason();
        self.lease = self.renewing.take().map(|lease| lease.remaining(now)).filter(|lease| !lease.is_empty());
        if self.lease.is_some() {
            self.client = None;
            self.unrenewed = Some(format!("the DHCPv6 lease was not renewed ({why}); it holds until its end"));
        }
    }

    fn asking(&mut self) -> Option<&mut Client> {
        self.client.as_mut().filter(|_| self.lease.is_none())
    }

    /// Lets the client speak until it waits. True if there is something new to apply.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, timing: &mut Timing, out: &mut Vec<Action>) -> bool {
        while let Some(client) = self.asking() {
            match client.poll() {
                Output::WaitUntil(_) => return false,
                Output::Transmit(transmit) => out.push(Action::SendDhcp6 { ifindex, transmit }),
                Output::Event(event) => self.note(event, now, timing),
            }
            if self.lease.is_some() {
                return true;
            }
        }
        false
    }

    fn note(&mut self, event: Event, now: Instant, timing: &mut Timing) {
        match event {
            Event::Advertise { .. } => self.advertised = true,
            Event::Bound(lease) | Event::Unconfirmed(lease) => {
                timing.lease6 = Some(now);
                self.renewing = None;
                self.lease = Some(*lease);
            }
            Event::Information(lease) => self.lease = Some(*lease),
            Event::Refused { status, message } => self.refusal = Some(format!("{status}: {message}")),
            Event::Ignored { reason } => self.ignored = Some(reason.to_string()),
            Event::OptionsDropped { .. } | Event::Released => {}
        }
    }

    /// When to be woken.
    pub(super) fn deadline(&mut self, now: Instant) -> Option<Instant> {
        let gives_up = self.gives_up_at().filter(|&at| at > now);
        let next = match self.asking()?.poll() {
            Output::WaitUntil(next) => next,
            _ => Some(now),
        };
        next.into_iter().chain(gives_up).min()
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<Instant> {
        self.started
    }

    /// True `timeout` after it began without anything to show for it.
    pub(super) fn is_over(&self, timeout: Duration, now: Instant) -> bool {
        self.lease.is_none() && self.started.is_some_and(|at| now >= at + timeout)
    }

    /// Why there is no lease.
    pub(super) fn reason(&self) -> Reason {
        match (&self.refusal, self.advertised, &self.ignored) {
            (Some(text), ..) => Reason::Refused(text.clone()),
            (None, true, _) => Reason::Refused("the server advertised and then did not answer the request".to_owned()),
            (None, false, Some(text)) => Reason::BadOffer(text.clone()),
            (None, false, None) => Reason::NoReply,
        }
    }
}
