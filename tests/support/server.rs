//! A small DHCPv4 server and router of our own, for the demo and for servers that misbehave: bytes made by hand, so that they
//! share no code, and so no mistake, with the client.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::sockopt::{BindToDevice, Ipv6MulticastHops};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, setsockopt, socket};

use super::Room;

/// The server's address and the default gateway.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// The one address that is leased.
pub(crate) const LEASED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
/// The prefix of the router advertisements, a /64 from the documentation range.
pub(crate) const PREFIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0);

/// Message types of option 53 (RFC 2132, section 9.6).
pub(crate) const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
pub(crate) const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;

const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// How a server behaves; the default is well.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners {
    /// So many DISCOVERs get no answer.
    pub(crate) lose_discovers: usize,
    /// So many REQUESTs get no answer.
    pub(crate) lose_requests: usize,
    /// So many REQUESTs are refused with a NAK.
    pub(crate) refuse: usize,
}

/// A DHCPv4 server on one link.
pub(crate) struct Dhcp4 {
    socket: UdpSocket,
    manners: Manners,
    /// The types of the messages received, in order.
    pub(crate) received: Vec<u8>,
}

impl Dhcp4 {
    /// Opens the socket in the network namespace of the calling thread.
    pub(crate) fn open(link: &str, manners: Manners) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 67))?;
        setsockopt(&socket, BindToDevice, &link.into())?;
        socket.set_broadcast(true)?;
        Ok(Self { socket, manners, received: Vec::new() })
    }

    /// Handles messages until none has come for so long.
    pub(crate) fn serve_for(&mut self, quiet: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(quiet))?;
        let mut buffer = [0; 1500];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) => self.handle(&buffer[..length])?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn handle(&mut self, message: &[u8]) -> io::Result<()> {
        let Some(kind) = message_type(message) else { return Ok(()) };
        self.received.push(kind);
        let Some(answer) = self.answer(kind) else { return Ok(()) };
        self.socket.send_to(&reply(message, answer), (Ipv4Addr::BROADCAST, 68))?;
        Ok(())
    }

    /// The type of the answer that these manners give.
    fn answer(&mut self, kind: u8) -> Option<u8> {
        let spend = |budget: &mut usize| {
            let left = *budget > 0;
            *budget = budget.saturating_sub(1);
            left
        };
        match kind {
            DISCOVER => (!spend(&mut self.manners.lose_discovers)).then_some(OFFER),
            REQUEST if spend(&mut self.manners.lose_requests) => None,
            REQUEST if spend(&mut self.manners.refuse) => Some(NAK),
            REQUEST => Some(ACK),
            _ => None,
        }
    }
}

/// A server of ours at work in a thread until dropped.
pub(crate) struct Working {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<u8>>>,
}

impl Working {
    /// Serves on srv0 of the room.
    pub(crate) fn start(room: &Room, manners: Manners) -> Self {
        let mut server = room.within(|| Dhcp4::open("srv0", manners)).expect("a DHCP server in the room");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                server.serve_for(Duration::from_millis(20)).expect("serving");
            }
            server.received
        });
        Self { stop, thread: Some(thread) }
    }

    /// Ends it; the types of the messages that came, in order.
    pub(crate) fn stop(mut self) -> Vec<u8> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(|thread| thread.join().unwrap()).unwrap_or_default()
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Option 53 of a request; `None` if these bytes are not one.
fn message_type(message: &[u8]) -> Option<u8> {
    let is_request = message.first() == Some(&1) && message.get(236..240) == Some(&COOKIE[..]);
    is_request.then(|| options(&message[240..]).get(&53)?.first().copied()).flatten()
}

/// Options by code.
fn options(mut bytes: &[u8]) -> BTreeMap<u8, &[u8]> {
    let mut found = BTreeMap::new();
    while let [code, rest @ ..] = bytes {
        bytes = match (code, rest) {
            (255, _) => break,
            (0, rest) => rest,
            (code, [length, rest @ ..]) if rest.len() >= usize::from(*length) => {
                let (value, rest) = rest.split_at(usize::from(*length));
                found.insert(*code, value);
                rest
            }
            _ => break,
        };
    }
    found
}

