//! The UDP socket of DHCPv6: one for all links.
//!
//! Not bound to an address: the kernel takes the link-local one of the link that a message leaves by, as soon as duplicate address
//! detection (or RFC 4429) lets it. Messages are taken only from link-local addresses, whose zone says by which link they came; no
//! router forwards those.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::error::{KernelError, errno_of};

/// The largest message taken; what is longer is cut, and then refused by its length.
const LARGEST: usize = 9216;
/// Messages passed over in one call before others get their turn.
const PATIENCE: usize = 64;

/// A message and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// The link it came by.
    pub ifindex: u32,
    /// The sender, link-local.
    pub source: Ipv6Addr,
    /// The UDP payload.
    pub payload: Vec<u8>,
}

/// The socket. Readable (`poll`) when there is a message.
#[derive(Debug)]
pub struct Udp6Socket(UdpSocket);

/// False if the kernel was built or started (`ipv6.disable=1`) without IPv6: nothing of it is to be had then.
pub fn has_ipv6() -> bool {
    let socket = socket(AddressFamily::Inet6, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
    socket.map_or_else(|error| error != Errno::EAFNOSUPPORT, |_| true)
}

impl Udp6Socket {
    /// Opens it on this port of every link. Fails where another program has the port.
    pub fn open(port: u16) -> Result<Self, KernelError> {
        let open = || {
            let socket = UdpSocket::bind(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0))?;
            socket.set_nonblocking(true)?;
            Ok(Self(socket))
        };
        open().map_err(|error: io::Error| KernelError::Socket { what: "DHCPv6", errno: errno_of(&error) })
    }

    /// Sends a payload by a link to a link-local address or group.
    pub fn send(&self, ifindex: u32, to: Ipv6Addr, port: u16, payload: &[u8]) -> Result<(), KernelError> {
        let sent = self.0.send_to(payload, SocketAddrV6::new(to, port, 0, ifindex));
        sent.map(drop).map_err(|error| KernelError::Send { ifindex, errno: errno_of(&error) })
    }

    /// The next message, if there is one. Does not wait. Errors that earlier messages came to are passed over.
    pub fn receive(&self) -> Option<Datagram> {
        let mut payload = vec![0; LARGEST];
        for _ in 0..PATIENCE {
            match self.0.recv_from(&mut payload) {
                Ok((length, SocketAddr::V6(from))) if from.scope_id() != 0 && from.ip().is_unicast_link_local() => {
                    payload.truncate(length);
                    return Some(Datagram { ifindex: from.scope_id(), source: *from.ip(), payload });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Ok(_) | Err(_) => {}
            }
        }
        None
    }
}

impl AsFd for Udp6Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
