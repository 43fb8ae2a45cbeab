//! Arguments, command, exit code; and the C entry point, in place of the standard library's.
//!
//! That one also looks for the guard page of the stack in /proc/self/maps: 0.1 ms at every start, and 100 KB of the C library's scanf in a
//! static binary. What it does besides is here: descriptors 0 to 2 are never free, and output is flushed.

#![cfg_attr(not(test), no_main)]
#![allow(unsafe_code, reason = "the C entry point")]

#[cfg(all(panic = "abort", target_env = "gnu", target_feature = "crt-static", not(sunup_whole_libc)))]
mod lean_libc;
#[cfg(all(panic = "abort", any(target_env = "gnu", target_env = "musl"), target_feature = "crt-static"))]
mod unwind;

use std::ffi::{CStr, OsString, c_char, c_int};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::process::ExitCode;

/// Called by the C library with the program's arguments; the answer is the exit code.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    hold_standard_streams();
    let code = match sunup::cli::parse(arguments(count, words).into_iter()) {
        Ok(arguments) => sunup::command::run(arguments),
        Err(early) => early.print(),
    };
    // Who does not read our output to its end has no use for an error either.
    let _ = std::io::stdout().flush();
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).map_or(1, c_int::from)
}

fn arguments(count: c_int, words: *const *const c_char) -> Vec<OsString> {
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: `words` is argv as the kernel made it: so many pointers to strings that end in NUL.
    let word = |at| unsafe { CStr::from_ptr(*words.add(at)) };
    (0..count).map(|at| OsString::from_vec(word(at).to_bytes().to_vec())).collect()
}

/// Opens those of the descriptors 0 to 2 that init has left closed: a socket with such a number would be sent our messages.
fn hold_standard_streams() {
    while let Ok(file) = File::open("/dev/null").or_else(|_| File::open("/")) {
        if file.as_raw_fd() > 2 {
            return;
        }
        std::mem::forget(file);
    }
}
