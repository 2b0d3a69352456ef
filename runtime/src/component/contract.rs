//! Whether a component keeps to the contract of `guest-sdk/wit`.

use super::Facts;

/// The package of the contract, and its version.
pub(crate) const CONTRACT: &str = "turingbox:agent";
pub(crate) const VERSION: &str = "0.1.0";

/// The interfaces of the contract that a guest may import.
const OURS: [&str; 6] = ["types", "log", "http", "sql", "call", "imports"];

/// What a command exports, up to the version.
const RUN: &str = "wasi:cli/run@";

/// Whence a module for WASI 0.1 has its imports.
pub(crate) const WASI_0_1: &str = "wasi_snapshot_preview1";

/// The functions of WASI 0.1, as `wasi_snapshot_preview1.witx` of its specification has them.
#[rustfmt::skip]
pub(super) const WASI_0_1_FUNCTIONS: [&str; 46] = [
    "args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get", "fd_advise",
    "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_fdstat_set_rights",
    "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread", "fd_prestat_get",
    "fd_prestat_dir_name", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek", "fd_sync", "fd_tell",
    "fd_write", "path_create_directory", "path_filestat_get", "path_filestat_set_times", "path_link", "path_open",
    "path_readlink", "path_remove_directory", "path_rename", "path_symlink", "path_unlink_file", "poll_oneoff",
    "proc_exit", "proc_raise", "sched_yield", "random_get", "sock_accept", "sock_recv", "sock_send", "sock_shutdown",
];

/// What an import of a module is known by: whence it comes, and of WASI 0.1 also what it is, where that is nothing
/// that it has.
pub(super) fn known_as(module: &str, name: &str) -> String {
    match module == WASI_0_1 && !WASI_0_1_FUNCTIONS.contains(&name) {
        true => format!("{module}::{name}"),
        false => module.to_owned(),
    }
}

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

    /// Whether only a program that wants it imports it. A standard library imports files, the environment and what
    /// is done with a socket for every program; who wants a socket makes one, or looks for a name.
    pub fn is_wanted(&self) -> bool {
        match self.key() {
            Some("http" | "databases" | "calls") => true,
            Some("tcp") => matches!(self.name, "tcp-create-socket" | "ip-name-lookup"),
            _ => false,
        }
    }
}

/// The largest function of a component that is compiled, in bytes: what compilers make is far smaller, and what
/// the compiler here takes for one grows faster than it does.
const MAX_FUNCTION: usize = 512 << 10;

/// The most functions of a component. The shortest there is takes a tenth of a millisecond to compile, and the
/// largest programs have some ten thousand.
const MAX_FUNCTIONS: usize = 65_536;

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
            let help = match self.module_misfit() {
                None => "it is a command: `command = …` names it",
                Some(_) => {
                    "compile for `wasm32-wasip2`, or wrap it: `wasm-tools component new`, with the adapter of WASI 0.1"
                }
            };
            return Some(Misfit::new("it is a core module, and an agent is a component", help));
        }
        let unknown = self.imports.iter().find_map(|import| unknown(import));
        unknown.or_else(|| self.misses_run()).or_else(|| self.too_much())
    }

    /// The first thing that keeps it from being a command: a component that exports `wasi:cli/run`, or a module
    /// for WASI 0.1.
    pub fn command_misfit(&self) -> Option<Misfit> {
        self.no_command().or_else(|| self.too_much())
    }

    /// What would keep the compiler busy for long.
    fn too_much(&self) -> Option<Misfit> {
        let message = match (self.largest_function > MAX_FUNCTION, self.functions > MAX_FUNCTIONS) {
            (true, _) => format!("it has a function of {} bytes, more than {MAX_FUNCTION}", self.largest_function),
            (_, true) => format!("it has {} functions, more than {MAX_FUNCTIONS}", self.functions),
            _ => return None,
        };
        Some(Misfit::new(message, "compilers make that only of very large sources: build it of smaller ones"))
    }

    fn no_command(&self) -> Option<Misfit> {
        if !self.is_component {
            return self.module_misfit();
        }
        let unknown = self.imports.iter().find_map(|import| unknown(import));
        let runs = self.exports.iter().any(|export| export.starts_with(RUN) && export[RUN.len()..].starts_with("0.2."));
        unknown.or_else(|| match (runs, self.exports.contains("run")) {
            (true, _) => None,
            (false, true) => {
                Some(Misfit::new(format!("it doesn't export `{RUN}0.2`"), "it is an agent: `component = …` names it"))
            }
            (false, false) => Some(Misfit::new(format!("it doesn't export `{RUN}0.2`"), self.exported())),
        })
    }

    fn module_misfit(&self) -> Option<Misfit> {
        if let Some(import) = self.imports.iter().find(|import| *import != WASI_0_1) {
            let help = match import.as_str() {
                "wasi_unstable" => "it was made for the WASI before 0.1: compile it anew, for `wasm32-wasip1` or later",
                "env" => {
                    "what it takes from `env`, its own host has to provide: compile it for `wasm32-wasip1` or later"
                }
                import if import.starts_with(WASI_0_1) => {
                    "WASI 0.1 has no such function: compile it for `wasm32-wasip1`, without what only one runtime has"
                }
                _ => "a program imports WASI and nothing else: compile it for `wasm32-wasip1` or later",
            };
            let import = import.escape_debug();
            return Some(Misfit::new(format!("it is a module that imports `{import}`, which nobody provides"), help));
        }
        let lacks = ["_start", "memory"].into_iter().find(|name| !self.exports.contains(*name))?;
        let message = format!("it is a module that doesn't export `{lacks}`, which a program for WASI 0.1 does");
        let help = match self.exports.contains("_initialize") {
            true => "it is a library: build it as a program, with a `main`".to_owned(),
            false => self.exported(),
        };
        Some(Misfit::new(message, help))
    }

    /// What it exports, for a person.
    fn exported(&self) -> String {
        if self.exports.is_empty() {
            return "it exports nothing".to_owned();
        }
        let names: Vec<_> = self.exports.iter().take(8).map(|name| name.escape_debug().to_string()).collect();
        format!("it exports {}", names.join(", "))
    }

    fn misses_run(&self) -> Option<Misfit> {
        if self.exports.contains("run") {
            return None;
        }
        let message = format!("it doesn't export `run`, of the world `proc` of {CONTRACT}@{VERSION}");
        let help = match self.exports.iter().any(|export| export.starts_with(RUN)) {
            true => "it is a command: `command = …` names it".to_owned(),
            false => self.exported(),
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
