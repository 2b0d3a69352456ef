//! Who asks a registry: names and passwords, as docker and others keep them.

use std::{collections::BTreeMap, env, io, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{Reference, message::Password};
use crate::{diagnostic::Diagnostic, source};

/// The largest file of credentials, in bytes.
const MAX_CONFIG: u64 = 1 << 20;

/// Where names and passwords are looked for.
pub const HELP: &str = "names and passwords are those in `auths` of docker's config.json, in DOCKER_CONFIG or else in \
    .docker of the home folder; programs that keep them (`credsStore`) are not asked";

/// What is used of the file.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
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
pub fn find(registry: &Reference) -> Result<Option<Password>, Diagnostic> {
    let folder = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else { return Ok(None) };
    let wrong = |why: &str| Diagnostic::error("bad-login", format!("`{}` can't be used: {why}", path.display()));
    let bytes = match source::read(&path, MAX_CONFIG) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    of(&bytes, registry).map_err(wrong)
}

fn of(config: &[u8], registry: &Reference) -> Result<Option<Password>, &'static str> {
    let Config { auths } = serde_json::from_slice(config).map_err(|_| "it is not docker's config.json")?;
    // As it is, or as docker wrote it once: an address, with the version of the protocol.
    let forms = |host: &String| {
        ["", "https://", "http://"].map(|scheme| ["", "/", "/v1/", "/v2/"].map(|end| format!("{scheme}{host}{end}")))
    };
    let keys = registry.logins().iter().flat_map(forms).flatten().collect::<Vec<_>>();
    let Some(found) = keys.iter().find_map(|key| auths.get(key).filter(|found| !found.auth.is_empty())) else {
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
            "https://index.docker.io/v1/": {"auth": "ZDpo"}, "localhost": {"auth": "bDpo"},
            "https://two.example/v1/": {"auth": "bzpsZA=="}, "two.example": {"auth": "bjpldw=="},
            "team.example/a": {"auth": "dDphbQ=="}, "odd.example": {"auth": "eA=="}, "worse.example": {"auth": "?"},
            "empty.example": {}}, "credsStore": "x"}"#;
        let find = |host: &str| of(config, &Reference::parse(&format!("oci://{host}/a:1")).unwrap());
        let found =
            |host: &str| find(host).map(|login| login.map(|login| format!("{}+{}", login.user, login.password)));
        for (host, login) in [
            ("r.example", "u+p"),
            ("localhost:5000", "a+b"),
            ("localhost", "l+h"),
            ("docker.io", "d+h"),
            ("two.example", "n+ew"),
        ] {
            assert_eq!(found(host), Ok(Some(login.into())), "{host}");
        }
        for host in ["evil.r.example", "r.example:8443", "localhost:81", "empty.example", "team.example"] {
            assert_eq!(found(host), Ok(None), "{host}");
        }
        assert!(find("odd.example").is_err() && find("worse.example").is_err());
        assert!(of(br#"{"auths": []}"#, &Reference::parse("oci://r.example/a:1").unwrap()).is_err());
        assert_eq!(format!("{:?}", find("r.example")), "Ok(Some(Password(…)))");
    }
}
