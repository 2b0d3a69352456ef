//! Names.

use syn::{Ident, ext::IdentExt};

/// Whether a text can be a name in a manifest.
pub fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= 100
        && characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A name of Rust in a manifest.
pub fn name_of(ident: &Ident) -> syn::Result<String> {
    let name = ident.unraw().to_string();
    match is_name(&name) {
        true => Ok(name),
        false => Err(syn::Error::new(ident.span(), "names in a manifest are of ASCII, and have 100 letters at most")),
    }
}
