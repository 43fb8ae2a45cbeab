//! `sunup generate` against the nm-initrd-generator of this machine, on generated command lines.
//!
//! The lines keep to what both must read alike: our deviations (`sunup help cmdline`) and what version 1.42 cannot do yet
//! are left out, or made equal in `Profiles::read`. SUNUP_GENERATOR names another generator; without any the test says so
//! and proves nothing.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;

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

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    select(of)
}

/// `ip=`, in all forms. A name server is of a family that is in use, a gateway of that of the address.
fn ip() -> impl Strategy<Value = String> {
    let link = || one(&["eth0", "eth1", "ens3", "bond0", "br0", "vlan7", "52-54-00-12-34-56", ""]);
    let method = || {
        one(&["dhcp", "on", "any", "auto", "single-dhcp", "dhcp,dhcp6", "auto6,dhcp", "dhcp,,dhcp6", "dhcp6", "auto6"])
    };
    let tail = || {
        one(&[
            "",
            "",
            ":1500",
            ":x",
            ":0",
            "::00:53:00:00:00:01",
            ":9000:00-53-00-00-00-02",
            ":1500:random",
            "::stable",
        ])
    };
    let v4 = (
        one(&["192.0.2.2", "10.0.0.1", "172.16.5.4", "224.0.0.5", "203.0.113.9/25", "1.2.3.4/0"]),
        one(&["", "192.0.2.9"]),
        one(&["", "192.0.2.1", "0.0.0.0", "junk"]),
        one(&["", "24", "255.255.255.0", "255.0.255.0", "0.0.0.0"]),
        host(),
        link(),
        one(&[
            "",
            ":none",
            ":off",
            ":dhcp",
            ":none:192.0.2.53",
            ":off:192.0.2.53:192.0.2.54",
            ":on:[2001:db8::53]:9.9.9.9:x",
            ":dhcp:1400",
        ]),
    );
    let v6 = (
        one(&["[2001:db8::2]", "[fd00::1]", "[fd00::1/48]"]),
        one(&["", "[2001:db8::1]", "[fe80::1]"]),
        one(&["", "56", "128"]),
        host(),
        link(),
        one(&["", ":none", ":off:[2001:db8::53]", ":dhcp", ":auto:9.9.9.9:[2001:db8::53]", ":dhcp6:1400:preserve"]),
    );
    prop_oneof![
        method().prop_map(|method| format!("ip={method}")),
        (link(), method(), tail()).prop_map(|(link, method, tail)| format!("ip={link}:{method}{tail}")),
        (link(), one(&["link6", "none", "off"])).prop_map(|(link, method)| format!("ip={link}:{method}")),
        v4.prop_map(|(client, peer, gateway, mask, host, link, rest)| {
            format!("ip={client}:{peer}:{gateway}:{mask}:{host}:{link}{rest}")
        }),
        v6.prop_map(|(client, gateway, mask, host, link, rest)| format!(
            "ip={client}::{gateway}:{mask}:{host}:{link}{rest}"
        )),
    ]
}

fn host() -> impl Strategy<Value = &'static str> + Clone {
    one(&["", "host1", "h.example.com", "bad_host", "h.", "-a", "1.2.3"])
}

