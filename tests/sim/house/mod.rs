//! The whole program between its doors: the command line is read, the plan made, the real [`Session`] brings up 1 to 128 links of a
//! simulated machine on simulated networks. One seed fixes everything; the same seed makes the same trace, byte for byte.

mod machine;
mod rules;
mod scene;
mod server6;
mod world;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use scene::Scene;
use world::World;

/// Where the numbers of the campaign are gathered.
#[derive(Default)]
struct Tally {
    links: AtomicUsize,
    up: AtomicUsize,
    must: AtomicUsize,
    steps: AtomicU64,
}

/// Runs one seed; the text says what rule was broken.
fn run(seed: u64, tally: &Tally) -> Result<(), String> {
    let scene = Scene::drawn(seed);
    let mut world = World::new(&scene, false);
    // The rule last: of a long text the end is read.
    world.live().map_err(|rule| format!("{scene:#?}\nSUNUP_SEED={seed} prints the trace. Seed {seed}: {rule}"))?;
    tally.links.fetch_add(scene.links.len(), Ordering::Relaxed);
    tally.up.fetch_add(world.count_up(), Ordering::Relaxed);
    tally.must.fetch_add(world.count_must(), Ordering::Relaxed);
    tally.steps.fetch_add(world.steps, Ordering::Relaxed);
    Ok(())
}

#[test]
fn whole_runs_break_no_rule_whatever_the_network_does() {
    let (seeds, first) = (crate::seeds(), crate::first_seed());
    let (next, tally) = (AtomicU64::new(first), Tally::default());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let worker = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return;
            }
            if let Err(text) = run(seed, &tally) {
                next.store(u64::MAX / 2, Ordering::Relaxed);
                panic!("{text}");
            }
        }
    };
    std::thread::scope(|scope| (0..threads).map(|_| scope.spawn(worker)).for_each(drop));
    let [links, up, must] = [&tally.links, &tally.up, &tally.must].map(|n| n.load(Ordering::Relaxed));
    let steps = tally.steps.load(Ordering::Relaxed);
    println!(
        "{seeds} seeds from {first}: {links} links, {up} up, {must} that had to be, {steps} steps; no rule broken"
    );
    assert!(must * 10 > links, "the scenes are too hard to show anything: {must} of {links}");
}

#[test]
fn the_same_seed_makes_the_same_trace_byte_for_byte() {
    for seed in 0..crate::seeds().min(300) {
        let scene = Scene::drawn(seed);
        let trace = || {
            let mut world = World::new(&scene, true);
            let _ = world.live();
            world.trace.take().unwrap_or_default()
        };
        let first = trace();
        assert!(!first.is_empty());
        assert!(first == trace(), "seed {seed}");
    }
}

#[test]
fn one_whole_run() {
    let Some(seed) = std::env::var("SUNUP_SEED").ok().and_then(|text| text.parse().ok()) else { return };
    let scene = Scene::drawn(seed);
    let mut world = World::new(&scene, true);
    let end = world.live();
    println!("{scene:#?}\n{}\n{}\n{end:?}", scene.line(), world.trace.take().unwrap_or_default());
}
