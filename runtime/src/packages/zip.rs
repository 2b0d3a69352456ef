//! A small reader and writer of ZIP files: what wheels are, and what an agent's packages lie in.
//!
//! It reads from memory, knows the methods "stored" and "deflated", and refuses what two readers could
//! take for two things: a name that comes twice, entries that are encrypted or lie over several disks,
//! and the 64-bit form, which a file of a size that is read here has no use for.

use std::{collections::BTreeMap, ops::Range};

use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const LOCAL_SIZE: usize = 30;
const CENTRAL_SIZE: usize = 46;
const END_SIZE: usize = 22;
/// The longest comment that can follow the end of a directory.
const MAX_COMMENT: usize = u16::MAX as usize;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;
const UTF8: u16 = 1 << 11;
/// The level of compression, of 10: higher ones take several times as long for a percent.
const LEVEL: u8 = 6;
/// The kind of a file in the upper half of its attributes, as Unix has it.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
/// 1 January 1980, the first day that the format knows: what is written has no time of its own.
const NO_DATE: u16 = 1 << 5 | 1;

/// What a reader puts up with.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many entries.
    pub entries: usize,
    /// The longest name, in bytes.
    pub name: usize,
    /// The largest file, unpacked, in bytes.
    pub file: u64,
    /// All files together, unpacked, in bytes.
    pub all: u64,
}

/// One file in an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    method: u16,
    crc: u32,
    /// The size, unpacked, in bytes.
    pub size: u64,
    packed: Range<usize>,
}

/// Reads the directory of an archive: its files by their names. Folders are left out.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn read(bytes: &[u8], bounds: &Bounds) -> Result<BTreeMap<String, Entry>, String> {
    let end = end(bytes).ok_or("it is no ZIP file, or cut off")?;
    let tail = Fields(&bytes[end..]);
    let (disk, count, here) = (tail.u16(4), usize::from(tail.u16(10)), tail.u16(8));
    let (size, start) = (tail.u32(12) as usize, tail.u32(16) as usize);
    if disk != 0 || usize::from(here) != count || count == usize::from(u16::MAX) || start == u32::MAX as usize {
        return Err("it is in parts, or of the 64-bit form, which isn't read here".into());
    }
    if count > bounds.entries {
        return Err(format!("it has more than {} entries", bounds.entries));
    }
    let directory = start.checked_add(size).filter(|stop| *stop <= end).map(|stop| &bytes[start..stop]);
    let mut rest = directory.ok_or("its directory lies outside it")?;
    let (mut files, mut all) = (BTreeMap::new(), 0u64);
    for _ in 0..count {
        let (name, entry, after) = central(bytes, rest, start, bounds)?;
        rest = after;
        let Some(entry) = entry else { continue };
        all = all.saturating_add(entry.size);
        if all > bounds.all {
            return Err(format!("its files have more than {} MiB together", bounds.all >> 20));
        }
        if files.insert(name.to_owned(), entry).is_some() {
            return Err(format!("it has `{}` twice", name.escape_debug()));
        }
    }
    Ok(files)
}

/// The contents of a file in an archive.
///
/// # Errors
///
/// Where they are not what the directory says.
pub fn unpack(bytes: &[u8], entry: &Entry) -> Result<Vec<u8>, String> {
    let packed = bytes.get(entry.packed.clone()).ok_or("it is cut off")?;
    let contents = match entry.method {
        STORED => packed.to_vec(),
        _ => {
            let limit = usize::try_from(entry.size).unwrap_or(usize::MAX);
            decompress_to_vec_with_limit(packed, limit).map_err(|_| "it can't be unpacked")?
        }
    };
    if contents.len() as u64 != entry.size || crc32fast::hash(&contents) != entry.crc {
        return Err("it is not what the archive's directory says: it was changed, or is broken".into());
    }
    Ok(contents)
}

