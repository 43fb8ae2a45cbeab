//! The walls between the rooms of the source, held: which room may use which, which crate belongs where, and how long
//! a file may be. The table of rooms is the one in `src/lib.rs`: there it is read by people, here by this test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that are not in the table because they are the outside of the house.
const OUTSIDE: [(&str, &str); 6] =
    [("main", "cli log command"), ("lib", "*"), ("command", "*"), ("cli", ""), ("build", ""), ("fuzz", "*")];

/// A crate (or a prefix of crates) and the rooms in which it may be named.
const CRATES: [(&str, &[&str]); 8] = [
    ("netlink_", &["kernel", "poll"]),
    ("nix", &["kernel", "poll", "state", "log", "journal", "lean_libc"]),
    ("dhcproto", &["proto"]),
    ("hickory", &["proto"]),
    ("smoltcp", &["proto"]),
    ("argh", &["cli"]),
    ("serde_json", &["command", "state"]),
    ("serde", &["command", "state"]),
];

/// Lines that a file of the program may have; a longer one hides a second thought.
const LONGEST_FILE: usize = 400;

/// Every source file: the room it is in, its path, and its code without tests and comments.
fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let room = |path: &Path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    files.into_iter().map(|path| (room(&path), path.clone(), code(&fs::read_to_string(&path).unwrap()))).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_str().unwrap();
        if path.is_dir() {
            if name != "tests" {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") {
            files.push(path);
        }
    }
}

/// The text up to the tests beside the code, without comments.
fn code(text: &str) -> String {
    let kept = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let line = |line: &str| line.split("//").next().unwrap().trim_end().to_owned();
    kept.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// `room -> rooms it may use`, from the table in `src/lib.rs`; `*` stands for all of them.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | [`")) {
        let (room, rest) = row.split_once("`]").unwrap();
        let uses = rest.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let uses = if uses.contains("all of them") { "*".to_owned() } else { uses.replace(['`', ',', '[', ']'], " ") };
        rooms.insert(room.to_owned(), uses.split_whitespace().map(str::to_owned).collect());
    }
    assert!(rooms.len() >= 8, "the table of rooms in src/lib.rs was not found: {rooms:?}");
    for (room, uses) in OUTSIDE {
        rooms.insert(room.to_owned(), uses.split_whitespace().map(str::to_owned).collect());
    }
    rooms
}

/// The first names after `crate::` (or `sunup::` in main.rs), also in braces: `crate::{plan::X, kernel}`.
fn used_rooms(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for prefix in ["crate::", "sunup::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            match rest.strip_prefix('{') {
                Some(list) => used.extend(first_names(list)),
                None => used.extend([name(rest)]),
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first name of each item of a braced list, up to its closing brace.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0_i32, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && (c.is_alphanumeric() || c == '_') => {
                names.push(name(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// Whether the code names the crate (as a path), or one that begins with it if it ends in `_`.
fn names_crate(code: &str, wanted: &str) -> bool {
    code.match_indices(wanted).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + wanted.len()..];
        let whole = wanted.ends_with('_') || after.starts_with("::") || after.starts_with(';');
        let start = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"');
        start && whole
    })
}

#[test]
fn a_room_uses_only_the_rooms_it_may() {
    let table = table();
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        let Some(may) = table.get(&room) else {
            // A room without a row uses nothing (`log`).
            wrong.extend(used_rooms(&code).into_iter().filter(|used| *used != room).map(|used| (path.clone(), used)));
            continue;
        };
        let known = |used: &String| table.contains_key(used) || fs::exists(format!("src/{used}.rs")).unwrap();
        let refused = |used: &String| *used != room && known(used) && !may.contains("*") && !may.contains(used);
        wrong.extend(used_rooms(&code).into_iter().filter(refused).map(|used| (path.clone(), used)));
    }
    assert!(wrong.is_empty(), "rooms used against the table in src/lib.rs: {wrong:#?}");
}

#[test]
fn a_crate_is_named_only_in_its_rooms() {
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        let outside = CRATES.iter().filter(|(name, rooms)| !rooms.contains(&room.as_str()) && names_crate(&code, name));
        wrong.extend(outside.map(|(name, _)| (path.clone(), *name)));
    }
    assert!(wrong.is_empty(), "crates named outside of their rooms: {wrong:#?}");
}

#[test]
fn few_files_open_the_lint_against_unsafe() {
    const MAY: [&str; 4] = ["src/main.rs", "src/lean_libc.rs", "src/unwind.rs", "kernel/syscall.rs"];
    let opens = |code: &String| code.contains("unsafe {") || code.contains("unsafe_code");
    let paths: Vec<_> = sources().into_iter().filter(|(_, _, code)| opens(code)).map(|(_, path, _)| path).collect();
    assert!(paths.iter().all(|path| MAY.iter().any(|file| path.ends_with(file))), "{paths:?}");
}

#[test]
fn no_file_is_longer_than_one_thought() {
    let long = |(_, path, _): &(String, PathBuf, String)| {
        let text = fs::read_to_string(path).unwrap();
        text.split("\n#[cfg(test)]\nmod ").next().unwrap().lines().count() > LONGEST_FILE
    };
    let paths: Vec<_> = sources().into_iter().filter(long).map(|(_, path, _)| path).collect();
    assert!(paths.is_empty(), "longer than {LONGEST_FILE} lines without tests: {paths:#?}");
}

#[test]
fn the_readers_of_this_test_read_right() {
    let code = code(
        "use crate::{plan::{self, Plan}, kernel};\nuse crate::proto; // crate::run\n\n#[cfg(test)]\nmod tests { use crate::poll; }",
    );
    assert_eq!(used_rooms(&code).into_iter().collect::<Vec<_>>(), ["kernel", "plan", "proto"]);
    assert!(names_crate("use nix::sys;", "nix") && !names_crate("use phoenix::sys;", "nix"));
    assert!(names_crate("fn f() { netlink_sys::Socket }", "netlink_") && !names_crate("my_netlink_x", "netlink_"));
    assert!(!names_crate("crate::serde_json::x", "serde_json"));
}
