//! When to send again: RFC 8415 section 15, and a brisker table for a machine that is booting.
//!
//! Every time-out doubles the one before, ±10 %, up to a ceiling. The first time-out of a Solicit is never shorter than
//! its initial value, because that is also how long Advertise messages are collected (section 18.2.1).

use std::time::Duration;

use crate::proto::Instant;
use crate::proto::random::Random;

/// Which table of time-outs is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timing {
    /// From 0.25 s, doubling to 1.5 s for the first sixteen messages and to 4 s after, until a server asks for another ceiling
    /// (SOL_MAX_RT, INF_MAX_RT); a server that does not answer four Requests is passed over, and gets ten where there is no other; a Renew goes on for 3 s, and a Rebind after it as well. The default: somebody waits for this machine to boot, and a port that starts to forward
    /// late is noticed within 4 s.
    #[default]
    Prompt,
    /// The values of RFC 8415 section 7.6: from 1 s, doubling to an hour.
    Rfc8415,
}

/// How many messages have [`BRISK_CEILING`]: on a link that loses three of ten packets each way, 99 of 100 leases are there in 10 s.
const BRISK: u32 = 16;
/// MRT of the first messages of [`Timing::Prompt`].
const BRISK_CEILING: Duration = Duration::from_millis(1_500);

/// The exchanges that a client begins (RFC 8415 section 18.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exchange {
    Solicit,
    Request,
    Confirm,
    Renew,
    Rebind,
    Information,
    Release,
    Decline,
}

/// The parameters of section 15. Zero means "no limit", as there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    /// IRT, in milliseconds.
    initial: u64,
    /// MRT, in milliseconds.
    longest: u64,
    /// MRC: how often it is sent.
    count: u32,
    /// MRD, in milliseconds.
    duration: u64,
}

const fn limits(initial: u64, longest: u64, count: u32, duration: u64) -> Limits {
    Limits { initial, longest, count, duration }
}

impl Exchange {
    fn limits(self, timing: Timing) -> Limits {
        match (self, timing) {
            (Self::Solicit | Self::Information, Timing::Prompt) => limits(250, 4_000, 0, 0),
            (Self::Solicit | Self::Information, Timing::Rfc8415) => limits(1_000, 3_600_000, 0, 0),
            (Self::Request, Timing::Prompt) => limits(250, 4_000, 4, 0),
            (Self::Request, Timing::Rfc8415) => limits(1_000, 30_000, 10, 0),
            (Self::Confirm, Timing::Prompt) => limits(250, 4_000, 0, 2_000),
            (Self::Confirm, Timing::Rfc8415) => limits(1_000, 4_000, 0, 10_000),
            (Self::Renew | Self::Rebind, Timing::Prompt) => limits(250, 4_000, 0, 3_000),
            (Self::Renew | Self::Rebind, Timing::Rfc8415) => limits(10_000, 600_000, 0, 0),
            (Self::Release | Self::Decline, Timing::Prompt) => limits(250, 0, 3, 0),
            (Self::Release | Self::Decline, Timing::Rfc8415) => limits(1_000, 0, 4, 0),
        }
    }
}

/// Where one exchange stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retry {
    exchange: Exchange,
    timing: Timing,
    limits: Limits,
    /// When the first message was sent.
    started: Option<Instant>,
    /// When the next message, or the end, is due.
    due: Instant,
    /// The time-out that leads to `due`.
    timeout: Duration,
    /// How many messages were sent since the exchange began or the carrier came.
    sent: u32,
    /// When the exchange ends whatever happens.
    end: Option<Instant>,
}

impl Retry {
    /// The first message is due at `at`.
    pub(super) fn starting(exchange: Exchange, timing: Timing, at: Instant) -> Self {
        let limits = exchange.limits(timing);
        Self { exchange, timing, limits, started: None, due: at, timeout: Duration::ZERO, sent: 0, end: None }
    }

    /// The same, with as many messages as the RFC has: a Request to a server that kept silent before.
    pub(super) fn patient(mut self) -> Self {
        self.limits.count = self.limits.count.max(self.exchange.limits(Timing::Rfc8415).count);
        self
    }

    /// The same, but over by `end`: a Renew at T2, a Rebind when the last lease expires.
    pub(super) fn ending(mut self, end: Instant) -> Self {
        self.end = Some(end);
        self
    }

    /// Begins anew at `now`, with short time-outs: the carrier came. What was sent before is taken for lost.
    pub(super) fn restart(&mut self, now: Instant) {
        (self.due, self.timeout, self.sent) = (now, Duration::ZERO, 0);
    }

