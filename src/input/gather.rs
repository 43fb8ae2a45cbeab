//! Everything that was asked for, from all places.

use std::path::Path;

use super::cmdline::{self, CommandLine, Environment, Reading};
use super::credentials::Credentials;
use super::{file, hosts, profiles_dir, resolv_conf, timestamps, wgquick};
use crate::profile::{LinkKind, Origin, Profile, Warning};

/// The `[user]` key by which profiles made from the command line are known, and its value.
pub(super) const ORIGIN: (&str, &str) = ("org.freedesktop.NetworkManager.origin", "nm-initrd-generator");

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gathered {
    /// The profiles: those of the command line and of firmware first, then keyfiles.
    pub profiles: Vec<Profile>,
    /// What could not be honoured as written.
    pub warnings: Vec<Warning>,
    /// What else the command line asks for; its profiles and warnings are in the fields above.
    pub reading: Reading,
    /// The command line that was read.
    pub line: CommandLine,
    /// Name servers and search domains of `/etc/resolv.conf`; read only where there are tunnels.
    pub resolver: (Vec<String>, Vec<String>),
    /// Addresses of endpoints of tunnels that `/etc/hosts` knows by name.
    pub hosts: Vec<(String, std::net::IpAddr)>,
    /// True if `/proc/cmdline` was left out, because in a container it is the host's.
    pub hosts_line_left_out: bool,
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Stands for `/`.
    pub root: &'a Path,
    /// Replaces every file of the command line.
    pub cmdline: Option<&'a str>,
    /// Replaces the folders of keyfiles.
    pub profiles: Option<&'a Path>,
    /// `$container`, set by container managers: there `/proc/cmdline` is the host's.
    pub container: Option<&'a str>,
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<&'a Path>,
}

/// Reads all of it. Never fails: what cannot be read is left out with a warning.
pub fn gather(sources: &Sources<'_>) -> Gathered {
    let line = CommandLine::read(sources.root, sources.cmdline, sources.container);
    let (mut keyfiles, mut warnings) = match sources.profiles {
        Some(folder) => profiles_dir::read_directory(folder),
        None => profiles_dir::read_directories(sources.root),
    };
    let run = sources.root.join("run");
    keyfiles.retain(|profile| !made_from_command_line(profile, &run));
    timestamps::apply(sources.root, &mut keyfiles);
    let credentials = Credentials::new(sources.root, sources.credentials);
    profiles_dir::from_credentials(&credentials, &mut keyfiles, &mut warnings);
    warnings.extend(wgquick::find_keys(&mut keyfiles, &credentials));
    let machine_id = file::contents(&sources.root.join("etc/machine-id"), file::SHORT);
    let machine_id = machine_id.and_then(|text| String::from_utf8(text).ok());
    let environment = Environment {
        sysfs: &sources.root.join("sys"),
        persistent_profiles: !keyfiles.is_empty(),
        machine_id: machine_id.as_deref().map(str::trim),
    };
    let mut reading = cmdline::read(&line, &environment);
    let mut profiles = std::mem::take(&mut reading.profiles);
    let (tunnels, remarks) = wgquick::at_boot(sources.root, &reading.wireguard, &credentials);
    warnings.extend(remarks);
    profiles.extend(tunnels);
    profiles.extend(keyfiles);
    warnings.splice(0..0, std::mem::take(&mut reading.warnings));
    let hosts_line_left_out = sources.cmdline.is_none() && cmdline::is_the_hosts(sources.root, sources.container);
    let tunnels = profiles.iter().any(|profile| matches!(profile.kind, LinkKind::WireGuard(_)));
    let resolver = if tunnels { resolv_conf::read(sources.root) } else { Default::default() };
    let hosts = hosts::of_endpoints(sources.root, &profiles);
    Gathered { profiles, resolver, hosts, warnings, reading, line, hosts_line_left_out }
}

/// True for a keyfile that an earlier run (or the generator of NetworkManager) made from the command line: the command line
/// is read again, so the file would compete with itself.
fn made_from_command_line(profile: &Profile, run: &Path) -> bool {
    let tagged = profile.user.get(ORIGIN.0).is_some_and(|value| value == ORIGIN.1);
    tagged && matches!(&profile.origin, Origin::File { path, .. } if path.starts_with(run))
}
