//! DHCPv6 (RFC 8415) until bound.
//!
//! [`Client`] follows the [contract](crate::proto) of all machines: feed it, then [`poll`](Client::poll) until it answers
//! [`WaitUntil`](Output::WaitUntil). The payload it transmits goes out of UDP port [`CLIENT_PORT`] to port [`SERVER_PORT`] of the
//! destination, which always is [`ALL_SERVERS`] on the link itself; the source is the link-local address once duplicate address
//! detection has let it through (RFC 8415 section 13), so make the client then and not before.
//!
//! Where this client departs from RFC 8415, on purpose:
//!
//! * The first message leaves at once, not after a random time of up to a second (section 18.2.1): a machine that boots alone
//!   gains half a second, and machines that boot together are spread by what came before.
//! * [`Timing::Prompt`], the default, repeats sooner than section 7.6 says. [`Timing::Rfc8415`] does not.
//! * Never more than four messages in a second, whatever servers do.
//! * A server that advertised and then refused or kept silent is asked again only if nobody else advertises.
//! * A lifetime of 0xffffffff is [`Duration::MAX`](std::time::Duration::MAX): "for ever".

mod client;
mod exchange;
mod guard;
mod ia;
mod lease;
mod message;
mod receive;
mod reply;
mod retry;
mod states;
mod status;
mod text;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(test)]
mod tests;

use std::net::Ipv6Addr;

pub use client::Client;
pub use lease::{Address, Lease, Prefix, TimeServer};
pub use retry::Timing;
pub use status::{Reason, StatusCode};

use super::Output;
use super::names::Text;
use crate::profile::HwAddr;

/// The UDP port that clients listen on (RFC 8415 section 7.2).
pub const CLIENT_PORT: u16 = 546;
/// The UDP port that servers and relays listen on (RFC 8415 section 7.2).
pub const SERVER_PORT: u16 = 547;
/// All_DHCP_Relay_Agents_and_Servers (RFC 8415 section 7.1), link-local in scope.
pub const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// What is wanted, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Our DUID (RFC 8415 section 11), sent as it stands: the one the adopting daemon will send, e.g. [`duid_ll`].
    pub duid: Vec<u8>,
    /// Our IAID, for IA_NA and IA_PD alike, e.g. [`iaid_from_mac`].
    pub iaid: u32,
    /// Addresses and configuration, or configuration alone.
    pub mode: Mode,
    /// Whether a server may answer a Solicit with the lease itself (RFC 8415 section 18.2.1).
    pub rapid_commit: bool,
    /// Whether a prefix is wanted too, and how long it should be: 1 to 128, or 0 for "as the server likes".
    pub want_prefix: Option<u8>,
    /// The name the server is asked to enter into the DNS (RFC 4704). One that is no domain name is not sent.
    pub fqdn: Option<String>,
    /// Addresses held before, as a hint in the Solicit. With a whole lease at hand use [`Client::reboot`].
    pub previous: Vec<Ipv6Addr>,
    /// How often to repeat.
    pub timing: Timing,
    /// For transaction identifiers and jitter.
    pub seed: u64,
}

impl Config {
    /// Whether the exchange has an IA_PD.
    fn wants_prefix(&self) -> bool {
        self.mode == Mode::Stateful && self.want_prefix.is_some()
    }
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Addresses, prefixes and configuration: Solicit.
    #[default]
    Stateful,
    /// Configuration alone: Information-request.
    StatelessInfo,
}

impl Mode {
    /// What the flags of a router advertisement call for (RFC 4861 section 4.2): M (managed) for addresses, O (other) for
    /// configuration alone, neither for no DHCPv6 at all. M makes O redundant.
    pub fn from_flags(managed: bool, other: bool) -> Option<Self> {
        match (managed, other) {
            (true, _) => Some(Self::Stateful),
            (false, true) => Some(Self::StatelessInfo),
            (false, false) => None,
        }
    }
}

/// A message to be sent, UDP port [`CLIENT_PORT`] to [`SERVER_PORT`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Always [`ALL_SERVERS`].
    pub destination: Ipv6Addr,
    /// The DHCPv6 message.
    pub payload: Vec<u8>,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A server offers a lease.
    Advertise {
        /// Its DUID.
        server_duid: Vec<u8>,
        /// 0 to 255; at 255 no other is waited for.
        preference: u8,
    },
    /// A lease was obtained, confirmed, renewed or rebound. The client is at rest.
    Bound(Box<Lease>),
    /// No server said anything about a lease remembered from before a restart. It is still valid, so RFC 8415 section 18.2.3 goes
    /// on using it. The client is at rest.
    Unconfirmed(Box<Lease>),
    /// The configuration was obtained. The client is at rest.
    Information(Box<Lease>),
    /// A lease was given back, or nobody took it. The client is at rest.
    Released,
    /// A server refuses. The client goes on. The same words are told once in ten seconds.
    Refused {
        /// Why.
        status: StatusCode,
        /// What the server says about it, fit for a log.
        message: Text,
    },
    /// A message was put aside whole. Each reason is told once in ten seconds.
    Ignored {
        /// Why.
        reason: Reason,
    },
    /// These options of a message that was taken had values that they must not have, and were dropped.
    OptionsDropped {
        /// Their codes, each once, at most 16.
        codes: Vec<u16>,
    },
}

/// The DUID of type 3, link-layer address (RFC 8415 section 11.4). `arp_type` is the hardware type: 1 for Ethernet, 32 for
/// InfiniBand (`/sys/class/net/*/type`).
pub fn duid_ll(arp_type: u16, mac: &HwAddr) -> Vec<u8> {
    let mut duid = vec![0, 3];
    duid.extend_from_slice(&arp_type.to_be_bytes());
    duid.extend_from_slice(mac.as_bytes());
    duid
}

/// The IAID that NetworkManager calls `mac`: the last four bytes of the address, big-endian; a shorter one counts from its end.
pub fn iaid_from_mac(mac: &HwAddr) -> u32 {
    mac.as_bytes().iter().fold(0, |iaid: u32, &byte| (iaid << 8) | u32::from(byte))
}
