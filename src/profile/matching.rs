//! `[match]` and the other ways a profile says which device it is for.

use super::HwAddr;

/// Which devices a profile is for. All that is given must hold; what is empty does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MatchRule {
    /// `match.interface-name`: patterns.
    pub interface_name: Vec<String>,
    /// `match.driver`: patterns.
    pub driver: Vec<String>,
    /// `match.path`: patterns on udev's ID_PATH.
    pub path: Vec<String>,
    /// `match.kernel-command-line`: words, no wildcards.
    pub kernel_command_line: Vec<String>,
    /// `ethernet.mac-address` or `infiniband.mac-address`: the permanent address.
    pub mac_address: Option<HwAddr>,
    /// `ethernet.mac-address-denylist` (formerly `-blacklist`).
    pub mac_address_denylist: Vec<HwAddr>,
}
