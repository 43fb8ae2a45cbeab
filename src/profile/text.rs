//! Text for people, made harmless.

/// Control and direction-changing characters become `?`: a message is one line, and no terminal obeys it.
pub fn one_line(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hostile(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_harmless_line() {
        assert_eq!(one_line("a\nb\x1b[31mc\u{202e}d ü"), "a?b?[31mc?d ü");
    }
}
