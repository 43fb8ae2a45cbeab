//! Entries as lines of text. What is written is printable ASCII; what is read may be anything.

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
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
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
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(value(high)? << 4 | value(low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
