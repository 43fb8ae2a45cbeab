//! The matrix of conformance, `tests/CONFORMANCE.md`, against the tests that there are: every item has a test that is named by it, every
//! test named there exists, and every test that is named by an item stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The items: prefix, how many, and how the names of their tests begin.
const ITEMS: [(&str, usize, &[&str]); 3] = [("4", 21, &["r4_", "rfc_4_"]), ("6", 13, &["r6_"]), ("R", 9, &["r_"])];

/// The item a test is named by, such as `4-01`.
fn item(name: &str) -> Option<String> {
    ITEMS.iter().find_map(|(letter, _, begins)| {
        let rest = begins.iter().find_map(|begin| name.strip_prefix(begin))?;
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        Some(format!("{letter}-{digits}"))
    })
}

fn functions(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = |line: &str| Some(line.trim().strip_prefix("fn ")?.split_once('(')?.0.to_owned());
            found.extend(text.lines().filter_map(name).filter(|name| item(name).is_some()));
        }
    }
}

/// The tests of each item in the matrix: `| 4-01 | what | `test`, `test` |`.
fn matrix(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let [id, _, tests] = cells[..] else { return None };
        item(&format!("r{}", id.replace("R-", "_").replace('-', "_")))?;
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((id.to_owned(), tests))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_matrix_and_the_tests_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let matrix = matrix(&fs::read_to_string(root.join("tests/CONFORMANCE.md")).unwrap());
    let mut there = BTreeSet::new();
    functions(&root.join("src"), &mut there);
    functions(&root.join("tests"), &mut there);
    let mut wrong = Vec::new();
    for (letter, count, _) in ITEMS {
        for number in 1..=count {
            let id = format!("{letter}-{number:02}");
            if matrix.get(&id).is_none_or(BTreeSet::is_empty) {
                wrong.push(format!("{id} has no test"));
            }
        }
    }
    for (id, tests) in &matrix {
        wrong.extend(tests.iter().filter(|name| !there.contains(*name)).map(|name| format!("{id}: no test {name}")));
        wrong.extend(tests.iter().filter(|name| item(name).as_ref() != Some(id)).map(|name| format!("{id}: {name}")));
    }
    let listed: BTreeSet<&String> = matrix.values().flatten().collect();
    wrong.extend(there.iter().filter(|name| !listed.contains(name)).map(|name| format!("not in the matrix: {name}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
