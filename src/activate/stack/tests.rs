//! A session that is told what a kernel would say.

use uuid::Uuid;

use crate::activate::{Action, GlobalServers, Input, Limits, LinkEvent, LinkState, Session, Settings, Verdict};
use crate::plan::Context;
use crate::profile::desired::{DesiredLink, NewLink};
use crate::profile::link::{Controller, Vlan};
use crate::profile::{Device, HwAddr, Ip4Settings, LinkKind, Method4, Origin, Profile};
use crate::proto::{Instant, Output};

const NOW: Instant = Instant::from_millis(1000);

fn mac(last: u8) -> HwAddr {
    HwAddr::new(&[0x52, 0x54, 0, 0x77, 0, last]).unwrap()
}

fn hardware(ifindex: u32, name: &str) -> Device {
    let mac = Some(mac(u8::try_from(ifindex).unwrap()));
    Device { ifindex, name: name.into(), arp_type: 1, mac, mtu: 1500, ..Device::default() }
}

fn made(ifindex: u32, name: &str, kind: &str) -> Device {
    Device { kind: Some(kind.into()), ..hardware(ifindex, name) }
}

fn profile(name: &str, kind: LinkKind, controller: Option<&str>, method: Option<Method4>) -> Profile {
    let origin = Origin::Default { reason: "test".into() };
    let mut profile = Profile::new(name, Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()), kind, origin);
    profile.interface_name = Some(name.into());
    profile.controller =
        controller.map(|name| Controller { name: name.into(), port_type: "bond".into(), port_options: Vec::new() });
    profile.ipv4 = method.map(|method| Ip4Settings { method, ..Ip4Settings::default() });
    profile
}

fn bond(options: &str) -> LinkKind {
    let pair = |word: &str| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
    LinkKind::Bond { options: options.split_whitespace().map(pair).collect() }
}

fn vlan(parent: &str) -> LinkKind {
    LinkKind::Vlan(Vlan { id: 5, parent: Some(parent.into()), ..Vlan::default() })
}

fn session(profiles: Vec<Profile>) -> Session {
    let settings = Settings {
        exit: Vec::new(),
        renew: None,
        renewed: Vec::new(),
        profiles,
        context: Context::default(),
        limits: Limits::default(),
        global_dns: GlobalServers::default(),
        timeout: None,
        hostname: None,
        warnings: Vec::new(),
        host: Default::default(),
        remembered: Vec::new(),
        seed: 1,
        tunnels: Default::default(),
        no_ipv6: false,
    };
    Session::new(settings, NOW)
}

/// What the session asks for until it waits, in order; and its verdict, if it has one.
fn drain(session: &mut Session) -> (Vec<NewLink>, Vec<DesiredLink>, Option<Verdict>) {
    let (mut new, mut wanted) = (Vec::new(), Vec::new());
    loop {
        match session.poll() {
            Output::Transmit(Action::Create(link)) => new.push(*link),
            Output::Transmit(Action::Apply(link)) => wanted.push(*link),
            Output::Transmit(_) => {}
            Output::Event(verdict) => return (new, wanted, Some(verdict)),
            Output::WaitUntil(_) => return (new, wanted, None),
        }
    }
}

fn apply(session: &mut Session, wanted: &[DesiredLink]) {
    for wanted in wanted {
        session.handle(NOW, Input::Applied { ifindex: wanted.ifindex, fatal: None, complaints: Vec::new() });
    }
}

