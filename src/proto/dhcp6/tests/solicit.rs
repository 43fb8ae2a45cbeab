//! From Solicit to a lease.

use super::*;

#[test]
fn four_messages_lead_to_a_lease() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends_at(0, kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[255]));
    let request = bench.sends_at(0, kind::REQUEST);
    assert_eq!(option(&request, code::SERVER_ID).unwrap(), SERVER);
    bench.receives(&FromServer::reply(&request).with_address(1).with(code::DNS_SERVERS, &address(53).octets()));
    let lease = bench.bound();
    let times = (Duration::from_secs(1000), Duration::from_secs(2000));
    assert_eq!(lease.addresses, [Address { address: address(1), preferred: times.0, valid: times.1 }]);
    assert_eq!((lease.t1, lease.t2), (Duration::from_secs(500), Duration::from_secs(800)));
    assert_eq!(lease.dns, [address(53)]);
    assert_eq!((lease.duid, lease.iaid, &lease.server_duid[..]), (config().duid, IAID, SERVER));
}

#[test]
fn r6_01_other_transactions_clients_and_nameless_servers_are_put_aside() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    let good = FromServer::advertise(&solicit).with_address(1);
    let mut foreign = good.clone();
    foreign.transaction[2] ^= 1;
    let bare = |options: &[(u16, &[u8])]| {
        let empty = FromServer { options: Vec::new(), ..good.clone() }.with_address(1);
        options.iter().fold(empty, |message, (code, value)| message.with(*code, value))
    };
    let duid = config().duid;
    let cases = [
        (foreign, Reason::OtherTransaction),
        (bare(&[(code::SERVER_ID, SERVER)]), Reason::NoClientId),
        (bare(&[(code::SERVER_ID, SERVER), (code::CLIENT_ID, OTHER_SERVER)]), Reason::OtherClient),
        (bare(&[(code::SERVER_ID, SERVER), (code::CLIENT_ID, &[])]), Reason::OtherClient),
        (bare(&[(code::CLIENT_ID, &duid)]), Reason::NoServerId),
        (bare(&[(code::CLIENT_ID, &duid), (code::SERVER_ID, &[])]), Reason::NoServerId),
        (bare(&[(code::CLIENT_ID, &duid), (code::SERVER_ID, &[1; 131])]), Reason::NoServerId),
        (good.clone().with(code::SERVER_ID, OTHER_SERVER), Reason::TwoIds),
        (good.clone().with(code::CLIENT_ID, OTHER_SERVER), Reason::TwoIds),
        (FromServer { kind: kind::SOLICIT, ..good.clone() }, Reason::Unexpected(kind::SOLICIT)),
        (FromServer { kind: 0, ..good.clone() }, Reason::Unexpected(0)),
    ];
    let fresh = bench.client.clone();
    for (message, reason) in cases {
        bench.client = fresh.clone();
        bench.receives(&message);
        bench.ignores(reason);
    }
    bench.client.handle_packet(bench.now, link_local(), &[2, 0, 0]);
    bench.ignores(Reason::TooShort);
    bench.client.handle_packet(bench.now, "ff02::1".parse().unwrap(), &good.bytes());
    bench.ignores(Reason::ImpossibleSource);
    bench.receives(&good);
    assert!(matches!(bench.events()[..], [Event::Advertise { .. }]), "the good one is taken after all that");
}

#[test]
fn r6_01_the_reply_must_come_from_the_server_that_was_asked() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[255]));
    let request = bench.sends(kind::REQUEST);
    bench.events();
    let reply = FromServer::reply(&request).with_address(1);
    bench.receives(&reply.clone().sent_by(OTHER_SERVER));
    bench.ignores(Reason::OtherServer);
    bench.receives(&reply);
    bench.bound();
}

