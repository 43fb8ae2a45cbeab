//! How long a run waits for what: the limits of the command line, in a session without a network.

mod conflicts;

use std::time::Duration;

use super::{Action, AddressEvent, Input, Limits, LinkEvent, Reason, Session, Settings, Verdict};
use crate::profile::{Device, Ip4Settings, Ip6Settings, IpSettings, LinkKind, Method4, Method6, Origin, Profile};
use crate::proto::{Instant, Output};

const LIMITS: Limits = Limits {
    up: Duration::from_secs(1),
    carrier: Duration::from_secs(2),
    dad: Duration::from_secs(3),
    router: Duration::from_secs(4),
    route: None,
};

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

/// A profile for eth0 from the command line.
fn profile(method4: Method4, method6: Method6) -> Profile {
    let origin = Origin::CommandLine { word: "ip=".to_owned(), column: 1, at: 1 };
    let ip = || IpSettings { may_fail: false, ..IpSettings::default() };
    Profile {
        interface_name: Some("eth0".to_owned()),
        ipv4: Some(Ip4Settings { method: method4, ip: ip(), ..Ip4Settings::default() }),
        ipv6: Some(Ip6Settings { method: method6, ip: ip(), ..Ip6Settings::default() }),
        ..Profile::new("eth0", uuid::Uuid::nil(), LinkKind::Ethernet, origin)
    }
}

struct Bench(Session);

impl Bench {
    /// A run over eth0 that begins at 0; everything asked of the kernel is granted.
    fn new(profile: Profile, limits: Limits, device: Device) -> Self {
        let settings = Settings { profiles: vec![profile], limits, seed: 1, ..Settings::default() };
        let mut session = Session::new(settings, at(0));
        let mac = "02:00:00:00:00:01".parse().ok();
        session
            .handle(at(0), Input::Devices(&[Device { ifindex: 2, name: "eth0".into(), arp_type: 1, mac, ..device }]));
        Self(session)
    }

    fn link(&mut self, now: u64, up: bool, carrier: bool) {
        self.0.handle(
            at(now),
            Input::Link(LinkEvent {
                ifindex: 2,
                name: "eth0".into(),
                up,
                carrier,
                running: carrier,
                ..LinkEvent::default()
            }),
        );
    }

    fn address(&mut self, now: u64, net: &str, tentative: bool) {
        let net = net.parse().unwrap();
        self.0.handle(
            at(now),
            Input::Address(AddressEvent { ifindex: 2, net, tentative, dad_failed: false, gone: false }),
        );
    }

    /// Lets time pass from one deadline to the next until the run ends: when, how, and why eth0 is not up.
    fn end(&mut self) -> (u64, Verdict, Option<Reason>) {
        let mut now = at(0);
        for _ in 0..100_000 {
            match self.0.poll() {
                Output::Transmit(Action::Apply(_)) => {
                    self.0.handle(now, Input::Applied { ifindex: 2, fatal: None, complaints: Vec::new() });
                }
                Output::Transmit(_) => {}
                Output::Event(verdict) => {
                    let outcome = self.0.outcome(verdict);
                    let millis = outcome.finished.since(at(0)).as_millis().try_into().unwrap();
                    return (millis, verdict, outcome.links[0].state.reason().cloned());
                }
                Output::WaitUntil(until) => {
                    now = until.expect("nothing would ever wake it");
                    self.0.handle(now, Input::Timeout);
                }
            }
        }
        panic!("it does not end");
    }
}

#[test]
fn a_link_that_is_never_up_fails_after_ifup() {
    let mut bench = Bench::new(profile(Method4::Auto, Method6::Disabled), LIMITS, Device::default());
    assert_eq!(bench.end(), (1000, Verdict::Failed, Some(Reason::NotUp)));
}

#[test]
fn carrier_is_waited_for_from_the_moment_the_link_is_up() {
    let mut bench = Bench::new(profile(Method4::Auto, Method6::Disabled), LIMITS, Device::default());
    bench.link(500, true, false);
    assert_eq!(bench.end(), (2500, Verdict::Failed, Some(Reason::NoCarrier)));
}

#[test]
fn a_router_is_waited_for_from_carrier_on() {
    let mut bench = Bench::new(profile(Method4::Disabled, Method6::Auto), LIMITS, Device::default());
    bench.link(100, true, true);
    assert_eq!(bench.end(), (4100, Verdict::Failed, Some(Reason::NoRouter)));
}

#[test]
fn a_probe_that_does_not_end_is_given_up() {
    for method in [Method6::LinkLocal, Method6::Manual] {
        let mut wanted = profile(Method4::Disabled, method);
        if method == Method6::Manual {
            wanted.ipv6.as_mut().unwrap().ip.addresses = vec!["2001:db8::5/64".parse().unwrap()];
        }
        let mut bench = Bench::new(wanted, LIMITS, Device::default());
        bench.link(100, true, true);
        bench.address(101, "fe80::1/64", true);
        bench.address(101, "2001:db8::5/64", true);
        assert_eq!(bench.end(), (3100, Verdict::Failed, Some(Reason::NotProbed)), "{method:?}");
    }
}

