use super::*;
use proptest::prelude::*;

fn entry(line: &str) -> Entry {
    KeyFile::parse(format!("[g]\n{line}\n").as_bytes()).unwrap().group("g").unwrap().entries[0].clone()
}

#[test]
fn groups_of_one_name_are_one_and_the_last_key_counts() {
    let file = KeyFile::parse(b"[g]\na=1\na=2\n[h]\nx=1\n[g]\nb=3\n").unwrap();
    let group = file.group("g").unwrap();
    assert_eq!(file.groups().len(), 2);
    assert_eq!(
        group.entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect::<Vec<_>>(),
        [("a", "2"), ("b", "3")]
    );
    assert_eq!((group.line, group.entries[0].line, group.entries[1].line), (1, 3, 7));
}

#[test]
fn white_space_comments_and_carriage_returns_are_as_in_glib() {
    let file = KeyFile::parse(b"\r\n#\xff\n  [g]  \r\n  # x=1\n a \t= \tb \r\n;c=d").unwrap();
    let entries: Vec<_> = file.group("g").unwrap().entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
    assert_eq!(entries, [("a", "b "), (";c", "d")]);
}

#[test]
fn malformed_lines_are_refused_with_their_number() {
    for (text, error) in [
        ("a=b\n", SyntaxError::NoGroup { line: 1 }),
        ("[g]\nnoeq\n", SyntaxError::Line { line: 2 }),
        ("[g]\n=x\n", SyntaxError::Line { line: 2 }),
        ("[g] x\n", SyntaxError::Line { line: 1 }),
        ("[g\n", SyntaxError::Line { line: 1 }),
        ("[g]]\n", SyntaxError::Line { line: 1 }),
        ("\u{feff}[g]\n", SyntaxError::Line { line: 1 }),
        ("[]\n", SyntaxError::GroupName { line: 1 }),
        ("[a\tb]\n", SyntaxError::GroupName { line: 1 }),
        ("[a[b]\n", SyntaxError::GroupName { line: 1 }),
        ("[g]\na[=b\n", SyntaxError::KeyName { line: 2 }),
        ("[g]\na]=b\n", SyntaxError::KeyName { line: 2 }),
        ("[g]\na[x]y=b\n", SyntaxError::KeyName { line: 2 }),
        ("[g]\na[d e]=b\n", SyntaxError::KeyName { line: 2 }),
    ] {
        assert_eq!(KeyFile::parse(text.as_bytes()).err(), Some(error), "{text:?}");
    }
}

#[test]
fn translations_are_left_out() {
    let file = KeyFile::parse(b"[g]\na[de]=1\na=2\n").unwrap();
    assert_eq!(file.group("g").unwrap().entries.len(), 1);
}

#[test]
fn lists_and_escapes_are_as_in_glib() {
    let list = |line: &str| entry(line).list();
    assert_eq!(list("a=b;c").unwrap(), ["b", "c"]);
    assert_eq!(list("a=b;;c;").unwrap(), ["b", "", "c"]);
    assert_eq!(list("a=;").unwrap(), [""]);
    assert!(list("a=").unwrap().is_empty());
    assert_eq!(list("a=\\s b\\s;x\\\\;y\\;").unwrap(), ["  b ", "x\\", "y;"]);
    assert_eq!(list("a=b\\qc"), Err(EscapeError));
    assert_eq!(entry("a=\\sb\\tc\\\\").text().unwrap(), " b\tc\\");
    assert_eq!(entry("a=b\\;c").text(), Err(EscapeError));
    assert_eq!(entry("a=b\\").text(), Err(EscapeError));
}

#[test]
fn a_value_that_is_not_utf8_is_kept_apart() {
    let file = KeyFile::parse(b"[g]\na=\xff\n").unwrap();
    assert_eq!(file.group("g").unwrap().entries[0].text(), Err(EscapeError));
}

proptest! {
    #[test]
    fn no_input_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = KeyFile::parse(&text);
    }

    #[test]
    fn what_is_written_reads_back(texts in proptest::collection::vec("[^\0]{0,12}", 1..5)) {
        let mut file = KeyFile::default();
        file.group_mut("g").set_list("list", &texts);
        file.group_mut("g").set_text("text", &texts[0]);
        let again = KeyFile::parse(file.render().as_bytes()).unwrap();
        let group = again.group("g").unwrap();
        prop_assert_eq!(group.get("list").unwrap().list().unwrap(), texts.clone());
        prop_assert_eq!(&group.get("text").unwrap().text().unwrap(), &texts[0]);
    }
}
