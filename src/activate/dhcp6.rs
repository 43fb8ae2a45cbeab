//! DHCPv6 on one link: begun when a router or the profile asks for it, and at rest with the first lease.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::event::Action;
use super::outcome::{Reason, Timing};
use crate::proto::dhcp6::{Client, Config, Event, Lease, Mode};
use crate::proto::{Instant, Output};

/// DHCPv6 on one link.
pub(super) struct Dhcp6 {
    config: Config,
    /// A lease of an earlier run whose addresses are to be confirmed.
    remembered: Option<Lease>,
    /// They are to be prolonged, not only confirmed.
    renew: bool,
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

    /// Asks for `mode`, to be called when there is a link-local address to speak from. Addresses include configuration: what was
    /// begun for both is not begun again for less.
    pub(super) fn start(&mut self, mode: Mode, now: Instant) {
        if self.mode == Some(mode) || self.mode == Some(Mode::Stateful) {
            return;
        }
        let config = Config { mode, ..self.config.clone() };
        let client = match self.remembered.take().filter(|_| mode == Mode::Stateful) {
            Some(lease) if self.renew => Client::renew(config, &lease, now),
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
        match self.asking()?.poll() {
            Output::WaitUntil(next) => next,
            _ => Some(now),
        }
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
