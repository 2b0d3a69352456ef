//! What an agent asks to do.

use std::{borrow::Cow, fmt, net::IpAddr};

use crate::policy::{Access, Host, SqlAction, Url, env::is_variable, imports::is_module, sql, url::parse_port};

/// One thing that an agent asks to do: what every decision, denial, audit record and policy test
/// is about. In text it is the capability's word and what is asked of it.
///
/// # Examples
///
/// ```
/// use turingbox::policy::Request;
///
/// let request = Request::parse("files read /data/a.txt").unwrap();
/// assert_eq!(request.capability(), "files");
/// assert_eq!(request.to_string(), "files read /data/a.txt");
/// assert!(Request::parse("files /data/a.txt").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Read or change what is at an absolute path, as the guest sees it.
    Files {
        /// To read it or to change it.
        access: Access,
        /// The path.
        path: Cow<'a, str>,
    },
    /// Send a request over HTTP.
    Http {
        /// The method.
        method: Cow<'a, str>,
        /// Where to.
        url: Cow<'a, Url>,
        /// The address that the host's name stands for, once that is known.
        address: Option<IpAddr>,
    },
    /// Connect over TCP, or, without a port, look up a name.
    Tcp {
        /// Who is at the other end.
        host: Cow<'a, Host>,
        /// The port.
        port: Option<u16>,
        /// The address that the host's name stands for, once that is known.
        address: Option<IpAddr>,
    },
    /// Hold the value of a variable.
    Env {
        /// The variable's name.
        name: Cow<'a, str>,
    },
    /// Call another agent.
    Calls {
        /// The agent's name.
        agent: Cow<'a, str>,
        /// Its path in the library.
        path: Cow<'a, str>,
    },
    /// Do something with a database.
    Sql {
        /// The database's name in the policy.
        database: Cow<'a, str>,
        /// What to do.
        action: SqlAction,
        /// The table, or the function to call; nothing to connect. In lower case, unless quoted; with
        /// its schema where that isn't the default one.
        table: Cow<'a, str>,
        /// One column of it; `*` for all.
        column: Option<Cow<'a, str>>,
    },
    /// Import a module.
    Imports {
        /// Its full name.
        module: Cow<'a, str>,
    },
    /// Move the head.
    Jump,
}

impl<'a> Request<'a> {
    /// The capability's word.
    pub fn capability(&self) -> &'static str {
        match self {
            Self::Files { .. } => "files",
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Env { .. } => "env",
            Self::Calls { .. } => "calls",
            Self::Sql { .. } => "sql",
            Self::Imports { .. } => "imports",
            Self::Jump => "jump",
        }
    }

    /// Reads a request as [`Request::to_string`] writes it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let needed = |what: &str| {
            if rest.is_empty() { Err(format!("`{word}` needs {what} behind it")) } else { Ok(Cow::Borrowed(rest)) }
        };
        match word {
            "files" => {
                let (access, path) = rest.split_once(' ').unwrap_or((rest, ""));
                let known = [Access::Read, Access::Write].into_iter().find(|known| known.word() == access);
                match known {
                    Some(access) if path.starts_with('/') => Ok(Self::Files { access, path: path.into() }),
                    _ => Err("it is `files read /path` or `files write /path`".into()),
                }
            }
            "http" => http(rest),
            "tcp" => tcp(rest),
            "env" => Ok(Self::Env { name: needed("the name of a variable")? }),
            "calls" => {
                let path = needed("the name of an agent")?;
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                Ok(Self::Calls { agent: name.into(), path })
            }
            "sql" => sql::parse(rest),
            "imports" => Ok(Self::Imports { module: needed("the name of a module")? }),
            "jump" => Ok(Self::Jump),
            _ => Err(format!("`{}` is no capability: it is {}", word.escape_debug(), Self::WORDS.join(", "))),
        }
    }

    /// The request, if agents can ask for it: each is in the one form that its capability has brought it to,
    /// and in another one nothing is ever asked for.
    ///
    /// # Errors
    ///
    /// How it has to be written, as a sentence.
    pub fn in_form(self) -> Result<Self, String> {
        let wrong = match &self {
            Self::Http { method, .. } if method.chars().any(|c| c.is_ascii_lowercase()) => {
                "a method is in capitals: `GET`"
            }
            Self::Files { path, .. }
                if path.len() > 1 && path[1..].split('/').any(|part| matches!(part, "" | "." | "..")) =>
            {
                "a path is where it leads: without `.`, `..`, and a `/` too many"
            }
            Self::Env { name } if !is_variable(name) => "a variable's name is letters, digits and `_`",
            Self::Imports { module } if !is_module(module) => "a module is a name, or names with dots between",
            _ => return Ok(self),
        };
        Err(wrong.into())
    }

    /// The capabilities' words.
    pub(super) const WORDS: [&'static str; 8] = ["files", "http", "tcp", "sql", "env", "calls", "imports", "jump"];

    /// The same request, with the name and the path of the agent to call, if `find` knows it by the
    /// text that the request was read from.
    #[must_use]
    pub fn called(self, find: impl Fn(&str) -> Option<(String, String)>) -> Self {
        match &self {
            Self::Calls { path: text, .. } => match find(text) {
                Some((agent, path)) => Self::Calls { agent: agent.into(), path: path.into() },
                None => self,
            },
            _ => self,
        }
    }

    /// The request without the capability's word.
    pub fn without_word(&self) -> impl fmt::Display {
        WithoutWord(self)
    }
}

