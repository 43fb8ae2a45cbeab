use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::profile::{Method4, Method6};

/// A sysfs of its own, removed at the end of the test.
struct Sysfs(PathBuf);

impl Sysfs {
    /// `nics`: for each directory of the table, its attributes.
    fn new(name: &str, nics: &[(&str, &[(&str, &str)])]) -> Self {
        let sysfs = Self(std::env::temp_dir().join(format!("sunup-ibft-{name}-{}", std::process::id())));
        for (directory, attributes) in nics {
            for (attribute, value) in *attributes {
                sysfs.write(&format!("firmware/ibft/{directory}/{attribute}"), value);
            }
        }
        sysfs
    }

    fn write(&self, path: &str, value: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{value}\n")).unwrap();
    }
}

impl Drop for Sysfs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NIC: &[(&str, &str)] = &[
    ("mac", "52:54:00:aa:bb:01"),
    ("index", "0"),
    ("vlan", "0"),
    ("origin", "1"),
    ("ip-addr", "192.0.2.10"),
    ("prefix-len", "24"),
    ("gateway", "192.0.2.1"),
    ("primary-dns", "192.0.2.53"),
    ("secondary-dns", "192.0.2.54"),
    ("hostname", "ignored"),
    ("subnet-mask", "255.0.0.0"),
];

/// [`NIC`] with these attributes instead; an empty name stands for "without".
fn nic(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut nic = NIC.to_vec();
    for (attribute, value) in changes {
        nic.retain(|(name, _)| name != attribute);
        if *value != "absent" {
            nic.push((attribute, value));
        }
    }
    nic
}

fn one(name: &str, changes: &[(&'static str, &'static str)]) -> Found {
    read(&Sysfs::new(name, &[("ethernet0", &nic(changes))]).0)
}

fn methods(profile: &Profile) -> (Method4, Method6) {
    (profile.ipv4.as_ref().unwrap().method, profile.ipv6.as_ref().unwrap().method)
}

fn ipv4(found: &Found) -> &IpSettings {
    &found.profiles[0].ipv4.as_ref().unwrap().ip
}

#[test]
fn a_machine_without_the_table_asks_for_nothing() {
    assert_eq!(read(Path::new("/nonexistent")), Found::default());
}

#[test]
fn a_static_nic_becomes_a_profile_that_must_not_fail() {
    let found = one("static", &[]);
    let (profile, ip) = (&found.profiles[0], ipv4(&found));
    assert_eq!((profile.id.as_str(), profile.file_stem.as_str()), ("iBFT Connection 0", "ibft0"));
    assert_eq!((profile.autoconnect_priority, &profile.interface_name), (-200, &None));
    assert_eq!(profile.matching.mac_address.unwrap().to_string(), "52:54:00:AA:BB:01");
    assert_eq!(methods(profile), (Method4::Manual, Method6::Disabled));
    assert_eq!((ip.addresses[0].to_string().as_str(), ip.may_fail), ("192.0.2.10/24", false));
    assert_eq!((ip.gateway, ip.dns.len()), (Some("192.0.2.1".parse().unwrap()), 2));
    assert_eq!((found.warnings.len(), &found.hostname), (0, &None));
}

#[test]
fn the_uuid_is_the_one_networkmanager_computes() {
    let mut changes = vec![("mac", "00:53:06:66:AB:01"), ("vlan", "0"), ("ip-addr", "192.0.2.2")];
    let uuid = |name, changes: &[_]| one(name, changes).profiles[0].uuid.to_string();
    assert_eq!(uuid("uuid", &changes), "04f5638e-2eb3-3803-9899-a742dec6a1fe");
    let bare = [("mac", "52:54:00:00:00:01"), ("vlan", "absent"), ("ip-addr", "192.0.2.10")];
    assert_eq!(uuid("uuid-bare", &bare), "09262da4-65e1-3a97-b82d-61f9e6e49c2e", "no vlan attribute");
    changes[0].1 = "00:53:06:66:ab:01";
    assert_ne!(uuid("uuid-lower", &changes), "04f5638e-2eb3-3803-9899-a742dec6a1fe", "the MAC counts as spelled");
}