/// The answer of this type to a request (RFC 2131, table 3).
fn reply(request: &[u8], kind: u8) -> Vec<u8> {
    let mut out = vec![0; 236];
    out[0] = 2;
    out[1..3].copy_from_slice(&request[1..3]);
    out[4..8].copy_from_slice(&request[4..8]);
    out[10..12].copy_from_slice(&request[10..12]);
    out[28..44].copy_from_slice(&request[28..44]);
    if kind != NAK {
        out[16..20].copy_from_slice(&LEASED.octets());
    }
    out.extend(COOKIE);
    out.extend([53, 1, kind]);
    option(&mut out, 54, &SERVER.octets());
    if kind != NAK {
        option(&mut out, 51, &3600_u32.to_be_bytes());
        option(&mut out, 1, &[255, 255, 255, 0]);
        option(&mut out, 3, &SERVER.octets());
        option(&mut out, 6, &[10, 77, 0, 53]);
        option(&mut out, 12, b"lark");
        option(&mut out, 15, b"dawn.example");
        option(&mut out, 26, &1400_u16.to_be_bytes());
    }
    out.push(255);
    out
}

fn option(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    out.extend([code, u8::try_from(value.len()).expect("an option of at most 255 bytes")]);
    out.extend(value);
}

/// A router on one link: sends advertisements (RFC 4861, section 4.2).
pub(crate) struct Router {
    socket: UdpSocket,
    link: u32,
}

impl Router {
    /// Opens the socket in the network namespace of the calling thread; the link needs a link-local address.
    pub(crate) fn open(link: &str) -> io::Result<Self> {
        let socket = socket(AddressFamily::Inet6, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::IcmpV6)?;
        let index = nix::net::if_::if_nametoindex(link)?;
        setsockopt(&socket, BindToDevice, &link.into())?;
        // Receivers believe only advertisements that no router has forwarded.
        setsockopt(&socket, Ipv6MulticastHops, &255)?;
        // The standard library's calls suit any socket.
        let socket = UdpSocket::from(socket);
        socket.join_multicast_v6(&"ff02::2".parse().unwrap(), index)?;
        Ok(Self { socket, link: index })
    }

    /// Advertises twice a second, and at once when asked. Ends only with an error.
    pub(crate) fn serve(&self) -> io::Result<()> {
        self.socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        let mut buffer = [0; 1500];
        loop {
            let due = match self.socket.recv(&mut buffer) {
                Ok(length) => buffer[..length].first() == Some(&133),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                Err(error) => return Err(error),
            };
            if due {
                // Before there is carrier there is no address to speak from.
                let _ = self.advertise();
            }
        }
    }

    fn advertise(&self) -> io::Result<()> {
        let everybody = SocketAddrV6::new("ff02::1".parse().unwrap(), 0, 0, self.link);
        self.socket.send_to(&advertisement(), everybody)?;
        Ok(())
    }
}

/// An advertisement with a prefix for autoconfiguration and a name server (RFC 4861, 4.6.2; RFC 8106, 5.1).
fn advertisement() -> Vec<u8> {
    // The kernel fills in the checksum. Hop limit 64, no flags, router for 1800 s, no timers.
    let mut out = vec![134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
    // Prefix information: 32 bytes, /64, on-link and autonomous.
    out.extend([3, 4, 64, 0xc0]);
    out.extend(3600_u32.to_be_bytes());
    out.extend(1800_u32.to_be_bytes());
    out.extend([0; 4]);
    out.extend(PREFIX.octets());
    // Recursive DNS server: 24 bytes.
    out.extend([25, 3, 0, 0]);
    out.extend(3600_u32.to_be_bytes());
    out.extend(Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0x53).octets());
    out
}
