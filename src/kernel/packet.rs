//! One packet socket for all links: DHCPv4 before there is an address, and router solicitations from `::`. Where addresses are looked
//! for at other hosts, another one for ARP.
//!
//! Two things about packet sockets cost an RCU grace period (5 to 16 ms) each: binding one that already receives, and
//! closing the last reference to one that does. So it is made with protocol 0, which receives nothing, and bound once, to no link
//! (bound to a link that is down, it would hand out a stale ENETDOWN later); and at the end a child holds the last
//! reference ([`PacketSocket::leave`]).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::libc;
use nix::unistd::pipe2;

use super::error::{KernelError, errno_of};
use super::syscall;

/// Ethernet protocol numbers.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
/// Everybody on Ethernet.
const EVERYBODY: [u8; 6] = [0xff; 6];
/// `TP_STATUS_CSUMNOTREADY`: the sender left the checksum to a network card.
const CHECKSUM_NOT_READY: u32 = 1 << 3;
/// `PACKET_OTHERHOST`: for another host, or for a VLAN that nobody here is on.
const OTHER_HOST: u8 = 3;
/// The largest packet taken; what is longer is cut, and then refused by its length.
const LARGEST: usize = 9216;
/// Packets passed over in one call before others get their turn.
const PATIENCE: usize = 64;

/// Lets through IPv4, UDP, destination port 68, and no fragment: a fragment cannot be checked. Offsets count from the IPv4 header.
const FILTER: [libc::sock_filter; 12] = [
    instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 0), // version and header length
    instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0xf0, 0, 0),
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0x40, 0, 8),
    instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 9, 0, 0), // protocol
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 17, 0, 6),
    instruction(libc::BPF_LD | libc::BPF_H | libc::BPF_ABS, 6, 0, 0), // more fragments, fragment offset
    instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0x3fff, 4, 0),
    instruction(libc::BPF_LDX | libc::BPF_B | libc::BPF_MSH, 0, 0, 0), // X: length of the header
    instruction(libc::BPF_LD | libc::BPF_H | libc::BPF_IND, 2, 0, 0),  // destination port
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 68, 0, 1),
    instruction(libc::BPF_RET | libc::BPF_K, u32::MAX, 0, 0),
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
];

const fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

/// A packet for UDP port 68, or of ARP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The link it came by.
    pub ifindex: u32,
    /// False if the UDP checksum was left to a network card it never passed (both ends are on this host).
    pub checksum_ready: bool,
    /// The packet from its IPv4 or ARP header on.
    pub bytes: Vec<u8>,
}

/// The socket. Readable (`poll`) when there is a packet.
#[derive(Debug)]
pub struct PacketSocket(OwnedFd);

impl PacketSocket {
    /// Opens it, filter first, so that nothing unwanted is ever queued. Needs CAP_NET_RAW.
    pub fn open() -> Result<Self, KernelError> {
        Self::with(|socket| {
            syscall::attach_filter(socket, &FILTER)?;
            syscall::ask_for_status(socket)?;
            syscall::bind_packets(socket, 0, IPV4)
        })
    }

    /// One that receives ARP instead; it can send all that the other can.
    pub fn open_arp() -> Result<Self, KernelError> {
        Self::with(|socket| syscall::bind_packets(socket, 0, ARP))
    }

    fn with(bind: fn(BorrowedFd<'_>) -> io::Result<()>) -> Result<Self, KernelError> {
        let open = || {
            let socket = syscall::packet_socket()?;
            bind(socket.as_fd())?;
            Ok(Self(socket))
        };
        open().map_err(|error: io::Error| KernelError::Socket { what: "packet", errno: errno_of(&error) })
    }

    /// Sends an IPv4 packet to a link-layer address; `to` is as long as the addresses of the link, and empty on a link
    /// that has none (a tunnel).
    pub fn send4(&self, ifindex: u32, to: &[u8], packet: &[u8]) -> Result<(), KernelError> {
        self.send(ifindex, IPV4, to, packet)
    }

    /// Sends an IPv6 packet to a link-layer address, as [`PacketSocket::send4`] does.
    pub fn send6(&self, ifindex: u32, to: &[u8], packet: &[u8]) -> Result<(), KernelError> {
        self.send(ifindex, IPV6, to, packet)
    }

    /// Sends an ARP packet to everybody on an Ethernet link.
    pub fn send_arp(&self, ifindex: u32, packet: &[u8]) -> Result<(), KernelError> {
        self.send(ifindex, ARP, &EVERYBODY, packet)
    }

    fn send(&self, ifindex: u32, protocol: u16, to: &[u8], packet: &[u8]) -> Result<(), KernelError> {
        let sent = syscall::send_packet(self.0.as_fd(), ifindex, protocol, to, packet);
        sent.map_err(|error| KernelError::Send { ifindex, errno: errno_of(&error) })
    }

    /// The next packet, if there is one. Does not wait. Errors that links leave behind when they go down are passed over.
    pub fn receive(&self) -> Option<Packet> {
        let mut bytes = vec![0; LARGEST];
        for _ in 0..PATIENCE {
            match syscall::receive_packet(self.0.as_fd(), &mut bytes) {
                Ok(arrival) if arrival.packet_type == OTHER_HOST => {}
                Ok(arrival) => {
                    bytes.truncate(arrival.length);
                    let checksum_ready = arrival.status & CHECKSUM_NOT_READY == 0;
                    return Some(Packet { ifindex: arrival.ifindex, checksum_ready, bytes });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// Gives the socket up without waiting for the kernel to let go of it: a child holds the last reference, and the wait
    /// is its. To be called last, with only the end of the program to follow.
    pub fn leave(self) {
        // Nobody but process 1 itself would reap the child; and in a child that cannot be made there is no one to wait.
        if std::process::id() == 1 {
            return;
        }
        // The child must not be the first to close: it ends when the pipe does, and that is after the socket is closed here.
        let Ok((released, release)) = pipe2(OFlag::O_CLOEXEC) else { return };
        syscall::hold_in_child(&self.0, &released);
        drop(self);
        drop(release);
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