#[test]
fn r6_02_every_message_states_the_time_since_the_first() {
    let elapsed = |message: &[u8]| u16::from_be_bytes(option(message, code::ELAPSED_TIME).unwrap().try_into().unwrap());
    let mut bench = Bench::new(config());
    assert_eq!(elapsed(&bench.sends(kind::SOLICIT)), 0);
    for _ in 0..15 {
        let solicit = bench.sends(kind::SOLICIT);
        let hundredths = bench.now.as_millis() / 10;
        assert_eq!(u64::from(elapsed(&solicit)), hundredths.min(0xffff));
    }
    assert!(bench.now.as_millis() > 655_350, "the cap was reached");
    let (mut bench, lease) = bound();
    bench.client.decline(&[address(1)], bench.now);
    for message in [
        bench.sends(kind::DECLINE),
        Bench::of(Client::renew(config(), &lease, bench.now)).sends(kind::RENEW),
        Bench::of(Client::reboot(config(), &lease, bench.now)).sends(kind::CONFIRM),
        Bench::of(Client::release(config(), &lease, bench.now)).sends(kind::RELEASE),
        Bench::new(Config { mode: Mode::StatelessInfo, ..config() }).sends(kind::INFORMATION_REQUEST),
    ] {
        assert_eq!(elapsed(&message), 0);
    }
}

#[test]
fn r6_03_solicits_leave_at_0_1_3_7_15_seconds() {
    let mut bench = Bench::new(config());
    let first = bench.sends_at(0, kind::SOLICIT);
    for at in [1_050, 3_150, 7_350, 15_700] {
        let next = bench.sends_at(at, kind::SOLICIT);
        assert_eq!(next[1..4], first[1..4], "the transaction stays");
    }
}

#[test]
fn r6_04_advertisements_are_collected_until_the_first_time_out() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[1]));
    bench.passes(Duration::from_millis(500));
    bench.receives(&FromServer::advertise(&solicit).with_address(2).with(code::PREFERENCE, &[9]).sent_by(OTHER_SERVER));
    assert_eq!(bench.events().len(), 2);
    let request = bench.sends_at(1_050, kind::REQUEST);
    assert!(bench.now >= Instant::from_millis(1000));
    assert_eq!(option(&request, code::SERVER_ID).unwrap(), OTHER_SERVER, "the higher preference");
}

#[test]
fn r6_04_preference_255_and_any_after_the_first_time_out_are_taken_at_once() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[255]));
    bench.sends_at(0, kind::REQUEST);

    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    bench.sends_at(1_050, kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1));
    bench.sends_at(1_050, kind::REQUEST);
}

#[test]
fn r6_04_a_rapid_commit_is_taken_at_once_if_it_was_asked_for_and_says_so() {
    let mut bench = Bench::new(Config { rapid_commit: true, ..config() });
    let solicit = bench.sends(kind::SOLICIT);
    assert_eq!(option(&solicit, code::RAPID_COMMIT), Some(vec![]));
    bench.receives(&FromServer::reply(&solicit).with_address(1));
    bench.ignores(Reason::NotRapidCommit);
    bench.receives(&FromServer::reply(&solicit).with_address(1).with(code::RAPID_COMMIT, &[0]));
    let events = bench.events();
    assert_eq!(events[0], Event::OptionsDropped { codes: vec![code::RAPID_COMMIT] });
    bench.receives(&FromServer::reply(&solicit).with_address(1).with(code::RAPID_COMMIT, &[]));
    assert_eq!(bench.bound().addresses.len(), 1);

    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    assert_eq!(option(&solicit, code::RAPID_COMMIT), None);
    bench.receives(&FromServer::reply(&solicit).with_address(1).with(code::RAPID_COMMIT, &[]));
    bench.ignores(Reason::NotRapidCommit);
}

#[test]
fn r6_05_an_advertisement_without_addresses_is_not_chosen() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    let refusal = FromServer::advertise(&solicit).with(code::PREFERENCE, &[255]);
    let refused = |message: &str| {
        vec![Event::Refused { status: StatusCode::NoAddrsAvail, message: Text::new(message.as_bytes()) }]
    };
    let (code, value) = status(2, "full\x1b[31m");
    bench.receives(&refusal.clone().with_address(1).with(code, &value));
    assert_eq!(bench.events(), refused("full?[31m"), "of the whole message");
    bench.receives(&refusal.clone().with(code::IA_NA, &ia(IAID, 0, 0, &[status(2, "none")])));
    assert_eq!(bench.events(), refused("none"), "of the IA");
    bench.receives(&refusal);
    bench.ignores(Reason::Empty);
    bench.sends_at(1_050, kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1));
    bench.sends_at(1_050, kind::REQUEST);
}

