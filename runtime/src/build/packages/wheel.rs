//! What is taken out of a wheel.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::{
    diagnostic::Diagnostic,
    packages::{BOUNDS, MAX_WHEEL, zip},
};

/// The ends of names of native code, whatever letters they are written in.
const NATIVE: [&str; 5] = [".so", ".pyd", ".dylib", ".dll", ".a"];

/// How native code begins, whatever it is called: ELF, and Mach-O of either byte order and size.
const MAGIC: [&[u8]; 5] =
    [b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"];

/// How Mach-O for several machines begins, and the most machines that there are: Java's classes begin likewise, and
/// have a larger number there.
const FAT: (&[u8], u32) = (b"\xca\xfe\xba\xbe", 40);

/// One wheel, read.
pub struct Wheel {
    /// The file's name.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// What goes into the archive: the files by their paths.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Reads the wheel at `path`.
///
/// # Errors
///
/// When it is none, or has native code.
pub fn read(path: &Path) -> Result<Wheel, Diagnostic> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let wrong = |code, why: String| Diagnostic::error(code, format!("the wheel `{file}` can't be used: {why}"));
    if !file.ends_with("-none-any.whl") {
        return Err(wrong("native-package", "it is for one kind of machine".into()));
    }
    let size = fs::metadata(path).map_err(|error| wrong("bad-wheel", error.to_string()))?.len();
    if size > MAX_WHEEL {
        return Err(wrong("bad-wheel", format!("it has more than {} MiB", MAX_WHEEL >> 20)));
    }
    let bytes = fs::read(path).map_err(|error| wrong("bad-wheel", error.to_string()))?;
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    let mut files = BTreeMap::new();
    for (name, entry) in zip::read(&bytes, &BOUNDS).map_err(|why| wrong("bad-wheel", why))? {
        let Some(place) = place(&name) else { continue };
        let native = || wrong("native-package", format!("it has native code, `{name}`"));
        if is_called_native(place) {
            return Err(native());
        }
        let contents = zip::unpack(&bytes, &entry).map_err(|why| wrong("bad-wheel", format!("`{name}`: {why}")))?;
        if is_native(&contents) {
            return Err(native());
        }
        if files.insert(place.to_owned(), contents).is_some() {
            return Err(wrong("bad-wheel", format!("`{place}` comes twice in it")));
        }
    }
    Ok(Wheel { file, sha256, files })
}

/// Whether a file is called like native code: a library may have its version behind `.so`.
fn is_called_native(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or(place).to_ascii_lowercase();
    NATIVE.iter().any(|end| name.ends_with(end)) || name.contains(".so.")
}

/// Whether a file is native code: something that a machine's loader takes.
fn is_native(contents: &[u8]) -> bool {
    let number = |at: usize, read: fn([u8; 4]) -> u32| contents.get(at..)?.first_chunk().map(|bytes| read(*bytes));
    let is_fat = contents.starts_with(FAT.0) && number(4, u32::from_be_bytes).is_some_and(|machines| machines < FAT.1);
    // A text may begin with these two letters. Programs of Windows say farther on where they really begin.
    let is_windows = contents.starts_with(b"MZ")
        && number(0x3c, u32::from_le_bytes)
            .and_then(|at| contents.get(usize::try_from(at).ok()?..))
            .is_some_and(|rest| rest.starts_with(b"PE\0\0"));
    is_fat || is_windows || MAGIC.iter().any(|magic| contents.starts_with(magic))
}

/// Where a file of a wheel goes; nowhere, if it is for an installation alone: programs, headers, what runs when
/// Python starts, and what somebody's Python compiled.
fn place(name: &str) -> Option<&str> {
    let (top, rest) = name.split_once('/').unwrap_or((name, ""));
    let place = match top.strip_suffix(".data") {
        Some(_) => rest.strip_prefix("purelib/").or_else(|| rest.strip_prefix("platlib/"))?,
        None => name,
    };
    let compiled = place.ends_with(".pyc") || place.split('/').any(|part| part == "__pycache__");
    (!compiled && !place.ends_with(".pth")).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(file: &str, names: &[&str]) -> Result<Wheel, Diagnostic> {
        let folder = tempfile::tempdir().unwrap();
        let files = names.iter().map(|name| ((*name).to_owned(), b"x".to_vec())).collect();
        fs::write(folder.path().join(file), zip::write(&files).unwrap()).unwrap();
        read(&folder.path().join(file))
    }

    #[test]
    fn what_is_for_an_installation_is_left_out() {
        let names = [
            "a/__init__.py",
            "a/__pycache__/b.cpython-314.pyc",
            "a/c.pyc",
            "a.pth",
            "a-1.data/scripts/a",
            "a-1.data/purelib/b.py",
            "a-1.data/platlib/c/d.py",
            "a-1.data/data/share/x",
            "a-1.dist-info/METADATA",
        ];
        let wheel = wheel("a-1-py3-none-any.whl", &names).unwrap();
        assert_eq!(
            wheel.files.keys().collect::<Vec<_>>(),
            ["a-1.dist-info/METADATA", "a/__init__.py", "b.py", "c/d.py"]
        );
    }

    #[test]
    fn native_code_is_refused() {
        let any = "a-1-py3-none-any.whl";
        for (file, names, code) in [
            (any, &["a/b.so"][..], "native-package"),
            (any, &["a/b.so.1"], "native-package"),
            (any, &["a-1.data/purelib/b.pyd"], "native-package"),
            ("a-1-cp314-cp314-win32.whl", &["a.py"], "native-package"),
            (any, &["a.py", "a-1.data/purelib/a.py"], "bad-wheel"),
            (any, &["../a.py"], "bad-wheel"),
            (any, &["a/b.PYD"], "native-package"),
            (any, &["a/lib.So.1"], "native-package"),
        ] {
            assert_eq!(wheel(file, names).err().unwrap().code, code, "{file} {names:?}");
        }
        assert!(wheel(any, &["a.a.b/c.py", "a.so.d/c.py"]).is_ok(), "folders may be called anything");
    }

    #[test]
    fn native_code_is_known_by_what_is_in_it() {
        let windows = [&b"MZ"[..], &[0; 58], &[64, 0, 0, 0], b"PE\0\0"].concat();
        let fat = b"\xca\xfe\xba\xbe\0\0\0\x02more";
        for native in [b"\x7fELF\x02\x01\x01".as_slice(), b"\xcf\xfa\xed\xfe\x0c\0\0\x01", fat, &windows] {
            assert!(is_native(native), "{native:?}");
        }
        let class = b"\xca\xfe\xba\xbe\0\0\0\x34more";
        for other in [b"".as_slice(), b"MZ", b"ELF", b"\0asm\x01\0\0\0", b"MZ is what this text begins with", class] {
            assert!(!is_native(other), "{other:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let (path, code) = (folder.path().join("a-1-py3-none-any.whl"), b"\x7fELF\x02".to_vec());
        fs::write(&path, zip::write(&[("a/data.bin".to_owned(), code)].into()).unwrap()).unwrap();
        assert_eq!(read(&path).err().unwrap().code, "native-package");
    }
}
