//! Keeping, confirming and giving back a lease.

use super::*;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The addresses named in the IA_NA of a message.
fn addresses(message: &[u8]) -> Vec<Ipv6Addr> {
    let body = option(message, code::IA_NA).expect("an IA_NA");
    assert_eq!(body[..12], [&IAID.to_be_bytes()[..], &[0; 8]].concat(), "T1 and T2 are the server's");
    let of = |value: &[u8]| <[u8; 16]>::try_from(&value[..16]).unwrap().into();
    guard::Options::new(&body[12..]).map(|(_, value)| of(value)).collect()
}

fn renewing(lease: &Lease, at: u64) -> Bench {
    let now = Instant::from_millis(at);
    Bench { client: Client::renew(config(), lease, now), now, events: Vec::new() }
}

#[test]
fn a_renewal_asks_the_same_server_for_the_same_address() {
    let (_, lease) = bound();
    let mut bench = renewing(&lease, 100_000);
    let renew = bench.sends(kind::RENEW);
    assert_eq!(option(&renew, code::SERVER_ID).unwrap(), SERVER);
    assert_eq!(addresses(&renew), [address(1)]);
    bench.receives(&FromServer::reply(&renew).with_address(1).sent_by(OTHER_SERVER));
    bench.ignores(Reason::OtherServer);
    bench.receives(&FromServer::reply(&renew).with_address(1));
    let renewed = bench.bound();
    assert_eq!((renewed.acquired, renewed.addresses), (Instant::from_millis(100_000), lease.addresses));
}

#[test]
fn a_renewal_that_nobody_answers_becomes_a_rebind_at_t2_and_a_solicit_at_the_end() {
    let (_, lease) = bound();
    let mut bench = renewing(&lease, 500_000);
    let mut renewals = 0;
    let rebind = loop {
        let message = bench.sends_any();
        if message[0] == kind::REBIND {
            break message;
        }
        assert_eq!(message[0], kind::RENEW);
        renewals += 1;
    };
    assert!((4..=6).contains(&renewals), "at 0, 10, 30, 70, 150, perhaps 300 s: {renewals}");
    assert_eq!(bench.now, Instant::from_millis(800_000));
    assert_eq!(option(&rebind, code::SERVER_ID), None, "any server");
    bench.receives(&FromServer::reply(&rebind).with_address(1).sent_by(OTHER_SERVER));
    assert_eq!(bench.bound().server_duid, OTHER_SERVER);

    let mut bench = renewing(&lease, 1_999_000);
    bench.sends(kind::REBIND);
    let solicit = bench.sends(kind::SOLICIT);
    assert_eq!(bench.now, Instant::from_millis(2_000_000));
    assert_eq!(addresses(&solicit), [address(1)], "as a hint");
    renewing(&lease, 2_000_001).sends(kind::SOLICIT);
}

#[test]
fn a_prompt_renewal_tries_three_seconds_each() {
    let (_, lease) = bound();
    let mut bench = Bench::of(Client::renew(Config { timing: Timing::Prompt, ..config() }, &lease, Instant::default()));
    let mut kinds = Vec::new();
    while bench.now < Instant::from_millis(6_000) {
        let (sent, until) = bench.drain();
        kinds.extend(sent.iter().map(|message| (bench.now.as_millis() / 3_000, message[0])));
        bench.now = until.unwrap();
        bench.client.handle_timeout(bench.now);
    }
    kinds.dedup();
    assert_eq!(kinds, [(0, kind::RENEW), (1, kind::REBIND)]);
    bench.sends_at(6_000, kind::SOLICIT);
}

#[test]
fn r6_13_an_address_with_lifetime_zero_is_removed_and_one_not_mentioned_lives_on() {
    let (_, mut lease) = bound();
    lease.addresses.push(Address { address: address(2), preferred: seconds(900), valid: seconds(900) });
    lease.addresses.push(Address { address: address(3), preferred: seconds(900), valid: seconds(900) });
    let mut bench = renewing(&lease, 100_000);
    let renew = bench.sends(kind::RENEW);
    let given = [
        (code::IA_ADDRESS, ia_address(address(1), 50, 60, &[])),
        (code::IA_ADDRESS, ia_address(address(2), 0, 0, &[])),
    ];
    bench.receives(&FromServer::reply(&renew).with(code::IA_NA, &ia(IAID, 0, 0, &given)));
    let kept = bench.bound().addresses;
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0], Address { address: address(1), preferred: seconds(50), valid: seconds(60) });
    assert_eq!(kept[1], Address { address: address(3), preferred: seconds(800), valid: seconds(800) });
}

#[test]
fn r6_13_when_all_is_removed_a_new_lease_is_asked_for() {
    let (_, lease) = bound();
    let mut bench = renewing(&lease, 100_000);
    let renew = bench.sends(kind::RENEW);
    let gone = [(code::IA_ADDRESS, ia_address(address(1), 0, 0, &[]))];
    bench.receives(&FromServer::reply(&renew).with(code::IA_NA, &ia(IAID, 0, 0, &gone)));
    assert_eq!(addresses(&bench.sends(kind::SOLICIT)), [Ipv6Addr::UNSPECIFIED; 0]);
}

#[test]
fn a_server_that_forgot_the_lease_is_asked_for_it() {
    let (_, lease) = bound();
    let mut bench = renewing(&lease, 100_000);
    let renew = bench.sends(kind::RENEW);
    bench.receives(&FromServer::reply(&renew).with(code::IA_NA, &ia(IAID, 0, 0, &[status(3, "who?")])));
    assert!(matches!(bench.client.poll(), Output::Event(Event::Refused { status: StatusCode::NoBinding, .. })));
    let request = bench.sends(kind::REQUEST);
    assert_eq!((addresses(&request), option(&request, code::SERVER_ID).unwrap()), (vec![address(1)], SERVER.to_vec()));
}

