//! `sunup check`.

use std::process::ExitCode;

use crate::cli::Check;

/// Runs it.
pub(super) fn run(_arguments: &Check) -> ExitCode {
    ExitCode::FAILURE
}
