//! Settings of a device by ethtool netlink (Documentation/networking/ethtool-netlink.rst in the kernel).

use netlink_packet_core::NLM_F_ACK;

use super::access::{Feature, Negotiate, Negotiation, Refused};
use super::table::Group;
use crate::kernel::generic::{HEADER, Header};
use crate::kernel::message::{Batch, attributes, text_of, u32_of};
use crate::kernel::netlink::Netlink;

/// `ETHTOOL_MSG_*`.
mod message {
    pub(super) const LINKMODES_GET: u8 = 4;
    pub(super) const LINKMODES_SET: u8 = 5;
    pub(super) const WOL_GET: u8 = 9;
    pub(super) const WOL_SET: u8 = 10;
    pub(super) const FEATURES_GET: u8 = 11;
    pub(super) const FEATURES_SET: u8 = 12;
}

/// `ETHTOOL_A_*_HEADER` is 1 everywhere, and the first attribute that a message has of its own 2.
const REQUEST_HEADER: u16 = 1;
const DEVICE_INDEX: u16 = 1;
const FLAGS: u16 = 3;
const FLAG_COMPACT: u32 = 1;
/// `ETHTOOL_A_BITSET_*`.
mod bitset {
    pub(super) const NOMASK: u16 = 1;
    pub(super) const SIZE: u16 = 2;
    pub(super) const BITS: u16 = 3;
    pub(super) const VALUE: u16 = 4;
    pub(super) const MASK: u16 = 5;
    pub(super) const BIT: u16 = 1;
    pub(super) const BIT_NAME: u16 = 2;
    pub(super) const BIT_VALUE: u16 = 3;
}
/// `ETHTOOL_A_LINKMODES_*`.
mod linkmodes {
    pub(super) const AUTONEG: u16 = 2;
    pub(super) const OURS: u16 = 3;
    pub(super) const SPEED: u16 = 5;
    pub(super) const DUPLEX: u16 = 6;
}
/// `ETHTOOL_A_FEATURES_*`.
mod features {
    pub(super) const HW: u16 = 2;
    pub(super) const WANTED: u16 = 3;
    pub(super) const ACTIVE: u16 = 4;
    pub(super) const NOCHANGE: u16 = 5;
}
const WOL_MODES: u16 = 2;
/// `WOL_MODE_COUNT`.
const WAKE_BITS: u32 = 8;

/// A device, by its index.
pub(super) struct Device<'a> {
    pub(super) socket: &'a mut Netlink,
    pub(super) family: u16,
    pub(super) ifindex: u32,
}

