//! The states of RFC 2131 figure 5, each a struct that holds what is true in it and no more.
//!
//! A state takes itself apart: `timeout` and `reply` consume it and answer the state that follows, so that nothing of an old
//! state can be looked at in a new one.
//!
//! ```text
//!  Rebooting ──ACK──────────────────────────────► Bound ──T1──► Renewing ──T2──► Rebinding
//!     │ NAK, silence                      ACK ▲     ▲               │ACK             │ACK
//!     ▼                                       │     └───────────────┴────────────────┘
//!  Selecting ──OFFER──► Requesting ───────────┘                     │ NAK            │ NAK, lease over
//!     ▲  ▲                 │ silence, nonsense                      ▼                ▼
//!     │  └─────────────────┤                                     Waiting ──► Selecting
//!     └────── Waiting ◄────┘ NAK            (Waiting also after "IPv6 only", and after Bound ─► Declining)
//! ```

mod declining;
mod extending;
mod rebooting;
mod requesting;
mod selecting;

use std::cmp::Reverse;
use std::net::Ipv4Addr;
use std::time::Duration;

pub(super) use declining::Declining;
pub(super) use extending::{Bound, HURRY, Rebinding, Renewing};
pub(super) use rebooting::Rebooting;
pub(super) use requesting::Requesting;
pub(super) use selecting::Selecting;

use super::context::{Asked, Context};
use super::guard::one;
use super::lease::seconds;
use super::reply::{Reply, Server};
use super::{Event, Lease, Reject, code};
use crate::proto::Instant;
use crate::proto::names::Text;

/// The least time to leave IPv4 alone (RFC 8925 section 3.4, MIN_V6ONLY_WAIT).
const MIN_IPV6_ONLY_WAIT: Duration = Duration::from_secs(300);

/// The most DISCOVERs sent to find somebody better than a server that refuses.
const MOST_PATIENCE: u32 = 6;

/// Where the client is.
#[derive(Debug)]
pub(super) enum State {
    /// INIT with a delay: after a NAK, or while IPv6 is to do without us.
    Waiting(Waiting),
    Rebooting(Rebooting),
    Selecting(Box<Selecting>),
    Requesting(Box<Requesting>),
    Bound(Box<Bound>),
    Renewing(Box<Renewing>),
    Rebinding(Box<Rebinding>),
    Declining(Box<Declining>),
}

impl State {
    /// When `timeout` has something to do. `None`: never.
    pub(super) fn deadline(&self, cx: &Context) -> Option<Instant> {
        match self {
            Self::Waiting(state) => Some(state.until),
            Self::Rebooting(state) => Some(state.deadline(cx)),
            Self::Selecting(state) => Some(state.deadline(cx)),
            Self::Requesting(state) => Some(state.deadline(cx)),
            Self::Bound(state) => state.deadline(),
            Self::Renewing(state) => Some(state.deadline(cx)),
            Self::Rebinding(state) => Some(state.deadline(cx)),
            Self::Declining(state) => Some(state.deadline(cx)),
        }
    }

    pub(super) fn timeout(self, cx: &mut Context, now: Instant) -> Self {
        match self {
            Self::Waiting(_) => Selecting::start(cx, now),
            Self::Rebooting(state) => state.timeout(cx, now),
            Self::Selecting(state) => state.timeout(cx, now),
            Self::Requesting(state) => state.timeout(cx, now),
            Self::Bound(state) => state.timeout(cx, now),
            Self::Renewing(state) => state.timeout(cx, now),
            Self::Rebinding(state) => state.timeout(cx, now),
            Self::Declining(state) => state.timeout(cx, now),
        }
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> Self {
        match self {
            Self::Rebooting(state) => state.reply(cx, now, reply),
            Self::Selecting(state) => state.reply(cx, now, reply),
            Self::Requesting(state) => state.reply(cx, now, reply),
            Self::Renewing(state) => state.reply(cx, now, reply),
            Self::Rebinding(state) => state.reply(cx, now, reply),
            // A second ACK, to a REQUEST that was sent twice, is no news.
            Self::Waiting(_) | Self::Bound(_) | Self::Declining(_) => self,
        }
    }

    /// The link has (again) a carrier: nothing sent before need have arrived anywhere.
    pub(super) fn carrier(self, cx: &mut Context, now: Instant) -> Self {
        match self {
            Self::Waiting(_) => Selecting::start(cx, now),
            Self::Rebooting(state) => state.again(now),
            Self::Selecting(state) => state.again(now),
            Self::Requesting(state) => state.again(now),
            Self::Bound(_) | Self::Renewing(_) | Self::Rebinding(_) | Self::Declining(_) => self,
        }
    }

    /// Somebody else uses our address.
    pub(super) fn decline(self, now: Instant) -> Self {
        match self {
            Self::Bound(state) => Declining::start(state.lease, now),
            Self::Renewing(state) => Declining::start(state.into_lease(), now),
            Self::Rebinding(state) => Declining::start(state.into_lease(), now),
            other => other,
        }
    }
}

/// Silence until a time.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) until: Instant,
}

