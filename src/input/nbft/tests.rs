use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use proptest::prelude::*;

use super::table::{BadTable, parse};
use super::*;
use crate::profile::{IpSettings, LinkKind, Method4, Method6, Profile};

/// An interface to put into a table.
#[derive(Clone)]
struct Hfi {
    index: u8,
    descriptor_flags: u8,
    transport: u8,
    info_structure: u8,
    flags: u8,
    mac: [u8; 6],
    vlan: u16,
    origin: u8,
    address: &'static str,
    prefix: u8,
    gateway: &'static str,
    dns: [&'static str; 2],
    dhcp_server: &'static str,
    host_name: &'static [u8],
}

const STATIC: Hfi = Hfi {
    index: 1,
    descriptor_flags: 1,
    transport: 3,
    info_structure: 7,
    flags: 1,
    mac: [0x52, 0x54, 0, 0, 0, 1],
    vlan: 0,
    origin: 1,
    address: "192.0.2.10",
    prefix: 24,
    gateway: "192.0.2.1",
    dns: ["192.0.2.53", "0.0.0.0"],
    dhcp_server: "0.0.0.0",
    host_name: b"",
};

const INFO: usize = 128;

fn address(text: &str) -> [u8; 16] {
    match text.parse().unwrap() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => Ipv6Addr::octets(&v6),
    }
}

fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    bytes[offset..offset + value.len()].copy_from_slice(value);
}

/// Makes length and checksum right.
fn seal(mut table: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(table.len()).unwrap();
    put(&mut table, 4, &length.to_le_bytes());
    table[9] = 0;
    table[9] = table.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
    table
}

/// Header, control descriptor, list of HFI descriptors, then the heap: for each its transport info and host name.
fn table(interfaces: &[Hfi]) -> Vec<u8> {
    let heap = 128 + 32 * interfaces.len();
    let mut table = vec![0; heap];
    put(&mut table, 0, b"NBFT");
    table[8] = 1;
    put(&mut table, 36, &u32::try_from(heap).unwrap().to_le_bytes());
    put(&mut table, 64, &[1, 1, 0, 0, 64, 0, 1]);
    put(&mut table, 80, &[128, 0, 0, 0, 32, 0, 1, u8::try_from(interfaces.len()).unwrap()]);
    for (number, hfi) in interfaces.iter().enumerate() {
        let at = u32::try_from(table.len()).unwrap();
        let descriptor = 128 + 32 * number;
        put(&mut table, descriptor, &[3, hfi.index, hfi.descriptor_flags, hfi.transport]);
        put(&mut table, descriptor + 16, &at.to_le_bytes());
        put(&mut table, descriptor + 20, &[INFO as u8, 0]);
        table.extend(info(hfi, at + INFO as u32));
        table.extend(hfi.host_name);
        table.push(0);
    }
    seal(table)
}

fn info(hfi: &Hfi, name_at: u32) -> [u8; INFO] {
    let mut info = [0; INFO];
    put(&mut info, 0, &[hfi.info_structure, 1, 3, 1, hfi.index, 0, hfi.flags]);
    put(&mut info, 11, &hfi.mac);
    put(&mut info, 17, &hfi.vlan.to_le_bytes());
    info[19] = hfi.origin;
    put(&mut info, 20, &address(hfi.address));
    info[36] = hfi.prefix;
    put(&mut info, 37, &address(hfi.gateway));
    put(&mut info, 56, &address(hfi.dns[0]));
    put(&mut info, 72, &address(hfi.dns[1]));
    put(&mut info, 88, &address(hfi.dhcp_server));
    put(&mut info, 104, &name_at.to_le_bytes());
    put(&mut info, 108, &u16::try_from(hfi.host_name.len()).unwrap().to_le_bytes());
    info
}

/// What these tables (name, bytes) become, without a file system.
fn build(tables: &[(&str, &[u8])]) -> Found {
    let mut found = Found::default();
    let mut builder = profiles::Builder::default();
    for (name, bytes) in tables {
        match parse(bytes) {
            Ok(interfaces) => builder.add_table(name, interfaces),
            Err(error) => found.warnings.push(Warning::new(&origin(name), error.to_string())),
        }
    }
    builder.finish(found)
}

