//! What Rust's standard library asks of WASI in every program, even one that reaches for nothing: where to write
//! why it panicked, whether a backtrace is wanted, how to end. Answered here, it is asked of nobody, and the
//! component imports nothing.
//!
//! The names are those by which wasi-libc imports these functions (`__wasilibc_real.c`); a program's own
//! definition stands before an import. What else of WASI a program uses stays an import.

/// `EBADF`: there is no such file. The standard library takes it as a terminal that nobody looks at.
const NO_SUCH_FILE: i32 = 8;

/// The last of the standard streams.
const STDERR: i32 = 2;

/// A stream is written to in vain. A file ends the call: it was opened by an import, and would stay empty.
#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_fd_write(descriptor: i32, _: i32, _: i32, _: i32) -> i32 {
    match descriptor {
        ..=STDERR => NO_SUCH_FILE,
        _ => core::arch::wasm32::unreachable(),
    }
}

/// No variables.
///
/// # Safety
///
/// wasi-libc calls it, with two places of its own.
#[unsafe(no_mangle)]
unsafe extern "C" fn __imported_wasi_snapshot_preview1_environ_sizes_get(count: *mut usize, size: *mut usize) -> i32 {
    // SAFETY: both are places of the caller's.
    unsafe {
        *count = 0;
        *size = 0;
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_environ_get(_: i32, _: i32) -> i32 {
    0
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_proc_exit(_: i32) -> ! {
    core::arch::wasm32::unreachable()
}
