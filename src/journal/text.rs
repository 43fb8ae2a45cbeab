//! Entries as lines of text. What is written is printable ASCII; what is read may be anything.

use std::borrow::Cow;

use super::{Entry, Former, Sign, Undo};

impl Entry {
    /// The entry as a line, with its end.
    pub(super) fn to_line(&self) -> String {
        let sign = match self.sign {
            Sign::Made => '+',
            Sign::Removed => '-',
            Sign::Changed => '=',
        };
        let (how, value) = match &self.undo {
            Undo::Netlink { kind, payload } => (kind.to_string(), hex(payload)),
            Undo::Sysctl(value) => ("sysctl".to_owned(), value.clone()),
            Undo::Tuned(value) => ("tuned".to_owned(), value.clone()),
            Undo::HostName(name) => ("hostname".to_owned(), name.clone().unwrap_or_default()),
            Undo::File(Former::Absent) => ("absent".to_owned(), String::new()),
            Undo::File(Former::Link(to)) => ("link".to_owned(), to.clone()),
            Undo::File(Former::Saved(name)) => ("saved".to_owned(), name.clone()),
            Undo::Directory => ("directory".to_owned(), String::new()),
            Undo::Wrote(sum) => ("wrote".to_owned(), format!("{sum:x}")),
        };
        format!("{sign} {} {} {how} {}\n", self.ifindex, escape(&self.object), escape(&value))
    }

    /// The entry of a line; `None` for what is none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let sign = match words.next()? {
            "+" => Sign::Made,
            "-" => Sign::Removed,
            "=" => Sign::Changed,
            _ => return None,
        };
        let ifindex = words.next()?.parse().ok()?;
        let object = unescape(words.next()?)?;
        let (how, value) = (words.next()?, unescape(words.next()?)?);
        if words.next().is_some() || object.is_empty() {
            return None;
        }
        let undo = match how {
            "sysctl" => Undo::Sysctl(value),
            "tuned" => Undo::Tuned(value),
            "hostname" => Undo::HostName(Some(value).filter(|name| !name.is_empty())),
            "absent" => Undo::File(Former::Absent),
            "link" => Undo::File(Former::Link(value)),
            "saved" => Undo::File(Former::Saved(value)),
            "directory" => Undo::Directory,
            "wrote" => Undo::Wrote(u64::from_str_radix(&value, 16).ok()?),
            kind => Undo::Netlink { kind: kind.parse().ok()?, payload: unhex(&value)? },
        };
        Some(Self { sign, ifindex, object, undo })
    }
}

/// Every byte that could end a word or a line, or is not ASCII, as `%XX`.
fn escape(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len().saturating_mul(2));
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(byte);
        } else {
            out.push(b'%');
            out.extend(digits(byte));
        }
    }
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.extend(unhex(part.get(..2)?)?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn hex(bytes: &[u8]) -> String {
    String::from_utf8(bytes.iter().copied().flat_map(digits).collect()).unwrap_or_default()
}

/// The two hexadecimal digits of a byte.
fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 15)]
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(value(high)? << 4 | value(low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