    /// Hundredths of a second since the first message (RFC 8415 section 21.9), at most 0xffff; zero in the first.
    pub(super) fn elapsed(&self, now: Instant) -> u16 {
        let elapsed = self.started.map_or(Duration::ZERO, |started| now.since(started));
        u16::try_from(elapsed.as_millis() / 10).unwrap_or(u16::MAX)
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// True once a message is out: before, nothing can be an answer.
    pub(super) fn has_begun(&self) -> bool {
        self.started.is_some()
    }

    /// True if the first time-out has passed: from then on the first Advertise is taken.
    pub(super) fn is_repeated(&self) -> bool {
        self.sent > 1
    }

    /// True once nothing more is to be sent and the last time-out has passed.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        let counted = self.limits.count > 0 && self.sent >= self.limits.count && now >= self.due;
        counted || self.end.is_some_and(|end| now >= end)
    }

    /// True if at least one message is out and its time-out has passed.
    pub(super) fn has_timed_out(&self, now: Instant) -> bool {
        self.sent > 0 && now >= self.due
    }

    /// A message was sent at `now`. `ceiling` is what a server set in place of MRT.
    pub(super) fn sent(&mut self, now: Instant, ceiling: Option<Duration>, random: &mut Random) {
        if self.started.is_none() {
            self.started = Some(now);
            let duration = Duration::from_millis(self.limits.duration);
            let end = (!duration.is_zero()).then(|| now + duration);
            self.end = self.end.into_iter().chain(end).min();
        }
        self.timeout = self.next_timeout(ceiling, random);
        self.sent = self.sent.saturating_add(1);
        self.due = self.end.map_or(now + self.timeout, |end| end.min(now + self.timeout));
    }

    fn next_timeout(&self, ceiling: Option<Duration>, random: &mut Random) -> Duration {
        let is_brisk = self.timing == Timing::Prompt && self.sent < BRISK;
        let usual = if is_brisk { BRISK_CEILING } else { Duration::from_millis(self.limits.longest) };
        let longest = ceiling.unwrap_or(usual);
        if self.timeout.is_zero() {
            let initial = Duration::from_millis(self.limits.initial);
            return match self.exchange {
                Exchange::Solicit => initial.saturating_add(random.up_to(initial / 10)),
                _ => spread(initial, initial, random),
            };
        }
        let next = spread(self.timeout.saturating_mul(2), self.timeout, random);
        if !longest.is_zero() && next > longest { spread(longest, longest, random) } else { next }
    }
}

/// `base` plus or minus a tenth of `of`.
fn spread(base: Duration, of: Duration, random: &mut Random) -> Duration {
    (base.saturating_sub(of / 10)).saturating_add(random.up_to(of / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeouts(exchange: Exchange, timing: Timing, ceiling: Option<Duration>, seed: u64) -> Vec<u128> {
        let mut random = Random::new(seed);
        let mut retry = Retry::starting(exchange, timing, Instant::default());
        let mut step = || {
            let now = retry.due();
            retry.sent(now, ceiling, &mut random);
            retry.due().since(now).as_millis()
        };
        (0..20).map(|_| step()).collect()
    }

    #[test]
    fn r6_03_a_solicit_doubles_from_over_one_second_to_an_hour_within_a_tenth() {
        for seed in 0..500 {
            let times = timeouts(Exchange::Solicit, Timing::Rfc8415, None, seed);
            assert!((1000..=1100).contains(&times[0]), "first time-out never under IRT: {}", times[0]);
            for pair in times.windows(2) {
                let (least, most) = (pair[0] * 19 / 10 - 2, pair[0] * 21 / 10 + 2);
                let doubled = (least..=most).contains(&pair[1]);
                assert!(doubled || (3_240_000..=3_960_000).contains(&pair[1]), "{pair:?}");
            }
            assert!(times[19] >= 3_240_000);
        }
    }

    #[test]
    fn r6_03_prompt_timing_starts_at_a_quarter_second_and_stays_under_four() {
        for seed in 0..500 {
            let times = timeouts(Exchange::Solicit, Timing::Prompt, None, seed);
            assert!((250..=275).contains(&times[0]));
            assert!(times[..16].iter().all(|&t| t <= 1650) && times[15] >= 1350);
            assert!(times.iter().all(|&t| t <= 4400) && times[19] >= 3600);
        }
    }

    #[test]
    fn r6_08_a_ceiling_set_by_a_server_takes_the_place_of_ours() {
        for timing in [Timing::Prompt, Timing::Rfc8415] {
            let times = timeouts(Exchange::Solicit, timing, Some(Duration::from_secs(60)), 1);
            assert!((54_000..=66_000).contains(&times[19]), "{}", times[19]);
        }
    }

    #[test]
    fn a_request_is_over_after_ten_and_a_confirm_after_ten_seconds() {
        let mut random = Random::new(1);
        let mut count = |exchange| {
            let mut retry = Retry::starting(exchange, Timing::Rfc8415, Instant::default());
            let mut sent = 0;
            while !retry.is_over(retry.due()) {
                retry.sent(retry.due(), None, &mut random);
                sent += 1;
            }
            (sent, retry.due())
        };
        assert_eq!(count(Exchange::Request).0, 10);
        assert_eq!(count(Exchange::Release).0, 4);
        assert_eq!(count(Exchange::Confirm).1, Instant::from_millis(10_000));
    }
}
