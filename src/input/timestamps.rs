//! When NetworkManager last used each profile: its state file `timestamps`.
//!
//! Between profiles of equal priority the one used last goes first. The daemon takes that from this file alone; a
//! `connection.timestamp` in a keyfile it does not look at (measured with version 1.42).

use std::collections::BTreeMap;
use std::path::Path;

use uuid::Uuid;

use super::file::contents;
use super::keyfile::{Entry, KeyFile};
use crate::profile::{Profile, sort};

/// Where the daemon keeps it, below the root directory.
const FILE: &str = "var/lib/NetworkManager/timestamps";

/// The largest one read: a line of 50 bytes for each profile there ever was.
const LARGEST: u64 = 4 << 20;

/// Gives each profile the time of its last use (seconds since 1970; 0 is never) from the file below `root`. Where there
/// is none, as in an initramfs, the keyfiles' own `connection.timestamp` stands: the best that is known there.
pub fn apply(root: &Path, profiles: &mut [Profile]) {
    let Some(times) = contents(&root.join(FILE), LARGEST).and_then(|text| read(&text)) else { return };
    for profile in profiles {
        profile.timestamp = times.get(&profile.uuid).copied().unwrap_or(0);
    }
}

/// The times by profile; `None` if the text is not such a file. A time that is not a number is left out.
fn read(text: &[u8]) -> Option<BTreeMap<Uuid, u64>> {
    let file = KeyFile::parse(text).ok()?;
    let entries = &file.group("timestamps")?.entries;
    let time = |entry: &Entry| Some((entry.key.parse().ok()?, entry.value.parse().ok()?));
    Some(sort::map(entries.iter().filter_map(time)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{LinkKind, Origin};

    fn profile(digit: u8) -> Profile {
        let origin = Origin::Default { reason: "test".to_owned() };
        Profile { timestamp: 7, ..Profile::new("p", Uuid::from_bytes([digit; 16]), LinkKind::Ethernet, origin) }
    }

    #[test]
    fn the_file_has_the_last_word_where_there_is_one() {
        let root = std::env::temp_dir().join(format!("sunup-timestamps-{}", std::process::id()));
        let mut profiles = [profile(1), profile(2), profile(3)];
        apply(&root, &mut profiles);
        assert_eq!(profiles.each_ref().map(|profile| profile.timestamp), [7, 7, 7]);
        std::fs::create_dir_all(root.join("var/lib/NetworkManager")).unwrap();
        let text = "[timestamps]\n01010101-0101-0101-0101-010101010101=1000\n02020202-0202-0202-0202-020202020202=x\nnoise=1\n";
        std::fs::write(root.join(FILE), text).unwrap();
        apply(&root, &mut profiles);
        assert_eq!(profiles.each_ref().map(|profile| profile.timestamp), [1000, 0, 0]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
