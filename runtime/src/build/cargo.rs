//! Asking cargo.

use std::{
    env, fs, io,
    io::BufRead,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::agent::MAX_COMPONENT;

/// What agents are compiled for.
pub const TARGET: &str = "wasm32-wasip2";

/// A compiler that has the target.
#[derive(Clone, Debug)]
pub struct Compiler {
    rustc: PathBuf,
    cargo: PathBuf,
    version: String,
}

/// What cargo says of what it made.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl Compiler {
    /// Finds the compiler: `RUSTC` and `CARGO`, or those of the search path.
    ///
    /// # Errors
    ///
    /// Where there is none, or it hasn't the target, with what to do.
    pub fn find() -> Result<Self, String> {
        let named = |name: &str, usual: &str| env::var_os(name).map_or_else(|| PathBuf::from(usual), PathBuf::from);
        let (rustc, cargo) = (named("RUSTC", "rustc"), named("CARGO", "cargo"));
        let ask = |arguments: &[&str]| {
            let said = Command::new(&rustc).args(arguments).stderr(Stdio::null()).output();
            let said = said.map_err(|error| format!("`{}` can't be run: {error}", rustc.display()))?;
            Ok::<_, String>(String::from_utf8_lossy(&said.stdout).trim().to_owned())
        };
        let version = ask(&["--version"])?;
        let libraries = ask(&["--print", "target-libdir", "--target", TARGET])?;
        let is_std = |name: &str| name.starts_with("libstd") && name.ends_with(".rlib");
        let files = fs::read_dir(&libraries).into_iter().flatten().flatten();
        if !files.into_iter().any(|file| file.file_name().to_str().is_some_and(is_std)) {
            return Err(format!("this Rust can't build for {TARGET}: `rustup target add {TARGET}` gets what it lacks"));
        }
        Ok(Self { rustc, cargo, version })
    }

    /// What the compiler calls itself.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The component of the crate in `folder`. What cargo says goes to stderr.
    ///
    /// # Errors
    ///
    /// Where cargo fails, or makes no component, or one that is too large.
    pub fn build(&self, folder: &Path) -> Result<Vec<u8>, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let mut cargo = Command::new(&self.cargo);
        cargo
            .current_dir(&folder)
            .args(["build", "--release", "--lib", "--target", TARGET])
            .args(["--message-format", "json-render-diagnostics"])
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(&folder)?.join("\x1f"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        // Another crate's, if a crate's own tests build agents.
        for name in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_MANIFEST_DIR"] {
            cargo.env_remove(name);
        }
        let mut running = cargo.spawn().map_err(|error| format!("`{}` can't be run: {error}", self.cargo.display()))?;
        let said = running.stdout.take().map(io::BufReader::new);
        let manifest = folder.join("Cargo.toml");
        let mut component = None;
        for line in said.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
            if message.reason == "compiler-artifact" && message.manifest_path == manifest {
                component =
                    message.filenames.into_iter().find(|file| file.extension().is_some_and(|end| end == "wasm"));
            }
        }
        let ended = running.wait().map_err(|error| error.to_string())?;
        if !ended.success() {
            return Err("cargo failed, and said why above".into());
        }
        let component =
            component.ok_or("it makes no component: Cargo.toml has to say [lib] crate-type = [\"cdylib\"]")?;
        let bytes = fs::read(&component).map_err(|error| format!("its component can't be read: {error}"))?;
        if bytes.len() as u64 > MAX_COMPONENT {
            return Err(format!("its component has more than {} MiB", MAX_COMPONENT >> 20));
        }
        Ok(bytes)
    }

    /// What makes the same component on each machine: no path of it is in it.
    fn flags(&self, folder: &Path) -> Result<Vec<String>, String> {
        let located = Command::new(&self.cargo)
            .current_dir(folder)
            .args(["locate-project", "--workspace", "--message-format", "plain"])
            .output()
            .map_err(|error| format!("`{}` can't be run: {error}", self.cargo.display()))?;
        let located = PathBuf::from(String::from_utf8_lossy(&located.stdout).trim());
        let workspace = located.parent().unwrap_or(folder).to_owned();
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
        // Each registry has a folder whose name is its own affair.
        let registries = home.map(|home| home.join("registry/src")).and_then(|sources| fs::read_dir(sources).ok());
        let registries = registries.into_iter().flatten().flatten().map(|registry| (registry.path(), "crates"));
        let remap = |(from, to): (PathBuf, &str)| format!("--remap-path-prefix={}={to}", from.display());
        Ok([(workspace, "agents")].into_iter().chain(registries).map(remap).collect())
    }
}
