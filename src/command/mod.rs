//! One short file per subcommand.

use std::process::ExitCode;

use crate::cli::{Arguments, Command, Up};

mod check;
mod down;
mod explain;
mod generate;
mod import;
mod plan;
mod renew;
mod status;
mod up;
mod verify;
mod wait;

/// Runs the command and answers the exit code.
pub fn run(arguments: Arguments) -> ExitCode {
    if arguments.version {
        println!("sunup {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    match arguments.command.unwrap_or(Command::Up(Up::default())) {
        Command::Up(up) => up::run(&up),
        Command::Down(down) => down::run(&down),
        Command::Plan(plan) => plan::run(&plan),
        Command::Renew(renew) => renew::run(&renew),
        Command::Wait(wait) => wait::run(&wait),
        Command::VerifyHandover(verify) => verify::run(&verify),
        Command::Status(status) => status::run(&status),
        Command::Generate(generate) => generate::run(&generate),
        Command::Check(check) => check::run(&check),
        Command::Import(import) => import::run(&import),
        Command::Explain(topic) => explain::run(&topic),
    }
}
