//! The address turned out to be in use by somebody else (RFC 2131 section 3.1 step 5).

use std::time::Duration;

use super::{State, Waiting};
use crate::proto::Instant;
use crate::proto::dhcp4::context::Context;
use crate::proto::dhcp4::lease::Lease;
use crate::proto::dhcp4::retry::Retry;

/// RFC 2131: at least ten seconds before the next attempt, lest server and client go round in a quick circle.
const PAUSE: Duration = Duration::from_secs(10);

/// DECLINE is sent once, as soon as the pace allows; nobody answers it.
#[derive(Debug)]
pub(in crate::proto::dhcp4) struct Declining {
    lease: Lease,
    retry: Retry,
}

impl Declining {
    pub(super) fn start(lease: Lease, now: Instant) -> State {
        State::Declining(Box::new(Self { lease, retry: Retry::starting(now) }))
    }

    pub(super) fn deadline(&self, cx: &Context) -> Instant {
        cx.departure(&self.retry)
    }

    pub(super) fn timeout(mut self, cx: &mut Context, now: Instant) -> State {
        cx.decline(now, &mut self.retry, self.lease.address, self.lease.server);
        cx.hint = None;
        cx.new_transaction();
        Waiting::until(now + PAUSE)
    }
}
