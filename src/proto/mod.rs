//! Protocols as state machines: no socket, no clock, no random source.
//!
//! # The contract
//!
//! 1. The caller owns the clock and the sockets. It makes a machine with everything random in the constructor.
//! 2. It calls `handle(now, input)` when a packet arrives or when the time named by the machine has come. A time-out that comes
//!    early, late or twice is harmless; so is any packet.
//! 3. After every `handle` (and once after the constructor) it calls `poll()` until that answers [`Output::WaitUntil`]. Each
//!    other answer is to be carried out: a packet to send, an event to take note of.
//! 4. `WaitUntil(Some(t))`: call `handle(t, Input::Timeout)` at `t` or soon after. `WaitUntil(None)`: nothing to wait for but packets.
//!    The answer changes only by `handle`.
//! 5. `poll` answers `WaitUntil` after finitely many steps (fewer than 100), whatever came in.

pub mod acd;
pub mod dhcp4;
pub mod dhcp6;
pub mod dns;
mod domains;
pub mod identity;
pub mod names;
pub mod ndisc;
mod pace;
pub(crate) mod random;
mod remembered;

use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time: the time since boot (CLOCK_BOOTTIME). Wall-clock time may be wrong at boot, so no machine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The point `since_boot` after boot.
    pub const fn new(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// The point `milliseconds` after boot.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// The time since boot.
    pub const fn since_boot(self) -> Duration {
        self.0
    }

    /// Whole milliseconds since boot.
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// The time from `earlier` to this point; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

/// What a machine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// The time a machine waited for may have come.
    Timeout,
    /// A packet arrived. What its bytes are is said by the machine.
    Receive(&'a [u8]),
}

/// What a machine answers; `T` is what it transmits, `E` what it reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output<T, E> {
    /// Nothing more to do until this time, or until a packet arrives.
    WaitUntil(Option<Instant>),
    /// Send this.
    Transmit(T),
    /// This has happened.
    Event(E),
}
