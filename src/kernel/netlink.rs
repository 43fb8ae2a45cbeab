//! The blocking netlink socket: batches of requests out, acknowledgements and dumps in.
//!
//! rtnetlink answers within the send call, in order. So a batch asks for one acknowledgement, of its last message: what was refused
//! is told by its sequence number before that, and what was not refused was done.

use std::os::fd::{AsFd, BorrowedFd};

use netlink_packet_core::{Emitable, NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use nix::libc::MSG_TRUNC;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::again::{RECEIVING, SENDING, again};
use super::error::{KernelError, errno, errno_of};
use super::message::{Batch, Received, attributes, messages, text_of};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// `NLMSGERR_ATTR_MSG`: the kernel's explanation.
const ATTR_MSG: u16 = 1;
/// Size at which a batch is sent. The socket takes 208 KiB; more than 64 KiB bring no more speed.
const BATCH: usize = 60 * 1024;
/// Room for answers to a batch: a refusal takes some 800 bytes of socket memory, and a batch has at most 1,900 messages.
const RECEIVE_ROOM: usize = 4 << 20;
/// Messages in a batch when that room is not granted.
const FEW: usize = 100;
/// A dump is written in pieces of up to 32 KiB.
const BUFFER: usize = 64 * 1024;
/// A dump that the kernel could not make in one state is made again, so many times at most.
const DUMP_ATTEMPTS: usize = 5;
/// Answers are there when the send call returns; this only keeps a kernel that drops one from stopping the boot.
const PATIENCE_SECONDS: i64 = 2;

/// A request refused: which one of those sent, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its index in the slice that was sent.
    pub(super) index: usize,
    pub(super) errno: i32,
    /// Extended acknowledgement text; often empty.
    pub(super) explanation: String,
}

/// Something that can be written as one netlink message.
pub(super) trait Encode {
    /// Appends the message with this sequence number.
    fn encode(&self, batch: &mut Batch, sequence: u32);
}

/// A blocking netlink socket.
pub(super) struct Netlink {
    socket: Socket,
    sequence: u32,
    batch: Batch,
    buffer: Vec<u8>,
    /// Messages in a batch.
    most: usize,
}

impl Netlink {
    /// Opens a NETLINK_ROUTE socket. Options that an older kernel lacks are done without.
    pub(super) fn open() -> Result<Self, KernelError> {
        Self::open_protocol(NETLINK_ROUTE)
    }

    /// Opens a NETLINK_GENERIC socket.
    pub(super) fn open_generic() -> Result<Self, KernelError> {
        Self::open_protocol(NETLINK_GENERIC)
    }

