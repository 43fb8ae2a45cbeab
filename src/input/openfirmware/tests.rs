use proptest::prelude::*;

use super::*;

/// A device tree of its own, removed at the end of the test.
struct Sysfs(PathBuf);

impl Sysfs {
    fn new(name: &str, bootpath: &str, properties: &[(&str, &[u8])]) -> Self {
        let sysfs = Self(std::env::temp_dir().join(format!("sunup-ofw-{name}-{}", std::process::id())));
        sysfs.write("chosen/bootpath", format!("{bootpath}\0").as_bytes());
        for (path, value) in properties {
            sysfs.write(path, value);
        }
        sysfs
    }

    fn write(&self, path: &str, value: &[u8]) {
        let path = self.0.join("firmware/devicetree/base").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value).unwrap();
    }
}

impl Drop for Sysfs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const MAC: (&str, &[u8]) = ("ethernet/mac-address", &[0x52, 0x54, 0, 0xaa, 0xbb, 0xcc]);

fn find(name: &str, bootpath: &str, properties: &[(&str, &[u8])]) -> Found {
    read(&Sysfs::new(name, bootpath, properties).0)
}

/// The static IPv4 configuration: address, gateway.
fn static4(found: &Found) -> (String, Option<String>) {
    let (v4, v6) = (found.profiles[0].ipv4.as_ref().unwrap(), found.profiles[0].ipv6.as_ref().unwrap());
    assert_eq!((v4.method, v6.method, v4.ip.may_fail), (Method4::Manual, Method6::Disabled, true));
    (v4.ip.addresses[0].to_string(), v4.ip.gateway.map(|gateway| gateway.to_string()))
}

fn is_dynamic(found: &Found) -> bool {
    let (v4, v6) = (found.profiles[0].ipv4.as_ref().unwrap(), found.profiles[0].ipv6.as_ref().unwrap());
    assert!(v4.ip.addresses.is_empty() && v6.ip.addresses.is_empty());
    (v4.method, v6.method) == (Method4::Auto, Method6::Auto)
}

#[test]
fn a_machine_without_the_tree_asks_for_nothing() {
    assert_eq!(read(Path::new("/nonexistent")), Found::default());
}

#[test]
fn the_whole_mac_is_the_one_the_device_booted_with() {
    let made_with: (&str, &[u8]) = ("ethernet/local-mac-address", &[0x52, 0x54, 0, 0xaa, 0xbb, 0x11]);
    let mac = |found: &Found| found.profiles[0].matching.mac_address.unwrap().to_string();
    let found = find("mac", "/ethernet:dhcp", &[MAC, made_with]);
    assert_eq!((mac(&found).as_str(), &found.profiles[0].link.cloned_mac), ("52:54:00:AA:BB:CC", &None));
    assert_eq!(mac(&find("mac-local", "/ethernet:dhcp", &[made_with])), "52:54:00:AA:BB:11");
}

#[test]
fn dhcp_goes_out_under_the_client_name() {
    let found = find("dhcp", "/ethernet:dhcp,,/boot/x", &[MAC, ("chosen/client-name", b"node9\0")]);
    let profile = &found.profiles[0];
    assert_eq!((profile.id.as_str(), profile.file_stem.as_str()), ("OpenFirmware Connection", "ofw"));
    assert_eq!((profile.autoconnect_priority, &profile.interface_name), (-200, &None));
    assert!(is_dynamic(&found));
    assert_eq!(profile.ipv4.as_ref().unwrap().ip.dhcp_hostname.as_deref(), Some("node9"));
    assert_eq!(profile.ipv6.as_ref().unwrap().ip.dhcp_hostname.as_deref(), Some("node9"));
    assert_eq!((&found.hostname, found.warnings.len()), (&None, 0));
}

#[test]
fn a_saved_bootp_answer_means_dhcp_whatever_else_is_there() {
    let saved: [(&str, &[u8]); 3] =
        [("chosen/bootp-response", &[2]), ("chosen/client-ip", &[192, 0, 2, 9]), ("chosen/client-name", b"\0")];
    let found = find("bootp", "/ethernet:192.0.2.1,f,192.0.2.9", &saved);
    assert!(is_dynamic(&found));
    assert_eq!(found.profiles[0].ipv4.as_ref().unwrap().ip.dhcp_hostname, None, "an empty name is none");
}

