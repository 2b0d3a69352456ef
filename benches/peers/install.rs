//! The peers' packages, each in a virtual environment of its own, with pinned versions and hashes.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::ours::{folder, scratch};

const REQUIREMENTS: &str = "requirements.txt";

/// The Python of an environment that has a peer's packages. They are installed once, and kept from run to run.
pub fn environment(peer: &str, python: &Path) -> Result<PathBuf, String> {
    let at = scratch("environments").join(peer);
    let (requirements, installed) = (folder(peer).join(REQUIREMENTS), at.join(REQUIREMENTS));
    let wanted = fs::read(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let inside = at.join("bin/python");
    if fs::read(&installed).is_ok_and(|known| known == wanted) && succeed(Command::new(&inside).arg("-V")).is_ok() {
        return Ok(inside);
    }
    succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(&at))?;
    let options = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", "--only-binary=:all:", "--no-deps"];
    let mut pip = Command::new(&inside);
    pip.args(["-m", "pip", "install"]).args(options).args(["--require-hashes", "-r"]).arg(requirements);
    succeed(&mut pip)?;
    // Last, so that half an installation is never taken for a whole one.
    fs::write(installed, wanted).map_err(|error| error.to_string())?;
    Ok(inside)
}

/// The `wasmtime` command, which its package brings as a file that nobody may execute.
pub fn wasmtime(python: &Path) -> Result<PathBuf, String> {
    let inside = environment("wasmtime", python)?;
    let find = "import wasmtime_cli, os; print(os.path.dirname(wasmtime_cli.__file__))";
    let command = Path::new(&succeed(Command::new(inside).args(["-c", find]))?).join("wasmtime");
    fs::set_permissions(&command, PermissionsExt::from_mode(0o755)).map_err(|error| error.to_string())?;
    Ok(command)
}

/// Runs a command, and gives what it printed, or the last line of why it failed.
pub fn succeed(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(&name).to_owned())
}
