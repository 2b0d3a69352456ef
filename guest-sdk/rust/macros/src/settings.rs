//! What the attributes say.

use syn::{
    Attribute, Ident, LitStr, Token, bracketed, parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::{
    constant::{Constant, once},
    name::is_name,
};

/// What an agent can ask for.
const CAPABILITIES: [&str; 6] = ["files", "http", "tcp", "databases", "env", "calls"];

/// `#[agent(…)]`
#[derive(Default)]
pub struct AgentSettings {
    /// The agent's name, where it isn't the function's.
    pub name: Option<String>,
    /// Keys of the manifest that are true.
    pub flags: Vec<String>,
    /// Capabilities, and what is asked of each.
    pub needs: Vec<(Ident, Vec<String>)>,
    /// The help of the one output.
    pub output: Option<LitStr>,
}

impl Parse for AgentSettings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut settings = Self::default();
        let mut said = Vec::new();
        while !input.is_empty() {
            let key = once(input, said.iter())?;
            match key.to_string().as_str() {
                "name" => settings.name = Some(agent_name(&assigned(input)?)?),
                "idempotent" | "cache" => settings.flags.push(key.to_string()),
                "needs" => settings.needs = needs(input)?,
                "output" => settings.output = Some(assigned(input)?),
                _ => {
                    let known = "an agent has `name = \"…\"`, `output = \"…\"`, `needs(…)`, `idempotent` and `cache`";
                    return Err(syn::Error::new(key.span(), known));
                }
            }
            said.push(key);
            comma(input)?;
        }
        Ok(settings)
    }
}

fn agent_name(name: &LitStr) -> syn::Result<String> {
    match is_name(&name.value()) {
        true => Ok(name.value()),
        false => {
            let form = "a name is a letter or `_`, then letters, digits, `_` or `-`, 100 at most and all of ASCII";
            Err(syn::Error::new(name.span(), form))
        }
    }
}

fn needs(input: ParseStream<'_>) -> syn::Result<Vec<(Ident, Vec<String>)>> {
    let inner;
    parenthesized!(inner in input);
    let mut needs = Vec::new();
    while !inner.is_empty() {
        let capability = once(&inner, needs.iter().map(|(capability, _)| capability))?;
        if !CAPABILITIES.iter().any(|known| capability == known) {
            let known = format!("there is no `{capability}` to ask for: it is one of {}", CAPABILITIES.join(", "));
            return Err(syn::Error::new(capability.span(), known));
        }
        inner.parse::<Token![=]>()?;
        needs.push((capability, texts(&inner)?));
        comma(&inner)?;
    }
    Ok(needs)
}

fn texts(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    let inner;
    bracketed!(inner in input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&inner)?;
    Ok(texts.iter().map(LitStr::value).collect())
}

/// What is behind a key.
fn assigned<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The comma behind what was read, if more follows.
pub fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}

/// All that `#[input(…)]` says of one input.
#[derive(Default)]
pub struct InputSettings {
    /// Keys of the manifest, and their values.
    pub said: Vec<(Ident, Constant)>,
}

impl InputSettings {
    /// Reads the attributes.
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut settings = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("input")) {
            attribute.parse_args_with(|input: ParseStream<'_>| settings.read(input))?;
        }
        Ok(settings)
    }

    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            let key = once(input, self.said.iter().map(|(key, _)| key))?;
            let value = match key.to_string().as_str() {
                "type" => Constant::Text(assigned::<LitStr>(input)?.value()),
                "choices" => {
                    input.parse::<Token![=]>()?;
                    Constant::List(texts(input)?.into_iter().map(Constant::Text).collect())
                }
                "default" | "min" | "max" => Constant::of(&assigned(input)?)?,
                "ui" => {
                    let inner;
                    parenthesized!(inner in input);
                    Constant::table(&inner)?
                }
                _ => {
                    let known = "an input has `default`, `min`, `max`, `choices`, `type` and `ui(…)`";
                    return Err(syn::Error::new(key.span(), known));
                }
            };
            self.said.push((key, value));
            comma(input)?;
        }
        Ok(())
    }

    /// What is said with this key.
    pub fn get(&self, key: &str) -> Option<&Constant> {
        self.said.iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }
}
