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
mod limits;
mod link;
mod mac;
mod multicast;
pub mod outcome;
mod session;
mod settings;
mod stack;
mod sysctls;
mod target;
#[cfg(test)]
mod tests;
mod tuning;
mod tunnel;
mod wait;

pub(crate) use event::is_link_local6;
pub use event::{Action, AddressEvent, DnsTicket, Input, LinkEvent, Underlay};
pub use limits::Limits;
pub use outcome::{Dns, LinkOutcome, LinkState, Missing, Outcome, Reason, Timing, Untouched, Verdict};
pub use session::{Session, TunnelSettings};
pub use settings::{GlobalServers, Remembered, Renewal, Settings};
pub(crate) use sysctls::router_metric;
pub use tunnel::Apart;
