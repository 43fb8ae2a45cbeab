//! Whether a host can be reached, and being told when that may have changed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::NeighbourHeader;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::time::TimeSpec;

use super::abi::route::TABLE_MAIN;
use super::abi::{family, rtm};
use super::message::{address_of, attributes, u32_of};
use super::snapshot::{Route, Snapshot};
use super::{Kernel, KernelError, Monitor};

/// The port of nobody (RFC 863, discard): a datagram there is enough to make the kernel look for its neighbour.
const DISCARD: u16 = 9;
/// `NUD_*` states in which the neighbour's address is known: permanent, no need for one, reachable, stale, delayed, probed.
const RESOLVED: u16 = 0x80 | 0x40 | 0x02 | 0x04 | 0x08 | 0x10;
/// How often the neighbour table is looked at while it is being filled: a resolution takes a round trip.
const LOOK: Duration = Duration::from_millis(20);
const SLOWEST: Duration = Duration::from_millis(500);
/// `NDA_DST`.
const NDA_DST: u16 = 1;

/// True if a TCP connection can be made within this time.
pub fn connects(to: SocketAddr, within: Duration) -> bool {
    !within.is_zero() && TcpStream::connect_timeout(&to, within).is_ok()
}

/// Tells when something has happened to the network of this namespace, or in a folder.
pub struct Watch {
    monitor: Monitor,
    folder: Option<Folder>,
}

impl Watch {
    /// Listens from now on. A folder that is not there is looked for in the one above it.
    pub fn open(kernel: &mut Kernel, folder: &Path) -> Result<Self, KernelError> {
        Ok(Self { monitor: kernel.monitor()?, folder: Folder::watch(folder) })
    }

    /// Waits for the next change, at most so long.
    pub fn wait(&mut self, longest: Option<Duration>) {
        let mut fds = vec![PollFd::new(self.monitor.as_fd(), PollFlags::POLLIN)];
        fds.extend(self.folder.as_ref().map(|folder| PollFd::new(folder.inotify.as_fd(), PollFlags::POLLIN)));
        let _ = ppoll(&mut fds, longest.map(TimeSpec::from), None);
        let _ = self.monitor.receive();
        if let Some(folder) = &self.folder {
            let _ = folder.inotify.read_events();
            folder.come_near();
        }
    }
}

/// A folder that is listened to, or the nearest one above it that there is.
struct Folder {
    inotify: Inotify,
    wanted: PathBuf,
}

impl Folder {
    fn watch(wanted: &Path) -> Option<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        let folder = Self { inotify, wanted: wanted.to_owned() };
        folder.come_near();
        Some(folder)
    }

    /// Listens to the nearest one there is now, which may be another one of the same name. One that was made just before the one above
    /// it was listened to is found by looking again.
    fn come_near(&self) {
        let flags = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_CREATE;
        let nearest = || self.wanted.ancestors().find(|folder| folder.is_dir());
        while let Some(folder) = nearest() {
            let _ = self.inotify.add_watch(folder, flags);
            if nearest() == Some(folder) {
                return;
            }
        }
    }
}

/// A neighbour in the kernel's table.
struct Neighbour {
    ifindex: u32,
    state: u16,
    address: Option<IpAddr>,
}

/// RTM_NEWNEIGH: `struct ndmsg` (family, index, state), then attributes.
fn neighbour(payload: &[u8], found: &mut Vec<Neighbour>) {
    let read = || {
        let ifindex = u32_of(payload.get(4..)?)?;
        let state = payload.get(8..)?.first_chunk().copied().map(u16::from_ne_bytes)?;
        let address =
            attributes(payload.get(12..)?).find(|(kind, _)| *kind == NDA_DST).and_then(|(_, value)| address_of(value));
        Some(Neighbour { ifindex, state, address })
    };
    found.extend(read());
}

