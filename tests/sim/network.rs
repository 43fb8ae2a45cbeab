//! A link that loses, repeats, delays, reorders and damages packets, and whose carrier comes and goes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::chance::Chance;
use crate::world::Plan;

/// Something that arrives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Arrival {
    /// An IPv4 packet at server number so-and-so.
    AtServer(usize, Vec<u8>),
    /// An IPv4 packet at the client.
    AtClient(Vec<u8>),
    /// The link has a carrier again.
    Carrier,
}

/// What is under way, in the order of arrival. Ties are broken by the order of sending, so runs repeat.
pub(crate) struct Network<'a> {
    plan: &'a Plan,
    chance: Chance,
    under_way: BinaryHeap<Reverse<(Duration, u64, Arrival)>>,
    count: u64,
}

impl<'a> Network<'a> {
    pub(crate) fn new(plan: &'a Plan, chance: Chance) -> Self {
        let mut network = Self { plan, chance, under_way: BinaryHeap::new(), count: 0 };
        for &(_, up) in &plan.outages {
            network.push(up, Arrival::Carrier);
        }
        network
    }

    fn push(&mut self, at: Duration, arrival: Arrival) {
        self.count += 1;
        self.under_way.push(Reverse((at, self.count, arrival)));
    }

    /// Puts a packet on the link at `now`; it arrives never, once or twice, whole or not.
    pub(crate) fn send(&mut self, now: Duration, extra: Duration, arrival: &Arrival) {
        let copies = 1 + u32::from(self.chance.happens(self.plan.duplication));
        for _ in 0..copies {
            if self.plan.is_dark(now) || self.chance.happens(self.plan.loss) {
                continue;
            }
            let at = now + extra + self.delay();
            if !self.plan.is_dark(at) {
                let arrival = self.maybe_damaged(arrival);
                self.push(at, arrival);
            }
        }
    }

    /// Each packet has a delay of its own: that is what reorders them.
    fn delay(&mut self) -> Duration {
        let spread = u64::try_from(self.plan.jitter.as_micros()).expect("seconds");
        self.plan.delay + Duration::from_micros(self.chance.below(spread + 1))
    }

    fn maybe_damaged(&mut self, arrival: &Arrival) -> Arrival {
        let mut arrival = arrival.clone();
        if let (Arrival::AtServer(_, packet) | Arrival::AtClient(packet), true) =
            (&mut arrival, self.chance.happens(self.plan.corruption))
        {
            for _ in 0..=self.chance.below(3) {
                let index = self.chance.index(packet.len());
                packet[index] ^= 1 << self.chance.below(8);
            }
            if self.chance.happens(0.2) {
                packet.truncate(self.chance.index(packet.len()));
            }
        }
        arrival
    }

    /// When the next thing arrives.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        self.under_way.peek().map(|Reverse((at, _, _))| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<Arrival> {
        self.under_way.pop().map(|Reverse((_, _, arrival))| arrival)
    }
}
