//! Generic netlink: families found by name.

use netlink_packet_core::{Emitable, NLM_F_ACK};

use super::KernelError;
use super::message::attributes;
use super::netlink::Netlink;

/// `GENL_ID_CTRL`, and what is asked of it.
const CONTROLLER: u16 = 0x10;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

/// Length of `struct genlmsghdr`.
pub(super) const HEADER: usize = 4;

/// `struct genlmsghdr`: a command and the version of its family.
pub(super) struct Header {
    pub(super) command: u8,
    pub(super) version: u8,
}

impl Emitable for Header {
    fn buffer_len(&self) -> usize {
        HEADER
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.iter_mut().zip([self.command, self.version, 0, 0]).for_each(|(slot, byte)| *slot = byte);
    }
}

/// The number of a family. The kernel loads its module if it can.
pub(super) fn family(netlink: &mut Netlink, name: &'static str) -> Result<u16, KernelError> {
    let header = Header { command: GET_FAMILY, version: 1 };
    let write = |batch: &mut super::message::Batch| batch.text(FAMILY_NAME, name);
    let found = netlink.query(name, CONTROLLER, NLM_F_ACK, &header, &write, |payload, found| {
        let rest = payload.get(HEADER..).unwrap_or_default();
        let id = attributes(rest).find(|(kind, _)| *kind == FAMILY_ID);
        found.extend(id.and_then(|(_, value)| value.first_chunk().copied()).map(u16::from_ne_bytes));
    })?;
    let missing = KernelError::Read { what: name, errno: super::error::errno::ENOENT, explanation: String::new() };
    found.first().copied().ok_or(missing)
}