/// Writes an archive: the same bytes for the same files.
///
/// # Errors
///
/// When it is larger than the format allows.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, String> {
    let too_large = |_| "it would be too large for a ZIP file".to_owned();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let at = u32::try_from(out.len()).map_err(too_large)?;
        let packed = compress_to_vec(contents, LEVEL);
        let (method, packed) = if packed.len() < contents.len() { (DEFLATED, &packed) } else { (STORED, contents) };
        let mut head = Vec::new();
        for field in [20, UTF8, method, 0, NO_DATE] {
            head.extend(field.to_le_bytes());
        }
        let sizes = [packed.len(), contents.len()].map(u32::try_from);
        let [packed_size, size] = sizes.map(|size| size.map_err(too_large));
        for field in [crc32fast::hash(contents), packed_size?, size?] {
            head.extend(field.to_le_bytes());
        }
        head.extend(u16::try_from(name.len()).map_err(too_large)?.to_le_bytes());
        head.extend(0u16.to_le_bytes());
        out.extend([LOCAL, &head, name.as_bytes(), packed].concat());
        // Behind the fields of the local header: comment, disk, attributes, and where that header is.
        let more = [&[0; 10][..], &at.to_le_bytes()].concat();
        directory.extend([CENTRAL, &20u16.to_le_bytes(), &head, &more, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).map_err(too_large)?.to_le_bytes();
    let [size, start] = [directory.len(), out.len()].map(u32::try_from);
    let (size, start) = (size.map_err(too_large)?.to_le_bytes(), start.map_err(too_large)?.to_le_bytes());
    out.extend(directory);
    out.extend([END, &[0; 4], &count, &count, &size, &start, &[0; 2]].concat());
    Ok(out)
}

/// Where the end of the directory is: a comment, which may look like anything, can follow it.
fn end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_SIZE)?;
    let first = last.saturating_sub(MAX_COMMENT);
    (first..=last).rev().find(|at| {
        bytes[*at..].starts_with(END) && at + END_SIZE + usize::from(Fields(&bytes[*at..]).u16(20)) == bytes.len()
    })
}

type Central<'a> = (&'a str, Option<Entry>, &'a [u8]);

/// One entry of the directory, which begins at `start`, and what follows it; none for a folder.
fn central<'a>(bytes: &[u8], rest: &'a [u8], start: usize, bounds: &Bounds) -> Result<Central<'a>, String> {
    let broken = || "its directory is broken".to_owned();
    if rest.len() < CENTRAL_SIZE || !rest.starts_with(CENTRAL) {
        return Err(broken());
    }
    let head = Fields(rest);
    let [name_size, extra, comment] = [28, 30, 32].map(|at| usize::from(head.u16(at)));
    let after = rest.get(CENTRAL_SIZE + name_size + extra + comment..).ok_or_else(broken)?;
    let name = std::str::from_utf8(&rest[CENTRAL_SIZE..CENTRAL_SIZE + name_size]);
    let name = name.map_err(|_| "the name of an entry is not UTF-8")?;
    let wrong = |what: &str| Err(format!("`{}` {what}", name.escape_debug()));
    if name.len() > bounds.name || !is_safe(name.strip_suffix('/').unwrap_or(name)) {
        return wrong("is no plain path below a folder");
    }
    let (flags, method, attributes) = (head.u16(8), head.u16(10), head.u32(38));
    if attributes >> 16 & KIND == LINK {
        return wrong("is a link");
    }
    if name.ends_with('/') {
        return Ok((name, None, after));
    }
    if flags & ENCRYPTED != 0 || (method != STORED && method != DEFLATED) {
        return wrong("is encrypted, or packed in a way that isn't read here");
    }
    let (packed, size, local) = (head.u32(20) as usize, u64::from(head.u32(24)), head.u32(42) as usize);
    if size > bounds.file {
        return wrong(&format!("has more than {} MiB", bounds.file >> 20));
    }
    let data = data(bytes, local).filter(|data| data + packed <= start).ok_or_else(broken)?;
    Ok((name, Some(Entry { method, crc: head.u32(16), size, packed: data..data + packed }), after))
}

/// Where the contents begin whose header is at `local`.
fn data(bytes: &[u8], local: usize) -> Option<usize> {
    let head = bytes.get(local..)?.get(..LOCAL_SIZE).filter(|head| head.starts_with(LOCAL))?;
    let head = Fields(head);
    Some(local + LOCAL_SIZE + usize::from(head.u16(26)) + usize::from(head.u16(28)))
}

