//! `sunup import`: a wg-quick file to a NetworkManager profile.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::Import;
use crate::input::credentials::Secrets;
use crate::input::{nmconnection, wgquick};
use crate::state::{self, StateFile};

/// Writes the profile, mode 0600, and prints its path. Exit code 1, and no file, if the input is refused. What is left out is said
/// on standard error.
pub(super) fn run(arguments: &Import) -> ExitCode {
    match import(&arguments.file, &arguments.output) {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("sunup: {why}");
            ExitCode::FAILURE
        }
    }
}

fn import(file: &Path, folder: &Path) -> Result<PathBuf, String> {
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut text = Vec::new();
    File::open(file).map_err(told)?.take(wgquick::LARGEST + 1).read_to_end(&mut text).map_err(told)?;
    let (profile, warnings) = wgquick::read(&text, file, &Secrets::INLINE).map_err(|error| error.to_string())?;
    warnings.iter().for_each(|warning| eprintln!("sunup: {warning}"));
    let name = format!("{}.nmconnection", profile.file_stem);
    let written = StateFile::private(Path::new("/").join(&name), nmconnection::write(&profile));
    match state::write(folder, &[written], None).first() {
        Some(error) => Err(format!("{}: {}", error.path.display(), error.error)),
        None => Ok(folder.join(name)),
    }
}
