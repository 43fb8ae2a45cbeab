//! Network namespaces: links moved into one, and the process itself.
//!
//! A WireGuard link keeps its UDP socket in the namespace in which it was made, wherever it is moved.

use std::fs::File;
use std::path::Path;

use netlink_packet_route::link::LinkHeader;
use nix::sched::{CloneFlags, setns};

use super::abi::{ifla, rtm};
use super::error::errno_of;
use super::message::Batch;
use super::netlink::Encode;
use super::{Kernel, KernelError};

/// Where `ip netns` keeps the names.
const NAMES: &str = "/run/netns";

/// The namespace that this process was in at the start, for a way back.
const OWN: &str = "/proc/self/ns/net";

/// A network namespace, held open.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    file: File,
}

impl Namespace {
    /// The namespace at a path (`/proc/PID/ns/net`, `/run/netns/NAME`), or of this name.
    pub fn open(text: &str) -> Result<Self, KernelError> {
        let path = if text.contains('/') { Path::new(text).to_owned() } else { Path::new(NAMES).join(text) };
        let failed = |error| KernelError::Namespace { name: text.to_owned(), errno: errno_of(&error) };
        File::open(path).map_err(failed).map(|file| Self { name: text.to_owned(), file })
    }

    /// Moves this process into it.
    pub fn enter(&self) -> Result<(), KernelError> {
        let failed = |errno| KernelError::Namespace { name: self.name.clone(), errno: errno as i32 };
        setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(failed)
    }

    /// Does something in it: a socket that is opened there stays there.
    pub fn within<T>(&self, act: impl FnOnce() -> T) -> Result<T, KernelError> {
        let own = Self::open(OWN)?;
        self.enter()?;
        let result = act();
        own.enter()?;
        Ok(result)
    }
}

/// RTM_SETLINK with IFLA_NET_NS_FD.
struct Move<'a> {
    ifindex: u32,
    to: &'a File,
}

impl Encode for Move<'_> {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        let header = LinkHeader { index: self.ifindex, ..LinkHeader::default() };
        batch.begin(rtm::SETLINK, 0, sequence, &header);
        let fd = std::os::fd::AsRawFd::as_raw_fd(self.to);
        batch.u32(ifla::NET_NS_FD, u32::try_from(fd).unwrap_or(u32::MAX));
    }
}

impl Kernel {
    /// Moves a link into a namespace. Addresses and routes do not go along.
    pub fn move_link(&mut self, ifindex: u32, device: &str, to: &Namespace) -> Result<(), KernelError> {
        let refusals = self.netlink.send(&[Move { ifindex, to: &to.file }]);
        refusals.into_iter().next().map_or(Ok(()), |refusal| {
            Err(KernelError::Refused {
                request: format!("move {device} to the namespace {}", to.name),
                ifindex,
                device: device.to_owned(),
                fatal: true,
                errno: refusal.errno,
                explanation: refusal.explanation,
            })
        })
    }
}