impl Kernel {
    /// True if there is a way to the address, and the first neighbour on it answers within this time. For links without
    /// neighbours (a tunnel) the way is enough.
    pub fn reaches(&mut self, to: IpAddr, within: Duration) -> Result<bool, KernelError> {
        let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let Ok(socket) = UdpSocket::bind(SocketAddr::new(any, 0)) else { return Ok(false) };
        // Only asks for the way; nothing is sent.
        if socket.connect(SocketAddr::new(to, DISCARD)).is_err() {
            return Ok(false);
        }
        let snapshot = self.snapshot()?;
        if snapshot.addresses.iter().any(|held| held.net.addr() == to) {
            return Ok(true);
        }
        let Some((ifindex, hop)) = next_hop(&snapshot, to) else { return Ok(false) };
        if snapshot.link(ifindex).is_none_or(|link| link.mac.is_none()) {
            return Ok(true);
        }
        let end = super::clock::boottime() + within;
        let mut look = LOOK;
        let _ = socket.send(&[]);
        loop {
            let header = NeighbourHeader { family: family_of(to), ..NeighbourHeader::default() };
            let table = self.netlink.dump("neighbours", rtm::GETNEIGH, &header, &[], neighbour)?;
            let is_hop = |one: &&Neighbour| one.ifindex == ifindex && one.address == Some(hop);
            if table.iter().find(is_hop).is_some_and(|one| one.state & RESOLVED != 0) {
                return Ok(true);
            }
            let left = end.saturating_sub(super::clock::boottime());
            if left.is_zero() {
                return Ok(false);
            }
            let _ = ppoll(&mut [], Some(TimeSpec::from(look.min(left))), None);
            look = look.saturating_mul(2).min(SLOWEST);
        }
    }
}

fn family_of(address: IpAddr) -> AddressFamily {
    AddressFamily::from(if address.is_ipv4() { family::INET } else { family::INET6 })
}

/// The link and the neighbour by which packets to an address leave: the router, or the host itself.
fn next_hop(snapshot: &Snapshot, to: IpAddr) -> Option<(u32, IpAddr)> {
    let main = |held: &&Route| held.route.options.table.is_none_or(|table| table == TABLE_MAIN);
    let leads = |held: &&Route| held.route.destination.contains(&to) && held.ifindex != 0;
    let ways = snapshot.routes.iter().filter(main).filter(leads);
    let best = ways.max_by_key(|held| (held.route.destination.prefix_len(), std::cmp::Reverse(held.route.metric)))?;
    Some((best.ifindex, best.route.gateway.unwrap_or(to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::desired::DesiredRoute;
    use crate::profile::ip::RouteOptions;

    fn route(destination: &str, gateway: Option<&str>, metric: u32, ifindex: u32) -> Route {
        let (destination, gateway) = (destination.parse().unwrap(), gateway.map(|text| text.parse().unwrap()));
        Route {
            ifindex,
            route: DesiredRoute { destination, gateway, metric, protocol: 4, options: RouteOptions::default() },
        }
    }

    #[test]
    fn a_folder_is_heard_that_comes_after_the_one_above_it() {
        let root = std::env::temp_dir().join(format!("sunup-folder-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let folder = Folder::watch(&root.join("run/sunup")).unwrap();
        let hears = |folder: &Folder| folder.inotify.read_events().is_ok_and(|events| !events.is_empty());
        assert!(!hears(&folder));
        // The second time it is another folder of the same name.
        for _ in 0..2 {
            std::fs::create_dir_all(root.join("run/sunup")).unwrap();
            assert!(hears(&folder));
            folder.come_near();
            std::fs::write(root.join("run/sunup/state.json"), "{}").unwrap();
            assert!(hears(&folder));
            std::fs::remove_dir_all(root.join("run/sunup")).unwrap();
            assert!(hears(&folder));
            folder.come_near();
            assert!(!hears(&folder));
        }
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_longest_prefix_and_then_the_least_metric_leads() {
        let routes = vec![
            route("0.0.0.0/0", Some("192.0.2.1"), 200, 2),
            route("0.0.0.0/0", Some("192.0.2.2"), 100, 3),
            route("198.51.100.0/24", None, 100, 4),
        ];
        let snapshot = Snapshot { routes, ..Snapshot::default() };
        let hop = |to: &str| next_hop(&snapshot, to.parse().unwrap());
        assert_eq!(hop("203.0.113.9"), Some((3, "192.0.2.2".parse().unwrap())));
        assert_eq!(hop("198.51.100.7"), Some((4, "198.51.100.7".parse().unwrap())));
        assert_eq!(hop("2001:db8::1"), None);
    }
}
