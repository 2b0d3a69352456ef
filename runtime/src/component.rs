//! Components, looked at without being compiled: what they are, what they want of the host, what they give
//! it, and what they say of themselves.

mod contract;

use std::collections::BTreeSet;

use wasmparser::{ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload};

#[cfg(feature = "host")]
pub(crate) use contract::{CONTRACT, VERSION, WASI_0_1};
pub use contract::{Interface, Misfit};

/// The custom section in which a component has its own manifest, in TOML; `turingbox-sdk` writes it.
const MANIFEST: &str = "turingbox-manifest";

/// The longest manifest that a component may hold, in bytes: far more than one that a person would read.
const MAX_MANIFEST: usize = 256 << 10;

/// What a component is, as far as its own bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether it is a component; else it is a core module.
    pub is_component: bool,
    /// What it wants of the host: interfaces like `wasi:cli/stdout@0.2.6`.
    pub imports: BTreeSet<String>,
    /// What it gives the host.
    pub exports: BTreeSet<String>,
    /// What it says of itself, if it does: an `agent.toml`.
    pub manifest: Option<String>,
    /// How many functions it has, with those of all that is in it.
    pub functions: usize,
    /// The largest of them, in bytes.
    pub largest_function: usize,
}

impl Facts {
    /// Reads them. Nothing is compiled, and the work is in proportion to the bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, as a sentence.
    ///
    /// # Examples
    ///
    /// ```
    /// use turingbox::component::Facts;
    ///
    /// let facts = Facts::read(b"\0asm\x0d\0\x01\0")?;
    /// assert!(facts.is_component && facts.imports.is_empty());
    /// assert!(Facts::read(b"(component)").is_err());
    /// # Ok::<(), String>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if !bytes.starts_with(b"\0asm") {
            return Err(match bytes.trim_ascii_start().first() {
                Some(b'(') => "it is the text form of WebAssembly: `wasm-tools parse` makes it binary".into(),
                None => "it is empty".into(),
                Some(_) => "it is no WebAssembly".into(),
            });
        }
        let (mut imports, mut exports, mut manifest) = (BTreeSet::new(), BTreeSet::new(), None);
        let (mut is_component, mut functions, mut largest_function) = (false, 0, 0);
        // How deep in nested components and modules.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(broken)? {
                Payload::Version { encoding, .. } if depth == 0 => is_component = encoding == Encoding::Component,
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(broken)?;
                        // A type is only the name of one that an interface has.
                        if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                            imports.insert(import.name.name.to_owned());
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export.map_err(broken)?;
                        if export.kind != ComponentExternalKind::Type {
                            exports.insert(export.name.name.to_owned());
                        }
                    }
                }
                Payload::ExportSection(section) if depth == 0 => {
                    for export in section {
                        exports.insert(export.map_err(broken)?.name.to_owned());
                    }
                }
                Payload::ImportSection(section) if depth == 0 => {
                    for import in section.into_imports() {
                        let import = import.map_err(broken)?;
                        imports.insert(contract::known_as(import.module, import.name));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    functions += 1;
                    largest_function = largest_function.max(body.range().len());
                }
                Payload::CustomSection(section) if section.name() == MANIFEST && manifest.is_none() => {
                    manifest = Some(text(section.data())?);
                }
                _ => {}
            }
        }
        Ok(Self { is_component, imports, exports, manifest, functions, largest_function })
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > MAX_MANIFEST {
        return Err(format!("the manifest in it is longer than {MAX_MANIFEST} bytes"));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| "the manifest in it is not UTF-8".into())
}

fn broken(error: wasmparser::BinaryReaderError) -> String {
    format!("it is broken, or cut off, at byte {}: {}", error.offset(), error.message())
}

#[cfg(test)]
mod tests;
