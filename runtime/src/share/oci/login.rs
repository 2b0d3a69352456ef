//! Who asks a registry: names and passwords, as docker and others keep them.

use std::{collections::HashMap, env, io, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::message::Password;
use crate::{diagnostic::Diagnostic, share::source};

/// The largest file of credentials, in bytes.
const MAX_CONFIG: usize = 1 << 20;

/// Where names and passwords are looked for.
pub const HELP: &str = "names and passwords are those in `auths` of docker's config.json, in DOCKER_CONFIG or else in \
    .docker of the home folder; programs that keep them (`credsStore`) are not asked";

/// What is used of the file.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: HashMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    auth: String,
}

/// The credentials for a registry, if there are some.
///
/// # Ambient Authority
///
/// Reads docker's configuration.
///
/// # Errors
///
/// When it can't be read. What is in it is in no message.
pub fn find(host: &str) -> Result<Option<Password>, Diagnostic> {
    let folder = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else { return Ok(None) };
    let wrong = |why: &str| Diagnostic::error("bad-login", format!("`{}` can't be used: {why}", path.display()));
    let bytes = match source::read(&path, MAX_CONFIG) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    of(&bytes, host).map_err(wrong)
}

fn of(config: &[u8], host: &str) -> Result<Option<Password>, &'static str> {
    let Config { auths } = serde_json::from_slice(config).map_err(|_| "it is not docker's config.json")?;
    // Where Docker's own registry is, by which its password is kept.
    let host = if host == "docker.io" { "index.docker.io" } else { host };
    let is_for = |key: &str| {
        let key = key.trim_start_matches("https://").trim_start_matches("http://");
        key.split('/').next() == Some(host)
    };
    let Some((_, found)) = auths.iter().find(|(key, found)| is_for(key) && !found.auth.is_empty()) else {
        return Ok(None);
    };
    let decoded = STANDARD.decode(&found.auth).map_err(|_| "the `auth` of the registry is not Base64")?;
    let none = "the `auth` of the registry is not a name and a password";
    let (user, password) = std::str::from_utf8(&decoded).ok().and_then(|text| text.split_once(':')).ok_or(none)?;
    Ok(Some(Password { user: user.to_owned(), password: password.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_for_its_registry_alone() {
        let config = br#"{"auths": {"https://r.example/v1/": {"auth": "dTpw"}, "localhost:5000": {"auth": "YTpi"},
            "https://index.docker.io/v1/": {"auth": "ZDpo"}, "odd.example": {"auth": "eA=="}, "worse.example": {"auth": "?"}, "empty.example": {}}, "credsStore": "x"}"#;
        let found =
            |host: &str| of(config, host).map(|login| login.map(|login| format!("{}+{}", login.user, login.password)));
        assert_eq!(found("r.example"), Ok(Some("u+p".into())));
        assert_eq!(found("localhost:5000"), Ok(Some("a+b".into())));
        assert_eq!(found("docker.io"), Ok(Some("d+h".into())));
        for host in ["localhost", "evil.r.example", "r.example:443", "empty.example", ""] {
            assert_eq!(found(host), Ok(None), "{host}");
        }
        assert!(of("odd.example").is_err() && of("worse.example").is_err());
        assert!(of(br#"{"auths": []}"#, "r.example").is_err());
        assert_eq!(format!("{:?}", of(config, "r.example")), "Ok(Some(Password(…)))");
    }
}
