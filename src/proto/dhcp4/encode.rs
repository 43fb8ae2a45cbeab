//! The messages a client sends.

use std::net::Ipv4Addr;

use dhcproto::v4::{self, DhcpOption, MIN_PACKET_SIZE, MessageType, OptionCode, UnknownOption};
use dhcproto::{Decodable, Encodable};

use super::guard::HEADER;
use super::{Config, code, options};

/// What differs from message to message; all else is the same in every message of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) kind: MessageType,
    pub(super) xid: u32,
    pub(super) secs: u16,
    /// Our address, if the kernel answers for it already.
    pub(super) ciaddr: Ipv4Addr,
    /// Option 50.
    pub(super) requested: Option<Ipv4Addr>,
    /// Option 54.
    pub(super) server: Option<Ipv4Addr>,
}

/// A request with nothing in it. Every constructor of the codec asks the system for random numbers, which a machine must not do
/// and which ends the program where there is no /dev; decoding does not.
const BLANK: [u8; HEADER] = {
    let mut bytes = [0; HEADER];
    bytes[0] = 1;
    [bytes[236], bytes[237], bytes[238], bytes[239]] = v4::MAGIC;
    bytes
};

/// The UDP payload of a message, at least 300 bytes long: some relays drop shorter ones (RFC 1542 section 2.1).
pub(super) fn encode(config: &Config, draft: &Draft) -> Vec<u8> {
    let Ok(mut message) = v4::Message::from_bytes(&BLANK) else { return Vec::new() };
    message
        .set_htype(u8::try_from(config.arp_type).unwrap_or_default().into())
        .set_chaddr(config.chaddr())
        .set_xid(draft.xid)
        .set_secs(draft.secs)
        .set_ciaddr(draft.ciaddr);
    if config.wants_broadcast() {
        message.set_flags(v4::Flags::default().set_broadcast());
    }
    fill(message.opts_mut(), config, draft);
    let mut bytes = message.to_vec().unwrap_or_default();
    bytes.resize(bytes.len().max(MIN_PACKET_SIZE), 0);
    bytes
}

fn fill(opts: &mut v4::DhcpOptions, config: &Config, draft: &Draft) {
    let essential = [
        Some(DhcpOption::MessageType(draft.kind)),
        config.identity().map(DhcpOption::ClientIdentifier),
        draft.requested.map(DhcpOption::RequestedIpAddress),
        draft.server.map(DhcpOption::ServerIdentifier),
    ];
    // RFC 2131 table 5: a DECLINE asks for nothing and tells nothing else.
    let wishes = if draft.kind == MessageType::Decline { Vec::new() } else { wishes(config, draft) };
    essential.into_iter().flatten().chain(wishes).for_each(|option| drop(opts.insert(option)));
}

fn wishes(config: &Config, draft: &Draft) -> Vec<DhcpOption> {
    let requested = options::requested(config.want_ipv6_only).map(OptionCode::from).collect();
    let mtu = u16::try_from(config.mtu.clamp(576, 1500)).unwrap_or(576);
    let rapid = draft.kind == MessageType::Discover && config.rapid_commit;
    let anonymous = [
        Some(DhcpOption::ParameterRequestList(requested)),
        Some(DhcpOption::MaxMessageSize(mtu)),
        rapid.then_some(DhcpOption::RapidCommit),
    ];
    let personal =
        [config.vendor_class.clone().map(DhcpOption::ClassIdentifier), config.hostname.as_deref().and_then(host)];
    anonymous.into_iter().chain(personal.into_iter().filter(|_| !config.anonymous)).flatten().collect()
}

/// A plain name goes as option 12, a dotted one as option 81 (RFC 4702 section 3.1), never both. A name that is none is not sent.
fn host(name: &str) -> Option<DhcpOption> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = || name.split('.');
    if name.len() > 253 || labels().any(|label| !matches!(label.len(), 1..=63)) {
        return None;
    }
    if !name.contains('.') {
        return Some(DhcpOption::Hostname(name.to_owned()));
    }
    // E: the name is in wire format. S: the server shall enter the address into the DNS.
    let mut value = vec![0b0101, 0, 0];
    for label in labels() {
        value.push(u8::try_from(label.len()).ok()?);
        value.extend_from_slice(label.as_bytes());
    }
    value.push(0);
    Some(DhcpOption::Unknown(UnknownOption::new(code::FQDN.into(), value)))
}
