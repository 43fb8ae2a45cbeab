//! `ipv4.dad-timeout`: what is looked for at other hosts, and what becomes of it.

use super::*;
use crate::profile::HwAddr;

const OURS: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THEIRS: [u8; 6] = [2, 0, 0, 0, 0, 9];

fn wanted(addresses: &[&str], dad_timeout: Option<u64>) -> Profile {
    let mut wanted = profile(Method4::Manual, Method6::Disabled);
    let ip = &mut wanted.ipv4.as_mut().unwrap().ip;
    ip.addresses = addresses.iter().map(|net| net.parse().unwrap()).collect();
    ip.gateway = "192.0.2.1".parse().ok();
    ip.dad_timeout = dad_timeout.map(Duration::from_millis);
    wanted
}

/// What one run came to.
#[derive(Default)]
struct Story {
    /// ARP packets: when, sender's address, address asked for.
    arp: Vec<(u64, [u8; 4], [u8; 4])>,
    /// Addresses and number of routes of every wish.
    wishes: Vec<(Vec<String>, usize)>,
    verdict: Option<Verdict>,
    end: u64,
    reason: Option<Reason>,
    warnings: Vec<String>,
}

/// Runs to the end; another host answers for the addresses in `theirs`.
fn run(mut bench: Bench, theirs: &[[u8; 4]]) -> Story {
    bench.link(10, true, true);
    let (mut now, mut story) = (at(10), Story::default());
    for _ in 0..1000 {
        match bench.0.poll() {
            Output::Transmit(Action::Apply(link)) => {
                let addresses = link.addresses.iter().map(|address| address.net.to_string()).collect();
                story.wishes.push((addresses, link.routes.len()));
                bench.0.handle(now, Input::Applied { ifindex: 2, fatal: None, complaints: Vec::new() });
            }
            Output::Transmit(Action::SendArp { ifindex: 2, packet, answers }) => {
                let (sender, target) = (*packet[14..].first_chunk().unwrap(), *packet[24..].first_chunk().unwrap());
                assert!(packet[8..14] == OURS && (answers || sender == target));
                story.arp.push((now.as_millis(), sender, target));
                if theirs.contains(&target) {
                    let parts = [&[0, 1, 8, 0, 6, 4, 0, 2][..], &THEIRS, &target, &OURS, &sender];
                    bench.0.handle(now, Input::Arp { ifindex: 2, packet: &parts.concat() });
                }
            }
            Output::Transmit(_) => {}
            Output::Event(verdict) => {
                let outcome = bench.0.outcome(verdict);
                story.reason = outcome.links[0].state.reason().cloned();
                story.warnings = outcome.warnings.iter().map(ToString::to_string).collect();
                (story.verdict, story.end) = (Some(verdict), now.as_millis());
                return story;
            }
            Output::WaitUntil(until) => {
                now = until.expect("nothing would ever wake it");
                bench.0.handle(now, Input::Timeout);
            }
        }
    }
    panic!("it does not end");
}

fn bench(profile: Profile) -> Bench {
    Bench::new(profile, LIMITS, Device::default())
}

const FIVE: [u8; 4] = [192, 0, 2, 5];
const SIX: [u8; 4] = [192, 0, 2, 6];

#[test]
fn r4_11_an_address_is_not_there_before_it_is_known_to_be_free() {
    let story = run(bench(wanted(&["192.0.2.5/24"], Some(200))), &[]);
    assert_eq!(story.verdict, Some(Verdict::Ok));
    assert_eq!(story.wishes, [(vec![], 0), (vec!["192.0.2.5/24".to_owned()], 2)]);
    let senders: Vec<_> = story.arp.iter().map(|(_, sender, _)| *sender).collect();
    assert_eq!(senders, [[0; 4], [0; 4], [0; 4], FIVE], "three probes, and then it is announced");
    assert!(story.end > 80 && story.end <= 210, "{}", story.end);
}

#[test]
fn without_the_setting_and_with_zero_nothing_is_looked_for() {
    for setting in [None, Some(0)] {
        let story = run(bench(wanted(&["192.0.2.5/24"], setting)), &[FIVE]);
        assert_eq!((story.verdict, story.arp.len(), story.end), (Some(Verdict::Ok), 0, 10));
    }
}

#[test]
fn an_address_of_another_host_fails_with_the_name_of_that_host() {
    let story = run(bench(wanted(&["192.0.2.5/24"], Some(200))), &[FIVE]);
    assert_eq!(story.verdict, Some(Verdict::Failed));
    assert_eq!(story.reason.unwrap().to_string(), "address 192.0.2.5 is in use by another host (02:00:00:00:00:09)");
    assert!(story.wishes.iter().all(|wish| *wish == (vec![], 0)), "{:?}", story.wishes);
}

#[test]
fn one_of_two_is_lost_and_said_and_the_other_is_used() {
    let story = run(bench(wanted(&["192.0.2.5/24", "192.0.2.6/24"], Some(200))), &[SIX]);
    assert_eq!(story.verdict, Some(Verdict::Degraded));
    let (addresses, routes) = story.wishes.last().unwrap();
    assert_eq!((&addresses[..], *routes), (&["192.0.2.5/24".to_owned()][..], 2));
    assert!(story.warnings.iter().any(|text| text.contains("192.0.2.6 is in use by another host")));
}

