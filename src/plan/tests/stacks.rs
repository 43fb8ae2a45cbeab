use super::*;

fn names(plan: &Plan) -> Vec<&str> {
    plan.creations.iter().map(|one| one.name.as_str()).collect()
}

#[test]
fn parents_and_controllers_come_first_however_deep() {
    let devices = [link(2, "eth0", "e1000e"), link(3, "eth1", "e1000e")];
    let bridge = Profile { kind: LinkKind::Bridge { options: Vec::new() }, ..named("br0", argument("br0", 9)) };
    let profiles = [
        port("br0", vlan("vlan5", "bond0", 1)),
        port("bond0", named("eth0", argument("eth0", 2))),
        bridge,
        bond("bond0", 3),
        port("bond0", named("eth1", argument("eth1", 4))),
    ];
    let plan = plan(&profiles, &devices, &Context::default());
    assert_eq!(names(&plan), ["bond0", "br0", "vlan5"]);
    let [bond0, br0, vlan5] = &plan.creations[..] else { panic!() };
    assert_eq!(bond0.ports, [Target::Link(2), Target::Link(3)]);
    assert_eq!((vlan5.parent, vlan5.controller), (Some(Target::Creation(0)), Some(Target::Creation(1))));
    assert_eq!(br0.ports, [Target::Creation(2)]);
    assert_eq!(plan.activations[0].controller, Some(Target::Creation(0)));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

#[test]
fn references_by_uuid_work_as_names_do() {
    let devices = [link(2, "eth0", "e1000e")];
    let master = bond("bond0", 3);
    let uuid = master.uuid.to_string();
    let below = named("eth0", argument("eth0", 2));
    let tagged = vlan("vlan5", &below.uuid.to_string(), 5);
    let profiles = [port(&uuid, below), master, tagged];
    let plan = plan(&profiles, &devices, &Context::default());
    assert_eq!(plan.activations[0].controller, Some(Target::Creation(0)));
    assert_eq!(plan.creations[1].parent, Some(Target::Link(2)));
}

#[test]
fn links_that_stand_on_each_other_are_reported_and_the_rest_goes_on() {
    let profiles = [
        vlan("vlan1", "vlan2", 1),
        vlan("vlan2", "vlan1", 2),
        port("bond0", vlan("vlan3", "bond0", 3)),
        bond("bond0", 4),
        bond("bond1", 5),
    ];
    let plan = plan(&profiles, &[], &Context::default());
    assert_eq!(names(&plan), ["bond1"]);
    assert!(plan.unused.iter().all(|unused| matches!(unused.because, Idle::Cycle(_))), "{:?}", plan.unused);
    assert_eq!((plan.unused.len(), plan.warnings.len()), (4, 4));
}

#[test]
fn a_missing_parent_or_controller_is_waited_for() {
    let devices = [link(2, "eth0", "e1000e")];
    let profiles =
        [vlan("vlan5", "eth9", 1), vlan("vlan6", "vlan5", 2), port("bond9", named("eth0", argument("eth0", 3)))];
    let plan = plan(&profiles, &devices, &Context::default());
    let missing: Vec<&Missing> = plan.waiting.iter().map(|waiting| &waiting.missing).collect();
    let (eth9, vlan5) = (Missing::Parent("eth9".into()), Missing::Parent("vlan5".into()));
    assert_eq!(missing, [&eth9, &vlan5, &Missing::Controller("bond9".into())]);
    assert!(plan.activations.is_empty() && plan.creations.is_empty());
    assert!(plan.waiting[0].timeout > Duration::ZERO && plan.waiting[2].timeout == Duration::ZERO);
}

#[test]
fn an_existing_link_is_adjusted_and_one_of_another_kind_is_refused() {
    let devices = [link(2, "bond0", "bond"), link(3, "vlan5", "bridge")];
    let plan = plan(&[bond("bond0", 1), vlan("vlan5", "bond0", 2)], &devices, &Context::default());
    assert_eq!(plan.creations[0].existing, Some(2));
    assert_eq!(plan.devices[0].taken_by, Some(0));
    let other = Idle::OtherKind { name: "vlan5".into(), kind: "bridge".into() };
    assert_eq!(plan.unused, [Unused { profile: 1, because: other }]);
    assert!(matches!(plan.devices[1].untouched, Some(Untouched::Virtual { .. })));
}

#[test]
fn a_controller_without_autoconnect_is_made_for_its_ports() {
    let devices = [link(2, "eth0", "e1000e")];
    let by_hand = |digit| Profile { autoconnect: false, ..bond("bond0", digit) };
    let with_port = plan(&[by_hand(1), port("bond0", named("eth0", keyfile("p", 2)))], &devices, &Context::default());
    assert_eq!(names(&with_port), ["bond0"]);
    assert_eq!(names(&plan(&[by_hand(1)], &devices, &Context::default())), [""; 0]);
}

#[test]
fn a_vlan_finds_its_parent_by_address() {
    let devices = [link(2, "eth0", "e1000e"), link(3, "eth1", "e1000e")];
    let mut profile = vlan("ibft0", "", 1);
    profile.matching.mac_address = devices[1].mac;
    let plan = plan(&[profile], &devices, &Context::default());
    assert_eq!(plan.creations[0].parent, Some(Target::Link(3)));
}

#[test]
fn a_nameless_vlan_of_the_firmware_is_called_after_the_link_with_its_address() {
    let devices = [link(2, "eth0", "e1000e"), link(3, "enp0s31f6np0v1", "e1000e")];
    let mut ibft = Profile { interface_name: None, ..vlan("ibft0", "", 1) };
    ibft.matching.mac_address = devices[1].mac;
    // The NBFT has a profile for the hardware, by its address, and names that by its uuid.
    let mut parent = keyfile("nbft", 2);
    parent.matching.mac_address = devices[0].mac;
    let nbft = Profile { interface_name: None, ..vlan("nbft1", &parent.uuid.to_string(), 3) };
    let profiles = [ibft, parent, nbft];
    let there = plan(&profiles, &devices, &Context::default());
    assert_eq!(names(&there), ["enp0s31f6np0v.5", "eth0.5"]);
    let parents: Vec<Option<Target>> = there.creations.iter().map(|one| one.parent).collect();
    assert_eq!(parents, [Some(Target::Link(3)), Some(Target::Link(2))]);
    // Until the hardware is there it is waited for.
    let absent = plan(&profiles, &[], &Context::default());
    assert!(absent.creations.is_empty() && absent.unused.is_empty(), "{:?}", absent.unused);
    assert_eq!(absent.waiting.iter().map(|one| one.profile).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn two_profiles_for_one_link_name_are_not_both_carried_out() {
    let plan = plan(&[bond("bond0", 2), bond("bond0", 1)], &[], &Context::default());
    assert_eq!(plan.creations.len(), 1);
    assert_eq!(plan.unused[0].because, Idle::NameTaken { name: "bond0".into(), by: 1 });
}

#[test]
fn a_nameless_vlan_is_called_after_its_parent() {
    let profile = Profile { interface_name: None, ..vlan("x", "eth0", 1) };
    assert_eq!(names(&plan(&[profile], &[link(2, "eth0", "e1000e")], &Context::default())), ["eth0.5"]);
}

#[test]
fn types_sunup_cannot_carry_out_are_named() {
    let kind = LinkKind::Other { name: "wifi".into(), options: Vec::new() };
    let plan = plan(&[Profile { kind, ..named("wlan0", keyfile("w", 1)) }], &[], &Context::default());
    assert_eq!(plan.unused[0].because, Idle::Unsupported("wifi".into()));
    assert_eq!(plan.warnings.len(), 1);
}

#[test]
fn a_thousand_links_are_planned_in_no_time() {
    let names = (0..1000).map(|at| {
        if at % 100 == 0 {
            vlan(&format!("v{at}"), "eth0", 1)
        } else {
            vlan(&format!("v{at}"), &format!("v{}", at - at % 100), 1)
        }
    });
    let profiles: Vec<Profile> = names.collect();
    let started = std::time::Instant::now();
    let plan = plan(&profiles, &[link(2, "eth0", "e1000e")], &Context::default());
    assert_eq!(plan.creations.len(), 1000);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
