//! A run that is killed anywhere and started again ends in the same place.

use std::process::{Command, Stdio};
use std::time::Duration;

use sunup::profile::desired::{DesiredLink, DesiredRoute};

use super::{address, in_a_room, index, ip, kernel, pair, route, up};

const ROUTES: u32 = 5_000;

fn want(ifindex: u32) -> DesiredLink {
    let numbered = |number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        route(&format!("10.{high}.{low}.0/24"), Some("192.0.2.1"), 100)
    };
    let first =
        [route("192.0.2.0/24", None, 100), route("2001:db8::/64", None, 100), route("::/0", Some("2001:db8::1"), 100)];
    let routes: Vec<DesiredRoute> = first.into_iter().chain((0..ROUTES).map(numbered)).collect();
    DesiredLink {
        mtu: Some(1400),
        mac: Some("02:00:00:00:00:42".parse().unwrap()),
        addresses: vec![address("192.0.2.2/24", None), address("2001:db8::2/64", None)],
        routes,
        ..up(ifindex)
    }
}

/// The run that is killed.
#[test]
#[ignore = "the inner half of the test below"]
fn victim() {
    // All in this process: what it started would live on.
    let (ifindex, mut kernel) = (index("eth0"), kernel());
    let want = [want(ifindex)];
    loop {
        kernel.apply(&want);
        kernel.set_down(ifindex).unwrap();
        want[0].addresses.iter().for_each(|address| kernel.remove_address(ifindex, address.net).unwrap());
        kernel.apply(&[DesiredLink { ifindex, mtu: Some(1500), ..DesiredLink::default() }]);
    }
}

#[test]
fn a_run_killed_anywhere_and_started_again_ends_in_the_same_place() {
    in_a_room("killed::a_run_killed_anywhere_and_started_again_ends_in_the_same_place", || {
        let ifindex = pair();
        let want = [want(ifindex)];
        let mut kernel = kernel();
        let mut left_over = std::collections::BTreeSet::new();
        for round in 0..20_u64 {
            let mut victim = Command::new(std::env::current_exe().unwrap());
            victim.args(["--exact", "killed::victim", "--ignored"]).stdout(Stdio::null()).stderr(Stdio::null());
            let mut victim = victim.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(20 + 11 * round));
            victim.kill().unwrap();
            victim.wait().unwrap();
            let applied = kernel.apply(&want);
            left_over.insert(applied.sent);
            assert_eq!(applied.failures.first(), None, "of {}", applied.failures.len());
            assert_eq!(kernel.apply(&want).sent, 0);
            assert_eq!(ip("route show dev eth0").lines().count(), ROUTES as usize + 1);
        }
        println!("requests that were left to send after a kill: {left_over:?}");
        assert!(left_over.len() > 2, "the runs were all killed in the same place: {left_over:?}");
    });
}