#[test]
fn the_origin_and_the_family_choose_the_method_and_the_address_stays() {
    let v6 = [
        ("ip-addr", "2001:db8::10"),
        ("gateway", "2001:db8::1"),
        ("primary-dns", "absent"),
        ("secondary-dns", "absent"),
    ];
    for (origin, v4_method, v6_method) in [
        ("1", Method4::Manual, Method6::Manual),
        ("3", Method4::Auto, Method6::Dhcp),
        ("4", Method4::Auto, Method6::Auto),
        ("absent", Method4::Manual, Method6::Manual),
    ] {
        let found = one("origin4", &[("origin", origin)]);
        assert_eq!(methods(&found.profiles[0]), (v4_method, Method6::Disabled), "{origin}");
        assert_eq!(ipv4(&found).addresses.len(), 1);
        let found = one("origin6", &[&v6[..], &[("origin", origin)]].concat());
        assert_eq!(methods(&found.profiles[0]), (Method4::Disabled, v6_method), "{origin}");
        let ip = &found.profiles[0].ipv6.as_ref().unwrap().ip;
        assert_eq!((ip.addresses[0].to_string().as_str(), ip.may_fail), ("2001:db8::10/24", false));
        assert!(found.profiles[0].ipv4.as_ref().unwrap().ip.may_fail);
    }
}

#[test]
fn dhcp_without_address_takes_the_family_of_the_gateway_and_not_the_gateway() {
    let found = one("dhcp", &[("ip-addr", "absent"), ("prefix-len", "absent"), ("origin", "3")]);
    assert_eq!(methods(&found.profiles[0]), (Method4::Auto, Method6::Disabled));
    assert_eq!((ipv4(&found).gateway, ipv4(&found).addresses.len(), ipv4(&found).dns.len()), (None, 0, 2));
}

#[test]
fn the_zero_gateway_is_none_and_the_zero_name_server_is_kept() {
    let found = one("zero", &[("gateway", "0.0.0.0"), ("primary-dns", "0.0.0.0"), ("secondary-dns", "absent")]);
    assert_eq!((ipv4(&found).gateway, ipv4(&found).dns[0].text.as_str()), (None, "0.0.0.0"));
}

#[test]
fn a_vlan_names_its_parent_by_mac() {
    let found = one("vlan", &[("vlan", "42")]);
    let profile = &found.profiles[0];
    assert_eq!((profile.id.as_str(), profile.file_stem.as_str()), ("iBFT VLAN Connection 0", "ibft0"));
    assert_eq!(profile.kind, LinkKind::Vlan(Vlan { id: 42, ..Vlan::default() }));
    assert!(profile.matching.mac_address.is_some());
}

#[test]
fn a_record_with_a_bad_field_is_left_out_with_one_warning_that_names_it() {
    for (attribute, value) in [
        ("mac", "absent"),
        ("mac", "nonsense"),
        ("mac", "00:11:22"),
        ("index", "absent"),
        ("index", "../0"),
        ("vlan", "4095"),
        ("vlan", "x"),
        ("ip-addr", "aa.bb.cc.dd"),
        ("ip-addr", "absent"),
        ("prefix-len", "absent"),
        ("prefix-len", "33"),
        ("gateway", "bb.cc.dd.ee"),
        ("gateway", "2001:db8::1"),
        ("primary-dns", "10000.500.250.1"),
        ("secondary-dns", "blah.foo.bar.baz"),
    ] {
        let found = one("bad", &[(attribute, value)]);
        assert_eq!((found.profiles.len(), found.warnings.len()), (0, 1), "{attribute}={value}: {:?}", found.warnings);
        let text = found.warnings[0].to_string();
        let named = if attribute == "mac" && value == "absent" { "MAC" } else { attribute };
        assert!(text.starts_with("iBFT ethernet0: ") && text.contains(named), "{text}");
    }
}

