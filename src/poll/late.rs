//! Sockets that are opened when they are first needed: closing them is not free.

use crate::kernel::KernelError;

/// One of them.
pub(super) struct Late<T> {
    socket: Option<T>,
    /// It was said that it cannot be had.
    told: bool,
}

impl<T> Late<T> {
    pub(super) fn new() -> Self {
        Self { socket: None, told: false }
    }

    /// The socket; if it cannot be had, it is tried again with the next packet, and said once.
    pub(super) fn open(&mut self, open: impl FnOnce() -> Result<T, KernelError>) -> Option<&T> {
        if self.socket.is_none() {
            match open() {
                Ok(socket) => self.socket = Some(socket),
                Err(error) if !std::mem::replace(&mut self.told, true) => log::error!("{error}"),
                Err(_) => {}
            }
        }
        self.socket.as_ref()
    }

    /// The socket, if it was opened.
    pub(super) fn get(&self) -> Option<&T> {
        self.socket.as_ref()
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.socket
    }
}
