//! The hooks under every shell that an image may have.

use std::fs;
use std::path::Path;

use crate::shells::{self, SHELLS};

const EXPECTED: &str = "\
-- not needed
finished
-- for a root, two links
waiting
sunup up --dracut
hook initqueue/online eth1
netroot eth1
hook initqueue/online lan@0.5-a_b
netroot lan@0.5-a_b
finished
-- begun beside udev, before it is asked for
sunup up --dracut
begun
hook initqueue/online eth0
netroot eth0
finished
-- with systemd its unit begins it, not the hook; one that died is begun anew
sunup up --dracut
hook initqueue/online eth0
netroot eth0
finished
-- a link came up that leads to no root, then another
sunup up --dracut
hook initqueue/online noroot0
netroot noroot0
sunup up --dracut
hook initqueue/online noroot0
netroot noroot0
hook initqueue/online eth1
netroot eth1
finished
-- nothing came up, then one link did
sunup up --dracut
waiting
sunup up --dracut
hook initqueue/online eth0
netroot eth0
finished
-- nothing ever came up
sunup up --dracut
sunup up --dracut
sunup up --dracut
finished
-- the program cannot be started
sunup up --dracut
finished
";

#[test]
fn the_hooks_do_the_same_under_every_shell() {
    for (name, shell) in SHELLS {
        let tmp = shells::directory(&format!("hooks-{name}").replace(' ', "-"));
        let (bin, hooks) = (tmp.join("bin"), tmp.join("module"));
        shells::program(
            &bin,
            "sunup",
            "echo \"sunup $*\"; cp /tmp/ifaces /tmp/sunup.ifaces 2>/dev/null; read -r code </tmp/code; exit \"$code\"",
        );
        shells::program(&bin, "netroot", "echo \"netroot $*\"; [ \"$1\" != noroot0 ]");
        fs::create_dir(&hooks).unwrap();
        for hook in ["sunup-need.sh", "sunup-start.sh", "sunup-run.sh", "sunup-bring-up.sh"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dracut-module/35sunup").join(hook);
            let text = fs::read_to_string(path).unwrap().replace("/sbin/", "");
            fs::write(hooks.join(hook), text).unwrap();
        }
        shells::program(&bin, "sunup-bring-up", &fs::read_to_string(hooks.join("sunup-bring-up.sh")).unwrap());
        let said = shells::run_in_room(shell, &tmp, &shells::file_here("hooks.sh"), &[Path::new("/tmp/module")]);
        let out = String::from_utf8_lossy(&said.stdout);
        assert_eq!(out, EXPECTED, "{name}: {}", String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success(), "{name}");
        fs::remove_dir_all(tmp).unwrap();
    }
}
