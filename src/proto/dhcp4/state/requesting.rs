//! REQUESTING: one server was chosen; does it keep its word?

use super::{Granted, Offer, Rank, Selecting, State, bind, granted, ipv6_only, refused, report_nak};
use crate::proto::Instant;
use crate::proto::dhcp4::Event;
use crate::proto::dhcp4::context::{Asked, Context};
use crate::proto::dhcp4::lease::Lease;
use crate::proto::dhcp4::reply::{Kind, Reject, Reply};
use crate::proto::dhcp4::retry::Retry;

/// How often REQUEST is sent before DISCOVER's turn comes again.
const TRIES: u32 = 5;

/// REQUEST is sent to one server. If it stays silent, refuses, or answers nonsense, the next retry goes to another server that has
/// offered meanwhile.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Requesting {
    offer: Offer,
    other: Option<Offer>,
    /// The lease of an ACK for another address than the one offered.
    doubtful: Option<Lease>,
    /// An ACK came that cannot be used.
    senseless: bool,
    retry: Retry,
}

impl Requesting {
    pub(super) fn start(cx: &mut Context, now: Instant, offer: Offer) -> State {
        cx.event(Event::Offer { server: offer.server.id, address: offer.address });
        Self { offer, other: None, doubtful: None, senseless: false, retry: Retry::starting(now) }.state()
    }

    fn state(self) -> State {
        State::Requesting(Box::new(self))
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        cx.departure(&self.retry)
    }

    pub(super) fn again(mut self, now: Instant) -> State {
        self.retry = Retry::starting(now);
        self.state()
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        if self.retry.sent > 0 {
            if let Some(other) = self.other.take() {
                self.note_failure(cx);
                return Self::start(cx, now, other);
            }
            if let Some(lease) = self.doubtful {
                return bind(cx, lease);
            }
        }
        if self.retry.sent >= TRIES {
            self.note_failure(cx);
            return Selecting::start(cx, now);
        }
        let asked = Asked { server: Some(self.offer.server), address: self.offer.address };
        cx.request(now, &mut self.retry, asked);
        self.state()
    }

    fn note_failure(&self, cx: &mut Context) {
        if self.senseless { cx.went_back(self.offer.server.id) } else { cx.was_silent(self.offer.server.id) }
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        let chosen = self.offer.server.is(&reply.server);
        match reply.kind {
            Kind::Offer if chosen => self.state(),
            Kind::Offer => self.offer(cx, now, reply),
            Kind::Ack if chosen => self.ack(cx, now, reply),
            Kind::Nak if chosen => self.nak(cx, now, reply),
            Kind::Ack | Kind::Nak => {
                cx.reject(now, Reject::OtherServer);
                self.state()
            }
        }
    }

    fn offer(mut self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        let least = self.other.map_or(self.offer.rank, |other| other.rank);
        let better = |offer: &Offer| offer.rank == Rank::GOOD || offer.rank > least;
        self.other = Offer::read(cx, now, reply).filter(better).or(self.other);
        self.state()
    }

    fn ack(mut self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        match granted(cx, now, reply).unwrap_or(Err(Reject::Unexpected)) {
            Ok(Granted::AsAsked(lease)) => return ipv6_only(cx, now, reply).unwrap_or_else(|| bind(cx, lease)),
            Ok(Granted::Other(lease)) => {
                cx.reject(now, Reject::OtherAddress);
                self.doubtful = Some(lease);
            }
            Err(reason) => {
                cx.reject(now, reason);
                self.senseless |= reason != Reject::Unexpected;
            }
        }
        self.state()
    }

    fn nak(mut self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        cx.went_back(self.offer.server.id);
        match self.other.take() {
            Some(other) => {
                report_nak(cx, reply);
                Self::start(cx, now, other)
            }
            None => refused(cx, now, reply),
        }
    }
}
