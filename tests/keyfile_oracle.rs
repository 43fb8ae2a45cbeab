//! libnm as the judge: it and sunup must agree on which keyfiles are profiles, and on what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};
use sunup::input::nmconnection::{read, write};
use sunup::profile::Profile;

mod keyfile_cases;

/// A running Python with libnm. One process answers all questions of a test.
struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    #[allow(clippy::disallowed_methods)] // A test may start the judge.
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/keyfile.py");
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle needs Python: apt install python3-gi gir1.2-nm-1.0");
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// What libnm makes of a text: its groups and keys as it would write them, or why it refuses.
    fn ask(&mut self, text: &str) -> Result<Value, String> {
        let missing = "no answer from libnm; is it installed? apt install python3-gi gir1.2-nm-1.0";
        writeln!(self.input, "{}", json!({ "text": text })).expect(missing);
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).expect(missing) > 0, "{missing}");
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer["valid"].as_bool().unwrap() {
            true => Ok(without_empty(answer["groups"].clone())),
            false => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

/// A group without keys says nothing.
fn without_empty(mut groups: Value) -> Value {
    groups.as_object_mut().unwrap().retain(|_, keys| !keys.as_object().unwrap().is_empty());
    groups
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What libnm 1.42 refuses and the newest one accepts, as sunup does.
const NEWER: &[&str] = &["this property cannot be empty for 'method=manual'"];

fn path() -> &'static Path {
    Path::new("/etc/NetworkManager/system-connections/oracle.nmconnection")
}

/// Without what depends on the file it was read from.
fn settings(mut profile: Profile) -> Profile {
    profile.raw = None;
    profile
}

/// Holds sunup's reading and writing of one text against libnm's.
fn compare(oracle: &mut Oracle, text: &str) -> Result<(), String> {
    let theirs = oracle.ask(text);
    let ours = read(text.as_bytes(), path());
    let (profile, theirs) = match (ours, theirs) {
        (Ok((profile, _)), Ok(theirs)) => (profile, theirs),
        (Err(_), Err(_)) => return Ok(()),
        (Ok(_), Err(why)) if NEWER.iter().any(|text| why.contains(text)) => return Ok(()),
        (Ok(_), Err(why)) => return Err(format!("libnm refuses it: {why}")),
        // libnm 1.42 passes a server with a zone over, the newest knows it: then it is one too many here.
        (Err(why), Ok(_)) if why.to_string().contains("has no name servers") && text.contains('%') => return Ok(()),
        (Err(why), Ok(_)) => return Err(format!("sunup refuses it: {why}")),
    };
    let written = write(&profile);
    let again = oracle.ask(&written).map_err(|why| format!("libnm refuses what sunup wrote: {why}\n{written}"))?;
    if again != theirs {
        return Err(format!("libnm reads {theirs}\nand of what sunup wrote {again}\n{written}"));
    }
    let (reread, _) =
        read(written.as_bytes(), path()).map_err(|why| format!("sunup refuses its own: {why}\n{written}"))?;
    if settings(reread.clone()) != settings(profile.clone()) {
        return Err(format!("reading back gives {reread:?}\nnot {profile:?}\n{written}"));
    }
    Ok(())
}

#[test]
fn libnm_agrees_on_the_cases() {
    let mut oracle = Oracle::start();
    let cases = keyfile_cases::CASES;
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, text)| compare(&mut oracle, text).err().map(|why| format!("## {name}\n{text}\n{why}\n")))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A keyfile of one type: for each section a few keys, each with one of the values that its kind of key may come with.
fn keyfile() -> impl Strategy<Value = String> {
    let types = keyfile_cases::TYPES;
    (0..types.len()).prop_flat_map(move |index| {
        let (name, sections) = types[index];
        let groups: Vec<_> = keyfile_cases::COMMON.iter().chain(sections).map(group).collect();
        groups.prop_map(move |groups| {
            let head = format!("[connection]\nid=x\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype={name}\n");
            head + &groups.concat()
        })
    })
}

