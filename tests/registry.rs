//! Agents in registries: a real one, and ones that lie.

use std::{
    fs,
    process::Command,
    sync::{Arc, Mutex},
};

use base64::Engine;
use serde_json::{Value, json};

use crate::support::{
    binary,
    packs::{digest, endless, err, refused, turingbox, world},
    registry::{PASSWORD, Registry, USER, answering},
    server::reply,
};

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
    let push_to = |reference: &str, config: Option<&str>| {
        let mut command = binary::turingbox(here.path());
        command.args(["push", "theirs/greet", reference]);
        if let Some(config) = config {
            fs::write(here.path().join("config.json"), config).unwrap();
            command.env("DOCKER_CONFIG", here.path());
        }
        command.output().unwrap()
    };
    let push = |config: Option<&str>| push_to(&reference, config);
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
    // Who doesn't ask needn't be told.
    let open = Registry::start(false);
    let pushed = push_to(&format!("oci://{}/acme/greet:1.0", open.host()), Some("broken"));
    assert!(pushed.status.success(), "{}", err(&pushed));
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
    let asked = "GET /token?scope=repository%3Agreet%3Apull&service=it+%26+me ";
    assert!(tokens[0].starts_with(asked), "{}", tokens[0]);
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
        ("wide", b" ".repeat((4 << 20) + 1), "too-large", "larger than 4 MiB"),
    ];
    let served: Vec<_> =
        manifests.iter().map(|(tag, bytes, ..)| (format!("/v2/greet/manifests/{tag} "), bytes.clone())).collect();
    let blob = pack.clone();
    let port = answering(move |head, out| {
        let found = served.iter().find(|(path, _)| head.contains(path.as_str()));
        match found {
            Some((_, bytes)) => reply(out, "200 OK", "", bytes),
            None if head.contains("/blobs/") => reply(out, "200 OK", "", &blob),
            None if head.contains("/manifests/endless ") => endless(out),
            None if head.contains("/manifests/says ") => {
                let body = br#"{"errors":[{"code":"NAME_INVALID","message":"\u001b[31mno such letters"}]}"#;
                reply(out, "400 Bad Request", "", body)
            }
            None => reply(out, "500 Oh no", "", b"<html>"),
        }
    });
    let at = |rest: &str| format!("oci://127.0.0.1:{port}/greet{rest}");
    for (tag, _, code, part) in manifests.iter().filter(|(_, _, code, _)| !code.is_empty()) {
        refused(here.path(), &[&at(&format!(":{tag}"))], code, part);
    }
    refused(here.path(), &[&at(":endless")], "too-large", "larger than 256 MiB");
    refused(
        here.path(),
        &[&at(":says")],
        "not-fetched",
        "can't be fetched: the registry says: \\u{1b}[31mno such letters",
    );
    refused(here.path(), &[&at(":else")], "not-fetched", "the registry answered 500");
    refused(here.path(), &[&at(&format!(":blob@{other}"))], "not-fetched", "500");
    // A manifest that says more bytes than there are is no lie about what they are.
    assert!(turingbox(here.path(), &["add", &at(":short")]).status.success());
}

/// Neither a pack nor who asks goes to another machine where others can read it.
#[test]
fn a_registry_does_not_lead_into_the_clear() {
    let (here, pack) = world();
    let honest = manifest(&pack, &digest(&pack));
    let port = answering(move |head, out| {
        let place = |name: &str| format!("location: http://example.invalid/{name}?pass=secret-1\r\n");
        match head.split(' ').nth(1).unwrap_or_default() {
            path if path.contains("/manifests/") => reply(out, "200 OK", "", &honest),
            path if path.ends_with("/uploads/") => reply(out, "202 Accepted", &place("upload"), b""),
            path if path.contains("/blobs/") && head.starts_with("HEAD") => reply(out, "404 Not Found", "", b""),
            path if path.contains("/blobs/") => reply(out, "307 Temporary Redirect", &place("blob"), b""),
            _ => reply(out, "200 OK", "", b""),
        }
    });
    let reference = format!("oci://127.0.0.1:{port}/greet:1");
    refused(here.path(), &[&reference], "bad-redirect", "leads to where nothing is encrypted");
    let pushed = err(&turingbox(here.path(), &["push", "theirs/greet", &reference]));
    assert!(pushed.starts_with("error[bad-redirect]: ") && !pushed.contains("secret-1"), "{pushed}");
    let port = answering(|_, out| {
        let realm = "www-authenticate: Bearer realm=\"http://example.invalid/token\",service=\"s\"\r\n";
        reply(out, "401 Unauthorized", realm, b"")
    });
    let reference = format!("oci://127.0.0.1:{port}/greet:1");
    refused(here.path(), &[&reference], "bad-redirect", "leads to where nothing is encrypted");
}

