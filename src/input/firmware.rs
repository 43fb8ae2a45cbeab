//! What every firmware reader hands on.

use crate::profile::{Profile, Warning};

/// What a firmware table asks for. Empty when the machine has no such table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The profiles, in the table's order.
    pub profiles: Vec<Profile>,
    /// Records that could not be honoured, and why.
    pub warnings: Vec<Warning>,
    /// The host name the table gives this machine.
    pub hostname: Option<String>,
}
