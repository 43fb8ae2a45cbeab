use super::*;
use crate::profile::MultiConnect;

fn plan_four(profiles: &[Profile]) -> Plan {
    plan(profiles, &four(), &Context::default())
}

/// The combinations measured with the daemon: which of four links a profile is available on.
#[test]
fn combined_rules_fit_the_links_the_daemon_found() {
    let everywhere = |profile: Profile| Profile { multi_connect: MultiConnect::Multiple, ..profile };
    let texts = |all: &[&str]| -> Vec<String> { all.iter().map(ToString::to_string).collect() };
    let mac = |text: &str| text.parse().unwrap();
    type Change = Box<dyn Fn(&mut Profile)>;
    let cases: Vec<(&str, Change, &[&str])> = vec![
        ("nothing", Box::new(|_| ()), &["eth0", "eth1", "ens1", "wlp2"]),
        (
            "interface-name=eth0 + match !eth0",
            Box::new(move |p| {
                p.interface_name = Some("eth0".into());
                p.matching.interface_name = texts(&["!eth0"]);
            }),
            &[],
        ),
        (
            "interface-name=eth0 + match eth*",
            Box::new(move |p| {
                p.interface_name = Some("eth0".into());
                p.matching.interface_name = texts(&["eth*"]);
            }),
            &["eth0"],
        ),
        ("mac of eth1", Box::new(move |p| p.matching.mac_address = Some(mac("02-00-00-00-00-03"))), &["eth1"]),
        (
            "mac of eth1 + driver=virtio_net",
            Box::new(move |p| {
                p.matching.mac_address = Some(mac("02:00:00:00:00:03"));
                p.matching.driver = texts(&["virtio_net"]);
            }),
            &[],
        ),
        (
            "match eth*;ens1 + driver=veth",
            Box::new(move |p| {
                p.matching.interface_name = texts(&["eth*", "ens1"]);
                p.matching.driver = texts(&["veth"]);
            }),
            &["eth0", "eth1", "ens1"],
        ),
        (
            "denylist of two",
            Box::new(move |p| {
                p.matching.mac_address_denylist = vec![mac("02:00:00:00:00:02"), mac("02:00:00:00:00:05")]
            }),
            &["eth1", "ens1"],
        ),
        ("an absent word", Box::new(move |p| p.matching.kernel_command_line = texts(&["ip"])), &[]),
        ("no such path", Box::new(move |p| p.matching.path = texts(&["pci-*"])), &[]),
    ];
    for (what, change, want) in cases {
        let mut profile = everywhere(keyfile("p", 1));
        change(&mut profile);
        assert_eq!(taken(&plan_four(&[profile]), 0), want, "{what}");
    }
}

#[test]
fn the_first_rule_that_failed_is_named_with_the_value_seen() {
    let mut profile = keyfile("p", 1);
    profile.matching.driver = vec!["e1000e".into()];
    profile.matching.path = vec!["pci-*".into()];
    let profiles = [profile];
    let plan = plan_four(&profiles);
    let DeviceReport { device, rejected, .. } = &plan.devices[1];
    let refusal = explain::refusal(&rejected[0], device, &profiles, &plan.words);
    assert_eq!(refusal, "match.driver: 'veth' does not satisfy 'e1000e'");
}

fn winner_on_eth0(a: Profile, b: Profile) -> usize {
    let plan = plan_four(&[a, b]);
    plan.devices[1].taken_by.unwrap()
}

#[test]
fn the_higher_priority_wins() {
    let with = |priority, digit| Profile { autoconnect_priority: priority, ..named("eth0", keyfile("p", digit)) };
    assert_eq!(winner_on_eth0(with(10, 1), with(20, 2)), 1);
    let specific = Profile { autoconnect_priority: -999, ..named("eth0", keyfile("specific", 1)) };
    assert_eq!(winner_on_eth0(specific, keyfile("any", 2)), 1);
}

