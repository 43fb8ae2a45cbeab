//! A kernel command line as the words that `match.kernel-command-line` is compared with.

/// Splits at white space; `'` and `"` quote, `\` takes the next character as it is (also inside quotes); quotes and
/// backslashes are removed. An unclosed quote ends with the line. These are NetworkManager's rules (its split follows
/// systemd's); the kernel itself knows `"` only.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => word.get_or_insert_default().extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ' | '\t' | '\n' | '\r' | '\x0c', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_and_backslashes_are_removed_and_keep_blanks() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("  \t\n", &[]),
            ("ip=dhcp  quiet\n", &["ip=dhcp", "quiet"]),
            ("a=\"b c\" d", &["a=b c", "d"]),
            ("'a \"b' c", &["a \"b", "c"]),
            ("a\\ b \"c\\\"d\"", &["a b", "c\"d"]),
            ("\"\" x", &["", "x"]),
            ("\"open a", &["open a"]),
            ("x\\", &["x"]),
        ];
        for (line, want) in cases {
            assert_eq!(split(line), want, "{line}");
        }
    }
}
