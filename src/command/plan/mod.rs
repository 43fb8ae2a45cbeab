//! `sunup plan`: what `up` would do and why, for this machine or another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::Plan;
use crate::kernel::{Kernel, KernelError};
use crate::plan::{explain, plan};
use crate::profile::{Device, HwAddr};
use crate::{run, state};

mod devices;
mod json;
#[cfg(test)]
mod tests;

use devices::DevicesError;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
enum PlanError {
    /// The file of another machine's devices cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// It does not say which devices there are.
    #[error("{}: {source}", path.display())]
    Devices { path: PathBuf, source: DevicesError },
    /// The kernel does not tell which devices there are.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

/// Runs it. Exit code 0, or 1 if the devices cannot be read.
pub(super) fn run(arguments: &Plan) -> ExitCode {
    match report(arguments) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sunup: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The plan, as text or JSON.
fn report(arguments: &Plan) -> Result<String, PlanError> {
    let gathered = run::gather(&arguments.root, arguments.cmdline.as_deref(), arguments.profiles.as_deref());
    let (mut devices, owned) = match &arguments.devices {
        Some(path) => (foreign(path)?, Vec::new()),
        None => (Kernel::open()?.devices(Path::new("/sys"))?, owned(&arguments.root)),
    };
    rename(&mut devices, &gathered.reading.renames);
    let context = run::context(&gathered, arguments.cmdline.as_deref(), owned);
    let mut plan = plan(&gathered.profiles, &devices, &context);
    plan.warnings.splice(0..0, gathered.warnings);
    Ok(if arguments.json {
        format!("{:#}\n", json::render(&plan, &gathered.profiles))
    } else {
        explain::render(&plan, &gathered.profiles)
    })
}

/// The devices of another machine.
fn foreign(path: &Path) -> Result<Vec<Device>, PlanError> {
    let text = fs::read_to_string(path).map_err(|source| PlanError::File { path: path.to_owned(), source })?;
    devices::read(&text).map_err(|source| PlanError::Devices { path: path.to_owned(), source })
}

/// The links that an earlier run configured.
fn owned(root: &Path) -> Vec<u32> {
    state::memory::read(root).iter().map(|link| link.ifindex).collect()
}

/// `ifname=`: `up` gives links these names before anything is matched.
fn rename(devices: &mut [Device], renames: &[(String, HwAddr)]) {
    for (name, mac) in renames {
        if let Some(device) = devices.iter_mut().find(|device| device.match_mac() == Some(*mac)) {
            device.name.clone_from(name);
        }
    }
}
