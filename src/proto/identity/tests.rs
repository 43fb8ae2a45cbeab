use super::*;

fn mac(text: &str) -> HwAddr {
    text.parse().unwrap()
}

fn asker<'a>(host: &'a Host, ifname: &'a str) -> Asker<'a> {
    let (mac, perm_mac) = (mac("52:54:00:77:00:02"), mac("52:54:00:77:00:09"));
    Asker { host, ifname, arp_type: 1, mac, perm_mac, stable_id: Some("1b3c0f44-0d52-4b0e-9d8a-00000000abcd") }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The pairs of name and machine id that NetworkManager tests itself with.
#[test]
fn rfc_4_14_duid_is_what_the_daemon_makes_of_machine_id_and_name() {
    for (machine, ifname, iaid, id) in [
        ("cbc22e47418e402aa7b30dea928394ef", "lo", "5985c14d", "3d769bb2c14d29e1"),
        ("114eb4dad3224aff9fc3308338a0ebb7", "eth0", "2b506735", "551572e0f2a2a10f"),
    ] {
        let host = Host::new(Some(&format!("{machine}\n")), None);
        let id_sent = asker(&host, ifname).client_id(Some("duid"), [None; 2], None).unwrap().unwrap();
        assert_eq!(hex(&id_sent), format!("ff{iaid}00020000ab11{id}"));
        let by_number = asker(&host, ifname).client_id(Some("duid"), [Some("7"), Some("8")], None).unwrap().unwrap();
        assert_eq!(hex(&by_number), format!("ff0000000700020000ab11{id}"));
    }
}

#[test]
fn rfc_4_14_every_setting_is_its_bytes() {
    let host = Host::default();
    let link = asker(&host, "eth0");
    for (setting, bytes) in [
        (None, Some("01525400770002")),
        (Some("mac"), Some("01525400770002")),
        (Some("perm-mac"), Some("01525400770009")),
        (Some("none"), None),
        (Some("01:2:fF"), Some("0102ff")),
        // Text, though it looks like bytes: one alone, or none that are.
        (Some("aa"), Some("006161")),
        (Some("aa:"), Some("0061613a")),
        (Some("aa:xy"), Some("0061613a7879")),
        (Some("dawn"), Some("006461776e")),
    ] {
        let sent = link.client_id(setting, [None; 2], None).expect("made without machine id");
        assert_eq!(sent.as_deref().map(hex).as_deref(), bytes, "{setting:?}");
    }
    for setting in ["duid", "ipv6-duid", "stable"] {
        assert_eq!(link.client_id(Some(setting), [None; 2], None), None, "{setting} without a machine id");
    }
    let six = link.client_id(Some("ipv6-duid"), [None, Some("mac")], Some("00:03:00:01:aa:bb")).unwrap().unwrap();
    assert_eq!(hex(&six), "ff0077000200030001aabb", "the IAID of [ipv6] where [ipv4] has none");
}

#[test]
fn the_default_duid_hides_the_machine_id() {
    let host = Host::new(Some("114eb4dad3224aff9fc3308338a0ebb7"), None);
    let duid = asker(&host, "eth0").duid(None).unwrap();
    assert_eq!((duid.len(), &duid[..2]), (18, &[0, 4][..]));
    assert!(!hex(&duid).contains("114eb4da"));
    assert_eq!(hex(&asker(&host, "eth0").duid(Some("ll")).unwrap()), "00030001525400770002");
    assert_eq!(asker(&host, "eth0").duid(Some("llt")), None);
}

#[test]
fn damaged_files_are_none() {
    for text in ["", "0", "uninitialized", &"0".repeat(32), &"g".repeat(32), &"a".repeat(33)] {
        assert_eq!(Host::new(Some(text), Some(b"short")), Host::default(), "{text}");
    }
    let shown = format!("{:?}", Host::new(None, Some(b"nm-v2:0123456789012345678901234567890123456789")));
    assert!(!shown.contains("0123") && shown.contains("host_id: true"), "{shown}");
}
