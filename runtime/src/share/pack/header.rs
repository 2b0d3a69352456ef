//! The header of one file: POSIX's `ustar`, of which only the path and the size differ.

/// What an archive is made of.
pub const BLOCK: usize = 512;

/// The longest part of a path that stands in the field for names, and the longest before it.
const MAX_NAME: usize = 100;
const MAX_PREFIX: usize = 155;

/// Where the size is: 11 octal digits.
const SIZE: std::ops::Range<usize> = 124..135;

/// Where the sum of all bytes is: 6 octal digits.
const SUM: std::ops::Range<usize> = 148..154;

/// Where the kind of the entry is.
const KIND: usize = 156;

/// Where the name of the format is.
const MAGIC: std::ops::Range<usize> = 257..265;

/// Where what stands before the name is.
const PREFIX: std::ops::Range<usize> = 345..500;

/// A file's path and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The path, in the archive.
    pub path: String,
    /// How many bytes follow.
    pub size: u64,
}

impl Header {
    /// Reads a header that [`Header::write`] could have written.
    ///
    /// # Errors
    ///
    /// Why it couldn't.
    pub fn read(block: &[u8; BLOCK]) -> Result<Self, String> {
        if block[MAGIC] != *b"ustar\x0000" && block[MAGIC] != *b"ustar  \0" {
            return Err("this is no entry of a tar archive".into());
        }
        let path = path(block)?;
        if let Some(kind) = kind(block[KIND]) {
            let shown = path.escape_debug();
            return Err(format!("`{shown}` is {kind}: only files are packed"));
        }
        let digits = std::str::from_utf8(&block[SIZE]).unwrap_or_default();
        let is_octal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let Some(size) = Some(digits).filter(|_| is_octal).and_then(|digits| u64::from_str_radix(digits, 8).ok())
        else {
            return Err(format!("the size of `{}` is no octal number", path.escape_debug()));
        };
        let header = Self { path, size };
        if header.write().as_ref() == Some(block) {
            return Ok(header);
        }
        let shown = header.path.escape_debug();
        let help = "`turingbox pack` writes neither times nor owners, and one form of everything";
        Err(format!("the entry of `{shown}` is not written as in a pack: {help}"))
    }

    /// The header; none, where the path doesn't fit into one.
    pub fn write(&self) -> Option<[u8; BLOCK]> {
        let (prefix, name) = split(&self.path)?;
        let size = format!("{:011o}", self.size);
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, name.as_bytes());
        // The mode; owner and group are root's, since a program that unpacks as somebody else ignores them.
        put(100, b"0000644");
        put(108, b"0000000");
        put(116, b"0000000");
        put(SIZE.start, size.get(..SIZE.len()).filter(|_| size.len() == SIZE.len())?.as_bytes());
        put(136, b"00000000000");
        put(SUM.start, b"        ");
        put(KIND, b"0");
        put(MAGIC.start, b"ustar\x0000");
        put(329, b"0000000");
        put(337, b"0000000");
        put(PREFIX.start, prefix.as_bytes());
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[SUM].copy_from_slice(format!("{sum:06o}").as_bytes());
        block[SUM.end] = 0;
        Some(block)
    }
}

/// The path as two fields: what is before the first slash from which on the rest fits.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= MAX_NAME {
        return Some(("", path));
    }
    let mut slashes = path.match_indices('/').map(|(at, _)| (&path[..at], &path[at + 1..]));
    slashes.find(|(_, name)| name.len() <= MAX_NAME).filter(|(prefix, _)| prefix.len() <= MAX_PREFIX)
}

fn path(block: &[u8; BLOCK]) -> Result<String, String> {
    let field = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes[..end].to_vec()
    };
    let (prefix, name) = (field(&block[PREFIX]), field(&block[..MAX_NAME]));
    let whole = if prefix.is_empty() { name } else { [&prefix[..], b"/", &name].concat() };
    String::from_utf8(whole).map_err(|error| {
        format!("the name `{}` is not UTF-8", String::from_utf8_lossy(error.as_bytes()).escape_debug())
    })
}

/// What an entry is that is no file.
fn kind(flag: u8) -> Option<&'static str> {
    match flag {
        b'0' => None,
        b'1' => Some("a hard link"),
        b'2' => Some("a symbolic link"),
        b'3' | b'4' => Some("a device"),
        b'5' => Some("a folder by itself"),
        b'6' => Some("a pipe"),
        b'S' => Some("a file with holes"),
        b'x' | b'g' | b'L' | b'K' => Some("an extension of the format, which programs read in different ways"),
        _ => Some("of an unknown kind"),
    }
}