#[test]
fn a_vlan_on_a_bond_on_two_links_is_made_from_the_ground_up() {
    let mut session = session(vec![
        profile("bond0.5", vlan("bond0"), None, Some(Method4::Manual)),
        profile("eth0", LinkKind::Ethernet, Some("bond0"), None),
        profile("eth1", LinkKind::Ethernet, Some("bond0"), None),
        profile("bond0", bond("mode=active-backup primary=eth1"), None, Some(Method4::Disabled)),
    ]);
    let mut devices = vec![hardware(2, "eth0"), hardware(3, "eth1")];
    session.handle(NOW, Input::Devices(&devices));
    let (new, wanted, verdict) = drain(&mut session);
    assert_eq!(new.iter().map(|link| link.name.as_str()).collect::<Vec<_>>(), ["bond0"]);
    assert_eq!(new[0].kind.names, [("eth1".to_owned(), 3)]);
    assert!(wanted.is_empty(), "ports wait for their controller: {wanted:?}");
    assert_eq!(verdict, None, "the run waits for what is being made");

    session.handle(NOW, Input::Created { name: "bond0", error: None });
    devices.push(made(7, "bond0", "bond"));
    session.handle(NOW, Input::Devices(&devices));
    let (new, wanted, _) = drain(&mut session);
    let order: Vec<_> = wanted.iter().map(|link| (link.ifindex, link.controller)).collect();
    assert_eq!(order, [(7, None), (2, Some(7)), (3, Some(7))], "the bond first, for its options go before its ports");
    assert_eq!((new[0].name.as_str(), new[0].parent), ("bond0.5", Some(7)));
    assert!(wanted.iter().skip(1).all(|port| port.addresses.is_empty() && port.port.is_some()));

    apply(&mut session, &wanted);
    session.handle(NOW, Input::Created { name: "bond0.5", error: None });
    devices.push(made(8, "bond0.5", "vlan"));
    session.handle(NOW, Input::Devices(&devices));
    let (new, wanted, _) = drain(&mut session);
    assert_eq!((new.len(), wanted.len(), wanted[0].ifindex), (0, 1, 8));
    apply(&mut session, &wanted);
    for (ifindex, name) in [(7, "bond0"), (8, "bond0.5")] {
        let event = LinkEvent {
            ifindex,
            name: name.into(),
            up: true,
            carrier: true,
            mac: Some(mac(2)),
            ..LinkEvent::default()
        };
        session.handle(NOW, Input::Link(event));
    }
    assert_eq!(drain(&mut session).2, Some(Verdict::Ok));
    let outcome = session.outcome(Verdict::Ok);
    assert!(outcome.links.iter().all(|link| link.state == LinkState::Up), "ports need no carrier of their own");
    let made: Vec<_> = outcome.links.iter().filter(|link| link.created).map(|link| link.device.ifindex).collect();
    assert_eq!(made, [7, 8]);
    assert_eq!(outcome.links[0].device.mac, Some(mac(2)), "the bond took the address of its first port");
}

#[test]
fn what_cannot_be_made_fails_with_what_stands_on_it_and_costs_no_other() {
    let mut session = session(vec![
        profile("bond0.5", vlan("bond0"), None, Some(Method4::Manual)),
        profile("bond0", bond("mode=active-backup"), None, Some(Method4::Disabled)),
        profile("eth0", LinkKind::Ethernet, Some("bond0"), None),
        profile("eth1", LinkKind::Ethernet, None, Some(Method4::Manual)),
    ]);
    let devices = vec![hardware(2, "eth0"), hardware(3, "eth1")];
    session.handle(NOW, Input::Devices(&devices));
    let (_, wanted, _) = drain(&mut session);
    assert_eq!(wanted.iter().map(|link| link.ifindex).collect::<Vec<_>>(), [3], "eth1 stands alone and goes ahead");
    apply(&mut session, &wanted);
    session.handle(NOW, Input::Created { name: "bond0", error: Some("no bonding here".into()) });
    session.handle(NOW, Input::Devices(&devices));
    let event = LinkEvent { ifindex: 3, name: "eth1".into(), up: true, carrier: true, ..LinkEvent::default() };
    session.handle(NOW, Input::Link(event));
    let (new, _, verdict) = drain(&mut session);
    assert!(new.is_empty(), "it is asked for once");
    assert_eq!(verdict, Some(Verdict::Degraded));
    let missing: Vec<String> = session
        .outcome(Verdict::Degraded)
        .missing
        .iter()
        .map(|one| format!("{}: {}", one.profile.id, one.what))
        .collect();
    assert!(missing.contains(&"bond0: no bonding here".to_owned()), "{missing:?}");
    assert!(missing.iter().any(|text| text.starts_with("bond0.5: ")), "{missing:?}");
}

