use super::*;

/// An archive of these entries, in this order: path, contents, and what is done with the header.
type Entry<'a> = (&'a str, &'a [u8], fn(&mut [u8; BLOCK]));

fn as_it_is(_: &mut [u8; BLOCK]) {}

fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, content, change) in entries {
        let mut block = Header { path: (*path).into(), size: content.len() as u64 }.write().unwrap();
        change(&mut block);
        sum(&mut block);
        bytes.extend(block);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + END, 0);
    bytes
}

/// Makes the sum of a header right again.
fn sum(block: &mut [u8; BLOCK]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn why(entries: &[Entry<'_>]) -> String {
    Pack::read(archive(entries)).unwrap_err()
}

/// Why nobody reads a pack with a file at `path`.
fn why_path(path: &str) -> String {
    why(&[(path, b"", as_it_is)])
}

#[test]
fn what_is_packed_is_what_was_there() {
    let long = format!("{}/{}.txt", "f".repeat(90), "n".repeat(90));
    let files = [("main.py", "def main(): ..."), ("cases/a/agent.toml", ""), ("agent.toml", "x"), (&long, "long")];
    let files: Vec<_> = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into();
    let pack = Pack::of("shout", files.clone()).unwrap();
    let mut other = files.clone();
    other.reverse();
    assert_eq!(pack, Pack::of("shout", other).unwrap(), "the order of what is packed means nothing");
    assert_eq!(pack, Pack::read(pack.bytes().to_vec()).unwrap());
    let mut sorted = files;
    sorted.sort();
    assert_eq!(pack.name(), "shout");
    assert!(pack.files().eq(sorted.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))));
    assert_eq!(pack.file("agent.toml"), Some(&b"x"[..]));
    assert_eq!(pack.file("agent"), None);
    assert_eq!(pack.digest(), format!("sha256:{:x}", Sha256::digest(pack.bytes())));
}

#[test]
fn a_byte_more_or_less_is_no_pack() {
    let whole = archive(&[("a/agent.toml", b"kind", as_it_is)]);
    assert!(Pack::read(whole.clone()).is_ok());
    for length in 0..whole.len() {
        assert!(Pack::read(whole[..length].to_vec()).is_err(), "cut off at {length}");
    }
    for more in [1, BLOCK, 10 * BLOCK] {
        assert!(Pack::read([&whole[..], &vec![0; more]].concat()).unwrap_err().contains("hidden behind its end"));
    }
    let content = BLOCK..BLOCK + 4;
    for at in (0..whole.len()).filter(|at| !content.contains(at)) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(Pack::read(changed).is_err(), "byte {at} may be anything");
    }
}

#[test]
fn only_files_are_packed() {
    for (flag, what) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'5', "a folder by itself"),
        (b'6', "a pipe"),
        (b'S', "a file with holes"),
        (b'x', "an extension of the format"),
        (b'g', "an extension of the format"),
        (b'L', "an extension of the format"),
        (b'\0', "of an unknown kind"),
    ] {
        let mut bytes = archive(&[("a/agent.toml", b"", as_it_is)]);
        let block: &mut [u8; BLOCK] = bytes.first_chunk_mut().unwrap();
        block[156] = flag;
        block[157..168].copy_from_slice(b"/etc/passwd");
        sum(block);
        assert!(Pack::read(bytes).unwrap_err().contains(what), "{what}");
    }
}

#[test]
fn a_path_stays_in_its_folder_and_is_one_everywhere() {
    for (path, expected) in [
        ("/etc/passwd", "absolute"),
        ("a/../../etc/passwd", "`..`"),
        ("a/./b", "`.`"),
        ("a//b", "an empty name"),
        ("a/b/", "an empty name"),
        ("../b", "is in no folder that is called as an agent can be"),
        ("agent.toml", "is in no folder"),
        ("a", "is in no folder: all files are in the agent's"),
        ("cases/agent.toml", "is in no folder that is called"),
        ("a/.git/hooks/pre-commit", "a hidden name"),
        ("a/target/debug/a", "a folder `target`, which is left out of packs"),
        ("a/cases/b/target/c", "a folder `target`"),
        ("a/b\\c", "not every machine takes, `\\\\`"),
        ("a/b\nc", "not every machine takes, `\\n`"),
        ("a/b\u{1b}[2J", "not every machine takes"),
        ("a/c:", "not every machine takes, `:`"),
        ("a/\u{202e}txt.exe", "can be written in more than one way, `\\u{202e}`"),
        ("a/naïve", "can be written in more than one way"),
        ("a/b.", "a dot or a space at its end"),
        ("a/b/agent.toml", "is another agent"),
        ("a/a.tar", "is a pack of the agent itself"),
        ("a/a.tar.minisig", "or its signature"),
        ("a/library.toml", "is a file of a library"),
        ("a/agents.lock", "is a file of a library"),
    ] {
        let why = why_path(path);
        assert!(why.contains(expected), "{path:?}: {why}");
    }
    let deep = format!("a/{}f", "d/".repeat(16));
    assert!(why_path(&deep).contains("16 folders deep"));
    let mut bytes = archive(&[("a/agent.toml", b"", as_it_is)]);
    bytes[2] = 0xff;
    sum(bytes.first_chunk_mut().unwrap());
    assert!(Pack::read(bytes).unwrap_err().contains("is not UTF-8"));
    let mut bytes = archive(&[("a/agent.toml", b"", as_it_is)]);
    bytes[20] = b'x';
    sum(bytes.first_chunk_mut().unwrap());
    assert!(Pack::read(bytes).unwrap_err().contains("not written as in a pack"), "nothing hides behind a NUL");
}

