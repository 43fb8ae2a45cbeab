//! Everything with a file descriptor.

pub mod id_path;
