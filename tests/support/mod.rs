//! What the tests share.

pub mod audit;
pub mod binary;
pub mod collector;
pub mod component;
pub mod folder;
pub mod host;
pub mod marks;
pub mod packs;
pub mod postgres;
pub mod registry;
pub mod server;
pub mod sql;
pub mod transcript;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails with every failure of a suite at once, and when the suite had no case at all: a suite that
/// finds none proves nothing.
pub fn conclude(suite: &str, cases: usize, failures: &[String]) {
    assert!(cases > 0, "{suite} has no cases");
    assert!(failures.is_empty(), "{} of {cases} cases of {suite} failed\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The cases of a suite: what is in `tests/<suite>`, sorted. `TEST_CASE` picks those that have it
/// in their name.
pub fn cases(suite: &str) -> Vec<PathBuf> {
    let wanted = std::env::var("TEST_CASE").unwrap_or_default();
    let mut cases = folder::entries(&root().join("tests").join(suite));
    cases.retain(|case| case.to_string_lossy().contains(&wanted));
    cases
}
