//! `sunup status`.

use std::process::ExitCode;

use crate::cli::Status;

/// Runs it.
pub(super) fn run(_arguments: &Status) -> ExitCode {
    ExitCode::FAILURE
}
