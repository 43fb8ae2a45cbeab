//! `sunup status`: what the last `up` did, for people or as the JSON it left.

mod table;

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::Status;
use crate::state::report;

/// Prints it; the exit code is that of the run it tells of: 0 ok, 3 degraded, 1 failed or never run.
pub(super) fn run(arguments: &Status) -> ExitCode {
    let path = crate::state::file::below(&arguments.root, Path::new(report::PATH));
    let text = match crate::state::report::read(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("sunup: {}: {error} (has 'sunup up' run?)", path.display());
            return ExitCode::FAILURE;
        }
    };
    let Ok(report) = serde_json::from_str::<Value>(&text) else {
        eprintln!("sunup: {}: is damaged: not JSON; run 'sunup up' again to write it anew", path.display());
        return ExitCode::FAILURE;
    };
    print!("{}", if arguments.json { text } else { table::table(&report, colour()) });
    match report.get("result").and_then(Value::as_str) {
        Some("ok") => ExitCode::SUCCESS,
        Some("degraded") => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    }
}

/// True for a terminal whose user has not said no (<https://no-color.org>).
fn colour() -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    std::io::stdout().is_terminal() && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
