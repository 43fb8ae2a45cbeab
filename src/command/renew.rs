//! `sunup renew`.

use std::process::ExitCode;

use super::up::summary;
use crate::cli::Renew;

/// Prolongs the leases. Exit code 0: all that were to be are prolonged; 3: some not, or not yet, and their addresses stay; 1: none
/// is left, or there was none.
pub(super) fn run(arguments: &Renew) -> ExitCode {
    crate::log::start(arguments.verbose);
    match crate::run::renew(arguments) {
        Ok(Some(outcome)) => {
            summary(&outcome);
            ExitCode::from(outcome.result.exit_code())
        }
        Ok(None) => {
            eprintln!("sunup: there is no lease to renew: 'sunup up' has left none of such a link");
            ExitCode::FAILURE
        }
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
