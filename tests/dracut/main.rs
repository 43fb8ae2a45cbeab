//! The module for dracut, and the files that `up --dracut` leaves for dracut's scripts.
//!
//! Needs `dash`, `bash`, `busybox`, `mksh` and `unshare`. dracut's own scripts are taken from the Debian packages in
//! `target/dracut-scripts` (`tests/dracut/fetch` gets them); they are read, never part of this tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is a failed test")]
#![allow(clippy::disallowed_methods, reason = "tests start programs")]

mod files;
mod hooks;
mod installed;
mod shells;
mod strings;
mod world;
