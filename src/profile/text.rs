//! Text for people, made harmless.

/// Control and direction-changing characters become `?`: a message is one line, and no terminal obeys it.
pub fn one_line(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hostile(c) { '?' } else { c }).collect()
}

/// True for a search domain that may stand in a file of words: letters, digits, `-`, `_`, `.`, and `~` in front.
pub fn is_search_domain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let name = text.strip_prefix('~').unwrap_or(text);
    !text.is_empty() && name.len() <= 253 && name.bytes().all(plain)
}

/// The bytes of a text with C escapes, as `dhcp-vendor-class-identifier` has them: `\ooo` octal, `\b \f \n \r \t \v`, and
/// `\` before any other character for that character.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes().peekable();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escape) = bytes.next() else { break };
        out.push(match escape {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut octal = escape - b'0';
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    octal = octal.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                octal
            }
            other => other,
        });
    }
    out
}

/// A number in decimal, hexadecimal (`0x`) or octal (leading `0`), with an optional sign and white space around it.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => (hexadecimal, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    unsigned(digits, radix).and_then(|number| number.checked_mul(sign))
}

/// Digits, and nothing else.
pub(crate) fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    // The standard reader takes a further sign.
    digits.chars().all(|c| c.is_digit(radix)).then(|| i64::from_str_radix(digits, radix).ok()).flatten()
}

/// An IAID: a number in decimal, hexadecimal (`0x`) or octal (leading `0`), or else four bytes in hexadecimal.
pub fn iaid(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'x' | b':'));
    let number = || integer(text).and_then(|number| u32::try_from(number).ok());
    let hexadecimal = |digits: &str| unsigned(digits, 16).and_then(|number| u32::try_from(number).ok());
    let bytes = || {
        let text = text.strip_prefix("0x").unwrap_or(text);
        let byte = |part: &str| hexadecimal(part).filter(|_| part.len() <= 2);
        let mut parts = text.split(':');
        let value =
            parts.by_ref().take(4).try_fold((0, 0), |(value, count), part| Some((value << 8 | byte(part)?, count + 1)));
        let value = value.filter(|&(_, count)| count == 4 && parts.next().is_none()).map(|(value, _)| value);
        value.or_else(|| hexadecimal(text).filter(|_| text.len() == 8))
    };
    Some(()).filter(|()| plain).and_then(|()| number().or_else(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_domain_is_one_word_of_one_line() {
        assert!(["a.example", "~", "~.", "_x.b-c"].into_iter().all(is_search_domain));
        assert!(!["", "a b", "a\nnameserver 6.6.6.6", "a;b", "a~"].into_iter().any(is_search_domain));
    }

    #[test]
    fn a_message_is_one_harmless_line() {
        assert_eq!(one_line("a\nb\x1b[31mc\u{202e}d ü"), "a?b?[31mc?d ü");
    }

    #[test]
    fn an_iaid_is_a_number_or_four_bytes() {
        let read = |text: &str| iaid(text).map(i64::from).unwrap_or(-1);
        let cases = "7 0x10 010 0 4294967295 4294967296 01:02:03:04 a:b:c:d 0xaa:0:0:1 0000001a aabbccdd 08 -1 +1 1:2:3 a \u{e4}";
        let expected = [
            7,
            16,
            8,
            0,
            4_294_967_295,
            -1,
            0x0102_0304,
            0x0a0b_0c0d,
            0xaa00_0001,
            0x1a,
            0xaabb_ccdd,
            -1,
            -1,
            -1,
            -1,
            -1,
            -1,
        ];
        assert_eq!(cases.split(' ').map(read).collect::<Vec<_>>(), expected);
        assert_eq!(read(""), -1);
    }

    #[test]
    fn escapes_are_bytes() {
        assert_eq!(unescape(r"a\040b\\\n\x"), b"a b\\\nx");
        assert_eq!(unescape(r"\0\377\8"), [0, 255, b'8']);
    }
}
