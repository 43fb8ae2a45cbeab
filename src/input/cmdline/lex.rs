//! What a word is made of: fields, numbers, switches, names.

use std::fmt;

use super::words::Word;
use crate::profile::{HwAddr, Origin};

/// An argument: what stands after `NAME=`, and the word it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// The whole word.
    pub(super) word: &'a Word,
    /// The value; empty if there is none.
    pub(super) field: Field<'a>,
}

impl<'a> Value<'a> {
    /// Splits a word into the argument's name and its value.
    pub(super) fn of(word: &'a Word) -> (&'a str, Self) {
        let mut fields = Fields { text: &word.text, at: 0 };
        let name = fields.next('=');
        (name.text, Self { word, field: fields.rest() })
    }

    /// The value's text.
    pub(super) fn text(&self) -> &'a str {
        self.field.text
    }

    /// The value, to be taken apart.
    pub(super) fn fields(&self) -> Fields<'a> {
        Fields { text: self.field.text, at: self.field.at }
    }

    /// The whole word, for messages.
    pub(super) fn origin(&self) -> Origin {
        self.word.origin()
    }

    /// The word with the column of its value, for messages.
    pub(super) fn origin_of_value(&self) -> Origin {
        if self.field.is_empty() { self.origin() } else { self.origin_of(self.field) }
    }

    /// The word with the column of one field in it, for messages.
    pub(super) fn origin_of(&self, field: Field<'_>) -> Origin {
        let before = self.word.text.get(..field.at).unwrap_or_default().chars().count();
        let (column, at) = (self.word.column, self.word.column_of(before));
        Origin::CommandLine { word: self.word.text.clone(), column, at }
    }
}

/// A part of a word. An empty one counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// Its text, without brackets round all of it.
    pub(super) text: &'a str,
    /// Where it starts in the word, in bytes.
    pub(super) at: usize,
}

impl<'a> Field<'a> {
    /// True if the field is absent.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text; `None` if absent.
    pub(super) fn get(&self) -> Option<&'a str> {
        Some(self.text).filter(|text| !text.is_empty())
    }

    /// The field, to be taken apart further.
    pub(super) fn fields(&self) -> Fields<'a> {
        Fields { text: self.text, at: self.at }
    }
}

/// Takes fields off the front of a text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Fields<'a> {
    /// The next field: up to the next `separator` that is not inside brackets. Brackets round the whole field are taken
    /// off; one that is never closed takes the rest of the text with it.
    pub(super) fn next(&mut self, separator: char) -> Field<'a> {
        let mut nested = 0_usize;
        let mut first_close = None;
        let mut end = None;
        for (i, c) in self.text.char_indices() {
            match c {
                c if c == separator && nested == 0 => {
                    end = Some(i);
                    break;
                }
                '[' => nested += 1,
                ']' if nested > 0 => {
                    nested -= 1;
                    first_close = first_close.or((nested == 0).then_some(i));
                }
                _ => {}
            }
        }
        let word = self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default();
        let field = Field { text: word, at: self.at };
        let after = end.map_or(self.text.len(), |end| end + separator.len_utf8());
        self.text = self.text.get(after..).unwrap_or_default();
        self.at += after;
        let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
        match inner.filter(|inner| first_close == Some(inner.len() + 1)) {
            Some(inner) => Field { text: inner, at: field.at + 1 },
            None => field,
        }
    }

    /// What has not been taken yet, brackets and all.
    pub(super) fn rest(&self) -> Field<'a> {
        Field { text: self.text, at: self.at }
    }

    /// The number of fields left.
    pub(super) fn count(mut self, separator: char) -> usize {
        let mut count = 0;
        while !self.is_empty() {
            self.next(separator);
            count += 1;
        }
        count
    }

    /// True if nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// A decimal number from `min` to `max`, white space round it allowed.
pub(super) fn number(text: &str, min: i64, max: i64) -> Option<i64> {
    let number = text.trim_ascii().parse().ok()?;
    (min..=max).contains(&number).then_some(number)
}

/// A switch: `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in any case, white space round it allowed.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text.trim_ascii()));
    match () {
        () if is(["true", "yes", "on", "1"]) => Some(true),
        () if is(["false", "no", "off", "0"]) => Some(false),
        () => None,
    }
}

/// True for a host name: labels of letters, digits and inner hyphens, separated by dots, 64 bytes (HOST_NAME_MAX) at most.
pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        let legal = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        legal && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 64 && text.split('.').all(label)
}

