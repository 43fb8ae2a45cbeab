//! The shells, and a room for what they run.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shells that initramfs images have: name, and how each is called.
pub(crate) const SHELLS: [(&str, &[&str]); 4] =
    [("dash", &["dash"]), ("bash", &["bash"]), ("busybox sh", &["busybox", "sh"]), ("mksh", &["mksh"])];

/// A directory of a test's own, below the target directory.
pub(crate) fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dracut-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A file of this test.
pub(crate) fn file_here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dracut").join(name)
}

/// dracut's own scripts, fetched when they are not there yet.
pub(crate) fn dracut_scripts() -> PathBuf {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dracut-scripts");
    let status = Command::new(file_here("fetch")).arg(&into).status().unwrap();
    assert!(status.success(), "the packages of dracut cannot be downloaded");
    into
}

/// Puts an executable script into `directory`.
pub(crate) fn program(directory: &Path, name: &str, text: &str) {
    fs::create_dir_all(directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What the room has of its own.
const PRIVATE: [&str; 4] = ["/run", "/etc", "/tmp", "/var/lib"];

/// Makes the room: /tmp is `$1`, the others are throw-away copies. `$KEEP0` and `$KEEP1` stay visible though they lie below one of them.
const ROOM: &str = "set -e; mount --make-rprivate /; mount -t tmpfs room /mnt; \
    cp -a /etc /mnt/etc 2>/dev/null || :; mount --bind /mnt/etc /etc; \
    keep() { [ -z \"$2\" ] || { mkdir \"/mnt/$1\"; mount --rbind \"$2\" \"/mnt/$1\"; }; }; \
    back() { [ -z \"$2\" ] || { mkdir -p \"$2\"; mount --move \"/mnt/$1\" \"$2\"; }; }; \
    keep 0 \"$KEEP0\"; keep 1 \"$KEEP1\"; \
    mount -t tmpfs room /run; mount -t tmpfs room /var/lib; : >\"$1/kmsg\"; mount --bind \"$1/kmsg\" /dev/kmsg; \
    mount --bind \"$1\" /tmp; back 0 \"$KEEP0\"; back 1 \"$KEEP1\"; shift; exec \"$@\"";

/// Runs `shell SCRIPT ARGUMENTS` in a mount namespace where /tmp is `tmp`, and /run, /etc and /var/lib are throw-away copies.
pub(crate) fn run_in_room(shell: &[&str], tmp: &Path, script: &Path, arguments: &[&Path]) -> std::process::Output {
    let mut command = Command::new("timeout");
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    command.args(["1800", "unshare", "--mount", "--net"]).args((!root).then_some("--map-root-user"));
    for (name, path) in [("KEEP0", env!("CARGO_MANIFEST_DIR")), ("KEEP1", env!("CARGO_TARGET_TMPDIR"))] {
        let covered = PRIVATE.into_iter().any(|one| Path::new(path).starts_with(one));
        command.env(name, if covered { path } else { "" });
    }
    command.args(["sh", "-c", ROOM, "sh"]).arg(tmp).args(shell).arg(script);
    command.args(arguments).output().unwrap()
}
