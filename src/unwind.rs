//! No unwinding: what the standard library wants of the C compiler's library for it, answered once and for all.
//!
//! A panic aborts and the tables are not linked (`src/build.rs`), so walking the stack would find no frame anyway. Saying so here lets the
//! linker see that the reader of debug information behind it is never needed: 190 KB less. The shapes are those of the C++ ABI
//! for Itanium ("Exception Handling", section 1), which all of Linux follows.

#![allow(unsafe_code, reason = "names of the C library")]

use std::ffi::{c_int, c_void};

/// `_URC_END_OF_STACK`: there is no frame.
const END_OF_STACK: c_int = 5;

/// Walks no frame.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(
    _each: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
    _argument: *mut c_void,
) -> c_int {
    END_OF_STACK
}

/// Functions that only a frame could lead to.
macro_rules! never_called {
    ($($name:ident($($argument:ty),*) -> $answer:ty;)*) => {
        $(#[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> $answer {
            std::process::abort()
        })*
    };
}

never_called! {
    _Unwind_DeleteException(*mut c_void) -> ();
    _Unwind_FindEnclosingFunction(*mut c_void) -> *mut c_void;
    _Unwind_GetCFA(*mut c_void) -> usize;
    _Unwind_GetDataRelBase(*mut c_void) -> usize;
    _Unwind_GetGR(*mut c_void, c_int) -> usize;
    _Unwind_GetIP(*mut c_void) -> usize;
    _Unwind_GetIPInfo(*mut c_void, *mut c_int) -> usize;
    _Unwind_GetLanguageSpecificData(*mut c_void) -> *mut c_void;
    _Unwind_GetRegionStart(*mut c_void) -> usize;
    _Unwind_GetTextRelBase(*mut c_void) -> usize;
    _Unwind_RaiseException(*mut c_void) -> c_int;
    _Unwind_Resume(*mut c_void) -> !;
    _Unwind_SetGR(*mut c_void, c_int, usize) -> ();
    _Unwind_SetIP(*mut c_void, usize) -> ();
}
