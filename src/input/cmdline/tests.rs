//! Whole lines: what profiles they make, and what is said about them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::profile::link::ClonedMac;
use crate::profile::{LinkKind, Method4, Method6, MultiConnect, Origin, Profile};

/// A machine without any device or table.
const EMPTY: &str = "/nonexistent";

fn environment(sysfs: &str) -> Environment<'_> {
    Environment { sysfs: Path::new(sysfs), persistent_profiles: false, machine_id: None }
}

/// Reads a line on an empty machine.
fn read(line: &str) -> Reading {
    super::read(&CommandLine::parse(line.as_bytes()), &environment(EMPTY))
}

/// The profile with this file name.
fn profile<'r>(reading: &'r Reading, stem: &str) -> &'r Profile {
    reading.profiles.iter().find(|profile| profile.file_stem == stem).unwrap()
}

/// The file names of all profiles.
fn stems(reading: &Reading) -> Vec<&str> {
    reading.profiles.iter().map(|profile| profile.file_stem.as_str()).collect()
}

/// Both methods of a profile.
fn methods(reading: &Reading, stem: &str) -> (Method4, Method6) {
    let profile = profile(reading, stem);
    (profile.ipv4.as_ref().unwrap().method, profile.ipv6.as_ref().unwrap().method)
}

/// A directory that is removed at the end.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let tree = Self(std::env::temp_dir().join(format!("sunup-cmdline-{name}-{}", std::process::id())));
        for (path, text) in files {
            std::fs::create_dir_all(tree.0.join(path).parent().unwrap()).unwrap();
            std::fs::write(tree.0.join(path), text).unwrap();
        }
        tree
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_name_stands_in_the_table_once() {
    for parameter in table::PARAMETERS {
        assert_eq!(table::find(parameter.name).map(|found| found.doc), Some(parameter.doc));
        assert_eq!(
            table::PARAMETERS.iter().filter(|other| other.name == parameter.name).count(),
            1,
            "{}",
            parameter.name
        );
        assert!(parameter.doc.ends_with('.') && !parameter.form.is_empty(), "{}", parameter.name);
    }
    assert_eq!(table::find("bootif").map(|parameter| parameter.name), Some("BOOTIF"));
    assert!(table::find("IP").is_none());
}

#[test]
fn bytes_beyond_ascii_do_not_matter() {
    assert_eq!(stems(&read("root=LABEL=Größe ip=eth0:dhcp")), ["eth0"]);
    let line = CommandLine::parse(b"root=LABEL=\xff ip=eth0:dhcp");
    assert_eq!(stems(&super::read(&line, &environment(EMPTY))), ["eth0"]);
}

#[test]
fn a_static_address_is_required_and_alone() {
    let reading = read("ip=192.0.2.2::192.0.2.1:24:host:eth0:none:192.0.2.53");
    let profile = profile(&reading, "eth0");
    let ipv4 = &profile.ipv4.as_ref().unwrap().ip;
    assert_eq!(methods(&reading, "eth0"), (Method4::Manual, Method6::Disabled));
    assert_eq!(
        (ipv4.addresses[0].to_string(), ipv4.gateway.unwrap().to_string()),
        ("192.0.2.2/24".into(), "192.0.2.1".into())
    );
    assert_eq!((ipv4.dns.len(), ipv4.may_fail, ipv4.dhcp_timeout), (1, false, None));
    assert_eq!((reading.hostname.as_deref(), reading.warnings.len()), (Some("host"), 0));
    let word = "ip=192.0.2.2::192.0.2.1:24:host:eth0:none:192.0.2.53".to_owned();
    assert_eq!(profile.origin, Origin::CommandLine { word, column: 1, at: 1 });
}

#[test]
fn every_link_is_one_profile_for_all_but_with_an_address_for_one() {
    let many = read("ip=dhcp");
    assert_eq!(profile(&many, "default_connection").multi_connect, MultiConnect::Multiple);
    let one = read("ip=192.0.2.2::192.0.2.1:24:::none");
    assert_eq!(profile(&one, "default_connection").multi_connect, MultiConnect::Single);
}

