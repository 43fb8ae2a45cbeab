//! Another network namespace: links are moved there, and this process goes there.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use netlink_packet_route::link::LinkHeader;
use nix::sched::{CloneFlags, setns};

use super::abi::{ifla, rtm};
use super::error::errno_of;
use super::message::Batch;
use super::netlink::Encode;
use super::undo::link_name;
use super::{Kernel, KernelError};
use crate::journal::{Entry, Sign, Undo};

/// Where `ip netns` keeps names.
const NAMED: &str = "run/netns";

/// A network namespace, held open.
#[derive(Debug)]
pub struct Namespace {
    file: File,
    path: PathBuf,
}

impl Namespace {
    /// The one of this process.
    pub fn own() -> Result<Self, KernelError> {
        Self::at(PathBuf::from("/proc/thread-self/ns/net"))
    }

    /// Opens the one that is given: a path (`/proc/PID/ns/net`), or a name of `ip netns`. `root` stands for `/`.
    pub fn open(root: &Path, given: &Path) -> Result<Self, KernelError> {
        Self::at(if given.components().count() > 1 { root.join(given) } else { root.join(NAMED).join(given) })
    }

    fn at(path: PathBuf) -> Result<Self, KernelError> {
        match File::open(&path) {
            Ok(file) => Ok(Self { file, path }),
            Err(error) => Err(failed(&path, errno_of(&error))),
        }
    }

    /// Goes there: sockets that are opened from now on, and /proc/sys/net, belong to it.
    pub fn enter(&self) -> Result<(), KernelError> {
        setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(|errno| failed(&self.path, errno as i32))
    }
}

fn failed(path: &Path, errno: i32) -> KernelError {
    KernelError::Namespace { path: path.display().to_string(), errno }
}

/// RTM_SETLINK with IFLA_NET_NS_FD.
struct Move {
    ifindex: u32,
    descriptor: u32,
}

impl Encode for Move {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        batch.begin(rtm::SETLINK, 0, sequence, &LinkHeader { index: self.ifindex, ..LinkHeader::default() });
        batch.u32(ifla::NET_NS_FD, self.descriptor);
    }
}

impl Kernel {
    /// Moves a link to another namespace, under its name. It goes down, and its addresses and routes are lost. One that was
    /// `made` here is no longer to be taken away from here.
    pub fn move_link(&mut self, ifindex: u32, name: &str, made: bool, to: &Namespace) -> Result<(), KernelError> {
        let descriptor = u32::try_from(to.file.as_raw_fd()).unwrap_or_default();
        if let Some(refusal) = self.netlink.send(&[Move { ifindex, descriptor }]).into_iter().next() {
            return Err(KernelError::Refused {
                request: format!("move {name} to the network namespace {}", to.path.display()),
                ifindex,
                device: name.to_owned(),
                fatal: true,
                errno: refusal.errno,
                explanation: refusal.explanation,
            });
        }
        if made {
            let undo = Undo::Netlink { kind: rtm::DELLINK, payload: Vec::new() };
            self.note(&[Entry { sign: Sign::Removed, ifindex: 0, object: link_name(name, "wireguard"), undo }]);
        }
        Ok(())
    }
}
