//! The exchange when all is well, when packets get lost, and when servers misbehave.

use super::*;

#[test]
fn four_packets_make_a_lease() {
    let mut bench = Bench::new(config());
    send!(bench, time 3, Reply::new(OFFER));
    send!(bench, time 5, Reply::new(ACK));
    let sent = recv!(bench, [DISCOVER, REQUEST]);
    assert_eq!((sent[0].0, sent[1].0), (at(0), at(3)), "no delay of our own");
    let lease = bench.lease().unwrap();
    assert_eq!((lease.address, lease.prefix_len, lease.server), (ADDRESS, 24, SERVER));
    assert_eq!(lease.acquired, at(5));
    assert_eq!(bench.events.len(), 2, "{:?}", bench.events);
    assert_eq!(bench.events[0], (at(3), Event::Offer { server: SERVER, address: ADDRESS }));
}

#[test]
fn a_lost_request_is_sent_again_and_not_a_discover() {
    let mut bench = Bench::new(config());
    send!(bench, time 3, Reply::new(OFFER));
    recv!(bench, time 253, [DISCOVER, REQUEST, REQUEST]);
    send!(bench, time 260, Reply::new(ACK));
    recv!(bench, time 60_000, []);
}

#[test]
fn early_late_and_repeated_timeouts_are_harmless() {
    let mut bench = Bench::new(config());
    for time in [0, 0, 1, 1] {
        bench.now = at(time);
        bench.client.handle_timeout(at(time));
        bench.drain();
    }
    recv!(bench, [DISCOVER]);
    bench.client.handle_timeout(at(90_000));
    bench.client.handle_timeout(at(90_000));
    bench.now = at(90_000);
    bench.drain();
    recv!(bench, [DISCOVER]);
}

#[test]
fn an_offer_that_comes_after_several_discovers_counts() {
    let mut bench = Bench::new(config());
    bench.run_to(at(5_000));
    let xid = bench.sent[0].1.xid();
    bench.packet(SERVER, &Reply::new(OFFER).bytes(xid));
    send!(bench, time 6_000, Reply::new(ACK));
    assert!(bench.lease().is_some());
}

#[test]
fn an_ack_that_comes_when_we_ask_anew_counts() {
    let mut bench = Bench::new(config());
    send!(bench, time 3, Reply::new(OFFER));
    bench.run_to(at(10_000));
    assert_eq!(bench.last().kind(), DISCOVER, "given up on the server");
    send!(bench, Reply::new(ACK).from(ROGUE));
    send!(bench, Reply::new(ACK).yiaddr(OTHER_ADDRESS));
    assert_eq!(bench.lease(), None, "nobody asked for that");
    send!(bench, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().address, ADDRESS);
}

#[test]
fn a_carrier_sends_at_once_and_short_waits_begin_again() {
    let mut bench = Bench::new(config());
    bench.run_to(at(20_000));
    bench.sent.clear();
    bench.carrier();
    recv!(bench, [DISCOVER]);
    let sent = recv!(bench, time 20_250, [DISCOVER]);
    assert!(sent[0].0 >= at(20_050));
}

#[test]
fn a_flapping_carrier_does_not_flood_the_link() {
    let mut bench = Bench::new(config());
    for time in 0..10_000 {
        bench.run_to(at(time));
        bench.carrier();
    }
    assert!(bench.sent.len() <= 41, "{}", bench.sent.len());
}

#[test]
fn a_carrier_while_requesting_repeats_the_request() {
    let mut bench = Bench::new(config());
    send!(bench, time 3, Reply::new(OFFER));
    bench.carrier();
    recv!(bench, [DISCOVER, REQUEST, REQUEST]);
}

#[test]
fn a_second_server_is_asked_when_the_first_falls_silent() {
    let mut bench = Bench::new(config());
    send!(bench, time 1, Reply::new(OFFER).from(ROGUE).yiaddr(OTHER_ADDRESS));
    send!(bench, time 2, Reply::new(OFFER));
    let sent = recv!(bench, time 251, [DISCOVER, REQUEST, REQUEST]);
    assert_eq!((sent[1].1.address(54), sent[2].1.address(54)), (Some(ROGUE), Some(SERVER)));
    send!(bench, time 252, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().server, SERVER);
}

