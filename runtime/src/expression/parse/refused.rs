//! What is Python, and not allowed: a message for each, with what to write instead.

use std::ops::Range;

use rustpython_parser::ast::Expr;

use crate::{
    diagnostic::nearest,
    expression::{functions::FUNCTIONS, methods::Method, wrong::ExpressionError},
};

/// What Python calls values that have other names elsewhere.
const SPELLINGS: [(&str, &str); 6] =
    [("true", "True"), ("false", "False"), ("null", "None"), ("none", "None"), ("nil", "None"), ("undefined", "None")];

/// Operators of other languages, and those of Python.
const OPERATORS: [(&str, &str); 3] = [("&&", "and"), ("||", "or"), ("!", "not")];

/// Why a bare name is not allowed.
pub fn name(name: &str, span: Range<usize>) -> ExpressionError {
    if FUNCTIONS.iter().any(|function| function.word == name) {
        return ExpressionError::refused(format!("`{name}` is a function"), span)
            .help(format!("write {name}(…) to call it"));
    }
    let error = ExpressionError::refused(format!("`{name}` is not a name of this expression"), span);
    match SPELLINGS.iter().find(|(elsewhere, _)| elsewhere.eq_ignore_ascii_case(name)) {
        Some((_, ours)) => error.help(format!("write {ours}")),
        None => error.help(format!("write ${name}, or put it in quotes")),
    }
}

/// The error for an operator of another language, where the parser stumbled over it at the byte `at`.
pub fn operator(text: &str, at: usize) -> Option<ExpressionError> {
    [at.checked_sub(1), Some(at)].into_iter().flatten().find_map(|start| {
        let (written, ours) = OPERATORS.iter().find(|(written, _)| is_written(text.get(start..), written))?;
        let span = start..start + written.len();
        Some(ExpressionError::syntax(format!("`{written}` is not expected here"), span).help(format!("write `{ours}`")))
    })
}

/// Whether an operator stands at the beginning of `rest`: `!` before what it is about, and not as the end
/// of a sentence.
fn is_written(rest: Option<&str>, operator: &str) -> bool {
    let operand = |c: char| c == '$' || c == '(' || c.is_alphabetic();
    rest.and_then(|rest| rest.strip_prefix(operator)).is_some_and(|rest| operator != "!" || rest.starts_with(operand))
}

/// Why a function can't be called.
pub fn function(name: &str, span: Range<usize>) -> ExpressionError {
    let known = FUNCTIONS.iter().map(|function| function.word);
    let error = ExpressionError::refused(format!("there is no function called `{name}`"), span);
    if Method::named(name).is_some() {
        return error.help(format!("it is a method: write $name.{name}(…)"));
    }
    match nearest(name, known.clone()) {
        Some(candidate) => error.help(format!("did you mean `{candidate}`?")),
        None => error.help(format!("there is {}", known.collect::<Vec<_>>().join(", "))),
    }
}

/// Why a method can't be called.
pub fn method(name: &str, span: Range<usize>) -> ExpressionError {
    let known = Method::words();
    let error = ExpressionError::refused(format!("there is no method called `{name}`"), span);
    if name == "format" {
        return error.help("write + between the parts, or \"{{ name }}\" instead of an expression");
    }
    match nearest(name, known.iter().copied()) {
        Some(candidate) => error.help(format!("did you mean `{candidate}`?")),
        None => error.help(format!("there is {}", known.join(", "))),
    }
}

/// Why this part of Python can't be used.
pub fn node(tree: &Expr, span: Range<usize>, text: &str) -> ExpressionError {
    let (message, help) = match tree {
        Expr::Lambda(_) => ("a lambda can't be in an expression", "write a comprehension: [x + 1 for x in $list]"),
        Expr::NamedExpr(_) => ("`:=` can't be in an expression", "compute it in a step before"),
        Expr::JoinedStr(_) | Expr::FormattedValue(_) => {
            ("an f-string can't be in an expression", "write + between the parts, or \"{{ name }}\"")
        }
        Expr::Set(_) | Expr::SetComp(_) => ("there are no sets: JSON has none", "write a list: [ … ]"),
        Expr::Starred(_) => ("`*` can't be used here", "write each value, or + between lists"),
        Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) => ("nothing waits in an expression", ""),
        Expr::GeneratorExp(_) => {
            ("a generator is only the argument of a function that walks all of it", "write a list: [ … ]")
        }
        Expr::Slice(_) => ("a slice is only in square brackets", ""),
        Expr::Attribute(attribute) => {
            let name = attribute.attr.as_str();
            if name.starts_with('_') {
                ("a name that begins with `_` can't be in an expression", "")
            } else if Method::named(name).is_some() {
                ("a method is only there to be called", "write brackets behind it: .upper()")
            } else {
                ("there are no attributes", "write ['name'] for a key of that name")
            }
        }
        _ => ("this can't be in an expression", ""),
    };
    let shown = text.get(span.clone()).is_some_and(|part| part.len() < text.len());
    let error = ExpressionError::refused(message, if shown { span } else { 0..text.len() });
    if help.is_empty() { error } else { error.help(help) }
}
