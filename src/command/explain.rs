//! `sunup help cmdline`: the arguments of the kernel command line.

use std::process::ExitCode;

use crate::cli::Explain;
use crate::input::cmdline::manual;

/// Prints the table of arguments, or the man page made from it. Exit code 2 if the topic is unknown.
pub(super) fn run(arguments: &Explain) -> ExitCode {
    if arguments.topic != "cmdline" {
        eprintln!("sunup: there is no help on '{}'; the topic is cmdline", arguments.topic);
        return ExitCode::from(2);
    }
    if arguments.man {
        print!("{}", manual::roff());
    } else {
        print!("{}", manual::text(&arguments.argument));
    }
    ExitCode::SUCCESS
}
