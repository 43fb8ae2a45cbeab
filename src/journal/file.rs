//! The file: appended to before each change, begun anew in another boot or another network namespace.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::{Entry, Sign, Undo};

/// Where the journal is, and the files it keeps.
pub const FOLDER: &str = "/run/sunup";

/// A journal is at most so long; ten thousand routes make 2 MB.
const LONGEST: u64 = 64 << 20;

/// The first line, up to what tells this boot and this network namespace from others.
const HEAD: &str = "sunup-journal 1 ";

/// Ends a line of which a killed run, or a full disk, left a part, so that no part of an entry is read as one.
const CUT: &str = " cut off\n";

/// The journal, to be written to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    head: String,
    /// What must stand in it before the first new entry: entries of a former boot that still hold.
    carried: String,
    /// Signs aside, what it says already: `IFINDEX OBJECT ` of values that were changed, in words of the file.
    known: HashSet<String>,
    file: Option<File>,
    /// What must stand before the next entries.
    before: String,
    /// What could not be written yet.
    owed: String,
}

impl Journal {
    /// The journal below `root`. Nothing is written before the first entry.
    pub fn open(root: &Path) -> Self {
        let path = path(root);
        let head = head();
        let mut journal = Self {
            path,
            head,
            carried: String::new(),
            known: HashSet::new(),
            file: None,
            before: String::new(),
            owed: String::new(),
        };
        let Ok(text) = read_text(&journal.path) else { return journal };
        if is_of(&text, &journal.head) {
            journal.know(&text);
        } else {
            // Another boot, or another namespace: what was there of the network is gone. Files are not.
            let files = text.lines().filter_map(Entry::parse).filter(|entry| is_of_a_file(&entry.undo));
            journal.carried = files.map(|entry| Entry { ifindex: 0, ..entry }.to_line()).collect();
            let carried = journal.carried.clone();
            journal.know(&carried);
            let _ = fs::remove_file(&journal.path);
        }
        journal
    }

    /// Takes note of what is about to be changed. Where nothing can be written, the change is made all the same, and it is tried
    /// again with the next note.
    pub fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            let line = entry.to_line();
            let fresh = entry.sign != Sign::Changed || self.known.insert(subject(&line).to_owned());
            // What was written where is told again when it differs.
            if fresh {
                self.owed.push_str(&line);
            }
        }
        if let Err(error) = self.write_owed() {
            log::debug!("{}: {error}", self.path.display());
        }
    }

    /// Writes what could not be written before: an error if `sunup down` will not know of it.
    pub fn write_owed(&mut self) -> io::Result<()> {
        if self.owed.is_empty() {
            return Ok(());
        }
        self.append()?;
        self.owed.clear();
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if the former value of this object has been noted.
    pub fn knows(&self, entry: &Entry) -> bool {
        self.known.contains(subject(&entry.to_line()))
    }

    fn know(&mut self, text: &str) {
        self.known.extend(text.lines().filter(|line| line.starts_with('=')).map(|line| subject(line).to_owned()));
    }

    /// Appends what is owed.
    fn append(&mut self) -> io::Result<()> {
        let mut file = self.file.take().map_or_else(|| self.begin(), Ok)?;
        let written = file.write_all([self.before.as_str(), &self.owed].concat().as_bytes());
        match written {
            Ok(()) => self.before.clear(),
            Err(_) if self.before.starts_with(HEAD) => file.set_len(0)?,
            Err(_) => self.before = CUT.to_owned(),
        }
        self.file = Some(file);
        written
    }

    fn begin(&mut self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        }
        let file = self.appending()?;
        let new = file.metadata()?.len() == 0;
        self.before = if new { format!("{}{}", self.head, self.carried) } else { CUT.to_owned() };
        Ok(file)
    }

    /// The file, opened to append; what is not a file of ours is removed first.
    fn appending(&self) -> io::Result<File> {
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits();
        let open = || OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(&self.path);
        match open() {
            Ok(file) if file.metadata()?.is_file() => Ok(file),
            _ => {
                fs::remove_file(&self.path)?;
                open()
            }
        }
    }
}

/// Everything the journal below `root` says, in order; the kernel's part only if it is of this boot and network namespace. An
/// empty list where there is none; what is damaged is passed over. An error if there may be one that cannot be read now.
pub fn read(root: &Path) -> io::Result<Vec<Entry>> {
    let none = [Errno::ENOENT, Errno::ENOTDIR, Errno::ELOOP, Errno::ENXIO];
    let text = match read_text(&path(root)) {
        Err(error) if error.raw_os_error().is_none_or(|errno| none.contains(&Errno::from_raw(errno))) => String::new(),
        other => other?,
    };
    let ours = is_of(&text, &head());
    let entries = text.lines().filter_map(Entry::parse);
    Ok(entries.filter(|entry| ours || is_of_a_file(&entry.undo)).collect())
}

/// Writes these entries in the place of all others; without any, removes the journal.
pub fn replace(root: &Path, entries: &[Entry]) -> io::Result<()> {
    let path = path(root);
    if entries.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let beside = path.with_file_name(".journal.sunup");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let lines: String = entries.iter().map(Entry::to_line).collect();
    file.write_all(format!("{}{lines}", head()).as_bytes())?;
    fs::rename(&beside, &path)
}

fn path(root: &Path) -> PathBuf {
    root.join(FOLDER.trim_start_matches('/')).join("journal")
}

fn is_of_a_file(undo: &Undo) -> bool {
    matches!(undo, Undo::File(_) | Undo::Directory | Undo::Wrote(_))
}

/// `IFINDEX OBJECT ` of a line; for a sum of contents, with the sum.
fn subject(line: &str) -> &str {
    let rest = line.get(2..).unwrap_or_default().trim_end_matches('\n');
    let mut spaces = rest.match_indices(' ').map(|(at, _)| at);
    let end = spaces.nth(1).unwrap_or(rest.len());
    let whole = rest.get(end..).is_some_and(|how| how.starts_with(" wrote "));
    if whole { rest } else { rest.get(..end).unwrap_or_default() }
}

/// True if the journal begins with this head. What /proc did not tell, then or now, makes no difference.
fn is_of(text: &str, head: &str) -> bool {
    let Some(first) = text.lines().next().and_then(|line| line.strip_prefix(HEAD)) else { return false };
    let parts = |text: &str| text.split_once(' ').map(|(boot, namespace)| (boot.to_owned(), namespace.to_owned()));
    let (Some(there), Some(here)) = (parts(first), head.strip_prefix(HEAD).and_then(|text| parts(text.trim_end())))
    else {
        return false;
    };
    let alike = |there: &str, here: &str, unknown: &str| there == here || there == unknown || here == unknown;
    alike(&there.0, &here.0, "") && alike(&there.1, &here.1, "0")
}

/// The first line: this boot, and this network namespace by its number.
fn head() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::metadata("/proc/self/ns/net").map_or(0, |meta| meta.ino());
    format!("{HEAD}{} {namespace}\n", boot.trim())
}

/// The text of a regular file; a link, a FIFO and a giant are refused. What a write was cut off in has no end of line, and is
/// left out.
fn read_text(path: &Path) -> io::Result<String> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() > LONGEST {
        return Err(io::Error::other("is not a journal"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at.saturating_add(1));
    bytes.truncate(whole);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
