//! `#[agent]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Ident, ItemFn, Pat, ReturnType, Type, ext::IdentExt, parse_quote};

use crate::{
    help::{help, is_doc},
    kind::{Kind, fallible, is_container, is_unit, optional},
    outputs::described,
    settings::{AgentSettings, InputSettings},
    write::{list, text},
};

/// The function as it was, and beside it what the contract wants of a component.
pub fn expand(settings: AgentSettings, mut function: ItemFn) -> syn::Result<TokenStream> {
    let signature = &function.sig;
    if let Some(odd) = signature.asyncness.as_ref().map(|word| word.span) {
        return Err(syn::Error::new(odd, "an agent is an ordinary function: a call of it is all that runs"));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &signature.generics,
            "an agent has the types of its inputs, and no others",
        ));
    }
    let mut manifest = head(&function);
    let mut given = Vec::new();
    for argument in &mut function.sig.inputs {
        let input = Input::take(argument)?;
        manifest.push_str(&input.described());
        given.push(input.taken());
    }
    manifest.push_str(&needs(&settings));
    let unit: Type = parse_quote!(());
    let returned = match &function.sig.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => ty,
    };
    let name = &function.sig.ident;
    let called = match fallible(returned) {
        Some(_) => quote!(::turingbox_sdk::run::Returned::returned(#name(#(#given),*))?),
        None => quote!(#name(#(#given),*)),
    };
    let gives = Gives::of(fallible(returned).unwrap_or(returned));
    let outputs = gives.outputs(&called);
    let rest = match &gives {
        Gives::One(ty) => {
            manifest.push_str(&described("output", &settings.output.unwrap_or_default(), ty, true));
            quote!("")
        }
        Gives::Named(ty) => quote!(<#ty as ::turingbox_sdk::Outputs>::MANIFEST),
    };
    Ok(quote! {
        #function

        // The host calls it; natively, perhaps only tests do.
        #[cfg(not(target_family = "wasm"))]
        const _: () = {
            let _ = #name;
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Agent;

            impl ::turingbox_sdk::bindings::Guest for Agent {
                fn run(
                    inputs: ::std::vec::Vec<::turingbox_sdk::bindings::Field>,
                ) -> ::core::result::Result<
                    ::std::vec::Vec<::turingbox_sdk::bindings::Field>,
                    ::turingbox_sdk::bindings::Failure,
                > {
                    ::turingbox_sdk::run::run(inputs, |mut inputs| #outputs)
                }
            }

            ::turingbox_sdk::bindings::export!(Agent with_types_in ::turingbox_sdk::bindings);

            const SAID: &str = #manifest;
            const REST: &str = #rest;
            #[used]
            #[unsafe(link_section = "turingbox-manifest")]
            static MANIFEST: [u8; SAID.len() + REST.len()] = ::turingbox_sdk::run::join(SAID, REST);
        };
    })
}

/// What begins a manifest.
fn head(function: &ItemFn) -> String {
    let name = function.sig.ident.unraw().to_string();
    let help = help(&function.attrs);
    let mut head = format!("kind = \"proc\"\nname = {}\n", text(&name));
    if !help.is_empty() {
        head.push_str(&format!("help = {}\n", text(&help)));
    }
    head.push_str(&format!("component = {}\n", text(&format!("{name}.wasm"))));
    head
}

fn needs(settings: &AgentSettings) -> String {
    if settings.needs.is_empty() {
        return String::new();
    }
    let lines = settings.needs.iter().map(|(capability, wanted)| format!("{capability} = {}\n", list(wanted)));
    format!("\n[needs]\n{}", lines.collect::<String>())
}

/// One argument.
struct Input {
    name: String,
    help: String,
    ty: Type,
    settings: InputSettings,
}

impl Input {
    /// Reads an argument, and takes out what only the manifest is about.
    fn take(argument: &mut FnArg) -> syn::Result<Self> {
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
        Ok(Self { name: name.unraw().to_string(), help, ty: (*typed.ty).clone(), settings })
    }

    fn is_optional(&self) -> bool {
        optional(&self.ty).is_some()
    }

    fn kind(&self) -> Kind {
        Kind::of(optional(&self.ty).unwrap_or(&self.ty))
    }

    fn described(&self) -> String {
        let mut table = format!("\n[inputs.{}]\n", self.name);
        if !self.help.is_empty() {
            table.push_str(&format!("help = {}\n", text(&self.help)));
        }
        let kind = self.kind();
        let typed = self.settings.has("type");
        if let Some(word) = kind.word().filter(|word| !typed && *word != "text") {
            table.push_str(&format!("type = \"{word}\"\n"));
        }
        for (key, value) in &self.settings.lines {
            table.push_str(&format!("{key} = {value}\n"));
        }
        if let (Kind::Integer { min, max }, false) = (kind, typed) {
            for (key, bound) in [("min", min), ("max", max)] {
                if let Some(bound) = bound.filter(|_| !self.settings.has(key)) {
                    table.push_str(&format!("{key} = {bound}\n"));
                }
            }
        }
        if self.is_optional() && !self.settings.has("default") {
            table.push_str("optional = true\n");
        }
        table
    }

    /// The expression that takes it out of the inputs.
    fn taken(&self) -> TokenStream {
        let name = &self.name;
        match (self.kind(), self.is_optional()) {
            (Kind::Json, false) => quote!(inputs.take_json(#name)?),
            (Kind::Json, true) => quote!(inputs.take_json_optional(#name)?),
            (Kind::Any, false) => quote!(inputs.take_any(#name)?),
            (Kind::Any, true) => quote!(inputs.take_any_optional(#name)),
            (_, false) => quote!(inputs.take(#name)?),
            (_, true) => quote!(inputs.take_optional(#name)?),
        }
    }
}

fn name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(ident) => Some(&ident.ident),
        _ => None,
    }
}

/// What a function gives.
enum Gives<'a> {
    /// One value, the output `output`.
    One(&'a Type),
    /// A struct of outputs, or nothing.
    Named(&'a Type),
}

impl<'a> Gives<'a> {
    fn of(ty: &'a Type) -> Self {
        let one = !is_unit(ty) && (Kind::of(ty) != Kind::Json || is_container(ty));
        if one { Self::One(ty) } else { Self::Named(ty) }
    }

    /// The expression that gives the outputs of `called`.
    fn outputs(&self, called: &TokenStream) -> TokenStream {
        match self {
            Self::One(ty) if Kind::of(ty) == Kind::Json => quote!(::turingbox_sdk::run::one_json(&#called)),
            Self::One(_) => quote!(::turingbox_sdk::run::one(#called)),
            Self::Named(_) => quote!(::turingbox_sdk::run::all(#called)),
        }
    }
}
