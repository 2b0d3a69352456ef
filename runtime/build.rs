//! Puts the agent library and the attack kit into the binary: sorted tables of every file that an
//! agent, or an attack, needs.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let folder = |variable| env::var_os(variable).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let out = folder("OUT_DIR")?;
    // Asked when it runs: checkouts that share a target folder share this program too.
    let project = folder("CARGO_MANIFEST_DIR")?.join("..").canonicalize()?;
    let agents = project.join("agents");
    println!("cargo:rerun-if-changed={}", agents.display());
    let mut files = Vec::new();
    collect(
        &agents,
        &agents,
        &|name| AGENT_FILES.iter().any(|end| name.ends_with(end)) && name != "Cargo.toml",
        &mut files,
    )?;
    table(files.into_iter().map(|file| (file.clone(), agents.join(file))).collect(), &out.join("builtin.rs"))?;
    table(attacks(&project, &out)?, &out.join("attacks.rs"))?;
    table(sdk(&project.join("guest-sdk"))?, &out.join("sdk.rs"))
}

/// What ends the name of a file that an agent is made of.
const AGENT_FILES: [&str; 5] = [".toml", ".py", ".j2", ".wasm", "packages.zip"];

/// The SDK for agents in Rust, with the contract: `turingbox new` puts it beside them.
fn sdk(guests: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for part in ["rust", "wit"] {
        let folder = guests.join(part);
        println!("cargo:rerun-if-changed={}", folder.display());
        let wanted = |name: &str| [".rs", ".toml", ".wit"].iter().any(|end| name.ends_with(end));
        collect(guests, &folder, &wanted, &mut files)?;
    }
    Ok(files.into_iter().map(|file| (file.clone(), guests.join(file))).collect())
}

/// Writes a table of files: the name of each, and where its contents are now.
fn table(mut files: Vec<(String, PathBuf)>, to: &Path) -> io::Result<()> {
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in files {
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(to, table)
}

/// The files of the hostile guests. A core module in text is put into the frame of a component.
fn attacks(project: &Path, out: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let (kit, frame) = (project.join("tests/hostile"), project.join("tests/support/component.wat"));
    println!("cargo:rerun-if-changed={}", kit.display());
    println!("cargo:rerun-if-changed={}", frame.display());
    let frame = fs::read_to_string(frame)?;
    let mut files = Vec::new();
    for guest in fs::read_dir(kit)? {
        let guest = guest?.path();
        let name = guest.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What needs limits of its own says nothing about those of others.
        if fs::read_to_string(guest.join("policy.toml")).is_ok_and(|policy| policy.contains("limits")) {
            continue;
        }
        for file in ["agent.toml", "main.py", "case.toml"].map(|file| guest.join(file)) {
            if file.is_file() {
                let stem = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((format!("{name}/{stem}"), file));
            }
        }
        let (module, whole) = (guest.join("module.wat"), guest.join("agent.wat"));
        let text = match (module.is_file(), whole.is_file()) {
            (true, _) => Some(frame.replace("{{ module }}", &fs::read_to_string(module)?)),
            (false, true) => Some(fs::read_to_string(whole)?),
            (false, false) => None,
        };
        if let Some(text) = text {
            let component = out.join(format!("{name}.wasm"));
            fs::write(&component, wat::parse_str(text).map_err(io::Error::other)?)?;
            files.push((format!("{name}/agent.wasm"), component));
        }
    }
    Ok(files)
}

/// Adds the files below `folder` that are wanted, as paths from `root`. Cases are tests, not part of an agent,
/// and what cargo builds is not part of anything.
fn collect(root: &Path, folder: &Path, wanted: &dyn Fn(&str) -> bool, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "cases" && name != "target" && !name.starts_with('.') {
                collect(root, &path, wanted, files)?;
            }
        } else if wanted(&name) {
            let relative = path.strip_prefix(root).map_err(io::Error::other)?;
            files.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
