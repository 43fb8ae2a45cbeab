//! What is about to be changed, written ahead: `/run/sunup/journal`, from which `sunup down` undoes exactly that, even after a run
//! that was killed anywhere.
//!
//! One line an entry, appended in one write before the change is made: a sign, the link's interface index (0: of no link), the
//! object, and how to undo it. Plain text; what is not understood is passed over.
//!
//! | sign | what happened | undone by |
//! | --- | --- | --- |
//! | `+` | an object was made | taking it away |
//! | `-` | an object of somebody else was taken away | putting it back |
//! | `=` | a value was changed; the first entry counts | writing the old value |

mod file;
mod text;

use std::collections::HashMap;

pub use file::{FOLDER, Journal, read, replace};

/// One thing that is about to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is about to happen.
    pub sign: Sign,
    /// The link; 0 for what belongs to none (and for the loopback link).
    pub ifindex: u32,
    /// The object: the same object has the same text, whoever writes it.
    pub object: String,
    /// How to undo it.
    pub undo: Undo,
}

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The object is made.
    Made,
    /// The object, which sunup had not made, is taken away.
    Removed,
    /// A value of the object is changed.
    Changed,
}

/// How something is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// By this rtnetlink message: its type, and its payload (fixed header and attributes).
    Netlink {
        /// `RTM_*`.
        kind: u16,
        /// The payload.
        payload: Vec<u8>,
    },
    /// By writing the former value of the kernel setting that the object names (`ipv6/accept_ra`).
    Sysctl(String),
    /// By giving the device the former value of the option (of [`crate::profile::tuning`]) that the object names.
    Tuned(String),
    /// By setting the host name that was; `None`: there was none.
    HostName(Option<String>),
    /// By giving the file the object names its former contents.
    File(Former),
    /// By removing the folder the object names, if it is empty.
    Directory,
    /// Not to be undone by itself: the file the object names got contents with this sum ([`sum`]). A file that has others now is
    /// somebody else's, and is left alone.
    Wrote(u64),
}

/// What a file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Former {
    /// It was not there.
    Absent,
    /// It was a symbolic link to this.
    Link(String),
    /// Its contents are kept in this file, beside the journal.
    Saved(String),
}

impl Entry {
    /// An entry about a value that is changed.
    pub fn changed(ifindex: u32, object: impl Into<String>, undo: Undo) -> Self {
        Self { sign: Sign::Changed, ifindex, object: object.into(), undo }
    }
}

/// What is left to undo after all that the journal tells, in its order: what was made and taken away again is nothing.
pub fn fold(entries: Vec<Entry>) -> Vec<Entry> {
    let mut left: Vec<Option<Entry>> = Vec::with_capacity(entries.len());
    let mut places: HashMap<(u32, String, bool), usize> = HashMap::new();
    for entry in entries {
        // A file is written many times; each time is of interest.
        if matches!(entry.undo, Undo::Wrote(_)) {
            left.push(Some(entry));
            continue;
        }
        let key = (entry.ifindex, entry.object.clone(), entry.sign == Sign::Changed);
        let place = places.get(&key).copied();
        let there = place.and_then(|place| left.get_mut(place)).filter(|slot| slot.is_some());
        match there {
            Some(slot) if slot.as_ref().is_some_and(|held| held.sign != entry.sign) => *slot = None,
            Some(_) => {}
            None => {
                places.insert(key, left.len());
                left.push(Some(entry));
            }
        }
    }
    left.into_iter().flatten().collect()
}

/// A sum of contents, to see whether somebody else has written since (FNV-1a, 64 bits). No protection against intent: who may
/// write the file may write the journal.
pub fn sum(contents: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    contents.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests;
