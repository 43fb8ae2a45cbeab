//! The tunnels of a boot: files that the command line names, those in their folder, and those that are credentials.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{LARGEST, read, read_named};
use crate::input::credentials::{Credentials, Secrets};
use crate::input::gather::ORIGIN;
use crate::profile::wireguard::{WireGuard, wipe};
use crate::profile::{LinkKind, Origin, Profile, Warning};

/// Where files are that are meant for sunup.
const FOLDER: &str = "etc/wireguard/sunup.d";

/// Credentials that are whole files: what follows is the link's name.
const CREDENTIAL: &str = "sunup.wg.";

const O_NONBLOCK: i32 = 0o4000;

/// `rd.wireguard=`: a tunnel that the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The link's name.
    pub name: String,
    /// The file, an absolute path.
    pub path: PathBuf,
    /// The word.
    pub origin: Origin,
}

/// Reads all of them; what is refused is a warning. `root` stands for `/`.
pub fn at_boot(root: &Path, asked: &[Asked], credentials: &Credentials) -> (Vec<Profile>, Vec<Warning>) {
    let (mut profiles, mut warnings) = (Vec::new(), Vec::new());
    for one in asked {
        let path = root.join(one.path.strip_prefix("/").unwrap_or(&one.path));
        let found = contents(&path).and_then(|(mut text, exposed)| {
            let found = read_named(&text, &one.name, &path, &Secrets::at_boot(credentials, exposed));
            wipe(&mut text);
            found.map_err(|error| error.to_string())
        });
        // It is the command line that wants it, so that the boot counts on it.
        let found = found.map(|(profile, remarks)| (Profile { origin: one.origin.clone(), ..profile }, remarks));
        take(found, &one.origin, &mut profiles, &mut warnings);
    }
    for path in files(&root.join(FOLDER)) {
        let found = contents(&path).and_then(|(mut text, exposed)| {
            let found = read(&text, &path, &Secrets::at_boot(credentials, exposed));
            wipe(&mut text);
            found.map_err(|error| error.to_string())
        });
        take(found, &Origin::File { path, line: 0 }, &mut profiles, &mut warnings);
    }
    for (name, text) in credentials.starting_with(CREDENTIAL) {
        let path = Path::new(CREDENTIAL).with_file_name(format!("{CREDENTIAL}{name}"));
        let secrets = Secrets::at_boot(credentials, false);
        let found = text.and_then(|text| read_named(&text, &name, &path, &secrets).map_err(|e| e.to_string()));
        take(found, &Origin::File { path, line: 0 }, &mut profiles, &mut warnings);
    }
    (profiles, warnings)
}

/// Gives tunnels of keyfiles, whose keys an agent should have, those of systemd's names: by `connection.id`, then by the
/// link's name.
pub fn find_keys(profiles: &mut [Profile], credentials: &Credentials) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let secrets = Secrets::at_boot(credentials, false);
    for profile in profiles {
        let names = [Some(profile.id.clone()), profile.interface_name.clone()];
        let LinkKind::WireGuard(link) = &mut profile.kind else { continue };
        for name in names.into_iter().flatten().filter(|name| !name.contains('/')) {
            let found = [find_private(link, &secrets, &name), find_preshared(link, &secrets, &name)];
            warnings.extend(found.into_iter().filter_map(Result::err).map(|why| Warning::new(&profile.origin, why)));
        }
        // 1 and 2: an agent has it, or it is asked for.
        for peer in link.peers.iter().filter(|p| p.preshared_key.is_none() && matches!(p.preshared_key_flags, 1 | 2)) {
            let text = format!(
                "the preshared key of peer {} is nowhere to be had in a boot: it is called without one; write it into the profile, or \
                 for a single peer give the credential network.wireguard.preshared.{}",
                peer.public_key, profile.id
            );
            warnings.push(Warning::new(&profile.origin, text));
        }
    }
    warnings
}

/// The private key of a tunnel that has none, by systemd's name for it.
pub(super) fn find_private(link: &mut WireGuard, secrets: &Secrets<'_>, name: &str) -> Result<(), String> {
    if link.private_key.is_none() {
        link.private_key = secrets.optional(&format!("network.wireguard.private.{name}"))?;
    }
    Ok(())
}

/// The preshared key of the only peer, by a name like that; with several peers it would not say whose it is.
pub(super) fn find_preshared(link: &mut WireGuard, secrets: &Secrets<'_>, name: &str) -> Result<(), String> {
    if let [peer] = link.peers.as_mut_slice()
        && peer.preshared_key.is_none()
        && let Some(key) = secrets.optional(&format!("network.wireguard.preshared.{name}"))?
    {
        peer.preshared_key = Some(key);
        // It is in the file that is handed over, where the profile is one of ours.
        peer.preshared_key_flags = if peer.preshared_key_flags == 4 { 0 } else { peer.preshared_key_flags };
    }
    Ok(())
}

type Found = Result<(Profile, Vec<Warning>), String>;

fn take(found: Found, origin: &Origin, profiles: &mut Vec<Profile>, warnings: &mut Vec<Warning>) {
    match found {
        Ok((mut profile, remarks)) => {
            // What is handed over in /run is not to be read beside the file itself.
            profile.user.insert(ORIGIN.0.to_owned(), ORIGIN.1.to_owned());
            profiles.push(profile);
            warnings.extend(remarks);
        }
        Err(why) => warnings.push(Warning::new(origin, format!("tunnel refused: {why}"))),
    }
}

/// The `*.conf` files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let counts = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "conf");
    let mut paths: Vec<PathBuf> = paths.filter(counts).collect();
    crate::profile::sort::sort(&mut paths);
    paths
}

/// The text of a file, and whether others than its owner may read it.
fn contents(path: &Path) -> Result<(Vec<u8>, bool), String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(told)?;
    let meta = file.metadata().map_err(told)?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(format!("{}: not a regular file of at most 10 MiB", path.display()));
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).map_err(told)?;
    Ok((text, meta.mode() & 0o077 != 0))
}
