//! DHCPv4 (RFC 2131) until bound.