    fn open_protocol(protocol: isize) -> Result<Self, KernelError> {
        let open = |error: std::io::Error| KernelError::Socket { what: "netlink", errno: errno_of(&error) };
        let mut socket = again(&SENDING, || Socket::new(protocol)).map_err(open)?;
        again(&SENDING, || socket.bind_auto()).map_err(open)?;
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        let _ = socket.set_netlink_get_strict_chk(true);
        let roomy = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_ROOM).is_ok();
        let _ = setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(PATIENCE_SECONDS));
        let most = if roomy { usize::MAX } else { FEW };
        Ok(Self { socket, sequence: 0, batch: Batch::default(), buffer: Vec::with_capacity(BUFFER), most })
    }

    /// Sends the requests in as few batches as possible and answers which were refused. One that is refused stops no other.
    pub(super) fn send(&mut self, requests: &[impl Encode]) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut done = 0;
        while let Some(rest) = requests.get(done..).filter(|rest| !rest.is_empty()) {
            let first = self.sequence.wrapping_add(1);
            let count = self.fill(rest);
            self.exchange(first, done, count, &mut refusals);
            done = done.saturating_add(count);
        }
        refusals
    }

    /// Writes a batch from the first requests of `rest` and answers how many those are.
    fn fill(&mut self, rest: &[impl Encode]) -> usize {
        self.batch.clear();
        let mut count = 0;
        for request in rest.iter().take(self.most) {
            self.sequence = self.sequence.wrapping_add(1);
            request.encode(&mut self.batch, self.sequence);
            count += 1;
            if self.batch.bytes().len() >= BATCH {
                break;
            }
        }
        self.batch.add_flags(NLM_F_ACK);
        count
    }

    /// Sends the batch, whose first message has sequence number `first` and is request `offset`, and reads the answers.
    fn exchange(&mut self, first: u32, offset: usize, count: usize, refusals: &mut Vec<Refusal>) {
        let refuse = |sequence: u32, errno, explanation| {
            let index = usize::try_from(sequence.wrapping_sub(first)).ok().filter(|&index| index < count)?;
            Some(Refusal { index: offset.saturating_add(index), errno, explanation })
        };
        if let Err(error) = self.put() {
            let errno = errno_of(&error);
            refusals.extend((0..count).map(|index| Refusal {
                index: offset.saturating_add(index),
                errno,
                explanation: String::new(),
            }));
            return;
        }
        let last = self.sequence;
        loop {
            match self.receive() {
                // Some answers found no room; the last one may still come.
                Err(errno) if errno == Errno::ENOBUFS as i32 => continue,
                Err(errno) => {
                    refusals.extend(refuse(last, errno, "the kernel gave no answer".to_owned()));
                    return;
                }
                Ok(_) => {}
            }
            for message in messages(&self.buffer).filter(|message| message.kind == NLMSG_ERROR) {
                let (errno, explanation) = acknowledgement(&message);
                if errno != 0 {
                    refusals.extend(refuse(message.sequence, errno, explanation));
                }
                if message.sequence == last {
                    return;
                }
            }
        }
    }

    /// Reads every object of a kind: `parse` adds what one message holds to the list.
    ///
    /// A dump that the kernel interrupted, or that was lost on the way, is made again. A kernel built without the thing (no
    /// IPv6, no rules) has none of it.
    pub(super) fn dump<T>(
        &mut self,
        what: &'static str,
        kind: u16,
        header: &dyn Emitable,
        filter: &[(u16, u32)],
        parse: fn(&[u8], &mut Vec<T>),
    ) -> Result<Vec<T>, KernelError> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            found.clear();
            self.ask(what, kind, NLM_F_DUMP, header, filter)?;
            match self.collect(what, &mut |payload| parse(payload, &mut found)) {
                Ok(false) => {}
                Err(error) if !matches!(error.errno(), errno::EOPNOTSUPP | errno::EAFNOSUPPORT) => return Err(error),
                Ok(true) | Err(_) => break,
            }
        }
        Ok(found)
    }

    /// Reads one object; an empty list if it does not exist.
    pub(super) fn get<T>(
        &mut self,
        what: &'static str,
        kind: u16,
        header: &dyn Emitable,
        filter: &[(u16, u32)],
        parse: fn(&[u8], &mut Vec<T>),
    ) -> Result<Vec<T>, KernelError> {
        let mut found = Vec::new();
        self.ask(what, kind, NLM_F_ACK, header, filter)?;
        match self.collect(what, &mut |payload| parse(payload, &mut found)) {
            Err(error) if error.is_gone() => Ok(Vec::new()),
            other => other.map(|_| found),
        }
    }

    /// Asks with the attributes that `write` adds; `flags` are NLM_F_ACK for one answer, NLM_F_DUMP for many. Unlike with
    /// [`Netlink::get`], that the thing is not there is an error.
    pub(super) fn query<T>(
        &mut self,
        what: &'static str,
        kind: u16,
        flags: u16,
        header: &dyn Emitable,
        write: &dyn Fn(&mut Batch),
        parse: fn(&[u8], &mut Vec<T>),
    ) -> Result<Vec<T>, KernelError> {
        let mut found = Vec::new();
        for _ in 0..DUMP_ATTEMPTS {
            found.clear();
            self.ask_with(what, kind, flags, header, write)?;
            if self.collect(what, &mut |payload| parse(payload, &mut found))? {
                break;
            }
        }
        Ok(found)
    }

    /// Overwrites what was sent and received: it held keys.
    pub(super) fn forget(&mut self) {
        self.batch.forget();
        self.buffer.resize(self.buffer.capacity(), 0);
        self.buffer.fill(0);
        std::hint::black_box(&self.buffer);
    }

    fn ask(
        &mut self,
        what: &'static str,
        kind: u16,
        flags: u16,
        header: &dyn Emitable,
        filter: &[(u16, u32)],
    ) -> Result<(), KernelError> {
        let write = |batch: &mut Batch| filter.iter().for_each(|&(kind, value)| batch.u32(kind, value));
        self.ask_with(what, kind, flags, header, &write)
    }

    fn ask_with(
        &mut self,
        what: &'static str,
        kind: u16,
        flags: u16,
        header: &dyn Emitable,
        write: &dyn Fn(&mut Batch),
    ) -> Result<(), KernelError> {
        self.sequence = self.sequence.wrapping_add(1);
        self.batch.clear();
        self.batch.begin(kind, flags, self.sequence, header);
        write(&mut self.batch);
        let failed =
            |error: std::io::Error| KernelError::Read { what, errno: errno_of(&error), explanation: String::new() };
        self.put().map(drop).map_err(failed)
    }

    /// Sends the batch to the kernel.
    fn put(&self) -> std::io::Result<usize> {
        again(&SENDING, || self.socket.send_to(self.batch.bytes(), &SocketAddr::new(0, 0), 0))
    }

    /// Hands each payload of the answer to `each`. False: the answer is not one state of the kernel, or not complete.
    fn collect(&mut self, what: &'static str, each: &mut dyn FnMut(&[u8])) -> Result<bool, KernelError> {
        let failed = |errno, explanation| KernelError::Read { what, errno, explanation };
        let mut whole = true;
        loop {
            match self.receive() {
                Ok(complete) => whole &= complete,
                // The next thing asked has another sequence number, so that a late rest of this answer is not taken for it.
                Err(errno) if errno == Errno::ENOBUFS as i32 => return Ok(false),
                Err(errno) => return Err(failed(errno, String::new())),
            }
            for message in messages(&self.buffer).filter(|message| message.sequence == self.sequence) {
                whole &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => {
                        let (errno, explanation) = acknowledgement(&message);
                        return if errno == 0 { Ok(whole) } else { Err(failed(errno, explanation)) };
                    }
                    _ => each(message.payload),
                }
            }
        }
    }

    /// Receives a datagram into the buffer. False: it was longer than the buffer, which has grown for the next time.
    fn receive(&mut self) -> Result<bool, i32> {
        loop {
            self.buffer.clear();
            match again(&RECEIVING, || self.socket.recv_from(&mut self.buffer, MSG_TRUNC)) {
                // Only the kernel (port 0) is believed.
                Ok((_, sender)) if sender.port_number() != 0 => {}
                Ok((length, _)) => {
                    let complete = length <= self.buffer.len();
                    self.buffer.reserve(if complete { 0 } else { length });
                    return Ok(complete);
                }
                Err(error) => return Err(errno_of(&error)),
            }
        }
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Errno (positive, 0 for success) and explanation of an NLMSG_ERROR or NLMSG_DONE.
///
/// An error repeats the request: its header (16 bytes) only if capped, all of it otherwise. The attributes follow that. An
/// end of dump has them right after the number.
fn acknowledgement(message: &Received<'_>) -> (i32, String) {
    let code = message.payload.first_chunk().copied().map_or(0, i32::from_ne_bytes);
    let errno = code.checked_neg().unwrap_or(i32::MAX);
    if errno == 0 || message.flags & NLM_F_ACK_TLVS == 0 {
        return (errno, String::new());
    }
    let request =
        message.payload.get(4..8).and_then(|length| length.first_chunk().copied()).map_or(0, u32::from_ne_bytes);
    let at = match message.kind {
        NLMSG_DONE => 4,
        _ if message.flags & NLM_F_CAPPED != 0 => 20,
        _ => usize::try_from(request)
            .unwrap_or(usize::MAX)
            .saturating_add(4)
            .checked_next_multiple_of(4)
            .unwrap_or(usize::MAX),
    };
    let found = attributes(message.payload.get(at..).unwrap_or_default()).find(|(kind, _)| *kind == ATTR_MSG);
    (errno, found.map(|(_, value)| text_of(value)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(errno: i32, repeated: &[u8], text: &str) -> Vec<u8> {
        let mut payload = (-errno).to_ne_bytes().to_vec();
        payload.extend(repeated);
        let length = u16::try_from(5 + text.len()).unwrap();
        payload.extend([length.to_ne_bytes(), ATTR_MSG.to_ne_bytes()].concat());
        payload.extend(text.bytes().chain([0]));
        payload
    }

    #[test]
    fn the_explanation_is_found_behind_a_capped_and_behind_a_whole_request() {
        let capped = error(22, &[0; 16], "Invalid prefix");
        let received =
            Received { kind: NLMSG_ERROR, flags: NLM_F_ACK_TLVS | NLM_F_CAPPED, sequence: 1, payload: &capped };
        assert_eq!(acknowledgement(&received), (22, "Invalid prefix".to_owned()));
        let mut request = [0; 36];
        request[..4].copy_from_slice(&36_u32.to_ne_bytes());
        let whole = error(22, &request, "Invalid prefix");
        let received = Received { kind: NLMSG_ERROR, flags: NLM_F_ACK_TLVS, sequence: 1, payload: &whole };
        assert_eq!(acknowledgement(&received), (22, "Invalid prefix".to_owned()));
    }

    #[test]
    fn an_acknowledgement_without_text_or_cut_short_is_read() {
        fn received(payload: &[u8]) -> (i32, String) {
            acknowledgement(&Received { kind: NLMSG_ERROR, flags: NLM_F_ACK_TLVS, sequence: 1, payload })
        }
        assert_eq!(received(&[]), (0, String::new()));
        assert_eq!(received(&(-17_i32).to_ne_bytes()), (17, String::new()));
        assert_eq!(received(&i32::MIN.to_ne_bytes()).0, i32::MAX);
        assert_eq!(received(&[0xff; 8]).0, 1);
    }
}
