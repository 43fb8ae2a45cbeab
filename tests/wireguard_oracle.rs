//! libnm's importer as the judge of wg-quick files: the same verdicts, lines and values.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use sunup::input::credentials::Secrets;
use sunup::input::keyfile::KeyFile;
use sunup::input::{nmconnection, wgquick};

type Groups = BTreeMap<String, BTreeMap<String, String>>;

/// A running Python with libnm.
struct Oracle(Child);

impl Oracle {
    #[allow(clippy::disallowed_methods)] // A test may start the judge.
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/wireguard.py");
        let mut python = Command::new("/usr/bin/python3");
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(python.spawn().expect("the oracle needs Python: apt install python3-gi gir1.2-nm-1.0"))
    }

    fn ask(&mut self, text: &str) -> Result<Groups, String> {
        let missing = "no answer from libnm; is it installed? apt install python3-gi gir1.2-nm-1.0";
        writeln!(self.0.stdin.as_mut().unwrap(), "{}", json!({ "conf": text, "file": "wg0.conf" })).expect(missing);
        let mut line = String::new();
        BufReader::with_capacity(1, self.0.stdout.as_mut().unwrap()).read_line(&mut line).expect(missing);
        let answer: Value = serde_json::from_str(&line).expect(missing);
        match answer["valid"].as_bool().unwrap() {
            true => Ok(comparable(serde_json::from_value(answer["groups"].clone()).unwrap())),
            false => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without the uuid, which is drawn anew, and without groups that say nothing; networks as such, not as text: libnm leaves out
/// the prefix length of a host if it was not given, and writes `::1.2.3.4`.
fn comparable(mut groups: Groups) -> Groups {
    groups.get_mut("connection").unwrap().remove("uuid");
    groups.retain(|_, keys| !keys.is_empty());
    for (key, value) in groups.values_mut().flatten() {
        if key == "allowed-ips" || key.starts_with("address") {
            *value = value.split(';').map(network).collect::<Vec<_>>().join(";");
        }
    }
    groups
}

fn network(text: &str) -> String {
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    match address.parse::<std::net::IpAddr>() {
        Ok(address) if prefix.is_empty() => format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }),
        Ok(address) => format!("{address}/{prefix}"),
        Err(_) => text.to_owned(),
    }
}

fn ours(text: &str) -> Result<Groups, String> {
    let read = wgquick::read(text.as_bytes(), Path::new("wg0.conf"), &Secrets::INLINE);
    let (profile, _) = read.map_err(|error| error.to_string())?;
    let file = KeyFile::parse(nmconnection::write(&profile).as_bytes()).unwrap();
    let keys = |group: &sunup::input::keyfile::Group| {
        group.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    Ok(comparable(file.groups().iter().map(|group| (group.name.clone(), keys(group))).collect()))
}

/// What stands before the explanation: the verdict and the place.
fn verdict(error: &str) -> String {
    let place = error.find("wg0.conf:").map_or(error.len(), |at| at + "wg0.conf:".len());
    let digits = error[place..].bytes().take_while(u8::is_ascii_digit).count();
    error[..place + digits].to_owned()
}

fn compare(oracle: &mut Oracle, text: &str) -> Result<(), String> {
    match (oracle.ask(text), ours(text)) {
        (Ok(theirs), Ok(ours)) if theirs == ours => Ok(()),
        (Err(theirs), Err(ours)) if verdict(&theirs) == verdict(&ours) => Ok(()),
        (theirs, ours) => Err(format!("libnm: {theirs:#?}\nsunup: {ours:#?}\n{text}")),
    }
}

const KEYS: &[&str] = &[
    "UOgOzWg9SSpo7EwdKiqhVSez9NLMwqPZX9OsH/yCBn4=",
    "1xxpupmW4juuRzPa9g/OJDbBqD+UvXkmNX3z3VK0nHg=",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "1xxpupmW4juuRzPa9g/OJDbBqD+UvXkmNX3z3VK0nHh=",
    "1xxpupmW4juuRzPa9g/OJDbBqD+UvXkmNX3z3VK0nHg",
    "",
    "x",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "25",
    "0x10",
    "010",
    "08",
    "-1",
    "-0",
    "+7",
    "65535",
    "65536",
    "1420",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "off",
    "OFF",
    "auto",
    "main",
    "",
    "1.5",
    "1 2",
    "0x",
    "off#x",
    "1e3",
];
const NETS: &[&str] = &[
    "10.9.0.2/24",
    "10.9.0.2",
    "10.9.0.2/32",
    "10.9.0.2/0",
    "0.0.0.0/0",
    "::/0",
    "fd00::2/64",
    "fd00::2",
    "FD00::0002/64",
    "10.9.0.2/33",
    "::/129",
    "10.9.0.2/255.255.255.0",
    "10.9.0/24",
    "010.9.0.2/24",
    "fe80::1%eth0/64",
    "::ffff:1.2.3.4/120",
    "",
    "x",
    "10.9.0.2/",
    "10.9.0.2/+24",
    "+10.0.0.0/8",
    "10.9.0.2/ 24",
    "1.2.3.4/8/8",
    "::1.2.3.4",
];
const SERVERS: &[&str] =
    &["1.1.1.1", "fd00::1", "a.example", "corp", "", "~", "1.1.1", "dns+tls://1.1.1.1", "_x", "1.1.1.1#a"];
const ENDPOINTS: &[&str] = &[
    "198.51.100.7:51820",
    "[2001:db8::7]:51820",
    "2001:db8::7:51820",
    "vpn.example:51820",
    "vpn.example",
    "vpn.example:0",
    "vpn.example:65536",
    "vpn.example:65535",
    ":1",
    "[]:1",
    "[a]b:1",
    "[a:1",
    "a]:1",
    "a:01",
    "a:+1",
    "a:0x1",
    "a b:1",
    "",
    "[x]:1:2",
];
const ANY: &[&str] = &["", "iptables -A INPUT", "true", "false", "True", "a=b", "[x]"];

fn values(key: &'static str) -> BoxedStrategy<String> {
    let list = |items: &'static [&'static str]| {
        proptest::collection::vec(select(items), 1..4).prop_map(|items| items.join(", ")).boxed()
    };
    match key {
        "PrivateKey" | "PublicKey" | "PresharedKey" => {
            prop_oneof![4 => select(&KEYS[..3]), 1 => select(KEYS)].prop_map(str::to_owned).boxed()
        }
        "Address" | "AllowedIPs" => prop_oneof![6 => list(&NETS[..8]), 1 => list(NETS)].boxed(),
        "DNS" => list(SERVERS),
        "Endpoint" => prop_oneof![4 => select(&ENDPOINTS[..4]), 1 => select(ENDPOINTS)].prop_map(str::to_owned).boxed(),
        "MTU" | "Table" | "FwMark" | "ListenPort" | "PersistentKeepalive" => {
            prop_oneof![4 => select(&NUMBERS[..3]), 1 => select(NUMBERS)].prop_map(str::to_owned).boxed()
        }
        _ => select(ANY).prop_map(str::to_owned).boxed(),
    }
}

