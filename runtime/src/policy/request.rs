//! What an agent asks to do.

use std::{borrow::Cow, fmt};

use crate::policy::Access;

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
            Self::Env { .. } => "env",
            Self::Calls { .. } => "calls",
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
        let rest = rest.trim();
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
            "env" => Ok(Self::Env { name: needed("the name of a variable")? }),
            "calls" => {
                let path = needed("the name of an agent")?;
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                Ok(Self::Calls { agent: name.into(), path })
            }
            "imports" => Ok(Self::Imports { module: needed("the name of a module")? }),
            "jump" => Ok(Self::Jump),
            _ => Err(format!("`{}` is no capability: it is {}", word.escape_debug(), Self::WORDS.join(", "))),
        }
    }

    /// The capabilities' words.
    const WORDS: [&'static str; 5] = ["files", "env", "calls", "imports", "jump"];

    /// The request without the capability's word.
    pub fn without_word(&self) -> impl fmt::Display {
        WithoutWord(self)
    }
}

struct WithoutWord<'r, 'a>(&'r Request<'a>);

impl fmt::Display for WithoutWord<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Request::Files { access, path } => write!(f, "{} {path}", access.word()),
            Request::Env { name } => f.write_str(name),
            Request::Calls { path, .. } => f.write_str(path),
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
