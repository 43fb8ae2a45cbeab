//! `Debug` of a profile: everything but what may hold secrets of other programs.

use std::fmt;

use super::Profile;

impl fmt::Debug for Profile {
    /// Prints of the unknown keys only the names, and nothing of the raw text: both may hold passwords and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown: Vec<_> = self.unknown.iter().map(|(group, key, _)| format!("{group}.{key}")).collect();
        f.debug_struct("Profile")
            .field("id", &self.id)
            .field("uuid", &self.uuid)
            .field("kind", &self.kind)
            .field("origin", &self.origin)
            .field("file_stem", &self.file_stem)
            .field("interface_name", &self.interface_name)
            .field("autoconnect", &self.autoconnect)
            .field("autoconnect_priority", &self.autoconnect_priority)
            .field("autoconnect_retries", &self.autoconnect_retries)
            .field("timestamp", &self.timestamp)
            .field("multi_connect", &self.multi_connect)
            .field("wait_device_timeout", &self.wait_device_timeout)
            .field("controller", &self.controller)
            .field("matching", &self.matching)
            .field("link", &self.link)
            .field("ipv4", &self.ipv4)
            .field("ipv6", &self.ipv6)
            .field("user", &self.user)
            .field("unknown", &unknown)
            .finish_non_exhaustive()
    }
}
