//! One file of an agent's folder: a tar archive in the one form that its files can have.
//!
//! Names are sorted, and nothing is in it but names and contents: no times, owners, modes, links or
//! folders, and no extension of the format. What is written in any other way is no pack. So two programs
//! can't read one in two ways, each folder has one digest, and a signature of the file is one of the folder.

mod gather;
mod header;
mod path;

use std::{collections::HashMap, ops::Range};

use sha2::{Digest, Sha256};

use crate::{agent::MAX_COMPONENT, policy::size_text};
use header::{BLOCK, Header};

/// The largest pack, in bytes. It is held in memory as a whole; a component has at most half of that.
pub const MAX_PACK: usize = 64 << 20;

/// The largest file in a pack, in bytes: nothing larger is loaded of an agent.
const MAX_FILE: u64 = MAX_COMPONENT;

/// The most files in a pack. Each becomes a file on disk, and a person may want to look at them.
pub const MAX_FILES: usize = 10_000;

/// The blocks of zeros that end an archive.
const END: usize = 2 * BLOCK;

/// An agent's files, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    name: String,
    bytes: Vec<u8>,
    /// Each file's path below the agent's folder, and where in `bytes` it is; sorted by path.
    files: Vec<(String, Range<usize>)>,
}

impl Pack {
    /// Reads a pack. Nothing is unpacked: the files stay where they are.
    ///
    /// # Errors
    ///
    /// Why it is none, as a sentence.
    pub fn read(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > MAX_PACK {
            return Err(format!("it is larger than {}", size_text(MAX_PACK as u64)));
        }
        looks_otherwise(&bytes)?;
        let (mut files, mut at) = (Vec::new(), 0);
        let mut names = Names::default();
        while let Some(block) = block(&bytes, at).filter(|block| **block != [0; BLOCK]) {
            let Header { path, size } = Header::read(block).map_err(|why| format!("at byte {at}, {why}"))?;
            let shown = path.escape_debug();
            if files.len() == MAX_FILES {
                return Err(format!("it has more than {MAX_FILES} files"));
            }
            if size > MAX_FILE {
                return Err(format!("`{shown}` is larger than {}", size_text(MAX_FILE)));
            }
            names.add(&path)?;
            let start = at + BLOCK;
            let end = start + usize::try_from(size).map_err(|_| format!("`{shown}` is too large"))?;
            at = end.next_multiple_of(BLOCK);
            let Some(padding) = bytes.get(end..at) else {
                return Err(format!("it ends in the middle of `{shown}`"));
            };
            if padding.iter().any(|byte| *byte != 0) {
                return Err(format!("something is hidden behind `{shown}`"));
            }
            files.push((path, start..end));
        }
        match bytes.get(at..) {
            Some(rest) if rest.len() < END => return Err("it is cut off: its end is missing".into()),
            Some(rest) if rest.len() > END || rest.iter().any(|byte| *byte != 0) => {
                return Err(format!("something is hidden behind its end, at byte {at}"));
            }
            _ => {}
        }
        let name = names.agent()?;
        let below = |(path, place): (String, Range<usize>)| (path[name.len() + 1..].to_owned(), place);
        Ok(Self { files: files.into_iter().map(below).collect(), name, bytes })
    }

    /// Packs files, each with its path below the folder of the agent called `name`.
    ///
    /// # Errors
    ///
    /// Why no pack can be made of them, as a sentence.
    pub fn of(name: &str, mut files: Vec<(String, Vec<u8>)>) -> Result<Self, String> {
        files.sort();
        let mut bytes = Vec::new();
        for (path, content) in &files {
            let path = format!("{name}/{path}");
            let header = Header { size: content.len() as u64, path };
            bytes.extend(header.write().ok_or_else(|| path::too_long(&header.path))?);
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        }
        bytes.resize(bytes.len() + END, 0);
        // Whatever is written can be read.
        Self::read(bytes)
    }

    /// The agent's name: the folder that all files are in.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its SHA-256, as `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> String {
        digest(&self.bytes)
    }

    /// The files: each one's path below the agent's folder, and its bytes.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, place)| (path.as_str(), &self.bytes[place.clone()]))
    }

    /// The bytes of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        let at = self.files.binary_search_by(|(known, _)| known.as_str().cmp(path)).ok()?;
        Some(&self.bytes[self.files[at].1.clone()])
    }
}

/// The SHA-256 of `bytes`, as `sha256:` and hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn block(bytes: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    bytes.get(at..)?.first_chunk()
}

/// Says of files of other kinds what they are.
fn looks_otherwise(bytes: &[u8]) -> Result<(), String> {
    let known: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "compressed (gzip)"),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
        (b"\xfd7zXZ", "compressed (xz)"),
        (b"BZh", "compressed (bzip2)"),
        (b"PK", "a zip archive"),
        (b"\0asm", "WebAssembly"),
        (b"<", "a web page"),
    ];
    match known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, what)) => Err(format!("it is {what}, and no pack: `turingbox pack` makes one of an agent's folder")),
        None => Ok(()),
    }
}

/// The names of an archive, as they are found: each file once, in order, on any file system.
#[derive(Default)]
struct Names {
    last: String,
    /// Each file and folder without the case of its letters, with how it is written and whether it is a file.
    seen: HashMap<String, (String, bool)>,
    has_manifest: bool,
}

impl Names {
    fn add(&mut self, path: &str) -> Result<(), String> {
        let shown = path.escape_debug();
        path::check(path)?;
        if path == self.last {
            return Err(format!("`{shown}` is in it twice"));
        }
        if path < self.last.as_str() {
            return Err(format!("`{shown}` is not where it belongs: names are sorted"));
        }
        let folder = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        if !self.last.is_empty() && folder(&self.last) != folder(path) {
            return Err(format!("`{shown}` is not in the agent's folder `{}`", folder(&self.last)));
        }
        let folders = path.match_indices('/').map(|(end, _)| (&path[..end], false));
        for (part, is_file) in folders.chain([(path, true)]) {
            let known = self.seen.entry(part.to_ascii_lowercase()).or_insert_with(|| (part.to_owned(), is_file));
            match known {
                (written, _) if written != part => {
                    return Err(format!("`{shown}` and `{written}` are one name on some machines"));
                }
                (_, was_file) if *was_file != is_file => return Err(format!("`{part}` is a file and a folder")),
                _ => {}
            }
        }
        self.has_manifest |= path.strip_prefix(&folder(path)) == Some("/agent.toml");
        path.clone_into(&mut self.last);
        Ok(())
    }

    fn agent(self) -> Result<String, String> {
        let name = self.last.split('/').next().unwrap_or_default().to_owned();
        match (self.last.is_empty(), self.has_manifest) {
            (true, _) => Err("there is nothing in it".into()),
            (_, false) => Err(format!("it has no `{name}/agent.toml`")),
            _ => Ok(name),
        }
    }
}

#[cfg(test)]
mod tests;
