//! The network cards of the guest (tests/vm/run says which): borrowed by one scenario at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::Room;

/// The namespace in which they wait.
const NAMESPACE: &str = "nics";

/// A card in a room, until dropped.
pub(crate) struct Nic<'room> {
    room: &'room Room,
    card: &'static str,
    name: String,
}

/// The right to borrow cards. To be held for as long as any is.
pub(crate) fn cards() -> MutexGuard<'static, ()> {
    static CARDS: Mutex<()> = Mutex::new(());
    CARDS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'room> Nic<'room> {
    /// Puts a card into a room. The driver's settings are as the last scenario left them: it should give them back.
    pub(crate) fn borrow(_right: &MutexGuard<'static, ()>, card: &'static str, room: &'room Room, name: &str) -> Self {
        room.take_link(NAMESPACE, card, name);
        Self { room, card, name: name.to_owned() }
    }
}

impl Drop for Nic<'_> {
    fn drop(&mut self) {
        let ran = self.room.give_link(&self.name, NAMESPACE, self.card);
        assert!(ran.code == 0 || std::thread::panicking(), "{} is not given back: {ran}", self.card);
    }
}
