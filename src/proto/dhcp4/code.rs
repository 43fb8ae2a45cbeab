//! Option codes that are used by name (RFC 2132 and the IANA registry).

pub(super) const MASK: u8 = 1;
pub(super) const LEASE_TIME: u8 = 51;
pub(super) const OVERLOAD: u8 = 52;
pub(super) const MESSAGE_TYPE: u8 = 53;
pub(super) const SERVER_ID: u8 = 54;
pub(super) const MESSAGE: u8 = 56;
pub(super) const T1: u8 = 58;
pub(super) const T2: u8 = 59;
pub(super) const CLIENT_ID: u8 = 61;
pub(super) const BOOT_FILE: u8 = 67;
pub(super) const RAPID_COMMIT: u8 = 80;
pub(super) const FQDN: u8 = 81;
/// RFC 8925. The codec crate has it under 106.
pub(super) const IPV6_ONLY: u8 = 108;
pub(super) const CLASSLESS_ROUTES: u8 = 121;
pub(super) const CLASSLESS_ROUTES_MICROSOFT: u8 = 249;
