//! One file to leave behind, and the atomic writer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, umask};

use crate::journal::Journal;

/// A file to leave behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    /// Absolute path, below the root that everything is written under.
    pub path: PathBuf,
    /// Permission bits: 0600 where it may hold secrets.
    pub mode: u32,
    /// The whole contents.
    pub contents: Vec<u8>,
    /// How it is written.
    pub write: Write,
    /// The link it is about; 0 for none.
    pub link: u32,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// To a new file that then takes the name: a reader sees the old or the new one.
    Replace,
    /// The same; but where the name cannot be taken (a bind mount, as containers have), into the file that is there. A symbolic
    /// link that leads somewhere is left alone: its owner looks after it.
    ReplaceOrFill,
}

impl StateFile {
    /// A file readable by all.
    pub fn public(path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), mode: 0o644, contents: contents.into(), write: Write::Replace, link: 0 }
    }

    /// A file for root alone.
    pub fn private(path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o600, ..Self::public(path, contents) }
    }
}

impl StateFile {
    /// The same file, about this link.
    pub fn of(self, link: u32) -> Self {
        Self { link, ..self }
    }
}

/// A file could not be written; everything else was.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error} (the network is up; what this file tells others is lost)", path = .path.display())]
pub struct StateError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Writes every file below `root`. One that cannot be written does not keep the others from it. A file that already
/// holds its contents is not touched. What was there before goes into the journal, that of all files at once.
pub fn write(root: &Path, files: &[StateFile], journal: Option<&mut Journal>) -> Vec<StateError> {
    let _umask = Umask::usual();
    let stale: Vec<Stale> = files.iter().filter_map(|file| Stale::find(root, file)).collect();
    if let Some(journal) = journal {
        super::undo::note(root, &stale, journal);
    }
    let failed = |stale: Stale| stale.write().err().map(|error| StateError { path: stale.path, error });
    stale.into_iter().filter_map(failed).collect()
}

/// The journal, if something could not be written to it: `sunup down` will not know of that.
pub fn lost(journal: &mut Journal) -> Option<StateError> {
    let error = journal.write_owed().err()?;
    Some(StateError { path: journal.path().to_owned(), error })
}

/// While it lives, files have the mode they are made with, but for those that others may write to.
pub(super) struct Umask(Mode);

impl Umask {
    const USUAL: u32 = 0o022;

    pub(super) fn usual() -> Self {
        Self(umask(Mode::from_bits_truncate(Self::USUAL)))
    }
}

impl Drop for Umask {
    fn drop(&mut self) {
        umask(self.0);
    }
}

/// A file that does not hold yet what it shall.
pub(super) struct Stale<'a> {
    pub(super) file: &'a StateFile,
    /// Where it is.
    pub(super) path: PathBuf,
    /// True if nothing has the name.
    pub(super) absent: bool,
}

/// No file of ours is larger, but the report.
const LARGEST: u64 = 4 << 20;

/// The text of one of our own files. Symbolic links, FIFOs and giants are refused.
pub fn read(path: &Path) -> io::Result<String> {
    read_up_to(LARGEST, path)
}

/// The same of a file that may have so many bytes.
pub(super) fn read_up_to(largest: u64, path: &Path) -> io::Result<String> {
    let file = OpenOptions::new().read(true).custom_flags(nofollow()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() > largest {
        let why = if meta.is_file() { "is larger than any file of ours" } else { "is not a regular file" };
        return Err(io::Error::other(why));
    }
    let mut text = String::new();
    file.take(largest).read_to_string(&mut text)?;
    Ok(text)
}

/// `path` below `root`.
pub fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

impl<'a> Stale<'a> {
    /// `None` if a regular file of that name has these contents and this mode.
    fn find(root: &Path, file: &'a StateFile) -> Option<Self> {
        let path = below(root, &file.path);
        let there = OpenOptions::new().read(true).custom_flags(nofollow()).open(&path);
        let absent = there.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let holds = there.is_ok_and(|there| holds(there, file));
        (!holds).then_some(Self { file, path, absent })
    }

    /// True if somebody else looks after the file.
    pub(super) fn is_foreign(&self) -> bool {
        self.file.write == Write::ReplaceOrFill && !self.absent && self.path.is_symlink() && self.path.exists()
    }

    fn write(&self) -> io::Result<()> {
        if self.is_foreign() {
            return Err(io::Error::other("is a symbolic link that somebody else looks after: left alone"));
        }
        match self.replace() {
            Err(error) if self.file.write == Write::ReplaceOrFill && cannot_take_name(&error) => {
                fill(&self.path, self.file)
            }
            result => result,
        }
    }

    /// Makes the folder if it is the folder that was missing.
    fn replace(&self) -> io::Result<()> {
        match (replace(&self.path, self.file), self.path.parent()) {
            (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
                fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
                replace(&self.path, self.file)
            }
            (result, _) => result,
        }
    }
}

/// A mount point cannot be renamed over; a folder may be read-only around a writable file.
pub(super) fn cannot_take_name(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::CrossesDevices
    )
}