#[test]
fn a_default_route_is_waited_for_only_where_it_is_asked_for() {
    let run = |route: Option<u64>, comes: Option<u64>| {
        let limits = Limits { route: route.map(Duration::from_millis), ..LIMITS };
        let mut bench = Bench::new(profile(Method4::Disabled, Method6::Auto), limits, Device::default());
        bench.link(100, true, true);
        bench.address(200, "2001:db8::7/64", false);
        if let Some(comes) = comes {
            bench.0.handle(at(comes), Input::DefaultRoute { ifindex: 2, ipv6: true, gone: false });
        }
        bench.end()
    };
    let (end, verdict, _) = run(None, None);
    assert!(verdict == Verdict::Ok && end < 300, "{end}");
    assert_eq!(run(Some(700), None), (900, Verdict::Ok, None), "it is done without after all");
    let (end, verdict, _) = run(Some(700), Some(300));
    assert!(verdict == Verdict::Ok && end < 400, "{end}");
}

#[test]
fn dhcp_is_tried_as_often_as_the_profile_says() {
    for (retries, seconds) in [(None, 7), (Some(1), 7), (Some(3), 21)] {
        let mut wanted = profile(Method4::Auto, Method6::Disabled);
        wanted.ipv4.as_mut().unwrap().ip.dhcp_timeout = Some(Duration::from_secs(7));
        let device = Device { up: true, carrier: true, ..Device::default() };
        let (end, verdict, _) = Bench::new(Profile { autoconnect_retries: retries, ..wanted }, LIMITS, device).end();
        assert_eq!((end / 1000, verdict), (seconds, Verdict::Failed), "{retries:?}");
    }
}

/// A network that would rather have IPv6 only (RFC 8925) is not asked where the kernel has none.
#[test]
fn without_ipv6_in_the_kernel_ipv4_does_not_step_back() {
    let mut wanted = profile(Method4::Auto, Method6::Auto);
    wanted.ipv4.as_mut().unwrap().ip.may_fail = true;
    wanted.ipv6.as_mut().unwrap().ip.may_fail = true;
    let device = || Device {
        ifindex: 2,
        name: "eth0".into(),
        arp_type: 1,
        mac: "02:00:00:00:00:01".parse().ok(),
        up: true,
        carrier: true,
        ..Device::default()
    };
    let asks = |no_ipv6| {
        let profiles = vec![wanted.clone()];
        let mut session = Session::new(Settings { profiles, seed: 1, no_ipv6, ..Settings::default() }, at(0));
        session.handle(at(0), Input::Devices(&[device()]));
        let sent = std::iter::from_fn(|| match session.poll() {
            Output::Transmit(action) => Some(action),
            _ => None,
        });
        let sent: Vec<Action> = sent.collect();
        let dhcp = sent.iter().find_map(|action| match action {
            Action::SendDhcp4 { transmit, .. } => Some(transmit.payload.clone()),
            _ => None,
        });
        let payload = dhcp.expect("a DISCOVER");
        let options = &payload[240..];
        let at = options.windows(2).position(|window| window[0] == 55).unwrap();
        options[at + 2..][..usize::from(options[at + 1])].contains(&108)
    };
    assert!(asks(false) && !asks(true));
}

#[test]
fn dhcp_packets_go_to_the_links_own_broadcast_address_with_the_dscp_asked_for() {
    let mut wanted = profile(Method4::Auto, Method6::Disabled);
    wanted.kind = LinkKind::Infiniband(crate::profile::link::Infiniband::default());
    wanted.ipv4.as_mut().unwrap().dhcp_dscp = Some("CS6".to_owned());
    let broadcast: crate::profile::HwAddr =
        "00:ff:ff:ff:ff:12:40:1b:ff:ff:00:00:00:00:00:00:ff:ff:ff:ff".parse().unwrap();
    let device = Device {
        ifindex: 2,
        name: "eth0".into(),
        arp_type: 32,
        mac: "80:00:00:48:fe:80:00:00:00:00:00:00:00:11:22:33:44:55:66:77".parse().ok(),
        broadcast: Some(broadcast),
        up: true,
        carrier: true,
        ..Device::default()
    };
    let mut session = Bench::new(wanted, LIMITS, Device::default()).0;
    session.handle(at(0), Input::LinkGone { ifindex: 2 });
    session.handle(at(1), Input::Devices(&[Device { ifindex: 3, ..device }]));
    let mut sent = Vec::new();
    while let Output::Transmit(action) = session.poll() {
        if let Action::SendDhcp4 { ifindex, to, dscp, transmit } = action {
            sent.push((ifindex, to, dscp, transmit.payload));
        }
    }
    let [(3, to, 48, payload)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(to, broadcast.as_bytes());
    // RFC 4390: hardware type 32, no address in the header, broadcast replies, and the port's GUID as the client's name.
    assert_eq!((payload[1], payload[2], payload[10]), (32, 0, 0x80));
    assert_eq!(payload[28..44], [0; 16]);
    let id = [61, 9, 32, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77];
    assert!(payload.windows(id.len()).any(|window| window == id), "{payload:x?}");
}
