//! What a Rust type is in a manifest. Only its words are known here, so a type of another name for one of
//! these is JSON, which is as good.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// A type, as far as a manifest knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Bytes,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Number,
    Boolean,
    Json,
    /// `turingbox_sdk::Value`: whatever there is.
    Any,
}

impl Kind {
    /// What `ty` is.
    pub fn of(ty: &Type) -> Self {
        let Some(segment) = last(ty) else { return Self::Json };
        if is_any(ty) {
            return Self::Any;
        }
        match segment.ident.to_string().as_str() {
            "String" => Self::Text,
            "Vec" if inner(segment).and_then(last).is_some_and(|item| item.ident == "u8") => Self::Bytes,
            "bool" => Self::Boolean,
            "f32" | "f64" => Self::Number,
            "i8" => between(i8::MIN, i8::MAX),
            "i16" => between(i16::MIN, i16::MAX),
            "i32" => between(i32::MIN, i32::MAX),
            "u8" => between(u8::MIN, u8::MAX),
            "u16" => between(u16::MIN, u16::MAX),
            "u32" => between(u32::MIN, u32::MAX),
            "u64" | "usize" => Self::Integer { min: Some(0), max: None },
            "i64" | "isize" => Self::Integer { min: None, max: None },
            _ => Self::Json,
        }
    }

    /// The word in a manifest; there is none for whatever there is.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("text"),
            Self::Bytes => Some("bytes"),
            Self::Integer { .. } => Some("integer"),
            Self::Number => Some("number"),
            Self::Boolean => Some("boolean"),
            Self::Json => Some("json"),
            Self::Any => None,
        }
    }
}

fn between(min: impl Into<i64>, max: impl Into<i64>) -> Kind {
    Kind::Integer { min: Some(min.into()), max: Some(max.into()) }
}

/// `T`, where the type is `Option<T>`.
pub fn optional(ty: &Type) -> Option<&Type> {
    last(ty).filter(|segment| segment.ident == "Option").and_then(inner)
}

/// `T`, where the type is `Result<T, …>`.
pub fn fallible(ty: &Type) -> Option<&Type> {
    last(ty).filter(|segment| segment.ident == "Result").and_then(inner)
}

/// `E`, where the type is `Result<…, E>`.
pub fn failure(ty: &Type) -> Option<&Type> {
    last(ty).filter(|segment| segment.ident == "Result").and_then(|segment| types(segment).nth(1))
}

/// Whether a type's name is `name`.
pub fn is_called(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|segment| segment.ident == name)
}

/// Whether a type holds others, and so is no struct of outputs.
pub fn is_container(ty: &Type) -> bool {
    const CONTAINERS: [&str; 8] = ["Vec", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "VecDeque", "Value", "Map"];
    match ty {
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        Type::Path(_) => last(ty).is_some_and(|segment| CONTAINERS.contains(&segment.ident.to_string().as_str())),
        _ => true,
    }
}

/// Whether it is `()`.
pub fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// With its crate's name before it: others have a `Value`, too.
fn is_any(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let mut words = path.path.segments.iter().map(|segment| segment.ident.to_string());
    words.next().is_some_and(|word| word == "turingbox_sdk") && words.eq(["Value"])
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last(&group.elem),
        Type::Paren(paren) => last(&paren.elem),
        _ => None,
    }
}

fn inner(segment: &PathSegment) -> Option<&Type> {
    types(segment).next()
}

/// The types that a type is written with.
fn types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        syn::parse_str(text).ok().map(|ty: Type| Kind::of(&ty))
    }

    #[test]
    fn types_are_known_by_their_words() {
        for (text, word) in [
            ("String", "text"),
            ("std::string::String", "text"),
            ("Vec<u8>", "bytes"),
            ("Vec<String>", "json"),
            ("u16", "integer"),
            ("f64", "number"),
            ("bool", "boolean"),
            ("Order", "json"),
            ("(u8, u8)", "json"),
            ("serde_json::Value", "json"),
            ("Value", "json"),
        ] {
            assert_eq!(kind(text).and_then(Kind::word), Some(word), "{text}");
        }
        assert_eq!(kind("turingbox_sdk::Value"), Some(Kind::Any));
        assert_eq!(kind("::turingbox_sdk::Value"), Some(Kind::Any));
        assert_eq!(kind("u8"), Some(Kind::Integer { min: Some(0), max: Some(255) }));
        assert_eq!(kind("usize"), Some(Kind::Integer { min: Some(0), max: None }));
    }
}
