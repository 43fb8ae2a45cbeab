//! UDP to a DHCPv4 server from an address we have: the kernel's own way, over routers and with neighbour resolution.

use std::ffi::OsString;
use std::net::{Ipv4Addr, UdpSocket};

use nix::sys::socket::{setsockopt, sockopt};

use super::error::{KernelError, errno_of};

/// The port of a DHCP client, and of a server (RFC 2131 section 4.1).
const CLIENT: u16 = 68;
const SERVER: u16 = 67;

/// A socket of one address. The answer is taken from the packet socket; that this one is open keeps the kernel from refusing it.
pub struct Udp4Socket {
    socket: UdpSocket,
    ifindex: u32,
    address: Ipv4Addr,
}

impl Udp4Socket {
    /// Opens it for an address of a link.
    pub fn open(ifindex: u32, ifname: &str, address: Ipv4Addr) -> Result<Self, KernelError> {
        let failed = |error: std::io::Error| KernelError::Socket { what: "DHCP", errno: errno_of(&error) };
        let socket = UdpSocket::bind((address, CLIENT)).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        // Another link may have a way to the server too.
        let _ = setsockopt(&socket, sockopt::BindToDevice, &OsString::from(ifname));
        Ok(Self { socket, ifindex, address })
    }

    /// True if it is the socket of this address.
    pub fn is_of(&self, ifindex: u32, address: Ipv4Addr) -> bool {
        (self.ifindex, self.address) == (ifindex, address)
    }

    /// Sends to a server.
    pub fn send(&self, server: Ipv4Addr, payload: &[u8]) -> Result<(), KernelError> {
        let sent = self.socket.send_to(payload, (server, SERVER));
        sent.map(drop).map_err(|error| KernelError::Send { ifindex: self.ifindex, errno: errno_of(&error) })
    }
}
