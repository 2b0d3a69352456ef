//! What an agent's function gives.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::{
    kind::{Kind, is_container, is_unit, optional},
    outputs::described,
    settings::AgentSettings,
};

/// What a function gives.
pub enum Gives<'a> {
    /// One value, the output `output`.
    One(&'a Type),
    /// One value, or none.
    Perhaps(&'a Type),
    /// A struct of outputs, or nothing.
    Named(&'a Type),
}

impl<'a> Gives<'a> {
    /// What a type is that a function returns.
    pub fn of(ty: &'a Type) -> Self {
        match optional(ty) {
            Some(inner) => Self::Perhaps(inner),
            None if is_unit(ty) || (Kind::of(ty) == Kind::Json && !is_container(ty)) => Self::Named(ty),
            None => Self::One(ty),
        }
    }

    /// The expression that gives the outputs of `called`.
    pub fn outputs(&self, called: &TokenStream) -> TokenStream {
        let one = |ty| match Kind::of(ty) {
            Kind::Json => quote!(::turingbox_sdk::run::one_json),
            _ => quote!(::turingbox_sdk::run::one),
        };
        match self {
            Self::One(ty) => {
                let one = one(ty);
                quote!(#one(#called))
            }
            Self::Perhaps(ty) => {
                let one = one(ty);
                quote!(::turingbox_sdk::run::perhaps(#called, #one))
            }
            Self::Named(_) => quote!(::turingbox_sdk::run::all(#called)),
        }
    }

    /// The one output in the manifest, if it is that.
    pub fn described(&self, settings: &AgentSettings) -> syn::Result<String> {
        let help = settings.output.as_ref().map(syn::LitStr::value).unwrap_or_default();
        match (self, &settings.output) {
            (Self::One(ty), _) => Ok(described("output", &help, ty, &["always"])),
            (Self::Perhaps(ty), _) => Ok(described("output", &help, ty, &[])),
            (Self::Named(ty), Some(said)) => {
                let why = match is_unit(ty) {
                    true => "this function has no output",
                    false => "outputs of a struct have their help from the doc comments of its fields",
                };
                Err(syn::Error::new(said.span(), why))
            }
            (Self::Named(_), None) => Ok(String::new()),
        }
    }

    /// The expression for what of the manifest is known elsewhere.
    pub fn rest(&self) -> TokenStream {
        match self {
            Self::Named(ty) => quote!(<#ty as ::turingbox_sdk::Outputs>::MANIFEST),
            _ => quote!(""),
        }
    }
}
