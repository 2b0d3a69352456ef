//! The macros of `turingbox-sdk`: they read a function, or a struct of outputs, and write what the contract
//! wants and what the manifest says.

mod agent;
mod help;
mod kind;
mod outputs;
mod settings;
mod write;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes an agent of a function. Its doc comment is the agent's help, that of an argument the input's.
///
/// The attribute takes what the agent asks for, and the help of its output where it has but one:
/// `#[agent(needs(http = ["GET https://*.example.com"], env = ["API_KEY"]), output = "What comes back")]`.
///
/// An argument can say more of its input with `#[input(…)]`: `default = 10`, `min = 1`, `max = 60`,
/// `choices = ["a", "b"]`, `type = "date"` (or `file`, `step`, `secret`).
#[proc_macro_attribute]
pub fn agent(settings: TokenStream, item: TokenStream) -> TokenStream {
    let settings = parse_macro_input!(settings as settings::AgentSettings);
    let function = parse_macro_input!(item as syn::ItemFn);
    agent::expand(settings, function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes the fields of a struct the outputs of an agent. A field's doc comment is the output's help.
#[proc_macro_derive(Outputs)]
pub fn outputs(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    outputs::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}