impl Waiting {
    pub(super) fn until(until: Instant) -> State {
        State::Waiting(Self { until })
    }
}

/// Takes the lease an ACK describes.
fn bind(cx: &mut Context, mut lease: Lease) -> State {
    lease.client_id = cx.config.identity();
    cx.naks = 0;
    cx.hint = Some(lease.address);
    cx.event(Event::Bound(Box::new(lease.clone())));
    Bound::with(lease)
}

/// Reports a NAK and goes back to the start; answers to the old transaction no longer count.
fn refused(cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
    report_nak(cx, reply);
    cx.hint = None;
    cx.new_transaction();
    Waiting::until(now + cx.penalty())
}

fn report_nak(cx: &mut Context, reply: &Reply<'_>) {
    let message = reply.message.option(code::MESSAGE).map(Text::new);
    cx.event(Event::Nak { server: reply.server.id, message });
}

/// RFC 8925: if we asked whether this network would rather have us use IPv6 only, and it says so, how long to keep quiet.
fn ipv6_only(cx: &mut Context, now: Instant, reply: &Reply<'_>) -> Option<State> {
    let value = reply.message.option(code::IPV6_ONLY).filter(|_| cx.config.want_ipv6_only);
    let wait = seconds(u32::from_be_bytes(value.and_then(one)?)).max(MIN_IPV6_ONLY_WAIT);
    cx.event(Event::IpV6Only { wait });
    cx.new_transaction();
    Some(Waiting::until(now + wait))
}

/// The lease of an ACK that the server asked last sends (or anyone, after INIT-REBOOT), be the state that sent the REQUEST over or
/// not. `None`: it is of somebody else.
fn granted(cx: &Context, now: Instant, reply: &Reply<'_>) -> Option<Result<Granted, Reject>> {
    let Asked { server, address } = cx.asked?;
    let sort = |lease: Lease| if lease.address == address { Granted::AsAsked(lease) } else { Granted::Other(lease) };
    let fits = server.is_none_or(|server| server.is(&reply.server));
    fits.then(|| Lease::read(&reply.message, server.unwrap_or(reply.server).id, now).map(sort))
}

/// What an ACK grants.
enum Granted {
    /// The address asked for.
    AsAsked(Lease),
    /// Another one. Nothing is wrong with it in itself, and all peers take it; but anything else is better.
    Other(Lease),
}

/// What a server offers. Not every offer is complete: some servers say the rest in the ACK only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offer {
    server: Server,
    address: Ipv4Addr,
    rank: Rank,
    /// How many DISCOVERs to send before this offer is taken for want of a better one.
    patience: u32,
}

/// How much speaks for an offer, the weightiest first. What is [`Rank::GOOD`] is taken at once; the rest only if nothing better comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// How seldom the server has failed us before.
    failures: Reverse<u32>,
    /// All that a lease needs is there.
    complete: bool,
    /// The server named itself (option 54).
    named: bool,
}

impl Rank {
    const GOOD: Self = Self { failures: Reverse(0), complete: true, named: true };
}

impl Offer {
    fn read(cx: &mut Context, now: Instant, reply: &Reply<'_>) -> Option<Self> {
        let lease = Lease::read(&reply.message, reply.server.id, now);
        if let Err(reason) = lease {
            cx.reject(now, reason);
        }
        let failures = cx.failures(reply.server.id);
        let rank = Rank { failures: Reverse(failures.all), complete: lease.is_ok(), named: reply.server.named };
        let patience = 1 + failures.refusals.min(MOST_PATIENCE);
        let usable = lease != Err(Reject::Address);
        usable.then_some(Self { server: reply.server, address: reply.message.yiaddr, rank, patience })
    }
}