/// The kernel speaks from the first that it is given; one of another network is in nobody's way.
#[test]
fn one_waits_for_those_of_its_network_that_stand_before_it() {
    let addresses = ["192.0.2.5/24", "10.0.0.1/24", "192.0.2.6/24", "192.0.2.7/24"];
    for seed in 1..40 {
        let settings =
            Settings { profiles: vec![wanted(&addresses, Some(200))], limits: LIMITS, seed, ..Settings::default() };
        let mut bench = Bench(Session::new(settings, at(0)));
        let device =
            Device { ifindex: 2, name: "eth0".into(), mac: HwAddr::new(&OURS), arp_type: 1, ..Device::default() };
        bench.0.handle(at(0), Input::Devices(&[device]));
        let story = run(bench, &[SIX]);
        for (wish, _) in &story.wishes {
            let place = |net: &str| wish.iter().any(|one| one == net);
            assert!(place("192.0.2.5/24") || !place("192.0.2.7/24"), "seed {seed}: {wish:?}");
        }
        assert_eq!(story.wishes.last().unwrap().0, ["192.0.2.5/24", "10.0.0.1/24", "192.0.2.7/24"], "seed {seed}");
    }
}

#[test]
fn an_address_that_the_link_has_is_its_own() {
    let device = Device { addresses: vec!["192.0.2.5/24".parse().unwrap()], ..Device::default() };
    let story = run(Bench::new(wanted(&["192.0.2.5/24"], Some(200)), LIMITS, device), &[FIVE]);
    assert_eq!((story.verdict, story.arp.len()), (Some(Verdict::Ok), 0));
}

/// A link that gives itself an address.
fn alone() -> Profile {
    let mut alone = profile(Method4::LinkLocal, Method6::Disabled);
    alone.ipv4.as_mut().unwrap().ip.dad_timeout = Some(Duration::from_millis(200));
    alone
}

/// The first addresses that the host [`OURS`] tries.
fn tried(count: usize) -> Vec<[u8; 4]> {
    crate::proto::acd::LinkLocal::new(HwAddr::new(&OURS).unwrap()).take(count).map(|address| address.octets()).collect()
}

#[test]
fn of_the_addresses_that_a_link_may_give_itself_the_first_that_is_free_is_used() {
    let order = tried(4);
    let story = run(bench(alone()), &order[..3]);
    assert_eq!(story.verdict, Some(Verdict::Ok));
    let (addresses, routes) = story.wishes.last().unwrap();
    assert_eq!(*addresses, [format!("{}/16", std::net::Ipv4Addr::from(order[3]))]);
    assert_eq!(*routes, 2, "the prefix, and groups");
    assert!(story.warnings.is_empty(), "{:?}", story.warnings);
}

#[test]
fn after_ten_conflicts_it_is_given_up() {
    let order = tried(20);
    let story = run(bench(alone()), &order);
    assert_eq!((story.verdict, story.arp.len()), (Some(Verdict::Failed), 10));
    let last = std::net::Ipv4Addr::from(order[9]);
    assert_eq!(
        story.reason.unwrap().to_string(),
        format!("address {last} is in use by another host (02:00:00:00:00:09)")
    );
}

#[test]
fn what_a_link_gave_itself_before_is_kept() {
    let device = Device { addresses: vec!["169.254.7.7/16".parse().unwrap()], ..Device::default() };
    let story = run(Bench::new(alone(), LIMITS, device), &[[169, 254, 7, 7]]);
    assert_eq!((story.verdict, story.arp.len()), (Some(Verdict::Ok), 0));
    assert_eq!(story.wishes[0].0, ["169.254.7.7/16"]);
}

#[test]
fn a_link_without_an_address_of_its_own_gives_itself_none() {
    let settings = Settings { profiles: vec![alone()], limits: LIMITS, seed: 1, ..Settings::default() };
    let mut bench = Bench(Session::new(settings, at(0)));
    let nameless = Device { ifindex: 2, name: "eth0".into(), arp_type: 1, ..Device::default() };
    bench.0.handle(at(0), Input::Devices(&[nameless]));
    let story = run(bench, &[]);
    assert_eq!(story.reason.unwrap().to_string(), "a link-local IPv4 address is had on Ethernet alone");
}

#[test]
fn silence_without_carrier_proves_nothing() {
    let mut bench = bench(wanted(&["192.0.2.5/24"], Some(900)));
    bench.link(10, true, true);
    for (time, carrier) in [(60, false), (1000, false), (1500, true)] {
        bench.0.handle(at(time), Input::Timeout);
        bench.link(time, true, carrier);
        while let Output::Transmit(action) = bench.0.poll() {
            let early = matches!(&action, Action::Apply(link) if !link.addresses.is_empty());
            assert!(!early, "{time}");
        }
    }
    let story = run(bench, &[FIVE]);
    assert!(matches!(story.reason, Some(Reason::InUse(..))), "it is looked for again: {:?}", story.reason);
}
