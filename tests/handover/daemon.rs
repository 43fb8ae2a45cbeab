//! What the rig asks of a daemon that adopts.

use crate::support::Room;
use crate::verdict::Fault;

/// A daemon that adopts links. It is ended when dropped.
pub(crate) trait Daemon {
    /// Milliseconds from its start until it said that the link is connected; `None`: it has not yet.
    fn connected_ms(&self, link: &str) -> Option<f64>;

    /// What is wrong in the daemon's own view of a link that is connected.
    fn faults(&self, link: &str) -> Vec<Fault>;
}

/// Writes the database of udev for every link: a daemon waits for it where /sys can be written.
pub(crate) fn fake_udev(room: &Room) {
    let script = "mkdir -p /run/udev/data; for link in /sys/class/net/*/ifindex; do \
                  echo I:1000000 >/run/udev/data/n$(cat $link); done";
    room.sh(script);
}

/// The interface index of a link.
pub(crate) fn ifindex(room: &Room, link: &str) -> u32 {
    room.read(&format!("/sys/class/net/{link}/ifindex")).trim().parse().unwrap()
}