#[test]
fn an_empty_answer_to_a_renewal_changes_nothing() {
    let (_, lease) = bound();
    let mut bench = renewing(&lease, 100_000);
    let renew = bench.sends(kind::RENEW);
    bench.receives(&FromServer::reply(&renew));
    bench.ignores(Reason::Empty);
    bench.sends(kind::RENEW);
}

#[test]
fn a_remembered_lease_is_confirmed_by_any_server() {
    let (_, lease) = bound();
    let mut bench = Bench { client: Client::reboot(config(), &lease, Instant::from_millis(400_000)), ..bound().0 };
    bench.now = Instant::from_millis(400_000);
    let confirm = bench.sends(kind::CONFIRM);
    assert_eq!((addresses(&confirm), option(&confirm, code::SERVER_ID)), (vec![address(1)], None));
    assert_eq!(option(&confirm, code::OPTION_REQUEST), None);
    let (code, value) = status(0, "");
    bench.receives(&FromServer::reply(&confirm).with(code, &value).sent_by(OTHER_SERVER));
    let confirmed = bench.bound();
    assert_eq!(confirmed.server_duid, SERVER, "the lease stays the one of its server");
    assert_eq!((confirmed.addresses[0].preferred, confirmed.t1), (seconds(600), seconds(100)));
}

#[test]
fn a_lease_of_another_link_is_dropped() {
    let (_, lease) = bound();
    let mut bench = Bench::of(Client::reboot(config(), &lease, Instant::default()));
    let confirm = bench.sends(kind::CONFIRM);
    let (code, value) = status(4, "elsewhere");
    bench.receives(&FromServer::reply(&confirm).with(code, &value));
    assert!(matches!(bench.client.poll(), Output::Event(Event::Refused { status: StatusCode::NotOnLink, .. })));
    assert_eq!(addresses(&bench.sends_at(0, kind::SOLICIT)), [Ipv6Addr::UNSPECIFIED; 0]);
}

#[test]
fn a_lease_that_nobody_knows_is_used_while_valid() {
    let (_, lease) = bound();
    let mut bench = Bench::of(Client::reboot(config(), &lease, Instant::default()));
    while bench.now < Instant::from_millis(10_000) {
        let (sent, until) = bench.drain();
        assert!(sent.iter().all(|message| message[0] == kind::CONFIRM));
        bench.now = until.unwrap();
        bench.client.handle_timeout(bench.now);
    }
    let events = bench.events();
    assert!(
        matches!(&events[..], [Event::Unconfirmed(lease)] if lease.addresses[0].valid == seconds(1990)),
        "{events:?}"
    );
}

#[test]
fn a_remembered_lease_with_prefixes_is_rebound() {
    let (_, mut lease) = bound();
    lease.prefixes.push(Prefix { prefix: "fd78::/56".parse().unwrap(), preferred: seconds(900), valid: seconds(900) });
    let mut bench = Bench::of(Client::reboot(config(), &lease, Instant::default()));
    let rebind = bench.sends(kind::REBIND);
    assert!(option(&rebind, code::IA_PD).is_some());
    let prefix = [(code::IA_PREFIX, ia_prefix("fd78::/56", 70, 80))];
    bench.receives(&FromServer::reply(&rebind).with_address(1).with(code::IA_PD, &ia(IAID, 0, 0, &prefix)));
    assert_eq!(bench.bound().prefixes[0].valid, seconds(80));
}

#[test]
fn a_declined_address_goes_back_and_another_is_asked_for() {
    let (mut bench, _) = bound();
    bench.client.decline(&[address(1)], bench.now);
    let decline = bench.sends(kind::DECLINE);
    assert_eq!((addresses(&decline), option(&decline, code::SERVER_ID).unwrap()), (vec![address(1)], SERVER.to_vec()));
    bench.receives(&FromServer::reply(&decline));
    bench.sends(kind::SOLICIT);

    let (mut bench, _) = bound();
    bench.client.decline(&[address(1)], bench.now);
    (0..4).for_each(|_| drop(bench.sends(kind::DECLINE)));
    bench.sends(kind::SOLICIT);
}

#[test]
fn a_release_ends_with_or_without_an_answer() {
    let (_, lease) = bound();
    let mut bench = Bench::of(Client::release(config(), &lease, Instant::default()));
    let release = bench.sends(kind::RELEASE);
    assert_eq!(addresses(&release), [address(1)]);
    bench.receives(&FromServer::reply(&release));
    assert_eq!(bench.events(), [Event::Released]);
    assert_eq!(bench.client.poll(), Output::WaitUntil(None));

    let mut bench = Bench::of(Client::release(config(), &lease, Instant::default()));
    (0..4).for_each(|_| drop(bench.sends(kind::RELEASE)));
    let (_, until) = bench.drain();
    bench.client.handle_timeout(until.unwrap());
    assert_eq!(bench.events(), [Event::Released]);
}

#[test]
fn declining_without_a_lease_does_nothing() {
    let mut bench = Bench::new(config());
    bench.client.decline(&[address(1)], bench.now);
    bench.sends(kind::SOLICIT);
}

#[test]
fn the_identity_of_a_lease_is_kept_whatever_the_configuration_says() {
    let (_, lease) = bound();
    let other = Config { duid: OTHER_SERVER.to_vec(), iaid: 9, ..config() };
    let mut bench = Bench::of(Client::renew(other, &lease, Instant::default()));
    let renew = bench.sends(kind::RENEW);
    assert_eq!(option(&renew, code::CLIENT_ID).unwrap(), lease.duid);
    assert_eq!(addresses(&renew), [address(1)]);
}
