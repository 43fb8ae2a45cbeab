//! `sunup verify-handover`: compares what the kernel holds with what was handed over, by the rules of the daemon that will take it
//! over, and lists what would flap, before it does.

mod facts;
mod networkd;
mod networkmanager;

use std::process::ExitCode;

use serde_json::json;

use crate::cli::VerifyHandover;
use crate::kernel::KernelError;
use facts::Facts;

/// What a daemon would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// It adds or changes something, and takes nothing away.
    Adds,
    /// It takes something away, if only for a moment; or it does not take the link over, and its lease runs out.
    Flaps,
}

impl Effect {
    fn word(self) -> &'static str {
        match self {
            Self::Adds => "adds",
            Self::Flaps => "flaps",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    daemon: &'static str,
    link: String,
    effect: Effect,
    text: String,
}

/// Prints the findings. Exit code 0: none; 3: a daemon would add something; 1: something would flap, or nothing was handed over.
pub(super) fn run(arguments: &VerifyHandover) -> ExitCode {
    crate::log::start(false);
    match verify(arguments) {
        Ok(Some(findings)) => {
            print(arguments.json, &findings);
            match findings.iter().map(|finding| finding.effect).max() {
                None => ExitCode::SUCCESS,
                Some(Effect::Adds) => ExitCode::from(3),
                Some(Effect::Flaps) => ExitCode::FAILURE,
            }
        }
        Ok(None) => {
            eprintln!("sunup: nothing was handed over: 'sunup up' has not run, or no daemon was to be prepared");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("sunup: {error}");
            ExitCode::FAILURE
        }
    }
}

fn verify(arguments: &VerifyHandover) -> Result<Option<Vec<Finding>>, KernelError> {
    let facts = Facts::gather(&arguments.root)?;
    if facts.links.is_empty() || !(facts.handover.networkmanager || facts.handover.networkd) {
        return Ok(None);
    }
    let mut findings = Vec::new();
    for link in &facts.links {
        if facts.handover.networkmanager {
            findings.extend(networkmanager::verify(&facts, link));
        }
        if facts.handover.networkd {
            findings.extend(networkd::verify(&facts, link));
        }
    }
    Ok(Some(findings))
}

fn print(as_json: bool, findings: &[Finding]) {
    if as_json {
        let one = |finding: &Finding| json!({ "daemon": finding.daemon, "ifname": finding.link, "effect": finding.effect.word(), "what": finding.text });
        let all: Vec<_> = findings.iter().map(one).collect();
        println!("{:#}", json!({ "schema": 1, "findings": all }));
        return;
    }
    for Finding { daemon, link, effect, text } in findings {
        println!("{link}: {daemon} {}: {text}", effect.word());
    }
    if findings.is_empty() {
        println!("nothing would change when the daemon takes over");
    }
}
