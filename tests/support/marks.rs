//! What the agent `marks` of `tests/steps` wrote down: `+` where a call of it begins, and `-` where it ends.

use std::{fs, path::Path};

/// How many calls began.
pub fn begun(data: &Path) -> usize {
    fs::read_to_string(data.join("marks")).unwrap_or_default().matches('+').count()
}

/// The most calls that ran at one time. All of them are over.
pub fn at_once(data: &Path) -> usize {
    let marks = fs::read_to_string(data.join("marks")).unwrap();
    let (mut now, mut most) = (0_usize, 0);
    for mark in marks.chars() {
        now = if mark == '+' { now + 1 } else { now - 1 };
        most = most.max(now);
    }
    assert_eq!(now, 0, "{marks}");
    most
}
