//! What the plan is told beside profiles and devices.

use std::time::Duration;

use crate::profile::{Origin, Profile};

/// What [`plan`](super::plan()) must know beside profiles and devices.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The kernel command line as [`words::split`](super::words::split) gives it; what `match.kernel-command-line` sees.
    pub words: Vec<String>,
    /// `rd.neednet=1`: the boot needs the network.
    pub need_network: bool,
    /// `bootdev=`: interface name or MAC address.
    pub bootdev: Option<String>,
    /// `ip=single-dhcp`: the first link with a lease ends the others.
    pub single_dhcp: bool,
    /// How long a required device is waited for if its profile has no `wait-device-timeout` (10 s if not said). If said, it goes
    /// before that of a profile of the command line, whose own is no more than the usual one.
    pub device_timeout: Option<Duration>,
    /// Links being brought up already: interface index, and index of the profile. They stay as they are.
    pub kept: Vec<(u32, usize)>,
    /// Profiles whose device went in this run, by index: they are waited for even where an absent one is not.
    pub lost: Vec<usize>,
    /// Interface indices of links that an earlier run of sunup configured: they do not count as configured by others.
    pub owned: Vec<u32>,
}

impl Context {
    /// How long a device is waited for where nobody says.
    pub const DEVICE_TIMEOUT: Duration = Duration::from_secs(10);

    /// How long the device of this profile is waited for.
    pub(crate) fn device_timeout(&self, profile: &Profile) -> Duration {
        let own = profile.wait_device_timeout;
        let said = match profile.origin {
            Origin::CommandLine { .. } => self.device_timeout.or(own),
            _ => own.or(self.device_timeout),
        };
        said.unwrap_or(Self::DEVICE_TIMEOUT)
    }
}
