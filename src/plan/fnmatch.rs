//! Shell wildcards as fnmatch(3) with flags 0 has them in the C locale (POSIX.1-2017, XCU 2.13).
//!
//! Our own, because libc's differ where it matters: musl and glibc disagree on escapes inside brackets, and the
//! same profile must take the same link in an initramfs built with either.

/// True if the whole of `text` matches `pattern`.
///
/// `*` any bytes (also `/` and a leading dot), `?` one byte, `[abc]`, `[a-z]`, `[!a]`, `[^a]`, `[[:digit:]]`, `\` takes
/// the special meaning from the next byte. A `[` that is never closed stands for itself; a `\` at the end and an unknown
/// character class match nothing.
pub fn fnmatch(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), text.as_bytes());
    // Where to go on when the bytes after the last `*` do not fit: that `*` then takes one byte more.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, text));
            pattern = rest;
            continue;
        }
        let Some((&byte, after)) = text.split_first() else {
            return pattern.is_empty();
        };
        if let Some(rest) = one(pattern, byte) {
            (pattern, text) = (rest, after);
            continue;
        }
        let Some((rest, [_, longer @ ..])) = star else {
            return false;
        };
        star = Some((rest, longer));
        (pattern, text) = (rest, longer);
    }
}

/// Matches one byte: the pattern behind what matched it, or `None`.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'\\', literal, rest @ ..] => (*literal == byte).then_some(rest),
        [b'\\'] | [] => None,
        [b'[', set @ ..] => match bracket(set, byte) {
            Bracket::Closed { holds, rest } => holds.then_some(rest),
            Bracket::Unclosed => (byte == b'[').then_some(set),
            Bracket::Invalid => None,
        },
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
    }
}

/// What a bracket expression says about one byte.
enum Bracket<'a> {
    /// It is well formed; `rest` follows its `]`.
    Closed { holds: bool, rest: &'a [u8] },
    /// There is no `]`.
    Unclosed,
    /// It names a character class that does not exist.
    Invalid,
}

/// Evaluates what follows a `[`.
fn bracket(set: &[u8], byte: u8) -> Bracket<'_> {
    let (negated, mut rest) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let (mut found, mut first) = (false, true);
    loop {
        match rest {
            [b']', rest @ ..] if !first => return Bracket::Closed { holds: found != negated, rest },
            _ => match member(rest) {
                // glibc does not look at the names of classes once a member has matched.
                Some((Member::Unknown, _)) if !found => return Bracket::Invalid,
                Some((member, after)) => {
                    found |= member.has(byte);
                    rest = after;
                }
                None => return Bracket::Unclosed,
            },
        }
        first = false;
    }
}

/// One member of a bracket expression.
enum Member<'a> {
    /// `a-z`, or a single byte.
    Range(u8, u8),
    /// `[:digit:]`.
    Class(&'a [u8]),
    /// `[:nonsense:]`, and what glibc takes for a range or a symbol that the pattern's end cuts off.
    Unknown,
}

impl Member<'_> {
    fn has(&self, byte: u8) -> bool {
        match self {
            Self::Range(low, high) => (*low..=*high).contains(&byte),
            Self::Class(name) => class(name).is_some_and(|holds| holds(&byte)),
            Self::Unknown => false,
        }
    }
}

/// Reads one member; `None` at the end of the pattern.
fn member(set: &[u8]) -> Option<(Member<'_>, &[u8])> {
    if let Some((name, rest)) = named(set, b':')
        && name.iter().all(u8::is_ascii_lowercase)
    {
        let member = if class(name).is_some() { Member::Class(name) } else { Member::Unknown };
        return Some((member, rest));
    }
    if let Some(([byte], rest)) = named(set, b'=') {
        return Some((Member::Range(*byte, *byte), rest));
    }
    let (low, rest) = endpoint(set)?;
    match rest {
        [b'-'] => Some((Member::Unknown, &[])),
        _ if set.starts_with(b"[.") && named(set, b'.').is_none() => Some((Member::Unknown, rest)),
        [b'-', end, ..] if *end != b']' => {
            let (high, rest) = endpoint(rest.get(1..)?)?;
            Some((Member::Range(low, high), rest))
        }
        _ => Some((Member::Range(low, low), rest)),
    }
}

