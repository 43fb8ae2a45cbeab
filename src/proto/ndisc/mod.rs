//! Neighbour discovery (RFC 4861): asking for routers, and reading what they say that the kernel leaves to us.
//!
//! The kernel forms addresses, sets routes and repeats solicitations itself (RFC 7559). Its first solicitation waits
//! for a random time and for duplicate address detection; [`solicitation`] makes one that can leave at link-up. What
//! the kernel accepts and does not use (name servers, search lists, NAT64 prefixes) it passes up by RTM_NEWNDUSEROPT:
//! [`options`]. A whole advertisement is read by [`RouterAdvert`].

mod advert;
mod learned;
mod option;
mod solicit;

pub use advert::{AdvertError, Preference, RouterAdvert};
pub use learned::Learned;
pub use option::{NdOption, PrefixInformation, RouteInformation, options};
pub use solicit::{ALL_ROUTERS, solicitation};

/// ICMPv6 type of a router advertisement (RFC 4861 section 4.2).
const ROUTER_ADVERTISEMENT: u8 = 134;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
