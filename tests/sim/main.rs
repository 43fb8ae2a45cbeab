//! The real DHCPv4 client on a simulated network, deterministically: one seed fixes every loss, delay and damaged byte, and what
//! the servers do. A failure prints its seed; the same seed makes the same run, byte for byte.
//!
//! In `house`, the whole program between its doors; here, the DHCPv4 client alone.
//!
//! `tests/run sim` takes 20,000 seeds, optimised and with every check; `tests/sim/run --seeds 1000000` is the campaign. A plain
//! `cargo test` takes few: without optimisation they cost a hundred times as much.
//! `SUNUP_SEED=4711 tests/sim/run --one` prints the trace of one run.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic here is a failed test")]

mod chance;
mod house;
mod measures;
mod network;
mod server;
mod world;

use std::time::Duration;

use world::{Plan, Run};

/// How many seeds each part of the campaign takes.
fn seeds() -> u64 {
    number("SUNUP_SEEDS").unwrap_or(300)
}

/// The first of them.
fn first_seed() -> u64 {
    number("SUNUP_FIRST_SEED").unwrap_or(0)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_client_with_a_server_in_reach_gets_a_lease_and_nobody_breaks_a_rule() {
    let (mut waits, mut without) = (Vec::new(), 0);
    for seed in 0..seeds() {
        let plan = Plan::drawn(seed);
        let run = Run::to_the_end(&plan);
        assert!(run.broken.is_none(), "seed {seed}: {}\n{plan:?}", run.broken.unwrap_or_default());
        match (plan.has_a_sane_server(), run.bound_after) {
            (true, None) => panic!("seed {seed}: no lease in {:?}\n{plan:?}", plan.limit),
            (_, Some(wait)) => waits.push(wait),
            (false, None) => without += 1,
        }
    }
    let summary = measures::Summary::of(waits);
    println!("{} seeds: {summary}; {without} without any server to get a lease from", seeds());
}

#[test]
fn the_same_seed_makes_the_same_run_byte_for_byte() {
    for seed in 0..seeds().min(200) {
        let plan = Plan::drawn(seed);
        assert_eq!(Run::traced(&plan).trace, Run::traced(&plan).trace, "seed {seed}");
    }
    assert_ne!(Run::to_the_end(&Plan::drawn(1)).digest, Run::to_the_end(&Plan::drawn(2)).digest);
}

#[test]
fn one_seed() {
    let Some(seed) = std::env::var("SUNUP_SEED").ok().and_then(|text| text.parse().ok()) else { return };
    let plan = Plan::drawn(seed);
    let run = Run::traced(&plan);
    println!(
        "{plan:#?}\n{}\nbroken: {:?}, bound after {:?}",
        run.trace.unwrap_or_default(),
        run.broken,
        run.bound_after
    );
}

#[test]
fn a_clean_network_costs_two_round_trips_and_nothing_else() {
    for seed in 0..100 {
        let run = Run::to_the_end(&Plan::clean(seed, Duration::from_millis(5)));
        assert_eq!(run.bound_after, Some(Duration::from_millis(20)), "4 packets of 5 ms each");
    }
}

#[test]
fn a_third_of_all_packets_lost_costs_less_than_a_second() {
    let runs = seeds().min(10_000);
    let wait = |seed| {
        let plan = Plan { loss: 0.3, limit: Duration::from_secs(60), ..Plan::clean(seed, Duration::from_millis(1)) };
        Run::to_the_end(&plan).bound_after.unwrap_or_else(|| panic!("seed {seed}: no lease in 60 s"))
    };
    let summary = measures::Summary::of((0..runs).map(wait).collect());
    println!("30 % loss each way, {runs} runs: {summary}");
    assert!(summary.median <= Duration::from_millis(800) && summary.p99 <= Duration::from_secs(10), "{summary}");
}

#[test]
fn a_port_that_opens_after_thirty_seconds_is_noticed_within_four() {
    for seed in 0..300 {
        let closed = Duration::from_secs(30);
        let run = Run::to_the_end(&Plan { closed, ..Plan::clean(seed, Duration::from_millis(1)) });
        let wait = run.bound_after.expect("a lease");
        assert!(wait > closed && wait <= closed + Duration::from_secs(4), "seed {seed}: {wait:?}");
    }
}

#[test]
fn a_rogue_that_answers_first_costs_one_retry_at_most() {
    for rogue in server::Nature::ROGUES {
        let worst = (0..200).map(|seed| {
            let run = Run::to_the_end(&Plan::with_rogue(seed, rogue));
            assert!(run.broken.is_none(), "{rogue:?}, seed {seed}: {:?}", run.broken);
            run.bound_after.unwrap_or_else(|| panic!("{rogue:?}, seed {seed}: no lease"))
        });
        let worst = worst.max().expect("200 runs");
        assert!(worst <= Duration::from_millis(300), "{rogue:?}: {worst:?}");
    }
}

#[test]
fn ten_thousand_machines_that_start_together_do_not_stay_together() {
    let per_second = measures::storm(if seeds() >= 3000 { 10_000 } else { 1_000 }, 30);
    let later = &per_second[2..];
    let mean = later.iter().sum::<usize>() / later.len();
    let peak = later.iter().max().copied().unwrap_or(0);
    println!("packets a second: {per_second:?}");
    assert!(peak <= 3 * mean, "peak {peak}, mean {mean}");
}
