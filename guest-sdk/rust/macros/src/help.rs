//! Doc comments.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The first paragraph of a doc comment, on one line, without its full stop.
pub fn help(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(line).map(|line| line.trim().to_owned());
    let first: Vec<_> = lines.skip_while(String::is_empty).take_while(|line| !line.is_empty()).collect();
    first.join(" ").trim_end_matches('.').to_owned()
}

/// Whether it is a line of a doc comment.
pub fn is_doc(attribute: &Attribute) -> bool {
    line(attribute).is_some()
}

fn line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
