//! Folders of keyfiles: which files are read, and which are refused, by NetworkManager's rules.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::nmconnection;
use crate::profile::{Origin, Profile, Warning};

/// Where keyfiles are, the folder that wins first: a file hides those of the same name in later ones.
const FOLDERS: [&str; 3] = ["etc", "run", "usr/lib"];

/// Of several profiles with one uuid in different files, the daemon takes the one in `run`, then `etc`, then `usr/lib`.
const UUID_RANKS: [u8; 3] = [1, 2, 0];

/// No profile is larger.
const LARGEST: u64 = 1 << 20;

/// O_NOFOLLOW is not asked for (administrators link profiles); O_NONBLOCK keeps a FIFO from blocking.
const O_NONBLOCK: i32 = 0o4000;

/// A profile, and what decides between it and another of the same uuid: the greater stays.
struct Loaded {
    profile: Profile,
    rank: (u8, Option<SystemTime>, PathBuf),
}

/// The profiles of one folder, by file name.
pub fn read_directory(folder: &Path) -> (Vec<Profile>, Vec<Warning>) {
    read_files(files(folder).into_iter().map(|path| (path, 0)).collect(), &[])
}

/// The profiles of `etc`, `run` and `usr/lib` under `NetworkManager/system-connections`, below `root`.
pub fn read_directories(root: &Path) -> (Vec<Profile>, Vec<Warning>) {
    let mut all: Vec<(PathBuf, u8)> = Vec::new();
    let mut deleted: Vec<(String, u8)> = Vec::new();
    for (folder, rank) in FOLDERS.into_iter().zip(UUID_RANKS) {
        let folder = root.join(folder).join("NetworkManager/system-connections");
        let hidden = |path: &PathBuf| all.iter().any(|(other, _)| other.file_name() == path.file_name());
        let new: Vec<PathBuf> = files(&folder).into_iter().filter(|path| !hidden(path)).collect();
        all.extend(new.into_iter().map(|path| (path, rank)));
        if rank > 0 {
            deleted.extend(tombstones(&folder).into_iter().map(|uuid| (uuid, rank)));
        }
    }
    read_files(all, &deleted)
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
    let mut all: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| stem(path, ".nmconnection").is_some())
        .collect();
    crate::profile::sort::sort(&mut all);
    all
}

/// The uuids of profiles that were deleted though their files cannot be: `UUID.nmmeta`, linked to `/dev/null`.
fn tombstones(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let dead = |path: &Path| fs::read_link(path).is_ok_and(|target| target == Path::new("/dev/null"));
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| dead(path))
        .filter_map(|path| stem(&path, ".nmmeta"))
        .collect()
}

/// A file's name without its ending, if it has that ending and is not hidden.
fn stem(path: &Path, ending: &str) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let stem = name.strip_suffix(ending)?;
    (!stem.is_empty() && !stem.starts_with('.')).then(|| stem.to_owned())
}

/// Reads the files, each with the rank of its folder; a profile in `deleted`, or of the uuid of a better one, is left out.
fn read_files(paths: Vec<(PathBuf, u8)>, deleted: &[(String, u8)]) -> (Vec<Profile>, Vec<Warning>) {
    let (mut loaded, mut warnings): (Vec<Loaded>, Vec<Warning>) = (Vec::new(), Vec::new());
    for (path, rank) in paths {
        match read(&path) {
            Ok((profile, remarks)) => {
                let uuid = profile.uuid.to_string();
                if deleted.iter().any(|(dead, by)| *by >= rank && *dead == uuid) {
                    continue;
                }
                warnings.extend(remarks);
                let modified = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
                add(&mut loaded, Loaded { profile, rank: (rank, modified, path) }, &mut warnings);
            }
            Err(text) => {
                let origin = Origin::File { path, line: 0 };
                warnings.push(Warning::new(&origin, format!("profile refused: {text}")));
            }
        }
    }
    (loaded.into_iter().map(|one| one.profile).collect(), warnings)
}

/// Adds a profile, unless there is a better one of the same uuid; takes the place of a worse one.
fn add(loaded: &mut Vec<Loaded>, mut new: Loaded, warnings: &mut Vec<Warning>) {
    let Some(at) = loaded.iter().position(|one| one.profile.uuid == new.profile.uuid) else { return loaded.push(new) };
    if let Some(old) = loaded.get_mut(at).filter(|old| old.rank < new.rank) {
        std::mem::swap(old, &mut new);
    }
    let winner = loaded.get(at).map(|one| one.rank.2.display().to_string()).unwrap_or_default();
    let text = format!("not used: {winner} has the same uuid, {}", new.profile.uuid);
    warnings.push(Warning::new(&Origin::File { path: new.rank.2, line: 0 }, text));
}