#[test]
fn each_file_is_there_once() {
    for (paths, expected) in [
        (["a/agent.toml", "a/agent.toml"], "twice"),
        (["a/b", "a/agent.toml"], "sorted"),
        (["a/agent.toml", "b/agent.toml"], "not in the agent's folder `a`"),
        (["a/Main.py", "a/main.py"], "one name on some machines"),
        (["a/X/1", "a/x/2"], "one name on some machines"),
        (["a/x", "a/x/y"], "a file and a folder"),
        (["a/x", "a/y"], "no `a/agent.toml`"),
    ] {
        let why = why(&paths.map(|path| (path, &b""[..], as_it_is as fn(&mut [u8; BLOCK]))));
        assert!(why.contains(expected), "{paths:?}: {why}");
    }
    assert!(Pack::read(vec![0; END]).unwrap_err().contains("nothing in it"));
}

#[test]
fn what_is_written_otherwise_is_no_pack() {
    let changes: [fn(&mut [u8; BLOCK]); 6] = [
        |block| block[106] = b'5',
        |block| block[114] = b'1',
        |block| block[146] = b'1',
        |block| block[265] = b'r',
        |block| block[511] = 1,
        |block| block[257..265].copy_from_slice(b"ustar  \0"),
    ];
    for change in changes {
        assert!(why(&[("a/agent.toml", b"", change)]).contains("not written as in a pack"));
    }
    let old: fn(&mut [u8; BLOCK]) = |block| block[257..265].fill(0);
    assert!(why(&[("a/agent.toml", b"", old)]).contains("no entry of a tar archive"));
    let octal: fn(&mut [u8; BLOCK]) = |block| block[130] = b'9';
    assert!(why(&[("a/agent.toml", b"", octal)]).contains("no octal number"));
    let base256: fn(&mut [u8; BLOCK]) = |block| block[124] = 0x80;
    assert!(why(&[("a/agent.toml", b"", base256)]).contains("no octal number"));
    for (bytes, what) in
        [(&b"\x1f\x8b\x08"[..], "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"PK\x03\x04", "zip"), (b"<!doctype", "web")]
    {
        assert!(Pack::read(bytes.to_vec()).unwrap_err().contains(what));
    }
}

#[test]
fn nothing_is_larger_than_it_may_be() {
    let huge: fn(&mut [u8; BLOCK]) = |block| block[124..135].copy_from_slice(b"77777777777");
    assert!(why(&[("a/agent.toml", b"", huge)]).contains("larger than 32 MiB"));
    let more: fn(&mut [u8; BLOCK]) = |block| block[124..135].copy_from_slice(b"00010000000");
    assert!(why(&[("a/agent.toml", b"", more)]).contains("ends in the middle"));
    assert!(Pack::read(vec![0; MAX_PACK + 1]).unwrap_err().contains("larger than 64 MiB"));
    let names: Vec<_> = (0..100_000).map(|number| format!("a/agent{number:06}")).collect();
    let many: Vec<Entry<'_>> = names.iter().map(|name| (name.as_str(), &b""[..], as_it_is as fn(&mut _))).collect();
    assert!(why(&many).contains("more than 10000 files"));
    let many = (0..MAX_FILES + 1).map(|number| (format!("f{number}"), Vec::new())).collect();
    assert!(Pack::of("a", many).unwrap_err().contains("more than 10000 files"));
    let long = vec![(format!("{}/x", "f".repeat(200)), Vec::new()), ("agent.toml".into(), Vec::new())];
    assert!(Pack::of("a", long).unwrap_err().contains("at most 255 bytes"));
}

#[cfg(feature = "host")]
#[test]
fn a_folder_is_packed_without_what_is_not_its_own() {
    let here = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = here.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let dir = || cap_std::fs::Dir::open_ambient_dir(here.path(), cap_std::ambient_authority()).unwrap();
    write("agent.toml", "kind");
    write("cases/a/case.toml", "x");
    let pack = Pack::of_folder("shout", &dir()).unwrap();
    write("target/debug/junk", "junk");
    write("cases/a/target/junk", "junk");
    write(".git/config", "junk");
    write(".hidden", "junk");
    assert_eq!(pack, Pack::of_folder("shout", &dir()).unwrap());
    assert_eq!(pack.files().map(|(path, _)| path).collect::<Vec<_>>(), ["agent.toml", "cases/a/case.toml"]);
    std::os::unix::fs::symlink("/etc/passwd", here.path().join("link")).unwrap();
    assert!(Pack::of_folder("shout", &dir()).unwrap_err().contains("`link` is a symbolic link"));
    std::fs::remove_file(here.path().join("link")).unwrap();
}

#[test]
fn devices_of_windows_are_no_names() {
    for path in ["a/CON", "a/aux.txt", "a/Nul .md", "a/b/com9.tar.gz/c", "a/lpt1", "a/CONIN$", "con/agent.toml"] {
        assert!(why_path(path).contains("which is a device on Windows"), "{path}");
    }
    for path in ["a/CONSOLE", "a/com0", "a/com10", "a/lpt", "a/x.nul"] {
        assert!(!why_path(path).contains("Windows"), "{path}");
    }
}
