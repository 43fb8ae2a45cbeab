//! Link options of the static binary that goes into an image.

use std::env;
use std::error::Error;
use std::path::Path;

/// Tables for unwinding the stack: 240 KB that nothing reads, as a panic aborts. The compiler cannot leave them out, as long as
/// the standard library that it links brings its own. What the C start-up files bring marks the start and end: 4 bytes.
const WITHOUT_UNWINDING: &str = "SECTIONS { /DISCARD/ : {
    *(EXCLUDE_FILE(*crtbegin*.o *crtend*.o) .eh_frame) *(.gcc_except_table .gcc_except_table.*) *(.comment)
} }
INSERT AFTER .text;
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src/build.rs");
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    // A debug build unwinds; a dynamic one is for trying out, with whatever linker there is.
    if env::var("PROFILE")? != "release" || !features.split(',').any(|feature| feature == "crt-static") {
        return Ok(());
    }
    let script = Path::new(&env::var("OUT_DIR")?).join("without-unwinding.ld");
    std::fs::write(&script, WITHOUT_UNWINDING)?;
    for argument in ["--no-eh-frame-hdr", "--build-id=none", &format!("-T{}", script.display())] {
        println!("cargo:rustc-link-arg-bins=-Wl,{argument}");
    }
    Ok(())
}
