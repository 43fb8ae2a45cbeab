//! Whatever the profiles and devices, the plan is made, and keeps its promises.

use super::*;
use crate::profile::MultiConnect;
use proptest::prelude::*;

const NAMES: &[&str] = &["eth0", "eth1", "bond0", "br0", "vlan5", "lo", ""];

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(NAMES).prop_map(ToOwned::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[&|!]{0,2}\\\\?[a-z0-9*?\\[\\]!^:-]{0,6}").unwrap()
}

fn kind() -> impl Strategy<Value = LinkKind> {
    let vlan = proptest::option::of(name()).prop_map(|parent| LinkKind::Vlan(Vlan { parent, ..Vlan::default() }));
    let other = proptest::sample::select(&["macvlan", "dummy", "wifi", "loopback", "veth"] as &[&str])
        .prop_map(|name| LinkKind::Other { name: name.into(), options: vec![("parent".into(), "eth0".into())] });
    prop_oneof![
        4 => Just(LinkKind::Ethernet),
        1 => Just(LinkKind::Bond { options: Vec::new() }),
        1 => Just(LinkKind::Bridge { options: Vec::new() }),
        2 => vlan,
        1 => other,
    ]
}

prop_compose! {
    fn profile()(
        kind in kind(),
        digit in 0u8..6,
        interface_name in proptest::option::of(name()),
        priority in -1i32..2,
        autoconnect in proptest::bool::weighted(0.8),
        multiple in any::<bool>(),
        controller in proptest::option::weighted(0.3, name()),
        patterns in proptest::collection::vec(pattern(), 0..3),
        from_file in any::<bool>(),
    ) -> Profile {
        let profile = if from_file { keyfile("p", digit) } else { argument("p", digit) };
        let mut profile = Profile { kind, interface_name, autoconnect, autoconnect_priority: priority, ..profile };
        profile.multi_connect = if multiple { MultiConnect::Multiple } else { MultiConnect::Single };
        profile.matching.interface_name = patterns;
        match controller {
            Some(controller) => port(&controller, profile),
            None => profile,
        }
    }
}

prop_compose! {
    fn device()(
        ifindex in 0u32..8,
        name in name(),
        driver in proptest::sample::select(&["veth", "bond", "bridge", "e1000e", ""] as &[&str]),
        controller in proptest::option::weighted(0.2, 0u32..8),
        default_route in any::<bool>(),
    ) -> Device {
        Device { controller, default_route, ..link(ifindex, &name, driver) }
    }
}

proptest! {
    #[test]
    fn a_plan_is_always_made_and_keeps_its_promises(
        profiles in proptest::collection::vec(profile(), 0..8),
        devices in proptest::collection::vec(device(), 0..8),
        bootdev in proptest::option::of(name()),
        kept in proptest::collection::vec((0u32..8, 0usize..9), 0..2),
    ) {
        let context = Context { bootdev, kept: kept.clone(), ..Context::default() };
        let plan = plan(&profiles, &devices, &context);
        prop_assert_eq!(plan.devices.len(), devices.len());
        for (at, creation) in plan.creations.iter().enumerate() {
            let earlier = |target: Option<Target>| !matches!(target, Some(Target::Creation(on)) if on >= at);
            prop_assert!(earlier(creation.parent) && earlier(creation.controller), "{:?}", plan.creations);
        }
        for one in &plan.activations {
            let profile = &profiles[one.profile];
            prop_assert_eq!(one.controller.is_some(), profile.controller.is_some());
            if !kept.iter().any(|(_, profile)| *profile == one.profile) {
                prop_assert!(profile.autoconnect);
                prop_assert!(profile.multi_connect == MultiConnect::Multiple || taken(&plan, one.profile).len() == 1);
            }
        }
        for index in 0..profiles.len() {
            let places = [
                plan.activations.iter().any(|one| one.profile == index),
                plan.creations.iter().any(|one| one.profile == index),
                plan.waiting.iter().any(|one| one.profile == index),
                plan.unused.iter().any(|one| one.profile == index),
            ];
            prop_assert_eq!(places.iter().filter(|there| **there).count(), 1, "profile {}: {:?}", index, plan);
        }
    }

    #[test]
    fn no_pattern_hangs_or_panics(pattern in "\\PC{0,40}", text in "\\PC{0,40}") {
        fnmatch::fnmatch(&pattern, &text);
        matching::satisfies(&[pattern], &text);
        words::split(&text);
    }
}
