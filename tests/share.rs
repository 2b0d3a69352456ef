//! Agents from elsewhere: web servers and registries, honest ones and others.

use std::{
    fs,
    path::Path,
    process::Output,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use base64::Engine;
use serde_json::{Value, json};

use crate::support::{
    binary, folder,
    registry::{PASSWORD, Registry, USER, answering},
    root,
    server::reply,
};

/// A folder with the agent `greet`, and its pack.
fn world() -> (tempfile::TempDir, Vec<u8>) {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/cli/add"), here.path());
    let packed = turingbox(here.path(), &["pack", "theirs/greet"]);
    assert!(packed.status.success(), "{}", err(&packed));
    let pack = fs::read(here.path().join("greet.tar")).unwrap();
    (here, pack)
}

fn turingbox(here: &Path, arguments: &[&str]) -> Output {
    binary::turingbox(here).args(arguments).output().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Adds `source`, which has to be refused with `code` and for a reason with `part` in it; nothing is left.
fn refused(here: &Path, arguments: &[&str], code: &str, part: &str) {
    let added = turingbox(here, &[&["add"], arguments].concat());
    let said = err(&added);
    assert_eq!(added.status.code(), Some(2), "{said}");
    assert!(said.starts_with(&format!("error[{code}]: ")) && said.contains(part), "{arguments:?}: {said}");
    assert!(!here.join("agents").exists(), "something is left of {arguments:?}");
}

fn digest(bytes: &[u8]) -> String {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("x"), bytes).unwrap();
    let sum = std::process::Command::new("sha256sum").arg(here.path().join("x")).output().unwrap();
    format!("sha256:{}", String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap())
}

#[test]
fn what_was_pushed_is_what_is_added() {
    let (here, pack) = world();
    let registry = Registry::start(false);
    let reference = format!("oci://{}/acme/greet:1.0", registry.host());
    for _ in 0..2 {
        // What is there already is not sent again, and is no mistake.
        let pushed = turingbox(here.path(), &["push", "theirs/greet", &reference, "--json"]);
        assert!(pushed.status.success(), "{}", err(&pushed));
        let pushed: Value = serde_json::from_slice(&pushed.stdout).unwrap();
        assert_eq!(pushed["digest"], digest(&pack));
        assert!(pushed["reference"].as_str().unwrap().starts_with(&format!("{reference}@sha256:")));
    }
    let added = turingbox(here.path(), &["add", &reference, "--digest", &digest(&pack), "--json"]);
    assert!(added.status.success(), "{}", err(&added));
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!((&added["digest"], &added["added"]), (&json!(digest(&pack)), &json!(true)));
    let pinned = added["source"].as_str().unwrap();
    let lock = fs::read_to_string(here.path().join("agents/agents.lock")).unwrap();
    assert!(lock.contains(pinned) && pinned.starts_with(&format!("{reference}@sha256:")), "{lock}");
    // By the digest that was written down, whatever becomes of the tag.
    fs::remove_dir_all(here.path().join("agents/community")).unwrap();
    let again = turingbox(here.path(), &["add", pinned]);
    assert!(again.status.success(), "{}", err(&again));
    assert!(turingbox(here.path(), &["check", "--locked"]).status.success());
    fs::remove_dir_all(here.path().join("agents")).unwrap();
    let missing = format!("oci://{}/acme/greet:2.0", registry.host());
    refused(here.path(), &[&missing], "not-fetched", "the registry has nothing of that name");
}

#[test]
fn a_registry_gets_the_password_that_is_for_it() {
    let (here, _) = world();
    let registry = Registry::start(true);
    let reference = format!("oci://{}/acme/greet:1.0", registry.host());
    let push = |config: Option<&str>| {
        let mut command = binary::turingbox(here.path());
        command.args(["push", "theirs/greet", &reference]);
        if let Some(config) = config {
            fs::write(here.path().join("config.json"), config).unwrap();
            command.env("DOCKER_CONFIG", here.path());
        }
        command.output().unwrap()
    };
    let login = |host: &str, password: &str| {
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{password}"));
        json!({ "auths": { host: { "auth": auth } } }).to_string()
    };
    let other = login("127.0.0.1:1", PASSWORD);
    for config in [None, Some(login(&registry.host(), "wrong-word")), Some(other), Some("{}".into())] {
        let pushed = push(config.as_deref());
        let said = err(&pushed);
        assert_eq!(pushed.status.code(), Some(2));
        assert!(said.starts_with("error[not-pushed]: ") && said.contains("doesn't let you"), "{said}");
        assert!(!said.contains("wrong-word"), "{said}");
    }
    let broken = push(Some(r#"{"auths": []}"#));
    assert!(err(&broken).starts_with("error[bad-login]: "), "{}", err(&broken));
    let pushed = push(Some(&login(&registry.host(), PASSWORD)));
    assert!(pushed.status.success(), "{}\n{}", err(&pushed), registry.log());
    let said = format!("{}{}", err(&pushed), String::from_utf8_lossy(&pushed.stdout));
    assert!(!said.contains(PASSWORD) && !said.contains("YWRh"), "{said}");
}

/// Whoever gives tokens is told who asks, and the registry gets the token alone.
#[test]
fn a_token_takes_the_place_of_the_password() {
    let (here, pack) = world();
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let (keeper, manifest) = (seen.clone(), manifest(&pack, &digest(&pack)));
    let port = answering(move |head, out| {
        keeper.lock().unwrap().push(head.to_owned());
        let target = head.split(' ').nth(1).unwrap_or_default();
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        if target.starts_with("/token") {
            return reply(out, "200 OK", "", br#"{"access_token":"TOKEN-1"}"#);
        }
        if !head.contains("authorization: Bearer TOKEN-1") {
            let asks = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"it & me\"\r\n");
            return reply(out, "401 Unauthorized", &asks, b"");
        }
        let body = if target.contains("/manifests/") { manifest.as_slice() } else { &pack };
        reply(out, "200 OK", "", body)
    });
    let config = json!({ "auths": { format!("127.0.0.1:{port}"): { "auth": "YWRhOnBhc3Mtd29yZA==" } } });
    fs::write(here.path().join("config.json"), config.to_string()).unwrap();
    let mut command = binary::turingbox(here.path());
    let added = command.args(["add", &format!("oci://127.0.0.1:{port}/greet:1")]).env("DOCKER_CONFIG", here.path());
    let added = added.output().unwrap();
    assert!(added.status.success(), "{}", err(&added));
    let seen = seen.lock().unwrap();
    let (tokens, others): (Vec<_>, Vec<_>) = seen.iter().partition(|head| head.starts_with("GET /token"));
    assert_eq!(tokens.len(), 1);
    assert!(tokens[0].starts_with("GET /token?service=it%20%26%20me&scope=repository:greet:pull "), "{}", tokens[0]);
    assert!(tokens[0].contains("authorization: Basic YWRhOnBhc3Mtd29yZA=="), "{}", tokens[0]);
    assert!(others.iter().all(|head| !head.contains("Basic")), "{others:?}");
}

/// A manifest that names `pack` by `named`.
fn manifest(pack: &[u8], named: &str) -> Vec<u8> {
    let layer = json!({ "mediaType": "application/vnd.turingbox.agent.v1.tar", "digest": named, "size": pack.len() });
    json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.turingbox.agent.v1",
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2 },
        "layers": [layer],
    })
    .to_string()
    .into_bytes()
}

