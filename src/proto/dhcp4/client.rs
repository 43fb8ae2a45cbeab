//! The client: a state, and what outlives it.

use std::net::Ipv4Addr;

use super::context::Context;
use super::reply::Reply;
use super::state::{HURRY, Rebooting, Renewing, Selecting, State};
use super::{Config, Event, Lease, Transmit};
use crate::proto::{Instant, Output};

/// No state needs more steps than this at one point in time; a bug must not become an endless loop at boot.
const MAX_STEPS: usize = 8;

/// A DHCPv4 client on one link. See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct Client {
    /// `None` only while a state is being replaced.
    state: Option<State>,
    cx: Context,
}

impl Client {
    /// A client that starts at `now`: with REQUEST if `config.previous` is an address to keep, else with DISCOVER.
    pub fn new(config: Config, now: Instant) -> Self {
        let cx = Context::new(config, now);
        let state = match cx.hint {
            Some(address) => Rebooting::start(address, now),
            None => Selecting::start(&cx, now),
        };
        Self::with(state, cx, now)
    }

    /// A client that prolongs `lease` now, whether T1 has come or not: for 3 s by its server, for 3 s by any server, then by a new
    /// DISCOVER. `config` must hold the client identifier the lease was got with. A lease that is over is asked for anew.
    pub fn renew(config: Config, lease: Lease, now: Instant) -> Self {
        if lease.expires().is_some_and(|end| end <= now) {
            return Self::new(Config { previous: Some(lease.address), ..config }, now);
        }
        let mut cx = Context::new(config, now);
        let state = Renewing::start(&mut cx, now, lease, now + HURRY);
        Self::with(state, cx, now)
    }

    fn with(state: State, cx: Context, now: Instant) -> Self {
        let mut client = Self { state: Some(state), cx };
        client.handle_timeout(now);
        client
    }

    /// The time that [`Client::poll`] named may have come. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        for _ in 0..MAX_STEPS {
            if self.deadline().is_none_or(|deadline| deadline > now) {
                return;
            }
            self.replace(|state, cx| state.timeout(cx, now));
        }
    }

    /// A UDP payload for port 68 came from `source`. Any bytes are harmless.
    pub fn handle_packet(&mut self, now: Instant, source: Ipv4Addr, payload: &[u8]) {
        match Reply::read(&self.cx.config, self.cx.xid, source, payload) {
            Ok(reply) => self.replace(|state, cx| state.reply(cx, now, &reply)),
            Err(reason) => self.cx.reject(now, reason),
        }
        self.handle_timeout(now);
    }

    /// The link has a carrier (again): send at once, with short waits from here on.
    pub fn carrier(&mut self, now: Instant) {
        self.replace(|state, cx| state.carrier(cx, now));
        self.handle_timeout(now);
    }

    /// The address of the lease just got is in use by somebody else (RFC 5227): tells the server, and starts anew after 10 s. Has no
    /// effect when there is no lease.
    pub fn decline(&mut self, now: Instant) {
        self.replace(|state, _| state.decline(now));
        self.handle_timeout(now);
    }

    /// The next thing to do. Call it until it answers [`Output::WaitUntil`], whose answer changes only by the calls above.
    pub fn poll(&mut self) -> Output<Transmit, Event> {
        self.cx.output().unwrap_or_else(|| Output::WaitUntil(self.deadline()))
    }

    fn deadline(&self) -> Option<Instant> {
        self.state.as_ref()?.deadline(&self.cx)
    }

    fn replace(&mut self, step: impl FnOnce(State, &mut Context) -> State) {
        self.state = self.state.take().map(|state| step(state, &mut self.cx));
    }
}
