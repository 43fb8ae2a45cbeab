//! Files as a whole, if they are files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// More than any file of one line has.
pub const SHORT: u64 = 4096;

/// The contents of a regular file of at most `limit` bytes; `None` if there is no such file or it is larger.
pub fn contents(path: &Path, limit: u64) -> Option<Vec<u8>> {
    // Anything but a regular file (a FIFO, say) could block for ever.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(limit.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_up_to_the_limit_are_read() {
        let directory = std::env::temp_dir().join(format!("sunup-contents-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let four = directory.join("4");
        std::fs::write(&four, b"1234").unwrap();
        assert_eq!(contents(&four, 4), Some(b"1234".to_vec()));
        assert_eq!(contents(&four, 3), None);
        assert_eq!(contents(&directory, 4), None);
        assert_eq!(contents(Path::new("/dev/zero"), 4), None);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