const INTERFACE: &[&str] = &[
    "PrivateKey",
    "Address",
    "Address",
    "DNS",
    "DNS",
    "MTU",
    "Table",
    "FwMark",
    "ListenPort",
    "PreUp",
    "PostUp",
    "PreDown",
    "PostDown",
    "SaveConfig",
    "address",
    "PRIVATEKEY",
];
const PEER: &[&str] =
    &["PublicKey", "PresharedKey", "AllowedIPs", "AllowedIPs", "Endpoint", "PersistentKeepalive", "allowedips"];

fn section(header: &'static str, keys: &'static [&'static str], always: Option<&'static str>) -> BoxedStrategy<String> {
    let line = select(keys).prop_flat_map(|key| {
        let canonical = match key {
            "address" => "Address",
            "PRIVATEKEY" => "PrivateKey",
            "allowedips" => "AllowedIPs",
            key => key,
        };
        values(canonical).prop_map(move |value| format!("{key} = {value}\n"))
    });
    let rubbish = select(&["# comment\n", "\n", "Unknown = 1\n", "; x\n", "[Interface]\n", "Address\n", " \t\r\n"][..]);
    let line = prop_oneof![12 => line, 1 => rubbish.prop_map(str::to_owned)];
    let name =
        always.map_or(Just(String::new()).boxed(), |key| values(key).prop_map(move |v| format!("{key}={v}\n")).boxed());
    (name, proptest::collection::vec(line, 0..6))
        .prop_map(move |(name, lines)| format!("{header}\n{name}{}", lines.concat()))
        .boxed()
}

fn file() -> impl Strategy<Value = String> {
    let peer = || section("[Peer]", PEER, Some("PublicKey"));
    (section("[Interface]", INTERFACE, None), proptest::collection::vec(peer(), 0..3))
        .prop_map(|(interface, peers)| format!("{interface}{}", peers.concat()))
}

#[test]
fn the_importer_agrees_on_every_single_value() {
    let mut oracle = Oracle::start();
    let lists: [(&str, &[&str]); 11] = [
        ("PrivateKey", KEYS),
        ("Address", NETS),
        ("DNS", SERVERS),
        ("MTU", NUMBERS),
        ("Table", NUMBERS),
        ("FwMark", NUMBERS),
        ("ListenPort", NUMBERS),
        ("SaveConfig", ANY),
        ("PostUp", ANY),
        ("PrivateKeyFile", ANY),
        ("PrivateKey", &["@name"]),
    ];
    let interface = lists.iter().flat_map(|(key, values)| {
        values.iter().map(move |value| format!("[Interface]\nAddress=10.0.0.1\n{key}={value}\n"))
    });
    let lists: [(&str, &[&str]); 6] = [
        ("PublicKey", KEYS),
        ("PresharedKey", KEYS),
        ("AllowedIPs", NETS),
        ("AllowedIPs", &["+10.0.0.0/8", "a,", ",", "::/0,::/0"]),
        ("Endpoint", ENDPOINTS),
        ("PersistentKeepalive", NUMBERS),
    ];
    let peer = lists.iter().flat_map(|(key, values)| {
        values.iter().map(move |value| format!("[Peer]\nPublicKey={}\n{key}={value}\n", KEYS[1]))
    });
    let cases: Vec<String> = interface.chain(peer).collect();
    let wrong: Vec<String> = cases.iter().filter_map(|text| compare(&mut oracle, text).err()).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_importer_agrees_on_generated_files() {
    let oracle = std::cell::RefCell::new(Oracle::start());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1500);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&file(), |text| compare(&mut oracle.borrow_mut(), &text).map_err(TestCaseError::fail));
    if let Err(error) = result {
        panic!("{error}");
    }
}
