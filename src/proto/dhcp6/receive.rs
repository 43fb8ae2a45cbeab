//! What messages do to a [`Client`].

use std::net::Ipv6Addr;

use super::guard::{Message, kind};
use super::reply::{self, Reply};
use super::states::{Candidate, Extension, State};
use super::status::{Reason, Status, StatusCode};
use super::{Client, Event, Lease};

/// Preference at which no other Advertise is waited for (RFC 8415 section 18.2.1).
const TAKE_AT_ONCE: u8 = 255;

impl Client {
    /// Takes a message in, or says why it is put aside; then nothing has changed.
    pub(super) fn receive(&mut self, source: Ipv6Addr, payload: &[u8]) -> Result<(), Reason> {
        if source.is_unspecified() || source.is_multicast() || source.is_loopback() {
            return Err(Reason::ImpossibleSource);
        }
        let message = Message::new(payload).ok_or(Reason::TooShort)?;
        self.is_awaited(&message)?;
        let reply = reply::read(&message, &self.config)?;
        self.comes_from_whom_was_asked(&reply)?;
        self.learn(&reply);
        match &self.state {
            State::Soliciting(_) if message.kind == kind::ADVERTISE => self.advertised(reply),
            State::Soliciting(_) => self.committed(reply),
            State::Requesting(_) => self.granted(reply),
            State::Extending(state) => {
                let (how, lease) = (state.how, state.lease.clone());
                self.extended(how, &lease, reply)
            }
            State::Informing(_) => self.informed(reply),
            State::Returning(state) => {
                self.returned(state.message);
                Ok(())
            }
            State::Bound(_) | State::Done => Err(Reason::OtherTransaction),
        }
    }

    /// Looks at type and transaction only, so that a flood costs little.
    fn is_awaited(&self, message: &Message<'_>) -> Result<(), Reason> {
        if message.kind == kind::RECONFIGURE {
            return Err(Reason::Reconfigure);
        }
        let asking = self.state.asking().ok_or(Reason::OtherTransaction)?;
        if asking.transaction != message.transaction || !asking.retry.has_begun() {
            return Err(Reason::OtherTransaction);
        }
        match (&self.state, message.kind) {
            (_, kind::REPLY) | (State::Soliciting(_), kind::ADVERTISE) => Ok(()),
            (_, other) => Err(Reason::Unexpected(other)),
        }
    }

    fn comes_from_whom_was_asked(&self, reply: &Reply) -> Result<(), Reason> {
        let asked = match &self.state {
            State::Requesting(state) => &state.chosen.server_duid,
            State::Extending(state) if state.how == Extension::Renew => &state.lease.server_duid,
            State::Returning(state) => &state.server_duid,
            _ => return Ok(()),
        };
        if *asked == reply.server_duid { Ok(()) } else { Err(Reason::OtherServer) }
    }

    /// Ceilings of time-outs count even if the message is of no other use (RFC 8415 section 18.2.9).
    fn learn(&mut self, reply: &Reply) {
        self.sol_max_rt = reply.sol_max_rt.or(self.sol_max_rt);
        self.inf_max_rt = reply.inf_max_rt.or(self.inf_max_rt);
        if !reply.dropped.is_empty() {
            self.report_seldom(Event::OptionsDropped { codes: reply.dropped.clone() });
        }
    }

    fn refused(&mut self, status: Status) {
        self.report_seldom(Event::Refused { status: status.code, message: status.message });
    }

    /// Reports why `reply` cannot be used.
    fn useless(&mut self, reply: &Reply) -> Result<(), Reason> {
        let status = reply.refusal();
        if status.is_success() {
            return Err(Reason::Empty);
        }
        self.refused(status);
        Ok(())
    }

    fn advertised(&mut self, reply: Reply) -> Result<(), Reason> {
        if !reply.is_usable() {
            return self.useless(&reply);
        }
        let candidate = Candidate::new(&reply);
        let is_shunned = self.shunned.contains(&candidate.server_duid);
        let State::Soliciting(state) = &mut self.state else { return Ok(()) };
        let is_enough = reply.preference == TAKE_AT_ONCE || state.asking.retry.is_repeated();
        state.add(candidate);
        self.report_seldom(Event::Advertise { server_duid: reply.server_duid, preference: reply.preference });
        if is_enough && !is_shunned {
            self.choose();
        }
        Ok(())
    }

