//! DHCPv4 (RFC 2131) until bound, and beyond if somebody keeps calling.
//!
//! ```text
//!  packet ─► frame::parse ─► guard (shape) ─► reply (is it for us?) ─► state ─► lease (what is granted)
//!            checksums       cookie, TLV,      xid, chaddr,            who       options table, typed
//!                            overload, splits  type, client-id         answers   strings, caps
//! ```
//!
//! # How to drive it
//!
//! 1. `Client::new(config, now)`; `now` is CLOCK_BOOTTIME, `config.seed` comes from the system's random source.
//! 2. Call [`Client::poll`] until it answers `WaitUntil(t)`: send each [`Transmit`] (wrapped by [`frame::build`]), note each [`Event`].
//! 3. When `t` has come call [`Client::handle_timeout`]; when a packet has come, [`frame::parse`] and [`Client::handle_packet`]; when
//!    the carrier has come, [`Client::carrier`]. Then go to 2.
//! 4. After [`Event::Bound`] the client waits for T1 and renews. Whoever does not want that stops calling; nothing is left open.
//!
//! # Deviations from RFC 2131, on purpose
//!
//! * No random delay of 1 to 10 s at the start (section 4.4.1), and a quicker schedule (`retry.rs`), at most 4 packets a second.
//! * The first good OFFER is taken at once. One without server identifier, mask or lease time, or from a server that failed us, is
//!   taken at the next retry if nothing better has come.
//! * A reply without option 54 is from its sender's address.
//! * An ACK for another address than the one offered is taken at the next retry, if no other server has offered.

mod client;
mod code;
mod config;
mod context;
mod encode;
pub mod frame;
mod guard;
mod lease;
mod options;
mod reply;
mod retry;
mod state;
mod text;

use std::net::Ipv4Addr;
use std::time::Duration;

pub use client::Client;
pub use config::{Config, client_id_from_address, client_id_from_duid};
pub use lease::{Dropped, Lease, Problem};
pub use options::{MAX_ROUTES, MAX_SEARCH, MAX_SERVERS, MIN_MTU};
pub use reply::Reject;

use crate::proto::names::Text;

/// A message to send from port 68 to port 67.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// 0.0.0.0, or our address once we have one.
    pub source: Ipv4Addr,
    /// 255.255.255.255, or the server when renewing.
    pub destination: Ipv4Addr,
    /// The UDP payload.
    pub payload: Vec<u8>,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This offer was chosen; the lease is being requested.
    Offer {
        /// Who offers.
        server: Ipv4Addr,
        /// What is offered.
        address: Ipv4Addr,
    },
    /// The lease is ours (again): configure it.
    Bound(Box<Lease>),
    /// The server refuses. If there was a lease (renewing), it is over: remove the address. The client starts anew by itself.
    Nak {
        /// Who refuses.
        server: Ipv4Addr,
        /// Option 56, the server's words.
        message: Option<Text>,
    },
    /// A reply was not used: an answer to "why no lease?". At most one of each kind in 10 s; replies to others are not reported.
    Ignored {
        /// Why.
        reason: Reject,
    },
    /// The network asks to use IPv6 only (RFC 8925); IPv4 stays quiet for that long. Only if asked by `Config::want_ipv6_only`.
    IpV6Only {
        /// At least 300 s.
        wait: Duration,
    },
    /// Nobody renewed the lease in time: remove the address. The client starts anew by itself.
    Expired {
        /// The address that is no longer ours.
        address: Ipv4Addr,
    },
}

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
#[allow(clippy::indexing_slicing, clippy::expect_used, reason = "a panic is how a fuzzer is told")]
pub mod fuzz;
#[cfg(test)]
mod tests;
