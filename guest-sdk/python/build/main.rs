//! Puts the Python guest's component into the build folder.

mod merge;

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
};

use sha2::{Digest, Sha256};

/// Names a component that is there already.
const READY_MADE: &str = "TURINGBOX_PYTHON_COMPONENT";
/// Where a published package has it.
const PREBUILT: &str = "prebuilt/python.wasm";
const SOURCES: &str = "guest";
const WORLD: &str = "../wit";
const REQUIREMENTS: &str = "requirements.txt";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() {
    if let Err(error) = run() {
        eprintln!("The Python guest can't be built: {error}.\n");
        eprintln!("Any one of these will do:");
        eprintln!("  - have python3 (3.10 or later, with venv) in PATH, and a package index to install from");
        eprintln!("  - set {READY_MADE} to the path of a component made before");
        eprintln!("  - put that component at {PREBUILT} in the package's folder");
        process::exit(1);
    }
}

fn run() -> Result<()> {
    println!("cargo:rerun-if-env-changed={READY_MADE}");
    for input in [SOURCES, WORLD, REQUIREMENTS, PREBUILT] {
        // A path that isn't there would make cargo run this script every time.
        if Path::new(input).exists() {
            println!("cargo:rerun-if-changed={input}");
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let component = out.join("python.wasm");
    let uncounted = out.join("uncounted.wasm");
    match ready_made() {
        Some(path) => {
            copy_file(&path, &component)?;
            if !merge::counts(&fs::read(&component)?)? {
                return Err(format!("{}: it wasn't built to count its fuel", path.display()).into());
            }
            fs::write(uncounted, [])?;
        }
        None => make(&out, &component, &uncounted)?,
    }
    println!("cargo:rustc-env=TURINGBOX_PYTHON_DIGEST={:x}", Sha256::digest(fs::read(component)?));
    Ok(())
}

fn ready_made() -> Option<PathBuf> {
    let given = env::var_os(READY_MADE).map(PathBuf::from);
    if let Some(path) = &given {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    given.or_else(|| Some(PathBuf::from(PREBUILT)).filter(|path| path.exists()))
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).map_err(|error| format!("{}: {error}", from.display()))?;
    // Written, not copied: a read-only original would make the next build fail.
    Ok(fs::write(to, bytes)?)
}

/// Makes the component from the sources, with nothing left behind outside `out`; and once more, as one that doesn't
/// count what it burns.
fn make(out: &Path, component: &Path, uncounted: &Path) -> Result<()> {
    let tools = out.join("tools");
    let componentize = install(&tools)?;
    // Python keeps what it compiled beside the sources.
    let sources = out.join("sources");
    replace_folder(Path::new(SOURCES), &sources)?;
    let mut command = Command::new(componentize);
    // Else it looks for packages in whatever Python the machine has.
    command.env("VIRTUAL_ENV", &tools);
    command.args(["--wit-path", WORLD, "--world", "interpreter", "componentize", "turingbox_guest", "--python-path"]);
    let linked = out.join("linked.wasm");
    command.arg(sources).arg("--output").arg(&linked);
    execute(&mut command)?;
    let bytes = fs::read(&linked)?;
    let merged = merge::merge(&bytes, true)?;
    if merged.immortal == 0 {
        return Err("the guest has no list of what is to be immortal".into());
    }
    if merged.lists != 4 {
        return Err(format!("of four functions of CPython's allocator {} were found", merged.lists).into());
    }
    if !merged.counts {
        return Err("the guest has nothing to count its fuel with".into());
    }
    fs::write(component, merged.component)?;
    fs::write(uncounted, merge::merge(&bytes, false)?.component)?;
    Ok(fs::remove_file(linked)?)
}

/// The path of `componentize-py`, in a virtual environment that holds it and nothing else.
fn install(tools: &Path) -> Result<PathBuf> {
    let (python, componentize) = (program(tools, "python"), program(tools, "componentize-py"));
    let installed = tools.join(REQUIREMENTS);
    let requirements = fs::read(REQUIREMENTS)?;
    if fs::read(&installed).is_ok_and(|known| known == requirements) && componentize.exists() {
        return Ok(componentize);
    }
    execute(Command::new(host_python()).args(["-m", "venv", "--clear"]).arg(tools))?;
    execute(Command::new(python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--only-binary=:all:",
        "--no-deps",
        "--require-hashes",
        "-r",
        REQUIREMENTS,
    ]))?;
    // Last, so that half an installation is never taken for a whole one.
    fs::write(installed, requirements)?;
    Ok(componentize)
}

fn host_python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn program(tools: &Path, name: &str) -> PathBuf {
    let folder = tools.join(if cfg!(windows) { "Scripts" } else { "bin" });
    folder.join(name).with_extension(env::consts::EXE_EXTENSION)
}

fn replace_folder(from: &Path, to: &Path) -> Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => copy_folder(from, to),
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else if path.extension() == Some(OsStr::new("py")) {
            copy_file(&path, &target)?;
        }
    }
    Ok(())
}

/// Runs a command; what it printed is told only if it failed.
fn execute(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&said).trim_end()).into())
}
