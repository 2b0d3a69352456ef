//! CPython of our guest's series, where the machine has none: Debian's, unpacked beside its own libraries, and not
//! installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{install::succeed, ours::scratch};

/// The suite that has it. What is in it changes, so the version is in the table and not here.
const SUITE: &str = "sid";

/// The interpreter, and what it loads.
const PACKAGES: [&str; 7] =
    ["python3.14-minimal", "libpython3.14-minimal", "libpython3.14-stdlib", "libc6", "libexpat1", "zlib1g", "libzstd1"];

/// Written last, so that half of it is never taken for all.
const DONE: &str = "done";

/// The command that is the interpreter, with the arguments that it begins with.
pub fn python() -> Result<Vec<String>, String> {
    let at = scratch("debian");
    if !at.join(DONE).exists() {
        unpack(&at).map_err(|why| format!("Debian's can't be had: {why}"))?;
    }
    let usr = at.join("root/usr");
    let libraries = libraries(&usr)?;
    let mut files = fs::read_dir(&libraries).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_loader =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"));
    let loader = files.find(is_loader).ok_or("the C library has no loader")?;
    let (name, program) = (usr.join("bin/python"), usr.join("bin/python3.14"));
    // By its name the interpreter finds its library.
    let arguments = [loader.as_path(), Path::new("--library-path"), &libraries, Path::new("--argv0"), &name, &program];
    Ok(arguments.iter().map(|argument| argument.display().to_string()).collect())
}

/// The folder of the libraries: its name is the machine's kind.
fn libraries(usr: &Path) -> Result<PathBuf, String> {
    let mut found = fs::read_dir(usr.join("lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    found.find(|path| path.to_string_lossy().ends_with("-linux-gnu")).ok_or_else(|| "it has no libraries".to_owned())
}

/// Downloads the packages from where the machine gets its own, with lists and a cache that are not the machine's.
fn unpack(at: &Path) -> Result<(), String> {
    let written = |error: std::io::Error| error.to_string();
    drop(fs::remove_dir_all(at));
    for folder in ["lists/partial", "cache/archives/partial", "packages", "root"] {
        fs::create_dir_all(at.join(folder)).map_err(written)?;
    }
    fs::write(at.join("sources.list"), source()?).map_err(written)?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(at.join("packages")).arg("--quiet");
        let mut option = |name: &str, value: &Path| {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        };
        option("Dir::Etc::sourcelist", &at.join("sources.list"));
        option("Dir::Etc::sourceparts", Path::new("/dev/null"));
        option("Dir::State::lists", &at.join("lists"));
        option("Dir::Cache", &at.join("cache"));
        // Who builds may not have a user for it.
        option("APT::Sandbox::User", Path::new(""));
        succeed(command.args(arguments))
    };
    apt(&["update"])?;
    apt(&[&["download"], &PACKAGES[..]].concat())?;
    for package in fs::read_dir(at.join("packages")).map_err(written)? {
        let package = package.map_err(written)?.path();
        succeed(Command::new("dpkg-deb").arg("-x").arg(package).arg(at.join("root")))?;
    }
    fs::write(at.join(DONE), "").map_err(written)
}

/// The suite, at the address of the machine's own.
fn source() -> Result<String, String> {
    let mut ask = Command::new("apt-get");
    ask.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]);
    let said = succeed(&mut ask)?;
    let address = said.lines().next().ok_or("the machine has no Debian")?;
    Ok(format!("deb {address} {SUITE} main\n"))
}