impl Device<'_> {
    /// Sends one message and answers the attributes of what comes back.
    fn ask(&mut self, command: u8, write: &dyn Fn(&mut Batch)) -> Result<Vec<(u16, Vec<u8>)>, Refused> {
        let header = Header { command, version: 1 };
        let ifindex = self.ifindex;
        let all = |batch: &mut Batch| {
            let nest = batch.begin_nest(REQUEST_HEADER);
            batch.u32(DEVICE_INDEX, ifindex);
            // Features are listed by name, other sets as numbers.
            if command != message::FEATURES_GET {
                batch.u32(FLAGS, FLAG_COMPACT);
            }
            batch.end_nest(nest);
            write(batch);
        };
        self.socket.query("ethtool settings", self.family, NLM_F_ACK, &header, &all, |payload, found| {
            let rest = payload.get(HEADER..).unwrap_or_default();
            found.extend(attributes(rest).map(|(kind, value)| (kind, value.to_vec())));
        })
    }

    pub(super) fn words(&mut self, group: &Group, get: u8) -> Result<Vec<Option<u32>>, Refused> {
        let found = self.ask(get, &|_| {})?;
        let mut words = vec![None; group.words];
        for (kind, value) in &found {
            let slot = kind.checked_sub(group.shift).and_then(|word| words.get_mut(usize::from(word)));
            // A nested attribute (counters) is no value.
            slot.into_iter().for_each(|slot| *slot = number(value));
        }
        Ok(words)
    }

    pub(super) fn set_words(&mut self, group: &Group, set: u8, changes: &[(usize, u32)]) -> Result<(), Refused> {
        let write = |batch: &mut Batch| {
            for &(word, value) in changes {
                let kind = u16::try_from(word).unwrap_or_default().saturating_add(group.shift);
                match group.is_narrow(word) {
                    true => batch.u8(kind, u8::try_from(value).unwrap_or(u8::MAX)),
                    false => batch.u32(kind, value),
                }
            }
        };
        self.ask(set, &write).map(drop)
    }

    pub(super) fn features(&mut self) -> Result<Vec<Feature>, Refused> {
        let found = self.ask(message::FEATURES_GET, &|_| {})?;
        let set = |wanted: u16| {
            let value = found.iter().find(|(kind, _)| *kind == wanted).map(|(_, value)| value.as_slice());
            named_bits(value.unwrap_or_default())
        };
        let (hardware, active, fixed) = (set(features::HW), set(features::ACTIVE), set(features::NOCHANGE));
        let has = |set: &[(String, bool)], name: &str| set.iter().any(|(other, _)| other == name);
        let one = |(name, changeable): &(String, bool)| Feature {
            active: has(&active, name),
            changeable: *changeable && !has(&fixed, name),
            name: name.clone(),
        };
        Ok(hardware.iter().map(one).collect())
    }

    pub(super) fn set_features(&mut self, wanted: &[(&str, bool)]) -> Result<(), Refused> {
        let write = |batch: &mut Batch| {
            let (set, bits) = (batch.begin_nest(features::WANTED), batch.begin_nest(bitset::BITS));
            for (name, on) in wanted {
                let bit = batch.begin_nest(bitset::BIT);
                batch.text(bitset::BIT_NAME, name);
                if *on {
                    batch.bytes_of(bitset::BIT_VALUE, &[]);
                }
                batch.end_nest(bit);
            }
            batch.end_nest(bits);
            batch.end_nest(set);
        };
        self.ask(message::FEATURES_SET, &write).map(drop)
    }

    pub(super) fn negotiation(&mut self) -> Result<Negotiation, Refused> {
        let found = self.ask(message::LINKMODES_GET, &|_| {})?;
        let value = |wanted: u16| found.iter().find(|(kind, _)| *kind == wanted).map(|(_, value)| value.as_slice());
        let (advertised, supported) = value(linkmodes::OURS).map(compact_bits).unwrap_or_default();
        Ok(Negotiation {
            auto: value(linkmodes::AUTONEG).and_then(number) == Some(1),
            speed: value(linkmodes::SPEED).and_then(number).and_then(super::known_speed),
            full: value(linkmodes::DUPLEX).and_then(number).and_then(super::known_duplex),
            advertised,
            supported,
        })
    }

    pub(super) fn negotiate(&mut self, wanted: &Negotiate) -> Result<(), Refused> {
        let write = |batch: &mut Batch| {
            batch.u8(linkmodes::AUTONEG, u8::from(!matches!(wanted, Negotiate::Fixed { .. })));
            let (speed, full) = match wanted {
                Negotiate::Among(modes) => {
                    put_bits(batch, linkmodes::OURS, modes, u32::try_from(modes.len()).unwrap_or_default() * 32);
                    (None, None)
                }
                Negotiate::Only { speed, full } => (*speed, *full),
                Negotiate::Fixed { speed, full } => (Some(*speed), Some(*full)),
            };
            speed.into_iter().for_each(|speed| batch.u32(linkmodes::SPEED, speed));
            full.into_iter().for_each(|full| batch.u8(linkmodes::DUPLEX, u8::from(full)));
        };
        self.ask(message::LINKMODES_SET, &write).map(drop)
    }

    pub(super) fn wake(&mut self) -> Result<u32, Refused> {
        let found = self.ask(message::WOL_GET, &|_| {})?;
        let modes = found.iter().find(|(kind, _)| *kind == WOL_MODES).map(|(_, value)| compact_bits(value));
        Ok(modes.and_then(|(on, _)| on.first().copied()).unwrap_or_default())
    }

    pub(super) fn set_wake(&mut self, bits: u32) -> Result<(), Refused> {
        self.ask(message::WOL_SET, &|batch| put_bits(batch, WOL_MODES, &[bits], WAKE_BITS)).map(drop)
    }
}

/// A number of one or four bytes.
fn number(value: &[u8]) -> Option<u32> {
    match value {
        [byte] => Some(u32::from(*byte)),
        [_, _, _, _] => u32_of(value),
        _ => None,
    }
}

/// The bits of a set that is listed by name, each with its value. In a set without mask those listed are on.
fn named_bits(set: &[u8]) -> Vec<(String, bool)> {
    let listed = attributes(set).filter(|(kind, _)| *kind == bitset::BITS).flat_map(|(_, bits)| attributes(bits));
    let one = |(_, bit): (u16, &[u8])| {
        let name = attributes(bit).find(|(kind, _)| *kind == bitset::BIT_NAME).map(|(_, name)| text_of(name))?;
        Some((name, attributes(bit).any(|(kind, _)| kind == bitset::BIT_VALUE)))
    };
    listed.filter_map(one).collect()
}

/// Value and mask of a set in numbers.
fn compact_bits(set: &[u8]) -> (Vec<u32>, Vec<u32>) {
    let words = |wanted: u16| {
        let value = attributes(set).find(|(kind, _)| *kind == wanted).map(|(_, value)| value).unwrap_or_default();
        value.as_chunks().0.iter().map(|chunk| u32::from_ne_bytes(*chunk)).collect()
    };
    (words(bitset::VALUE), words(bitset::MASK))
}

/// A set in numbers that replaces the device's.
fn put_bits(batch: &mut Batch, kind: u16, words: &[u32], size: u32) {
    let set = batch.begin_nest(kind);
    batch.bytes_of(bitset::NOMASK, &[]);
    batch.u32(bitset::SIZE, size);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    batch.bytes_of(bitset::VALUE, &bytes);
    batch.end_nest(set);
}