#[test]
fn r6_08_a_ceiling_between_a_minute_and_a_day_is_obeyed_even_from_a_refusal() {
    let wait = |ceiling: u32| {
        let mut bench = Bench::new(Config { timing: Timing::Prompt, ..config() });
        let solicit = bench.sends(kind::SOLICIT);
        bench.receives(&FromServer::advertise(&solicit).with(code::SOL_MAX_RT, &ceiling.to_be_bytes()));
        (0..20).for_each(|_| drop(bench.sends(kind::SOLICIT)));
        let before = bench.now;
        bench.sends(kind::SOLICIT);
        bench.now.since(before).as_secs()
    };
    assert!((54..=66).contains(&wait(60)));
    assert!((32_000..=96_000).contains(&wait(86_400)));
    for ceiling in [0, 59, 86_401, u32::MAX] {
        assert!(wait(ceiling) <= 4, "{ceiling}");
    }
}

#[test]
fn r6_09_the_flags_of_the_router_choose_the_exchange() {
    assert_eq!(Mode::from_flags(true, true), Some(Mode::Stateful));
    assert_eq!(Mode::from_flags(true, false), Some(Mode::Stateful));
    assert_eq!(Mode::from_flags(false, true), Some(Mode::StatelessInfo));
    assert_eq!(Mode::from_flags(false, false), None);
    let message = Bench::new(Config { mode: Mode::StatelessInfo, ..config() }).sends(kind::INFORMATION_REQUEST);
    assert_eq!((option(&message, code::IA_NA), option(&message, code::IA_PD)), (None, None));
    assert!(option(&Bench::new(config()).sends(kind::SOLICIT), code::IA_NA).is_some());
}

#[test]
fn r6_09_an_information_request_ends_with_the_configuration_and_no_address() {
    let mut bench = Bench::new(Config { mode: Mode::StatelessInfo, ..config() });
    let question = bench.sends(kind::INFORMATION_REQUEST);
    let reply = FromServer::reply(&question).with_address(1).with(code::DNS_SERVERS, &address(53).octets());
    bench.receives(&reply.with(code::REFRESH_TIME, &[0, 0, 0, 9]));
    let events = bench.events();
    let [Event::Information(lease)] = &events[..] else { panic!("{events:?}") };
    assert!(lease.is_empty() && lease.dns == [address(53)]);
    assert_eq!(lease.refresh_time, Some(Duration::from_secs(600)), "never under IRT_MINIMUM");
    assert_eq!(bench.client.poll(), Output::WaitUntil(None));
}

#[test]
fn r6_11_messages_go_to_all_servers_on_the_link() {
    assert_eq!(ALL_SERVERS.to_string(), "ff02::1:2");
    let mut client = Client::new(config(), Instant::default());
    let Output::Transmit(transmit) = client.poll() else { panic!("nothing sent") };
    assert_eq!(transmit.destination, ALL_SERVERS);
}

#[test]
fn a_silent_server_is_passed_over() {
    let mut bench = Bench::new(Config { timing: Timing::Prompt, ..config() });
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[9]));
    bench.receives(&FromServer::advertise(&solicit).with_address(2).sent_by(OTHER_SERVER));
    for _ in 0..4 {
        assert_eq!(option(&bench.sends(kind::REQUEST), code::SERVER_ID).unwrap(), SERVER);
    }
    let request = bench.sends(kind::REQUEST);
    assert_eq!(option(&request, code::SERVER_ID).unwrap(), OTHER_SERVER);
    bench.receives(&FromServer::reply(&request).with_address(2).sent_by(OTHER_SERVER));
    assert_eq!(bench.bound().addresses[0].address, address(2));
}

