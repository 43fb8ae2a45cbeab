//! `sunup up`.

use std::process::ExitCode;

use crate::cli::Up;

/// Runs it.
pub(super) fn run(_arguments: &Up) -> ExitCode {
    ExitCode::FAILURE
}
