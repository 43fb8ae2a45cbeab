//! What is decided before a run of the whole program: the machine, its cables, what is at their other ends, and what goes wrong.

use std::fmt::Write as _;
use std::time::Duration;

use super::server6::Nature6;
use crate::chance::Chance;
use crate::server::Nature;

/// What a link is asked to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Dhcp,
    Auto6,
    Dhcp6,
    Either6,
    Both,
    Static,
}

impl Wish {
    const ALL: [Self; 6] = [Self::Dhcp, Self::Auto6, Self::Dhcp6, Self::Either6, Self::Both, Self::Static];

    pub(crate) fn wants4(self) -> bool {
        matches!(self, Self::Dhcp | Self::Both)
    }

    pub(crate) fn wants6(self) -> bool {
        matches!(self, Self::Auto6 | Self::Dhcp6 | Self::Either6 | Self::Both)
    }

    fn word(self, number: usize) -> String {
        let method = match self {
            Self::Dhcp => "dhcp",
            Self::Auto6 => "auto6",
            Self::Dhcp6 => "dhcp6",
            Self::Either6 => "either6",
            Self::Both => "dhcp,dhcp6",
            Self::Static => return format!("ip=198.51.{number}.2::198.51.{number}.1:24::eth{number}:none"),
        };
        format!("ip=eth{number}:{method}")
    }
}

/// What happens to a link beside packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    CableOut,
    CableIn,
    Rename,
    Remove,
    /// The device comes again under its first name, with another number.
    Return,
}

/// A router at the other end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouterPlan {
    pub(crate) managed: bool,
    pub(crate) other: bool,
    pub(crate) autonomous: bool,
}

/// One link and its other end.
#[derive(Debug, Clone)]
pub(crate) struct LinkPlan {
    pub(crate) wish: Wish,
    /// From link-up to carrier.
    pub(crate) carrier: Duration,
    pub(crate) servers4: Vec<(Nature, Duration, bool)>,
    pub(crate) servers6: Vec<Nature6>,
    pub(crate) router: Option<RouterPlan>,
    pub(crate) blows: Vec<(Duration, Blow)>,
    /// Another host has the address that the link would form.
    pub(crate) duplicate: bool,
    /// Another host has the static IPv4 address, and that which the first server leases.
    pub(crate) squatter: bool,
    /// Shares of packets, 0 to 1.
    pub(crate) loss: f64,
    pub(crate) duplication: f64,
    pub(crate) corruption: f64,
    /// Every packet takes `delay` and up to `jitter` more.
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
}

impl LinkPlan {
    fn drawn(chance: &mut Chance) -> Self {
        let natures4 = (0..chance.below(4)).map(|_| {
            let sane = chance.happens(0.6);
            if sane { Nature::TOLERABLE[chance.index(4)] } else { Nature::ROGUES[chance.index(8)] }
        });
        let natures4: Vec<_> = natures4.collect();
        let slow = |chance: &mut Chance| {
            let most = if chance.happens(0.1) { 2_000 } else { 5 };
            Duration::from_millis(chance.below(most))
        };
        let servers4 = natures4.into_iter().map(|nature| (nature, slow(chance), chance.happens(0.1))).collect();
        let servers6 = (0..chance.below(3)).map(|_| Nature6::ALL[chance.index(Nature6::ALL.len())]).collect();
        let router =
            RouterPlan { managed: chance.happens(0.4), other: chance.happens(0.4), autonomous: chance.happens(0.8) };
        let late = if chance.happens(0.2) { chance.below(3_000) } else { chance.below(3) };
        Self {
            wish: Wish::ALL[chance.index(6)],
            carrier: Duration::from_millis(late),
            servers4,
            servers6,
            router: chance.happens(0.7).then_some(router),
            blows: Self::drawn_blows(chance),
            duplicate: chance.happens(0.03),
            squatter: chance.happens(0.1),
            loss: [0.0, 0.0, 0.1, 0.3, 0.5][chance.index(5)],
            duplication: [0.0, 0.2][chance.index(2)],
            corruption: [0.0, 0.0, 0.0, 0.1][chance.index(4)],
            // Farther away costs a hundred times the steps, so it is rare.
            delay: Duration::from_millis(if chance.happens(0.01) { chance.below(2_000) } else { chance.below(20) }),
            jitter: Duration::from_millis(if chance.happens(0.01) {
                5_000
            } else {
                [0, 0, 50, 1_000][chance.index(4)]
            }),
        }
    }

    fn drawn_blows(chance: &mut Chance) -> Vec<(Duration, Blow)> {
        let at = |chance: &mut Chance| Duration::from_millis(chance.below(8_000));
        let mut blows = Vec::new();
        if chance.happens(0.2) {
            let out = at(chance);
            blows
                .extend([(out, Blow::CableOut), (out + Duration::from_millis(1 + chance.below(1_500)), Blow::CableIn)]);
        }
        if chance.happens(0.1) {
            blows.push((at(chance), Blow::Rename));
        }
        if chance.happens(0.05) {
            let out = at(chance);
            blows.push((out, Blow::Remove));
            if chance.happens(0.6) {
                blows.push((out + Duration::from_millis(1 + chance.below(3_000)), Blow::Return));
            }
        }
        blows
    }

    /// An answer is there before anybody stops waiting for it, and none is lost.
    pub(crate) fn is_prompt(&self) -> bool {
        let bad = self.loss > 0.0 || self.corruption > 0.0 || self.is_struck_by(Blow::CableOut);
        !bad && 2 * (self.delay + self.jitter) < Duration::from_millis(40)
    }

    pub(crate) fn is_struck_by(&self, blow: Blow) -> bool {
        self.blows.iter().any(|(_, one)| *one == blow)
    }
}

/// Everything that is decided before a run.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) seed: u64,
    pub(crate) links: Vec<LinkPlan>,
    /// IPv4 addresses are looked for at other hosts (`rd.net.acd=short`).
    pub(crate) acd: bool,
    /// The kernel lets addresses be used while they are probed.
    pub(crate) optimistic: bool,
    /// `--timeout`.
    pub(crate) timeout: Option<Duration>,
    /// The share of the kernel's words that find no room, 0 to 1.
    pub(crate) overruns: f64,
}

impl Scene {
    /// Whatever the seed says: mostly few links, now and then 128.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x5ce4e);
        let most = [2, 2, 4, 4, 8, 8, 16, 32, 128][chance.index(9).min(if chance.happens(0.95) { 6 } else { 8 })];
        let count = 1 + chance.below(most);
        let links = (0..count).map(|_| LinkPlan::drawn(&mut chance)).collect();
        let timeout = chance.happens(0.1).then(|| Duration::from_millis(chance.below(20_000)));
        let (acd, optimistic) = (chance.happens(0.3), chance.happens(0.8));
        let overruns = [0.0, 0.0, 0.0, 0.05, 0.5][chance.index(5)];
        Self { seed, links, acd, optimistic, timeout, overruns }
    }

    /// The kernel command line: every link is required, leases may take their time.
    pub(crate) fn line(&self) -> String {
        let mut line = "rd.neednet=1 rd.net.timeout.dhcp=200".to_owned();
        if self.acd {
            line.push_str(" rd.net.acd=short");
        }
        for (number, link) in self.links.iter().enumerate() {
            let _ = write!(line, " {}", link.wish.word(number));
        }
        line
    }
}
