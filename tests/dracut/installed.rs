//! What `dracut-module/install` puts into place.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::shells;

/// dracut makes no image at all when a module names a file that is not beside it.
#[test]
fn every_file_that_a_module_names_is_installed_beside_it() {
    let place = shells::directory("installed");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("dracut-module/install");
    assert!(Command::new(script).env("DESTDIR", &place).status().unwrap().success());
    let mut named = 0;
    for module in ["35sunup", "39network"] {
        let module = place.join("usr/lib/dracut/modules.d").join(module);
        let text = fs::read_to_string(module.join("module-setup.sh")).unwrap();
        for rest in text.split("\"$moddir/").skip(1) {
            let file = module.join(rest.split('"').next().unwrap());
            assert!(file.is_file(), "{} is not installed", file.display());
            named += 1;
        }
    }
    assert!(named >= 6, "{named} files found in the scripts");
    fs::remove_dir_all(place).unwrap();
}