#[test]
fn a_second_server_is_asked_at_once_when_the_first_refuses() {
    let mut bench = Bench::new(config());
    send!(bench, time 1, Reply::new(OFFER).from(ROGUE));
    send!(bench, time 2, Reply::new(OFFER));
    send!(bench, time 3, Reply::new(NAK).from(ROGUE));
    let sent = recv!(bench, [DISCOVER, REQUEST, REQUEST]);
    assert_eq!(sent[2].1.address(54), Some(SERVER));
}

#[test]
fn a_server_that_failed_us_is_taken_only_if_nobody_else_offers() {
    let mut bench = Bench::new(config());
    send!(bench, time 1, Reply::new(OFFER).from(ROGUE));
    while bench.last().kind() != DISCOVER {
        bench.next();
    }
    bench.sent.clear();
    send!(bench, Reply::new(OFFER).from(ROGUE));
    recv!(bench, []);
    send!(bench, Reply::new(OFFER));
    bench.next();
    assert_eq!(bench.last().address(54), Some(SERVER));
}

#[test]
fn an_ack_for_another_address_is_the_last_resort() {
    let mut bench = Bench::new(config());
    send!(bench, time 1, Reply::new(OFFER));
    send!(bench, time 2, Reply::new(ACK).yiaddr(OTHER_ADDRESS));
    assert_eq!((bench.lease(), bench.ignored()), (None, vec![Reject::OtherAddress]));
    bench.run_to(at(300));
    assert_eq!(bench.lease().unwrap().address, OTHER_ADDRESS, "nobody had anything better to say");

    let mut bench = Bench::new(config());
    send!(bench, time 1, Reply::new(OFFER).from(ROGUE));
    send!(bench, time 2, Reply::new(ACK).from(ROGUE).yiaddr(OTHER_ADDRESS));
    send!(bench, time 3, Reply::new(OFFER));
    bench.next();
    send!(bench, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().server, SERVER);
}

#[test]
fn a_storm_of_refusals_is_no_storm_of_requests() {
    let mut bench = Bench::new(config());
    for time in 1..30_000 {
        bench.run_to(at(time));
        let kind = if bench.last().kind() == DISCOVER { OFFER } else { NAK };
        send!(bench, Reply::new(kind));
        send!(bench, Reply::new(NAK).from(ROGUE));
    }
    assert!(bench.sent.len() <= 60, "{} packets in 30 s", bench.sent.len());
    assert!(bench.events.len() <= 100, "{} events in 30 s", bench.events.len());
}

fn reboot() -> Config {
    Config { previous: Some(ADDRESS), ..config() }
}

#[test]
fn a_remembered_address_takes_two_packets() {
    let mut bench = Bench::new(reboot());
    let sent = recv!(bench, [REQUEST]);
    let request = &sent[0].1;
    assert_eq!((request.address(50), request.address(54)), (Some(ADDRESS), None));
    assert_eq!((request.ciaddr(), request.destination), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST));
    send!(bench, time 2, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().address, ADDRESS);
    recv!(bench, []);
}

#[test]
fn a_remembered_address_that_is_refused_is_forgotten_at_once() {
    let mut bench = Bench::new(reboot());
    send!(bench, time 2, Reply::new(NAK));
    let sent = recv!(bench, [REQUEST, DISCOVER]);
    assert_eq!((sent[1].0, sent[1].1.address(50)), (at(2), None));
}

#[test]
fn a_remembered_address_that_nobody_knows_is_only_a_wish() {
    let mut bench = Bench::new(reboot());
    let sent = recv!(bench, time 750, [REQUEST, REQUEST, DISCOVER]);
    assert_eq!(sent[2].1.address(50), Some(ADDRESS));
    send!(bench, time 760, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().address, ADDRESS, "the late ACK");
}

#[test]
fn a_late_refusal_of_a_remembered_address_ends_the_wish() {
    let mut bench = Bench::new(reboot());
    recv!(bench, time 750, [REQUEST, REQUEST, DISCOVER]);
    send!(bench, time 760, Reply::new(NAK));
    bench.next();
    assert_eq!((bench.last().kind(), bench.last().address(50)), (DISCOVER, None));
}

fn bound() -> Bench {
    let mut bench = Bench::new(config());
    send!(bench, time 0, Reply::new(OFFER));
    send!(bench, time 0, Reply::new(ACK));
    recv!(bench, [DISCOVER, REQUEST]);
    bench
}

