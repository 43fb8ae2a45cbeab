//! Many requests in few sends.

use std::time::Instant;

use sunup::profile::desired::{DesiredLink, DesiredRoute};

use super::{address, in_a_room, ip, kernel, pair, route, up};

const MANY: u32 = 10_000;

fn many(ifindex: u32, gateway: impl Fn(u32) -> String) -> DesiredLink {
    let numbered = |number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        let destination = format!("10.{high}.{low}.0/24");
        DesiredRoute { ..route(&destination, Some(&gateway(number)), 100) }
    };
    DesiredLink {
        addresses: vec![address("192.0.2.2/24", None)],
        routes: std::iter::once(route("192.0.2.0/24", None, 100)).chain((0..MANY).map(numbered)).collect(),
        ..up(ifindex)
    }
}

#[test]
fn ten_thousand_routes_are_set_at_once_and_the_second_time_none() {
    in_a_room("batches::ten_thousand_routes_are_set_at_once_and_the_second_time_none", || {
        let want = [many(pair(), |_| "192.0.2.1".to_owned())];
        let mut kernel = kernel();
        let start = Instant::now();
        let applied = kernel.apply(&want);
        let first = start.elapsed();
        assert_eq!((applied.sent, applied.failures), (MANY as usize + 3, vec![]));
        let start = Instant::now();
        assert_eq!(kernel.apply(&want).sent, 0);
        println!("{MANY} routes set in {first:?}, compared in {:?}", start.elapsed());
        assert_eq!(ip("route show").lines().count(), MANY as usize + 1);
        let (mut other, start) = (want[0].clone(), Instant::now());
        other.routes.iter_mut().skip(1).for_each(|route| route.gateway = Some("192.0.2.9".parse().unwrap()));
        let applied = kernel.apply(&[other]);
        println!("and all of them moved to another router in {:?}", start.elapsed());
        assert_eq!((applied.sent, applied.failures), (2 * MANY as usize, vec![]));
        assert_eq!(ip("route show").matches("via 192.0.2.9").count(), MANY as usize);
    });
}

#[test]
fn every_refusal_in_a_large_batch_is_told_of_the_right_request() {
    in_a_room("batches::every_refusal_in_a_large_batch_is_told_of_the_right_request", || {
        // Every second router cannot be reached: five thousand answers come back from some seven sends.
        let gateway = |number: u32| if number % 2 == 1 { "198.51.100.1".to_owned() } else { "192.0.2.1".to_owned() };
        let want = [many(pair(), gateway)];
        let applied = kernel().apply(&want);
        let told: Vec<_> = applied.failures.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), MANY as usize / 2);
        let wrong = want[0].routes.iter().filter(|route| route.gateway == Some("198.51.100.1".parse().unwrap()));
        for (text, route) in told.iter().zip(wrong) {
            assert!(
                text.starts_with(&format!("cannot add route {} via 198.51.100.1 dev eth0", route.destination)),
                "{text}"
            );
        }
        assert_eq!(ip("route show").lines().count(), MANY as usize / 2 + 1);
    });
}

#[test]
fn a_batch_that_finds_everything_refused_ends() {
    in_a_room("batches::a_batch_that_finds_everything_refused_ends", || {
        let want = [many(pair(), |_| "198.51.100.1".to_owned())];
        assert_eq!(kernel().apply(&want).failures.len(), MANY as usize);
    });
}