/// True if it is a regular file with these contents and this mode.
fn holds(mut there: File, file: &StateFile) -> bool {
    let same_shape = there.metadata().is_ok_and(|meta| {
        meta.is_file() && meta.permissions().mode() & 0o7777 == file.mode && meta.len() == file.contents.len() as u64
    });
    let mut contents = Vec::new();
    same_shape && there.read_to_end(&mut contents).is_ok() && contents == file.contents
}

/// No symbolic link is followed, no FIFO is waited for.
pub(super) fn nofollow() -> i32 {
    (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits()
}

/// Writes a new file and gives it the name, under the usual umask. Whatever had the name (a link, a FIFO) is replaced, not followed.
pub(super) fn replace(path: &Path, file: &StateFile) -> io::Result<()> {
    let temporary = temporary(path);
    let result = fresh(&temporary, file.mode).and_then(|mut new| {
        if file.mode & Umask::USUAL != 0 {
            new.set_permissions(fs::Permissions::from_mode(file.mode))?;
        }
        new.write_all(&file.contents)?;
        fs::rename(&temporary, path)
    });
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// A file that was not there before; one left by a run that was killed is removed first.
fn fresh(temporary: &Path, mode: u32) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).create_new(true).mode(mode).custom_flags(nofollow()).open(temporary);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(temporary)?;
            open()
        }
        result => result,
    }
}

/// A hidden name beside `path`: readers of the folder pass hidden names over.
pub(super) fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.sunup"))
}

/// Overwrites the file that is there.
pub(super) fn fill(path: &Path, file: &StateFile) -> io::Result<()> {
    let mut there = OpenOptions::new().write(true).custom_flags(nofollow()).open(path)?;
    if !there.metadata()?.is_file() {
        return Err(io::Error::other("is not a regular file"));
    }
    there.write_all(&file.contents)?;
    there.set_len(file.contents.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("sunup-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn state() -> StateFile {
        StateFile::private("/run/sunup/state", "text\n")
    }

    #[test]
    fn a_file_gets_its_mode_and_contents_and_leaves_nothing_beside_it() {
        let root = Folder::new("write");
        assert!(write(&root.0, &[state()], None).is_empty());
        let path = root.0.join("run/sunup/state");
        assert_eq!(fs::read_to_string(&path).unwrap(), "text\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn equal_contents_are_not_written_again() {
        use std::os::unix::fs::MetadataExt as _;
        let root = Folder::new("again");
        write(&root.0, &[state()], None);
        let inode = || fs::metadata(root.0.join("run/sunup/state")).unwrap().ino();
        let before = inode();
        write(&root.0, &[state()], None);
        assert_eq!(inode(), before);
    }

    #[test]
    fn a_planted_symbolic_link_is_replaced_not_followed() {
        let root = Folder::new("link");
        let victim = root.0.join("victim");
        fs::write(&victim, "precious").unwrap();
        fs::create_dir_all(root.0.join("run/sunup")).unwrap();
        std::os::unix::fs::symlink(&victim, root.0.join("run/sunup/state")).unwrap();
        assert!(write(&root.0, &[state()], None).is_empty());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(!root.0.join("run/sunup/state").is_symlink());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_the_others_are_written() {
        let root = Folder::new("partly");
        fs::write(root.0.join("run"), "a file where a folder should be").unwrap();
        let errors = write(&root.0, &[state(), StateFile::public("/etc/x", "y")], None);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().contains("run/sunup/state"));
        assert!(root.0.join("etc/x").exists());
    }

    #[test]
    fn a_living_link_to_resolv_conf_is_left_alone() {
        let root = Folder::new("resolv");
        fs::create_dir_all(root.0.join("etc")).unwrap();
        fs::write(root.0.join("stub"), "theirs").unwrap();
        std::os::unix::fs::symlink(root.0.join("stub"), root.0.join("etc/resolv.conf")).unwrap();
        let file = StateFile { write: Write::ReplaceOrFill, ..StateFile::public("/etc/resolv.conf", "ours") };
        assert_eq!(write(&root.0, &[file], None).len(), 1);
        assert_eq!(fs::read_to_string(root.0.join("stub")).unwrap(), "theirs");
    }
}
