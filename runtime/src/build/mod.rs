//! Building agents: the crate of one becomes a component, its manifest, and an entry in the lock file; the
//! packages of one in Python become an archive, and an entry; what other tools made of one becomes an entry.
//!
//! # Ambient Authority
//!
//! It runs cargo, and with it the build scripts and macros of what the crate depends on: so only crates of
//! one's own are built, and never what was added from elsewhere.

mod cargo;
mod find;
mod lock;
mod made;
mod packages;
mod strip;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    agent::{Folder, Manifest, unexplained_imports},
    component::Facts,
    diagnostic::{Diagnostic, Report},
    output,
    source::Source,
};

pub use cargo::{Compiler, TARGET};
pub use find::{Found, found};
pub(crate) use lock::pack_of;
pub use lock::{ADDED, Added, LOCK, Lock, Locked, was_added};
pub use made::look as look_at_made;
pub use packages::{ENVIRONMENT, build as build_packages};

/// What begins a manifest that was written by [`build`].
const HEAD: &str = "# Written by `turingbox build` from what src/lib.rs says: change it there.\n";

/// The size from which on a component is large, in bytes: most agents have less.
const LARGE: usize = 120 << 10;

/// The manifest of an agent.
pub(crate) const MANIFEST: &str = "agent.toml";

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The agent's folder.
    pub folder: PathBuf,
    /// The agent's name.
    pub name: String,
    /// The component's file in the folder.
    pub file: String,
    /// What the lock file says of it.
    pub locked: Locked,
    /// Whether anything in the folder changed.
    pub changed: bool,
    /// Packages that others depend on, and that the guest has itself.
    pub left_out: Vec<String>,
    /// What else is worth a line to whoever builds it.
    pub notes: Vec<String>,
}

/// A component that is made, and isn't written yet.
#[derive(Debug)]
pub struct Compiled {
    folder: PathBuf,
    file: String,
    component: Vec<u8>,
    manifest: Manifest,
    /// Whether the manifest is the component's own.
    is_held: bool,
    compiler: String,
    notes: Vec<String>,
}

/// Compiles the crate in `folder`. Its manifest is what the component has, or else the author's own.
///
/// # Errors
///
/// What cargo fails with; a component that can't be an agent; an import that no need explains.
pub fn compile(folder: &Path, compiler: &Compiler) -> Result<Compiled, Report> {
    let wrong = |code: &'static str, message: String| Report::from(Diagnostic::error(code, message));
    let shown = folder.display();
    let component = compiler.build(folder).map_err(|why| wrong("cargo", format!("`{shown}` can't be built: {why}")))?;
    let misfit = |why: String| wrong("bad-component", format!("`{shown}` gives no agent: {why}"));
    let component = strip::stripped(&component).map_err(misfit)?;
    let facts = Facts::read(&component).map_err(misfit)?;
    if let Some(odd) = facts.misfit() {
        let unused = Diagnostic::error("bad-component", format!("`{shown}` gives no agent: {odd}")).help(odd.help);
        return Err(unused.into());
    }
    let text = match &facts.manifest {
        Some(said) => format!("{HEAD}{said}"),
        None => fs::read_to_string(folder.join(MANIFEST)).map_err(|error| {
            let help = "mark the function with `#[turingbox_sdk::agent]`, or write an agent.toml";
            let message = format!("the component of `{shown}` says nothing of itself, and {MANIFEST}: {error}");
            Report::from(Diagnostic::error("no-manifest", message).help(help))
        })?,
    };
    let manifest = read(folder, &text)?;
    let file = manifest.compiled().ok_or_else(|| misfit("its manifest names no component".into()))?.to_owned();
    let needless = unexplained_imports(&manifest, &facts);
    if !needless.is_empty() {
        let error = |(import, key): (&str, &str)| {
            Diagnostic::error("import-without-need", format!("`{shown}` imports `{import}`, and asks for no `{key}`"))
                .help(format!("say what it wants of it: #[agent(needs({key} = [\"…\"]))]"))
        };
        return Err(Report(needless.into_iter().map(error).collect()));
    }
    let notes = large(&manifest.name, component.len(), &facts.imports).into_iter().collect();
    let (folder, compiler, is_held) = (folder.to_owned(), compiler.version().to_owned(), facts.manifest.is_some());
    Ok(Compiled { folder, file, component, manifest, is_held, compiler, notes })
}

impl Compiled {
    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Writes the component beside its crate, and its manifest. The author's own stays.
    ///
    /// # Errors
    ///
    /// When they can't be written.
    pub fn write(self) -> Result<Built, Report> {
        let Self { folder, file, component, manifest, is_held, compiler, notes } = self;
        let unwritten = |error: io::Error| {
            let message = format!("`{}` can't be written: {error}", folder.display());
            Report::from(Diagnostic::error("unwritable", message))
        };
        let mut changed = output::replace(&folder.join(&file), &component).map_err(unwritten)?;
        let text = manifest.source.text.as_bytes();
        changed |= is_held && output::replace(&folder.join(MANIFEST), text).map_err(unwritten)?;
        let locked = Locked::of(&file, &component, Some(&compiler));
        Ok(Built { folder, name: manifest.name, file, locked, changed, left_out: Vec::new(), notes })
    }
}

/// What is said of a component that is large: what makes it smaller.
fn large(name: &str, size: usize, imports: &BTreeSet<String>) -> Option<String> {
    // Only the SDK's feature `wasi` leaves this to the host.
    let has_wasi = imports.iter().any(|import| import.starts_with("wasi:cli/environment@"));
    let features = match has_wasi {
        true => "the SDK with `default-features = false`, if it reaches for nothing, and with ",
        false => "",
    };
    let size = (size > LARGE).then_some(size.div_ceil(1 << 10))?;
    Some(format!(
        "`{name}` has {size} KiB, all of which is compiled before its first call: it is smaller with {features}fewer dependencies"
    ))
}

/// The manifest that is about to be written.
fn read(folder: &Path, text: &str) -> Result<Manifest, Report> {
    let path = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source: Arc<Source> = Source::new(folder.join(MANIFEST).display().to_string(), text);
    let nowhere = Folder::Memory { files: Arc::default(), path: folder.display().to_string() };
    Manifest::read(&source, nowhere, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_is_told_what_helps() {
        let imports = BTreeSet::from(["turingbox:agent/types@0.1.0".to_owned()]);
        assert_eq!(large("a", LARGE, &imports), None);
        let said = large("a", LARGE + 1, &imports).unwrap();
        assert!(said.starts_with("`a` has 121 KiB, ") && said.contains("with fewer dependencies"), "{said}");
        let said = large("a", LARGE + 1, &BTreeSet::from(["wasi:cli/environment@0.2.6".to_owned()])).unwrap();
        assert!(said.contains("`default-features = false`") && said.contains("fewer dependencies"), "{said}");
    }
}