/// True for a name that a link can have: the kernel's rule (`dev_valid_name`), less the names and characters that have
/// a meaning of their own (`conf/all` and `conf/default` in sysctl, `%` as a format).
pub(super) fn is_interface_name(name: &str) -> bool {
    let legal = |b: u8| !matches!(b, b'/' | b':' | b'%' | b' ' | b'\t'..=b'\r' | 0xa0);
    let reserved = matches!(name, "." | ".." | "all" | "default" | "bonding_masters");
    (1..16).contains(&name.len()) && !reserved && name.bytes().all(legal)
}

/// Which link an argument is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Interface {
    /// By name.
    Name(String),
    /// By link-layer address.
    Mac(HwAddr),
}

impl Interface {
    /// Reads a name, else a MAC; `None` if it is neither. A bracket in a name is one that was never closed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if is_interface_name(text) && !text.contains(['[', ']']) {
            return Some(Self::Name(text.to_owned()));
        }
        text.parse().ok().map(Self::Mac)
    }

    /// The name; `None` if the link is named by its MAC.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Mac(_) => None,
        }
    }

    /// The MAC; `None` if the link is named by its name.
    pub(super) fn mac(&self) -> Option<HwAddr> {
        match self {
            Self::Name(_) => None,
            Self::Mac(mac) => Some(*mac),
        }
    }
}

impl fmt::Display for Interface {
    /// The name, or the MAC in canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Mac(mac) => write!(f, "{mac}"),
        }
    }
}

/// The number of edits (insert, delete, replace, swap neighbours) from one text to the other.
pub(super) fn edits(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, j) + usize::from(x != y);
            let best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            row.push(if swapped { best.min(at(&before, j - 1) + 1) } else { best });
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

/// The candidate with the fewest edits, at most `limit`, the first of equals.
pub(super) fn nearest<'c>(text: &str, candidates: impl Iterator<Item = &'c str>, limit: usize) -> Option<&'c str> {
    let scored = candidates.map(|candidate| (edits(text, candidate), candidate));
    scored.filter(|(edits, _)| *edits <= limit).min_by_key(|(edits, _)| *edits).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let mut fields = Fields { text, at: 0 };
        let mut out = Vec::new();
        while !fields.is_empty() {
            out.push(fields.next(':').text);
        }
        out
    }

    #[test]
    fn brackets_protect_the_separator_and_vanish_round_a_whole_field() {
        assert_eq!(split("[fe80::1]:x=[fe80::2]:[a]/64:[[b]]"), ["fe80::1", "x=[fe80::2]", "[a]/64", "[b]"]);
        assert_eq!(split("[a][b]:c]:d"), ["[a][b]", "c]", "d"]);
        assert_eq!(split("a:[b:c"), ["a", "[b:c"]);
        assert_eq!(split(":[]:"), ["", ""]);
    }

    #[test]
    fn a_field_knows_its_column() {
        let word = Word { text: "ip=größe:[fe80::1]".to_owned(), column: 10, quotes: Vec::new() };
        let (name, value) = Value::of(&word);
        let mut fields = value.fields();
        fields.next(':');
        let field = fields.next(':');
        assert_eq!((name, field.text), ("ip", "fe80::1"));
        let Origin::CommandLine { at: column, .. } = value.origin_of(field) else { panic!() };
        assert_eq!(column, 20);
    }

    #[test]
    fn numbers_and_switches_are_strict() {
        assert_eq!(number(" 42 ", 0, 100), Some(42));
        assert_eq!(number("+5", 0, 100), Some(5));
        for bad in ["", "4s", "0x4", "101", "-1", "4 2", "1.0"] {
            assert_eq!(number(bad, 0, 100), None, "{bad}");
        }
        assert_eq!((boolean(" YES"), boolean("off"), boolean("2"), boolean("")), (Some(true), Some(false), None, None));
    }

    #[test]
    fn host_names_are_letters_digits_and_inner_hyphens() {
        for good in ["a", "Host-1.example.com", "1.2", &"a".repeat(64)] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a.-b", "größe", &"a".repeat(65)] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }

    #[test]
    fn interface_names_are_the_kernels() {
        for good in ["eth0", "a.b", "größe", "123456789012345", "..."] {
            assert!(is_interface_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a:b", "1234567890123456", "all", "default", "bonding_masters", "e%d"]
        {
            assert!(!is_interface_name(bad), "{bad}");
        }
    }

    #[test]
    fn edits_count_swapped_neighbours_once() {
        assert_eq!((edits("dchp", "dhcp"), edits("", "ab"), edits("auto", "auto6"), edits("abc", "xyz")), (1, 2, 1, 3));
        assert_eq!(nearest("dhpc", ["auto", "dhcp", "dhcp6"].into_iter(), 2), Some("dhcp"));
        assert_eq!(nearest("eth0", ["auto", "dhcp"].into_iter(), 2), None);
    }
}
