//! From a plan to a running network: every link as a state machine, all of them in one [`Session`].
//!
//! No socket, no clock: the caller hands in what happened ([`Input`]) and carries out what is answered ([`Action`]), under
//! the contract of [`crate::proto`]. So the same code runs on the real network and in a simulated one.

mod config;
mod dhcp6;
pub mod event;
mod family;
mod ipv4;
mod ipv6;
mod link;
mod mac;
pub mod outcome;
mod session;
mod settings;
mod stack;
mod sysctls;
mod target;
mod tuning;
mod tunnel;
mod wait;

pub use event::{Action, AddressEvent, DnsTicket, Input, LinkEvent, Underlay};
pub use outcome::{Dns, LinkOutcome, LinkState, Missing, Outcome, Reason, Timing, Untouched, Verdict};
pub use session::{Session, TunnelSettings};
pub use settings::{Remembered, Renewal, Settings};
pub use tunnel::Apart;
