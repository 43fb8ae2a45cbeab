//! How long is waited for what, where no profile says: dracut's `rd.net.timeout.*`.

use std::time::Duration;

/// Limits of one run, the same for every link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `rd.net.timeout.ifup`: until the kernel says that a link is up (IFF_UP).
    pub up: Duration,
    /// `rd.net.timeout.carrier`: until a link has carrier, counted from when it is up.
    pub carrier: Duration,
    /// `rd.net.timeout.ipv6dad`: until static and link-local IPv6 addresses are probed, counted from carrier.
    pub dad: Duration,
    /// `rd.net.timeout.ipv6auto`: until a router answers, counted from carrier.
    pub router: Duration,
    /// `rd.net.timeout.route`: until there is an IPv6 default route, counted from the first address by a router. `None`: a
    /// router that announces none is not waited for.
    pub route: Option<Duration>,
}

impl Default for Limits {
    /// The defaults of dracut.cmdline(7), but for the route.
    fn default() -> Self {
        Self {
            up: Duration::from_secs(20),
            carrier: Duration::from_secs(10),
            dad: Duration::from_secs(50),
            router: Duration::from_secs(40),
            route: None,
        }
    }
}
