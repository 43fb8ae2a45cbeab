//! Files as they were: noted before they are written, given back by `sunup down`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::libc;

use super::file::{self, Stale, StateFile, Umask, below};
use crate::journal::{self, Entry, FOLDER, Former, Journal, Undo, sum};

/// What is larger is not kept: no such file has anything to do with the network.
const LARGEST: u64 = 4 << 20;

/// Where the former contents of a file are kept, below [`FOLDER`].
const SAVED: &str = "saved";

/// Notes what is at the paths now, and what will be: before the files are written.
pub(super) fn note(root: &Path, files: &[Stale], journal: &mut Journal) {
    let (mut entries, mut seen) = (Vec::new(), Vec::new());
    for stale in files.iter().filter(|stale| !stale.is_foreign()) {
        let (file, object) = (stale.file, stale.file.path.display().to_string());
        if !seen.contains(&file.path.parent()) {
            seen.push(file.path.parent());
            let folders = missing_folders(root, &file.path).into_iter();
            entries.extend(folders.map(|folder| Entry::changed(0, folder.display().to_string(), Undo::Directory)));
        }
        let mut entry = Entry::changed(file.link, object.clone(), Undo::File(Former::Absent));
        if !journal.knows(&entry) {
            match if stale.absent { Ok(Former::Absent) } else { former(root, &stale.path) } {
                Ok(former) => {
                    entry.undo = Undo::File(former);
                    entries.push(entry);
                }
                // Without an entry, 'sunup down' leaves alone what is there then.
                Err(error) => {
                    let path = stale.path.display();
                    log::warn!("{path}: what is replaced there cannot be kept for 'sunup down': {error}");
                }
            }
        }
        entries.push(Entry::changed(file.link, object, Undo::Wrote(sum(&file.contents))));
    }
    journal.note(&entries);
}

/// Folders that will be made, the outermost first. The journal's own is made by the journal.
fn missing_folders(root: &Path, path: &Path) -> Vec<PathBuf> {
    let missing = |folder: &&Path| *folder != Path::new("/") && !below(root, folder).exists();
    let mut folders: Vec<PathBuf> = path.ancestors().skip(1).take_while(missing).map(Path::to_owned).collect();
    folders.reverse();
    folders
}

/// What is at the path; its contents are kept. What is no file, or a giant, counts as absent.
fn former(root: &Path, path: &Path) -> io::Result<Former> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Former::Absent),
        other => other?,
    };
    if meta.file_type().is_symlink() {
        return Ok(Former::Link(fs::read_link(path)?.display().to_string()));
    }
    let name = format!("{:x}", sum(path.as_os_str().as_encoded_bytes()));
    match keep(root, path, &name) {
        Ok(()) => Ok(Former::Saved(name)),
        Err(error) if error.raw_os_error().is_some() => Err(error),
        Err(error) => {
            log::debug!("{}: its contents cannot be kept: {error}", path.display());
            Ok(Former::Absent)
        }
    }
}

fn keep(root: &Path, path: &Path, name: &str) -> io::Result<()> {
    let (mode, contents) = contents(path)?;
    let kept = saved(root, name);
    DirBuilder::new().recursive(true).mode(0o700).create(kept.parent().unwrap_or(root))?;
    file::replace(&kept, &StateFile { mode, ..StateFile::private(&kept, contents) })
}

/// Mode and contents of a regular file.
fn contents(path: &Path) -> io::Result<(u32, Vec<u8>)> {
    let file = OpenOptions::new().read(true).custom_flags(file::nofollow()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(io::Error::other("not a regular file of reasonable size"));
    }
    let mut contents = Vec::new();
    file.take(LARGEST).read_to_end(&mut contents)?;
    Ok((meta.permissions().mode() & 0o7777, contents))
}

/// A name that is a sum in hexadecimal leads nowhere else.
fn saved(root: &Path, name: &str) -> PathBuf {
    let harmless = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    below(root, Path::new(FOLDER)).join(SAVED).join(if harmless { name } else { "none" })
}

/// Gives files back what they were, the last one first. Answers what could not be: index and reason. A file that somebody else has
/// written since is left alone.
pub fn restore(root: &Path, entries: &[Entry]) -> Vec<(usize, super::file::StateError)> {
    let _umask = Umask::usual();
    let mut failures = Vec::new();
    for (index, entry) in entries.iter().enumerate().rev() {
        let logical = Path::new(&entry.object);
        // What is read from a file is not believed: nothing outside of the root is touched.
        let plain = logical.components().all(|part| !matches!(part, std::path::Component::ParentDir));
        if !logical.is_absolute() || !plain {
            continue;
        }
        let path = below(root, logical);
        let done = match &entry.undo {
            Undo::File(former) => restore_one(root, &path, entry, former, entries),
            Undo::Directory => {
                let _ = fs::remove_dir(&path);
                Ok(())
            }
            _ => Ok(()),
        };
        failures.extend(done.err().map(|error| (index, super::file::StateError { path, error })));
    }
    failures
}

fn restore_one(root: &Path, path: &Path, entry: &Entry, former: &Former, entries: &[Entry]) -> io::Result<()> {
    let _ = fs::remove_file(file::temporary(path));
    if !is_ours(path, entry, entries)? {
        return Ok(());
    }
    match former {
        Former::Absent => fs::remove_file(path),
        Former::Link(to) => {
            fs::remove_file(path)?;
            std::os::unix::fs::symlink(to, path)
        }
        Former::Saved(name) => {
            let (mode, contents) = contents(&saved(root, name))?;
            let file = StateFile { mode, ..StateFile::public(path, contents) };
            match file::replace(path, &file) {
                Err(error) if file::cannot_take_name(&error) => file::fill(path, &file),
                result => result,
            }
        }
    }
}

/// True if the file has contents that sunup wrote. One that is gone, or is no file, has none; what cannot be read is an error.
fn is_ours(path: &Path, entry: &Entry, entries: &[Entry]) -> io::Result<bool> {
    let contents = match contents(path) {
        Ok((_, contents)) => contents,
        Err(error)
            if error
                .raw_os_error()
                .is_none_or(|number| [libc::ENOENT, libc::ENOTDIR, libc::ELOOP].contains(&number)) =>
        {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let sum = sum(&contents);
    let wrote = |one: &&Entry| one.object == entry.object && one.undo == Undo::Wrote(sum);
    Ok(entries.iter().any(|one| wrote(&one)))
}

/// Writes what is left of the journal; with nothing left, the journal, what it kept and its folder go.
pub fn finish(root: &Path, left: &[Entry]) -> io::Result<()> {
    if left.is_empty() {
        match fs::remove_dir_all(below(root, Path::new(FOLDER)).join(SAVED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    journal::replace(root, left)?;
    if left.is_empty() {
        let _ = fs::remove_dir(below(root, Path::new(FOLDER)));
    }
    Ok(())
}
