//! Modules of packages, compiled.

use std::sync::Arc;

use crate::{
    agent::{self, Folder, Manifest},
    failure::Failure,
    packages::ARCHIVE,
    sandbox::Sandbox,
    source::Source,
};

/// The agent in whose place a module is compiled: it has nothing, and is never called.
const NOBODY: &str = "kind = \"proc\"\nname = \"module\"\npython = \"module.py\"\n";

/// Compiles the source at `path` of an archive, in an instance that nothing of an agent ran in. What it gives is
/// what the guest's own compiler makes, and nothing that somebody else could have made.
///
/// # Errors
///
/// As [`Sandbox::compile`].
pub(crate) async fn compile_module(sandbox: &Sandbox, path: &str, text: &str) -> Result<Vec<u8>, Failure> {
    let nowhere = Folder::Memory { files: Arc::default(), path: String::new() };
    let nobody = Manifest::read(&Source::new("module.toml", NOBODY), nowhere, "module");
    let nobody = nobody.map_err(|_| Failure::host("a module can't be compiled"))?;
    let code = agent::Code::Python {
        file: format!("{ARCHIVE}/{path}"),
        // A mark at the beginning, which says that it is UTF-8, is no part of the text.
        source: Source::new(path, text.strip_prefix('\u{feff}').unwrap_or(text)),
        function: String::new(),
        bytecode: Arc::default(),
        imports: Arc::default(),
        packages: None,
    };
    // In a box: the future of a call holds this one, and this one that of another call.
    Box::pin(sandbox.compile(&nobody, &code)).await
}
