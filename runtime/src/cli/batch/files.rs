//! The files of a batch: no two are one, and none that is written is an item.

use std::{
    ffi::OsString,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    Policy,
    cli::{Globals, Stop, batch::options::BatchOptions, recording::RecordingArgs},
    output::{folder, target},
};

/// A file, and the option that names it.
type Named<'a> = (&'static str, &'a Path);

/// What two names of one file have in common.
#[derive(PartialEq, Eq)]
enum Identity {
    /// It is there: its device, and its number on it.
    File(u64, u64),
    /// It will be: in this folder, under this name.
    Place(PathBuf, OsString),
}

/// Refuses a file that is written and is another one of the batch, too: `--force` would empty what is read.
/// And one among the files that are items: the next time it would be one.
pub fn distinct(
    options: &BatchOptions,
    recording: &RecordingArgs,
    policy: &Policy,
    globals: &Globals,
) -> Result<(), Stop> {
    let store = recording.store.files(globals);
    let policy = policy.files().iter().map(|policy| ("--policy", policy.as_path()));
    let mut others: Vec<_> = [("--items", options.items.as_path())].into_iter().chain(policy).map(identified).collect();
    let written = store.iter().map(|file| ("--store", file.as_path()));
    let written = written.chain(options.out.as_deref().map(|out| ("--out", out)));
    let written: Vec<_> = written.chain(options.reports.files()).chain(recording.files()).collect();
    let refuse = |why: String| Err(Stop::Usage(why));
    for (option, file) in written {
        let (_, identity) = identified((option, file));
        let shown = file.display();
        if let Some((other, _)) = others.iter().find(|(_, other)| identity.is_some() && *other == identity) {
            return refuse(format!("`{shown}` is the file of {other}, too: {option} writes another"));
        }
        if options.is_folder() && is_in(&options.items, file) {
            return refuse(format!("`{shown}` would be an item the next time: {option} writes outside of --items"));
        }
        others.push((option, identity));
    }
    Ok(())
}

fn identified((option, path): Named<'_>) -> (&'static str, Option<Identity>) {
    (option, identity(path))
}

/// Which file it is. A device is nobody's file.
fn identity(path: &Path) -> Option<Identity> {
    match path.metadata() {
        Ok(found) => found.is_file().then(|| Identity::File(found.dev(), found.ino())),
        Err(_) => {
            let place = target(path).ok()?;
            Some(Identity::Place(folder(&place).canonicalize().ok()?, place.file_name()?.to_owned()))
        }
    }
}

/// Whether `folder` has the file, under a name or as what a link leads to, and it isn't hidden.
fn is_in(items: &Path, file: &Path) -> bool {
    let is_visible = |file: &Path| !file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let real = file.canonicalize();
    let names = [Some(file), real.as_deref().ok()];
    let mut folders = names.into_iter().flatten().filter(|file| is_visible(file)).map(folder);
    let items = items.canonicalize().ok();
    items.is_some() && folders.any(|folder| folder.canonicalize().ok() == items)
}
