//! The exchanges of a [`Client`]: how each begins, what it sends, what happens when its time is up.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::guard::kind;
use super::message::Draft;
use super::retry::{Exchange, Retry};
use super::states::{Asking, Candidate, Extending, Extension, Informing, Requesting, Returning, Soliciting, State};
use super::{Client, Event, Lease};
use crate::proto::Instant;

/// So many servers that did not keep their word are remembered.
const MAX_SHUNNED: usize = 8;
/// The wait after the first refusal; doubles with each.
const BACK_OFF: Duration = Duration::from_millis(250);
/// The longest wait after a refusal.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(64);

impl Client {
    fn ask(&mut self, exchange: Exchange, at: Instant) -> Asking {
        let transaction = self.random.next_u32() & 0x00ff_ffff;
        Asking { transaction, retry: Retry::starting(exchange, self.config.timing, at) }
    }

    /// Forgets everything held and asks all servers, from `at` on.
    pub(super) fn solicit(&mut self, at: Instant) {
        let asking = self.ask(Exchange::Solicit, at);
        self.state = State::Soliciting(Soliciting { asking, candidates: Vec::new() });
    }

    /// Solicits after a wait that grows with every refusal.
    pub(super) fn solicit_later(&mut self) {
        let wait = BACK_OFF.saturating_mul(1 << self.refusals.min(8)).min(LONGEST_BACK_OFF);
        self.refusals = self.refusals.saturating_add(1);
        self.solicit(self.now + wait);
    }

    pub(super) fn inform(&mut self, at: Instant) {
        let asking = self.ask(Exchange::Information, at);
        self.state = State::Informing(Informing { asking });
    }

    pub(super) fn request(&mut self, chosen: Candidate, others: Vec<Candidate>) {
        let mut asking = self.ask(Exchange::Request, self.now);
        if self.shunned.contains(&chosen.server_duid) {
            // Nobody else offers: perhaps it is only far away.
            asking.retry = asking.retry.patient();
        }
        self.state = State::Requesting(Requesting { asking, chosen, others });
    }

    pub(super) fn extend(&mut self, how: Extension, lease: Box<Lease>) {
        let mut asking = self.ask(how.exchange(), self.now);
        let end = match how {
            Extension::Renew if lease.t2 != Duration::MAX => Some(lease.acquired + lease.t2),
            Extension::Renew | Extension::Rebind => lease.expires(),
            Extension::Confirm | Extension::Recall => None,
        };
        if let Some(end) = end {
            asking.retry = asking.retry.ending(end);
        }
        self.state = State::Extending(Extending { asking, how, lease });
    }

    pub(super) fn give_back(
        &mut self,
        message: u8,
        server_duid: Vec<u8>,
        addresses: Vec<Ipv6Addr>,
        prefixes: Vec<Ipv6Net>,
    ) {
        let exchange = if message == kind::DECLINE { Exchange::Decline } else { Exchange::Release };
        let asking = self.ask(exchange, self.now);
        self.state = State::Returning(Returning { asking, server_duid, addresses, prefixes, message });
    }

    /// The lease was given back, or nobody took it.
    pub(super) fn returned(&mut self, message: u8) {
        if message == kind::DECLINE {
            self.solicit_later();
        } else {
            self.state = State::Done;
            self.report(Event::Released);
        }
    }

    pub(super) fn bind(&mut self, lease: Lease) {
        self.state = State::Bound(Box::new(lease.clone()));
        self.report(Event::Bound(Box::new(lease)));
    }

    /// Takes the best of the candidates whose server has kept its word so far, or else that which broke it longest ago: all get
    /// their turn.
    pub(super) fn choose(&mut self) {
        let State::Soliciting(state) = &mut self.state else { return };
        let mut candidates = std::mem::take(&mut state.candidates);
        let shunned = |candidate: &Candidate| self.shunned.iter().position(|duid| *duid == candidate.server_duid);
        let place = (0..candidates.len()).min_by_key(|&place| candidates.get(place).and_then(shunned));
        if let Some(place) = place {
            let chosen = candidates.remove(place);
            self.request(chosen, candidates);
        }
    }

