//! Agents from elsewhere: web servers, honest ones and others. Registries are in `registry.rs`.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::support::{
    binary, folder,
    packs::{digest, endless, err, refused, turingbox, world},
    registry::answering,
    root,
    server::reply,
};

#[test]
fn a_server_that_is_slow_is_left() {
    let (here, _) = world();
    let port = answering(|head, out| {
        if head.contains("/silent") {
            thread::sleep(Duration::from_secs(60));
        }
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n")?;
        loop {
            out.write_all(b"x")?;
            out.flush()?;
            thread::sleep(Duration::from_millis(100));
        }
    });
    for source in [
        format!("http://127.0.0.1:{port}/silent"),
        format!("http://127.0.0.1:{port}/drop-by-drop"),
        format!("oci://127.0.0.1:{port}/silent:1"),
    ] {
        let began = Instant::now();
        refused(here.path(), &[&source, "--timeout", "1"], "too-slow", "it took more than 1s");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_web_server_gives_a_pack_and_its_signature() {
    let (here, pack) = world();
    let (served, signature) = (pack.clone(), "no signature");
    let port = answering(move |head, out| {
        let target = head.split(' ').nth(1).unwrap_or_default();
        match target.split('?').next().unwrap_or_default() {
            "/greet.tar" | "/signed.tar" => reply(out, "200 OK", "", &served),
            "/signed.tar.minisig" => reply(out, "200 OK", "", signature.as_bytes()),
            "/long.tar.minisig" => reply(out, "200 OK", "", &[b'x'; 5000]),
            "/long.tar" => reply(out, "200 OK", "", &served),
            "/moved.tar" => reply(out, "302 Found", "location: /greet.tar\r\n", b""),
            "/a/beside.tar" => reply(out, "302 Found", "location: ../moved.tar\r\n", b""),
            "/a/b/far.tar" => reply(out, "307 Temporary Redirect", "location: ../beside.tar?page=2\r\n", b""),
            "/whose.tar" => reply(out, "302 Found", "location: //example.invalid/greet.tar\r\n", b""),
            "/round" => reply(out, "302 Found", "location: /round\r\n", b""),
            "/away" => reply(out, "302 Found", "location: http://example.invalid/greet.tar\r\n", b""),
            "/nowhere" => reply(out, "302 Found", "", b""),
            "/page" => reply(out, "200 OK", "", b"<!doctype html>"),
            "/endless" => endless(out),
            "/broken" => out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nhalf"),
            "/nonsense" => out.write_all(b"hello\r\n\r\n"),
            _ => reply(out, "404 Not Found", "", b""),
        }
    });
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    refused(here.path(), &[&at("/signed.tar")], "bad-signature", "this is no signature of minisign");
    refused(here.path(), &[&at("/long.tar")], "too-large", "larger than 4 KiB");
    refused(here.path(), &[&at("/round")], "bad-redirect", "leads on more than 5 times");
    refused(here.path(), &[&at("/away")], "not-encrypted", "`http` is for this machine");
    refused(here.path(), &[&at("/whose.tar")], "not-encrypted", "`http` is for this machine");
    refused(here.path(), &[&at("/nowhere")], "bad-redirect", "it has no `location`");
    refused(here.path(), &[&at("/page")], "bad-pack", "it is a web page");
    refused(here.path(), &[&at("/endless")], "too-large", "larger than 64 MiB");
    refused(here.path(), &[&at("/broken")], "not-fetched", "");
    refused(here.path(), &[&at("/nonsense")], "not-fetched", "");
    refused(here.path(), &[&at("/gone")], "not-fetched", "it answered 404 Not Found");
    refused(here.path(), &["http://127.0.0.1:1/greet.tar"], "not-fetched", "Connection refused");
    refused(here.path(), &["http://example.invalid/greet.tar"], "not-encrypted", "`http` is for this machine");
    let other = digest(b"another");
    refused(here.path(), &[&at("/greet.tar"), "--digest", &other], "wrong-digest", &other);
    let relative = turingbox(here.path(), &["add", &at("/a/b/far.tar"), "--digest", &digest(&pack), "--dry-run"]);
    assert!(relative.status.success(), "{}", err(&relative));
    // What is in the query may be somebody's pass.
    let added = turingbox(here.path(), &["add", &at("/moved.tar?pass=secret-1"), "--digest", &digest(&pack)]);
    assert!(added.status.success(), "{}", err(&added));
    let lock = fs::read_to_string(here.path().join("agents/agents.lock")).unwrap();
    assert!(lock.contains(&at("/moved.tar\"")) && !lock.contains("secret-1"), "{lock}");
    assert!(!String::from_utf8_lossy(&added.stdout).contains("secret-1"));
}

/// Each writes what it adds into the one lock file, and none loses what another wrote.
#[test]
fn agents_that_are_added_at_once_are_all_locked() {
    const AGENTS: usize = 12;
    let here = tempfile::tempdir().unwrap();
    for agent in 0..AGENTS {
        let folder = here.path().join(format!("theirs/greet_{agent}"));
        folder::copy(&root().join("tests/cli/add/theirs/greet"), &folder);
    }
    let add = |agent| binary::turingbox(here.path()).args(["add", &format!("theirs/greet_{agent}")]).spawn().unwrap();
    let running: Vec<_> = (0..AGENTS).map(add).collect();
    for child in running {
        let added = child.wait_with_output().unwrap();
        assert!(added.status.success(), "{}", err(&added));
    }
    let lock = fs::read_to_string(here.path().join("agents/agents.lock")).unwrap();
    let lost: Vec<_> = (0..AGENTS).filter(|agent| !lock.contains(&format!("community/greet_{agent}\""))).collect();
    assert!(lost.is_empty(), "{lost:?} are lost: {lock}");
    assert!(turingbox(here.path(), &["check", "--locked"]).status.success());
}
