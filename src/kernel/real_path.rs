//! Where links of sysfs lead, without asking for every directory on the way: sysfs has no links to links.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// What the symbolic link at `path` leads to; `path` itself where it is a directory.
pub(super) fn real_path(path: &Path) -> Option<PathBuf> {
    let Ok(target) = fs::read_link(path) else { return path.is_dir().then(|| path.to_owned()) };
    let mut real = path.parent()?.to_owned();
    for part in target.components() {
        match part {
            Component::ParentDir => _ = real.pop(),
            // An absolute one begins anew.
            part => real.push(part),
        }
    }
    Some(real)
}