#[test]
fn the_answers_of_the_firmware_are_a_static_address() {
    let answers: [(&str, &[u8]); 4] = [
        MAC,
        ("chosen/client-ip", &[192, 0, 2, 9]),
        ("chosen/netmask-ip", &[255, 255, 255, 0]),
        ("chosen/gateway-ip", &[192, 0, 2, 1]),
    ];
    let found = find("static", "/ethernet:,boot", &answers);
    assert_eq!(static4(&found), ("192.0.2.9/24".to_owned(), Some("192.0.2.1".to_owned())));
    assert_eq!(found.warnings, []);
}

#[test]
fn the_arguments_are_a_static_address_too() {
    for (path, address, gateway) in [
        (
            "/e:speed=100,duplex=full,192.0.2.5,file,192.0.2.9,192.0.2.1,255.255.255.000",
            "192.0.2.9/24",
            Some("192.0.2.1"),
        ),
        (
            "/e:192.168.32.1,yaboot,192.168.32.2,192.168.32.1,5,5,255.255.000.000,512",
            "192.168.32.2/16",
            Some("192.168.32.1"),
        ),
        ("/e:/boot/x,192.0.2.9,,5,5,26", "192.0.2.9/26", None),
        ("/e:nfs,last,promiscuous,duplex=auto,,f,192.0.2.9,0.0.0.0,255.255.255.240", "192.0.2.9/28", None),
        ("/e:,f,2001:db8::9,2001:db8::1,5,5,48", "", None),
    ] {
        let found = find("arguments", path, &[]);
        assert_eq!(found.warnings, [], "{path}");
        if address.is_empty() {
            let ip = &found.profiles[0].ipv6.as_ref().unwrap().ip;
            assert_eq!(ip.addresses[0].to_string(), "2001:db8::9/48");
        } else {
            assert_eq!(static4(&found), (address.to_owned(), gateway.map(str::to_owned)), "{path}");
        }
    }
}

#[test]
fn a_bad_gateway_or_no_netmask_costs_only_itself() {
    let found = find("gateway", "/e:,f,192.0.2.9,2001:db8::1,255.255.255.0", &[]);
    assert_eq!((static4(&found), found.warnings.len()), (("192.0.2.9/24".to_owned(), None), 1));
    let found = find("netmask", "/e:,f,10.0.0.9,10.0.0.1", &[]);
    assert_eq!((static4(&found).0.as_str(), found.warnings.len()), ("10.0.0.9/8", 1));
}

#[test]
fn speed_and_duplex_are_set_together_or_not_at_all() {
    let link = |found: &Found| (found.profiles[0].link.speed, found.profiles[0].link.full_duplex, found.warnings.len());
    assert_eq!(link(&find("speed", "/e:speed=10,duplex=half,dhcp", &[])), (Some(10), Some(false), 0));
    assert_eq!(link(&find("speed-one", "/e:speed=1000,dhcp", &[])), (None, None, 1));
    assert_eq!(link(&find("speed-auto", "/e:speed=auto,duplex=auto,dhcp", &[])), (None, None, 0));
}

#[test]
fn a_disk_is_no_network() {
    let disk: [(&str, &[u8]); 2] = [("pci/disk/device_type", b"block\0"), ("ethernet/device_type", b"network\0")];
    for path in ["/pci/disk:1,\\boot\\x", "/pci/disk:1", "/pci/disk", "", "/../ethernet", "/ethernet/../ethernet"] {
        assert_eq!(find("disk", path, &disk), Found::default(), "{path}");
    }
    assert!(is_dynamic(&find("network", "/ethernet", &disk)));
}

#[test]
fn the_uuid_stays_and_is_another_on_another_machine() {
    let uuid = |name, mac: &[u8]| find(name, "/ethernet:dhcp", &[(MAC.0, mac)]).profiles[0].uuid;
    assert_eq!(uuid("uuid1", MAC.1), uuid("uuid2", MAC.1));
    assert_ne!(uuid("uuid3", MAC.1), uuid("uuid4", &[2; 6]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bootpath_makes_it_panic(
        words in prop::collection::vec("dhcp|speed=[0-9]{0,11}|duplex=full|[0-9]{1,4}(\\.[0-9]{1,4}){0,5}|[0-9a-f:]{0,12}|/?\\PC{0,5}", 0..12),
        properties in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 5),
    ) {
        let names = ["client-ip", "netmask-ip", "gateway-ip", "client-name", "tftp-file"].map(|name| format!("chosen/{name}"));
        let properties: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(properties.iter().map(Vec::as_slice)).collect();
        let found = find("any", &format!("/ethernet:{}", words.join(",")), &properties);
        prop_assert!(found.profiles.len() <= 1);
    }
}
