//! BOUND, RENEWING, REBINDING: we have an address and mean to keep it (RFC 2131 section 4.4.5).

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{Selecting, State, bind, refused};
use crate::proto::Instant;
use crate::proto::dhcp4::Event;
use crate::proto::dhcp4::context::Context;
use crate::proto::dhcp4::lease::Lease;
use crate::proto::dhcp4::reply::{Kind, Reject, Reply};
use crate::proto::dhcp4::retry::Retry;

/// This many on the quick schedule, then the slow one of RFC 2131: half the time that is left, but at least [`SLOWEST`].
const QUICK: u32 = 5;
const SLOWEST: Duration = Duration::from_secs(60);

/// The lease is ours. Nothing to do before T1.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Bound {
    pub(super) lease: Lease,
}

impl Bound {
    pub(super) fn with(lease: Lease) -> State {
        State::Bound(Box::new(Self { lease }))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lease.lease_time.map(|_| self.lease.acquired + self.lease.t1)
    }

    pub(super) fn timeout(self, cx: &mut Context, now: Instant) -> State {
        let until = self.lease.acquired + self.lease.t2;
        Renewing::start(cx, now, self.lease, until)
    }
}

/// Asks the server that granted the lease.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Renewing {
    extension: Extension,
}

impl Renewing {
    /// Asks until `until`, then anyone.
    pub(in crate::proto::dhcp4) fn start(cx: &mut Context, now: Instant, lease: Lease, until: Instant) -> State {
        cx.new_transaction();
        cx.start(now);
        State::Renewing(Box::new(Self { extension: Extension { lease, retry: Retry::starting(now), until } }))
    }

    pub(super) fn into_lease(self) -> Lease {
        self.extension.lease
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        self.extension.deadline(cx)
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        if now >= self.extension.until {
            return Rebinding::start(self.extension, now);
        }
        let server = self.extension.lease.server;
        self.extension.ask(cx, now, server);
        State::Renewing(Box::new(self))
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        self.extension.reply(cx, now, reply).unwrap_or_else(|| State::Renewing(Box::new(self)))
    }
}

/// Asks any server, because the one that granted the lease is silent.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Rebinding {
    extension: Extension,
}

impl Rebinding {
    /// Asks until the lease ends. If it is not that old yet, somebody is in a hurry: then as long as the first server was asked.
    fn start(renewing: Extension, now: Instant) -> State {
        let Extension { lease, until, .. } = renewing;
        let due = lease.acquired + lease.t2 <= now;
        let until = if due { lease.expires().unwrap_or(until) } else { now + HURRY };
        State::Rebinding(Box::new(Self { extension: Extension { lease, retry: Retry::starting(now), until } }))
    }

    pub(super) fn into_lease(self) -> Lease {
        self.extension.lease
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        self.extension.deadline(cx)
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        if now >= self.extension.until {
            return self.extension.give_up(cx, now);
        }
        self.extension.ask(cx, now, Ipv4Addr::BROADCAST);
        State::Rebinding(Box::new(self))
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        self.extension.reply(cx, now, reply).unwrap_or_else(|| State::Rebinding(Box::new(self)))
    }
}

/// How long each of the two lasts when a renewal is asked for before T1.
pub(in crate::proto::dhcp4) const HURRY: Duration = Duration::from_secs(3);

/// What the two have in common.
#[derive(Debug)]
struct Extension {
    lease: Lease,
    retry: Retry,
    until: Instant,
}

impl Extension {
    fn deadline(&self, cx: &Context) -> Instant {
        cx.departure(&self.retry).min(self.until)
    }

    fn ask(&mut self, cx: &mut Context, now: Instant, destination: Ipv4Addr) {
        cx.extend(now, &mut self.retry, self.lease.address, destination);
        if self.retry.sent > QUICK {
            self.retry.due = now + (self.until.since(now) / 2).max(SLOWEST);
        }
    }

    /// The state that follows; `None` if this reply changes nothing.
    fn reply(&self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> Option<State> {
        match reply.kind {
            Kind::Ack => match Lease::read(&reply.message, reply.server.id, now) {
                Ok(lease) if lease.address == self.lease.address => return Some(bind(cx, lease)),
                Ok(_) => cx.reject(now, Reject::OtherAddress),
                Err(reason) => cx.reject(now, reason),
            },
            Kind::Nak => return Some(refused(cx, now, reply)),
            Kind::Offer => cx.reject(now, Reject::Unexpected),
        }
        None
    }

    fn give_up(self, cx: &mut Context, now: Instant) -> State {
        let address = self.lease.address;
        if self.lease.expires().is_some_and(|end| end <= now) {
            cx.event(Event::Expired { address });
        }
        cx.hint = Some(address);
        cx.new_transaction();
        cx.start(now);
        Selecting::start(cx, now)
    }
}
