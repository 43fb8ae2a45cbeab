//! Names to addresses: a small DNS client (RFC 1035, RFC 7766) that asks for A and AAAA at once.
//!
//! As [`crate::proto`] has it, no socket and no clock. The caller sends each [`Transmit`] from a socket of its own, so that
//! the kernel draws a port for every question, and says who answered. The identifier of every question is drawn from the seed.
//!
//! The names tried are those of resolv.conf(5) with `ndots:1`. A server that refuses, fails or keeps silent costs a second,
//! not the look-up: the next one is asked beside it, and a late answer still counts. An answer that was cut is asked for
//! again by TCP. There is an end: [`Config::deadline`].

mod client;
mod message;

pub use client::{Client, Failure, Input, Query, Transmit, Transport};

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use super::Instant;

/// What a look-up starts with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The servers, best first. The first eight are asked.
    pub servers: Vec<SocketAddr>,
    /// Search domains, best first. The first six are tried.
    pub search: Vec<String>,
    /// When to give up.
    pub deadline: Instant,
    /// Makes identifiers.
    pub seed: u64,
}

/// The port of DNS.
pub const PORT: u16 = 53;

/// True for a name that can be asked for: labels of letters, digits, `-` and `_`, 253 characters at most.
pub fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    name.len() <= 253 && name.split('.').all(label)
}

/// The address of a name server, `fe80::1%eth0` with its link; `index` answers the interface index of a link. `None` for what is
/// no address, or of no link that is there.
pub fn server(text: &str, index: &dyn Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    match (address.parse().ok()?, zone) {
        (IpAddr::V6(address), Some(zone)) => Some(SocketAddrV6::new(address, PORT, 0, index(zone)?).into()),
        (address, _) => Some(SocketAddr::new(address, PORT)),
    }
}

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(test)]
mod tests;
