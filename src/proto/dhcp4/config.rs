//! What a client is told before it starts.

use std::net::Ipv4Addr;

use crate::profile::HwAddr;

/// ARPHRD_INFINIBAND (RFC 4391).
const INFINIBAND: u16 = 32;
/// The room for a link-layer address in the header.
const CHADDR: usize = 16;

/// What a client sends and asks for. Start from [`Config::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The link's address.
    pub hwaddr: HwAddr,
    /// Its ARPHRD_ type: 1 Ethernet, 32 InfiniBand.
    pub arp_type: u16,
    /// Option 61, type byte included. It must be what the daemon that takes over sends, or the server hands out a second address.
    /// `None` sends none, but on InfiniBand the address's form, which is mandatory there (RFC 4390 section 2.1).
    pub client_id: Option<Vec<u8>>,
    /// The host name to tell the server: option 12, or 81 if it is dotted.
    pub hostname: Option<String>,
    /// Option 60.
    pub vendor_class: Option<Vec<u8>>,
    /// The link's MTU in bytes, for option 57.
    pub mtu: u32,
    /// The address of a remembered lease, asked for first (INIT-REBOOT).
    pub previous: Option<Ipv4Addr>,
    /// Ask for option 108 and believe it: IPv6 is wanted as well (RFC 8925).
    pub want_ipv6_only: bool,
    /// Offer to do with two messages instead of four (RFC 4039).
    pub rapid_commit: bool,
    /// Tell nothing about this machine (RFC 7844): no names, no vendor class, the client identifier made of the link's address.
    pub anonymous: bool,
    /// Ask for broadcast replies. On InfiniBand they are asked for in any case.
    pub broadcast: bool,
    /// Makes the transaction ids and the jitter: random, and different on every link.
    pub seed: u64,
}

impl Config {
    /// A client on the link with address `hwaddr`, sending `01` + address (the daemons' default) as its identifier and nothing else.
    pub fn new(hwaddr: HwAddr, arp_type: u16, seed: u64) -> Self {
        Self {
            hwaddr,
            arp_type,
            client_id: Some(client_id_from_address(arp_type, hwaddr)),
            hostname: None,
            vendor_class: None,
            mtu: 1500,
            previous: None,
            want_ipv6_only: false,
            rapid_commit: false,
            anonymous: false,
            broadcast: false,
            seed,
        }
    }

    /// The address as it stands in the header; nothing on InfiniBand, whose addresses are too long.
    pub(super) fn chaddr(&self) -> &[u8] {
        let address = self.hwaddr.as_bytes();
        if self.arp_type == INFINIBAND || address.len() > CHADDR { &[] } else { address }
    }

    pub(super) fn wants_broadcast(&self) -> bool {
        self.broadcast || self.chaddr().is_empty()
    }

    /// Option 61 as it is sent in every message.
    pub(super) fn identity(&self) -> Option<Vec<u8>> {
        let from_address = || client_id_from_address(self.arp_type, self.hwaddr);
        match &self.client_id {
            _ if self.anonymous => Some(from_address()),
            // RFC 2132 section 9.14: at least two bytes. Longer than one option cannot be echoed by every server.
            Some(id) if matches!(id.len(), 2..=255) => Some(id.clone()),
            _ if self.chaddr().is_empty() => Some(from_address()),
            _ => None,
        }
    }
}

/// The client identifier made of a link's address: its ARPHRD_ type and the address (RFC 2132 section 9.14), of which InfiniBand
/// uses the last 8 bytes, the port's GUID, because the rest changes.
pub fn client_id_from_address(arp_type: u16, hwaddr: HwAddr) -> Vec<u8> {
    let address = hwaddr.as_bytes();
    let kept =
        if arp_type == INFINIBAND { address.last_chunk::<8>().map_or(address, |tail| &tail[..]) } else { address };
    [&[u8::try_from(arp_type).unwrap_or_default()], kept].concat()
}

/// The client identifier made of a DUID (RFC 4361 section 6.1): 255, IAID, DUID.
pub fn client_id_from_duid(iaid: u32, duid: &[u8]) -> Vec<u8> {
    [&[255], &iaid.to_be_bytes()[..], duid].concat()
}
