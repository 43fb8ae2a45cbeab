//! How the text of an option becomes the bytes of an attribute.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::kernel::message::Stream;
use crate::profile::HwAddr;

/// The form of a value in an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    U8,
    U16,
    U32,
    U64,
    /// 16 bits in network order: a port.
    Port,
    /// `true` or `false`, or a number, in 8 bits.
    Flag,
    /// The same in 32 bits.
    Flag32,
    /// One of these words, or its place among them, in 8 bits.
    Word(&'static [&'static str]),
    /// The same in 32 bits.
    Word32(&'static [&'static str]),
    /// Seconds, which the kernel wants in hundredths.
    Hundredths,
    /// An EtherType in network order, by its name.
    EtherType,
    Mac,
    /// One IP address.
    Address,
    /// A list of IPv4 addresses, separated by commas: a nest with one attribute each.
    Ip4List,
    /// A list of IPv6 addresses.
    Ip6List,
    /// The interface index of the link of this name.
    Index,
}

impl Shape {
    /// The value as bytes; `None` if the text is none, or names a link that is not known.
    pub(super) fn bytes(self, text: &str, names: &[(String, u32)]) -> Option<Vec<u8>> {
        let number = || text.parse::<u64>().ok();
        Some(match self {
            Self::U8 => vec![text.parse().ok()?],
            Self::U16 => text.parse::<u16>().ok()?.to_ne_bytes().to_vec(),
            // Numbers below zero are written as the kernel reads them (`bond-port.prio`).
            Self::U32 => u32_of(text)?.to_ne_bytes().to_vec(),
            Self::U64 => number()?.to_ne_bytes().to_vec(),
            Self::Port => text.parse::<u16>().ok()?.to_be_bytes().to_vec(),
            Self::Flag => vec![u8::from(flag(text)?)],
            Self::Flag32 => u32::from(flag(text)?).to_ne_bytes().to_vec(),
            Self::Word(words) => vec![u8::try_from(place(text, words)?).ok()?],
            Self::Word32(words) => place(text, words)?.to_ne_bytes().to_vec(),
            Self::Hundredths => u32::try_from(number()?.checked_mul(100)?).ok()?.to_ne_bytes().to_vec(),
            Self::EtherType => ether_type(text).to_be_bytes().to_vec(),
            Self::Mac => text.parse::<HwAddr>().ok()?.as_bytes().to_vec(),
            Self::Address => octets(text.parse().ok()?),
            Self::Ip4List => list(text, |item| item.parse::<Ipv4Addr>().ok().map(IpAddr::V4)),
            Self::Ip6List => list(text, |item| item.parse::<Ipv6Addr>().ok().map(IpAddr::V6)),
            Self::Index => names.iter().find(|(name, _)| name == text)?.1.to_ne_bytes().to_vec(),
        })
    }
}

fn u32_of(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn place(text: &str, words: &[&str]) -> Option<u32> {
    let named = words.iter().position(|word| *word == text).and_then(|at| u32::try_from(at).ok());
    named.or_else(|| text.parse().ok())
}

/// ETH_P_8021Q, ETH_P_8021AD.
pub(super) fn ether_type(text: &str) -> u16 {
    if text.eq_ignore_ascii_case("802.1ad") { 0x88a8 } else { 0x8100 }
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn list(text: &str, parse: impl Fn(&str) -> Option<IpAddr>) -> Vec<u8> {
    let mut stream = Stream::default();
    for (number, address) in (0..).zip(text.split(',').filter_map(|item| parse(item.trim()))) {
        stream.put(number, &octets(address));
    }
    stream.into_bytes()
}
