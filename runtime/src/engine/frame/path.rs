//! Where a frame is on the tape.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Frame;

/// The longest path that a frame keeps, in bytes; of a longer one, the middle is left out. Paths
/// grow with every level, and a thousand levels say no more than ten.
const MAX_PATH: usize = 240;

/// Room for what a step adds to it, mostly: a path is made for each step, and isn't to grow bit by bit.
const STEP_ROOM: usize = 32;

impl Frame<'_> {
    /// Where the step under the head is on the tape.
    pub(in crate::engine) fn step_path(&self) -> String {
        self.path_of(self.attempts.made)
    }

    /// Where an attempt at it is.
    pub(super) fn path_of(&self, attempt: u32) -> String {
        let mut path = String::with_capacity(self.path.len() + STEP_ROOM);
        path.push_str(&self.path);
        if !path.is_empty() {
            path.push('.');
        }
        // Writing to a string can't fail.
        let _ = write!(path, "{}", self.head);
        if let Some(id) = self.step().and_then(|step| step.id.as_ref()) {
            let _ = write!(path, ".{id}");
        }
        match self.visits.get(self.head) {
            Some(visits) if *visits > 1 => drop(write!(path, "[{}]", visits - 1)),
            _ => {}
        }
        if attempt > 0 {
            let _ = write!(path, "~{attempt}");
        }
        path
    }
}

/// A path with its middle left out where it is too long: a hash of all of it stands there, so that no two are
/// alike.
pub fn shortened(path: String) -> String {
    const END: usize = MAX_PATH / 3;
    match path.len() {
        length if length > MAX_PATH => {
            let (start, end) = (path.floor_char_boundary(END), path.ceil_char_boundary(length - END));
            let hash: [u8; 32] = Sha256::digest(&path).into();
            let hash = u128::from_be_bytes(hash.first_chunk().copied().unwrap_or_default());
            format!("{}…{hash:032x}…{}", &path[..start], &path[end..])
        }
        _ => path,
    }
}
