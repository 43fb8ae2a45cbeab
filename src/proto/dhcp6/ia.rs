//! Identity associations: IA_NA and IA_PD with the options inside the options inside them (RFC 8415 sections 21.4 to 21.6,
//! 21.21, 21.22).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::guard::{Options, code, put, take_address, take_u32};
use super::lease::{Address, Lease, Prefix};
use super::reply::{can_be_leased, lifetimes, net, seconds};
use super::status::Status;

/// Which of the two an IA is. They differ in the option inside alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// IA_NA with IAADDR.
    Addresses,
    /// IA_PD with IAPREFIX.
    Prefixes,
}

/// One address (as a /128) or prefix of an IA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leased {
    pub(super) net: Ipv6Net,
    preferred: Duration,
    valid: Duration,
}

impl Leased {
    pub(super) fn address(self) -> Address {
        Address { address: self.net.addr(), preferred: self.preferred, valid: self.valid }
    }

    pub(super) fn prefix(self) -> Prefix {
        Prefix { prefix: self.net, preferred: self.preferred, valid: self.valid }
    }
}

/// What a server says about our IA of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ia {
    /// `None` if left to the client (zero in the packet).
    pub(super) t1: Option<Duration>,
    /// As `t1`.
    pub(super) t2: Option<Duration>,
    /// Success if the server did not even mention the IA.
    pub(super) status: Status,
    pub(super) leases: Vec<Leased>,
    /// What the server took back: lifetime zero.
    pub(super) removed: Vec<Ipv6Net>,
}

impl Ia {
    /// Takes the body of an IA option in, unless it is another client's, or one before it was good already. `None` if it breaks a
    /// rule that makes the whole IA void: too short, or T1 > T2.
    pub(super) fn offer(&mut self, value: &[u8], kind: Kind, iaid: u32) -> Option<()> {
        let (id, rest) = take_u32(value)?;
        let (t1, rest) = take_u32(rest)?;
        let (t2, rest) = take_u32(rest)?;
        if t1 > t2 && t2 > 0 {
            return None;
        }
        if id != iaid || !self.leases.is_empty() {
            return Some(());
        }
        let options = Options::new(rest);
        *self = Self { t1: given(t1), t2: given(t2), status: status(options), ..Self::default() };
        if self.status.is_success() {
            options.for_each(|(code, value)| self.inner(code, value, kind));
        }
        Some(())
    }

    fn inner(&mut self, code: u16, value: &[u8], kind: Kind) {
        let leased = match (kind, code) {
            (Kind::Addresses, code::IA_ADDRESS) => address(value),
            (Kind::Prefixes, code::IA_PREFIX) => prefix(value),
            _ => return,
        };
        let Some(leased) = leased else { return };
        if leased.valid.is_zero() {
            if self.removed.len() < Lease::MAX_ADDRESSES {
                self.removed.push(leased.net);
            }
        } else if self.leases.len() < Lease::MAX_ADDRESSES && self.leases.iter().all(|l| l.net != leased.net) {
            self.leases.push(leased);
        }
    }
}

/// Zero leaves a time to the client.
fn given(time: u32) -> Option<Duration> {
    (time > 0).then(|| seconds(time))
}

/// The status among `options`; Success if there is none (RFC 8415 section 21.13). One that cannot be read is not a success.
fn status(mut options: Options<'_>) -> Status {
    let found = options.find(|&(code, _)| code == code::STATUS);
    found.map_or(Status::default(), |(_, value)| Status::parse(value).unwrap_or_else(Status::unreadable))
}

fn address(value: &[u8]) -> Option<Leased> {
    let (address, rest) = take_address(value)?;
    let (preferred, valid, rest) = lifetimes(rest)?;
    if can_be_leased(address) { leased(address.into(), preferred, valid, rest) } else { None }
}

fn prefix(value: &[u8]) -> Option<Leased> {
    let (preferred, valid, rest) = lifetimes(value)?;
    let (&length, rest) = rest.split_first()?;
    let (address, rest) = take_address(rest)?;
    leased(net(address, length)?, preferred, valid, rest)
}

/// `None` if the lifetimes contradict each other or the server says that this one is not to be used.
fn leased(net: Ipv6Net, preferred: Duration, valid: Duration, options: &[u8]) -> Option<Leased> {
    let good = preferred <= valid && status(Options::new(options)).is_success();
    good.then_some(Leased { net, preferred, valid })
}

/// Appends an IA_NA that names `addresses`. T1, T2 and lifetimes are zero: the server's to choose.
pub(super) fn put_addresses(to: &mut Vec<u8>, iaid: u32, addresses: &[Ipv6Addr]) {
    let mut body = head(iaid);
    for address in addresses.iter().take(Lease::MAX_ADDRESSES) {
        let mut value = address.octets().to_vec();
        value.extend_from_slice(&[0; 8]);
        put(&mut body, code::IA_ADDRESS, &value);
    }
    put(to, code::IA_NA, &body);
}

/// Appends an IA_PD that names `prefixes`; `::` with a length asks for that length.
pub(super) fn put_prefixes(to: &mut Vec<u8>, iaid: u32, prefixes: &[Ipv6Net]) {
    let mut body = head(iaid);
    for prefix in prefixes.iter().take(Lease::MAX_ADDRESSES) {
        let mut value = vec![0; 8];
        value.push(prefix.prefix_len());
        value.extend_from_slice(&prefix.addr().octets());
        put(&mut body, code::IA_PREFIX, &value);
    }
    put(to, code::IA_PD, &body);
}

fn head(iaid: u32) -> Vec<u8> {
    let mut body = iaid.to_be_bytes().to_vec();
    body.extend_from_slice(&[0; 8]);
    body
}