#[test]
fn neither_address_nor_gateway_is_no_profile_even_with_dhcp() {
    let found = one("nothing", &[("ip-addr", "absent"), ("gateway", "absent"), ("origin", "3")]);
    assert_eq!((found.profiles.len(), found.warnings.len()), (0, 1));
}

#[test]
fn nics_come_by_mac_and_one_bad_record_costs_only_itself() {
    let (first, bad, last) = (
        nic(&[("mac", "52:54:00:AA:bb:02"), ("index", "0")]),
        nic(&[("mac", "52:54:00:aa:bb:00"), ("index", "1"), ("gateway", "x")]),
        nic(&[("mac", "52:54:00:aa:bb:01"), ("index", "2")]),
    );
    let sysfs =
        Sysfs::new("order", &[("ethernet0", &first), ("ethernet1", &bad), ("ethernet2", &last), ("target0", NIC)]);
    let found = read(&sysfs.0);
    let stems: Vec<&str> = found.profiles.iter().map(|profile| profile.file_stem.as_str()).collect();
    assert_eq!((stems, found.warnings.len()), (vec!["ibft2", "ibft0"], 1));
}

#[test]
fn of_two_records_for_one_link_the_first_is_used() {
    let (second, vlan) = (nic(&[("index", "1"), ("ip-addr", "192.0.2.11")]), nic(&[("index", "2"), ("vlan", "7")]));
    let sysfs = Sysfs::new("twice", &[("ethernet0", NIC), ("ethernet1", &second), ("ethernet2", &vlan)]);
    let found = read(&sysfs.0);
    let stems: Vec<&str> = found.profiles.iter().map(|profile| profile.file_stem.as_str()).collect();
    assert_eq!((stems, found.warnings.len()), (vec!["ibft0", "ibft2"], 1));
}

#[test]
fn a_nic_is_found_by_its_mac_and_needs_no_index_then() {
    let sysfs = Sysfs::new("by-mac", &[("ethernet0", &nic(&[("index", "absent")]))]);
    sysfs.write("class/net/eth0/address", "52:54:00:AA:BB:01");
    let mac = interface_mac(&sysfs.0, "eth0").unwrap();
    let found = find_by_mac(&sysfs.0, mac);
    assert_eq!((found.profiles[0].id.as_str(), &found.profiles[0].interface_name), ("iBFT Connection", &None));
    assert_eq!(find_by_mac(&sysfs.0, "52:54:00:aa:bb:99".parse().unwrap()), Found::default());
    for odd in ["eth1", "", ".", "..", "../net/eth0", "/"] {
        assert_eq!(interface_mac(&sysfs.0, odd), None, "{odd}");
    }
}

#[test]
fn a_known_mac_with_a_bad_record_gives_a_warning() {
    let sysfs = Sysfs::new("by-mac-bad", &[("ethernet0", &nic(&[("prefix-len", "absent")]))]);
    let found = find_by_mac(&sysfs.0, "52:54:00:aa:bb:01".parse().unwrap());
    assert_eq!((found.profiles.len(), found.warnings.len()), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_attributes_make_it_panic(values in prop::collection::vec("[0-9a-f:.x/ ]{0,20}|\\PC{0,8}", 9)) {
        let names = ["mac", "index", "vlan", "origin", "ip-addr", "prefix-len", "gateway", "primary-dns", "secondary-dns"];
        let attributes: Vec<(&str, &str)> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
        let sysfs = Sysfs::new("any", &[("ethernet0", &attributes)]);
        let found = read(&sysfs.0);
        prop_assert_eq!(found.profiles.len() + found.warnings.len(), 1);
    }
}
