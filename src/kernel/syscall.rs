//! The one file with `unsafe`, but for the entry point: system calls that have no safe interface elsewhere. Every function
//! here is safe to call with any argument; what the calls are good for is said where they are used.

#![allow(unsafe_code, reason = "the file that may")]

use std::io;
use std::mem::{size_of, size_of_val, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::libc;

/// A length as the socket calls want it.
fn socklen(length: usize) -> libc::socklen_t {
    libc::socklen_t::try_from(length).unwrap_or(libc::socklen_t::MAX)
}

/// `-1` is an error, whose number is in errno.
fn checked(code: libc::c_int) -> io::Result<libc::c_int> {
    if code < 0 { Err(io::Error::last_os_error()) } else { Ok(code) }
}

/// A sockaddr_ll with room for the 20 bytes of an InfiniBand address.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct LinkAddress {
    family: u16,
    protocol: u16,
    ifindex: i32,
    arp_type: u16,
    packet_type: u8,
    length: u8,
    address: [u8; 20],
}

/// The address `to` on a link, for this Ethernet protocol; index 0 is every link.
fn link_address(ifindex: u32, protocol: u16, to: &[u8]) -> LinkAddress {
    let mut address = LinkAddress {
        family: u16::try_from(libc::AF_PACKET).unwrap_or_default(),
        protocol: protocol.to_be(),
        ifindex: i32::try_from(ifindex).unwrap_or_default(),
        ..LinkAddress::default()
    };
    for (slot, byte) in address.address.iter_mut().zip(to) {
        *slot = *byte;
        address.length += 1;
    }
    address
}

/// A packet socket without link header, not bound: it receives nothing yet. Does not block; closed on exec.
pub(super) fn packet_socket() -> io::Result<OwnedFd> {
    let flags = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no memory is passed.
    let fd = checked(unsafe { libc::socket(libc::AF_PACKET, flags, 0) })?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets an option to a plain C value.
fn set_option<T: Copy>(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = socklen(size_of::<T>());
    // SAFETY: `value` is valid for its size during the call.
    let code = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), length) };
    checked(code).map(drop)
}

/// Lets only packets through that `program` accepts (SO_ATTACH_FILTER). The kernel checks the program and copies it.
pub(super) fn attach_filter(socket: BorrowedFd<'_>, program: &[libc::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Asks for PACKET_AUXDATA beside every packet.
pub(super) fn ask_for_status(socket: BorrowedFd<'_>) -> io::Result<()> {
    set_option(socket, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1_i32)
}

/// Binds a packet socket to a protocol on a link; index 0 is every link.
pub(super) fn bind_packets(socket: BorrowedFd<'_>, ifindex: u32, protocol: u16) -> io::Result<()> {
    let address = link_address(ifindex, protocol, &[]);
    // SAFETY: the address is valid for the length given during the call.
    let code = unsafe {
        libc::bind(socket.as_raw_fd(), std::ptr::from_ref(&address).cast(), socklen(size_of::<libc::sockaddr_ll>()))
    };
    checked(code).map(drop)
}

/// Sends a packet to a link-layer address of at most 20 bytes.
pub(super) fn send_packet(
    socket: BorrowedFd<'_>,
    ifindex: u32,
    protocol: u16,
    to: &[u8],
    packet: &[u8],
) -> io::Result<()> {
    let address = link_address(ifindex, protocol, to);
    // SAFETY: both pointers are valid for the lengths given during the call.
    let sent = unsafe {
        libc::sendto(
            socket.as_raw_fd(),
            packet.as_ptr().cast(),
            packet.len(),
            0,
            std::ptr::from_ref(&address).cast(),
            socklen(size_of::<LinkAddress>()),
        )
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What the kernel says about a packet received.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrival {
    /// Bytes written to the buffer.
    pub(super) length: usize,
    /// The link it came by.
    pub(super) ifindex: u32,
    /// PACKET_HOST, PACKET_BROADCAST, …
    pub(super) packet_type: u8,
    /// `tp_status` of PACKET_AUXDATA; 0 without.
    pub(super) status: u32,
}

/// Receives a packet; what is longer than the buffer is cut.
pub(super) fn receive_packet(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Arrival> {
    let mut from = LinkAddress::default();
    // Of 64-bit numbers, so that it is aligned for the headers in it.
    let mut control = [0_u64; 8];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all-zero is a valid msghdr.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_name = std::ptr::from_mut(&mut from).cast();
    message.msg_namelen = socklen(size_of::<LinkAddress>());
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    // SAFETY: every pointer in `message` is valid for the length beside it during the call.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    Ok(Arrival {
        length: length.min(buffer.len()),
        ifindex: u32::try_from(from.ifindex).unwrap_or_default(),
        packet_type: from.packet_type,
        status: status(&message),
    })
}

/// `tp_status` in the control data; 0 if there is none.
fn status(message: &libc::msghdr) -> u32 {
    // SAFETY: `message` was filled in by recvmsg, and the control buffer it points to is alive in the caller; the macros
    // stay within the length noted there. The data is read only if all of it is there.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(message);
        while let Some(header) = next.as_ref() {
            let whole = header.cmsg_len as u64 >= u64::from(libc::CMSG_LEN(size_of::<libc::tpacket_auxdata>() as u32));
            if header.cmsg_level == libc::SOL_PACKET && header.cmsg_type == libc::PACKET_AUXDATA && whole {
                return libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>().read_unaligned().tp_status;
            }
            next = libc::CMSG_NXTHDR(message, header);
        }
    }
    0
}

unsafe extern "C" {
    /// fork(2) alone, without what `fork` does for threads and output streams first.
    fn _Fork() -> libc::pid_t;
}

/// Lets a child hold `kept` open until `released` has no other end any more, and then end. False: there is no child.
///
/// The child closes every other descriptor first, so that it keeps no pipe of ours open.
pub(super) fn hold_in_child(kept: &OwnedFd, released: &OwnedFd) -> bool {
    // SAFETY: no memory is passed.
    match unsafe { _Fork() } {
        0 => wait_and_end(kept.as_raw_fd(), released.as_raw_fd()),
        child => child > 0,
    }
}

/// The child's whole life: makes system calls only, and touches no memory but its stack.
fn wait_and_end(kept: libc::c_int, released: libc::c_int) -> ! {
    let (low, high) = (kept.min(released), kept.max(released));
    close_from_to(0, low.saturating_sub(1));
    close_from_to(low.saturating_add(1), high.saturating_sub(1));
    close_from_to(high.saturating_add(1), libc::c_int::MAX);
    let mut byte = 0_u8;
    // SAFETY: the byte is valid during the call; _exit does not return.
    unsafe {
        libc::read(released, (&raw mut byte).cast(), 1);
        libc::_exit(0)
    }
}

/// Closes descriptors from `first` to `last`, both included.
fn close_from_to(first: libc::c_int, last: libc::c_int) {
    if first > last {
        return;
    }
    // SAFETY: only called in a child about to end, which uses no other descriptor any more.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, last, 0) != 0 {
            // Before Linux 5.9. What a program like this one opens is among the first.
            (first..=last.min(63)).for_each(|fd| _ = libc::close(fd));
        }
    }
}

