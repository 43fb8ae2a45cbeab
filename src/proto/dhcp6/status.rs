//! Why a message was put aside, and what a server says when it refuses.

use std::fmt;

use super::guard::take_u16;
use crate::proto::names::Text;

/// A status code (RFC 8415 section 21.13). Codes not listed there are kept as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusCode {
    /// 0, or no status at all.
    #[default]
    Success,
    /// 1: failed, for a reason that has no code.
    UnspecFail,
    /// 2: the server has no addresses to give.
    NoAddrsAvail,
    /// 3: the server knows nothing of this lease.
    NoBinding,
    /// 4: the addresses do not belong to this link.
    NotOnLink,
    /// 5: to be sent by multicast; all our messages are.
    UseMulticast,
    /// 6: the server has no prefixes to give.
    NoPrefixAvail,
    /// Any other.
    Other(u16),
}

impl From<u16> for StatusCode {
    fn from(code: u16) -> Self {
        match code {
            0 => Self::Success,
            1 => Self::UnspecFail,
            2 => Self::NoAddrsAvail,
            3 => Self::NoBinding,
            4 => Self::NotOnLink,
            5 => Self::UseMulticast,
            6 => Self::NoPrefixAvail,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "Success",
            Self::UnspecFail => "UnspecFail",
            Self::NoAddrsAvail => "NoAddrsAvail",
            Self::NoBinding => "NoBinding",
            Self::NotOnLink => "NotOnLink",
            Self::UseMulticast => "UseMulticast",
            Self::NoPrefixAvail => "NoPrefixAvail",
            Self::Other(code) => return write!(f, "status {code}"),
        })
    }
}

/// A status with the text that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: StatusCode,
    pub(super) message: Text,
}

impl Default for Status {
    fn default() -> Self {
        Self { code: StatusCode::Success, message: Text::new(b"") }
    }
}

impl Status {
    /// `None` if there are not even two bytes.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let (code, message) = take_u16(value)?;
        Some(Self { code: code.into(), message: Text::new(message) })
    }

    /// What a status that cannot be read counts as.
    pub(super) fn unreadable() -> Self {
        Self { code: StatusCode::UnspecFail, ..Self::default() }
    }

    /// What a grant of nothing counts as.
    pub(super) fn empty() -> Self {
        Self { code: StatusCode::UnspecFail, message: Text::new(b"gives nothing that was asked for") }
    }

    pub(super) fn is_success(&self) -> bool {
        self.code == StatusCode::Success
    }
}

/// Why a packet was put aside. None of these changes what the client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Fewer than four bytes.
    #[error("not a DHCPv6 message")]
    TooShort,
    /// The source is no unicast address.
    #[error("sent from an impossible address")]
    ImpossibleSource,
    /// Answers a question that was not asked, or not now.
    #[error("belongs to another transaction")]
    OtherTransaction,
    /// RFC 8415 section 16.11: no Reconfigure was agreed to.
    #[error("a Reconfigure message that nobody agreed to")]
    Reconfigure,
    /// A message of this type is not awaited now.
    #[error("message type {0} is not awaited")]
    Unexpected(u8),
    /// No client identifier.
    #[error("names no client")]
    NoClientId,
    /// The client identifier is not ours.
    #[error("meant for another client")]
    OtherClient,
    /// No server identifier, or one of an impossible length.
    #[error("names no server")]
    NoServerId,
    /// Two client identifiers, or two server identifiers, that differ.
    #[error("names two clients or two servers")]
    TwoIds,
    /// Not the server that was asked.
    #[error("sent by a server that was not asked")]
    OtherServer,
    /// A Reply to a Solicit without the Rapid Commit option (RFC 8415 section 18.2.10).
    #[error("a rapid commit that does not say so")]
    NotRapidCommit,
    /// A success with nothing in it that was asked for.
    #[error("gives nothing that was asked for")]
    Empty,
}