/// Reads one byte of a bracket expression: `a`, `\a` or `[.a.]`.
fn endpoint(set: &[u8]) -> Option<(u8, &[u8])> {
    if let Some(([byte], rest)) = named(set, b'.') {
        return Some((*byte, rest));
    }
    match set {
        [b'\\', byte, rest @ ..] => Some((*byte, rest)),
        [b'\\'] | [] => None,
        [byte, rest @ ..] => Some((*byte, rest)),
    }
}

/// Reads `[:name:]` (or with another mark): the name, and what follows.
fn named(set: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let inner = set.strip_prefix(b"[")?.strip_prefix(&[mark])?;
    let end = inner.windows(2).position(|pair| pair == [mark, b']'])?;
    Some((inner.get(..end)?, inner.get(end.checked_add(2)?..)?))
}

/// The character classes of the C locale.
fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |b| b.is_ascii_graphic() || *b == b' ',
        b"punct" => u8::is_ascii_punctuation,
        // isspace(3) has the vertical tab, which Rust's ASCII white space has not.
        b"space" => |b| b.is_ascii_whitespace() || *b == 0x0b,
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fnmatch;

    #[test]
    fn each_construct_means_what_posix_says() {
        let yes = [
            ("", ""),
            ("*", ""),
            ("*", "a/b"),
            ("*b", ".ab"),
            ("a*b*c", "a/x/b.c.c"),
            ("?x", "ax"),
            ("[abc]x", "bx"),
            ("[!a]x", "bx"),
            ("[^a]x", "bx"),
            ("[]a]", "]"),
            ("[!]a]", "b"),
            ("[a-c-]", "-"),
            ("[--0]", "."),
            ("[[:digit:]]", "7"),
            ("eth[[:digit:][:upper:]]", "ethX"),
            ("[[.-.]]", "-"),
            ("[[=a=]]", "a"),
            ("[\\]]", "]"),
            ("\\*", "*"),
            ("\\[a\\]", "[a]"),
            ("[", "["),
            ("[a", "[a"),
            ("x[a*", "x[abc"),
        ];
        for (pattern, text) in yes {
            assert!(fnmatch(pattern, text), "{pattern} should match {text}");
        }
        let no = [
            ("", "a"),
            ("?", ""),
            ("a", "A"),
            ("*a", "ab"),
            ("{a,b}", "a"),
            ("[!a]", "a"),
            ("[z-a]", "m"),
            ("[[:nonsense:]]", "a"),
            ("a\\", "a\\"),
            ("\\*", "x"),
            ("[[:digit:]", "7"),
        ];
        for (pattern, text) in no {
            assert!(!fnmatch(pattern, text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        assert!(!fnmatch(&"*a".repeat(200), &"a".repeat(199)));
        assert!(!fnmatch(&format!("{}b", "*a".repeat(100)), &"a".repeat(4000)));
    }

    /// `tests/plan/fnmatch` writes such lines: pattern, text, and the verdict of the C library's fnmatch(3).
    #[test]
    fn the_c_library_agrees() {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/fnmatch.jsonl");
        let path = std::env::var("SUNUP_FNMATCH").unwrap_or_else(|_| kept.to_owned());
        let lines = std::fs::read_to_string(path).unwrap();
        let wrong: Vec<&str> = lines
            .lines()
            .filter(|line| {
                let (pattern, text, verdict): (String, String, bool) = serde_json::from_str(line).unwrap();
                fnmatch(&pattern, &text) != verdict
            })
            .collect();
        assert!(lines.lines().count() > 1000);
        assert!(wrong.is_empty(), "{} wrong, such as {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    }
}
