//! Everything with a file descriptor.