#[test]
fn the_link_below_is_set_up_though_no_profile_takes_it() {
    let mut session = session(vec![profile("eth0.5", vlan("eth0"), None, Some(Method4::Manual))]);
    session.handle(NOW, Input::Devices(&[hardware(2, "eth0")]));
    let (new, wanted, _) = drain(&mut session);
    assert_eq!(new[0].parent, Some(2));
    assert_eq!(wanted, [DesiredLink { ifindex: 2, up: Some(true), ..DesiredLink::default() }]);
}

#[test]
fn a_bond_with_lacp_counts_from_when_a_port_may_send() {
    let mut session = session(vec![
        profile("bond0", bond("mode=802.3ad"), None, Some(Method4::Auto)),
        profile("eth0", LinkKind::Ethernet, Some("bond0"), None),
    ]);
    let devices = [hardware(2, "eth0"), made(7, "bond0", "bond")];
    session.handle(NOW, Input::Devices(&devices));
    let (_, wanted, _) = drain(&mut session);
    apply(&mut session, &wanted);
    let discovers = |session: &mut Session| {
        let mut count = 0;
        while let Output::Transmit(action) = session.poll() {
            count += usize::from(matches!(action, Action::SendDhcp4 { ifindex: 7, .. }));
        }
        count
    };
    let event = |ifindex, bond| LinkEvent { ifindex, up: true, carrier: true, bond, ..LinkEvent::default() };
    session.handle(NOW, Input::Link(event(7, None)));
    session.handle(NOW, Input::Link(event(2, Some((7, false)))));
    assert_eq!(discovers(&mut session), 0, "the kernel would drop it");
    session.handle(NOW, Input::Link(event(2, Some((7, true)))));
    assert_eq!(discovers(&mut session), 1);
}

#[test]
fn what_stands_on_a_link_says_how_large_its_frames_are() {
    let mut over = profile("bond0.5", vlan("bond0"), None, Some(Method4::Manual));
    over.link.mtu = Some(9000);
    let mut session = session(vec![
        over,
        profile("bond0", bond("mode=active-backup"), None, Some(Method4::Disabled)),
        profile("eth0", LinkKind::Ethernet, Some("bond0"), None),
    ]);
    session.handle(NOW, Input::Devices(&[hardware(2, "eth0"), made(7, "bond0", "bond"), made(8, "bond0.5", "vlan")]));
    let (_, wanted, _) = drain(&mut session);
    let all: Vec<_> = wanted.iter().map(|link| (link.ifindex, link.mtu)).collect();
    assert_eq!(all, [(7, Some(9000)), (8, Some(9000)), (2, Some(9000))]);
}

#[test]
fn a_port_of_a_vrf_keeps_its_addresses_and_has_its_routes_in_the_table() {
    let red = LinkKind::Other { name: "vrf".into(), options: vec![("table".into(), "1000".into())] };
    let mut port = profile("eth0", LinkKind::Ethernet, Some("red"), Some(Method4::Manual));
    port.controller.as_mut().unwrap().port_type = "vrf".into();
    port.ipv4.as_mut().unwrap().ip.addresses = vec!["192.0.2.7/24".parse().unwrap()];
    let mut session = session(vec![profile("red", red, None, None), port]);
    session.handle(NOW, Input::Devices(&[hardware(2, "eth0"), made(7, "red", "vrf")]));
    let (_, wanted, _) = drain(&mut session);
    let port = wanted.iter().find(|link| link.ifindex == 2).unwrap();
    assert_eq!((port.controller, port.addresses.len()), (Some(7), 1));
    assert!(!port.routes.is_empty() && port.routes.iter().all(|route| route.options.table == Some(1000)), "{port:?}");
}
