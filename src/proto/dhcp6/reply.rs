//! Advertise and Reply messages, read into values that are safe to use.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::guard::{Message, Options, code, kind, take_address, take_u16, take_u32};
use super::ia::{Ia, Kind};
use super::lease::{Lease, TimeServer};
use super::status::{Reason, Status};
use super::{Config, Mode};
use crate::proto::domains;
use crate::proto::names::{BootFile, DomainName};

/// The longest DUID: two bytes of type and 128 (RFC 8415 section 11.1).
pub(super) const MAX_DUID: usize = 130;
/// The most boot file parameters that are kept.
pub(super) const MAX_PARAMETERS: usize = 32;
/// IRT_DEFAULT of RFC 8415 section 7.6.
const DEFAULT_REFRESH: Duration = Duration::from_secs(86_400);
/// IRT_MINIMUM of RFC 8415 section 7.6.
const MINIMUM_REFRESH: Duration = Duration::from_secs(600);

/// What an Advertise or a Reply says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reply {
    pub(super) server_duid: Vec<u8>,
    pub(super) preference: u8,
    pub(super) rapid_commit: bool,
    /// Of the message as a whole.
    pub(super) status: Status,
    pub(super) addresses: Ia,
    pub(super) prefixes: Ia,
    pub(super) dns: Vec<Ipv6Addr>,
    pub(super) search: Vec<DomainName>,
    pub(super) ntp: Vec<TimeServer>,
    pub(super) boot_file_url: Option<BootFile>,
    pub(super) boot_file_params: Vec<BootFile>,
    pub(super) fqdn: Option<DomainName>,
    pub(super) refresh_time: Option<Duration>,
    pub(super) sol_max_rt: Option<Duration>,
    pub(super) inf_max_rt: Option<Duration>,
    /// Codes of options that were dropped because their value is not what it must be; each once, the first few.
    pub(super) dropped: Vec<u16>,
}

impl Reply {
    /// True if there is anything in it that `config` asks for and can be used.
    pub(super) fn is_usable(&self) -> bool {
        self.status.is_success() && !(self.addresses.leases.is_empty() && self.prefixes.leases.is_empty())
    }

    /// True if the server ends something that we hold.
    pub(super) fn takes_back(&self) -> bool {
        !(self.addresses.removed.is_empty() && self.prefixes.removed.is_empty())
    }

    /// The status that says why nothing can be used: the message's own, or else that of an IA.
    pub(super) fn refusal(&self) -> Status {
        let all = [&self.status, &self.addresses.status, &self.prefixes.status];
        all.into_iter().find(|status| !status.is_success()).cloned().unwrap_or_default()
    }
}

/// Reads a message with the type and the transaction id of `message` already found right.
///
/// Refuses it if client and server are not named as they must be (RFC 8415 sections 16.3 and 16.10). Any other bad option costs
/// that option.
pub(super) fn read(message: &Message<'_>, config: &Config) -> Result<Reply, Reason> {
    let client = only(message.options, code::CLIENT_ID)?.ok_or(Reason::NoClientId)?;
    if client != config.duid {
        return Err(Reason::OtherClient);
    }
    let server = only(message.options, code::SERVER_ID)?.ok_or(Reason::NoServerId)?;
    if server.is_empty() || server.len() > MAX_DUID {
        return Err(Reason::NoServerId);
    }
    let mut reply = Reply { server_duid: server.to_vec(), ..Reply::default() };
    for (code, value) in message.options {
        if reply.option(code, value, config).is_none() {
            reply.drop_option(code);
        }
    }
    if config.mode == Mode::StatelessInfo && message.kind == kind::REPLY {
        reply.refresh_time = Some(reply.refresh_time.unwrap_or(DEFAULT_REFRESH).max(MINIMUM_REFRESH));
    } else {
        reply.refresh_time = None;
    }
    Ok(reply)
}

/// The value of an option that may stand only once. Twice the same is harmless, twice different is a forgery or a defect.
fn only(mut options: Options<'_>, wanted: u16) -> Result<Option<&[u8]>, Reason> {
    let mut all = options.by_ref().filter(|&(code, _)| code == wanted).map(|(_, value)| value);
    let first = all.next();
    if all.any(|other| Some(other) != first) { Err(Reason::TwoIds) } else { Ok(first) }
}

