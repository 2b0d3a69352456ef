//! What the attributes say.

use syn::{
    Attribute, Expr, Ident, LitStr, Token, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::write::{list, text};

/// `#[agent(…)]`
#[derive(Default)]
pub struct AgentSettings {
    /// Capabilities, and what is asked of each.
    pub needs: Vec<(String, Vec<String>)>,
    /// The help of the one output.
    pub output: Option<String>,
}

impl Parse for AgentSettings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut settings = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "needs" => settings.needs = needs(input)?,
                "output" => {
                    input.parse::<Token![=]>()?;
                    settings.output = Some(input.parse::<LitStr>()?.value());
                }
                _ => return Err(syn::Error::new(name.span(), "an agent has `needs(…)` and `output = \"…\"`")),
            }
            comma(input)?;
        }
        Ok(settings)
    }
}

fn needs(input: ParseStream<'_>) -> syn::Result<Vec<(String, Vec<String>)>> {
    let inner;
    parenthesized!(inner in input);
    let mut needs = Vec::new();
    while !inner.is_empty() {
        let capability = inner.call(Ident::parse_any)?.to_string();
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

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}

/// `#[input(…)]`: lines of the manifest, in TOML.
#[derive(Default)]
pub struct InputSettings {
    /// The lines.
    pub lines: Vec<(String, String)>,
}

impl InputSettings {
    /// Reads the attribute, if it is there.
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        match attributes.iter().find(|attribute| attribute.path().is_ident("input")) {
            Some(attribute) => attribute.parse_args(),
            None => Ok(Self::default()),
        }
    }

    /// Whether there is a line with this key.
    pub fn has(&self, key: &str) -> bool {
        self.lines.iter().any(|(other, _)| other == key)
    }
}

impl Parse for InputSettings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut settings = Self::default();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let key = name.to_string();
            input.parse::<Token![=]>()?;
            let value = match key.as_str() {
                "type" => text(&input.parse::<LitStr>()?.value()),
                "choices" => list(&texts(input)?),
                "default" | "min" | "max" => constant(&input.parse()?)?,
                _ => {
                    let known = "an input has `default`, `min`, `max`, `choices` and `type`";
                    return Err(syn::Error::new(name.span(), known));
                }
            };
            if key == "choices" && !settings.has("type") {
                settings.lines.push(("type".into(), text("choice")));
            }
            settings.lines.push((key, value));
            comma(input)?;
        }
        Ok(settings)
    }
}

/// A literal of Rust, in TOML.
fn constant(value: &Expr) -> syn::Result<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(value) => Ok(text(&value.value())),
            syn::Lit::Int(value) => Ok(value.base10_digits().to_owned()),
            syn::Lit::Float(value) => Ok(value.base10_digits().to_owned()),
            syn::Lit::Bool(value) => Ok(value.value.to_string()),
            other => Err(syn::Error::new_spanned(other, "a text, a number, or true or false")),
        },
        Expr::Unary(negative) if matches!(negative.op, syn::UnOp::Neg(_)) => {
            constant(&negative.expr).map(|value| format!("-{value}"))
        }
        Expr::Array(array) => {
            let items: syn::Result<Vec<_>> = array.elems.iter().map(constant).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        other => Err(syn::Error::new_spanned(other, "a text, a number, true or false, or a list of these")),
    }
}
