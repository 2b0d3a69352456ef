//! What can be known of a compiled agent or a program without running it.

mod drift;

use crate::{
    agent::manifest::Manifest,
    component::{Facts, Interface},
    diagnostic::{Diagnostic, Report},
};

/// The warning that a manifest and the one in its component differ. `turingbox check --locked` refuses it.
pub(crate) const DIFFERS: &str = "manifest-differs";

/// Checks that the component can be an agent, or a command if that is what the manifest says, asks for all that it
/// imports, and says of itself what its manifest says.
pub(super) fn check(manifest: &Manifest, bytes: &[u8]) -> Report {
    let Some(file) = manifest.compiled() else { return Report::default() };
    let span = manifest.source.text.find(file).map_or(0..0, |at| at..at + file.len());
    let wrong = |message: String| {
        let what = if manifest.command().is_some() { "a command" } else { "an agent" };
        Diagnostic::error("bad-component", format!("`{file}` can't be {what}: {message}"))
            .at(&manifest.source, span.clone())
    };
    let facts = match Facts::read(bytes) {
        Ok(facts) => facts,
        Err(why) => return wrong(why).into(),
    };
    let misfit = if manifest.command().is_some() { facts.command_misfit() } else { facts.misfit() };
    if let Some(misfit) = misfit {
        return wrong(misfit.message).help(misfit.help).into();
    }
    let unexplained = unexplained(manifest, &facts).into_iter().map(|(import, key)| {
        let message = format!("`{file}` imports `{import}`, and the manifest doesn't ask for `{key}`");
        Diagnostic::warning("import-without-need", message)
            .at(&manifest.source, span.clone())
            .help(format!("say what it wants: [needs] {key} = [\"…\"]"))
    });
    let drift = facts.manifest.as_deref().map(|held| drift::drift(manifest, file, held)).unwrap_or_default();
    let drift = drift.into_iter().map(|what| {
        Diagnostic::warning(DIFFERS, what)
            .at(&manifest.source, span.clone())
            .help("`turingbox build` writes the manifest from what the sources say: change it there, and build anew")
    });
    Report(unexplained.chain(drift).collect())
}

/// The imports that no need explains, and the keys that they are for.
pub(crate) fn unexplained<'a>(manifest: &Manifest, facts: &'a Facts) -> Vec<(&'a str, &'static str)> {
    let asks = |key: &str| manifest.needs.iter().any(|need| need.capability == key);
    let wanted = |import: &'a String| {
        let interface = Interface::parse(import).filter(Interface::is_wanted)?;
        Some((import.as_str(), interface.key()?))
    };
    facts.imports.iter().filter_map(wanted).filter(|(_, key)| !asks(key)).collect()
}
