//! One argument of an agent's function, which is an input.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Ident, Pat, Type};

use crate::{
    check::{check, word},
    help::{help, is_doc},
    kind::{Kind, optional},
    name::name_of,
    settings::InputSettings,
    write::text,
};

/// One argument.
pub struct Input {
    name: String,
    help: String,
    ty: Type,
    settings: InputSettings,
}

impl Input {
    /// Reads an argument, and takes out what only the manifest is about.
    pub fn take(argument: &mut FnArg) -> syn::Result<Self> {
        let FnArg::Typed(typed) = argument else {
            return Err(syn::Error::new_spanned(argument, "an agent is a function, not a method"));
        };
        let (help, settings) = (help(&typed.attrs), InputSettings::of(&typed.attrs)?);
        typed.attrs.retain(|attribute| !is_doc(attribute) && !attribute.path().is_ident("input"));
        let Some(name) = name(&typed.pat) else {
            return Err(syn::Error::new_spanned(&typed.pat, "an input has a name"));
        };
        if let Type::Reference(reference) = &*typed.ty {
            return Err(syn::Error::new_spanned(reference, "an input is owned: write `String` in place of `&str`"));
        }
        if let Type::ImplTrait(odd) = optional(&typed.ty).unwrap_or(&typed.ty) {
            return Err(syn::Error::new_spanned(odd, "an input has a type of its own: write it out"));
        }
        let input = Self { name: name_of(name)?, help, ty: (*typed.ty).clone(), settings };
        check(&input.settings, input.kind())?;
        Ok(input)
    }

    fn is_optional(&self) -> bool {
        optional(&self.ty).is_some()
    }

    fn kind(&self) -> Kind {
        Kind::of(optional(&self.ty).unwrap_or(&self.ty))
    }

    /// The input in the manifest.
    pub fn described(&self) -> String {
        let mut table = format!("\n[inputs.{}]\n", self.name);
        if !self.help.is_empty() {
            table.push_str(&format!("help = {}\n", text(&self.help)));
        }
        let said = |key: &str| self.settings.get(key).is_some();
        let word = word(&self.settings, self.kind());
        if said("type") || word != "text" {
            table.push_str(&format!("type = {}\n", text(word)));
        }
        for (key, value) in self.settings.said.iter().filter(|(key, _)| key != "type") {
            table.push_str(&format!("{key} = {}\n", value.toml()));
        }
        if let (Kind::Integer { min, max }, false) = (self.kind(), said("type") || said("choices")) {
            for (key, bound) in [("min", min), ("max", max)] {
                if let Some(bound) = bound.filter(|_| !said(key)) {
                    table.push_str(&format!("{key} = {bound}\n"));
                }
            }
        }
        if self.is_optional() && !said("default") {
            table.push_str("optional = true\n");
        }
        table
    }

    /// The expression that takes it out of `__inputs`.
    pub fn taken(&self) -> TokenStream {
        let name = &self.name;
        match (self.kind(), self.is_optional()) {
            (Kind::Json, false) => quote!(__inputs.take_json(#name)?),
            (Kind::Json, true) => quote!(__inputs.take_json_optional(#name)?),
            (Kind::Any, false) => quote!(__inputs.take_any(#name)?),
            (Kind::Any, true) => quote!(__inputs.take_any_optional(#name)),
            (_, false) => quote!(__inputs.take(#name)?),
            (_, true) => quote!(__inputs.take_optional(#name)?),
        }
    }
}

fn name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(ident) => Some(&ident.ident),
        _ => None,
    }
}
