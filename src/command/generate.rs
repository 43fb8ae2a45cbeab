//! `sunup generate`.

use std::process::ExitCode;

use crate::cli::Generate;

/// Runs it.
pub(super) fn run(_arguments: &Generate) -> ExitCode {
    ExitCode::FAILURE
}
