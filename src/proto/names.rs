//! Strings from the network: types that cannot be built from bytes that could hurt a shell, a path or a log.
//!
//! A value is refused, never repaired or escaped: what these types hold may be written into a file that a script
//! sources, between quotes or not, and still be one word. The one exception is [`Text`], for people to read: there every doubtful
//! byte becomes `?`, and it belongs into logs only.
//!
//! | type | from | characters | longest |
//! | --- | --- | --- | --- |
//! | [`HostName`] | DHCPv4 12, DHCPv6 39 | RFC 1123 labels | 64 (`HOST_NAME_MAX`) |
//! | [`DomainName`] | DHCPv4 15 119, DHCPv6 24, DNSSL | RFC 1123 labels and `_` | 253 |
//! | [`ServerName`] | DHCPv4 66 | a host name or an IPv4 address | 253 |
//! | [`RootPath`] | DHCPv4 17 | letters, digits, `-._~:/@[],=+%#?` | 1024 |
//! | [`BootFile`] | DHCPv4 67, DHCPv6 59 | the same | 1024 |

use std::fmt;

/// Why bytes from the network are not such a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left once trailing NULs are cut off.
    #[error("is empty")]
    Empty,
    /// More bytes than the type allows.
    #[error("is longer than {limit} characters")]
    TooLong {
        /// The most that is allowed.
        limit: usize,
    },
    /// A byte outside the type's character set.
    #[error("has the forbidden byte 0x{byte:02x} at offset {offset}")]
    Forbidden {
        /// The first such byte.
        byte: u8,
        /// Where it stands, counted from 0.
        offset: usize,
    },
    /// The characters are allowed, but not in this place: an empty label, a dash at an end, a leading dash or dot-dot.
    #[error("has an empty, over-long or ill-formed part")]
    Malformed,
}

/// Declares one string type: its name, its documentation, its longest length, and the check it must pass.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $limit:expr, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads `bytes` after cutting off trailing NULs.
            pub fn parse(bytes: &[u8]) -> Result<Self, NameError> {
                accept(bytes, $limit, $check).map(Self)
            }

            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A host name, with or without a domain: RFC 1123 section 2.1, at most 64 characters, as the kernel takes it.
    HostName, 64, host_name
);
name!(
    /// A DNS domain name without its final dot: RFC 1035 lengths, letters, digits, `-` and `_`.
    DomainName, 253, domain_name
);
name!(
    /// The name or IPv4 address of a server (RFC 2132 section 9.4).
    ServerName, 253, host_name
);
name!(
    /// Where the root file system is (RFC 2132 section 3.19), in the server's own syntax: `nfs:…`, `iscsi:…`, a path.
    RootPath, 1024, path
);
name!(
    /// The name or URL of a boot file (RFC 2132 section 9.5, RFC 5970 section 3.1).
    BootFile, 1024, path
);

/// Text for people: printable ASCII, every other byte shown as `?`, at most 128 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The longest text kept; the rest is cut off.
    pub const MAX: usize = 128;

    /// Makes `bytes` fit for a log line. Never fails.
    pub fn new(bytes: &[u8]) -> Self {
        let show = |&byte: &u8| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '?' };
        Self(without_nul(bytes).iter().take(Self::MAX).map(show).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Servers written in C count the closing NUL, and some fill up with more of them.
fn without_nul(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    bytes.get(..length).unwrap_or_default()
}

/// A check answers the part of the bytes that it accepts.
type Check = fn(&[u8]) -> Result<&[u8], NameError>;

fn accept(bytes: &[u8], limit: usize, check: Check) -> Result<String, NameError> {
    let bytes = check(without_nul(bytes))?;
    match bytes.len() {
        0 => Err(NameError::Empty),
        length if length > limit => Err(NameError::TooLong { limit }),
        _ => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| NameError::Malformed),
    }
}

fn host_name(bytes: &[u8]) -> Result<&[u8], NameError> {
    only(bytes, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))?;
    labels(bytes)
}

fn domain_name(bytes: &[u8]) -> Result<&[u8], NameError> {
    only(bytes, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))?;
    labels(bytes)
}

fn path(bytes: &[u8]) -> Result<&[u8], NameError> {
    only(bytes, |b| b.is_ascii_alphanumeric() || b"-._~:/@[],=+%#?".contains(&b))?;
    // A leading dash would be taken for an option, a leading '~' or '#' for a home directory or a comment.
    if bytes.first().is_some_and(|b| b"-~#".contains(b)) { Err(NameError::Malformed) } else { Ok(bytes) }
}

fn only(bytes: &[u8], allowed: fn(u8) -> bool) -> Result<(), NameError> {
    match bytes.iter().enumerate().find(|&(_, &byte)| !allowed(byte)) {
        Some((offset, &byte)) => Err(NameError::Forbidden { byte, offset }),
        None if bytes.is_empty() => Err(NameError::Empty),
        None => Ok(()),
    }
}

