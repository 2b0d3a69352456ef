//! `#[derive(Outputs)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, Type};

use crate::{
    help::help,
    kind::{Kind, optional},
    name::name_of,
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
        let name = name_of(ident)?;
        let inner = optional(&field.ty);
        if name == "status" {
            return Err(syn::Error::new(ident.span(), "`status` is every agent's output already"));
        }
        let mut flags = Vec::from_iter(is_internal(&field.attrs)?.then_some("internal"));
        flags.extend(inner.is_none().then_some("always"));
        manifest.push_str(&described(&name, &help(&field.attrs), inner.unwrap_or(&field.ty), &flags));
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

/// Whether `#[output(internal)]` says that an output is for those alone who name it.
fn is_internal(attributes: &[Attribute]) -> syn::Result<bool> {
    let mut internal = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("output")) {
        attribute.parse_nested_meta(|said| match said.path.is_ident("internal") {
            true => {
                internal = true;
                Ok(())
            }
            false => Err(said.error("an output can be `internal`")),
        })?;
    }
    Ok(internal)
}

/// An output in a manifest; `flags` are keys that are true.
pub fn described(name: &str, help: &str, ty: &Type, flags: &[&str]) -> String {
    let mut table = format!("\n[outputs.{name}]\n");
    if !help.is_empty() {
        table.push_str(&format!("help = {}\n", text(help)));
    }
    if let Some(word) = Kind::of(ty).word() {
        table.push_str(&format!("type = \"{word}\"\n"));
    }
    table.extend(flags.iter().map(|flag| format!("{flag} = true\n")));
    table
}

/// The expression for the value of an output.
fn into_value(ty: &Type, value: &TokenStream) -> TokenStream {
    match Kind::of(ty) {
        Kind::Json => quote!(::turingbox_sdk::Value::json(&#value)?),
        _ => quote!(::turingbox_sdk::IntoValue::into_value(#value)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: &str) -> Result<String, String> {
        let expanded = syn::parse_str(item).and_then(|item: DeriveInput| expand(&item));
        expanded.map(|tokens| tokens.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_say_what_is_internal_and_what_is_always_there() {
        let said = expanded("struct Found { #[output(internal)] a: u8, b: Option<String> }");
        let manifest =
            r#"\n[outputs.a]\ntype = \"integer\"\ninternal = true\nalways = true\n\n[outputs.b]\ntype = \"text\"\n""#;
        assert!(said.as_ref().is_ok_and(|said| said.contains(manifest)), "{said:?}");
        for (item, why) in [
            ("struct Found { #[output(intern)] a: u8 }", "an output can be `internal`"),
            ("struct Found { status: u8 }", "`status` is every agent's output already"),
            ("struct Found { größe: u8 }", "names in a manifest are of ASCII"),
            ("struct Found(u8);", "outputs have names"),
        ] {
            assert!(expanded(item).is_err_and(|said| said.contains(why)), "{item}");
        }
    }
}