/// Whether a name can be a path below a folder on every system, and be shown.
fn is_safe(name: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    let odd = |letter: char| letter.is_control() || letter == '\\' || letter == ':';
    name.split('/').all(plain) && !name.contains(odd)
}

/// Numbers in a header, the lowest byte first. Whoever reads them has seen that the header is there.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) | u32::from(self.u16(at + 2)) << 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { entries: 3, name: 20, file: 1 << 20, all: 1 << 20 };

    fn files(names: &[&str]) -> BTreeMap<String, Vec<u8>> {
        names.iter().map(|name| ((*name).to_owned(), name.repeat(9).into_bytes())).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let files = files(&["a/b.py", "c", "d"]);
        let bytes = write(&files).unwrap();
        assert_eq!(bytes, write(&files).unwrap());
        let entries = read(&bytes, &BOUNDS).unwrap();
        for (name, contents) in &files {
            assert_eq!(unpack(&bytes, &entries[name]).unwrap(), *contents);
        }
    }

    #[test]
    fn what_is_odd_is_refused() {
        let refused = |names: &[&str], edit: &dyn Fn(&mut Vec<u8>), bounds: Bounds| {
            let mut bytes = write(&files(names)).unwrap();
            edit(&mut bytes);
            read(&bytes, &bounds).err().unwrap_or_default()
        };
        let as_is = |_: &mut Vec<u8>| {};
        let at = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).rposition(|part| part == what).unwrap();
        for name in ["../a", "/a", "a//b", "a\\b", "c:a", "a\0", "a/../b", "."] {
            assert!(refused(&[name], &as_is, BOUNDS).ends_with("is no plain path below a folder"), "{name}");
        }
        assert_eq!(refused(&["a", "b", "c", "d"], &as_is, BOUNDS), "it has more than 3 entries");
        assert_eq!(refused(&["a"], &as_is, Bounds { file: 8, ..BOUNDS }), "`a` has more than 0 MiB");
        assert_eq!(
            refused(&["a", "b"], &as_is, Bounds { all: 17, ..BOUNDS }),
            "its files have more than 0 MiB together"
        );
        let twice = |bytes: &mut Vec<u8>| {
            let at = at(bytes, b"y1");
            bytes[at + 1] = b'2';
        };
        assert_eq!(refused(&["y1", "y2"], &twice, BOUNDS), "it has `y2` twice");
        let link = |bytes: &mut Vec<u8>| {
            let at = at(bytes, CENTRAL);
            bytes[at + 41] = 0o120_000u32.to_be_bytes()[2];
        };
        assert_eq!(refused(&["a"], &link, BOUNDS), "`a` is a link");
        assert_eq!(refused(&["a"], &|bytes| bytes.truncate(40), BOUNDS), "it is no ZIP file, or cut off");
        let inside = |bytes: &mut Vec<u8>| {
            let at = bytes.len() - 6;
            bytes[at] += 1;
        };
        assert_eq!(refused(&["a"], &inside, BOUNDS), "its directory lies outside it");
    }

    #[test]
    fn a_bomb_or_an_edit_is_found_when_it_is_unpacked() {
        let bytes = write(&BTreeMap::from([("a".to_owned(), vec![0; 1 << 20])])).unwrap();
        let mut entry = read(&bytes, &BOUNDS).unwrap().remove("a").unwrap();
        entry.size = 1 << 10;
        assert_eq!(unpack(&bytes, &entry).unwrap_err(), "it can't be unpacked");
        let mut bytes = write(&files(&["abc"])).unwrap();
        let entry = read(&bytes, &BOUNDS).unwrap().remove("abc").unwrap();
        bytes[entry.packed.start + 3] ^= 1;
        assert!(unpack(&bytes, &entry).is_err());
    }

    #[test]
    fn no_bytes_are_too_odd() {
        let good = write(&files(&["a/b.py", "c"])).unwrap();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                for entry in read(&bytes, &BOUNDS).unwrap_or_default().values() {
                    let _ = unpack(&bytes, entry);
                }
                let _ = read(&bytes[..at], &BOUNDS);
            }
        }
    }
}
