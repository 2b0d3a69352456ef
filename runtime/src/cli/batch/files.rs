//! The files of a batch: no two are one.

use std::path::Path;

use crate::cli::{Stop, batch::options::BatchOptions};

/// Refuses a file that is written and is another one of the batch, too: `--force` would empty what is read.
pub fn distinct(options: &BatchOptions, policy: Option<&Path>) -> Result<(), Stop> {
    let same = |one: &Path, other: &Path| match (known(one), known(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    };
    let read = [Some(("--items", options.items.as_path())), policy.map(|policy| ("--policy", policy))];
    let written: Vec<_> =
        options.out.as_deref().map(|out| ("--out", out)).into_iter().chain(options.reports.files()).collect();
    for (at, (option, file)) in written.iter().enumerate() {
        let mut others = read.iter().flatten().chain(&written[..at]);
        if let Some((other, _)) = others.find(|(_, other)| same(file, other)) {
            return Err(Stop::Usage(format!(
                "`{}` is the file of {other}, too: {option} writes another",
                file.display()
            )));
        }
    }
    Ok(())
}

/// Which file it is, whether it is there or only its folder. A device is nobody's file.
fn known(path: &Path) -> Option<std::path::PathBuf> {
    match path.canonicalize() {
        Ok(path) => path.metadata().is_ok_and(|found| found.is_file()).then_some(path),
        Err(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(path.file_name()?))
        }
    }
}