#[test]
fn at_equal_priority_the_later_timestamp_wins_then_the_smaller_uuid() {
    let with = |timestamp, digit| Profile { timestamp, ..named("eth0", keyfile("p", digit)) };
    assert_eq!(winner_on_eth0(with(1000, 1), with(2000, 2)), 1);
    assert_eq!(winner_on_eth0(with(0, 0xbb), with(0, 0xaa)), 1);
}

#[test]
fn a_catch_all_with_the_smaller_uuid_starves_the_specific_profile() {
    let devices = [link(3, "eth1", "veth")];
    let profiles = [named("eth1", keyfile("specific", 2)), keyfile("any", 1)];
    let plan = plan(&profiles, &devices, &Context::default());
    assert_eq!(taken(&plan, 1), ["eth1"]);
    let on_uuid = Refusal::Outranked { by: 1, on: Criterion::Uuid };
    assert_eq!(plan.devices[0].rejected, [Rejection { profile: 0, refusal: on_uuid }]);
    assert_eq!(plan.unused, [Unused { profile: 0, because: Idle::NoFreeDevice }]);
}

#[test]
fn multi_connect_decides_on_how_many_links() {
    for (multi_connect, want) in [
        (MultiConnect::Default, &["eth0"] as &[&str]),
        (MultiConnect::Single, &["eth0"]),
        (MultiConnect::ManualMultiple, &["eth0"]),
        (MultiConnect::Multiple, &["eth0", "eth1", "ens1", "wlp2"]),
    ] {
        let plan = plan_four(&[Profile { multi_connect, ..keyfile("p", 1) }]);
        assert_eq!(taken(&plan, 0), want, "{multi_connect:?}");
    }
}

#[test]
fn the_order_of_the_devices_given_does_not_matter() {
    let profiles = [keyfile("a", 1), named("eth1", keyfile("b", 2))];
    let mut devices = four();
    let there = plan(&profiles, &devices, &Context::default());
    devices.reverse();
    assert_eq!(plan(&profiles, &devices, &Context::default()), there);
}

#[test]
fn without_autoconnect_nothing_is_taken() {
    let plan = plan_four(&[Profile { autoconnect: false, ..named("eth0", keyfile("p", 1)) }]);
    assert!(plan.activations.is_empty());
    assert_eq!(plan.unused, [Unused { profile: 0, because: Idle::NoAutoconnect }]);
}

#[test]
fn the_profile_for_any_link_takes_hardware_and_veth_only() {
    let devices = [
        loopback(),
        link(2, "eth0", "e1000e"),
        link(3, "br0", "bridge"),
        link(4, "veth0", "veth"),
        link(5, "dummy0", "dummy"),
        link(6, "tun0", "tun"),
        Device { arp_type: 32, ..link(7, "ib0", "mlx5_core") },
        Device { kind: Some("wlan".into()), ..link(8, "wlan0", "iwlwifi") },
    ];
    let plan = plan(&[for_any_link(1)], &devices, &Context::default());
    assert_eq!(taken(&plan, 0), ["eth0", "veth0"]);
    let untouched: Vec<String> =
        plan.devices.iter().filter_map(|report| report.untouched.as_ref().map(ToString::to_string)).collect();
    assert_eq!(untouched.first().map(String::as_str), Some("loopback"));
    assert_eq!(untouched.len(), 5, "{untouched:?}");
}

fn configured(device: Device) -> Device {
    Device { addresses: vec!["192.0.2.10/24".parse().unwrap()], default_route: true, ..device }
}

#[test]
fn what_others_configured_is_left_to_them_unless_a_profile_names_it() {
    let devices = [configured(link(2, "eth0", "veth")), link(3, "eth1", "veth")];
    let any = plan(&[for_any_link(1)], &devices, &Context::default());
    assert_eq!(taken(&any, 0), ["eth1"]);
    assert!(matches!(any.devices[0].untouched, Some(Untouched::Configured { .. })));
    let by_name = plan(&[named("eth0", argument("ip=eth0:dhcp", 1))], &devices, &Context::default());
    assert_eq!(taken(&by_name, 0), ["eth0"]);
    let mut pattern = keyfile("p", 1);
    pattern.matching.interface_name = vec!["eth*".into()];
    assert_eq!(taken(&plan(&[pattern.clone()], &devices, &Context::default()), 0), ["eth0"]);
    pattern.matching.interface_name = vec!["!ens1".into(), "*".into()];
    assert_eq!(taken(&plan(&[pattern], &devices, &Context::default()), 0), ["eth1"]);
}

