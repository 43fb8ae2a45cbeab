//! The bytes of the table: NVM Express Boot Specification 1.0, section 1.5. Little endian; offsets in bytes.
//!
//! Every access is by [`field`], which answers `None` beyond the end; nothing here trusts a length or an offset.

use std::net::{IpAddr, Ipv6Addr};

use crate::profile::HwAddr;

/// An NVMe/TCP interface ("HFI", host fabric interface) as the table has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Interface {
    /// HFI Descriptor Index.
    pub(super) index: u8,
    pub(super) mac: HwAddr,
    /// 0 is none.
    pub(super) vlan: u16,
    /// The address was acquired by DHCP and shall be acquired anew.
    pub(super) dhcp: bool,
    /// Unspecified where the table has none.
    pub(super) address: IpAddr,
    pub(super) prefix: u8,
    /// Gateway, primary and secondary DNS server, each only if there is one in the family of `address`.
    pub(super) gateway: Option<IpAddr>,
    pub(super) dns: Vec<IpAddr>,
    /// Host name; empty if there is none.
    pub(super) host_name: Vec<u8>,
}

/// Why a whole table cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum BadTable {
    #[error("the table is shorter than its header, or than it says; ignored, update the firmware")]
    TooShort,
    #[error("the table does not begin with NBFT; ignored")]
    Signature,
    #[error("the bytes of the table do not add up to 0; ignored, it may be damaged")]
    Checksum,
    #[error("the table has major revision {0}, sunup reads 1; ignored, update sunup")]
    Revision(u8),
    #[error("the table has no control descriptor where it should be; ignored, update the firmware")]
    Control,
}

/// Why one interface cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum BadInterface {
    #[error("the descriptor is outside of the table; ignored, update the firmware")]
    Outside,
    #[error("the descriptor is of another type (structure {0}); ignored, update the firmware")]
    Structure(u8),
    #[error("transport {0} is not TCP; ignored")]
    Transport(u8),
    #[error("the transport information has version {0}, sunup reads 1; ignored, update sunup")]
    Version(u8),
}

/// The interfaces of a table; for a bad one, its place in the list, from 1.
pub(super) type Interfaces = Vec<Result<Interface, (usize, BadInterface)>>;

const TCP: u8 = 3;
const VALID: u8 = 1;

/// Header (figure 8). The rest of it is who made the table, and where the heap is.
mod header {
    pub(super) const LENGTH: usize = 4;
    pub(super) const MAJOR_REVISION: usize = 8;
}

/// Control descriptor (figure 9), right behind the header.
mod control {
    pub(super) const STRUCTURE: u8 = 1;
    pub(super) const AT: usize = 64;
    pub(super) const END: usize = 128;
    pub(super) const FLAGS: usize = AT + 6;
    pub(super) const HFI_OFFSET: usize = AT + 16;
    pub(super) const HFI_LENGTH: usize = AT + 20;
    pub(super) const HFI_COUNT: usize = AT + 23;
}

/// HFI descriptor (figure 11): structure, index, flags and transport, then where the rest is.
mod hfi {
    pub(super) const STRUCTURE: u8 = 3;
    pub(super) const INFO_OFFSET: usize = 16;
    pub(super) const INFO_LENGTH: usize = 20;
}

/// HFI transport info descriptor for NVMe/TCP (figure 13): structure, version, and this.
mod info {
    pub(super) const STRUCTURE: u8 = 7;
    pub(super) const FLAGS: usize = 6;
    pub(super) const DHCP_OVERRIDE: u8 = 4;
    pub(super) const MAC: usize = 11;
    pub(super) const VLAN: usize = 17;
    pub(super) const IP_ORIGIN: usize = 19;
    /// NL_PREFIX_ORIGIN: the prefix is from DHCP.
    pub(super) const ORIGIN_DHCP: u8 = 3;
    pub(super) const ADDRESS: usize = 20;
    pub(super) const PREFIX: usize = 36;
    pub(super) const GATEWAY: usize = 37;
    pub(super) const PRIMARY_DNS: usize = 56;
    pub(super) const SECONDARY_DNS: usize = 72;
    pub(super) const HOST_NAME_OFFSET: usize = 104;
    pub(super) const HOST_NAME_LENGTH: usize = 108;
}

/// The valid interfaces of a table; none where the table says that it is empty.
pub(super) fn parse(bytes: &[u8]) -> Result<Interfaces, BadTable> {
    let table = check_header(bytes)?;
    let control = field::<1>(table, control::AT).zip(field::<1>(table, control::FLAGS));
    let Some(([structure], [flags])) = control else { return Err(BadTable::TooShort) };
    match (flags & VALID, structure) {
        (0, _) => Ok(Vec::new()),
        (_, control::STRUCTURE) => Ok(interfaces(table)),
        _ => Err(BadTable::Control),
    }
}

