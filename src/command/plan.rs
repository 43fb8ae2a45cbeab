//! `sunup plan`.

use std::process::ExitCode;

use crate::cli::Plan;

/// Runs it.
pub(super) fn run(_arguments: &Plan) -> ExitCode {
    ExitCode::FAILURE
}
