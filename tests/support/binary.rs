//! The binary under test.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

/// Where the tests keep the compiled Python guest, so that a machine compiles it once.
pub struct Home {
    /// The value of `TURINGBOX_CACHE`.
    pub cache: PathBuf,
    /// The value of `TURINGBOX_STATE`.
    pub state: PathBuf,
}

/// The folders, below the target folder.
pub fn home() -> Home {
    let home = profile_folder().join("turingbox-tests");
    Home { cache: home.join("cache"), state: home.join("state") }
}

/// A command that runs in `folder` and finds `turingbox`. Nothing of the developer's own
/// environment reaches it.
pub fn command(program: &str, folder: &Path) -> Command {
    let home = home();
    let store = store(folder);
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{}", built().parent().unwrap().display(), env::var("PATH").unwrap_or_default()))
        .env("HOME", folder)
        .env("TURINGBOX_STORE", store)
        .env("TURINGBOX_CACHE", home.cache)
        .env("TURINGBOX_STATE", home.state);
    command
}

/// Where a test in `folder` keeps its runs: beside all of them, since a folder that is mounted can't hold them.
pub fn store(folder: &Path) -> PathBuf {
    let mut hash = DefaultHasher::new();
    folder.hash(&mut hash);
    home().state.join(format!("{:016x}.runs", hash.finish()))
}

/// `turingbox`, in `folder`.
pub fn turingbox(folder: &Path) -> Command {
    command("turingbox", folder)
}

/// The binary itself.
pub fn program() -> &'static Path {
    built()
}

/// Removes what earlier tests kept.
fn forget_old_runs(state: &Path) {
    const HOUR: Duration = Duration::from_secs(3600);
    for file in fs::read_dir(state).into_iter().flatten().flatten() {
        let is_old = || file.metadata().ok()?.modified().ok()?.elapsed().ok().map(|age| age > HOUR);
        if file.file_name().to_string_lossy().contains(".runs") && is_old() == Some(true) {
            drop(fs::remove_file(file.path()));
        }
    }
}

/// The folder that cargo builds this profile in: this test is `<target>/<profile>/deps/all-…`.
fn profile_folder() -> PathBuf {
    env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf()
}

/// Builds the binary, which cargo does for the tests of its own package only, and makes it compile
/// the Python guest, so that no test sees the message that says so.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = profile_folder();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            profile => profile,
        };
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "turingbox",
                "--bin",
                "turingbox",
                "--features",
                "otel",
                "--profile",
                profile,
                "--target-dir",
            ])
            .arg(folder.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the binary can't be built");
        let binary = folder.join("turingbox");
        let home = home();
        forget_old_runs(&home.state);
        let warmed = Command::new(&binary)
            .args(["run", "trim", "--text", "warm"])
            .env("TURINGBOX_CACHE", home.cache)
            .env("TURINGBOX_STATE", home.state)
            .output()
            .unwrap();
        assert_eq!(warmed.stdout, b"warm", "{}", String::from_utf8_lossy(&warmed.stderr));
        binary
    })
}