    /// A Reply to a Solicit.
    fn committed(&mut self, reply: Reply) -> Result<(), Reason> {
        if !(self.config.rapid_commit && reply.rapid_commit) {
            return Err(Reason::NotRapidCommit);
        }
        if !reply.is_usable() {
            return self.useless(&reply);
        }
        self.bind(Lease::new(reply, &self.config.duid, self.config.iaid, self.now));
        Ok(())
    }

    /// A Reply to a Request.
    fn granted(&mut self, reply: Reply) -> Result<(), Reason> {
        if reply.is_usable() {
            self.bind(Lease::new(reply, &self.config.duid, self.config.iaid, self.now));
            return Ok(());
        }
        let status = reply.refusal();
        self.refused(if status.is_success() { Status::empty() } else { status });
        if self.pass_over().is_none() {
            self.solicit_later();
        }
        Ok(())
    }

    fn extended(&mut self, how: Extension, lease: &Lease, reply: Reply) -> Result<(), Reason> {
        match (how, reply.refusal().code) {
            (Extension::Confirm, StatusCode::Success) => self.bind(lease.remaining(self.now)),
            (_, StatusCode::NotOnLink) => self.moved(reply.refusal()),
            _ if how != Extension::Confirm && reply.is_usable() => self.extended_by(lease, reply),
            (Extension::Renew | Extension::Rebind | Extension::Recall, StatusCode::NoBinding) => {
                self.forgotten(lease, &reply)
            }
            (_, StatusCode::Success) if reply.takes_back() => self.taken_back(lease, &reply),
            _ => return self.useless(&reply),
        }
        Ok(())
    }

    /// We are on another link: what was held is worth nothing, not even as a hint.
    fn moved(&mut self, status: Status) {
        self.refused(status);
        self.config.previous.clear();
        self.solicit(self.now);
    }

    fn extended_by(&mut self, old: &Lease, reply: Reply) {
        let mut kept = old.clone();
        if !reply.addresses.status.is_success() {
            kept.addresses.clear();
        }
        if !reply.prefixes.status.is_success() {
            kept.prefixes.clear();
        }
        let removed = [&reply.addresses.removed[..], &reply.prefixes.removed[..]].concat();
        let mut lease = Lease::new(reply, &self.config.duid, self.config.iaid, self.now);
        lease.keep_unmentioned(&kept, &removed);
        self.bind(lease);
    }

    /// The server knows nothing of the lease: it is requested again from this server (RFC 8415 section 18.2.10.1).
    fn forgotten(&mut self, lease: &Lease, reply: &Reply) {
        self.refused(reply.refusal());
        let chosen = Candidate {
            server_duid: reply.server_duid.clone(),
            preference: reply.preference,
            addresses: lease.addresses.iter().map(|a| a.address).collect(),
            prefixes: lease.prefixes.iter().map(|p| p.prefix).collect(),
        };
        self.request(chosen, Vec::new());
    }

    /// Lifetimes of zero and nothing new.
    fn taken_back(&mut self, lease: &Lease, reply: &Reply) {
        let mut left = lease.remaining(self.now);
        left.addresses.retain(|a| !reply.addresses.removed.contains(&a.address.into()));
        left.prefixes.retain(|p| !reply.prefixes.removed.contains(&p.prefix));
        if left.is_empty() {
            self.config.previous.clear();
            self.solicit(self.now);
        } else if let State::Extending(state) = &mut self.state {
            // The exchange goes on for the rest.
            *state.lease = left;
        }
    }

    fn informed(&mut self, reply: Reply) -> Result<(), Reason> {
        if !reply.status.is_success() {
            return self.useless(&reply);
        }
        let lease = Lease::new(reply, &self.config.duid, self.config.iaid, self.now);
        self.state = State::Done;
        self.report(Event::Information(Box::new(lease)));
        Ok(())
    }
}
