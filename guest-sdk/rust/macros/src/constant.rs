//! Literals of Rust, and how TOML writes them.

use syn::{Expr, ExprLit, Ident, Lit, Token, ext::IdentExt, parse::ParseStream};

use crate::{settings::comma, write::text};

/// A value in a manifest.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    List(Vec<Constant>),
    Table(Vec<(String, Constant)>),
}

impl Constant {
    /// What an expression says, if it is a literal, or a list of them.
    pub fn of(value: &Expr) -> syn::Result<Self> {
        match value {
            Expr::Lit(ExprLit { lit, .. }) => Self::literal(lit, ""),
            Expr::Unary(negative) if matches!(negative.op, syn::UnOp::Neg(_)) => match &*negative.expr {
                Expr::Lit(ExprLit { lit: lit @ (Lit::Int(_) | Lit::Float(_)), .. }) => Self::literal(lit, "-"),
                other => Err(syn::Error::new_spanned(other, "a number follows the sign")),
            },
            Expr::Array(array) => array.elems.iter().map(Self::of).collect::<syn::Result<_>>().map(Self::List),
            other => Err(syn::Error::new_spanned(other, "a text, a number, true or false, or a list of these")),
        }
    }

    /// Keys and values, as in `widget = "slider", group = "Advanced"`.
    pub fn table(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut table = Vec::new();
        while !input.is_empty() {
            let key = once(input, table.iter().map(|(key, _)| key))?;
            input.parse::<Token![=]>()?;
            table.push((key, Self::of(&input.parse()?)?));
            comma(input)?;
        }
        Ok(Self::Table(table.into_iter().map(|(key, value)| (key.to_string(), value)).collect()))
    }

    fn literal(value: &Lit, sign: &str) -> syn::Result<Self> {
        let wrong = |why: &str| syn::Error::new_spanned(value, why);
        match value {
            Lit::Str(value) => Ok(Self::Text(value.value())),
            Lit::Bool(value) => Ok(Self::Boolean(value.value)),
            Lit::Int(value) => {
                let whole = format!("{sign}{}", value.base10_digits()).parse().map(Self::Integer);
                whole.map_err(|_| wrong("a whole number in a manifest has 64 bits, one of them for its sign"))
            }
            Lit::Float(value) => {
                let number = format!("{sign}{}", value.base10_digits()).parse::<f64>();
                let finite = number.ok().filter(|number| number.is_finite());
                finite.map(Self::Number).ok_or_else(|| wrong("this number is too large"))
            }
            _ => Err(wrong("a text, a number, or true or false")),
        }
    }

    /// The number that it is.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(whole) => Some(*whole as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// In TOML.
    pub fn toml(&self) -> String {
        let listed = |parts: Vec<String>| parts.join(", ");
        match self {
            Self::Text(value) => text(value),
            Self::Integer(value) => value.to_string(),
            // With a point or an exponent, whatever the number.
            Self::Number(value) => format!("{value:?}"),
            Self::Boolean(value) => value.to_string(),
            Self::List(values) => format!("[{}]", listed(values.iter().map(Self::toml).collect())),
            Self::Table(values) => {
                let entry = |(key, value): &(String, Self)| format!("{key} = {}", value.toml());
                format!("{{ {} }}", listed(values.iter().map(entry).collect()))
            }
        }
    }
}

/// The key that comes next, which is none of those that were `said`.
pub fn once<'a>(input: ParseStream<'_>, mut said: impl Iterator<Item = &'a Ident>) -> syn::Result<Ident> {
    let key = input.call(Ident::parse_any)?;
    match said.any(|other| *other == key) {
        true => Err(syn::Error::new(key.span(), format!("`{key}` is there already"))),
        false => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(expression: &str) -> Option<String> {
        let read = |value: Expr| Constant::of(&value).ok();
        syn::parse_str(expression).ok().and_then(read).map(|value| value.toml())
    }

    #[test]
    fn literals_are_written_as_toml_reads_them() {
        for (rust, written) in [
            ("1.", "1.0"),
            ("1e300", "1e300"),
            ("-007.5", "-7.5"),
            ("0x10_u8", "16"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("[\"a\\n\", true]", "[\"a\\n\", true]"),
        ] {
            assert_eq!(toml(rust).as_deref(), Some(written), "{rust}");
        }
        for refused in ["9223372036854775808", "1e999", "-true", "-\"a\"", "1 + 1", "b\"a\""] {
            assert_eq!(toml(refused), None, "{refused}");
        }
    }
}
