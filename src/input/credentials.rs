//! Secrets that are not in the file that needs them: credentials of systemd, and key files.
//!
//! A credential is a file in `$CREDENTIALS_DIRECTORY` (what the unit was given), else in `/run/credentials/@system` (what the
//! machine was given). Decrypting is left to systemd: `LoadCredentialEncrypted=` in the unit.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::profile::wireguard::{Key, KeyError, wipe};

/// A credential may be no longer.
const LARGEST: u64 = 1 << 20;

/// Neither a symbolic link nor a FIFO is followed or waited for.
const O_NOFOLLOW: i32 = 0o400_000;
const O_NONBLOCK: i32 = 0o4000;

const EXPOSED: &str = "others may read the file, so that its key is no secret; make a new key and 'chmod 600' the file";

/// Where the machine's credentials are, below the root.
const SYSTEM: &str = "run/credentials/@system";

/// Where credentials are that nobody has decrypted.
const ENCRYPTED: [&str; 2] = ["run/credentials/@encrypted", "etc/credstore.encrypted"];

/// Where secrets may come from.
#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    /// Credentials, and files named in the text; without, only the text itself.
    found: Option<&'a Credentials>,
    /// Others may read the text, so that no secret may stand in it.
    exposed: bool,
}

/// The folders of credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    root: PathBuf,
    folders: Vec<PathBuf>,
}

impl Credentials {
    /// The credentials of this process: `directory` is `$CREDENTIALS_DIRECTORY`, `root` stands for `/`.
    pub fn new(root: &Path, directory: Option<&Path>) -> Self {
        let own = directory.map(Path::to_owned);
        Self { root: root.to_owned(), folders: own.into_iter().chain([root.join(SYSTEM)]).collect() }
    }

    /// The contents of a credential; `None` if there is none of that name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(format!("'{}' is no name of a credential", crate::profile::text::one_line(name)));
        }
        for folder in &self.folders {
            match private_file(&folder.join(name)) {
                Err(Unreadable::Missing) => {}
                Err(Unreadable::Refused(why)) => return Err(why),
                Ok(contents) => return Ok(Some(contents)),
            }
        }
        Ok(None)
    }

    /// Credentials whose names begin with `prefix`: what follows it, and the contents.
    pub(super) fn starting_with(&self, prefix: &str) -> Vec<(String, Result<Vec<u8>, String>)> {
        let entries = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        crate::profile::sort::sort(&mut names);
        names.dedup();
        let read = |name: &String| {
            let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())?.to_owned();
            Some((rest, self.read(name).transpose()?))
        };
        names.iter().filter_map(read).collect()
    }
}

impl<'a> Secrets<'a> {
    /// Only from the text itself.
    pub const INLINE: Secrets<'static> = Secrets { found: None, exposed: false };

    /// Also from elsewhere; not from the text itself if others may read that.
    pub fn at_boot(credentials: &'a Credentials, exposed: bool) -> Self {
        Self { found: Some(credentials), exposed }
    }

    /// True if a secret may come from elsewhere.
    pub(super) fn is_boot(self) -> bool {
        self.found.is_some()
    }

    /// A key written as such or, at boot, as `@NAME` of a credential.
    pub(super) fn key(self, text: &str) -> Result<Key, String> {
        match (self.found, text.strip_prefix('@')) {
            (Some(credentials), Some(name)) => self.optional(name)?.ok_or_else(|| missing(credentials, name)),
            _ if self.exposed => Err(EXPOSED.to_owned()),
            _ => text.parse().map_err(|error: KeyError| error.to_string()),
        }
    }

    /// The key in a credential, if there is one.
    pub(super) fn optional(self, name: &str) -> Result<Option<Key>, String> {
        let Some(credentials) = self.found else { return Ok(None) };
        let found = credentials.read(name)?;
        found.map(|contents| parse(contents).map_err(|why| format!("credential {name}: {why}"))).transpose()
    }