#[test]
fn either6_and_link_local_have_their_own_meaning() {
    let reading = read("ip=eth0:either6 ip=eth1:link-local ip=eth2:link6");
    assert_eq!(methods(&reading, "eth0"), (Method4::Disabled, Method6::Auto));
    assert_eq!(methods(&reading, "eth1"), (Method4::LinkLocal, Method6::LinkLocal));
    assert_eq!(methods(&reading, "eth2"), (Method4::Disabled, Method6::LinkLocal));
    assert_eq!((reading.either6, reading.warnings.len()), (vec!["eth0".to_owned()], 0));
}

#[test]
fn a_family_that_is_off_has_no_name_server_and_an_address_no_foreign_gateway() {
    let reading = read("ip=192.0.2.2::[2001:db8::1]:24::eth0:none:[2001:db8::53]:192.0.2.53");
    let profile = profile(&reading, "eth0");
    assert_eq!(profile.ipv4.as_ref().unwrap().ip.dns.len(), 1);
    let ipv6 = &profile.ipv6.as_ref().unwrap().ip;
    assert_eq!((ipv6.dns.len(), ipv6.gateway, reading.warnings.len()), (0, None, 2));
}

#[test]
fn a_gateway_alone_goes_where_its_network_is() {
    let line = "ip=::192.0.2.1:::: ip=192.0.2.2:::24::eth0:none ip=198.51.100.2:::24::eth1:none";
    let reading = read(line);
    assert_eq!(stems(&reading), ["eth0", "eth1"]);
    assert_eq!(profile(&reading, "eth0").ipv4.as_ref().unwrap().ip.gateway.unwrap().to_string(), "192.0.2.1");
    assert_eq!(profile(&reading, "eth1").ipv4.as_ref().unwrap().ip.gateway, None);
    let alone = read("ip=::192.0.2.1::::");
    assert!(alone.profiles.is_empty() && alone.remarks[0].is_error);
}

