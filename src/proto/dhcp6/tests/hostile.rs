//! Servers that mean no good, and bytes that mean nothing.

use super::*;

#[test]
fn r6_07_a_reconfigure_is_ignored_in_every_state() {
    let (bound, lease) = bound();
    let mut benches = [
        Bench::new(config()),
        Bench::of(Client::renew(config(), &lease, Instant::default())),
        Bench::new(Config { mode: Mode::StatelessInfo, ..config() }),
    ];
    let mut questions: Vec<Vec<u8>> = benches.iter_mut().map(|bench| bench.drain().0.remove(0)).collect();
    questions.push(vec![0; 4]);
    for (mut bench, question) in benches.into_iter().chain([bound]).zip(questions) {
        let message = FromServer::answer(kind::RECONFIGURE, &question).with(19, &[5]);
        let before = bench.drain().1;
        bench.receives(&message);
        bench.ignores(Reason::Reconfigure);
        assert_eq!(bench.drain().1, before);
    }
}

#[test]
fn an_answer_before_the_question_is_put_aside() {
    let mut bench = Bench::new(config());
    let mut twin = Bench::new(config());
    let solicit = twin.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1));
    let Output::Event(event) = bench.client.poll() else { panic!("no event") };
    assert_eq!(event, Event::Ignored { reason: Reason::OtherTransaction });
}

#[test]
fn a_flood_is_told_once_in_ten_seconds_and_answered_by_nothing() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    let (code, value) = status(2, "no");
    let refusal = FromServer::advertise(&solicit).with(code, &value);
    let mut told = 0;
    for n in 0..900u16 {
        bench.receives(&refusal);
        bench.receives(&FromServer { transaction: [9, 9, 9], ..refusal.clone() });
        bench.now = Instant::from_millis(n.into());
        told += bench.events().len();
    }
    assert_eq!(told, 2);
}

#[test]
fn a_flood_of_servers_is_compared_up_to_a_limit_and_the_best_is_kept() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    for n in 0..1000u16 {
        let preference = if n == 500 { 200 } else { u8::try_from(n % 100).unwrap() };
        let advertise = FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[preference]);
        bench.receives(&advertise.sent_by(&n.to_be_bytes()));
    }
    assert!(bench.drain().0.is_empty());
    assert!(bench.events.len() <= 32);
    assert_eq!(option(&bench.sends(kind::REQUEST), code::SERVER_ID).unwrap(), 500u16.to_be_bytes());
}
