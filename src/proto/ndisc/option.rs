//! Options of router advertisements (RFC 4861 section 4.6 and later).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::advert::Preference;
use crate::proto::domains;
use crate::proto::names::DomainName;

/// The most name servers of one option.
const MAX_SERVERS: usize = 32;
/// The smallest MTU of IPv6 (RFC 8200 section 5).
const MINIMUM_MTU: u32 = 1280;

/// One option that says something of use. Lifetimes are from now on; [`Duration::MAX`] is "for ever" (0xffffffff).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NdOption {
    /// 3.
    Prefix(PrefixInformation),
    /// 5: the MTU of the link, 1280 or more.
    Mtu(u32),
    /// 24 (RFC 4191).
    Route(RouteInformation),
    /// 25 (RFC 8106): recursive name servers. Lifetime zero: use them no more.
    NameServers {
        /// For how long.
        lifetime: Duration,
        /// One to 32 unicast addresses; link-local ones belong to this link.
        servers: Vec<Ipv6Addr>,
    },
    /// 31 (RFC 8106): search list. Lifetime zero: use it no more.
    SearchList {
        /// For how long.
        lifetime: Duration,
        /// One name or more.
        names: Vec<DomainName>,
    },
    /// 38 (RFC 8781): the prefix of NAT64. Lifetime zero: use it no more.
    Nat64 {
        /// For how long.
        lifetime: Duration,
        /// Of length 96, 64, 56, 48, 40 or 32.
        prefix: Ipv6Net,
    },
}

/// A prefix of the link (RFC 4861 section 4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixInformation {
    /// The prefix, host bits zero.
    pub prefix: Ipv6Net,
    /// L: addresses under it are on the link.
    pub on_link: bool,
    /// A: addresses may be formed under it.
    pub autonomous: bool,
    /// At most `valid`.
    pub preferred: Duration,
    /// For how long the prefix is valid.
    pub valid: Duration,
}

/// A route (RFC 4191 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInformation {
    /// The destination, host bits zero.
    pub prefix: Ipv6Net,
    /// Among routers that offer the same.
    pub preference: Preference,
    /// For how long. Zero: use it no more.
    pub lifetime: Duration,
}

/// The options in `bytes`, as the kernel passes them up; none if they are malformed anywhere.
pub fn options(bytes: &[u8]) -> Vec<NdOption> {
    match walk(bytes) {
        (options, true) => options,
        (_, false) => Vec::new(),
    }
}

/// Walks `bytes`; what cannot be understood or used is left out. An option that overruns, or of length zero, ends the walk; the
/// second value then is false, and RFC 4861 section 6.1.2 wants the whole message put aside.
pub(super) fn walk(mut bytes: &[u8]) -> (Vec<NdOption>, bool) {
    let mut options = Vec::new();
    while !bytes.is_empty() {
        let Some((kind, body, rest)) = split(bytes) else { return (options, false) };
        options.extend(read(kind, body));
        bytes = rest;
    }
    (options, true)
}

/// Type, what follows the length, and the rest.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let &[kind, units] = bytes.first_chunk()?;
    let (option, rest) = bytes.split_at_checked(usize::from(units) * 8)?;
    Some((kind, option.get(2..)?, rest))
}

fn read(kind: u8, body: &[u8]) -> Option<NdOption> {
    match kind {
        3 => prefix_information(body),
        5 => Some(NdOption::Mtu(number(body, 2).filter(|&mtu| mtu >= MINIMUM_MTU)?)),
        24 => route_information(body),
        25 => name_servers(body),
        31 => search_list(body),
        38 => nat64(body),
        _ => None,
    }
}

fn number(body: &[u8], at: usize) -> Option<u32> {
    body.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

fn lifetime(body: &[u8], at: usize) -> Option<Duration> {
    let seconds = number(body, at)?;
    Some(if seconds == u32::MAX { Duration::MAX } else { Duration::from_secs(seconds.into()) })
}

/// RFC 4862 section 5.5.3: link-local prefixes, and those preferred for longer than valid, are ignored.
fn prefix_information(body: &[u8]) -> Option<NdOption> {
    let (&length, flags) = (body.first()?, body.get(1)?);
    let (valid, preferred) = (lifetime(body, 2)?, lifetime(body, 6)?);
    let address: [u8; 16] = *body.get(14..)?.first_chunk()?;
    let prefix = unicast(address.into(), length)?;
    let (on_link, autonomous) = (flags & 0x80 != 0, flags & 0x40 != 0);
    let option = PrefixInformation { prefix, on_link, autonomous, preferred, valid };
    (preferred <= valid).then_some(NdOption::Prefix(option))
}

fn unicast(address: Ipv6Addr, length: u8) -> Option<Ipv6Net> {
    let prefix = Ipv6Net::new(address, length).ok()?.trunc();
    let is_good = !address.is_unicast_link_local() && !address.is_multicast() && !address.is_loopback();
    is_good.then_some(prefix)
}

/// The prefix may be cut short: zero, eight or sixteen bytes of it are there.
fn route_information(body: &[u8]) -> Option<NdOption> {
    let (&length, &flags) = (body.first()?, body.get(1)?);
    let preference = Preference::of_route(flags)?;
    let lifetime = lifetime(body, 2)?;
    let given = body.get(6..)?;
    let mut address = [0; 16];
    address.iter_mut().zip(given).for_each(|(to, byte)| *to = *byte);
    let is_whole = given.len() * 8 >= usize::from(length);
    let prefix = unicast(address.into(), length).filter(|_| is_whole)?;
    Some(NdOption::Route(RouteInformation { prefix, preference, lifetime }))
}

fn name_servers(body: &[u8]) -> Option<NdOption> {
    let lifetime = lifetime(body, 2)?;
    let (addresses, rest) = body.get(6..)?.as_chunks::<16>();
    let is_server = |a: &Ipv6Addr| !(a.is_unspecified() || a.is_loopback() || a.is_multicast());
    let servers: Vec<_> = addresses.iter().map(|&a| a.into()).filter(is_server).take(MAX_SERVERS).collect();
    (rest.is_empty() && !servers.is_empty()).then_some(NdOption::NameServers { lifetime, servers })
}

fn search_list(body: &[u8]) -> Option<NdOption> {
    let lifetime = lifetime(body, 2)?;
    let names = domains::read_list(body.get(6..)?)?;
    (!names.is_empty()).then_some(NdOption::SearchList { lifetime, names })
}

/// Thirteen bits of lifetime in units of eight seconds, three bits that stand for the length, 96 bits of prefix.
fn nat64(body: &[u8]) -> Option<NdOption> {
    let (&[high, low], rest) = body.split_first_chunk()?;
    let length = *[96u8, 64, 56, 48, 40, 32].get(usize::from(low & 7))?;
    let lifetime = Duration::from_secs((u16::from_be_bytes([high, low]) & !7).into());
    let given: [u8; 12] = rest.try_into().ok()?;
    let mut address = [0; 16];
    address.iter_mut().zip(given).for_each(|(to, byte)| *to = byte);
    Some(NdOption::Nat64 { lifetime, prefix: unicast(address.into(), length)? })
}
