//! Text and bytes in, profiles and warnings out. Reads files; has no socket and no clock.

mod bonding;
pub mod cmdline;
pub mod credentials;
pub mod file;
pub mod firmware;
mod gather;
pub mod hosts;
pub mod ibft;
pub mod keyfile;
pub mod nbft;
pub mod nmconnection;
pub mod openfirmware;
pub mod profiles_dir;
pub mod resolv_conf;
pub(crate) mod s390;
pub mod timestamps;
pub mod uuids;
pub mod wgquick;

pub use gather::{Gathered, Sources, gather};

#[cfg(test)]
mod firmware_tests;
