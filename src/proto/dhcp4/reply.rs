//! Is this packet an answer to us, and from whom?

use std::net::Ipv4Addr;

use super::guard::{Message, one};
use super::{Config, code, options};

/// Why a reply was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// Shorter than the fixed header.
    #[error("shorter than a DHCP message")]
    TooShort,
    /// Longer than one Ethernet frame.
    #[error("longer than 1500 bytes")]
    TooLong,
    /// `op` is not 2.
    #[error("not a reply")]
    NotAReply,
    /// No magic cookie: BOOTP, or noise.
    #[error("no DHCP magic cookie")]
    Cookie,
    /// Another transaction id: an answer to somebody else, or to an earlier attempt.
    #[error("another transaction")]
    Transaction,
    /// Another `chaddr`: an answer to somebody else.
    #[error("another hardware address")]
    HardwareAddress,
    /// Option 53 is missing, or there is more than one, or it is none that a client gets.
    #[error("no or no single message type")]
    MessageType,
    /// The server echoed a client identifier that is not ours (RFC 6842 section 3).
    #[error("another client identifier")]
    ClientId,
    /// Neither option 54 nor the sender's address names a server.
    #[error("no server identifier")]
    NoServer,
    /// An answer of a server that was not asked.
    #[error("from a server that was not chosen")]
    OtherServer,
    /// `yiaddr` is no address that a host can have.
    #[error("the address offered cannot be used")]
    Address,
    /// The server acknowledged another address than the one it offered.
    #[error("another address than the one requested")]
    OtherAddress,
    /// Option 51 is missing, zero or damaged.
    #[error("no lease time")]
    LeaseTime,
    /// Option 1 is missing or damaged. A mask is never guessed.
    #[error("no valid subnet mask")]
    Mask,
    /// A message that nobody waits for in this state.
    #[error("not expected now")]
    Unexpected,
}

impl Reject {
    /// True for what any client on a shared link sees all day: answers to others.
    pub(super) fn is_foreign(self) -> bool {
        matches!(self, Self::Transaction | Self::HardwareAddress)
    }
}

/// The messages that servers send to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Offer,
    Ack,
    Nak,
}

/// Who a reply came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Server {
    /// Option 54; the packet's source address where the server left it out.
    pub(super) id: Ipv4Addr,
    /// The packet's sender: the server or a relay.
    source: Ipv4Addr,
    /// It named itself.
    pub(super) named: bool,
}

impl Server {
    fn read(message: &Message<'_>, source: Ipv4Addr) -> Result<Self, Reject> {
        let id = message.option(code::SERVER_ID).and_then(options::usable_address);
        let named = id.is_some();
        let id = id.or(Some(source).filter(|&source| options::is_usable(source))).ok_or(Reject::NoServer)?;
        Ok(Self { id, source, named })
    }

    /// Whether `other` is this server. One that does not name itself is known by the way its packets come.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.id == other.id || (!other.named && self.source == other.source)
    }
}

/// A reply that is for us.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    pub(super) kind: Kind,
    pub(super) server: Server,
    pub(super) message: Message<'a>,
}

impl<'a> Reply<'a> {
    /// Reads a UDP payload that came from `source` and checks that it answers transaction `xid` of the client `config` describes.
    pub(super) fn read(config: &Config, xid: u32, source: Ipv4Addr, payload: &'a [u8]) -> Result<Self, Reject> {
        let message = Message::read(payload)?;
        if message.xid != xid {
            return Err(Reject::Transaction);
        }
        // InfiniBand's addresses do not fit: chaddr is zero there, and the client identifier stands in (RFC 4390 section 2.1).
        if !message.chaddr.starts_with(config.chaddr()) {
            return Err(Reject::HardwareAddress);
        }
        let kind = match message.option(code::MESSAGE_TYPE).and_then(one) {
            Some([2]) => Kind::Offer,
            Some([5]) => Kind::Ack,
            Some([6]) => Kind::Nak,
            _ => return Err(Reject::MessageType),
        };
        if message.option(code::CLIENT_ID).is_some_and(|echo| Some(echo) != config.identity().as_deref()) {
            return Err(Reject::ClientId);
        }
        Ok(Self { kind, server: Server::read(&message, source)?, message })
    }

    /// Whether the server may shorten the exchange by two messages, and did (RFC 4039 section 3).
    pub(super) fn is_rapid(&self) -> bool {
        self.message.option(code::RAPID_COMMIT).is_some()
    }
}
