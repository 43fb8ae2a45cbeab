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
}
