//! What holds for any line, sensible or not.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::profile::Method4;
use crate::profile::Method6;

/// A machine without any device or table.
fn empty() -> Environment<'static> {
    Environment { sysfs: Path::new("/nonexistent"), persistent_profiles: false, machine_id: None }
}

/// Lines of words of the shapes we know, sensible or not.
fn line() -> impl Strategy<Value = String> {
    let names: Vec<&str> = table::PARAMETERS.iter().map(|parameter| parameter.name).collect();
    let piece = prop::sample::select(vec![
        "eth0",
        "bond0",
        "br0",
        "vlan5",
        "eth0.7",
        "ib0",
        "ib0.8004",
        "dhcp",
        "dhcp6",
        "none",
        "auto",
        "ibft",
        "off",
        "1",
        "0",
        "24",
        "192.0.2.2",
        "192.0.2.0/24",
        "[2001:db8::2]",
        "52-54-00-12-34-56",
        "52:54:00:12:34:56",
        "mode=1",
        "mode=802.3ad,primary=eth0",
        "qeth,0.0.1,0.0.2,0.0.3,layer2=1",
        "0.0.1,0.0.2,0.0.3",
        "",
        "infinity",
        "@x",
        "01-02",
        "nfs:",
        "ö",
        "[",
        "]",
        ",",
        "%",
        "\"",
    ]);
    let value = prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.join(":"));
    let word = prop_oneof![
        8 => (prop::sample::select(names), value).prop_map(|(name, value)| format!("{name}={value}")),
        1 => ".{0,20}",
    ];
    prop::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..1024)) {
        let line = CommandLine::parse(&bytes);
        explain(&line, &empty());
        prop_assert_eq!(CommandLine::parse(line.to_string().as_bytes()).texts(), line.texts());
    }

    #[test]
    fn any_line_makes_profiles_that_a_daemon_accepts(text in line()) {
        let line = CommandLine::parse(text.as_bytes());
        let reading = super::read(&line, &empty());
        prop_assert_eq!(&super::read(&line, &empty()), &reading);
        for profile in &reading.profiles {
            let name = profile.interface_name.as_deref().unwrap_or("x");
            prop_assert!(lex::is_interface_name(name), "{:?}", name);
            prop_assert_eq!(profile.controller.is_some(), profile.ipv4.is_none());
            for (ip, method) in profile.ipv4.iter().map(|ip| (&ip.ip, ip.method == Method4::Manual))
                .chain(profile.ipv6.iter().map(|ip| (&ip.ip, ip.method == Method6::Manual))) {
                prop_assert!(ip.gateway.is_none() || !ip.addresses.is_empty());
                prop_assert!(!method || !ip.addresses.is_empty());
            }
        }
        let mut stems: Vec<&str> = reading.profiles.iter().map(|profile| profile.file_stem.as_str()).collect();
        stems.sort_unstable();
        stems.dedup();
        prop_assert_eq!(stems.len(), reading.profiles.len());
    }
}
