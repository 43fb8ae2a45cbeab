//! What is left behind for daemons, programs and people: pure renderers, and one writer.

pub mod amend;
pub mod daemon_settings;
pub mod daemons;
pub mod dracut;
pub mod file;
pub mod klibc;
pub mod memory;
mod netdev;
pub mod networkd;
pub mod networkmanager;
pub mod report;
pub mod resolv_conf;
pub mod undo;

pub use file::{StateFile, Write, lost, write};
