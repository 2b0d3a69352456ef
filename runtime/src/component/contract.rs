//! Whether a component keeps to the contract of `guest-sdk/wit`.

use super::Facts;

/// The package of the contract, and its version.
const CONTRACT: &str = "turingbox:agent";
const VERSION: &str = "0.1.0";

/// The interfaces of the contract that a guest may import.
const OURS: [&str; 6] = ["types", "log", "http", "sql", "call", "imports"];

/// The packages of WASI that are there, in 0.2.
const WASI: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];

/// The name of an interface: `wasi:http/types@0.2.6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// `wasi`
    pub namespace: &'a str,
    /// `http`
    pub package: &'a str,
    /// `types`
    pub name: &'a str,
    /// `0.2.6`; may be empty.
    pub version: &'a str,
}

impl<'a> Interface<'a> {
    /// Takes a name apart; none where it is another kind of name.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (path, version) = text.split_once('@').unwrap_or((text, ""));
        let (package, name) = path.split_once('/')?;
        let (namespace, package) = package.split_once(':')?;
        Some(Self { namespace, package, name, version })
    }

    fn is_ours(&self) -> bool {
        self.namespace == "turingbox" && self.package == "agent"
    }

    /// The key of a policy that has to grant something for it to be of use, if there is one.
    pub fn key(&self) -> Option<&'static str> {
        match (self.namespace, self.package, self.name) {
            ("turingbox", "agent", "http") | ("wasi", "http", _) => Some("http"),
            ("turingbox", "agent", "sql") => Some("databases"),
            ("turingbox", "agent", "call") => Some("calls"),
            ("wasi", "filesystem", _) => Some("files"),
            ("wasi", "sockets", _) => Some("tcp"),
            ("wasi", "cli", "environment") => Some("env"),
            _ => None,
        }
    }

    /// Whether only a program that wants it imports it. A standard library imports files, sockets and the
    /// environment for every program.
    pub fn is_wanted(&self) -> bool {
        matches!(self.key(), Some("http" | "databases" | "calls"))
    }
}

/// Why a component can't be an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misfit {
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Misfit {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Facts {
    /// The first thing that keeps it from being an agent, of the world `proc`. The types of functions are for
    /// the compiler to check.
    pub fn misfit(&self) -> Option<Misfit> {
        if !self.is_component {
            let help =
                "compile for `wasm32-wasip2`, or wrap it: `wasm-tools component new`, with the adapter of WASI 0.1";
            return Some(Misfit::new("it is a core module, and an agent is a component", help));
        }
        self.imports.iter().find_map(|import| unknown(import)).or_else(|| self.misses_run())
    }

    fn misses_run(&self) -> Option<Misfit> {
        if self.exports.contains("run") {
            return None;
        }
        let message = format!("it doesn't export `run`, of the world `proc` of {CONTRACT}@{VERSION}");
        let is_command = self.exports.iter().any(|export| export.starts_with("wasi:cli/run@"));
        let help = match (is_command, self.exports.is_empty()) {
            (true, _) => "it is a command, which exports `wasi:cli/run`".to_owned(),
            (false, true) => "it exports nothing".to_owned(),
            (false, false) => {
                let names: Vec<_> = self.exports.iter().take(8).map(|name| name.escape_debug().to_string()).collect();
                format!("it exports {}", names.join(", "))
            }
        };
        Some(Misfit::new(message, help))
    }
}

/// What is wrong with an import that nobody provides.
fn unknown(import: &str) -> Option<Misfit> {
    let shown = import.escape_debug();
    let nobody = |help: &str| Some(Misfit::new(format!("it imports `{shown}`, which nobody provides"), help));
    let Some(interface) = Interface::parse(import) else {
        return nobody("an agent imports interfaces of WASI 0.2 and of the contract in guest-sdk/wit");
    };
    if interface.is_ours() {
        return match (OURS.contains(&interface.name), interface.version == VERSION) {
            (true, true) => None,
            (_, false) => {
                let message = format!("it was made for {CONTRACT}@{}", interface.version.escape_debug());
                Some(Misfit::new(message, format!("this has {VERSION}: build it anew with that")))
            }
            (false, true) => nobody("it is in no interface of the contract in guest-sdk/wit"),
        };
    }
    let is_wasi = interface.namespace == "wasi" && WASI.contains(&interface.package);
    match is_wasi && interface.version.starts_with("0.2.") {
        true => None,
        false if is_wasi => nobody("only WASI 0.2 is there"),
        false => nobody("an agent imports interfaces of WASI 0.2 and of the contract in guest-sdk/wit"),
    }
}
