//! Netlink messages as bytes: appended to a batch on the way out, walked by attribute on the way in.
//!
//! The attribute codec is `netlink-packet-core`'s, the fixed headers are `netlink-packet-route`'s. Its decoder of whole
//! link messages would add 320 KB to the program, so that attributes of replies are picked out one by one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{
    Emitable, NLA_F_NESTED, NLA_HEADER_SIZE, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, Nla, NlaBuffer, NlasIterator,
};

/// Length of the header of a netlink message.
const HEADER: usize = 16;
/// The longest value of an attribute: its length is 16 bits wide, and the codec would panic beyond.
const LONGEST_VALUE: usize = 65_000;

/// Messages one after the other, ready to be sent in one go.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Where the message being written starts.
    start: usize,
}

/// An attribute around others, being written.
#[must_use]
pub(super) struct Nest(usize);

/// One attribute with its value as bytes.
struct Attribute<'a> {
    kind: u16,
    value: &'a [u8],
}

impl Nla for Attribute<'_> {
    fn value_len(&self) -> usize {
        self.value.len()
    }

    fn kind(&self) -> u16 {
        self.kind
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.value);
    }

    fn is_nested(&self) -> bool {
        self.kind & NLA_F_NESTED != 0
    }
}

/// Bytes that are written as they are.
struct Bytes<'a>(&'a [u8]);

impl Emitable for Bytes<'_> {
    fn buffer_len(&self) -> usize {
        self.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.0);
    }
}

impl Batch {
    /// The bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Starts over, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Starts over, overwriting what was there.
    pub(super) fn forget(&mut self) {
        self.bytes.resize(self.bytes.capacity(), 0);
        self.bytes.fill(0);
        std::hint::black_box(&self.bytes);
        self.clear();
    }

    /// Starts a message; NLM_F_REQUEST is implied.
    pub(super) fn begin(&mut self, kind: u16, flags: u16, sequence: u32, header: &dyn Emitable) {
        self.start = self.bytes.len();
        let mut netlink = NetlinkHeader::default();
        netlink.message_type = kind;
        netlink.flags = flags | NLM_F_REQUEST;
        netlink.sequence_number = sequence;
        self.emit(&netlink);
        self.emit(header);
        self.end();
    }

    /// Adds a whole message: header and attributes as they are.
    pub(super) fn raw(&mut self, kind: u16, flags: u16, sequence: u32, payload: &[u8]) {
        self.begin(kind, flags, sequence, &Bytes(payload));
    }

    /// Notes the length of the message being written. All lengths are multiples of 4, so that no padding is needed.
    fn end(&mut self) {
        let length = u32::try_from(self.bytes.len().saturating_sub(self.start)).unwrap_or(u32::MAX);
        if let Some(message) = self.bytes.get_mut(self.start..).filter(|message| message.len() >= HEADER) {
            NetlinkBuffer::new(message).set_length(length);
        }
    }

    /// Sets flags in the last message.
    pub(super) fn add_flags(&mut self, flags: u16) {
        if let Some(message) = self.bytes.get_mut(self.start..).filter(|message| message.len() >= HEADER) {
            let mut message = NetlinkBuffer::new(message);
            let flags = message.flags() | flags;
            message.set_flags(flags);
        }
    }

    fn emit(&mut self, what: &dyn Emitable) {
        let at = self.bytes.len();
        self.bytes.resize(at.saturating_add(what.buffer_len()), 0);
        what.emit(self.bytes.get_mut(at..).unwrap_or_default());
    }

    /// Adds an attribute. A value too long for one is cut, which the kernel then refuses.
    pub(super) fn bytes_of(&mut self, kind: u16, value: &[u8]) {
        let value = value.get(..LONGEST_VALUE).unwrap_or(value);
        self.emit(&Attribute { kind, value });
        self.end();
    }

    /// Adds a one-byte attribute.
    pub(super) fn u8(&mut self, kind: u16, value: u8) {
        self.bytes_of(kind, &[value]);
    }

    /// Adds a 32-bit attribute.
    pub(super) fn u32(&mut self, kind: u16, value: u32) {
        self.bytes_of(kind, &value.to_ne_bytes());
    }

