//! The two ways to a device's settings: ethtool netlink (Linux 5.6), and the ioctl where that does not know the thing.

use super::table::{Group, TWISTED_PAIR, is_speed};
use super::{by_ioctl, by_netlink};
use crate::kernel::error::errno;
use crate::kernel::{KernelError, generic, netlink::Netlink};

/// One thing the kernel did not do, in words.
pub(super) type Refused = KernelError;

/// A feature of the kernel's by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feature {
    pub(super) name: String,
    pub(super) active: bool,
    /// The device lets it be changed.
    pub(super) changeable: bool,
}

/// How a link finds its speed. Bit sets of `ETHTOOL_LINK_MODE_*`, 32 a word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Negotiation {
    pub(super) auto: bool,
    /// Mbit/s; `None` where it is not known.
    pub(super) speed: Option<u32>,
    pub(super) full: Option<bool>,
    pub(super) advertised: Vec<u32>,
    pub(super) supported: Vec<u32>,
}

/// What is to be negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Negotiate {
    /// Among these modes.
    Among(Vec<u32>),
    /// At this speed and duplex only.
    Only { speed: Option<u32>, full: Option<bool> },
    /// Nothing: this speed and duplex.
    Fixed { speed: u32, full: bool },
}

/// One device, and the ways to it.
pub(super) struct Access {
    pub(super) ifindex: u32,
    netlink: Option<(Netlink, u16)>,
}

impl Access {
    /// A device. Without ethtool netlink in the kernel (or if `by_ioctl`), the ioctl does it all.
    pub(super) fn new(ifindex: u32, by_ioctl: bool) -> Self {
        let open = || {
            let mut netlink = Netlink::open_generic().ok()?;
            let family = generic::family(&mut netlink, "ethtool").ok()?;
            Some((netlink, family))
        };
        Self { ifindex, netlink: if by_ioctl { None } else { open() } }
    }

    /// By netlink, else by ioctl; what netlink says about a refusal is the better text.
    fn either<T>(
        &mut self,
        netlink: impl FnOnce(&mut by_netlink::Device<'_>) -> Result<T, Refused>,
        ioctl: impl FnOnce(&by_ioctl::Device) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let Some((socket, family)) = &mut self.netlink else { return ioctl(&by_ioctl::Device::open(self.ifindex)?) };
        let first = match netlink(&mut by_netlink::Device { socket, family: *family, ifindex: self.ifindex }) {
            Err(refused) if refused.errno() == errno::EOPNOTSUPP => refused,
            other => return other,
        };
        by_ioctl::Device::open(self.ifindex).and_then(|device| ioctl(&device)).map_err(|_| first)
    }

    /// The words of a group; `None` for one that the device does not have.
    pub(super) fn words(&mut self, group: &Group) -> Result<Vec<Option<u32>>, Refused> {
        match group.messages {
            Some((get, _)) => self.either(|device| device.words(group, get), |device| device.words(group)),
            None => by_ioctl::Device::open(self.ifindex)?.words(group),
        }
    }

    /// Changes words of a group: what is not named stays as it is in `all`.
    pub(super) fn set_words(
        &mut self,
        group: &Group,
        all: &[Option<u32>],
        changes: &[(usize, u32)],
    ) -> Result<(), Refused> {
        match group.messages {
            Some((_, set)) => self.either(|d| d.set_words(group, set, changes), |d| d.set_words(group, all, changes)),
            None => by_ioctl::Device::open(self.ifindex)?.set_words(group, all, changes),
        }
    }

    /// All features the kernel knows.
    pub(super) fn features(&mut self) -> Result<Vec<Feature>, Refused> {
        self.either(|device| device.features(), |device| device.features())
    }

    /// Asks for features on or off.
    pub(super) fn set_features(&mut self, wanted: &[(&str, bool)]) -> Result<(), Refused> {
        self.either(|device| device.set_features(wanted), |device| device.set_features(wanted))
    }

    /// How the link negotiates.
    pub(super) fn negotiation(&mut self) -> Result<Negotiation, Refused> {
        self.either(|device| device.negotiation(), |device| device.negotiation())
    }

    /// Sets it. The kernel itself leaves a device alone whose settings are these already.
    pub(super) fn negotiate(&mut self, now: &Negotiation, wanted: &Negotiate) -> Result<(), Refused> {
        self.either(|device| device.negotiate(wanted), |device| device.negotiate(now, wanted))
    }

    /// Bits of `WAKE_*` that wake the machine.
    pub(super) fn wake(&mut self) -> Result<u32, Refused> {
        self.either(|device| device.wake(), |device| device.wake())
    }

    /// Sets them.
    pub(super) fn set_wake(&mut self, bits: u32) -> Result<(), Refused> {
        self.either(|device| device.set_wake(bits), |device| device.set_wake(bits))
    }
}

impl Negotiation {
    /// As values of the options [`crate::profile::tuning::NEGOTIATION`]; those that do not count are empty.
    pub(super) fn values(&self) -> [String; 4] {
        let fixed = |text: Option<String>| text.filter(|_| !self.auto).unwrap_or_default();
        let modes: Vec<String> = self.advertised.iter().filter(|_| self.auto).map(|word| format!("{word:x}")).collect();
        [
            self.auto.to_string(),
            fixed(self.speed.map(|speed| speed.to_string())),
            fixed(self.full.map(|full| if full { "full" } else { "half" }.to_owned())),
            modes.join(","),
        ]
    }

    /// Everything the device can, as for a link that was never told anything: what it advertises beside speeds stays.
    pub(super) fn all_speeds(&self) -> Vec<u32> {
        let pairs = self.supported.iter().zip(self.advertised.iter().chain(std::iter::repeat(&0)));
        let word = |(at, (supported, advertised)): (usize, (&u32, &u32))| {
            let base = u32::try_from(at).unwrap_or_default().saturating_mul(32);
            let speeds =
                (0..32).filter(|bit| is_speed(base.saturating_add(*bit))).fold(0, |mask, bit| mask | 1_u32 << bit);
            (supported & speeds) | (advertised & !speeds)
        };
        pairs.enumerate().map(word).collect()
    }

    /// The modes of this speed and duplex, of twisted pair; the rest of what is advertised stays.
    pub(super) fn only(&self, speed: Option<u32>, full: Option<bool>) -> Vec<u32> {
        let mut modes = self.all_speeds();
        for (bit, mbits, duplex) in TWISTED_PAIR {
            if speed.is_some_and(|speed| speed != mbits) || full.is_some_and(|full| full != duplex) {
                let word = usize::try_from(bit / 32).unwrap_or_default();
                modes.get_mut(word).into_iter().for_each(|word| *word &= !(1 << (bit % 32)));
            }
        }
        modes
    }
}
