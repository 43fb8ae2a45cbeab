//! Settings of a device by SIOCETHTOOL: for kernels (or settings) that ethtool netlink does not reach. Structures of
//! `linux/ethtool.h` as the 32-bit words they are.

use std::os::fd::{AsFd as _, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::access::{Feature, Negotiate, Negotiation, Refused};
use super::table::Group;
use crate::kernel::error::errno_of;
use crate::kernel::{KernelError, syscall};

/// Commands beside those of the groups.
mod command {
    pub(super) const GET_WAKE: u32 = 5;
    pub(super) const SET_WAKE: u32 = 6;
    pub(super) const STRINGS: u32 = 0x1b;
    pub(super) const SET_INFO: u32 = 0x37;
    pub(super) const GET_FEATURES: u32 = 0x3a;
    pub(super) const SET_FEATURES: u32 = 0x3b;
    pub(super) const GET_LINK: u32 = 0x4c;
    pub(super) const SET_LINK: u32 = 0x4d;
}

/// `ETH_SS_FEATURES`.
const FEATURE_NAMES: u32 = 4;
/// Bytes of a name (`ETH_GSTRING_LEN`).
const NAME: usize = 32;
/// Words of `struct ethtool_link_settings` before its masks.
const LINK: usize = 12;
/// `SPEED_UNKNOWN` and `DUPLEX_UNKNOWN`.
const UNKNOWN: (u32, u8) = (u32::MAX, u8::MAX);

/// A device under the name it has now.
pub(super) struct Device {
    socket: OwnedFd,
    name: String,
}

/// The bytes of a word: duplex, port, PHY address and negotiation share one.
fn byte(word: u32, at: usize) -> u8 {
    word.to_ne_bytes().get(at).copied().unwrap_or_default()
}

fn with_byte(word: u32, at: usize, value: u8) -> u32 {
    let mut bytes = word.to_ne_bytes();
    bytes.get_mut(at).into_iter().for_each(|slot| *slot = value);
    u32::from_ne_bytes(bytes)
}

fn word(words: &[u32], at: usize) -> u32 {
    words.get(at).copied().unwrap_or_default()
}

fn set(words: &mut [u32], at: usize, value: u32) {
    words.get_mut(at).into_iter().for_each(|word| *word = value);
}

/// A refusal with this errno.
fn refused(errno: i32) -> Refused {
    KernelError::Read { what: "ethtool settings", errno, explanation: String::new() }
}

impl Device {
    pub(super) fn open(ifindex: u32) -> Result<Self, Refused> {
        let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
        let socket = socket.map_err(|errno| KernelError::Socket { what: "control", errno: errno as i32 })?;
        let name = syscall::name_of(socket.as_fd(), ifindex).map_err(|error| refused(errno_of(&error)))?;
        Ok(Self { socket, name })
    }

    /// Gives the kernel these words, the first one the command, and answers what it makes of them.
    fn call(&self, words: &[u32]) -> Result<Vec<u32>, Refused> {
        syscall::ethtool(self.socket.as_fd(), &self.name, words).map_err(|error| refused(errno_of(&error)))
    }

    pub(super) fn words(&self, group: &Group) -> Result<Vec<Option<u32>>, Refused> {
        let words = self.call(&[group.commands.0])?;
        Ok(words.iter().take(group.words).map(|word| Some(*word)).collect())
    }

    pub(super) fn set_words(
        &self,
        group: &Group,
        all: &[Option<u32>],
        changes: &[(usize, u32)],
    ) -> Result<(), Refused> {
        let mut words: Vec<u32> = all.iter().map(|word| word.unwrap_or_default()).collect();
        set(&mut words, 0, group.commands.1);
        changes.iter().for_each(|&(at, value)| set(&mut words, at, value));
        self.call(&words).map(drop)
    }

    fn names(&self) -> Result<Vec<String>, Refused> {
        let mask = (1_u64 << FEATURE_NAMES).to_ne_bytes();
        let [low, high] =
            [mask.first_chunk(), mask.last_chunk()].map(|half| half.copied().map_or(0, u32::from_ne_bytes));
        let info = self.call(&[command::SET_INFO, 0, low, high])?;
        let count = usize::try_from(word(&info, 4)).unwrap_or_default();
        let strings = self.call(&[command::STRINGS, FEATURE_NAMES, word(&info, 4)])?;
        let bytes: Vec<u8> = strings.iter().skip(3).flat_map(|word| word.to_ne_bytes()).collect();
        let name = |bytes: &[u8]| crate::kernel::message::text_of(bytes);
        Ok(bytes.chunks(NAME).take(count).map(name).collect())
    }

    /// The features, and how many words of bits they are.
    pub(super) fn features(&self) -> Result<Vec<Feature>, Refused> {
        let names = self.names()?;
        let blocks = u32::try_from(names.len().div_ceil(32)).unwrap_or_default();
        let state = self.call(&[command::GET_FEATURES, blocks])?;
        let one = |(at, name): (usize, &String)| {
            let block = 2 + at / 32 * 4;
            // available, requested, active, never changed
            let on = |offset: usize| word(&state, block + offset) & (1 << (at % 32)) != 0;
            Feature { name: name.clone(), active: on(2), changeable: on(0) && !on(3) }
        };
        Ok(names.iter().enumerate().map(one).collect())
    }

    pub(super) fn set_features(&self, wanted: &[(&str, bool)]) -> Result<(), Refused> {
        let names = self.names()?;
        let blocks = names.len().div_ceil(32);
        let mut words = vec![0; 2 + blocks * 2];
        set(&mut words, 0, command::SET_FEATURES);
        set(&mut words, 1, u32::try_from(blocks).unwrap_or_default());
        for (name, on) in wanted {
            let Some(at) = names.iter().position(|other| other == name) else { continue };
            let (block, bit) = (2 + at / 32 * 2, 1 << (at % 32));
            let (valid, requested) = (word(&words, block) | bit, word(&words, block + 1));
            set(&mut words, block, valid);
            set(&mut words, block + 1, if *on { requested | bit } else { requested });
        }
        self.call(&words).map(drop)
    }

    /// `struct ethtool_link_settings` with its three masks: the kernel first says how long those are.
    fn link(&self) -> Result<(Vec<u32>, usize), Refused> {
        let first = self.call(&[command::GET_LINK])?;
        // link_mode_masks_nwords, negative when only the number is told.
        let masks = usize::from(byte(word(&first, 3), 3).cast_signed().unsigned_abs());
        let request = [command::GET_LINK, 0, 0, with_byte(0, 3, u8::try_from(masks).unwrap_or_default())];
        self.call(&request).map(|words| (words, masks))
    }

    pub(super) fn negotiation(&self) -> Result<Negotiation, Refused> {
        let (words, masks) = self.link()?;
        let mask = |number: usize| words.iter().skip(LINK + number * masks).take(masks).copied().collect();
        Ok(Negotiation {
            auto: byte(word(&words, 2), 3) == 1,
            speed: super::known_speed(word(&words, 1)),
            full: super::known_duplex(u32::from(byte(word(&words, 2), 0))),
            supported: mask(0),
            advertised: mask(1),
        })
    }

    pub(super) fn negotiate(&self, now: &Negotiation, wanted: &Negotiate) -> Result<(), Refused> {
        let (mut words, masks) = self.link()?;
        let (modes, fixed) = match wanted {
            Negotiate::Among(modes) => (modes.clone(), None),
            Negotiate::Only { speed, full } => (now.only(*speed, *full), None),
            Negotiate::Fixed { speed, full } => (now.advertised.clone(), Some((*speed, *full))),
        };
        set(&mut words, 0, command::SET_LINK);
        let (speed, duplex) = fixed.map_or(UNKNOWN, |(speed, full)| (speed, u8::from(full)));
        set(&mut words, 1, speed);
        let shared = with_byte(with_byte(word(&words, 2), 0, duplex), 3, u8::from(fixed.is_none()));
        set(&mut words, 2, shared);
        for (at, mode) in modes.iter().take(masks).enumerate() {
            set(&mut words, LINK + masks + at, *mode);
        }
        self.call(&words).map(drop)
    }

    pub(super) fn wake(&self) -> Result<u32, Refused> {
        self.call(&[command::GET_WAKE]).map(|words| word(&words, 2))
    }

    pub(super) fn set_wake(&self, bits: u32) -> Result<(), Refused> {
        self.call(&[command::SET_WAKE, 0, bits]).map(drop)
    }
}
