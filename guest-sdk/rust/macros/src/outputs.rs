//! `#[derive(Outputs)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Type, ext::IdentExt};

use crate::{
    help::help,
    kind::{Kind, optional},
    write::text,
};

/// The implementation of `Outputs`.
pub fn expand(item: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = &item.data else {
        return Err(syn::Error::new_spanned(&item.ident, "outputs have names: this is for a struct with named fields"));
    };
    let mut manifest = String::new();
    let mut pushed = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let name = ident.unraw().to_string();
        let inner = optional(&field.ty);
        manifest.push_str(&described(&name, &help(&field.attrs), inner.unwrap_or(&field.ty), inner.is_none()));
        pushed.push(match inner {
            Some(inner) => {
                let value = into_value(inner, &quote!(value));
                quote!(if let ::core::option::Option::Some(value) = self.#ident { outputs.push((#name, #value)); })
            }
            None => {
                let value = into_value(&field.ty, &quote!(self.#ident));
                quote!(outputs.push((#name, #value));)
            }
        });
    }
    let ident = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::turingbox_sdk::Outputs for #ident #arguments #bounds {
            const MANIFEST: &'static str = #manifest;

            fn outputs(self) -> ::core::result::Result<
                ::std::vec::Vec<(&'static str, ::turingbox_sdk::Value)>,
                ::turingbox_sdk::Failure,
            > {
                let mut outputs = ::std::vec::Vec::new();
                #(#pushed)*
                ::core::result::Result::Ok(outputs)
            }
        }
    })
}

/// An output in a manifest.
pub fn described(name: &str, help: &str, ty: &Type, always: bool) -> String {
    let mut table = format!("\n[outputs.{name}]\n");
    if !help.is_empty() {
        table.push_str(&format!("help = {}\n", text(help)));
    }
    if let Some(word) = Kind::of(ty).word() {
        table.push_str(&format!("type = \"{word}\"\n"));
    }
    if always {
        table.push_str("always = true\n");
    }
    table
}

/// The value of an output.
fn into_value(ty: &Type, value: &TokenStream) -> TokenStream {
    match Kind::of(ty) {
        Kind::Json => quote!(::turingbox_sdk::Value::json(&#value)?),
        _ => quote!(::turingbox_sdk::IntoValue::into_value(#value)?),
    }
}
