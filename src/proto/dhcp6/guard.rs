//! The strict walk over options (RFC 8415 section 21.1): code, length, value, at every level the same.
//!
//! One rule for every level: an option that would reach beyond its container does not exist, and neither does anything behind it;
//! what stands before it counts. So the value an [`Options`] hands out always lies inside the packet, inside the option that
//! contains it, and has exactly the stated length.

/// Message types of RFC 8415 section 7.3.
pub(super) mod kind {
    pub(in super::super) const SOLICIT: u8 = 1;
    pub(in super::super) const ADVERTISE: u8 = 2;
    pub(in super::super) const REQUEST: u8 = 3;
    pub(in super::super) const CONFIRM: u8 = 4;
    pub(in super::super) const RENEW: u8 = 5;
    pub(in super::super) const REBIND: u8 = 6;
    pub(in super::super) const REPLY: u8 = 7;
    pub(in super::super) const RELEASE: u8 = 8;
    pub(in super::super) const DECLINE: u8 = 9;
    pub(in super::super) const RECONFIGURE: u8 = 10;
    pub(in super::super) const INFORMATION_REQUEST: u8 = 11;
}

/// Option codes of RFC 8415 section 24 and of the RFC named beside each.
pub(super) mod code {
    pub(in super::super) const CLIENT_ID: u16 = 1;
    pub(in super::super) const SERVER_ID: u16 = 2;
    pub(in super::super) const IA_NA: u16 = 3;
    pub(in super::super) const IA_ADDRESS: u16 = 5;
    pub(in super::super) const OPTION_REQUEST: u16 = 6;
    pub(in super::super) const PREFERENCE: u16 = 7;
    pub(in super::super) const ELAPSED_TIME: u16 = 8;
    pub(in super::super) const STATUS: u16 = 13;
    pub(in super::super) const RAPID_COMMIT: u16 = 14;
    /// RFC 3646.
    pub(in super::super) const DNS_SERVERS: u16 = 23;
    /// RFC 3646.
    pub(in super::super) const DOMAIN_LIST: u16 = 24;
    pub(in super::super) const IA_PD: u16 = 25;
    pub(in super::super) const IA_PREFIX: u16 = 26;
    /// RFC 4075.
    pub(in super::super) const SNTP_SERVERS: u16 = 31;
    pub(in super::super) const REFRESH_TIME: u16 = 32;
    /// RFC 4704.
    pub(in super::super) const FQDN: u16 = 39;
    /// RFC 5908.
    pub(in super::super) const NTP_SERVER: u16 = 56;
    /// RFC 5970.
    pub(in super::super) const BOOT_FILE_URL: u16 = 59;
    /// RFC 5970.
    pub(in super::super) const BOOT_FILE_PARAMETERS: u16 = 60;
    pub(in super::super) const SOL_MAX_RT: u16 = 82;
    pub(in super::super) const INF_MAX_RT: u16 = 83;
}

/// A message between client and server (RFC 8415 section 8), options not yet looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// One of [`kind`], or what else came in.
    pub(super) kind: u8,
    /// 24 bits.
    pub(super) transaction: u32,
    pub(super) options: Options<'a>,
}

impl<'a> Message<'a> {
    /// `None` if there are not even a type and a transaction id.
    pub(super) fn new(payload: &'a [u8]) -> Option<Self> {
        let (&[kind, a, b, c], rest) = payload.split_first_chunk()?;
        Some(Self { kind, transaction: u32::from_be_bytes([0, a, b, c]), options: Options::new(rest) })
    }
}

/// The options in a container, in order of appearance; ends at the first that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True if, from here on, something does not fit. The walk ends there.
    pub(super) fn is_truncated(mut self) -> bool {
        self.by_ref().for_each(drop);
        !self.0.is_empty()
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[a, b, c, d], rest) = self.0.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
        self.0 = rest;
        Some((u16::from_be_bytes([a, b]), value))
    }
}

/// The first four bytes as a number, and the rest.
pub(super) fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(number), rest))
}

/// The first two bytes as a number, and the rest.
pub(super) fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (&number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(number), rest))
}

/// The first sixteen bytes as an address, and the rest.
pub(super) fn take_address(bytes: &[u8]) -> Option<(std::net::Ipv6Addr, &[u8])> {
    let (&address, rest) = bytes.split_first_chunk::<16>()?;
    Some((address.into(), rest))
}

/// Appends one option. A value over 64 KiB cannot be stated and is cut off; nothing this client sends comes near.
pub(super) fn put(to: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    to.extend_from_slice(&code.to_be_bytes());
    to.extend_from_slice(&length.to_be_bytes());
    to.extend(value.iter().take(usize::from(length)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r6_12_an_option_that_overruns_ends_the_walk_and_costs_nothing_before_it() {
        let bytes = [0, 7, 0, 1, 9, 0, 13, 0, 3, 0, 0];
        let mut options = Options::new(&bytes);
        assert!(options.is_truncated());
        assert_eq!(options.next(), Some((7, &[9][..])));
        assert_eq!((options.next(), options.next()), (None, None));
        assert!(!Options::new(&bytes[..5]).is_truncated());
    }

    #[test]
    fn a_message_needs_a_type_and_a_transaction_id() {
        assert_eq!(Message::new(&[7, 1, 2]), None);
        assert_eq!(Message::new(&[7, 1, 2, 3]).unwrap().transaction, 0x01_0203);
    }

    proptest! {
        #[test]
        fn r6_12_every_value_lies_inside_and_what_is_put_is_walked(
            options in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
            cut in 0..800usize,
        ) {
            let mut bytes = Vec::new();
            options.iter().for_each(|(code, value)| put(&mut bytes, *code, value));
            let all: Vec<_> = Options::new(&bytes).map(|(code, value)| (code, value.to_vec())).collect();
            prop_assert_eq!(&all, &options);
            bytes.truncate(cut);
            let kept: Vec<_> = Options::new(&bytes).map(|(code, value)| (code, value.to_vec())).collect();
            prop_assert!(options.starts_with(&kept));
        }
    }
}