/// Reads `GET https://example.com/a`, and perhaps ` at 127.0.0.1`.
fn http(text: &str) -> Result<Request<'_>, String> {
    let (text, address) = split_address(text)?;
    let (method, url) = text.split_once(' ').ok_or("it is `http GET https://example.com/path`")?;
    let url = Url::parse(url).map_err(|why| format!("`{}` is not a URL: {why}", url.escape_debug()))?;
    Ok(Request::Http { method: method.into(), url: Cow::Owned(url), address })
}

/// Reads `example.com:5432` or `example.com`, and perhaps ` at 127.0.0.1`.
fn tcp(text: &str) -> Result<Request<'_>, String> {
    let (text, address) = split_address(text)?;
    let after_host = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text[after_host..].find(':') {
        Some(at) => (&text[..after_host + at], Some(parse_port(&text[after_host + at + 1..])?)),
        None => (text, None),
    };
    let form = if host.contains(' ') { "; it is `tcp host:port`" } else { "" };
    let host = Host::parse(host).map_err(|why| format!("`{}` is not a host: {why}{form}", host.escape_debug()))?;
    Ok(Request::Tcp { host: Cow::Owned(host), port, address })
}

fn split_address(text: &str) -> Result<(&str, Option<IpAddr>), String> {
    match text.split_once(" at ") {
        Some((text, address)) => {
            let parsed = address.parse().map_err(|_| format!("`{}` is not an address", address.escape_debug()))?;
            Ok((text, Some(parsed)))
        }
        None => Ok((text, None)),
    }
}

struct WithoutWord<'r, 'a>(&'r Request<'a>);

impl fmt::Display for WithoutWord<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |f: &mut fmt::Formatter<'_>, address: &Option<IpAddr>| match address {
            Some(address) => write!(f, " at {address}"),
            None => Ok(()),
        };
        match self.0 {
            Request::Http { method, url, address } => {
                write!(f, "{method} {url}")?;
                at(f, address)
            }
            Request::Tcp { host, port, address } => {
                host.fmt(f)?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
                at(f, address)
            }
            Request::Files { access, path } => write!(f, "{} {path}", access.word()),
            Request::Env { name } => f.write_str(name),
            Request::Calls { path, .. } => f.write_str(path),
            Request::Sql { database, action: SqlAction::Connect, .. } => write!(f, "connect {database}"),
            Request::Sql { database, action, table, column: None } => {
                write!(f, "{} {database}.{table}", action.word())
            }
            Request::Sql { database, action, table, column: Some(column) } => {
                write!(f, "{} {database}.{table}({column})", action.word())
            }
            Request::Imports { module } => f.write_str(module),
            Request::Jump => f.write_str("move the head"),
        }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jump => f.write_str("jump"),
            _ => write!(f, "{} {}", self.capability(), self.without_word()),
        }
    }
}