/// What makes the crate that asks registries give up, or take all the memory that there is, ends its process alone.
#[test]
fn a_registry_ends_only_who_asks_it() {
    let (here, pack) = world();
    let honest = manifest(&pack, &digest(&pack));
    let port = answering(move |head, out| match head.split(' ').nth(1).unwrap_or_default() {
        path if path.contains("/manifests/") => reply(out, "200 OK", "", &honest),
        path if path.ends_with("/uploads/") => reply(out, "202 Accepted", "location: ::::\r\n", b""),
        path if path.contains("/blobs/") && head.starts_with("HEAD") => reply(out, "404 Not Found", "", b""),
        path if path.contains("/blobs/") => {
            reply(out, "307 Temporary Redirect", &format!("location: {path}?pass=secret-1\r\n"), b"")
        }
        _ => reply(out, "200 OK", "", b""),
    });
    let reference = format!("oci://127.0.0.1:{port}/greet:1");
    refused(here.path(), &[&reference], "not-fetched", "can't be fetched: too many redirects");
    let pushed = err(&turingbox(here.path(), &["push", "theirs/greet", &reference]));
    assert!(pushed.starts_with("error[not-pushed]: ") && pushed.contains("nothing can be made of"), "{pushed}");
}

#[test]
fn a_token_that_is_none_is_not_sent() {
    const ENDLESS: &[u8] = b"endless";
    let (here, _) = world();
    let no_token: [(&str, &'static [u8], &str, &str); 5] = [
        ("200 OK", br#"{"token":"a\nb: c"}"#, "not-fetched", "nothing can be made of what the registry answered"),
        ("200 OK", br#"{"tokens":[]}"#, "not-logged-in", "its tokens: the answer has none"),
        ("200 OK", b"\x1b[31m", "not-logged-in", "its tokens: the answer has none"),
        ("403 Forbidden", b"\x1b[31mno", "not-logged-in", "its tokens: who makes them gave none"),
        ("200 OK", ENDLESS, "too-large", "what the registry answers is larger than 256 MiB"),
    ];
    for (status, token, code, part) in no_token {
        let port = answering(move |head, out| {
            let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            if !head.starts_with("GET /token") {
                let asks = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"\r\n");
                return reply(out, "401 Unauthorized", &asks, b"");
            }
            if token == ENDLESS { endless(out) } else { reply(out, status, "", token) }
        });
        refused(here.path(), &[&format!("oci://127.0.0.1:{port}/greet:1")], code, part);
    }
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
    fs::write(here.path().join("manifest"), &honest).unwrap();
    let sum = Command::new("sha512sum").arg(here.path().join("manifest")).output().unwrap();
    let other = format!("sha512:{}", String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap());
    let said = [("right", right), ("wrong", wrong.clone()), ("other", other), ("none", "sha512:00".into())];
    let port =
        answering(move |head, out| match said.iter().find(|(tag, _)| head.contains(&format!("/manifests/{tag} "))) {
            Some((_, digest)) => reply(out, "200 OK", &format!("docker-content-digest: {digest}\r\n"), &honest),
            None => reply(out, "200 OK", "", &pack),
        });
    let at = |tag: &str| format!("oci://127.0.0.1:{port}/greet:{tag}");
    refused(here.path(), &[&at("wrong")], "wrong-digest", &wrong);
    refused(here.path(), &[&at("none")], "wrong-digest", "for sha512:00");
    for tag in ["right", "other"] {
        let added = turingbox(here.path(), &["add", &at(tag), "--dry-run"]);
        assert!(added.status.success(), "{tag}: {}", err(&added));
    }
}
