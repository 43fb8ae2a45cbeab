//! A question to a name server: one socket each, so that the kernel draws its port.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, setsockopt, socket, sockopt};

/// The longest datagram that is taken; without EDNS0, 512 bytes are sent.
const DATAGRAM: usize = 4096;
/// The longest message of a stream.
const STREAM: usize = 65_535 + 2;

/// A question under way. Does not block.
#[derive(Debug)]
pub struct DnsSocket(Kind);

#[derive(Debug)]
enum Kind {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, out: Vec<u8>, got: Vec<u8> },
}

impl DnsSocket {
    /// Sends a question as a datagram; packets get this mark, if it is not 0.
    pub fn datagram(server: SocketAddr, mark: u32, message: &[u8]) -> io::Result<Self> {
        let any: SocketAddr = match server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        set_mark(&socket, mark)?;
        // From now on only the server is heard, and its host's refusals.
        socket.connect(server)?;
        socket.send(message)?;
        Ok(Self(Kind::Udp(socket)))
    }

    /// Begins a stream to send a question by.
    pub fn stream(server: SocketAddr, mark: u32, message: &[u8]) -> io::Result<Self> {
        let family = if server.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket: OwnedFd = socket(family, SockType::Stream, flags, None)?;
        set_mark(&socket, mark)?;
        match connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(server)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let out = [&length.to_be_bytes(), message].concat();
        Ok(Self(Kind::Tcp { stream: TcpStream::from(socket), out, got: Vec::new() }))
    }

    /// True for a datagram: more may come.
    pub fn is_datagram(&self) -> bool {
        matches!(self.0, Kind::Udp(_))
    }

    /// True while it waits to send.
    pub fn wants_to_send(&self) -> bool {
        matches!(&self.0, Kind::Tcp { out, .. } if !out.is_empty())
    }

    /// Goes on; the answer when it is there in full, or the failure.
    pub fn advance(&mut self) -> Option<io::Result<Vec<u8>>> {
        let result = match &mut self.0 {
            Kind::Udp(socket) => {
                let mut buffer = vec![0; DATAGRAM];
                socket.recv(&mut buffer).map(|length| {
                    buffer.truncate(length);
                    buffer
                })
            }
            Kind::Tcp { stream, out, got } => exchange(stream, out, got),
        };
        match result {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => None,
            other => Some(other),
        }
    }
}

impl AsFd for DnsSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Kind::Udp(socket) => socket.as_fd(),
            Kind::Tcp { stream, .. } => stream.as_fd(),
        }
    }
}

fn set_mark(socket: &impl AsFd, mark: u32) -> io::Result<()> {
    if mark != 0 {
        setsockopt(socket, sockopt::Mark, &mark)?;
    }
    Ok(())
}

/// Sends what is left, then reads: two bytes of length, and so many.
fn exchange(stream: &mut TcpStream, out: &mut Vec<u8>, got: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    while !out.is_empty() {
        let sent = stream.write(out)?;
        out.drain(..sent.min(out.len()));
    }
    let mut buffer = [0; 2048];
    loop {
        if let Some((length, rest)) = got.split_first_chunk::<2>()
            && let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length)))
        {
            return Ok(message.to_vec());
        }
        let length = stream.read(&mut buffer)?;
        if length == 0 || got.len() > STREAM {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        got.extend(buffer.get(..length).unwrap_or_default());
    }
}