/// The table without what may follow it in the file, once its header holds. The host descriptor is not asked for: it
/// says nothing about the network.
fn check_header(bytes: &[u8]) -> Result<&[u8], BadTable> {
    if bytes.get(..4).is_some_and(|signature| signature != b"NBFT") {
        return Err(BadTable::Signature);
    }
    let length = u32_at(bytes, header::LENGTH).and_then(|length| usize::try_from(length).ok());
    let table = length.filter(|&length| length >= control::END).and_then(|length| bytes.get(..length));
    let table = table.ok_or(BadTable::TooShort)?;
    if table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err(BadTable::Checksum);
    }
    match field::<1>(table, header::MAJOR_REVISION) {
        Some([1]) => Ok(table),
        Some([other]) => Err(BadTable::Revision(other)),
        None => Err(BadTable::TooShort),
    }
}

/// The list of HFI descriptors: at most 255.
fn interfaces(table: &[u8]) -> Interfaces {
    let offset = u32_at(table, control::HFI_OFFSET).unwrap_or_default() as usize;
    let stride = usize::from(u16_at(table, control::HFI_LENGTH).unwrap_or_default());
    let [count] = field(table, control::HFI_COUNT).unwrap_or_default();
    let place = |number: usize| {
        let start = stride.checked_mul(number)?.checked_add(offset)?;
        table.get(start..start.checked_add(stride)?)
    };
    let read = |number: usize| interface(table, place(number)).map_err(|error| (number + 1, error)).transpose();
    (0..usize::from(count)).filter_map(read).collect()
}

/// One interface; `None` if its descriptor says that it is not in use.
fn interface(table: &[u8], descriptor: Option<&[u8]>) -> Result<Option<Interface>, BadInterface> {
    let descriptor = descriptor.ok_or(BadInterface::Outside)?;
    let [structure, index, flags, transport] = field(descriptor, 0).ok_or(BadInterface::Outside)?;
    if flags & VALID == 0 {
        return Ok(None);
    }
    if structure != hfi::STRUCTURE {
        return Err(BadInterface::Structure(structure));
    }
    if transport != TCP {
        return Err(BadInterface::Transport(transport));
    }
    let info = heap(table, descriptor, hfi::INFO_OFFSET, hfi::INFO_LENGTH);
    tcp_info(table, info.ok_or(BadInterface::Outside)?, index)
}

/// What the transport information says; `None` if it says that it is not in use.
fn tcp_info(table: &[u8], info: &[u8], index: u8) -> Result<Option<Interface>, BadInterface> {
    let [structure, version] = field(info, 0).ok_or(BadInterface::Outside)?;
    let [flags] = field(info, info::FLAGS).ok_or(BadInterface::Outside)?;
    if flags & VALID == 0 {
        return Ok(None);
    }
    if structure != info::STRUCTURE {
        return Err(BadInterface::Structure(structure));
    }
    if version != 1 {
        return Err(BadInterface::Version(version));
    }
    tcp_fields(table, info, index, flags).map(Some).ok_or(BadInterface::Outside)
}

fn tcp_fields(table: &[u8], info: &[u8], index: u8, flags: u8) -> Option<Interface> {
    let address = address_at(info, info::ADDRESS)?;
    let other = |offset| Some(address_at(info, offset)?).filter(|other| usable_beside(*other, address));
    let dns = [other(info::PRIMARY_DNS), other(info::SECONDARY_DNS)];
    let [origin] = field(info, info::IP_ORIGIN)?;
    let [prefix] = field(info, info::PREFIX)?;
    Some(Interface {
        index,
        mac: HwAddr::new(&field::<6>(info, info::MAC)?)?,
        vlan: u16_at(info, info::VLAN)?,
        // The DHCP server's address says nothing more: without the override flag that field is reserved.
        dhcp: flags & info::DHCP_OVERRIDE != 0 || origin == info::ORIGIN_DHCP,
        address,
        prefix,
        gateway: other(info::GATEWAY),
        dns: dns.into_iter().flatten().collect(),
        host_name: heap(table, info, info::HOST_NAME_OFFSET, info::HOST_NAME_LENGTH).unwrap_or_default().to_vec(),
    })
}

/// True for an address that is given, in the family of `address`.
fn usable_beside(other: IpAddr, address: IpAddr) -> bool {
    !other.is_unspecified() && other.is_ipv4() == address.is_ipv4()
}

/// The bytes a heap object reference (offset in the table, length) points at.
fn heap<'a>(table: &'a [u8], descriptor: &[u8], offset: usize, length: usize) -> Option<&'a [u8]> {
    let start = usize::try_from(u32_at(descriptor, offset)?).ok()?;
    let length = usize::from(u16_at(descriptor, length)?);
    table.get(start..start.checked_add(length)?)
}

/// An address of 16 bytes; an IPv4 address is mapped into IPv6.
fn address_at(bytes: &[u8], offset: usize) -> Option<IpAddr> {
    let v6 = Ipv6Addr::from(field::<16>(bytes, offset)?);
    Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    field(bytes, offset).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    field(bytes, offset).map(u32::from_le_bytes)
}

fn field<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