fn one(hfi: Hfi) -> Found {
    build(&[("NBFT", &table(&[hfi]))])
}

fn ipv4(profile: &Profile) -> (Method4, &IpSettings) {
    let ipv4 = profile.ipv4.as_ref().unwrap();
    (ipv4.method, &ipv4.ip)
}

fn ipv6(profile: &Profile) -> (Method6, &IpSettings) {
    let ipv6 = profile.ipv6.as_ref().unwrap();
    (ipv6.method, &ipv6.ip)
}

fn ids(found: &Found) -> Vec<&str> {
    found.profiles.iter().map(|profile| profile.id.as_str()).collect()
}

#[test]
fn a_static_interface_becomes_a_manual_profile_for_its_mac() {
    let found = one(Hfi { host_name: b"node9", ..STATIC });
    let profile = &found.profiles[0];
    let (method, ip) = ipv4(profile);
    assert_eq!((profile.id.as_str(), profile.file_stem.as_str()), ("NBFT connection HFI 1", "NBFT connection HFI 1"));
    assert_eq!(profile.matching.mac_address.unwrap().to_string(), "52:54:00:00:00:01");
    assert_eq!((profile.autoconnect_priority, &profile.interface_name), (-200, &None));
    assert_eq!((method, ip.addresses[0].to_string().as_str()), (Method4::Manual, "192.0.2.10/24"));
    assert_eq!((ip.gateway, ip.dns.len()), (Some("192.0.2.1".parse().unwrap()), 1));
    assert_eq!((ip.may_fail, &ip.dhcp_hostname), (true, &None));
    assert_eq!(ipv6(profile).0, Method6::Disabled);
    assert_eq!((found.hostname.as_deref(), found.warnings.len()), (Some("node9"), 0));
}

#[test]
fn the_same_table_gives_the_same_uuid_and_another_nic_another() {
    let uuid = |hfi| one(hfi).profiles[0].uuid;
    assert_eq!(uuid(STATIC), uuid(STATIC));
    assert_ne!(uuid(STATIC), uuid(Hfi { mac: [2; 6], ..STATIC }));
}

#[test]
fn the_override_flag_or_the_origin_mean_dhcp_without_static_leftovers() {
    for hfi in [Hfi { flags: 5, ..STATIC }, Hfi { origin: 3, ..STATIC }] {
        let found = one(Hfi { host_name: b"node9", ..hfi });
        let (method, ip) = ipv4(&found.profiles[0]);
        assert_eq!((method, ip.dhcp_hostname.as_deref()), (Method4::Auto, Some("node9")));
        assert_eq!((ip.addresses.len(), ip.gateway, ip.dns.len()), (0, None, 0));
    }
}

#[test]
fn a_dhcp_server_without_the_override_flag_is_reserved() {
    let found = one(Hfi { dhcp_server: "192.0.2.1", ..STATIC });
    assert_eq!(ipv4(&found.profiles[0]).0, Method4::Manual);
}

#[test]
fn dhcp_needs_no_address_but_static_does() {
    let empty = Hfi { address: "::", prefix: 0, gateway: "::", dns: ["::", "::"], ..STATIC };
    assert_eq!(ipv6(&one(Hfi { flags: 5, ..empty.clone() }).profiles[0]).0, Method6::Auto);
    let found = one(empty);
    assert_eq!((found.profiles.len(), found.warnings.len()), (0, 1));
}

#[test]
fn an_ipv6_address_without_prefix_gets_64() {
    let v6 = Hfi {
        address: "2001:db8::10",
        prefix: 0,
        gateway: "2001:db8::1",
        dns: ["2001:db8::53", "192.0.2.53"],
        ..STATIC
    };
    let found = one(v6);
    let (method, ip) = ipv6(&found.profiles[0]);
    assert_eq!((method, ip.addresses[0].to_string().as_str()), (Method6::Manual, "2001:db8::10/64"));
    assert_eq!(ip.dns.len(), 1, "the server of the other family is dropped");
    assert_eq!((ipv4(&found.profiles[0]).0, found.warnings.len()), (Method4::Disabled, 1));
}

