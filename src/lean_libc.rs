//! The C library without its output streams: what its own start-up and memory allocation name of them, in a few lines.
//!
//! In a static binary, GNU's C library brings formatted output, and with it locales, the conversion of character sets, translations of
//! messages, and the loader of shared libraries for those: 320 KB, all of it for what the functions below say more shortly. Nothing of it is
//! ever called: the messages of this program are made by the standard library of Rust. Where a C library names something else of those
//! parts, linking says that one of these symbols is there twice: `--cfg sunup_whole_libc` in RUSTFLAGS then takes it as it is.

#![allow(unsafe_code, reason = "names of the C library")]

use std::ffi::{CStr, c_char, c_int, c_uint};

/// The text for an error number, in the caller's buffer.
#[unsafe(no_mangle)]
extern "C" fn __strerror_r(number: c_int, buffer: *mut c_char, size: usize) -> *mut c_char {
    let text = nix::errno::Errno::from_raw(number).desc();
    let length = text.len().min(size.saturating_sub(1));
    if size > 0 {
        // SAFETY: the caller gives a buffer of `size` bytes; `length` and the zero at the end fit into it, and into the text.
        unsafe {
            buffer.copy_from_nonoverlapping(text.as_ptr().cast(), length);
            buffer.add(length).write(0);
        }
    }
    buffer
}

/// The C library found its own memory damaged.
#[unsafe(no_mangle)]
extern "C" fn __assert_fail(what: *const c_char, file: *const c_char, line: c_uint, _function: *const c_char) -> ! {
    // SAFETY: both are constants of the C library.
    let (what, file) = unsafe { (CStr::from_ptr(what), CStr::from_ptr(file)) };
    eprintln!("sunup: {}:{line}: not so: {}", file.to_string_lossy(), what.to_string_lossy());
    std::process::abort()
}

/// Only what prints statistics of the heap would use it.
#[unsafe(no_mangle)]
extern "C" fn fprintf() -> c_int {
    -1
}

/// As above.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "its name")]
static stderr: usize = 0;

/// How many heaps are worth having: one, for one thread.
#[unsafe(no_mangle)]
extern "C" fn __get_nprocs() -> c_int {
    1
}

/// Kinds of characters, by locale: nothing that is linked asks for them.
#[unsafe(no_mangle)]
extern "C" fn __ctype_init() {}
