//! SELECTING: who gives us an address?

use super::{Granted, Offer, Rank, Requesting, State, bind, granted, ipv6_only, report_nak};
use crate::proto::Instant;
use crate::proto::dhcp4::context::Context;
use crate::proto::dhcp4::lease::Lease;
use crate::proto::dhcp4::reply::{Kind, Reject, Reply};
use crate::proto::dhcp4::retry::Retry;

/// DISCOVER is sent until somebody offers. The first good OFFER is taken at once, as every peer does. A doubtful one waits for the
/// next retry, in case a better one comes, and for one more for each time its server went back on its word: a quick server that
/// always refuses must not keep us from a slow one that does not.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Selecting {
    retry: Retry,
    doubtful: Option<Offer>,
    /// What the server asked last grants, too late and for another address.
    other: Option<Lease>,
}

impl Selecting {
    pub(in crate::proto::dhcp4) fn start(_: &Context, now: Instant) -> State {
        Self { retry: Retry::starting(now), doubtful: None, other: None }.state()
    }

    fn state(self) -> State {
        State::Selecting(Box::new(self))
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        cx.departure(&self.retry)
    }

    pub(super) fn again(self, now: Instant) -> State {
        Self { retry: Retry::starting(now), ..self }.state()
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        if let Some(offer) = self.doubtful.filter(|offer| self.retry.sent >= offer.patience) {
            return Requesting::start(cx, now, offer);
        }
        if let Some(lease) = self.other.take_if(|_| self.retry.sent > 0) {
            return bind(cx, lease);
        }
        cx.discover(now, &mut self.retry);
        self.state()
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        match reply.kind {
            Kind::Offer => self.offer(cx, now, reply),
            Kind::Ack => self.ack(cx, now, reply),
            Kind::Nak => self.nak(cx, now, reply),
        }
    }

    fn offer(mut self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        if let Some(state) = ipv6_only(cx, now, reply) {
            return state;
        }
        match Offer::read(cx, now, reply) {
            Some(offer) if offer.rank == Rank::GOOD => return Requesting::start(cx, now, offer),
            Some(offer) if self.doubtful.is_none_or(|known| known.rank < offer.rank) => self.doubtful = Some(offer),
            _ => {}
        }
        self.state()
    }

    /// An ACK without a REQUEST is one of rapid commit (RFC 4039), or one that comes late.
    fn ack(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        if cx.config.rapid_commit && reply.is_rapid() {
            let lease = Lease::read(&reply.message, reply.server.id, now).map(Granted::AsAsked);
            return self.granted(cx, now, reply, lease);
        }
        let lease = granted(cx, now, reply).unwrap_or(Err(Reject::Unexpected));
        self.granted(cx, now, reply, lease)
    }

    fn granted(mut self, cx: &mut Context, now: Instant, reply: &Reply<'_>, lease: Result<Granted, Reject>) -> State {
        match lease {
            Ok(Granted::AsAsked(lease)) => return ipv6_only(cx, now, reply).unwrap_or_else(|| bind(cx, lease)),
            Ok(Granted::Other(lease)) => {
                cx.reject(now, Reject::OtherAddress);
                self.other = Some(lease);
            }
            Err(reason) => cx.reject(now, reason),
        }
        self.state()
    }

    /// A late NAK: we are asking anew already, only no longer for the address that was refused.
    fn nak(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        if cx.asked.is_some_and(|asked| asked.server.is_none_or(|server| server.is(&reply.server))) {
            report_nak(cx, reply);
            (cx.asked, cx.hint) = (None, None);
        } else {
            cx.reject(now, Reject::Unexpected);
        }
        self.state()
    }
}
