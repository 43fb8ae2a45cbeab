//! `sunup generate`: what `nm-initrd-generator` does, flag for flag.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::Generate;
use crate::input::cmdline::{self, CommandLine, Environment, Reading};
use crate::input::nmconnection;
use crate::state::daemon_settings;

/// Seconds a daemon waits for carrier where the command line does not say, and only in the initrd.
const CARRIER_TIMEOUT: u64 = 10;

/// The first line of every file.
const COMMENT: &str = "# Created by sunup from the kernel command line";

/// A file to write.
struct Output {
    /// What it is, for standard output.
    title: String,
    path: PathBuf,
    mode: u32,
    text: String,
}

/// Writes profiles, host name and daemon settings. Without words there is nothing to do. Exit code 1 only if something
/// cannot be written; what is wrong with the words goes to standard error.
pub(super) fn run(arguments: &Generate) -> ExitCode {
    if arguments.words.is_empty() {
        return ExitCode::SUCCESS;
    }
    let environment = Environment {
        sysfs: &arguments.sysfs_dir,
        persistent_profiles: arguments.persistent_dir.is_dir(),
        machine_id: None,
    };
    let reading = cmdline::read(&CommandLine::from_words(&arguments.words), &environment);
    reading.warnings.iter().for_each(|warning| eprintln!("sunup: {warning}"));
    let outputs = outputs(arguments, &reading);
    let written = if arguments.stdout { print(&outputs) } else { write(arguments, &outputs) };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err((path, error)) => {
            eprintln!("sunup: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// Every file there is to write.
fn outputs(arguments: &Generate, reading: &Reading) -> Vec<Output> {
    let mut outputs = Vec::new();
    if let Some(hostname) = &reading.hostname {
        let title = format!("Hostname '{hostname}'");
        outputs.push(Output { title, ..file(&arguments.initrd_data_dir, "hostname", format!("{hostname}\n")) });
    }
    let carrier = ("15-carrier-timeout.conf", carrier_timeout(reading.timeouts.carrier));
    for (name, text) in [carrier].into_iter().chain(daemon_settings::dns(&reading.global_dns)) {
        outputs.push(file(&arguments.run_config_dir, name, format!("{COMMENT}\n\n{text}")));
    }
    for profile in &reading.profiles {
        let name = format!("{}.nmconnection", file_name(&profile.file_stem));
        let output = file(&arguments.connections_dir, &name, format!("{COMMENT}\n\n{}", nmconnection::write(profile)));
        outputs.push(Output { title: format!("Connection '{}'", profile.file_stem), mode: 0o600, ..output });
    }
    outputs
}

/// The stem as a file name, as NetworkManager makes one: no folder, not hidden, no backup, and nothing that looks like a
/// temporary file (`ib0.0x8004`: a period and six letters or digits) or a certificate.
fn file_name(stem: &str) -> String {
    let mut name = stem.replace('/', "_");
    for (place, bad) in [(0, "."), (name.len().saturating_sub(1), "~")] {
        if name.get(place..=place) == Some(bad) {
            name.replace_range(place..=place, "_");
        }
    }
    let temporary = |ending: &str| ending.len() == 6 && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    let certificate = |ending: &str| ending.eq_ignore_ascii_case("pem") || ending.eq_ignore_ascii_case("der");
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    if ending.is_some_and(|ending| temporary(ending) || certificate(ending)) {
        name.push('_');
    }
    name
}

/// A file everyone may read.
fn file(directory: &Path, name: &str, text: String) -> Output {
    Output { title: format!("Configuration '{name}'"), path: directory.join(name), mode: 0o644, text }
}

/// How long a daemon waits for carrier. The default ends with the initrd; what was asked for holds as long as /run does.
fn carrier_timeout(asked: Option<Duration>) -> String {
    let milliseconds =
        asked.unwrap_or(Duration::from_secs(CARRIER_TIMEOUT)).as_millis().min(i32::MAX.unsigned_abs().into());
    let enable = if asked.is_none() { "\n[.config]\nenable=env:initrd\n" } else { "" };
    format!("[device-15-carrier-timeout]\nmatch-device=*\ncarrier-wait-timeout={milliseconds}\n{enable}")
}

/// Prints all files to standard output.
fn print(outputs: &[Output]) -> Result<(), (PathBuf, io::Error)> {
    let mut out = io::stdout().lock();
    let print = |output: &Output| writeln!(out, "\n*** {} ***\n\n{}", output.title, output.text);
    outputs.iter().try_for_each(print).map_err(|error| ("standard output".into(), error))
}

/// Writes all files, each in one step.
fn write(arguments: &Generate, outputs: &[Output]) -> Result<(), (PathBuf, io::Error)> {
    for directory in [&arguments.connections_dir, &arguments.initrd_data_dir, &arguments.run_config_dir] {
        let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(directory);
        made.map_err(|error| (directory.clone(), error))?;
    }
    outputs.iter().try_for_each(|output| replace(output).map_err(|error| (output.path.clone(), error)))
}

/// Writes a file beside its place and moves it there, so that no reader sees half of it.
fn replace(output: &Output) -> io::Result<()> {
    let mut name = output.path.file_name().unwrap_or_default().to_os_string();
    name.push(".sunup");
    let beside = output.path.with_file_name(name);
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(output.mode).open(&beside)?;
    file.write_all(output.text.as_bytes())?;
    fs::rename(&beside, &output.path)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn file_names_are_as_the_daemon_makes_them() {
        for (stem, name) in [
            ("eth0.100", "eth0.100"),
            ("ib0.0x8004", "ib0.0x8004_"),
            ("ib0.8004", "ib0.8004"),
            ("eth0.1234567", "eth0.1234567"),
            (".hidden", "_hidden"),
            ("../a/b~", "_._a_b_"),
            ("x.Pem", "x.Pem_"),
            ("größe", "größe"),
            ("~", "_"),
            ("", ""),
        ] {
            assert_eq!(file_name(stem), name, "{stem}");
        }
    }
}