#[test]
fn infiniband_is_what_the_device_or_ifname_says() {
    let tree = Tree::new("type", &[("class/net/ibm0/type", "1\n"), ("class/net/fast0/type", "32\n")]);
    let line = "ip=ibm0:dhcp ip=fast0:dhcp ip=ib0:dhcp ip=ibft0:dhcp ifname=ibx:52:54:00:12:34:56 ip=ibx:dhcp";
    let reading = super::read(&CommandLine::parse(line.as_bytes()), &environment(tree.0.to_str().unwrap()));
    let kinds: Vec<(&str, &str)> =
        reading.profiles.iter().map(|profile| (profile.file_stem.as_str(), profile.kind.name())).collect();
    let expected = [
        ("ibm0", "ethernet"),
        ("fast0", "infiniband"),
        ("ib0", "infiniband"),
        ("ibft0", "ethernet"),
        ("ibx", "ethernet"),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn ethtool_leaves_a_bond_a_bond() {
    let reading = read("bond=bond0:eth0 rd.ethtool=bond0:on rd.ethtool=eth0:off:100");
    assert!(matches!(profile(&reading, "bond0").kind, LinkKind::Bond { .. }));
    let port = &profile(&reading, "eth0").link;
    assert_eq!((port.auto_negotiate, port.speed, port.full_duplex), (Some(false), Some(100), Some(true)));
}

#[test]
fn a_port_has_no_addresses_and_says_so() {
    let reading = read("bridge=br0:eth0,,br0 ip=eth0:dhcp");
    let port = profile(&reading, "eth0");
    assert_eq!(port.controller.as_ref().unwrap().name, profile(&reading, "br0").uuid.to_string());
    assert!(port.ipv4.is_none() && port.ipv6.is_none());
    assert_eq!((stems(&reading), reading.warnings.len()), (vec!["br0", "eth0"], 3));
}

#[test]
fn the_last_mtu_of_a_bond_counts_and_0_is_the_default() {
    let mtu = |line: &str| profile(&read(line), "bond1").link.mtu;
    assert_eq!(mtu("bond=bond1:::1500 bond=bond1:::9000"), Some(9000));
    assert_eq!((mtu("bond=bond1:::1500 bond=bond1:::0"), mtu("bond=bond1:::1500 bond=bond1")), (None, Some(1500)));
}

#[test]
fn a_link_of_two_kinds_is_the_last_one_and_says_so() {
    let reading = read("ip=bond0:dhcp bond=bond0:eth0 bridge=bond0:eth1");
    assert_eq!((profile(&reading, "bond0").kind.name(), reading.remarks.len()), ("bridge", 1));
    assert!(reading.remarks[0].is_error);
}

#[test]
fn the_parent_of_a_vlan_has_no_addresses_unless_asked() {
    let reading =
        read("vlan=vlan5:eth0 vlan=vlan6:52-54-00-12-34-56 vlan=vlan7:eth1 ip=eth1:dhcp vlan=x:eth2 vlan=v4095:eth2");
    assert_eq!(methods(&reading, "eth0"), (Method4::Disabled, Method6::Disabled));
    assert_eq!(methods(&reading, "eth1").0, Method4::Auto);
    let uuid = profile(&reading, "52:54:00:12:34:56").uuid.to_string();
    let LinkKind::Vlan(vlan) = &profile(&reading, "vlan6").kind else { panic!() };
    assert_eq!((vlan.id, vlan.parent.as_ref()), (6, Some(&uuid)));
    assert_eq!(reading.warnings.len(), 2);
}

#[test]
fn routes_find_their_link() {
    let reading = read(
        "bootdev=eth1 ip=eth0:dhcp rd.route=192.0.2.0/24:192.0.2.1 rd.route=[2001:db8::]/48:[fe80::1]:eth0 rd.route=junk:eth0",
    );
    let routes = |stem| {
        let profile = profile(&reading, stem);
        let (v4, v6) = (profile.ipv4.as_ref().unwrap(), profile.ipv6.as_ref().unwrap());
        let both = v4.ip.routes.iter().chain(&v6.ip.routes);
        both.map(|route| format!("{} {}", route.destination, route.gateway.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(
        (routes("eth1"), routes("eth0")),
        (vec!["192.0.2.0/24 192.0.2.1".into()], vec!["2001:db8::/48 fe80::1".into()])
    );
    assert_eq!(reading.warnings.len(), 1);
}

#[test]
fn a_useless_bootif_or_bootdev_costs_nothing() {
    let reading = read("ip=dhcp BOOTIF=junk bootdev=");
    assert_eq!(profile(&reading, "default_connection").matching.mac_address, None);
    assert_eq!((reading.profiles.len(), reading.warnings.len(), reading.bootif, reading.bootdev), (1, 2, None, None));
    let mac = "52:54:00:12:34:56".parse().unwrap();
    assert_eq!(read("bootif=01-52-54-00-12-34-56").bootif, Some(mac));
}

#[test]
fn names_are_given_by_mac() {
    let reading =
        read("ifname=lan0:52:54:00:12:34:56 ifname=lan1:[52:54:00:12:34:57] ifname=lan0:52:54:00:12:34:58 ifname=x:y");
    let renames: Vec<(&str, String)> =
        reading.renames.iter().map(|(name, mac)| (name.as_str(), mac.to_string())).collect();
    assert_eq!(renames, [("lan1", "52:54:00:12:34:57".to_owned()), ("lan0", "52:54:00:12:34:58".to_owned())]);
    assert_eq!((reading.profiles.len(), reading.warnings.len()), (0, 1));
}

#[test]
fn all_seven_timeouts_are_read_wherever_they_stand() {
    let line = "ip=dhcp rd.net.timeout.dhcp=1 rd.net.timeout.carrier=2 rd.net.timeout.iflink=3 rd.net.timeout.ifup=4 \
                rd.net.timeout.route=5 rd.net.timeout.ipv6dad=6 rd.net.timeout.ipv6auto=infinity rd.net.dhcp.retry=3";
    let reading = read(line);
    let second = |n| Some(Duration::from_secs(n));
    let expected = Timeouts {
        handshake: None,
        dhcp: second(1),
        dhcp_tries: Some(3),
        carrier: second(2),
        iflink: second(3),
        ifup: second(4),
        route: second(5),
        ipv6dad: second(6),
        ipv6auto: Some(Duration::MAX),
        ip_required: None,
    };
    assert_eq!(reading.timeouts, expected);
    assert_eq!(profile(&reading, "default_connection").ipv6.as_ref().unwrap().ip.dhcp_timeout, second(3));
}

#[test]
fn the_reason_for_network_is_the_strongest() {
    for (line, reason) in [
        ("rd.neednet root=/dev/nfs", Some(NeedReason::Asked)),
        ("ip=dhcp root=nfs:192.0.2.1:/srv", Some(NeedReason::Root)),
        ("root=192.0.2.1:/srv", Some(NeedReason::Root)),
        ("root=live:https://example.com/x", Some(NeedReason::Root)),
        ("netroot=dhcp", Some(NeedReason::Root)),
        ("ip=eth0:dhcp root=UUID=1:/2", Some(NeedReason::Addresses)),
        ("ip=off rd.neednet=0 root=/dev/disk/by-path/pci-0:/1", None),
        ("root=LABEL=a", None),
    ] {
        assert_eq!(read(line).need_network.map(|need| need.reason), reason, "{line}");
    }
    let dead = read("rd.neednet ip=off");
    assert!(!dead.remarks[0].is_error && dead.remarks.len() == 1);
}

#[test]
fn rd_neednet_makes_a_profile_where_the_administrator_has_none() {
    let line = CommandLine::parse(b"rd.neednet=1");
    let none = super::read(&line, &environment(EMPTY));
    assert_eq!(profile(&none, "default_connection").wait_device_timeout, Some(Duration::from_secs(60)));
    let own = super::read(&line, &Environment { persistent_profiles: true, ..environment(EMPTY) });
    assert!(own.profiles.is_empty() && own.need_network.is_some());
}

#[test]
fn the_old_words_of_anaconda_complete_an_address() {
    let line = "ksdevice=52:54:00:12:34:56 ip=192.0.2.2 netmask=255.255.255.128 gateway=192.0.2.1 dns=192.0.2.53,2001:db8::53 hostname=h";
    let reading = read(line);
    let profile = profile(&reading, "52:54:00:12:34:56");
    let ipv4 = &profile.ipv4.as_ref().unwrap().ip;
    assert_eq!(
        (ipv4.addresses[0].to_string(), ipv4.gateway.unwrap().to_string()),
        ("192.0.2.2/25".into(), "192.0.2.1".into())
    );
    assert_eq!((reading.hostname.as_deref(), ipv4.dns.len()), (Some("h"), 1));
    assert_eq!(stems(&read("gateway=192.0.2.1 netmask=24 ip=dhcp")), ["default_connection"]);
    assert_eq!(read("ksdevice=eth7 ip=dhcp").bootdev.as_deref(), Some("eth7"));
}

#[test]
fn the_words_of_ksdevice_mean_what_they_do_in_anaconda() {
    let first = read("ksdevice=link ip=dhcp");
    assert!(first.single_dhcp && first.remarks.is_empty());
    let address = read("ksdevice=link ip=192.0.2.2 netmask=24");
    assert!(!address.single_dhcp && address.remarks.len() == 1, "{:?}", address.remarks);
    let booted = read("ksdevice=bootif ip=192.0.2.2 netmask=24 BOOTIF=01-52-54-00-12-34-56");
    assert_eq!(booted.bootdev.as_deref(), Some("52:54:00:12:34:56"));
    assert_eq!(profile(&booted, "default_connection").matching.mac_address, booted.bootif);
    for line in ["ksdevice=bootif ip=dhcp", "ksdevice=a-name-that-is-too-long", "ksdevice=ibft"] {
        assert_eq!(read(line).remarks.len(), 1, "{line}");
    }
}

#[test]
fn an_infiniband_link_keeps_its_address_and_says_so() {
    let reading = read("ip=ib0:dhcp:2044:preserve ip=eth0:dhcp::preserve");
    assert_eq!(profile(&reading, "ib0").link.cloned_mac, None);
    let [remark] = &reading.remarks[..] else { panic!("{:?}", reading.remarks) };
    assert!(matches!(remark.warning.origin, Origin::CommandLine { at: 18, .. }), "{remark:?}");
}

#[test]
fn s390_devices_need_a_profile_and_their_subchannels() {
    let reading = read("ip=encf5f0:dhcp rd.znet=lcs,0.0.f5f0,0.0.f5f1,portname=a,bad=1 rd.znet=zzz,0.0.1,0.0.2");
    let link = &profile(&reading, "encf5f0").link;
    assert_eq!((link.s390_nettype.as_deref(), link.s390_subchannels.len()), (Some("lcs"), 2));
    assert_eq!(link.s390_options, [("portname".to_owned(), "a".to_owned())]);
    let at: Vec<bool> = reading.remarks.iter().map(|remark| remark.is_error).collect();
    assert_eq!(at, [true, true], "the bad option and the unknown type: {:?}", reading.remarks);
    assert!(!read("ip=eth0:dhcp rd.znet=qeth,0.0.f5f0,0.0.f5f1,0.0.f5f2").remarks[0].is_error);
}

#[test]
fn unknown_words_of_ours_are_mentioned_and_others_are_not() {
    let reading = read("rd.net.dsn=1 rd.route6=x quiet splash=1 systemd.unit=x");
    assert_eq!(reading.warnings.len(), 2);
    assert!(reading.warnings[0].text.contains("rd.net.dns="), "{}", reading.warnings[0]);
}

#[test]
fn the_same_line_has_the_same_uuids_and_another_machine_others() {
    let line = CommandLine::parse(b"bond=bond0:eth0 ip=bond0:dhcp");
    let (first, second) = (super::read(&line, &environment(EMPTY)), super::read(&line, &environment(EMPTY)));
    assert_eq!(first, second);
    let other = super::read(&line, &Environment { machine_id: Some("1234"), ..environment(EMPTY) });
    assert_ne!(first.profiles[0].uuid, other.profiles[0].uuid);
}

#[test]
fn each_word_is_explained_with_what_is_wrong_in_it() {
    let line = CommandLine::parse(b"quiet ip=eth0:dchp ip=eth0:dchp nameserevr=1");
    let (words, rest) = explain(&line, &environment(EMPTY));
    let remarks: Vec<usize> = words.iter().map(|word| word.remarks.len()).collect();
    assert_eq!((remarks, rest.len()), (vec![0, 1, 2, 1], 0), "the second is there already");
    assert_eq!(words[1].remarks[0].instead.as_deref(), Some("ip=eth0:dhcp"));
    assert_eq!(words[1].canonical.as_deref(), Some("ip=:::::eth0:dhcp"));
    assert_eq!((words[1].makes.len(), words[2].makes.len()), (1, 0));
}

#[test]
fn cloned_macs_may_be_words() {
    let reading = read("ip=eth0:dhcp::random ip=eth1:dhcp:1500:junk");
    assert_eq!(profile(&reading, "eth0").link.cloned_mac, Some(ClonedMac::Random));
    assert_eq!(
        (profile(&reading, "eth1").link.cloned_mac.clone(), profile(&reading, "eth1").link.mtu),
        (None, Some(1500))
    );
}
