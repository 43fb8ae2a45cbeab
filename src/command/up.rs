//! `sunup up`.

use std::process::ExitCode;

use crate::activate::{LinkState, Outcome, Verdict};
use crate::cli::Up;
use crate::profile::handover::{ExitRule, Handover};

/// Brings the network up; says how it went in a line per link.
pub(super) fn run(arguments: &Up) -> ExitCode {
    crate::log::start(arguments.verbose);
    if let Some(Err(word)) = arguments.handover.as_deref().map(Handover::parse) {
        eprintln!("sunup: --handover: '{word}' is none of networkmanager, networkd, none");
        return ExitCode::from(2);
    }
    if let Some(text) = arguments.exit_policy.iter().find(|text| ExitRule::parse(text).is_none()) {
        eprintln!("sunup: --exit-policy: '{text}' is no [IFACE:]keep, adopt or flush");
        return ExitCode::from(2);
    }
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
pub(super) fn summary(outcome: &Outcome) {
    for link in &outcome.links {
        let addresses: Vec<String> = link
            .target
            .addresses
            .iter()
            .map(|address| address.net.to_string())
            .chain(link.autoconf.iter().map(ToString::to_string))
            .collect();
        match &link.state {
            LinkState::Up if addresses.is_empty() => log::info!("{}: up", link.device.name),
            LinkState::Up => log::info!("{}: up, {}", link.device.name, addresses.join(", ")),
            LinkState::Pending(reason) => log::info!("{}: not waited for: {reason}", link.device.name),
            LinkState::Failed(reason) if link.required && outcome.result != Verdict::Ok => {
                log::error!("{}: {reason}", link.device.name);
            }
            LinkState::Failed(reason) => log::info!("{}: not needed, and not up: {reason}", link.device.name),
        }
    }
    for missing in outcome.missing.iter().filter(|missing| missing.required) {
        log::error!("profile '{}': {}", missing.profile.id, missing.what);
    }
    let took = outcome.finished.since(outcome.started).as_millis();
    log::info!("{} after {took} ms", outcome.result.word());
}
