//! Work that may nest deeper than a thread's own stack.

use std::io;

/// Runs `work` on a stack of `bytes`, which are reserved and not touched. A panic in it is an error
/// like any other.
///
/// # Errors
///
/// When there is no such thread to be had, or it panicked.
pub(crate) fn on_deep_stack<T: Send>(bytes: usize, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, work)?;
        thread.join().map_err(|_| io::Error::other("what was read made the reader panic"))
    })
}