#[test]
fn two_vlans_on_one_nic_share_one_parent_without_ip() {
    let vlan = |index, vlan| Hfi { index, vlan, ..STATIC };
    let found = build(&[("NBFT", &table(&[vlan(2, 11), vlan(3, 12)]))]);
    let expected = ["NBFT connection HFI 2", "NBFT connection HFI 2 VLAN 11", "NBFT connection HFI 3 VLAN 12"];
    assert_eq!(ids(&found), expected);
    let parent = &found.profiles[0];
    assert_eq!((ipv4(parent).0, ipv6(parent).0), (Method4::Disabled, Method6::Disabled));
    for (profile, id) in found.profiles[1..].iter().zip([11, 12]) {
        let LinkKind::Vlan(vlan) = &profile.kind else { panic!("{:?}", profile.kind) };
        assert_eq!((vlan.id, vlan.parent.clone()), (id, Some(parent.uuid.to_string())));
        assert_eq!((profile.matching.mac_address, ipv4(profile).0), (None, Method4::Manual));
    }
}

#[test]
fn a_vlan_stands_on_the_untagged_interface_of_the_same_nic_even_in_a_later_table() {
    let (tagged, untagged) = (table(&[Hfi { vlan: 11, ..STATIC }]), table(&[STATIC]));
    let found = build(&[("NBFT", &tagged), ("NBFT2", &untagged)]);
    assert_eq!(ids(&found), ["NBFT2 connection HFI 1", "NBFT connection HFI 1 VLAN 11"]);
    let LinkKind::Vlan(vlan) = &found.profiles[1].kind else { panic!() };
    assert_eq!(vlan.parent, Some(found.profiles[0].uuid.to_string()));
}

#[test]
fn an_interface_that_cannot_be_used_costs_only_itself() {
    let good = Hfi { index: 9, mac: [2; 6], ..STATIC };
    for bad in [
        Hfi { transport: 4, ..STATIC },
        Hfi { info_structure: 9, ..STATIC },
        Hfi { mac: [0; 6], ..STATIC },
        Hfi { vlan: 4095, ..STATIC },
        Hfi { prefix: 33, ..STATIC },
        good.clone(),
    ] {
        let found = build(&[("NBFT", &table(&[good.clone(), bad]))]);
        assert_eq!((ids(&found), found.warnings.len()), (vec!["NBFT connection HFI 9"], 1), "{:?}", found.warnings);
    }
}

#[test]
fn descriptors_that_are_not_in_use_are_passed_over_in_silence() {
    let unused = [Hfi { descriptor_flags: 0, ..STATIC }, Hfi { flags: 0, ..STATIC }];
    assert_eq!(build(&[("NBFT", &table(&unused))]), Found::default());
    let mut off = table(&[STATIC]);
    off[70] = 0;
    assert_eq!(build(&[("NBFT", &seal(off))]), Found::default());
}

#[test]
fn a_host_name_with_odd_bytes_is_dropped_and_the_profile_stays() {
    let found = one(Hfi { host_name: b"a\nb", flags: 5, ..STATIC });
    assert_eq!((found.profiles.len(), found.warnings.len(), &found.hostname), (1, 1, &None));
    assert_eq!(ipv4(&found.profiles[0]).1.dhcp_hostname, None);
}

#[test]
fn a_damaged_table_is_refused_for_the_reason_that_holds() {
    let good = table(&[STATIC]);
    let change = |offset: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[offset] = value;
        bytes
    };
    assert_eq!(parse(&change(0, b'X')).unwrap_err(), BadTable::Signature);
    assert_eq!(parse(&change(20, 1)).unwrap_err(), BadTable::Checksum);
    assert_eq!(parse(&seal(change(8, 2))).unwrap_err(), BadTable::Revision(2));
    assert_eq!(parse(&seal(change(64, 2))).unwrap_err(), BadTable::Control);
    assert!(parse(&seal(change(54, 3))).is_ok(), "a minor revision is compatible");
    assert_eq!(parse(&good[..good.len() - 1]).unwrap_err(), BadTable::TooShort);
    assert_eq!(parse(&[]).unwrap_err(), BadTable::TooShort);
    let padded = [&good[..], &[7; 9]].concat();
    assert_eq!(parse(&padded), parse(&good), "what follows the table does not count");
}

