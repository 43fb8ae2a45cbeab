//! What can go wrong between sunup and the kernel.

use std::fmt;
use std::io;

/// Errno values this room decides by.
pub(super) mod errno {
    use nix::errno::Errno;

    pub(crate) const EPERM: i32 = Errno::EPERM as i32;
    pub(crate) const ESRCH: i32 = Errno::ESRCH as i32;
    pub(crate) const ENOENT: i32 = Errno::ENOENT as i32;
    pub(crate) const EBUSY: i32 = Errno::EBUSY as i32;
    pub(crate) const EEXIST: i32 = Errno::EEXIST as i32;
    pub(crate) const EINVAL: i32 = Errno::EINVAL as i32;
    pub(crate) const ENODEV: i32 = Errno::ENODEV as i32;
    pub(crate) const EIO: i32 = Errno::EIO as i32;
    pub(crate) const EROFS: i32 = Errno::EROFS as i32;
    pub(crate) const EOPNOTSUPP: i32 = Errno::EOPNOTSUPP as i32;
    pub(crate) const EAFNOSUPPORT: i32 = Errno::EAFNOSUPPORT as i32;
    pub(crate) const EADDRNOTAVAIL: i32 = Errno::EADDRNOTAVAIL as i32;
}

/// The errno of an error, EIO if it has none.
pub(super) fn errno_of(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(errno::EIO)
}

/// What the kernel did not do, on what, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A socket could not be had.
    #[error("cannot open a {what} socket: {}{}", Reason(*.errno, ""), missing(what, *.errno))]
    Socket {
        /// `netlink` or `packet`.
        what: &'static str,
        /// Errno.
        errno: i32,
    },
    /// A dump failed.
    #[error("cannot read {what} from the kernel: {}", Reason(*.errno, .explanation))]
    Read {
        /// `links`, `addresses`, …
        what: &'static str,
        /// Errno.
        errno: i32,
        /// The kernel's own words (extended acknowledgement); often empty.
        explanation: String,
    },
    /// A request was refused. The other requests of the batch were carried out all the same.
    #[error("cannot {request}: {}", Reason(*.errno, .explanation))]
    Refused {
        /// The request in words: `add address 192.0.2.2/24 to eth0`.
        request: String,
        /// Index of the link, also that whose profile has the rule; 0 if it is of none.
        ifindex: u32,
        /// Name of the device; empty for a rule.
        device: String,
        /// True if nothing further can be done with the link: it is gone, or cannot be set up.
        fatal: bool,
        /// Errno.
        errno: i32,
        /// The kernel's own words (extended acknowledgement); often empty.
        explanation: String,
    },
    /// A link that is there is not what the profile asks for, and cannot become it.
    #[error("{device} cannot be used: {conflict}; remove it, or rename one of them")]
    Conflict {
        /// Index of the link.
        ifindex: u32,
        /// Its name.
        device: String,
        /// What differs.
        conflict: String,
    },
    /// The kernel has no driver for links of this kind.
    #[error("cannot make {device}, a link of type {kind}: {why}")]
    NoDriver {
        /// The link.
        device: String,
        /// Its type.
        kind: String,
        /// Why the module that would bring it is not loaded.
        why: String,
    },
    /// The process may not configure the network: said once, whatever the number of requests.
    #[error(
        "not permitted to configure the network: CAP_NET_ADMIN is missing; run as root, or give the container NET_ADMIN (and NET_RAW for DHCP)"
    )]
    NotPermitted,
    /// A file under /proc/sys could not be written.
    #[error("cannot set {path} to {value}: {}", Reason(*.errno, ""))]
    Sysctl {
        /// The file.
        path: String,
        /// The value.
        value: String,
        /// Errno; ENOENT where the kernel has no such setting.
        errno: i32,
    },
    /// A device did not take an option of ethtool's.
    #[error("cannot set {option}: {why}")]
    Option {
        /// Interface index.
        ifindex: u32,
        /// The option.
        option: String,
        /// The reason.
        why: String,
    },
    /// A packet could not be sent.
    #[error("cannot send on link {ifindex}: {}", Reason(*.errno, ""))]
    Send {
        /// Interface index.
        ifindex: u32,
        /// Errno.
        errno: i32,
    },
    /// A network namespace could not be opened or entered.
    #[error("cannot use the network namespace {path}: {} (make one with 'ip netns add NAME')", Reason(*.errno, ""))]
    Namespace {
        /// Its path.
        path: String,
        /// Errno.
        errno: i32,
    },
    /// The host name could not be read or set.
    #[error("cannot {verb} the host name: {}", Reason(*.errno, ""))]
    HostName {
        /// `read` or `set`.
        verb: &'static str,
        /// Errno.
        errno: i32,
    },
}

/// What a socket that is refused lacks.
fn missing(what: &str, errno: i32) -> &'static str {
    let raw = what == "packet" && errno == errno::EPERM;
    if raw { "; DHCPv4, ARP and router solicitations need CAP_NET_RAW" } else { "" }
}

impl KernelError {
    /// The errno behind it.
    pub fn errno(&self) -> i32 {
        match self {
            Self::Socket { errno, .. }
            | Self::Read { errno, .. }
            | Self::Refused { errno, .. }
            | Self::Sysctl { errno, .. }
            | Self::Send { errno, .. }
            | Self::Namespace { errno, .. }
            | Self::HostName { errno, .. } => *errno,
            Self::NotPermitted => errno::EPERM,
            Self::Conflict { .. } => errno::EEXIST,
            Self::NoDriver { .. } | Self::Option { .. } => errno::EOPNOTSUPP,
        }
    }

    /// Index of the link it concerns; 0 if it is none in particular.
    pub fn ifindex(&self) -> u32 {
        match self {
            Self::Refused { ifindex, .. }
            | Self::Conflict { ifindex, .. }
            | Self::Option { ifindex, .. }
            | Self::Send { ifindex, .. } => *ifindex,
            _ => 0,
        }
    }

    /// True if nothing further can be done with the link (or with any link, if [`ifindex`](Self::ifindex) is 0).
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::NotPermitted
                | Self::Socket { .. }
                | Self::Read { .. }
                | Self::Conflict { .. }
                | Self::Refused { fatal: true, .. }
        )
    }

    /// True if the device (or the file of its setting) is not there, or no longer.
    pub fn is_gone(&self) -> bool {
        matches!(self.errno(), errno::ENODEV | errno::ENOENT)
    }
}

/// Errno in words, and the kernel's explanation where there is one.
struct Reason<'a>(i32, &'a str);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.0);
        if self.1.is_empty() { write!(f, "{error}") } else { write!(f, "{}: {error}", self.1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_on_what_and_in_the_kernels_words_why() {
        let error = KernelError::Refused {
            request: "add route 192.0.2.0/24 via 198.51.100.1 dev eth0".into(),
            ifindex: 2,
            device: "eth0".into(),
            fatal: false,
            errno: 101,
            explanation: "Nexthop has invalid gateway".into(),
        };
        assert_eq!(
            error.to_string(),
            "cannot add route 192.0.2.0/24 via 198.51.100.1 dev eth0: Nexthop has invalid gateway: Network is unreachable (os error 101)"
        );
    }
}
