//! The messages: a question out, an answer in (RFC 1035, section 4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A question's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
}

impl Kind {
    fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
        }
    }
}

const CNAME: u16 = 5;
const INTERNET: u16 = 1;
/// Records looked at in one answer, and aliases followed.
const MOST_RECORDS: usize = 64;
const MOST_ALIASES: usize = 12;
/// Compression pointers followed in one name, and its greatest length in text.
const MOST_POINTERS: usize = 16;
const LONGEST_NAME: usize = 255;
/// Addresses taken of one answer.
const MOST_ADDRESSES: usize = 16;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The addresses; none: the name exists and has none of this kind.
    Addresses(Vec<IpAddr>),
    /// There is no such name (NXDOMAIN).
    NoName,
    /// It was cut: ask again by TCP.
    Truncated,
    /// The server does not want to, or cannot: its response code.
    Refused(u8),
}

/// A query with recursion desired. The name must be one ([`super::is_name`]).
pub(super) fn query(id: u16, name: &str, kind: Kind) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len() + 18);
    bytes.extend(id.to_be_bytes());
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.strip_suffix('.').unwrap_or(name).split('.') {
        bytes.push(u8::try_from(label.len()).unwrap_or_default());
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes.extend(kind.number().to_be_bytes());
    bytes.extend(INTERNET.to_be_bytes());
    bytes
}

/// Reads an answer to the query; `None` if it is none to it, or is malformed.
pub(super) fn answer(bytes: &[u8], id: u16, name: &str, kind: Kind) -> Option<Answer> {
    let mut reader = Reader { bytes, at: 0 };
    let (their_id, flags) = (reader.u16()?, reader.u16()?);
    let (questions, records) = (reader.u16()?, reader.u16()?);
    reader.skip(4)?;
    // A response (bit 15) to a standard query (bits 14 to 11) with our one question.
    if their_id != id || flags & 0xf800 != 0x8000 || questions != 1 {
        return None;
    }
    let asked = reader.name()?;
    let same = asked.eq_ignore_ascii_case(name.strip_suffix('.').unwrap_or(name));
    if !same || reader.u16()? != kind.number() || reader.u16()? != INTERNET {
        return None;
    }
    match flags & 0xf {
        _ if flags & 0x200 != 0 => Some(Answer::Truncated),
        0 => Some(Answer::Addresses(addresses(reader, records, asked, kind)?)),
        3 => Some(Answer::NoName),
        code => Some(Answer::Refused(u8::try_from(code).unwrap_or_default())),
    }
}

/// A record that says something about a name.
enum Data {
    Address(IpAddr),
    Alias(String),
}

/// The addresses of `name` and of what it is an alias for.
fn addresses(mut reader: Reader<'_>, records: u16, name: String, kind: Kind) -> Option<Vec<IpAddr>> {
    let mut found: Vec<(String, Data)> = Vec::new();
    for _ in 0..usize::from(records).min(MOST_RECORDS) {
        let owner = reader.name()?;
        let (number, class) = (reader.u16()?, reader.u16()?);
        reader.skip(4)?;
        let length = usize::from(reader.u16()?);
        let start = reader.at;
        let data = reader.bytes.get(start..start.checked_add(length)?)?;
        if class == INTERNET && number == CNAME {
            found.push((owner, Data::Alias(reader.name()?)));
        } else if class == INTERNET && number == kind.number() {
            found.extend(address(data, kind).map(|address| (owner, Data::Address(address))));
        }
        reader.at = start.checked_add(length)?;
    }
    let mut name = name;
    for _ in 0..MOST_ALIASES {
        let of_name = || found.iter().filter(|(owner, _)| owner.eq_ignore_ascii_case(&name)).map(|(_, data)| data);
        let alias = of_name().find_map(|data| if let Data::Alias(alias) = data { Some(alias.clone()) } else { None });
        match alias {
            Some(alias) => name = alias,
            None => {
                let address = |data: &Data| if let Data::Address(address) = data { Some(*address) } else { None };
                return Some(of_name().filter_map(address).take(MOST_ADDRESSES).collect());
            }
        }
    }
    Some(Vec::new())
}

fn address(data: &[u8], kind: Kind) -> Option<IpAddr> {
    match kind {
        Kind::A => <[u8; 4]>::try_from(data).ok().map(|octets| Ipv4Addr::from(octets).into()),
        Kind::Aaaa => <[u8; 16]>::try_from(data).ok().map(|octets| Ipv6Addr::from(octets).into()),
    }
}

/// Walks over a message.
#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn u8(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at = self.at.checked_add(1)?;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.at = self.at.checked_add(length).filter(|&at| at <= self.bytes.len())?;
        Some(())
    }

    /// A name, with compression pointers that lead backwards only. A byte that is not printable becomes `?`.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let (mut end, mut pointers) = (None, 0);
        loop {
            let start = self.at;
            let length = self.u8()?;
            match length {
                0 => break,
                1..=63 => {
                    let label = self.bytes.get(self.at..self.at.checked_add(usize::from(length))?)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(
                        label.iter().map(|&b| if b.is_ascii_graphic() && b != b'.' { char::from(b) } else { '?' }),
                    );
                    self.skip(usize::from(length))?;
                }
                0xc0.. => {
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, self.u8()?]));
                    pointers += 1;
                    if target >= start || pointers > MOST_POINTERS {
                        return None;
                    }
                    end.get_or_insert(self.at);
                    self.at = target;
                }
                _ => return None,
            }
            if name.len() > LONGEST_NAME {
                return None;
            }
        }
        self.at = end.unwrap_or(self.at);
        Some(name)
    }
}