#[test]
fn at_t1_the_server_is_asked_and_the_lease_goes_on() {
    let mut bench = bound();
    recv!(bench, time 1_799_999, []);
    let sent = recv!(bench, time 1_800_000, [REQUEST]);
    let request = &sent[0].1;
    assert_eq!((request.source, request.destination, request.ciaddr()), (ADDRESS, SERVER, ADDRESS));
    assert_eq!((request.address(50), request.address(54)), (None, None));
    send!(bench, time 1_800_010, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().acquired, at(1_800_010));
    recv!(bench, time 3_600_009, []);
    recv!(bench, time 3_600_010, [REQUEST]);
}

#[test]
fn at_t2_anybody_is_asked_and_at_the_end_the_address_is_given_up() {
    let mut bench = bound();
    bench.run_to(at(3_149_999));
    assert!(bench.sent.iter().all(|(_, sent)| sent.destination == SERVER));
    assert!(bench.sent.len() < 20, "{} renewals in 22 minutes", bench.sent.len());
    bench.sent.clear();
    bench.run_to(at(3_599_999));
    assert!(bench.sent.iter().all(|(_, sent)| sent.destination == Ipv4Addr::BROADCAST && sent.ciaddr() == ADDRESS));
    assert!(!bench.sent.is_empty());
    bench.sent.clear();
    recv!(bench, time 3_600_000, [DISCOVER]);
    assert_eq!(bench.events.last(), Some(&(at(3_600_000), Event::Expired { address: ADDRESS })));
    assert_eq!(bench.last().address(50), Some(ADDRESS));
}

#[test]
fn another_server_may_rebind_the_lease() {
    let mut bench = bound();
    bench.run_to(at(3_150_000));
    send!(bench, Reply::new(ACK).from(ROGUE));
    assert_eq!(bench.lease().unwrap().server, ROGUE);
}

#[test]
fn a_renewal_for_another_address_or_without_times_is_ignored() {
    let mut bench = bound();
    bench.run_to(at(1_800_000));
    send!(bench, Reply::new(ACK).yiaddr(OTHER_ADDRESS));
    send!(bench, Reply::new(ACK).without(51));
    send!(bench, Reply::new(OFFER));
    assert_eq!(bench.ignored(), [Reject::OtherAddress, Reject::LeaseTime, Reject::Unexpected]);
    assert_eq!(bench.lease().unwrap().acquired, at(0));
}

#[test]
fn a_refused_renewal_starts_anew() {
    let mut bench = bound();
    bench.run_to(at(1_800_000));
    send!(bench, Reply::new(NAK));
    recv!(bench, [REQUEST, DISCOVER]);
    assert!(matches!(bench.events.last(), Some((_, Event::Nak { .. }))));
}

#[test]
fn renew_asks_now_then_anybody_then_anew() {
    let lease = bound().lease().unwrap().clone();
    let mut bench = Bench::with(Client::renew(config(), lease.clone(), at(60_000)));
    bench.now = at(60_000);
    bench.run_to(at(70_000));
    let places: Vec<_> = bench.sent.iter().map(|(_, sent)| (sent.kind(), sent.destination)).collect();
    assert_eq!(places[0], (REQUEST, SERVER));
    assert!(places.contains(&(REQUEST, Ipv4Addr::BROADCAST)));
    assert_eq!(places.last(), Some(&(DISCOVER, Ipv4Addr::BROADCAST)));
    assert!(bench.events.is_empty(), "the lease is not over: {:?}", bench.events);

    let late = Bench::with(Client::renew(config(), lease, at(3_600_000)));
    assert_eq!((late.last().kind(), late.last().address(50)), (REQUEST, Some(ADDRESS)));
}

#[test]
fn a_lease_for_ever_is_never_renewed_but_on_request() {
    let mut bench = Bench::new(config());
    send!(bench, Reply::new(OFFER));
    send!(bench, Reply::new(ACK).with(51, &[255; 4]));
    assert_eq!(bench.wait, None);
    let lease = bench.lease().unwrap().clone();
    assert_eq!(lease.expires(), None);
    let mut bench = Bench::with(Client::renew(config(), lease, at(0)));
    bench.run_to(at(10_000));
    assert_eq!(bench.last().kind(), DISCOVER);
}

#[test]
fn the_same_seed_says_the_same() {
    let trace = |seed| {
        let mut bench = Bench::new(Config { seed, ..config() });
        bench.run_to(at(60_000));
        bench.sent.iter().map(|(time, sent)| (*time, sent.bytes.clone())).collect::<Vec<_>>()
    };
    assert_eq!(trace(3), trace(3));
    assert_ne!(trace(3), trace(4));
}
