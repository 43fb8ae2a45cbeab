//! Scalars as NetworkManager reads them.

pub(in crate::input) use crate::profile::text::integer;
use crate::profile::text::unsigned;

/// A number in decimal, with white space around it.
pub(super) fn decimal(text: &str) -> Option<i64> {
    unsigned(text.trim_matches(|c: char| c.is_ascii_whitespace()), 10)
}

/// `true`, `1`, `false` or `0`, as GLib reads them.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim_end_matches(|c: char| c.is_ascii_whitespace()) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}

/// `true`, `yes`, `on`, `1` and their opposites in any case, as NetworkManager reads them where GLib does not.
pub(super) fn lenient_boolean(text: &str) -> Option<bool> {
    match text.trim_matches(|c: char| c.is_ascii_whitespace()).to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Undoes `\XX` (two hexadecimal digits) in a key that was made from any text; `\00` alone is the empty text.
pub(super) fn decode_key(key: &str) -> String {
    if key == "\\00" {
        return String::new();
    }
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|&byte| first == b'\\' && byte != 0) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes a key of any text: what a key cannot hold, and what is not printable ASCII, becomes `\XX`.
pub(super) fn encode_key(name: &str) -> String {
    if name.is_empty() {
        return "\\00".to_owned();
    }
    let bytes = name.as_bytes();
    let mut key = String::with_capacity(name.len());
    for (index, &byte) in bytes.iter().enumerate() {
        let edge = index == 0 || index.saturating_add(1) == bytes.len();
        let tail = bytes.get(index.saturating_add(1)..index.saturating_add(3)).unwrap_or_default();
        let ambiguous = byte == b'\\' && tail.len() == 2 && tail.iter().all(u8::is_ascii_hexdigit);
        if !(b' '..=b'~').contains(&byte) || matches!(byte, b'=' | b'[' | b']') || ambiguous || (edge && byte == b' ') {
            key.push_str(&format!("\\{byte:02X}"));
        } else {
            key.push(char::from(byte));
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_three_bases() {
        for (text, number) in
            [("0x1F", 31), (" 010 ", 8), ("-1", -1), ("+7", 7), ("0", 0), ("4294967295", 4_294_967_295)]
        {
            assert_eq!(integer(text), Some(number), "{text}");
        }
        for text in ["", "x", "0x", "--1", "1 2", "1.5", "08", "99999999999999999999", "+-1", "0x-1"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn keys_made_of_any_text_come_back() {
        for (name, key) in [
            ("a.b", "a.b"),
            ("", "\\00"),
            (" a ", "\\20a\\20"),
            ("a=b", "a\\3Db"),
            ("é", "\\C3\\A9"),
            ("\\ff", "\\5Cff"),
        ] {
            assert_eq!(encode_key(name), key);
            assert_eq!(decode_key(key), name);
        }
        assert_eq!(decode_key("a\\00b\\"), "a\\00b\\");
    }
}
