use ipnet::IpNet;

use super::*;
use crate::activate::family::Family;
use crate::activate::sysctls::sysctls;
use crate::profile::IpSettings;

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

fn auto() -> Ip6Settings {
    Ip6Settings {
        method: Method6::Auto,
        ip: IpSettings { may_fail: false, ..IpSettings::default() },
        ..Default::default()
    }
}

fn address(net: &str, tentative: bool) -> AddressEvent {
    AddressEvent { ifindex: 2, net: net.parse::<IpNet>().unwrap(), tentative, dad_failed: false, gone: false }
}

/// When solicitations leave and from where, up to `end`, waking only when told to.
fn solicitations(ipv6: &mut Ipv6, from: u64, end: u64) -> Vec<(u64, bool)> {
    let (mut now, mut sent) = (at(from), Vec::new());
    while now.as_millis() <= end {
        let mut out = Vec::new();
        ipv6.drive(2, now, &mut Timing::default(), &mut out);
        for action in out {
            let Action::SolicitRouter { source, .. } = action else { panic!("{action:?}") };
            sent.push((now.as_millis(), source.is_some()));
        }
        match ipv6.deadline(now) {
            Some(next) => now = next,
            None => break,
        }
    }
    sent
}

#[test]
fn r_06_four_solicitations_of_ours_go_before_those_of_the_kernel() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    assert_eq!(solicitations(&mut ipv6, 0, 20_000), [(0, false), (250, false), (1_000, false), (3_000, false)]);
}

#[test]
fn r_06_the_first_link_local_address_is_a_new_start_and_a_flapping_carrier_is_paced() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    assert_eq!(solicitations(&mut ipv6, 0, 100), [(0, false)]);
    ipv6.address(address("fe80::2/64", false), at(100));
    assert_eq!(solicitations(&mut ipv6, 100, 900), [(100, true), (350, true)]);
    for flap in 0..10 {
        ipv6.carrier(at(900 + flap));
        assert!(solicitations(&mut ipv6, 900 + flap, 900 + flap).len() <= 1);
    }
    let sent: Vec<u64> = ipv6.asked_at.iter().map(|at| at.as_millis()).collect();
    assert!(sent.len() == 4 && sent[3] - sent[0] < 1_000, "{sent:?}");
    assert!(ipv6.deadline(at(910)).unwrap() >= at(sent[0] + 1_000), "the fifth waits for its second");
}

#[test]
fn r_06_what_was_not_asked_while_a_router_was_there_is_not_asked_all_at_once() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    assert_eq!(solicitations(&mut ipv6, 0, 300), [(0, false), (250, false)]);
    ipv6.default_route(true);
    assert_eq!(solicitations(&mut ipv6, 300, 9_000), []);
    ipv6.default_route(false);
    assert_eq!(solicitations(&mut ipv6, 10_000, 20_000), [(10_000, false), (12_000, false)]);
}

#[test]
fn r_06_a_route_and_an_address_end_the_asking() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    ipv6.address(address("2001:db8::2/64", false), at(1));
    assert_eq!(solicitations(&mut ipv6, 1, 20_000), []);
}

#[test]
fn r_07_without_a_router_the_family_is_given_up_in_bounded_time() {
    let mut ipv6 =
        Ipv6::new(Ip6Settings { ra_timeout: Some(3), ..auto() }, Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(500));
    assert_eq!(ipv6.progress(at(3_499)), Progress::Pending(Reason::NoRouter));
    assert_eq!(ipv6.progress(at(3_500)), Progress::Failed(Reason::NoRouter));
    let mut patient = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    patient.carrier(at(0));
    assert_eq!(patient.progress(at(40_000)), Progress::Failed(Reason::NoRouter));
}

#[test]
fn r_07_a_family_that_may_fail_holds_nobody_up() {
    let settings = Ip6Settings { ip: IpSettings::default(), ..auto() };
    let mut ipv6 = Ipv6::new(settings, Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    let ready = Family::new(Progress::Up, false, at(0), None);
    let both = [ready, ipv6.family(at(0), at(1))];
    assert_eq!(crate::activate::family::combine(&both, at(1)).word(), "up");
}

#[test]
fn r_05_up_waits_for_the_end_of_probing_unless_the_address_is_optimistic() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    ipv6.address(address("2001:db8::2/64", true), at(1));
    solicitations(&mut ipv6, 1, 10);
    assert_eq!(ipv6.progress(at(20)), Progress::Pending(Reason::NoRouter));
    ipv6.address(address("2001:db8::2/64", false), at(1_000));
    solicitations(&mut ipv6, 1_000, 1_000);
    assert_eq!(
        ipv6.progress(at(1_000)),
        Progress::Pending(Reason::NoRouter),
        "flags and name servers come a moment later"
    );
    assert_eq!(ipv6.progress(at(1_000) + SETTLE), Progress::Up);
}

#[test]
fn r_08_addresses_are_formed_as_the_daemon_forms_those_of_its_initramfs() {
    let value = |settings: &Ip6Settings, key: &str| {
        let all = sysctls(Some(settings), 100, false);
        all.into_iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    };
    assert_eq!(value(&auto(), "ipv6/addr_gen_mode").as_deref(), Some("0"), "EUI-64");
}

