//! Where a frame is on the tape.

/// The longest path that a frame keeps, in bytes; of a longer one, the middle is left out. Paths
/// grow with every level, and a thousand levels say no more than ten.
const MAX_PATH: usize = 240;

/// A path with its middle left out where it is too long: a number of all of it stands there, so that no two
/// are alike.
pub fn shortened(path: String) -> String {
    const END: usize = MAX_PATH / 3;
    match path.len() {
        length if length > MAX_PATH => {
            let (start, end) = (path.floor_char_boundary(END), path.ceil_char_boundary(length - END));
            let number = crc32fast::hash(path.as_bytes());
            format!("{}…{number:08x}…{}", &path[..start], &path[end..])
        }
        _ => path,
    }
}
