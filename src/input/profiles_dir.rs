//! Folders of keyfiles: which files are read, and which are refused, by NetworkManager's rules.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::nmconnection;
use crate::profile::{Origin, Profile, Warning};

/// Where keyfiles are, the folder that wins first: a file hides those of the same name in later ones.
const FOLDERS: [&str; 3] = ["etc", "run", "usr/lib"];

/// No profile is larger.
const LARGEST: u64 = 1 << 20;

/// O_NOFOLLOW is not asked for (administrators link profiles); O_NONBLOCK keeps a FIFO from blocking.
const O_NONBLOCK: i32 = 0o4000;

/// The profiles of one folder, by file name.
pub fn read_directory(folder: &Path) -> (Vec<Profile>, Vec<Warning>) {
    read_files(&files(folder))
}

/// The profiles of `etc`, `run` and `usr/lib` under `NetworkManager/system-connections`, below `root`.
pub fn read_directories(root: &Path) -> (Vec<Profile>, Vec<Warning>) {
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in FOLDERS {
        let hidden = |path: &PathBuf| all.iter().any(|other| other.file_name() == path.file_name());
        let new: Vec<PathBuf> = files(&root.join(folder).join("NetworkManager/system-connections"))
            .into_iter()
            .filter(|path| !hidden(path))
            .collect();
        all.extend(new);
    }
    read_files(&all)
}

/// Adds the profiles that are credentials: `sunup.nmconnection.NAME`.
pub(super) fn from_credentials(
    credentials: &super::credentials::Credentials,
    profiles: &mut Vec<Profile>,
    warnings: &mut Vec<Warning>,
) {
    const PREFIX: &str = "sunup.nmconnection.";
    for (name, text) in credentials.starting_with(PREFIX) {
        let path = PathBuf::from(format!("{name}.nmconnection"));
        match text.and_then(|text| nmconnection::read(&text, &path).map_err(|error| error.to_string())) {
            Ok((profile, remarks)) => {
                profiles.push(profile);
                warnings.extend(remarks);
            }
            Err(why) => {
                let origin = Origin::File { path: PathBuf::from(format!("{PREFIX}{name}")), line: 0 };
                warnings.push(Warning::new(&origin, format!("profile refused: {why}")));
            }
        }
    }
}

/// The `*.nmconnection` files of a folder, by name; hidden files and an editor's backups do not count.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| counts(path)).collect();
    crate::profile::sort::sort(&mut all);
    all
}

fn counts(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".nmconnection").is_some_and(|stem| !stem.is_empty() && !stem.starts_with('.'))
}

fn read_files(paths: &[PathBuf]) -> (Vec<Profile>, Vec<Warning>) {
    let (mut profiles, mut warnings) = (Vec::new(), Vec::new());
    for path in paths {
        let origin = Origin::File { path: path.clone(), line: 0 };
        match read(path) {
            Ok((profile, remarks)) => {
                profiles.push(profile);
                warnings.extend(remarks);
            }
            Err(text) => warnings.push(Warning::new(&origin, format!("profile refused: {text}"))),
        }
    }
    (profiles, warnings)
}

fn read(path: &Path) -> Result<(Profile, Vec<Warning>), String> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(|error| error.to_string())?;
    let meta = file.metadata().map_err(|error| error.to_string())?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err("not a regular file of at most 1 MiB".to_owned());
    }
    if !path.components().any(|part| part.as_os_str() == "lib") {
        permitted(meta.uid(), meta.mode())?;
    }
    // Room for one byte more, so that the end is seen without a further read of a larger piece.
    let mut text = Vec::with_capacity(usize::try_from(meta.len()).map_or(0, |length| length.saturating_add(1)));
    file.take(LARGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
    nmconnection::read(&text, path).map_err(|error| error.to_string())
}

/// A profile may hold secrets: it must be root's (or ours), and closed to everybody else.
fn permitted(owner: u32, mode: u32) -> Result<(), String> {
    let ours = fs::metadata("/proc/self").map(|meta| meta.uid()).unwrap_or(0);
    if owner != 0 && owner != ours {
        return Err(format!("owned by user {owner}; 'chown root' it"));
    }
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(format!("mode {:04o} lets others at it; 'chmod 600' it", mode & 0o7777)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const TEXT: &str = "[connection]\nid=ID\nuuid=11111111-1111-4111-8111-111111111111\ntype=ethernet\n";

    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sunup-profiles-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        root
    }

    fn add(root: &Path, folder: &str, name: &str, id: &str, mode: u32) {
        let folder = root.join(folder).join("NetworkManager/system-connections");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), TEXT.replace("ID", id)).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_folder_hides_the_same_name_in_later_ones() {
        let root = root("order");
        add(&root, "usr/lib", "a.nmconnection", "lib", 0o644);
        add(&root, "usr/lib", "b.nmconnection", "lib-b", 0o644);
        add(&root, "run", "a.nmconnection", "run", 0o600);
        add(&root, "etc", "a.nmconnection", "etc", 0o600);
        let (profiles, warnings) = read_directories(&root);
        let ids: Vec<&str> = profiles.iter().map(|profile| profile.id.as_str()).collect();
        assert_eq!((ids, warnings.len()), (vec!["etc", "lib-b"], 0));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_others_may_read_is_refused_and_named_and_the_rest_is_read() {
        let root = root("modes");
        add(&root, "etc", "open.nmconnection", "open", 0o644);
        add(&root, "etc", "good.nmconnection", "good", 0o600);
        add(&root, "etc", ".hidden.nmconnection", "hidden", 0o600);
        add(&root, "etc", "good.nmconnection~", "backup", 0o600);
        let (profiles, warnings) = read_directories(&root);
        assert_eq!(profiles.iter().map(|profile| profile.id.as_str()).collect::<Vec<_>>(), ["good"]);
        assert!(warnings.len() == 1 && warnings[0].to_string().contains("open.nmconnection"), "{warnings:?}");
        fs::remove_dir_all(root).unwrap();
    }
}
