//! Who asks a registry: names and passwords, as docker and others keep them.

use std::{collections::HashMap, env, io, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use serde::Deserialize;

use crate::{diagnostic::Diagnostic, share::source};

/// The largest file of credentials, in bytes.
const MAX_CONFIG: usize = 1 << 20;

/// A name and a password for one registry. It is never shown.
pub struct Login(HeaderValue);

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

impl Login {
    /// Where names and passwords are looked for.
    pub const HELP: &'static str = "names and passwords are those in `auths` of docker's config.json, in \
        DOCKER_CONFIG or else in .docker of the home folder; programs that keep them (`credsStore`) are not asked";

    /// The credentials for a registry, if there are some.
    ///
    /// # Ambient Authority
    ///
    /// Reads docker's configuration.
    ///
    /// # Errors
    ///
    /// When it can't be read. What is in it is in no message.
    pub fn find(host: &str) -> Result<Option<Self>, Diagnostic> {
        let folder = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")));
        let Some(path) = folder.map(|folder| folder.join("config.json")) else { return Ok(None) };
        let wrong = |why: &str| Diagnostic::error("bad-login", format!("`{}` can't be used: {why}", path.display()));
        let bytes = match source::read(&path, MAX_CONFIG) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&error.to_string())),
        };
        Self::of(&bytes, host).map_err(wrong)
    }

    fn of(config: &[u8], host: &str) -> Result<Option<Self>, &'static str> {
        let Config { auths } = serde_json::from_slice(config).map_err(|_| "it is not docker's config.json")?;
        let is_for = |key: &str| {
            let key = key.trim_start_matches("https://").trim_start_matches("http://");
            key.split('/').next() == Some(host)
        };
        let Some((_, found)) = auths.iter().find(|(key, found)| is_for(key) && !found.auth.is_empty()) else {
            return Ok(None);
        };
        let decoded = STANDARD.decode(&found.auth).map_err(|_| "the `auth` of the registry is not Base64")?;
        if !decoded.contains(&b':') {
            return Err("the `auth` of the registry is not a name and a password");
        }
        let mut value = HeaderValue::from_str(&format!("Basic {}", found.auth)).map_err(|_| "`auth` is not Base64")?;
        value.set_sensitive(true);
        Ok(Some(Self(value)))
    }

    /// The header that says it.
    pub fn basic(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// What a server asks for that wants to know who asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    /// How to say it, in small letters.
    pub scheme: String,
    parameters: HashMap<String, String>,
}

impl Challenge {
    /// A parameter; nothing where it isn't there.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// Reads `Bearer realm="…",service="…"`. What comes after something that can't be read is left out.
pub fn challenge(text: &str) -> Option<Challenge> {
    let (scheme, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let mut parameters = HashMap::new();
    while let Some((name, value)) = rest.trim_start_matches([' ', ',']).split_once('=') {
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(',').unwrap_or((value, "")),
        };
        parameters.insert(name.trim().to_ascii_lowercase(), value.to_owned());
        rest = after;
    }
    (!scheme.is_empty()).then(|| Challenge { scheme: scheme.to_ascii_lowercase(), parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let asks = challenge("Bearer realm=\"https://a.example/t?x=1\",service=\"r\", scope=\"a,b=c\"").unwrap();
        assert_eq!(asks.scheme, "bearer");
        let said = ["realm", "service", "scope", "error"].map(|name| asks.parameter(name).to_owned());
        assert_eq!(said, ["https://a.example/t?x=1", "r", "a,b=c", ""]);
        assert_eq!(challenge("Basic realm=x").unwrap().parameter("realm"), "x");
        assert_eq!(challenge("Basic").unwrap().scheme, "basic");
        assert_eq!(challenge("Bearer realm=\"never closed").unwrap().parameter("realm"), "never closed");
        assert_eq!(challenge(""), None);
    }

    #[test]
    fn a_password_is_for_its_registry_alone() {
        let config = br#"{"auths": {"https://r.example/v1/": {"auth": "dTpw"}, "localhost:5000": {"auth": "YTpi"},
            "odd.example": {"auth": "eA=="}, "worse.example": {"auth": "?"}, "empty.example": {}}, "credsStore": "x"}"#;
        let of = |host: &str| {
            Login::of(config, host).map(|login| login.map(|login| login.basic().to_str().unwrap().to_owned()))
        };
        assert_eq!(of("r.example"), Ok(Some("Basic dTpw".into())));
        assert_eq!(of("localhost:5000"), Ok(Some("Basic YTpi".into())));
        for host in ["localhost", "evil.r.example", "r.example:443", "empty.example", ""] {
            assert_eq!(of(host), Ok(None), "{host}");
        }
        assert!(of("odd.example").is_err() && of("worse.example").is_err());
        assert!(Login::of(br#"{"auths": []}"#, "r.example").is_err());
        assert!(!format!("{:?}", Login::of(config, "r.example").unwrap().unwrap().basic()).contains("dTpw"));
    }
}