fn group(
    (name, keys): &'static (&'static str, &'static [(&'static str, &'static [&'static str])]),
) -> BoxedStrategy<String> {
    let keys: Vec<_> = keys
        .iter()
        .map(|(key, values)| {
            let value = proptest::sample::select(values.to_vec());
            proptest::option::weighted(0.25, value).prop_map(move |value| value.map(|value| format!("{key}={value}\n")))
        })
        .collect();
    let always = matches!(*name, "connection");
    let text = (proptest::bool::weighted(0.6), keys).prop_map(move |(present, keys)| {
        let keys: String = keys.into_iter().flatten().collect();
        if present || always { format!("[{name}]\n{keys}") } else { String::new() }
    });
    text.boxed()
}

/// Differences that are reported; the run goes on so far.
const ENOUGH: usize = 40;

/// The text without the lines that the difference does not need.
fn shrink(text: &str, differs: &mut impl FnMut(&str) -> bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    // The head stays: a made up uuid would differ by itself.
    let mut at = 4;
    while at < lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        if differs(&(fewer.join("\n") + "\n")) {
            lines = fewer;
        } else {
            at += 1;
        }
    }
    lines.join("\n") + "\n"
}

/// Holds `judge` against generated keyfiles: PROPTEST_CASES of them (600), from PROPTEST_RNG_SEED. All that differ are shown
/// at once, each as small as it gets; of those that need the same keys one.
fn hold(mut judge: impl FnMut(&str) -> Result<(), String>) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::default());
    let strategy = keyfile();
    let mut found = std::collections::BTreeMap::new();
    for _ in 0..cases {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        if judge(&text).is_ok() {
            continue;
        }
        let small = shrink(&text, &mut |text| judge(text).is_err());
        let keys: Vec<_> = small.lines().skip(4).filter_map(|line| line.split('=').next()).collect();
        found.entry(keys.join("\n")).or_insert_with(|| format!("{small}{}", judge(&small).unwrap_err()));
        if found.len() >= ENOUGH {
            break;
        }
    }
    let all: Vec<&str> = found.values().map(String::as_str).collect();
    assert!(all.is_empty(), "{} differences:\n\n{}", all.len(), all.join("\n\n"));
}

#[test]
fn libnm_agrees_on_generated_keyfiles() {
    let mut oracle = Oracle::start();
    hold(|text| compare(&mut oracle, text));
}

/// The newest spelling of keys that the oracle knows by their old one: the same profile.
#[test]
fn new_spellings_say_the_same() {
    const SPELLINGS: [(&str, &str); 3] =
        [("\nmaster=", "\ncontroller="), ("\nslave-type=", "\nport-type="), ("-blacklist=", "-denylist=")];
    hold(|text| {
        let new = SPELLINGS.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
        match (read(text.as_bytes(), path()), read(new.as_bytes(), path())) {
            (Err(_), Err(_)) => Ok(()),
            (Ok((old, _)), Ok((new, _))) if settings(old.clone()) == settings(new.clone()) => Ok(()),
            (old, new) => Err(format!("{old:?}\nis not {new:?}")),
        }
    });
}

/// Reading never panics, whatever the bytes; what is read is written and read again as the same.
#[test]
fn any_bytes_are_read() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let words = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..4096),
        "\\[(connection|ipv4|ipv6|match|vlan|wireguard)\\]\n([a-z0-9-]{1,12}=[ -~]{0,20}\n){0,9}"
            .prop_map(String::into_bytes),
        (keyfile(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ];
    proptest!(config, |(bytes in words)| {
        if let Ok((profile, _)) = read(&bytes, path()) {
            let written = write(&profile);
            let (again, _) = read(written.as_bytes(), path()).map_err(|why| TestCaseError::fail(format!("{why}\n{written}")))?;
            prop_assert_eq!(settings(again), settings(profile), "{}", written);
        }
    });
}
