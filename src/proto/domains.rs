//! Lists of domain names in DNS wire form without compression: DHCPv6 (RFC 8415 section 10) and router
//! advertisements (RFC 8106 section 5.2) both write them so.

use crate::proto::names::DomainName;

/// The most names kept of one list; resolvers look at six to 32.
pub(crate) const MAX_NAMES: usize = 32;

/// Reads a list of names, each ended by an empty label. Empty names are padding and left out.
///
/// `None` if the list cannot be taken apart: a label that overruns, a compression pointer, a last name without end. A name
/// with bytes that no host name has costs that name only; names above [`MAX_NAMES`] are left out.
pub(crate) fn read_list(mut bytes: &[u8]) -> Option<Vec<DomainName>> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let (dotted, rest) = read_name(bytes)?;
        bytes = rest?;
        keep(&mut names, &dotted);
    }
    Some(names)
}

/// Reads the one name that fills `bytes`; the empty label at its end may be missing (RFC 4704 section 4.2: a name that is not
/// fully qualified).
pub(crate) fn read_partial(bytes: &[u8]) -> Option<DomainName> {
    let (dotted, rest) = read_name(bytes)?;
    if rest.is_some_and(|rest| !rest.is_empty()) {
        return None;
    }
    DomainName::parse(&dotted).ok()
}

fn keep(names: &mut Vec<DomainName>, dotted: &[u8]) {
    let Ok(name) = DomainName::parse(dotted) else { return };
    if names.len() < MAX_NAMES && !names.contains(&name) {
        names.push(name);
    }
}

/// The labels up to the empty one, joined by dots, and what follows the empty one; no rest if the bytes end before it.
fn read_name(mut bytes: &[u8]) -> Option<(Vec<u8>, Option<&[u8]>)> {
    let mut dotted = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        let length = usize::from(length);
        if length == 0 {
            return Some((dotted, Some(rest)));
        }
        // The two upper bits mark a compression pointer, which may point anywhere, itself included.
        if length > 63 {
            return None;
        }
        let (label, rest) = rest.split_at_checked(length)?;
        // A dot inside a label would be read as a border between two.
        if label.contains(&b'.') {
            dotted.push(b'?');
        }
        if !dotted.is_empty() {
            dotted.push(b'.');
        }
        dotted.extend_from_slice(label);
        bytes = rest;
    }
    Some((dotted, None))
}

/// Appends `name` in wire form. A name with a dot is fully qualified and gets the empty label; a bare host name does not.
/// Answers false, and appends nothing, if `name` is not a domain name.
pub(crate) fn write(name: &str, to: &mut Vec<u8>) -> bool {
    let Ok(name) = DomainName::parse(name.as_bytes()) else { return false };
    for label in name.as_str().split('.') {
        // 63 at most, as DomainName checked.
        to.push(u8::try_from(label.len()).unwrap_or_default());
        to.extend_from_slice(label.as_bytes());
    }
    if name.as_str().contains('.') {
        to.push(0);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Option<Vec<String>> {
        Some(read_list(bytes)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_list_is_read_and_padding_is_left_out() {
        assert_eq!(texts(b"\x07example\x03org\0\x01a\0\0\0\0"), Some(vec!["example.org".into(), "a".into()]));
        assert_eq!(texts(b""), Some(vec![]));
    }

    #[test]
    fn a_list_that_cannot_be_taken_apart_is_refused() {
        for bytes in [&b"\x07exampl"[..], b"\x01a", b"\x01a\0\xc0\x00", b"\xc0", b"\x40a\0"] {
            assert_eq!(texts(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_hostile_name_costs_only_itself() {
        assert_eq!(texts(b"\x05a';x'\0\x01b\0\x03a.b\0\x02\x1bc\0"), Some(vec!["b".into()]));
    }

    #[test]
    fn names_above_the_cap_and_repeats_are_left_out() {
        let many: Vec<u8> = (0..200u8).flat_map(|n| [2, b'a' + n % 26, b'a' + n / 26, 0]).collect();
        assert_eq!(texts(&many).unwrap().len(), MAX_NAMES);
        assert_eq!(texts(b"\x01a\0\x01a\0").unwrap().len(), 1);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for name in ["node", "node.example.org"] {
            let mut bytes = Vec::new();
            assert!(write(name, &mut bytes));
            assert_eq!(read_partial(&bytes).unwrap().as_str(), name);
            assert_eq!(bytes.ends_with(&[0]), name.contains('.'));
        }
        assert!(!write("no such name", &mut Vec::new()));
        assert_eq!(read_partial(b"\x01a\0\x01b\0"), None, "two names are not one");
    }
}
