//! The rig: private rooms, real servers, and a guard that sees whether anything leaked out of a room.
//!
//! A network namespace alone is not a safe room: `sunup up` also writes /etc/resolv.conf, /run and the hostname. So a
//! [`Room`] is a set of namespaces (network, mount, host name, processes, IPC) with its own /run, /tmp, /var/lib, /sys and a copy
//! of /etc; it is looked at from outside before anything runs in it, and a test that cannot have one fails.
#![allow(dead_code, unused_imports, reason = "every test target uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "tests start programs and wait")]

mod dnsmasq;
mod guard;
mod lan;
pub(crate) mod look;
pub(crate) mod measure;
mod process;
mod room;
mod schema;
pub(crate) mod server;

pub(crate) use dnsmasq::{DEFAULTS, Dnsmasq};
pub(crate) use guard::HostGuard;
pub(crate) use lan::{CLIENT_MAC, Lan};
pub(crate) use process::{Process, Ran, patient, wait_until};
pub(crate) use room::{Options, Room};
