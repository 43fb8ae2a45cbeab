//! `sunup plan`: what `up` would do and why, for this machine or another.

use std::process::ExitCode;

use crate::cli::Plan;

mod devices;
mod json;
#[cfg(test)]
mod tests;

/// Runs it.
pub(super) fn run(_arguments: &Plan) -> ExitCode {
    ExitCode::FAILURE
}
