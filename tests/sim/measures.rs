//! What is reported of many runs.

use std::fmt;
use std::time::Duration;

use sunup::profile::HwAddr;
use sunup::proto::dhcp4::{Client, Config};
use sunup::proto::{Instant, Output};

/// Median and tail of a set of waiting times.
pub(crate) struct Summary {
    count: usize,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    worst: Duration,
}

impl Summary {
    pub(crate) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        let at = |hundredths: usize| waits.get(waits.len() * hundredths / 100).copied().unwrap_or_default();
        Self { count: waits.len(), median: at(50), p99: at(99), worst: waits.last().copied().unwrap_or_default() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, median, p99, worst } = self;
        write!(f, "{count} leases, median {median:.2?}, 99 % within {p99:.2?}, worst {worst:.2?}")
    }
}

/// Packets in each second when `count` clients start at once and no server answers.
pub(crate) fn storm(count: u64, seconds: usize) -> Vec<usize> {
    let mut per_second = vec![0; seconds];
    for seed in 0..count {
        let hwaddr = HwAddr::new(&[2, 0, 0, 0, 0, 1]).expect("6 bytes");
        let mut client = Client::new(Config::new(hwaddr, 1, seed), Instant::from_millis(0));
        let mut now = Instant::from_millis(0);
        loop {
            match client.poll() {
                Output::Transmit(_) => {
                    match per_second.get_mut(usize::try_from(now.since_boot().as_secs()).expect("small")) {
                        Some(packets) => *packets += 1,
                        None => break,
                    }
                }
                Output::Event(_) => {}
                Output::WaitUntil(wait) => {
                    now = wait.expect("it never gives up");
                    client.handle_timeout(now);
                }
            }
        }
    }
    per_second
}
