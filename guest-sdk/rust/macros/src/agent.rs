//! `#[agent]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, ReturnType, Signature, Type, parse_quote};

use crate::{
    gives::Gives,
    help::help,
    input::Input,
    kind::{failure, fallible, is_called},
    name::name_of,
    settings::AgentSettings,
    write::{list, text},
};

/// The function as it was, and beside it what the contract wants of a component.
pub fn expand(settings: &AgentSettings, function: ItemFn) -> syn::Result<TokenStream> {
    Agent::read(settings, function).map(|agent| agent.written())
}

/// A function that is an agent.
struct Agent {
    /// Without what only the manifest is about.
    function: ItemFn,
    /// What is known of its manifest here.
    manifest: String,
    /// The expression for the rest of it.
    rest: TokenStream,
    /// The expression that gives the outputs for `__inputs`.
    outputs: TokenStream,
}

impl Agent {
    fn read(settings: &AgentSettings, mut function: ItemFn) -> syn::Result<Self> {
        refuse_odd(&function.sig)?;
        let inputs: Vec<_> = function.sig.inputs.iter_mut().map(Input::take).collect::<syn::Result<_>>()?;
        let unit: Type = parse_quote!(());
        let returned = match &function.sig.output {
            ReturnType::Default => &unit,
            ReturnType::Type(_, ty) => ty,
        };
        let gives = Gives::of(fallible(returned).unwrap_or(returned));
        let mut manifest = head(settings, &function)?;
        manifest.extend(inputs.iter().map(Input::described));
        manifest.push_str(&needs(settings));
        manifest.push_str(&gives.described(settings)?);
        let (name, given) = (&function.sig.ident, inputs.iter().map(Input::taken));
        let outputs = gives.outputs(&match fallible(returned) {
            Some(_) => quote!(::turingbox_sdk::run::Returned::returned(#name(#(#given),*))?),
            None => quote!(#name(#(#given),*)),
        });
        let rest = gives.rest();
        Ok(Self { function, manifest, rest, outputs })
    }

    /// In what is beside the function, no name is one that an author would choose: the function's types, and
    /// the function itself, are named there.
    fn written(&self) -> TokenStream {
        let Self { function, manifest, rest, outputs } = self;
        let name = &function.sig.ident;
        quote! {
            #function

            // The host calls it; natively, perhaps only tests do.
            #[cfg(not(target_family = "wasm"))]
            const _: () = {
                let _ = #name;
            };

            #[cfg(target_family = "wasm")]
            const _: () = {
                struct __Agent;

                impl ::turingbox_sdk::bindings::Guest for __Agent {
                    fn run(
                        __inputs: ::std::vec::Vec<::turingbox_sdk::bindings::Field>,
                    ) -> ::core::result::Result<
                        ::std::vec::Vec<::turingbox_sdk::bindings::Field>,
                        ::turingbox_sdk::bindings::Failure,
                    > {
                        ::turingbox_sdk::run::run(__inputs, |mut __inputs| #outputs)
                    }
                }

                ::turingbox_sdk::bindings::export!(__Agent with_types_in ::turingbox_sdk::bindings);

                const __SAID: &str = #manifest;
                const __REST: &str = #rest;
                #[used]
                #[unsafe(link_section = "turingbox-manifest")]
                static __MANIFEST: [u8; __SAID.len() + __REST.len()] = ::turingbox_sdk::run::join(__SAID, __REST);
            };

            // Exported macros of all modules are in one place, so that a second agent is an error that says it.
            #[cfg(target_family = "wasm")]
            #[doc(hidden)]
            #[macro_export]
            macro_rules! __a_crate_has_only_one_agent {
                () => {};
            }
        }
    }
}

fn refuse_odd(signature: &Signature) -> syn::Result<()> {
    let words = [signature.asyncness.as_ref().map(|word| word.span), signature.unsafety.as_ref().map(|word| word.span)];
    if let Some(odd) = words.into_iter().flatten().next() {
        return Err(syn::Error::new(odd, "an agent is an ordinary function: a call of it is all that runs"));
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        refuse_odd_failure(returned)?;
    }
    match signature.generics.params.is_empty() {
        true => Ok(()),
        false => {
            let only = "an agent has the types of its inputs, and no others";
            Err(syn::Error::new_spanned(&signature.generics, only))
        }
    }
}

/// Refuses what a function returns that nothing is known of, or that says why it failed and is no error.
fn refuse_odd_failure(returned: &Type) -> syn::Result<()> {
    if let Type::ImplTrait(odd) = fallible(returned).unwrap_or(returned) {
        return Err(syn::Error::new_spanned(odd, "an output has a type of its own: write it out"));
    }
    let help = match failure(returned) {
        Some(Type::Reference(text)) if is_called(&text.elem, "str") => "`.map_err(Failure::new)`",
        Some(ty) if is_called(ty, "String") => "`.map_err(Failure::new)`",
        Some(ty) if is_called(ty, "Box") => "`.map_err(|error| Failure::from(&*error))`",
        _ => return Ok(()),
    };
    let why = format!("an agent fails with a `Failure`, or a type of errors: what is none becomes one with {help}");
    Err(syn::Error::new_spanned(returned, why))
}

/// What begins a manifest.
fn head(settings: &AgentSettings, function: &ItemFn) -> syn::Result<String> {
    let name = match &settings.name {
        Some(name) => name.clone(),
        None => name_of(&function.sig.ident)?,
    };
    let help = help(&function.attrs);
    let mut head = format!("kind = \"proc\"\nname = {}\n", text(&name));
    if !help.is_empty() {
        head.push_str(&format!("help = {}\n", text(&help)));
    }
    head.push_str(&format!("component = {}\n", text(&format!("{name}.wasm"))));
    head.extend(settings.flags.iter().map(|flag| format!("{flag} = true\n")));
    Ok(head)
}

fn needs(settings: &AgentSettings) -> String {
    if settings.needs.is_empty() {
        return String::new();
    }
    let lines = settings.needs.iter().map(|(capability, wanted)| format!("{capability} = {}\n", list(wanted)));
    format!("\n[needs]\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests;
