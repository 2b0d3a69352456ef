//! What is taken out of a wheel.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::{
    diagnostic::Diagnostic,
    packages::{BOUNDS, MAX_WHEEL, zip},
};

/// The ends of names of native code.
const NATIVE: [&str; 5] = [".so", ".pyd", ".dylib", ".dll", ".a"];

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
        if NATIVE.iter().any(|end| place.ends_with(end) || place.contains(&format!("{end}."))) {
            return Err(wrong("native-package", format!("it has native code, `{name}`")));
        }
        let contents = zip::unpack(&bytes, &entry).map_err(|why| wrong("bad-wheel", format!("`{name}`: {why}")))?;
        if files.insert(place.to_owned(), contents).is_some() {
            return Err(wrong("bad-wheel", format!("`{place}` comes twice in it")));
        }
    }
    Ok(Wheel { file, sha256, files })
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
        ] {
            assert_eq!(wheel(file, names).err().unwrap().code, code, "{file} {names:?}");
        }
    }
}
