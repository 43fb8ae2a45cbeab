//! Networks that lose packets, in simulated time.

use super::*;
use crate::proto::random::Random;

/// One way between client and server.
const DELAY: Duration = Duration::from_millis(1);

/// A server that answers what it should, over a link that loses `loss` of 100 packets each way. When the lease was there.
fn time_to_lease(seed: u64, loss: u32, config: Config) -> Duration {
    let mut bench = Bench::new(Config { seed, ..config });
    let mut random = Random::new(!seed);
    let mut arrives = || random.next_u32() % 100 >= loss;
    let mut on_the_way: Vec<(Instant, FromServer)> = Vec::new();
    while bench.now < Instant::from_millis(60_000) {
        let (sent, until) = bench.drain();
        if bench.events.iter().any(|event| matches!(event, Event::Bound(_))) {
            return bench.now.since(Instant::default());
        }
        for message in sent {
            if arrives() && arrives() {
                on_the_way.push((bench.now + DELAY * 2, answer(&message)));
            }
        }
        let next = on_the_way.iter().map(|(at, _)| *at).chain(until).min().expect("something to come");
        bench.now = bench.now.max(next);
        bench.client.handle_timeout(bench.now);
        let now = bench.now;
        for (_, message) in on_the_way.extract_if(.., |(at, _)| *at <= now) {
            bench.client.handle_packet(now, link_local(), &message.bytes());
        }
    }
    panic!("seed {seed}: no lease in a minute");
}

fn answer(question: &[u8]) -> FromServer {
    let rapid = option(question, code::RAPID_COMMIT).is_some();
    match question[0] {
        kind::SOLICIT if rapid => FromServer::reply(question).with_address(1).with(code::RAPID_COMMIT, &[]),
        kind::SOLICIT => FromServer::advertise(question).with_address(1),
        _ => FromServer::reply(question).with_address(1),
    }
}

/// Median, 99th of 100 and worst in milliseconds over as many seeds.
fn times(loss: u32, config: &Config, seeds: u64) -> [u128; 3] {
    let mut all: Vec<_> = (0..seeds).map(|seed| time_to_lease(seed, loss, config.clone()).as_millis()).collect();
    all.sort_unstable();
    [all[all.len() / 2], all[all.len() * 99 / 100], all[all.len() - 1]]
}

/// Four seconds there and back: the first four Requests are over before the answer comes, the next ten are not.
#[test]
fn a_server_that_is_far_away_gets_more_time_the_second_time() {
    let mut bench = Bench::new(Config { timing: Timing::Prompt, ..config() });
    let far = Duration::from_secs(4);
    let (mut under_way, mut bound) = (Vec::<(Instant, FromServer)>::new(), None);
    while bound.is_none() {
        let (messages, until) = bench.drain();
        for question in messages {
            let kind = if question[0] == kind::SOLICIT { kind::ADVERTISE } else { kind::REPLY };
            under_way.push((bench.now + far, FromServer::answer(kind, &question).with_address(1)));
        }
        bound = bench.events.drain(..).find(|event| matches!(event, Event::Bound(_)));
        let arrives = under_way.first().map(|(at, _)| *at);
        bench.now = until.into_iter().chain(arrives).min().unwrap_or(bench.now);
        assert!(bench.now < Instant::from_millis(60_000), "no lease in a minute");
        bench.client.handle_timeout(bench.now);
        while under_way.first().is_some_and(|(at, _)| *at <= bench.now) {
            let (_, answer) = under_way.remove(0);
            bench.receives(&answer);
        }
    }
}

#[test]
fn without_loss_a_lease_takes_one_collecting_time_or_none() {
    let prompt = Config { timing: Timing::Prompt, ..config() };
    assert!(times(0, &prompt, 100)[2] <= 280);
    assert_eq!(times(0, &Config { rapid_commit: true, ..prompt }, 100)[2], 2);
    assert!(times(0, &config(), 100)[2] <= 1_110);
}

#[test]
fn with_three_of_ten_packets_lost_each_way_every_seed_gets_a_lease() {
    let prompt = Config { timing: Timing::Prompt, ..config() };
    for (rapid_commit, most) in [(false, 800), (true, 400)] {
        let [median, late, worst] = times(30, &Config { rapid_commit, ..prompt.clone() }, 10_000);
        println!("rapid commit {rapid_commit}: median {median} ms, 99 % {late} ms, worst {worst} ms");
        assert!(median <= most && late <= 10_000 && worst < 60_000);
    }
}