/// What a registry gives for each tag that lies in a way of its own.
#[test]
fn a_registry_that_lies_is_not_believed() {
    let (here, pack) = world();
    let other = digest(b"another");
    let honest = manifest(&pack, &digest(&pack));
    let changed = |from: &str, to: &str| String::from_utf8(honest.clone()).unwrap().replace(from, to).into_bytes();
    let size = format!("\"size\":{}", pack.len());
    let manifests = [
        ("blob", manifest(&pack, &other), "wrong-digest", "the registry gave sha256:"),
        ("short", changed(&size, "\"size\":5000"), "", ""),
        ("long", changed(&size, "\"size\":1024"), "wrong-digest", "more bytes than its manifest says"),
        ("huge", changed(&size, "\"size\":99999999999"), "too-large", "larger than 64 MiB"),
        ("sha512", changed("sha256:", "sha512:"), "bad-pack", "not SHA-256"),
        ("image", changed("vnd.turingbox.agent.v1\"", "vnd.example\""), "bad-pack", "the image of a container"),
        ("none", changed("agent.v1.tar", "agent.v1.zip"), "bad-pack", "not one pack"),
        ("index", changed("image.manifest", "image.index"), "bad-pack", "of another type"),
        ("text", b"hello".to_vec(), "bad-pack", "none of one thing"),
        ("deep", b"[".repeat(100_000), "bad-pack", "none of one thing"),
    ];
    let served: Vec<_> =
        manifests.iter().map(|(tag, bytes, ..)| (format!("/v2/greet/manifests/{tag} "), bytes.clone())).collect();
    let blob = pack.clone();
    let port = answering(move |head, out| {
        let found = served.iter().find(|(path, _)| head.contains(path.as_str()));
        match found {
            Some((_, bytes)) => reply(out, "200 OK", "", bytes),
            None if head.contains("/blobs/") => reply(out, "200 OK", "", &blob),
            None if head.contains("/manifests/endless ") => {
                out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    out.write_all(&[b' '; 1 << 16])?;
                }
            }
            None => reply(out, "500 Oh no", "", b"<html>"),
        }
    });
    let at = |rest: &str| format!("oci://127.0.0.1:{port}/greet{rest}");
    for (tag, _, code, part) in manifests.iter().filter(|(_, _, code, _)| !code.is_empty()) {
        refused(here.path(), &[&at(&format!(":{tag}"))], code, part);
    }
    refused(here.path(), &[&at(":endless")], "too-large", "larger than 4 MiB");
    refused(here.path(), &[&at(":else")], "not-fetched", "the registry answered 500");
    refused(here.path(), &[&at(&format!(":blob@{other}"))], "not-fetched", "500");
    // A manifest that says more bytes than there are is no lie about what they are.
    assert!(turingbox(here.path(), &["add", &at(":short")]).status.success());
}

