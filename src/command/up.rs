//! `sunup up`.

use std::process::ExitCode;

use crate::activate::{LinkState, Outcome};
use crate::cli::Up;

/// Brings the network up; says how it went in a line per link.
pub(super) fn run(arguments: &Up) -> ExitCode {
    crate::log::start(arguments.verbose);
    match crate::run::up(arguments) {
        Ok(outcome) => {
            summary(&outcome);
            ExitCode::from(outcome.result.exit_code())
        }
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One line per link that was asked for.
fn summary(outcome: &Outcome) {
    for link in &outcome.links {
        let addresses: Vec<String> = link
            .target
            .addresses
            .iter()
            .map(|address| address.net.to_string())
            .chain(link.autoconf.iter().map(ToString::to_string))
            .collect();
        match &link.state {
            LinkState::Up => log::info!("{}: up, {}", link.device.name, addresses.join(", ")),
            LinkState::Pending(reason) => log::info!("{}: not waited for: {reason}", link.device.name),
            LinkState::Failed(reason) => log::error!("{}: {reason}", link.device.name),
        }
    }
    for missing in outcome.missing.iter().filter(|missing| missing.required) {
        log::error!("profile '{}': {}", missing.profile.id, missing.what);
    }
    let took = outcome.finished.since(outcome.started).as_millis();
    log::info!("{} after {took} ms", outcome.result.word());
}