#[test]
fn a_server_that_refused_is_asked_again_only_if_nobody_else_advertises() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    let tempting = |solicit: &[u8]| FromServer::advertise(solicit).with_address(1).with(code::PREFERENCE, &[255]);
    bench.receives(&tempting(&solicit));
    let request = bench.sends(kind::REQUEST);
    let (code, value) = status(1, "");
    bench.receives(&FromServer::reply(&request).with(code, &value));
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&tempting(&solicit));
    bench.receives(&FromServer::advertise(&solicit).with_address(2).sent_by(OTHER_SERVER));
    assert_eq!(option(&bench.sends(kind::REQUEST), code::SERVER_ID).unwrap(), OTHER_SERVER);
}

/// A server that was too far away, or whose answer got lost, is not given up for one that always offers first and always refuses.
#[test]
fn servers_that_all_failed_are_asked_in_turn() {
    let mut bench = Bench::new(Config { timing: Timing::Prompt, ..config() });
    let (code, value) = status(1, "");
    let mut asked = Vec::new();
    while asked.len() < 6 {
        let message = bench.sends_any();
        if message[0] == kind::SOLICIT {
            bench.receives(&FromServer::advertise(&message).with_address(1));
            bench.receives(&FromServer::advertise(&message).with_address(2).sent_by(OTHER_SERVER));
        } else {
            let server = option(&message, super::code::SERVER_ID).unwrap().to_vec();
            bench.receives(&FromServer::reply(&message).with(code, &value).sent_by(&server));
            asked.push(server);
        }
    }
    for pair in asked.windows(2) {
        assert_ne!(pair[0], pair[1], "{asked:?}");
    }
}

#[test]
fn refusals_without_end_are_answered_ever_more_slowly() {
    let mut bench = Bench::new(config());
    for _ in 0..20 {
        let solicit = bench.sends(kind::SOLICIT);
        bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[255]));
        let request = bench.sends(kind::REQUEST);
        let (code, value) = status(4, "");
        bench.receives(&FromServer::reply(&request).with(code, &value));
        bench.events();
    }
    let before = bench.now;
    bench.sends(kind::SOLICIT);
    assert_eq!(bench.now.since(before), Duration::from_secs(64));
}

#[test]
fn a_carrier_makes_it_send_again_at_once() {
    let mut bench = Bench::new(config());
    bench.sends_at(0, kind::SOLICIT);
    (0..4).for_each(|_| drop(bench.sends(kind::SOLICIT)));
    let before = bench.now;
    bench.passes(Duration::from_secs(3));
    bench.client.carrier(bench.now);
    bench.sends(kind::SOLICIT);
    assert_eq!(bench.now.since(before), Duration::from_secs(3));
    let before = bench.now;
    bench.sends(kind::SOLICIT);
    assert!(bench.now.since(before) <= Duration::from_millis(1100), "and with short time-outs again");
}

#[test]
fn never_more_than_four_messages_in_any_second() {
    let mut bench = Bench::new(config());
    let mut times = Vec::new();
    for n in 0..2000 {
        bench.now = Instant::from_millis(n * 5);
        bench.client.carrier(bench.now);
        times.extend(bench.drain().0.iter().map(|_| bench.now));
    }
    assert!(times.windows(5).all(|five| five[4].since(five[0]) >= Duration::from_secs(1)));
    assert!(times.len() >= 36, "and it does use what it may: {}", times.len());
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let trace = |seed| {
        let mut bench = Bench::new(Config { seed, ..config() });
        (0..10).map(|_| (bench.sends(kind::SOLICIT), bench.now)).collect::<Vec<_>>()
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}

#[test]
fn early_and_repeated_time_outs_change_nothing() {
    let mut bench = Bench::new(config());
    bench.sends(kind::SOLICIT);
    let (_, until) = bench.drain();
    for n in 0..900 {
        bench.client.handle_timeout(Instant::from_millis(n));
        bench.client.handle_timeout(Instant::default());
        assert_eq!(bench.client.poll(), Output::WaitUntil(until));
    }
}