#[test]
fn longer_descriptors_of_a_later_minor_revision_are_stepped_over() {
    let mut bytes = table(&[STATIC, Hfi { index: 2, mac: [2; 6], ..STATIC }]);
    let second: Vec<u8> = bytes[160..192].to_vec();
    // The first descriptor moves 16 bytes in front of the list's end, so that both are 48 bytes apart.
    let list = u32::try_from(bytes.len()).unwrap();
    let first: Vec<u8> = bytes[128..160].to_vec();
    bytes.extend([&first[..], &[0xff; 16], &second[..], &[0xff; 16]].concat());
    put(&mut bytes, 80, &list.to_le_bytes());
    bytes[84] = 48;
    let found = build(&[("NBFT", &seal(bytes))]);
    assert_eq!(ids(&found), ["NBFT connection HFI 1", "NBFT connection HFI 2"]);
}

#[test]
fn tables_are_read_by_name_and_other_tables_are_not() {
    let sysfs = scratch("tables");
    let directory = sysfs.join("firmware/acpi/tables");
    std::fs::create_dir_all(&directory).unwrap();
    assert_eq!(read(&sysfs), Found::default());
    std::fs::write(directory.join("NBFT2"), table(&[Hfi { host_name: b"second", ..STATIC }])).unwrap();
    std::fs::write(directory.join("NBFT1"), table(&[Hfi { host_name: b"first", ..STATIC }])).unwrap();
    std::fs::write(directory.join("NBFT3"), b"NBFT").unwrap();
    std::fs::write(directory.join("NBFT4"), vec![0; MAX_TABLE as usize + 1]).unwrap();
    std::fs::write(directory.join("DSDT"), table(&[STATIC])).unwrap();
    let found = read(&sysfs);
    assert_eq!(ids(&found), ["NBFT1 connection HFI 1", "NBFT2 connection HFI 1"]);
    assert_eq!((found.hostname.as_deref(), found.warnings.len()), (Some("second"), 2));
    std::fs::remove_dir_all(&sysfs).unwrap();
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sunup-nbft-{name}-{}", std::process::id()))
}

/// What must hold for any bytes: no panic, bounded output, no profile a daemon would refuse.
fn check(bytes: &[u8]) {
    let found = build(&[("NBFT", bytes), ("NBFT2", bytes)]);
    let ids: std::collections::BTreeSet<_> = found.profiles.iter().map(|profile| &profile.id).collect();
    assert_eq!(ids.len(), found.profiles.len(), "two profiles of one name");
    assert!(found.profiles.len() <= 2 * 2 * 255);
    for profile in &found.profiles {
        let vlan =
            matches!(&profile.kind, LinkKind::Vlan(vlan) if vlan.parent.is_some() && (1..4095).contains(&vlan.id));
        assert!(vlan || profile.matching.mac_address.is_some());
        let manual = ipv4(profile).0 == Method4::Manual || ipv6(profile).0 == Method6::Manual;
        assert_eq!(manual, ipv4(profile).1.addresses.len() + ipv6(profile).1.addresses.len() == 1);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes);
        if bytes.len() >= 16 {
            let mut table = bytes;
            put(&mut table, 0, b"NBFT");
            table[8] = 1;
            check(&seal(table));
        }
    }

    #[test]
    fn no_change_to_a_good_table_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0), Just(255)]), 1..12),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = table(&[
            Hfi { host_name: b"node9", ..STATIC },
            Hfi { index: 2, vlan: 11, ..STATIC },
            Hfi { index: 3, flags: 5, mac: [2; 6], address: "2001:db8::1", ..STATIC },
        ]);
        for (index, value) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()).max(16));
        }
        put(&mut bytes, 0, b"NBFT");
        bytes[8] = 1;
        check(&seal(bytes));
    }
}
