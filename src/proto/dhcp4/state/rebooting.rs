//! REBOOTING: may we keep the address we had before?

use std::net::Ipv4Addr;

use super::{Granted, Selecting, State, bind, granted, ipv6_only, report_nak};
use crate::proto::Instant;
use crate::proto::dhcp4::context::{Asked, Context};
use crate::proto::dhcp4::reply::{Kind, Reject, Reply};
use crate::proto::dhcp4::retry::Retry;

/// A server that does not know us says nothing (RFC 2131 section 4.3.2), so silence is soon taken for "no".
const TRIES: u32 = 2;

/// REQUEST for a remembered address, to whoever knows it: two packets instead of four.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Rebooting {
    address: Ipv4Addr,
    retry: Retry,
}

impl Rebooting {
    pub(in crate::proto::dhcp4) fn start(address: Ipv4Addr, now: Instant) -> State {
        State::Rebooting(Self { address, retry: Retry::starting(now) })
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        cx.departure(&self.retry)
    }

    pub(super) fn again(self, now: Instant) -> State {
        Self::start(self.address, now)
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        if self.retry.sent >= TRIES {
            return Selecting::start(cx, now);
        }
        cx.request(now, &mut self.retry, Asked { server: None, address: self.address });
        State::Rebooting(self)
    }

    pub(super) fn reply(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        match reply.kind {
            Kind::Ack => self.ack(cx, now, reply),
            // The server knows better. This is what one asks for, so there is nothing to make up for: start at once.
            Kind::Nak => {
                report_nak(cx, reply);
                cx.hint = None;
                cx.new_transaction();
                Selecting::start(cx, now)
            }
            Kind::Offer => {
                cx.reject(now, Reject::Unexpected);
                State::Rebooting(self)
            }
        }
    }

    fn ack(self, cx: &mut Context, now: Instant, reply: &Reply<'_>) -> State {
        let reason = match granted(cx, now, reply).unwrap_or(Err(Reject::Unexpected)) {
            Ok(Granted::AsAsked(lease)) => return ipv6_only(cx, now, reply).unwrap_or_else(|| bind(cx, lease)),
            Ok(Granted::Other(_)) => Reject::OtherAddress,
            Err(reason) => reason,
        };
        cx.reject(now, reason);
        State::Rebooting(self)
    }
}