#[test]
fn a_manifest_is_the_one_that_was_asked_for() {
    let (here, pack) = world();
    let honest = manifest(&pack, &digest(&pack));
    let port = answering(move |_, out| reply(out, "200 OK", "", &honest));
    let wanted = format!("oci://127.0.0.1:{port}/greet@{}", digest(b"what was meant"));
    refused(here.path(), &[&wanted], "wrong-digest", "the registry gave sha256:");
}

/// A registry that says another digest than that of what comes with it has got something wrong on the way.
#[test]
fn a_manifest_is_the_one_that_comes_with_it() {
    let (here, pack) = world();
    let honest = manifest(&pack, &digest(&pack));
    let (right, wrong) = (digest(&honest), digest(b"what was meant"));
    let said = [("right", right), ("wrong", wrong.clone()), ("other", "sha512:00".into())];
    let port =
        answering(move |head, out| match said.iter().find(|(tag, _)| head.contains(&format!("/manifests/{tag} "))) {
            Some((_, digest)) => reply(out, "200 OK", &format!("docker-content-digest: {digest}\r\n"), &honest),
            None => reply(out, "200 OK", "", &pack),
        });
    let at = |tag: &str| format!("oci://127.0.0.1:{port}/greet:{tag}");
    refused(here.path(), &[&at("wrong")], "wrong-digest", &wrong);
    for tag in ["right", "other"] {
        let added = turingbox(here.path(), &["add", &at(tag), "--dry-run"]);
        assert!(added.status.success(), "{tag}: {}", err(&added));
    }
}

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
            "/endless" => {
                out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    out.write_all(&[0; 1 << 20])?;
                }
            }
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
