//! One struct a state, holding only what is true in it.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::guard::kind;
use super::lease::Lease;
use super::reply::Reply;
use super::retry::{Exchange, Retry};

/// What every state that awaits an answer has.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    /// 24 bits; the same in every message of the exchange.
    pub(super) transaction: u32,
    pub(super) retry: Retry,
}

/// An Advertise that could be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) server_duid: Vec<u8>,
    pub(super) preference: u8,
    pub(super) addresses: Vec<Ipv6Addr>,
    pub(super) prefixes: Vec<Ipv6Net>,
}

impl Candidate {
    pub(super) fn new(reply: &Reply) -> Self {
        Self {
            server_duid: reply.server_duid.clone(),
            preference: reply.preference,
            addresses: reply.addresses.leases.iter().map(|l| l.net.addr()).collect(),
            prefixes: reply.prefixes.leases.iter().map(|l| l.net).collect(),
        }
    }

    /// More is better: preference first (RFC 8415 section 18.2.9), then whether it has all that was asked for.
    fn rank(&self) -> (u8, bool, bool) {
        (self.preference, !self.addresses.is_empty(), !self.prefixes.is_empty())
    }
}

/// Awaits Advertise messages.
#[derive(Debug, Clone)]
pub(super) struct Soliciting {
    pub(super) asking: Asking,
    /// Best first; each server once.
    pub(super) candidates: Vec<Candidate>,
}

impl Soliciting {
    /// The most servers that are compared.
    pub(super) const MAX_CANDIDATES: usize = 8;

    /// Enters `candidate` behind those that are as good; the worst falls out when there are too many.
    pub(super) fn add(&mut self, candidate: Candidate) {
        self.candidates.retain(|other| other.server_duid != candidate.server_duid);
        let place = self.candidates.iter().take_while(|other| other.rank() >= candidate.rank()).count();
        self.candidates.insert(place, candidate);
        self.candidates.truncate(Self::MAX_CANDIDATES);
    }
}

/// Awaits the Reply of the first of the candidates.
#[derive(Debug, Clone)]
pub(super) struct Requesting {
    pub(super) asking: Asking,
    pub(super) chosen: Candidate,
    /// To be tried when the chosen one does not keep its word.
    pub(super) others: Vec<Candidate>,
}

/// Awaits word on a lease that is there already: Confirm, Renew, Rebind.
#[derive(Debug, Clone)]
pub(super) struct Extending {
    pub(super) asking: Asking,
    pub(super) how: Extension,
    pub(super) lease: Box<Lease>,
}

/// What is asked about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    /// Any server: are these addresses right for this link?
    Confirm,
    /// Any server: may it be kept? Takes the place of Confirm where there are prefixes (RFC 8415 section 18.2.12).
    Recall,
    /// The server that gave it: may it be kept longer?
    Renew,
    /// Any server: may it be kept longer?
    Rebind,
}

impl Extension {
    pub(super) fn message(self) -> u8 {
        match self {
            Self::Confirm => kind::CONFIRM,
            Self::Renew => kind::RENEW,
            Self::Recall | Self::Rebind => kind::REBIND,
        }
    }

    pub(super) fn exchange(self) -> Exchange {
        match self {
            Self::Confirm | Self::Recall => Exchange::Confirm,
            Self::Renew => Exchange::Renew,
            Self::Rebind => Exchange::Rebind,
        }
    }
}

/// Awaits configuration without addresses.
#[derive(Debug, Clone)]
pub(super) struct Informing {
    pub(super) asking: Asking,
}

/// Awaits the Reply to a Decline or Release.
#[derive(Debug, Clone)]
pub(super) struct Returning {
    pub(super) asking: Asking,
    pub(super) server_duid: Vec<u8>,
    pub(super) addresses: Vec<Ipv6Addr>,
    pub(super) prefixes: Vec<Ipv6Net>,
    /// [`kind::DECLINE`], after which there is a new Solicit, or [`kind::RELEASE`], after which there is nothing.
    pub(super) message: u8,
}

/// Where the client stands.
#[derive(Debug, Clone)]
pub(super) enum State {
    Soliciting(Soliciting),
    Requesting(Requesting),
    Extending(Extending),
    Informing(Informing),
    Returning(Returning),
    /// Holds a lease.
    Bound(Box<Lease>),
    /// Holds nothing and wants nothing: informed, or all given back.
    Done,
}

impl State {
    pub(super) fn asking(&self) -> Option<&Asking> {
        match self {
            Self::Soliciting(state) => Some(&state.asking),
            Self::Requesting(state) => Some(&state.asking),
            Self::Extending(state) => Some(&state.asking),
            Self::Informing(state) => Some(&state.asking),
            Self::Returning(state) => Some(&state.asking),
            Self::Bound(_) | Self::Done => None,
        }
    }

    pub(super) fn asking_mut(&mut self) -> Option<&mut Asking> {
        match self {
            Self::Soliciting(state) => Some(&mut state.asking),
            Self::Requesting(state) => Some(&mut state.asking),
            Self::Extending(state) => Some(&mut state.asking),
            Self::Informing(state) => Some(&mut state.asking),
            Self::Returning(state) => Some(&mut state.asking),
            Self::Bound(_) | Self::Done => None,
        }
    }
}