    /// The chosen server refused or kept silent: the next one, or `None` left to ask.
    pub(super) fn pass_over(&mut self) -> Option<()> {
        let State::Requesting(state) = &mut self.state else { return None };
        let mut others = std::mem::take(&mut state.others);
        let server = std::mem::take(&mut state.chosen.server_duid);
        self.shunned.retain(|other| *other != server);
        self.shunned.push_back(server);
        if self.shunned.len() > MAX_SHUNNED {
            self.shunned.pop_front();
        }
        let place = others.iter().position(|c| !self.shunned.contains(&c.server_duid))?;
        let chosen = others.remove(place);
        self.request(chosen, others);
        Some(())
    }

    /// A time-out of the current exchange has passed.
    pub(super) fn expire(&mut self) {
        let now = self.now;
        match &self.state {
            State::Soliciting(state) if state.asking.retry.has_timed_out(now) => self.choose(),
            State::Requesting(state) if state.asking.retry.is_over(now) => self.kept_silent(),
            State::Extending(state) if state.asking.retry.is_over(now) => {
                let (how, lease) = (state.how, state.lease.clone());
                self.unanswered(how, lease);
            }
            State::Returning(state) if state.asking.retry.is_over(now) => self.returned(state.message),
            _ => {}
        }
    }

    fn kept_silent(&mut self) {
        if self.pass_over().is_none() {
            self.solicit(self.now);
        }
    }

    fn unanswered(&mut self, how: Extension, lease: Box<Lease>) {
        let lease = Box::new(lease.remaining(self.now));
        match how {
            _ if lease.is_empty() => self.solicit(self.now),
            Extension::Confirm | Extension::Recall => {
                self.state = State::Bound(lease.clone());
                self.report(Event::Unconfirmed(lease));
            }
            Extension::Renew => self.extend(Extension::Rebind, lease),
            Extension::Rebind => self.solicit(self.now),
        }
    }

    /// The message of the current exchange.
    pub(super) fn draft(&self) -> Option<Draft<'_>> {
        let asking = self.state.asking()?;
        let elapsed = asking.retry.elapsed(self.now);
        let bare = Draft {
            kind: kind::INFORMATION_REQUEST,
            transaction: asking.transaction,
            elapsed,
            server: None,
            addresses: None,
            prefixes: None,
        };
        Some(match &self.state {
            State::Soliciting(_) => Draft {
                kind: kind::SOLICIT,
                addresses: Some(self.config.previous.clone()),
                prefixes: self.config.wants_prefix().then(|| self.wished_prefix()),
                ..bare
            },
            State::Requesting(state) => Draft {
                kind: kind::REQUEST,
                server: Some(&state.chosen.server_duid),
                addresses: Some(state.chosen.addresses.clone()),
                prefixes: self.config.wants_prefix().then(|| state.chosen.prefixes.clone()),
                ..bare
            },
            State::Extending(state) => extension(state, self.config.wants_prefix(), bare),
            State::Returning(state) => Draft {
                kind: state.message,
                server: Some(&state.server_duid),
                addresses: some(&state.addresses),
                prefixes: some(&state.prefixes),
                ..bare
            },
            State::Informing(_) | State::Bound(_) | State::Done => bare,
        })
    }

    /// The length that is wished for, as `::/length`; nothing if the server is to choose.
    fn wished_prefix(&self) -> Vec<Ipv6Net> {
        let length = self.config.want_prefix.filter(|&length| length > 0);
        length.and_then(|length| Ipv6Net::new(Ipv6Addr::UNSPECIFIED, length).ok()).into_iter().collect()
    }
}

/// A Confirm names addresses only; the others carry all that is held and all that is wanted.
fn extension<'a>(state: &'a Extending, wants_prefix: bool, bare: Draft<'a>) -> Draft<'a> {
    let addresses = state.lease.addresses.iter().map(|a| a.address).collect();
    let prefixes: Vec<_> = state.lease.prefixes.iter().map(|p| p.prefix).collect();
    let with_prefixes = wants_prefix && state.how != Extension::Confirm;
    Draft {
        kind: state.how.message(),
        server: (state.how == Extension::Renew).then_some(&state.lease.server_duid[..]),
        addresses: Some(addresses),
        prefixes: with_prefixes.then_some(prefixes),
        ..bare
    }
}

fn some<T: Clone>(all: &[T]) -> Option<Vec<T>> {
    (!all.is_empty()).then(|| all.to_vec())
}