#[test]
fn r_01_what_must_be_set_before_the_link_goes_up_is_and_ipv6_comes_last() {
    let all = sysctls(Some(&auto()), 100, false);
    let value = |key: &str| all.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str());
    assert_eq!(value("ipv6/accept_ra"), Some("2"), "also where forwarding is on");
    for key in ["ipv6/autoconf", "ipv6/accept_ra_defrtr", "ipv6/optimistic_dad", "ipv6/use_optimistic"] {
        assert_eq!(value(key), Some("1"), "{key}");
    }
    assert_eq!(all.last(), Some(&("ipv6/disable_ipv6", "0".to_owned())), "then the link-local address is formed");
}

#[test]
fn routers_tell_routes_where_they_are_wanted_and_no_tunnel_is_passed_by() {
    let length = |change: &dyn Fn(&mut Ip6Settings), guarded| {
        let mut settings = auto();
        change(&mut settings);
        let all = sysctls(Some(&settings), 100, guarded);
        all.into_iter().find(|(key, _)| *key == "ipv6/accept_ra_rt_info_max_plen").expect("is always said").1
    };
    assert_eq!(length(&|_| (), false), "128");
    assert_eq!(length(&|settings| settings.ip.never_default = true, false), "128");
    assert_eq!(length(&|settings| settings.ip.ignore_auto_routes = true, false), "0");
    assert_eq!(length(&|settings| settings.method = Method6::LinkLocal, false), "0");
    assert_eq!(length(&|_| (), true), "0");
}

#[test]
fn privacy_is_set_also_where_the_rest_is_left_to_the_kernel() {
    let ignored = |privacy| Ip6Settings { method: Method6::Ignore, privacy, ..auto() };
    assert_eq!(sysctls(Some(&ignored(Some(2))), 100, false), [("ipv6/use_tempaddr", "2".to_owned())]);
    assert!(sysctls(Some(&ignored(None)), 100, false).is_empty());
}

#[test]
fn a_router_without_addresses_is_enough_beside_an_address_of_the_profile() {
    let mut settings = auto();
    settings.ip.addresses = vec!["fd77::9/64".parse().unwrap()];
    let own = vec![address("fd77::9/64", false)];
    let mut ipv6 = Ipv6::new(settings, own, None, Limits::default(), Vec::new());
    ipv6.carrier(at(0));
    ipv6.default_route(false);
    solicitations(&mut ipv6, 0, 10);
    assert_eq!(ipv6.progress(at(10)), Progress::Pending(Reason::NoRouter));
    ipv6.default_route(true);
    ipv6.address(address("2001:db8::2/64", true), at(11));
    solicitations(&mut ipv6, 11, 11);
    assert_eq!(ipv6.progress(at(20)), Progress::Pending(Reason::NoRouter), "one from the router is coming");
    ipv6.address(AddressEvent { gone: true, ..address("2001:db8::2/64", true) }, at(21));
    solicitations(&mut ipv6, 21, 21);
    assert_eq!(ipv6.progress(at(21) + SETTLE), Progress::Up);
}

#[test]
fn a_route_from_an_address_waits_until_that_is_proved_and_is_waited_for() {
    let mut settings = Ip6Settings { method: Method6::Manual, ..Ip6Settings::default() };
    settings.ip.addresses = vec!["fd77::2/64".parse().unwrap()];
    let destination = "fd09::/16".parse().unwrap();
    let mut route = crate::profile::ip::Route { destination, gateway: None, metric: None, options: Default::default() };
    route.options.src = Some("fd77::2".parse().unwrap());
    settings.ip.routes = vec![route];
    let mut ipv6 = Ipv6::new(settings, Vec::new(), None, Limits::default(), Vec::new());
    let there = |ipv6: &Ipv6| ipv6.target(100, at(0)).routes.iter().any(|route| route.destination == destination);
    let waited = |ipv6: &Ipv6| ipv6.family(at(0), at(0)).waited_for_until.is_some();
    ipv6.carrier(at(0));
    ipv6.address(address("fd77::2/64", true), at(0));
    assert!(!ipv6.drive(2, at(0), &mut Timing::default(), &mut Vec::new()));
    ipv6.applied();
    assert!(!there(&ipv6) && waited(&ipv6));
    ipv6.address(address("fd77::2/64", false), at(1_000));
    assert!(ipv6.drive(2, at(1_000), &mut Timing::default(), &mut Vec::new()), "it is to be applied now");
    assert!(there(&ipv6) && !waited(&ipv6));
    assert!(matches!(ipv6.family(at(0), at(1_000)).progress, Progress::Pending(_)), "not yet taken by the kernel");
    ipv6.applied();
    assert_eq!(ipv6.family(at(0), at(1_000)).progress, Progress::Up);
    assert!(!ipv6.drive(2, at(1_001), &mut Timing::default(), &mut Vec::new()), "once");
}

#[test]
fn a_flood_of_prefixes_is_not_remembered() {
    let mut ipv6 = Ipv6::new(auto(), Vec::new(), None, Limits::default(), Vec::new());
    for number in 0..10_000_u32 {
        ipv6.prefix(format!("2001:db8:{:x}::/64", number % 5_000).parse().unwrap());
    }
    assert_eq!(ipv6.prefixes().len(), 64);
    assert_eq!(ipv6.prefixes()[..2], ["2001:db8::/64", "2001:db8:1::/64"].map(|net| net.parse::<IpNet>().unwrap()));
}