/// Random bytes without waiting for the kernel to have gathered enough; `None` if it has none to give.
pub(super) fn random() -> Option<u64> {
    let mut number = 0_u64;
    // GRND_INSECURE (Linux 5.6) never waits and never refuses; before that, refusing is all one can ask for.
    [libc::GRND_INSECURE, libc::GRND_NONBLOCK].into_iter().find_map(|flags| {
        // SAFETY: the number is valid for its size during the call.
        let got = unsafe { libc::getrandom((&raw mut number).cast(), size_of::<u64>(), flags) };
        (usize::try_from(got) == Ok(size_of::<u64>())).then_some(number)
    })
}

/// The effective capabilities of this process, a bit for each (capabilities(7)); `None` if the kernel does not say.
pub(super) fn capabilities() -> Option<u64> {
    // `struct __user_cap_header_struct` (version 3, this process) and two of `struct __user_cap_data_struct`.
    let header = [0x2008_0522_u32, 0];
    let mut data = [[0_u32; 3]; 2];
    // SAFETY: both are of the size that version 3 has, and valid during the call.
    let code = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), data.as_mut_ptr()) };
    let [[low, _, _], [high, _, _]] = data;
    (code == 0).then_some(u64::from(high) << 32 | u64::from(low))
}

/// Puts the module in a file into the kernel (finit_module(2)), which decompresses it if told so.
pub(super) fn load_module(file: &std::fs::File, parameters: &str, compressed: bool) -> io::Result<()> {
    /// MODULE_INIT_COMPRESSED_FILE, since Linux 5.17.
    const COMPRESSED: libc::c_int = 4;
    let parameters = std::ffi::CString::new(parameters)?;
    let flags = if compressed { COMPRESSED } else { 0 };
    // SAFETY: the parameters end with a zero byte and are valid during the call.
    let code = unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), parameters.as_ptr(), flags) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// SIOCGIFNAME: the name that the link with this index has now.
pub(super) fn name_of(socket: BorrowedFd<'_>, ifindex: u32) -> io::Result<String> {
    // SAFETY: all-zero is a valid ifreq.
    let mut request: libc::ifreq = unsafe { zeroed() };
    request.ifr_ifru.ifru_ifindex = ifindex.cast_signed();
    // SAFETY: the request is valid during the call, which fills in its name.
    checked(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFNAME as _, &raw mut request) })?;
    let name: Vec<u8> =
        request.ifr_name.iter().map(|byte| byte.cast_unsigned()).take_while(|byte| *byte != 0).collect();
    String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// SIOCETHTOOL on a link: `words` is the structure of the command (its first word), the answer is what the kernel made of it.
/// Only for commands whose answers are known to be shorter than the buffer.
pub(super) fn ethtool(socket: BorrowedFd<'_>, link: &str, words: &[u32]) -> io::Result<Vec<u32>> {
    const SIOCETHTOOL: libc::c_ulong = 0x8946;
    /// Names of 250 features; every other answer is far shorter.
    const ROOM: usize = 2048;
    let known = match words {
        // Wake-on-LAN, coalescing, rings, pause; channels; EEE; link settings; FEC.
        [0x05 | 0x06 | 0x0e..=0x13 | 0x3c | 0x3d | 0x44 | 0x45 | 0x4c | 0x4d | 0x50 | 0x51, ..] => true,
        // Names of features only; the number of sets asked for is one.
        [0x1b, 4, ..] => true,
        [0x37, ..] => true,
        // As many blocks of four words (of two) as are asked for.
        [0x3a | 0x3b, blocks, ..] => *blocks < 64,
        _ => false,
    };
    if !known || words.len() > ROOM || link.len() >= libc::IFNAMSIZ {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut buffer = words.to_vec();
    buffer.resize(ROOM, 0);
    // SAFETY: all-zero is a valid ifreq.
    let mut request: libc::ifreq = unsafe { zeroed() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(link.bytes()) {
        *slot = byte.cast_signed();
    }
    request.ifr_ifru.ifru_data = buffer.as_mut_ptr().cast();
    // SAFETY: the request and the buffer it points to are valid during the call, and the answer of each command let through
    // is shorter than the buffer.
    let code = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL as _, &raw mut request) };
    checked(code).map(|_| buffer)
}
