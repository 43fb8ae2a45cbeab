//! The guard in front of everything else: a strict walk over a reply's options.
//!
//! The codec crate stops silently at the first bad option, does not check the magic cookie, does not look into `sname` and `file`
//! (option 52), and joins split options (RFC 3396) only when they are neighbours. So the walk is done here, and what passes is a
//! list of whole options whose bytes are all inside the packet. One option that runs over its end costs that option (and what
//! would have come after it), never the ones before it.

use std::net::Ipv4Addr;

use dhcproto::v4::{MAGIC, Opcode, borrowed};

use super::Reject;
use super::code;

/// The header before the options, magic cookie included (RFC 2131 section 2).
pub(super) const HEADER: usize = 240;
/// The longest reply that is looked at: what one Ethernet frame holds.
pub(super) const LONGEST: usize = 1500;
/// Offsets of `sname` (64 bytes) and `file` (128 bytes).
const SNAME: std::ops::Range<usize> = 44..108;
const FILE: std::ops::Range<usize> = 108..236;
const CHADDR: std::ops::Range<usize> = 28..44;

/// A reply whose shape is sound; its meaning is still to be checked.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) xid: u32,
    pub(super) yiaddr: Ipv4Addr,
    pub(super) siaddr: Ipv4Addr,
    /// All 16 bytes.
    pub(super) chaddr: &'a [u8],
    /// The boot file name in the header; empty if options are kept there.
    pub(super) file: &'a [u8],
    /// Code and joined value, in the order of their first appearance.
    options: Vec<(u8, Vec<u8>)>,
    /// An area ended in the middle of an option.
    pub(super) cut_short: bool,
}

impl<'a> Message<'a> {
    /// Checks the shape of `bytes` (a UDP payload) and collects its options.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Reject> {
        if bytes.len() > LONGEST {
            return Err(Reject::TooLong);
        }
        let header = borrowed::Message::new(bytes).map_err(|_| Reject::TooShort)?;
        if header.opcode() != Opcode::BootReply {
            return Err(Reject::NotAReply);
        }
        if bytes.get(HEADER - MAGIC.len()..HEADER) != Some(&MAGIC[..]) {
            return Err(Reject::Cookie);
        }
        let area = |range| bytes.get(range).unwrap_or_default();
        let mut message = Self {
            xid: header.xid(),
            yiaddr: header.yiaddr(),
            siaddr: header.siaddr(),
            chaddr: area(CHADDR),
            file: until_nul(area(FILE)),
            options: Vec::new(),
            cut_short: false,
        };
        message.walk(bytes.get(HEADER..).unwrap_or_default());
        message.walk_overloaded(area(FILE), area(SNAME));
        Ok(message)
    }

    /// The whole value of option `code`.
    pub(super) fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.iter().find(|(c, _)| *c == code).map(|(_, value)| value.as_slice())
    }

    /// Option 52 (RFC 2132 section 9.3): 1 is options in `file`, 2 in `sname`, 3 in both; read in the order of RFC 3396 section 5.
    fn walk_overloaded(&mut self, file: &[u8], sname: &[u8]) {
        let Some(value) = self.option(code::OVERLOAD) else { return };
        let (in_file, in_sname) = match one(value) {
            Some([1]) => (true, false),
            Some([2]) => (false, true),
            Some([3]) => (true, true),
            // Nobody knows what the two fields hold, so neither is used.
            _ => return self.file = &[],
        };
        if in_file {
            self.file = &[];
            self.walk(file);
        }
        if in_sname {
            self.walk(sname);
        }
    }

    /// Collects the options of one area, up to its END option or its last byte.
    fn walk(&mut self, mut area: &[u8]) {
        while let [code, rest @ ..] = area {
            match code {
                0 => area = rest,
                255 => return,
                code => match split_value(rest) {
                    Some((value, rest)) => {
                        self.join(*code, value);
                        area = rest;
                    }
                    None => return self.cut_short = true,
                },
            }
        }
    }

    /// RFC 3396: parts of one option are put together in the order they come, neighbours or not.
    fn join(&mut self, code: u8, value: &[u8]) {
        match self.options.iter_mut().find(|(c, _)| *c == code) {
            Some((_, whole)) => whole.extend_from_slice(value),
            None => self.options.push((code, value.to_vec())),
        }
    }
}

