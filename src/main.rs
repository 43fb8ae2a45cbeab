//! Arguments, logger, command, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    match sunup::cli::parse(std::env::args_os()) {
        Ok(arguments) => sunup::command::run(arguments),
        Err(early) => early.print(),
    }
}
