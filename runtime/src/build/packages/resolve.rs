//! Asking pip.

use std::{
    collections::BTreeMap,
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::Diagnostic,
    packages::{Requirement, provided},
};

/// What asks pip, and decides what depends on what.
const SCRIPT: &str = include_str!("resolve.py");

/// What the guest's Python says of itself, which conditions of dependencies are about. A test asks the guest.
pub const ENVIRONMENT: [(&str, &str); 11] = [
    ("implementation_name", "cpython"),
    ("implementation_version", "3.14.0"),
    ("os_name", "posix"),
    ("platform_machine", "wasm32"),
    ("platform_python_implementation", "CPython"),
    ("platform_release", "0.0.0"),
    ("platform_system", "wasi"),
    ("platform_version", "0.0.0"),
    ("python_full_version", "3.14.0"),
    ("python_version", "3.14"),
    ("sys_platform", "wasi"),
];

/// A wheel that is known to the byte: name, version and SHA-256.
pub type Pin = (String, String, String);

#[derive(Serialize)]
struct Asked {
    environment: serde_json::Map<String, serde_json::Value>,
    requirements: Vec<String>,
    provided: Vec<&'static str>,
    pinned: Vec<Pin>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Found { wheels: Vec<String>, left_out: Vec<String>, yanked: BTreeMap<String, String> },
    Wrong { error: Wrong },
}

#[derive(Deserialize)]
struct Wrong {
    code: String,
    message: String,
    help: Option<String>,
}

/// What was fetched.
pub struct Fetched {
    /// The files.
    pub wheels: Vec<PathBuf>,
    /// The packages that the guest has itself.
    pub left_out: Vec<String>,
    /// Versions that whoever published them took back, each with the reason, which may be empty.
    pub yanked: BTreeMap<String, String>,
}

/// Fetches the wheels of what is required, with all that it depends on, into `folder`; those that are `pinned`
/// if there are any.
pub fn fetch(requirements: &[Requirement], pinned: Vec<Pin>, folder: &Path) -> Result<Fetched, Diagnostic> {
    let asked = Asked {
        environment: ENVIRONMENT.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        requirements: requirements.iter().map(ToString::to_string).collect(),
        provided: provided().to_vec(),
        pinned,
    };
    match ask(&asked, folder)? {
        Answer::Found { wheels, left_out, yanked } => {
            // A name is a file's in the folder, whatever the answer says.
            let names = wheels.iter().filter_map(|name| Path::new(name).file_name());
            Ok(Fetched { wheels: names.map(|name| folder.join(name)).collect(), left_out, yanked })
        }
        Answer::Wrong { error: Wrong { code, message, help } } => {
            let code = CODES.iter().find(|known| **known == code).unwrap_or(&"pip");
            Err(Diagnostic::error(code, message).maybe_help(help))
        }
    }
}

/// The codes that the script answers with.
const CODES: [&str; 7] =
    ["bad-wheel", "native-package", "no-pip", "no-such-package", "other-python", "packages-conflict", "pip"];

fn ask(asked: &Asked, folder: &Path) -> Result<Answer, Diagnostic> {
    let python = env::var_os("PYTHON").map_or_else(|| PathBuf::from(USUAL), PathBuf::from);
    let unusable = |error: &dyn std::fmt::Display| {
        Diagnostic::error("no-python", format!("`{}` can't be run: {error}", python.display()))
            .help("packages are fetched with pip: have python3 (3.9 or later) with pip in PATH, or name it in PYTHON")
    };
    // Where it runs, there is nothing of the agent's that it could import.
    let started = Command::new(&python)
        .args(["-c", SCRIPT])
        .arg(folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut running = started.map_err(|error| unusable(&error))?;
    let request = serde_json::to_vec(asked).map_err(|error| unusable(&error))?;
    if let Some(mut stdin) = running.stdin.take() {
        // What it says is worth more than that it didn't listen.
        let _ = stdin.write_all(&request);
    }
    let said = running.wait_with_output().map_err(|error| unusable(&error))?;
    serde_json::from_slice(&said.stdout).map_err(|_| {
        let trace = String::from_utf8_lossy(&said.stderr);
        unusable(&trace.lines().last().unwrap_or("it says nothing").to_owned())
    })
}

const USUAL: &str = if cfg!(windows) { "python" } else { "python3" };
