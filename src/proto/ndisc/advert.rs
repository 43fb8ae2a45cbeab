//! Whole router advertisements (RFC 4861 section 4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::ROUTER_ADVERTISEMENT;
use super::option::{NdOption, walk};
use super::solicit::checksum;

/// Type, code, checksum, hop limit, flags, lifetimes and timers.
const HEADER: usize = 16;
/// How much a router, or a route, is to be preferred (RFC 4191 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Preference {
    /// 11.
    Low,
    /// 00.
    #[default]
    Medium,
    /// 01.
    High,
}

impl Preference {
    fn read(flags: u8) -> Option<Self> {
        match (flags >> 3) & 3 {
            0 => Some(Self::Medium),
            1 => Some(Self::High),
            3 => Some(Self::Low),
            _ => None,
        }
    }

    /// Of a router: the reserved value 10 counts as medium (RFC 4191 section 2.2).
    fn of_router(flags: u8) -> Self {
        Self::read(flags).unwrap_or_default()
    }

    /// Of a route: the reserved value 10 makes the option void (RFC 4191 section 2.3).
    pub(super) fn of_route(flags: u8) -> Option<Self> {
        Self::read(flags)
    }
}

/// Why a message is not a router advertisement that may be used (RFC 4861 section 6.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvertError {
    /// Not from a link-local address.
    #[error("router advertisement from an address that is not link-local")]
    Source,
    /// Crossed a router.
    #[error("router advertisement from beyond the link")]
    HopLimit,
    /// Another type or code, or too short.
    #[error("not a router advertisement")]
    NotAdvertisement,
    /// An option of length zero, or that overruns.
    #[error("router advertisement with options that cannot be taken apart")]
    Options,
    /// Damaged.
    #[error("router advertisement with a wrong checksum")]
    Checksum,
}

/// A router advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterAdvert {
    /// Its sender, a link-local address.
    pub router: Ipv6Addr,
    /// The hop limit to use; 0: not said.
    pub hop_limit: u8,
    /// M: addresses by DHCPv6.
    pub managed: bool,
    /// O: other configuration by DHCPv6.
    pub other: bool,
    /// Among default routers.
    pub preference: Preference,
    /// For how long it is a default router; zero: it is none.
    pub lifetime: Duration,
    /// What could be understood of its options.
    pub options: Vec<NdOption>,
}

impl RouterAdvert {
    /// Reads `message` (ICMPv6 header first) as received from `source` with `hop_limit`. The checksum is the kernel's to check for
    /// an ICMPv6 socket.
    pub fn parse(source: Ipv6Addr, hop_limit: u8, message: &[u8]) -> Result<Self, AdvertError> {
        if !source.is_unicast_link_local() {
            return Err(AdvertError::Source);
        }
        if hop_limit != 255 {
            return Err(AdvertError::HopLimit);
        }
        let Some((&[ROUTER_ADVERTISEMENT, 0, _, _, hops, flags, high, low, ..], options)) =
            message.split_first_chunk::<HEADER>()
        else {
            return Err(AdvertError::NotAdvertisement);
        };
        let (options, true) = walk(options) else { return Err(AdvertError::Options) };
        Ok(Self {
            router: source,
            hop_limit: hops,
            managed: flags & 0x80 != 0,
            other: flags & 0x40 != 0,
            preference: Preference::of_router(flags),
            lifetime: Duration::from_secs(u16::from_be_bytes([high, low]).into()),
            options,
        })
    }

    /// Reads a whole `packet` (IPv6 header first, no extension headers), as a packet socket gives it; checks the checksum.
    pub fn from_packet(packet: &[u8]) -> Result<Self, AdvertError> {
        let (&[first, _, _, _, high, low, next, hops], rest) =
            packet.split_first_chunk().ok_or(AdvertError::NotAdvertisement)?;
        let (&source, rest) = rest.split_first_chunk::<16>().ok_or(AdvertError::NotAdvertisement)?;
        let (&destination, rest) = rest.split_first_chunk::<16>().ok_or(AdvertError::NotAdvertisement)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let message = rest.get(..length).filter(|_| first >> 4 == 6 && next == 58);
        let message = message.ok_or(AdvertError::NotAdvertisement)?;
        // With the right checksum in place the sum over everything is all ones, so its complement is zero.
        if checksum(source.into(), destination.into(), message) != 0 {
            return Err(AdvertError::Checksum);
        }
        Self::parse(source.into(), hops, message)
    }
}

#[cfg(test)]
mod tests;
