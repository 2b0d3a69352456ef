//! Agents to share: one with its pack, and what adds them.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::{Command, Output},
};

use crate::support::{binary, folder, root};

/// A folder with the agent `greet`, and its pack.
pub fn world() -> (tempfile::TempDir, Vec<u8>) {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/cli/add"), here.path());
    let packed = turingbox(here.path(), &["pack", "theirs/greet"]);
    assert!(packed.status.success(), "{}", err(&packed));
    let pack = fs::read(here.path().join("greet.tar")).unwrap();
    (here, pack)
}

pub fn turingbox(here: &Path, arguments: &[&str]) -> Output {
    binary::turingbox(here).args(arguments).output().unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Adds `source`, which has to be refused with `code` and for a reason with `part` in it; nothing is left.
pub fn refused(here: &Path, arguments: &[&str], code: &str, part: &str) {
    let added = turingbox(here, &[&["add"], arguments].concat());
    let said = err(&added);
    assert_eq!(added.status.code(), Some(2), "{said}");
    assert!(said.starts_with(&format!("error[{code}]: ")) && said.contains(part), "{arguments:?}: {said}");
    assert!(!here.join("agents").exists(), "something is left of {arguments:?}");
}

/// Answers, and never stops.
pub fn endless(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    loop {
        out.write_all(&[b' '; 1 << 16])?;
    }
}

pub fn digest(bytes: &[u8]) -> String {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("x"), bytes).unwrap();
    let sum = Command::new("sha256sum").arg(here.path().join("x")).output().unwrap();
    format!("sha256:{}", String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap())
}