/// `NAME=` and one of these.
fn with(name: &'static str, values: &'static [&'static str]) -> BoxedStrategy<String> {
    one(values).prop_map(move |value| format!("{name}{value}")).boxed()
}

/// Any word that both read alike.
fn word() -> impl Strategy<Value = String> {
    const BONDS: &[&str] = &[
        "",
        "=",
        "=bond0",
        "=bond1:eth1",
        "=bond0:eth0,eth1:mode=1",
        "=bond0:eth0:mode=active-backup,miimon=100:9000",
        "=bond0:eth1:mode=4,lacp_rate=fast",
        "=bond0:eth0:mode=802.3ad,xmit_hash_policy=layer2+3",
        "=bond0:eth0:bogus=1,mode=3",
        "=bond0:eth0:miimon=x:x",
        "=bond0:eth0:mode=9",
        "=bond0:eth0:mode=1,primary=eth0",
        "=bond0:eth0:mode=0,lacp_rate=slow",
        "=bond0:eth0:arp_interval=100,arp_ip_target=10.0.0.1",
        "=bond0:eth0:mode=5,arp_validate=all",
        "=bond0:eth0:tlb_dynamic_lb=1",
        "=bond0:eth0:updelay=5",
        "=bond0:eth0:resend_igmp=256",
        "=bond0:eth0:mode=1,packets_per_slave=5",
        "=bond0:eth0:miimon,=5:1500:y",
    ];
    let known = prop_oneof![
        with("rd.neednet", &["", "=1", "=0", "=x", "="]),
        with("bootdev=", &["eth0", "ens3", "bond0", "52-54-00-12-34-56"]),
        with("nameserver=", &["192.0.2.53", "[2001:db8::53]", "2001:db8::53", "junk", "1.1.1.1,2.2.2.2", ""]),
        with("rd.peerdns=", &["0", "1", "no", "x", ""]),
        with(
            "rd.route=",
            &[
                "192.0.2.0/24:192.0.2.1:eth0",
                "10.0.0.0/8::eth1",
                "[2001:db8:1::/48]:[2001:db8::1]",
                ":192.0.2.1",
                "1.2.3.4:junk:eth0",
                "junk:192.0.2.1",
                "192.0.2.5/24:192.0.2.1:ens3:x",
                "1.2.3.0/33:",
                "192.0.2.0/24:[2001:db8::1]:eth0",
                "::",
            ]
        ),
        with("vlan=", &["vlan7:eth0", "eth0.100:eth0", "v0005:bond0", "eth1.4094:eth1:x"]),
        with("bond", BONDS),
        with("bridge", &["", "=", "=br0", "=br0:eth0,eth1", "=br1:ens3", "=br0:eth0:x"]),
        with("team", &["", "=team0:eth0,eth1", "=team0:eth1:activebackup"]),
        with("ib.pkey=", &["ib0.8004", "ib0", "ib0.8004:x", "ib0.xyz", ""]),
        with("rd.ethtool=", &["eth0:on", "eth1:off:100", "ens3::1000:z", "eth0:x:x", "eth0:off", "::", "eth1:1:0"]),
        with(
            "rd.znet=",
            &[
                "qeth,0.0.0800,0.0.0801,0.0.0802,layer2=0,portno=1",
                "ctc,0.0.0600,0.0.0601,protocol=0",
                "qeth,0.0.0800",
                "x",
                "qeth,0.0.f5f0,0.0.f5f1,0.0.f5f2,layer2=1,,portno=1",
            ]
        ),
        with("rd.znet_ifname=", &["eth0:0.0.0800,0.0.0801,0.0.0802", "ens3:0.0.0600,0.0.0601", ""]),
        with("net.ifnames=", &["0", "1", ""]),
        with("rd.net.timeout.dhcp=", &["10", "0", "x", "infinity", "2147483647", "2147483648", " 7 "]),
        with("rd.net.dhcp.retry=", &["2", "0", "x", "2147483647"]),
        with("rd.net.timeout.carrier=", &["5", "0", "x", "30"]),
        with("rd.net.dhcp.vendor-class=", &["foo", "", "a;b,c", "a\\040b"]),
        with("BOOTIF=", &["00:53:ab:cd:02:03", "01-00-53-ab-cd-02-03", "00-52-54-00-12-34-56"]),
        with("bootif=", &["01-00-53-AB-cd-02-04"]),
        with("rd.bootif=", &["0", "1", "x"]),
        with("ifname=", &["eth0:00:53:ab:cd:02:03", "nbft0:00:53:ab:cd:02:03"]),
        with(
            "",
            &[
                "root=/dev/sda1",
                "quiet",
                "=",
                "ip",
                "ip=",
                "[ip]=dhcp",
                "x[=y",
                "rd.iscsi.ibft=0",
                "rd.nvmf.nonbft",
                "=foo"
            ]
        ),
    ];
    prop_oneof![2 => ip(), 3 => known]
}

/// A profile that version 1.42 refuses whole, where sunup drops a field.
fn is_refused_there(theirs: &Written, ours: &Written) -> bool {
    let files =
        |written: &Written| written.keys().map(|key| key.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    let known = files(theirs);
    files(ours).iter().any(|file| !known.contains(file))
}

#[test]
fn sunup_writes_what_networkmanagers_generator_writes() {
    let named = std::env::var_os("SUNUP_GENERATOR").map(PathBuf::from);
    let Some(generator) = named.or_else(|| GENERATORS.iter().map(PathBuf::from).find(|path| path.exists())) else {
        eprintln!("NOTHING PROVED: no nm-initrd-generator on this machine (package network-manager)");
        return;
    };
    let sunup = [Path::new(env!("CARGO_BIN_EXE_sunup")), Path::new("generate")];
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let (mut compared, mut refused) = (0_u32, 0_u32);
    let words = prop::collection::vec(word(), 1..7);
    let mut compare = |words: Vec<String>| {
        let (theirs, ours) = (run(&[&generator], &words), run(&sunup, &words));
        if is_refused_there(&theirs, &ours) {
            refused += 1;
            return Ok(());
        }
        compared += 1;
        let differing = |a: &Written, b: &Written| {
            a.iter().find(|(key, value)| b.get(*key) != Some(value)).map(|x| format!("{x:?}"))
        };
        prop_assert_eq!((differing(&ours, &theirs), differing(&theirs, &ours)), (None, None), "{:?}", words);
        Ok(())
    };
    let result = {
        let compare = std::cell::RefCell::new(&mut compare);
        runner.run(&words, |words| (*compare.borrow_mut())(words))
    };
    eprintln!("{compared} lines compared, {refused} with a profile that {} refuses", generator.display());
    result.unwrap();
    assert!(compared > refused * 4, "{compared} lines compared, {refused} left out: the lines prove too little");
}