#[test]
fn what_sunup_configured_before_is_taken_again() {
    let devices = [configured(link(2, "eth0", "veth"))];
    let context = Context { owned: vec![2], ..Context::default() };
    assert_eq!(taken(&plan(&[for_any_link(1)], &devices, &context), 0), ["eth0"]);
}

#[test]
fn a_link_being_brought_up_keeps_its_profile_when_another_appears() {
    let devices = [link(2, "eth0", "veth"), link(3, "eth1", "veth")];
    let profiles = [keyfile("first", 1), keyfile("second", 2)];
    let context = Context { kept: vec![(3, 0)], ..Context::default() };
    let plan = plan(&profiles, &devices, &context);
    assert_eq!((taken(&plan, 0), taken(&plan, 1)), (vec!["eth1"], vec!["eth0"]));
}

#[test]
fn an_infiniband_port_is_known_by_its_guid() {
    let address = |first: u8| {
        let mut bytes = [7; 20];
        bytes[0] = first;
        crate::profile::HwAddr::new(&bytes)
    };
    let device = Device { arp_type: 32, perm_mac: address(1), ..link(2, "ib0", "mlx5_core") };
    let mut profile = Profile { kind: LinkKind::Infiniband(Default::default()), ..keyfile("ib", 1) };
    profile.matching.mac_address = address(2);
    assert_eq!(taken(&plan(&[profile], &[device], &Context::default()), 0), ["ib0"]);
}

#[test]
fn subchannels_find_a_device_whatever_its_address() {
    let mut device = link(2, "enc800", "qeth");
    device.subchannels = vec!["0.0.0800".into(), "0.0.0801".into(), "0.0.0802".into()];
    let mut profile = keyfile("z", 1);
    profile.link.s390_subchannels = device.subchannels.clone();
    profile.matching.mac_address = "02:ff:ff:ff:ff:ff".parse().ok();
    assert_eq!(taken(&plan(&[profile.clone()], &[device.clone()], &Context::default()), 0), ["enc800"]);
    for wrong in [&["0.0.0800", "0.0.0801"][..], &["0.0.0800", "0.0.0801", "0.0.0900"]] {
        profile.link.s390_subchannels = wrong.iter().map(ToString::to_string).collect();
        let plan = plan(&[profile.clone()], &[device.clone()], &Context::default());
        assert!(plan.activations.is_empty(), "as NetworkManager: all of the device's and no others");
    }
}

#[test]
fn on_the_command_line_the_profile_for_any_link_comes_last() {
    let profiles = [for_any_link(1), named("eth1", argument("ip=eth1:10.0.0.1", 2))];
    let plan = plan_four(&profiles);
    assert_eq!((taken(&plan, 0), taken(&plan, 1)), (vec!["eth0", "ens1", "wlp2"], vec!["eth1"]));
}

#[test]
fn a_profile_for_users_who_are_not_logged_in_is_left_alone() {
    let mut theirs = keyfile("theirs", 1);
    theirs.unknown.push(("connection".into(), "permissions".into(), "user:bob:;".into()));
    let profiles = [theirs, keyfile("ours", 2)];
    let devices = [link(2, "eth0", "e1000e")];
    let plan = plan(&profiles, &devices, &Context::default());
    assert_eq!((plan.devices[0].taken_by, &plan.unused[0].because), (Some(1), &Idle::NoAutoconnect));
    let text = crate::plan::explain::render(&plan, &profiles);
    assert!(text.contains("not theirs  connection.permissions: only for users who are logged in"), "{text}");
}
