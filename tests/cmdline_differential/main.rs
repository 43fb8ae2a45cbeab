//! `sunup generate` against the nm-initrd-generator of this machine, on generated command lines of every argument it knows,
//! sensible ones and garbage.
//!
//! Whatever sunup calls no error must be read alike, but for two tables in `gaps`: what version 1.42 cannot do yet, and our
//! deviations without a warning. SUNUP_GENERATOR names another generator, a newer one, which the first table is not for; without
//! any the test says so and proves nothing. A campaign: `PROPTEST_CASES=50000 cargo test --test cmdline_differential`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use sunup::input::cmdline::{self, CommandLine, Environment};
use sunup::profile::Origin;

use gaps::{DEVIATIONS, GAPS_OF_1_42, Gap};

mod gaps;
#[rustfmt::skip]
mod words;

const GENERATORS: [&str; 2] = ["/usr/libexec/nm-initrd-generator", "/usr/lib/NetworkManager/nm-initrd-generator"];

/// What DHCP settings are called: 1.42 writes them also where there is no DHCP.
const DHCP_KEYS: [&str; 4] = ["dhcp-timeout", "dhcp-hostname", "dhcp-client-id", "dhcp-vendor-class-identifier"];

/// Values that mean the same as nothing.
const DEFAULTS: [(&str, &str); 7] = [
    ("ethernet.auto-negotiate", "false"),
    ("ethernet.mtu", "0"),
    ("vlan.flags", "1"),
    ("ipv6.addr-gen-mode", "default-or-eui64"),
    ("ipv6.addr-gen-mode", "2"),
    ("connection.wait-device-timeout", "-1"),
    ("ipv4.required-timeout", "-1"),
];

/// All that a generator wrote: `FILE SECTION.KEY` and its value.
type Written = BTreeMap<String, String>;

/// Runs a generator in an empty directory.
fn run(generator: &[&Path], words: &[String]) -> Written {
    let top = std::env::temp_dir().join(format!("sunup-differential-{}-{}", std::process::id(), generator.len()));
    let _ = fs::remove_dir_all(&top);
    fs::create_dir_all(&top).unwrap();
    let mut command = Command::new(generator[0]);
    command.args(&generator[1..]).env("LC_ALL", "C");
    for (flag, directory) in [("-c", "c"), ("-i", "i"), ("-r", "r"), ("-d", "sys"), ("-p", "none")] {
        command.arg(flag).arg(top.join(directory));
    }
    let output = command.arg("--").args(words).output().unwrap();
    assert!(output.status.success(), "{generator:?} {words:?}: {output:?}");
    let written = read(&top);
    fs::remove_dir_all(&top).unwrap();
    written
}

/// Reads what was written, in normal form.
fn read(top: &Path) -> Written {
    let mut written = Written::new();
    let mut ids = BTreeMap::new();
    for directory in ["c", "i", "r"] {
        let files = fs::read_dir(top.join(directory)).into_iter().flatten();
        let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in files {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let keys = keys(&fs::read_to_string(&path).unwrap());
            if let Some(uuid) = keys.get("connection.uuid") {
                ids.insert(uuid.clone(), keys["connection.id"].clone());
            }
            written.extend(keys.into_iter().map(|(key, value)| (format!("{directory}/{name} {key}"), value)));
        }
    }
    written.retain(|key, _| !key.ends_with(" connection.uuid"));
    written.into_iter().map(|(key, value)| (key, ids.get(&value).cloned().unwrap_or(value))).collect()
}

/// The keys of one file, without what means nothing.
fn keys(text: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut section = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or(("text", line));
        let value = value.trim_end_matches(';').to_lowercase();
        if let Some((address, gateway)) = value.split_once(',').filter(|_| key.starts_with("address")) {
            keys.insert(format!("{section}.gateway"), gateway.to_owned());
            keys.insert(format!("{section}.{key}"), address.to_owned());
        } else {
            keys.insert(format!("{section}.{key}"), value);
        }
    }
    for (family, automatic) in [("ipv4", &["auto"][..]), ("ipv6", &["auto", "dhcp"])] {
        let dhcp = keys.get(&format!("{family}.method")).is_some_and(|method| automatic.contains(&method.as_str()));
        keys.retain(|key, _| dhcp || !DHCP_KEYS.iter().any(|name| *key == format!("{family}.{name}")));
    }
    keys.retain(|key, value| !DEFAULTS.contains(&(key.as_str(), value.as_str())));
    keys
}

/// The words of a line that both must read alike: `gaps` left out, and what sunup calls an error.
fn plain(mut words: Vec<String>, gaps: &[&[Gap]]) -> Vec<String> {
    loop {
        let line = words.clone();
        words.retain(|word| !gaps.iter().copied().flatten().any(|gap| (gap.touches)(word, &line)));
        let command_line = CommandLine::from_words(&words);
        let environment =
            Environment { sysfs: Path::new("/nonexistent"), persistent_profiles: false, machine_id: None };
        let remarks = cmdline::read(&command_line, &environment).remarks;
        let wrong = |column: usize| {
            let is = |origin: &Origin| matches!(origin, Origin::CommandLine { column: at, .. } if *at == column);
            remarks.iter().any(|remark| remark.is_error && is(&remark.warning.origin))
        };
        let kept: Vec<String> =
            command_line.words.iter().filter(|word| !wrong(word.column)).map(|word| word.text.clone()).collect();
        if kept.len() == line.len() {
            return kept;
        }
        words = kept;
    }
}

/// What each says that the other does not.
fn differences(ours: &Written, theirs: &Written) -> Vec<String> {
    let only = |who: &str, a: &Written, b: &Written| -> Vec<String> {
        a.iter()
            .filter(|(key, value)| b.get(*key) != Some(*value))
            .map(|(key, value)| format!("{who}: {key}={value}"))
            .collect()
    };
    [only("sunup", ours, theirs), only("generator", theirs, ours)].concat()
}

#[test]
fn sunup_writes_what_networkmanagers_generator_writes() {
    let named = std::env::var_os("SUNUP_GENERATOR").map(PathBuf::from);
    let gaps: &[&[Gap]] = if named.is_some() { &[DEVIATIONS] } else { &[DEVIATIONS, GAPS_OF_1_42] };
    let Some(generator) = named.or_else(|| GENERATORS.iter().map(PathBuf::from).find(|path| path.exists())) else {
        eprintln!("NOTHING PROVED: no nm-initrd-generator on this machine (package network-manager)");
        return;
    };
    let sunup = [Path::new(env!("CARGO_BIN_EXE_sunup")), Path::new("generate")];
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let (all, compared) = (Cell::new(0_usize), Cell::new(0_usize));
    let result = runner.run(&prop::collection::vec(words::word(), 1..8), |words| {
        all.set(all.get() + words.len());
        let words = plain(words, gaps);
        compared.set(compared.get() + words.len());
        if words.is_empty() {
            return Ok(());
        }
        let (theirs, ours) = (run(&[&generator], &words), run(&sunup, &words));
        prop_assert_eq!(differences(&ours, &theirs), Vec::<String>::new(), "{:?}", words);
        Ok(())
    });
    let (all, compared) = (all.get(), compared.get());
    eprintln!("{compared} of {all} words compared with {}", generator.display());
    if let Err(error) = result {
        let known: Vec<&str> = gaps.iter().copied().flatten().map(|gap| gap.what).collect();
        panic!("{error}\nleft out: {known:#?}");
    }
    assert!(compared * 5 > all * 2, "{compared} of {all} words compared: the lines prove too little");
}
