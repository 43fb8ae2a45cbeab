//! DHCPv4 (RFC 2131) until bound.

pub mod frame;
mod retry;