impl Reply {
    /// Takes one option in; `None` if its value is not what it must be. Options not asked for are left alone.
    fn option(&mut self, code: u16, value: &[u8], config: &Config) -> Option<()> {
        match code {
            code::IA_NA if config.mode == Mode::Stateful => {
                self.addresses.offer(value, Kind::Addresses, config.iaid)?
            }
            code::IA_PD if config.wants_prefix() => self.prefixes.offer(value, Kind::Prefixes, config.iaid)?,
            code::PREFERENCE => self.preference = number_u8(value)?,
            code::STATUS => self.status = Status::parse(value)?,
            code::RAPID_COMMIT => self.rapid_commit = value.is_empty().then_some(true)?,
            code::DNS_SERVERS => merge(&mut self.dns, addresses(value)?, Lease::MAX_SERVERS),
            code::DOMAIN_LIST => merge(&mut self.search, domains::read_list(value)?, domains::MAX_NAMES),
            code::SNTP_SERVERS => self.time_servers(addresses(value)?.into_iter().map(TimeServer::Address)),
            code::NTP_SERVER => self.ntp_option(value)?,
            code::REFRESH_TIME => self.refresh_time = Some(seconds(number_u32(value)?)),
            code::FQDN => self.fqdn = Some(domains::read_partial(value.get(1..)?)?),
            code::BOOT_FILE_URL => self.boot_file_url = Some(BootFile::parse(value).ok()?),
            code::BOOT_FILE_PARAMETERS => self.boot_file_params = parameters(value)?,
            code::SOL_MAX_RT => self.sol_max_rt = Some(longest_timeout(value)?),
            code::INF_MAX_RT => self.inf_max_rt = Some(longest_timeout(value)?),
            _ => {}
        }
        Some(())
    }

    fn drop_option(&mut self, code: u16) {
        if self.dropped.len() < 16 && !self.dropped.contains(&code) {
            self.dropped.push(code);
        }
    }

    fn time_servers(&mut self, servers: impl Iterator<Item = TimeServer>) {
        merge(&mut self.ntp, servers.collect(), Lease::MAX_SERVERS);
    }

    /// RFC 5908: sub-options 1 (server), 2 (multicast group, of no use to a client that asks once) and 3 (name).
    fn ntp_option(&mut self, value: &[u8]) -> Option<()> {
        let options = Options::new(value);
        if options.is_truncated() {
            return None;
        }
        for (code, value) in options {
            match code {
                1 => self.time_servers(addresses(value)?.into_iter().map(TimeServer::Address)),
                3 => self.time_servers(domains::read_list(value)?.into_iter().map(TimeServer::Name)),
                _ => {}
            }
        }
        Some(())
    }
}

/// A lifetime in seconds; 0xffffffff is "for ever".
pub(super) fn seconds(number: u32) -> Duration {
    if number == u32::MAX { Duration::MAX } else { Duration::from_secs(number.into()) }
}

fn number_u8(value: &[u8]) -> Option<u8> {
    <[u8; 1]>::try_from(value).ok().map(|[number]| number)
}

fn number_u32(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// SOL_MAX_RT and INF_MAX_RT must lie between a minute and a day (RFC 8415 sections 21.24 and 21.25).
fn longest_timeout(value: &[u8]) -> Option<Duration> {
    number_u32(value).filter(|number| (60..=86_400).contains(number)).map(|number| Duration::from_secs(number.into()))
}

/// A list of addresses. Those that name no host are left out; a list of the wrong length is no list.
fn addresses(mut value: &[u8]) -> Option<Vec<Ipv6Addr>> {
    if value.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    while !value.is_empty() {
        let (address, rest) = take_address(value)?;
        value = rest;
        all.extend(Some(address).filter(is_server));
        all.truncate(Lease::MAX_SERVERS);
    }
    Some(all)
}

/// True for addresses that some host may have; link-local ones belong to this link.
pub(super) fn is_server(address: &Ipv6Addr) -> bool {
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast())
}

/// RFC 5970 section 3.2: each with a length of 16 bits before it. One that is bad makes the others mean something else, so all go.
fn parameters(mut value: &[u8]) -> Option<Vec<BootFile>> {
    let mut all = Vec::new();
    while !value.is_empty() && all.len() < MAX_PARAMETERS {
        let (length, rest) = take_u16(value)?;
        let (text, rest) = rest.split_at_checked(usize::from(length))?;
        all.push(BootFile::parse(text).ok()?);
        value = rest;
    }
    Some(all)
}

fn merge<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>, limit: usize) {
    for item in more {
        if to.len() < limit && !to.contains(&item) {
            to.push(item);
        }
    }
}

/// True for addresses that a server may give out: unicast of more than link-local scope.
pub(super) fn can_be_leased(address: Ipv6Addr) -> bool {
    let is_bad = address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some();
    !is_bad
}

/// A lease as it stands in an IA: an address is a prefix of 128 bits.
pub(super) fn net(address: Ipv6Addr, length: u8) -> Option<Ipv6Net> {
    let net = Ipv6Net::new(address, length).ok()?.trunc();
    (length > 0 && can_be_leased(net.addr())).then_some(net)
}

/// Reads the two numbers that begin the body of an IAADDR or IAPREFIX.
pub(super) fn lifetimes(bytes: &[u8]) -> Option<(Duration, Duration, &[u8])> {
    let (preferred, rest) = take_u32(bytes)?;
    let (valid, rest) = take_u32(rest)?;
    Some((seconds(preferred), seconds(valid), rest))
}
