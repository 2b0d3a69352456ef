//! PostgreSQL over TLS: by whom it is trusted, the binary is told in its environment.

use std::{fs, path::Path};

use crate::support::{
    binary,
    postgres::{PASSWORD, Postgres},
    root, server,
};

const POLICY: &str =
    "version = 1\n[[agents.ask.databases]]\nname = \"shop\"\nurl = { env = \"SHOP_URL\" }\ntables = {}\n";

#[test]
fn postgres_is_reached_over_tls() {
    let postgres = Postgres::start_with_tls();
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("policy.toml"), POLICY).unwrap();
    let other = tempfile::tempdir().unwrap();
    server::certificate(other.path());
    let other = other.path().join("authority.pem");
    let behind = |wall: &str, url: &str, authority: Option<&Path>| {
        let mut command = binary::turingbox(place.path());
        command.env("SHOP_URL", url);
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command
            .args(["run", "ask", "--wall", wall, "--policy", "policy.toml", "--agents"])
            .arg(root().join("tests/sql/agents"));
        let output = command.args(["--statements", "[[\"shop\", \"select 1 as one\"]]"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains(PASSWORD), "{said}");
        said
    };
    let run = |url: &str, authority: Option<&Path>| behind("none", url, authority);
    let (authority, url) = (postgres.authority(), postgres.tls_url("owner", "localhost"));
    for wall in ["none", "process"] {
        let got = behind(wall, &url, Some(&authority));
        assert_eq!(got, "[{\"columns\":[\"one\"],\"rows\":[[1]],\"changed\":0}]", "{wall}");
    }
    // A certificate of another authority, of one that this machine doesn't know, and for another name;
    // and no TLS at all.
    let (distrust, refusal) = ("no agreement on TLS or on the log-in", "it refuses the log-in");
    for (url, authority, why) in [
        (&url, Some(&*other), distrust),
        (&url, None, distrust),
        (&postgres.tls_url("owner", "127.0.0.1"), Some(&*authority), distrust),
        (&url.replace("require", "disable"), Some(&*authority), refusal),
    ] {
        assert_eq!(run(url, authority), format!("[[\"database\",\"the database can't be used: {why}\"]]"));
    }
}