/// The value that a length byte announces, and what comes after it.
fn split_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(length))
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// A value of exactly `N` bytes. An option that a server sent twice with the same value was joined to twice the bytes: it
/// counts once; with two different values it is no value at all.
pub(super) fn one<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    let mut copies = value.chunks(N);
    let first: [u8; N] = copies.next()?.try_into().ok()?;
    copies.all(|copy| copy == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[0] = 2;
        bytes[236..].copy_from_slice(&MAGIC);
        bytes.extend_from_slice(options);
        bytes
    }

    fn options(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        Message::read(bytes).unwrap().options
    }

    #[test]
    fn r4_09_split_options_are_joined_though_others_stand_between() {
        let bytes = reply(&[6, 4, 1, 2, 3, 4, 0, 3, 1, 9, 6, 4, 5, 6, 7, 8, 255]);
        assert_eq!(options(&bytes), [(6, vec![1, 2, 3, 4, 5, 6, 7, 8]), (3, vec![9])]);
    }

    #[test]
    fn r4_09_overloaded_fields_are_read_file_first() {
        for (value, expected) in [(1, vec![1, 1]), (2, vec![2, 2]), (3, vec![1, 1, 2, 2])] {
            let mut bytes = reply(&[52, 1, value, 255]);
            bytes[108..113].copy_from_slice(&[6, 2, 1, 1, 255]);
            bytes[44..49].copy_from_slice(&[6, 2, 2, 2, 255]);
            assert_eq!(Message::read(&bytes).unwrap().option(6).unwrap(), expected, "52 = {value}");
        }
    }

    #[test]
    fn r4_09_an_option_may_start_in_the_packet_and_end_in_file() {
        let mut bytes = reply(&[52, 1, 1, 67, 2, b'a', b'b', 255]);
        bytes[108..113].copy_from_slice(&[67, 2, b'c', b'd', 255]);
        let message = Message::read(&bytes).unwrap();
        assert_eq!((message.option(67), message.file), (Some(&b"abcd"[..]), &b""[..]));
    }

    #[test]
    fn malformed_overload_uses_neither_field() {
        for overload in [&[52, 1, 0][..], &[52, 1, 4], &[52, 2, 1, 2], &[52, 0]] {
            let mut bytes = reply(&[overload, &[3, 1, 9, 255]].concat());
            bytes[108..112].copy_from_slice(&[6, 1, 7, 255]);
            let message = Message::read(&bytes).unwrap();
            assert_eq!((message.option(6), message.option(3), message.file), (None, Some(&[9][..]), &[][..]));
        }
    }

    #[test]
    fn overload_inside_an_overloaded_field_is_not_followed() {
        let mut bytes = reply(&[52, 1, 1, 255]);
        bytes[108..112].copy_from_slice(&[52, 1, 2, 255]);
        bytes[44..47].copy_from_slice(&[6, 1, 7]);
        assert_eq!(Message::read(&bytes).unwrap().option(6), None);
    }

    #[test]
    fn without_overload_the_file_field_is_a_name() {
        let mut bytes = reply(&[255]);
        bytes[108..112].copy_from_slice(b"boot");
        assert_eq!(Message::read(&bytes).unwrap().file, b"boot");
    }

    #[test]
    fn the_walk_ends_with_the_packet_though_no_end_option_comes() {
        let message = reply(&[3, 1, 9]);
        assert_eq!(options(&message), [(3, vec![9])]);
        assert!(!Message::read(&message).unwrap().cut_short);
    }

    #[test]
    fn an_option_over_the_end_costs_itself_only() {
        for tail in [&[6][..], &[6, 1], &[6, 200, 1, 2, 3]] {
            let bytes = reply(&[&[3, 1, 9], tail].concat());
            assert_eq!(options(&bytes), [(3, vec![9])]);
            assert!(Message::read(&bytes).unwrap().cut_short);
        }
    }

    #[test]
    fn r4_01_a_request_or_a_wrong_cookie_or_size_is_no_reply() {
        let good = reply(&[255]);
        let mut request = good.clone();
        request[0] = 1;
        assert_eq!(Message::read(&request).unwrap_err(), Reject::NotAReply);
        let mut bootp = good.clone();
        bootp[236..240].fill(0);
        assert_eq!(Message::read(&bootp).unwrap_err(), Reject::Cookie);
        assert_eq!(Message::read(&good[..239]).unwrap_err(), Reject::TooShort);
        assert_eq!(Message::read(&reply(&[0; 1261])).unwrap_err(), Reject::TooLong);
        assert!(Message::read(&reply(&[0; 1260])).is_ok());
    }

    #[test]
    fn a_value_sent_twice_counts_once_and_two_values_count_not_at_all() {
        assert_eq!(one(&[1, 2]), Some([1, 2]));
        assert_eq!(one(&[1, 2, 1, 2]), Some([1, 2]));
        for bad in [&[][..], &[1], &[1, 2, 1], &[1, 2, 3, 4]] {
            assert_eq!(one::<2>(bad), None, "{bad:?}");
        }
    }
}