    /// The key in a file.
    pub(super) fn file(self, path: &str) -> Result<Key, String> {
        let Some(credentials) = self.found else { return Err("only at boot".to_owned()) };
        let path = credentials.root.join(path.trim_start_matches('/'));
        match private_file(&path) {
            Ok(contents) => parse(contents).map_err(|why| format!("{}: {why}", path.display())),
            Err(Unreadable::Refused(why)) => Err(why),
            Err(Unreadable::Missing) => Err(format!("{} does not exist", path.display())),
        }
    }
}

fn missing(credentials: &Credentials, name: &str) -> String {
    let sealed = ENCRYPTED
        .iter()
        .map(|folder| credentials.root.join(folder))
        .find(|folder| folder.join(name).exists() || folder.join(format!("{name}.cred")).exists());
    let help = match sealed {
        Some(folder) => format!(
            "it lies encrypted in {}; let systemd decrypt it with LoadCredentialEncrypted={name} in the unit",
            folder.display()
        ),
        None => "it is neither in $CREDENTIALS_DIRECTORY nor in /run/credentials/@system".to_owned(),
    };
    format!("there is no credential {name}: {help}")
}

/// The key in the contents of a file, with a line end or without. They are overwritten.
fn parse(mut contents: Vec<u8>) -> Result<Key, String> {
    let text = std::str::from_utf8(&contents).map(str::trim_ascii).unwrap_or_default();
    let key = text.parse().map_err(|error: KeyError| error.to_string());
    wipe(&mut contents);
    key
}

enum Unreadable {
    Missing,
    Refused(String),
}

/// A regular file that not everybody may read.
fn private_file(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let refused = |why: &str| Unreadable::Refused(format!("{}: {why}", path.display()));
    let opened = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Unreadable::Missing,
        _ => refused(&error.to_string()),
    })?;
    let meta = file.metadata().map_err(|error| refused(&error.to_string()))?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(refused("not a regular file of at most 1 MiB"));
    }
    if meta.mode() & 0o007 != 0 {
        return Err(refused(EXPOSED));
    }
    let mut contents = Vec::new();
    file.take(LARGEST).read_to_end(&mut contents).map_err(|error| refused(&error.to_string()))?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const KEY: &str = "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk=";

    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sunup-credentials-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join(SYSTEM)).unwrap();
        fs::create_dir_all(root.join("own")).unwrap();
        root
    }

    fn add(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_units_credential_goes_before_the_machines() {
        let root = root("order");
        add(&root.join(SYSTEM).join("a"), &format!("{KEY}\n"), 0o400);
        let credentials = Credentials::new(&root, Some(&root.join("own")));
        let secrets = Secrets::at_boot(&credentials, true);
        assert_eq!(secrets.key("@a").unwrap().to_base64(), KEY);
        add(&root.join("own/a"), "no key", 0o400);
        assert!(secrets.key("@a").unwrap_err().contains("credential a"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_is_missing_open_or_no_name_is_told() {
        let root = root("wrong");
        let credentials = Credentials::new(&root, None);
        let secrets = Secrets::at_boot(&credentials, true);
        assert!(secrets.key("@b").unwrap_err().contains("no credential b"));
        assert!(secrets.key("@../b").unwrap_err().contains("no name"));
        assert!(secrets.key(KEY).unwrap_err().contains("others may read"));
        add(&root.join("open"), KEY, 0o644);
        assert!(secrets.file("/open").unwrap_err().contains("others may read"));
        add(&root.join("key"), KEY, 0o640);
        assert_eq!(secrets.file("/key").unwrap().to_base64(), KEY);
        std::os::unix::fs::symlink("key", root.join("link")).unwrap();
        assert!(secrets.file("/link").is_err() && secrets.file("/none").unwrap_err().contains("does not exist"));
        fs::create_dir_all(root.join(ENCRYPTED[1])).unwrap();
        add(&root.join(ENCRYPTED[1]).join("b.cred"), "x", 0o600);
        assert!(secrets.key("@b").unwrap_err().contains("LoadCredentialEncrypted=b"));
        assert!(Secrets::INLINE.key("@b").is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