fn read(path: &Path) -> Result<(Profile, Vec<Warning>), String> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(|error| error.to_string())?;
    let meta = file.metadata().map_err(|error| error.to_string())?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err("not a regular file of at most 1 MiB".to_owned());
    }
    permitted(meta.uid(), meta.mode())?;
    // Room for one byte more, so that the end is seen without a further read of a larger piece.
    let mut text = Vec::with_capacity(usize::try_from(meta.len()).map_or(0, |length| length.saturating_add(1)));
    file.take(LARGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
    nmconnection::read(&text, path).map_err(|error| error.to_string())
}

/// A profile may hold secrets: it must be root's (or ours), and closed to everybody else, in every folder.
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

    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sunup-profiles-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        root
    }

    fn folder(root: &Path, folder: &str) -> PathBuf {
        let folder = root.join(folder).join("NetworkManager/system-connections");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A file whose profile has this id, and a uuid of this digit.
    fn add(root: &Path, name: &str, id: &str, digit: char, mode: u32) {
        let (place, name) = name.rsplit_once('/').unwrap();
        let path = folder(root, place).join(format!("{name}.nmconnection"));
        let uuid = "11111111-1111-4111-8111-111111111111".replace('1', &digit.to_string());
        fs::write(&path, format!("[connection]\nid={id}\nuuid={uuid}\ntype=ethernet\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn ids(read: &(Vec<Profile>, Vec<Warning>)) -> Vec<&str> {
        read.0.iter().map(|profile| profile.id.as_str()).collect()
    }

    #[test]
    fn the_first_folder_hides_the_same_name_in_later_ones() {
        let root = root("order");
        add(&root, "usr/lib/a", "lib", '1', 0o600);
        add(&root, "usr/lib/b", "lib-b", '2', 0o600);
        add(&root, "run/a", "run", '3', 0o600);
        add(&root, "etc/a", "etc", '4', 0o600);
        let read = read_directories(&root);
        assert_eq!((ids(&read), read.1.len()), (vec!["etc", "lib-b"], 0));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn of_one_uuid_in_several_files_one_is_used_and_the_others_are_named() {
        let root = root("uuid");
        add(&root, "etc/a", "etc", '1', 0o600);
        add(&root, "run/b", "run", '1', 0o600);
        add(&root, "usr/lib/c", "lib", '1', 0o600);
        add(&root, "etc/old", "old", '2', 0o600);
        add(&root, "etc/new", "new", '2', 0o600);
        let old = fs::File::options().write(true).open(folder(&root, "etc").join("old.nmconnection")).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let read = read_directories(&root);
        assert_eq!((ids(&read), read.1.len()), (vec!["run", "new"], 3), "{:?}", read.1);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_was_deleted_is_not_used() {
        let root = root("deleted");
        add(&root, "usr/lib/a", "a", '1', 0o600);
        add(&root, "usr/lib/b", "b", '2', 0o600);
        add(&root, "run/c", "c", '3', 0o600);
        for (place, digit, target) in [("etc", "1", "/dev/null"), ("run", "2", "/elsewhere"), ("etc", "3", "/dev/null")]
        {
            let uuid = "11111111-1111-4111-8111-111111111111".replace('1', digit);
            std::os::unix::fs::symlink(target, folder(&root, place).join(format!("{uuid}.nmmeta"))).unwrap();
        }
        let read = read_directories(&root);
        assert_eq!((ids(&read), read.1.len()), (vec!["c", "b"], 0), "a grave in /etc says nothing about /run");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_others_may_read_is_refused_and_named_and_the_rest_is_read() {
        let root = root("modes");
        add(&root, "etc/open", "open", '1', 0o644);
        add(&root, "usr/lib/open-too", "open", '2', 0o640);
        add(&root, "etc/good", "good", '3', 0o600);
        add(&root, "etc/.hidden", "hidden", '4', 0o600);
        fs::write(folder(&root, "etc").join("good.nmconnection~"), "").unwrap();
        let read = read_directories(&root);
        assert_eq!(ids(&read), ["good"]);
        let named = |name: &str| read.1.iter().any(|warning| warning.to_string().contains(name));
        assert!(read.1.len() == 2 && named("etc") && named("usr/lib"), "{:?}", read.1);
        fs::remove_dir_all(root).unwrap();
    }
}
