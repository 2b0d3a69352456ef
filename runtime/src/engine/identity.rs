//! What a run has that no other has: its name, and what its randomness is made of.

use std::sync::Arc;

use crate::failure::Failure;

/// A name that no other run has: when it began, and something random.
pub(super) fn run_id() -> Arc<str> {
    use std::{
        hash::{BuildHasher, RandomState},
        time::{SystemTime, UNIX_EPOCH},
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:011x}{:08x}", since.as_millis(), RandomState::new().hash_one(0) >> 32).into()
}

/// What the randomness of a run is made of: the system's.
pub fn fresh_seed() -> Result<[u8; 32], Failure> {
    use rand::{TryRng, rngs::SysRng};
    let mut seed = [0; 32];
    let no_randomness = |error| Failure::host(format_args!("the system gives no randomness: {error}"));
    SysRng.try_fill_bytes(&mut seed).map_err(no_randomness)?;
    Ok(seed)
}
