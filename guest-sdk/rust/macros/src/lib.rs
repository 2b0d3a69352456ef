//! The macros of `turingbox-sdk`: they read a function, or a struct of outputs, and write what the contract
//! wants and what the manifest says.

mod agent;
mod check;
mod constant;
mod gives;
mod help;
mod input;
mod kind;
mod name;
mod outputs;
mod settings;
mod write;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes an agent of a function. Its doc comment is the agent's help, that of an argument the input's.
///
/// The attribute takes what the agent asks for, and the help of its output where that is no struct:
/// `#[agent(needs(http = ["GET https://*.example.com"], env = ["API_KEY"]), output = "What comes back")]`.
/// `name = "my-agent"` is the agent's name, where it isn't the function's; `idempotent` and `cache` say that
/// these are true of it. A crate has one agent.
///
/// An argument can say more of its input with `#[input(…)]`: `default = 10`, `min = 1`, `max = 60`,
/// `choices = ["a", "b"]`, `type = "date"` (or `file`, `step`, `secret`), `ui(widget = "slider")`.
#[proc_macro_attribute]
pub fn agent(settings: TokenStream, item: TokenStream) -> TokenStream {
    let settings = parse_macro_input!(settings as settings::AgentSettings);
    let function = parse_macro_input!(item as syn::ItemFn);
    agent::expand(&settings, function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes the fields of a struct the outputs of an agent. A field's doc comment is the output's help.
/// `#[output(internal)]` on a field says that the output is for those alone who name it.
#[proc_macro_derive(Outputs, attributes(output))]
pub fn outputs(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    outputs::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}