/// Labels of 1 to 63 characters with no dash at either end (RFC 1123 section 2.1). The root's dot at the end is cut off.
fn labels(bytes: &[u8]) -> Result<&[u8], NameError> {
    let name = bytes.strip_suffix(b".").unwrap_or(bytes);
    let well_formed =
        |label: &[u8]| matches!(label.len(), 1..=63) && !label.starts_with(b"-") && !label.ends_with(b"-");
    if name.split(|&b| b == b'.').all(well_formed) { Ok(name) } else { Err(NameError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that has ever hurt a boot script, and a few more.
    const HOSTILE: &[&[u8]] = &[
        b"",
        b"\0\0",
        b"$(reboot)",
        b"`reboot`",
        b"'; reboot; '",
        b"a\"b",
        b"a b",
        b"a\tb",
        b"a\nb",
        b"a\rb",
        b"a\0b",
        b"a\\b",
        b"a;b",
        b"a&b",
        b"a|b",
        b"a>b",
        b"a<b",
        b"a*b",
        b"a{b,c}",
        b"a!b",
        b"\x1b[2J",
        b"a\x7f",
        b"\xc3\xa4",
        b"\xff\xfe",
        b"-rf",
        "\u{202e}a".as_bytes(),
    ];

    #[test]
    fn hostile_bytes_make_no_value_of_any_type() {
        for bytes in HOSTILE {
            let shown = String::from_utf8_lossy(bytes);
            assert!(HostName::parse(bytes).is_err(), "{shown}");
            assert!(DomainName::parse(bytes).is_err(), "{shown}");
            assert!(ServerName::parse(bytes).is_err(), "{shown}");
            assert!(RootPath::parse(bytes).is_err(), "{shown}");
            assert!(BootFile::parse(bytes).is_err(), "{shown}");
        }
    }

    #[test]
    fn text_for_people_holds_printable_ascii_only_and_ends() {
        for bytes in HOSTILE {
            assert!(Text::new(bytes).as_str().bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
        assert_eq!(Text::new(b"no\x1b[31m address\n\0").as_str(), "no?[31m address?");
        assert_eq!(Text::new(&[b'a'; 1000]).as_str().len(), Text::MAX);
    }

    #[test]
    fn trailing_nuls_and_the_final_dot_are_cut_off() {
        assert_eq!(HostName::parse(b"node1\0\0").unwrap().as_str(), "node1");
        assert_eq!(DomainName::parse(b"example.org.\0").unwrap().as_str(), "example.org");
        assert_eq!(RootPath::parse(b"a:/\0").unwrap().as_str(), "a:/");
    }

    #[test]
    fn usual_values_are_accepted_unchanged() {
        for text in ["n", "node-1", "node1.example.org", "9to5"] {
            assert_eq!(HostName::parse(text.as_bytes()).unwrap().to_string(), text);
        }
        assert!(DomainName::parse(b"_tcp.example.org").is_ok());
        assert!(ServerName::parse(b"192.0.2.1").is_ok());
        for text in [
            "192.0.2.1:/srv/root,vers=3",
            "nfs:[2001:db8::1]:/srv/root",
            "iscsi:user:pass@192.0.2.1:6:3260:0:iqn.2026-01.org.example:disk%20one",
            "/srv/%h",
            "http://192.0.2.1/boot.efi?arch=x86",
        ] {
            assert_eq!(RootPath::parse(text.as_bytes()).unwrap().to_string(), text);
            assert_eq!(BootFile::parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn lengths_end_where_the_standards_say() {
        let name = |n: usize| [vec![b'a'; 63], vec![b'.'], vec![b'b'; n]].concat();
        assert!(HostName::parse(&[b'a'; 63]).is_ok());
        assert_eq!(HostName::parse(&[b'a'; 64]), Err(NameError::Malformed), "a label has at most 63");
        assert_eq!(HostName::parse(&name(1)), Err(NameError::TooLong { limit: 64 }));
        assert!(DomainName::parse(&name(63)).is_ok());
        let long = [name(63), vec![b'.'], name(63)].concat();
        assert_eq!(DomainName::parse(&long), Err(NameError::TooLong { limit: 253 }));
        assert!(RootPath::parse(&[b'a'; 1024]).is_ok());
        assert_eq!(RootPath::parse(&[b'a'; 1025]), Err(NameError::TooLong { limit: 1024 }));
    }

    #[test]
    fn ill_formed_labels_are_refused() {
        for text in [".", "a..b", ".a", "a-.b", "a.-b"] {
            assert!(DomainName::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_byte_and_its_place() {
        let error = RootPath::parse(b"/a'b").unwrap_err();
        assert_eq!(error.to_string(), "has the forbidden byte 0x27 at offset 2");
    }
}
