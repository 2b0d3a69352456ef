//! Where a frame is on the tape.

use sha2::{Digest, Sha256};

/// The longest path that a frame keeps, in bytes; of a longer one, the middle is left out. Paths
/// grow with every level, and a thousand levels say no more than ten.
const MAX_PATH: usize = 240;

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