    /// Adds an IP address.
    pub(super) fn address(&mut self, kind: u16, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.bytes_of(kind, &address.octets()),
            IpAddr::V6(address) => self.bytes_of(kind, &address.octets()),
        }
    }

    /// Adds a text with the closing zero byte.
    pub(super) fn text(&mut self, kind: u16, text: &str) {
        let bytes: Vec<u8> = text.bytes().chain([0]).collect();
        self.bytes_of(kind, &bytes);
    }

    /// Starts an attribute around those that follow until [`Batch::end_nest`].
    pub(super) fn begin_nest(&mut self, kind: u16) -> Nest {
        let at = self.bytes.len();
        self.bytes_of(kind | NLA_F_NESTED, &[]);
        Nest(at)
    }

    /// Closes an attribute.
    pub(super) fn end_nest(&mut self, nest: Nest) {
        let Some(bytes) = self.bytes.get_mut(nest.0..).filter(|bytes| bytes.len() >= NLA_HEADER_SIZE) else { return };
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        NlaBuffer::new(bytes).set_length(length);
    }
}

/// Attributes one after the other, as the value of another attribute.
#[derive(Debug, Default)]
pub(super) struct Stream(Vec<u8>);

impl Stream {
    /// Adds an attribute, padded to a multiple of 4. A value too long for one is cut, which the kernel then refuses.
    pub(super) fn put(&mut self, kind: u16, value: &[u8]) {
        let value = value.get(..LONGEST_VALUE).unwrap_or(value);
        let length = u16::try_from(value.len().saturating_add(NLA_HEADER_SIZE)).unwrap_or(u16::MAX);
        self.0.extend([length.to_ne_bytes(), kind.to_ne_bytes()].concat());
        self.raw(value);
    }

    /// Adds bytes as they are, padded.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A received message: type, flags, sequence number, payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) payload: &'a [u8],
}

/// The messages of a datagram; ends at the first one that is malformed.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Received<'_>> {
    std::iter::from_fn(move || {
        let buffer = NetlinkBuffer::new_checked(bytes).ok()?;
        let length = usize::try_from(buffer.length()).ok()?;
        let received = Received {
            kind: buffer.message_type(),
            flags: buffer.flags(),
            sequence: buffer.sequence_number(),
            payload: bytes.get(HEADER..length)?,
        };
        // The next message starts at a multiple of 4; the last one may lack the padding.
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(received)
    })
}

/// The attributes in `bytes`: type without its flag bits, and value. Ends at the first one that is malformed.
pub(super) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    NlasIterator::new(bytes).map_while(Result::ok).filter_map(|nla| {
        let length = usize::from(nla.length());
        Some((nla.kind(), nla.into_inner().get(NLA_HEADER_SIZE..length)?))
    })
}

/// A 32-bit value.
pub(super) fn u32_of(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_ne_bytes)
}

/// A text up to its closing zero byte; what is not UTF-8 is replaced.
pub(super) fn text_of(value: &[u8]) -> String {
    let text = value.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// An IP address of 4 or 16 bytes.
pub(super) fn address_of(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    <[u8; 16]>::try_from(value).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::link::LinkHeader;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut batch = Batch::default();
        batch.begin(16, 0, 7, &LinkHeader::default());
        batch.text(3, "eth0");
        let nest = batch.begin_nest(26);
        batch.u32(8, 1);
        batch.end_nest(nest);
        batch.begin(17, 4, 8, &LinkHeader::default());
        batch.u8(1, 9);
        assert_eq!(batch.bytes().len() % 4, 0);
        let read: Vec<_> = messages(batch.bytes()).collect();
        assert_eq!(read.iter().map(|m| (m.kind, m.flags, m.sequence)).collect::<Vec<_>>(), [(16, 1, 7), (17, 5, 8)]);
        let first: Vec<_> = attributes(&read[0].payload[16..]).collect();
        assert_eq!(first[0], (3, &b"eth0\0"[..]));
        assert_eq!(attributes(first[1].1).collect::<Vec<_>>(), [(8, &1_u32.to_ne_bytes()[..])]);
        assert_eq!(attributes(&read[1].payload[16..]).collect::<Vec<_>>(), [(1, &[9][..])]);
    }

    #[test]
    fn an_over_long_value_is_cut_and_does_not_panic() {
        let mut batch = Batch::default();
        batch.begin(16, 0, 1, &LinkHeader::default());
        batch.text(3, &"x".repeat(70_000));
        assert_eq!(messages(batch.bytes()).count(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for message in messages(&bytes) {
                for (_, value) in attributes(message.payload) {
                    let _ = (u32_of(value), text_of(value), address_of(value), attributes(value).count());
                }
            }
            prop_assert!(attributes(&bytes).count() <= bytes.len());
        }
    }
}
