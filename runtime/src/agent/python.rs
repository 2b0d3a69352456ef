//! What can be known of a Python agent without running it.

mod defined;

use std::{collections::HashSet, sync::Arc};

use rustpython_parser::{
    Parse,
    ast::{self, Stmt},
};

use crate::{
    agent::{STEP_INDEX, check::Findings, manifest::Manifest, python::defined::may_define},
    diagnostic::{Diagnostic, Report},
    source::Source,
    stack,
};

/// The longest source that is parsed, in bytes. An expression can nest one level deeper with every
/// byte of it, and dropping a tree takes native stack for every level: so the parser gets a thread
/// whose stack (reserved, not touched) is 2 KiB for each byte.
const MAX_PARSED: usize = 256 << 10;
/// The finding for source that this parser can't read.
pub(crate) const NOT_PARSED: &str = "not-parsed";

const STACK: usize = MAX_PARSED * 2048;

/// Checks that the function is there and takes the agent's inputs. Source that this parser can't
/// read passes: its grammar is older than the guest's, and the guest has the last word.
pub(super) fn check(manifest: &Manifest, source: &Arc<Source>, function: &str) -> Report {
    if source.text.len() > MAX_PARSED {
        return Diagnostic::warning(NOT_PARSED, format!("`{}` is too long to be checked", source.path)).into();
    }
    stack::on_deep_stack(STACK, || check_on_this_stack(manifest, source, function)).unwrap_or_default()
}

fn check_on_this_stack(manifest: &Manifest, source: &Arc<Source>, function: &str) -> Report {
    let mut found = Findings::default();
    let body = match ast::Suite::parse(&source.text, &source.path) {
        Ok(body) => body,
        Err(error) => {
            let at = error.offset.to_usize().min(source.text.len());
            let message = format!("this isn't Python 3.11, so the audit is partial: {}", error.error);
            return Diagnostic::warning(NOT_PARSED, message)
                .at(source, at..at)
                .help("imports were read word by word, what the function takes was not; newer syntax is fine: the guest, which has the last word, is Python 3.14")
                .into();
        }
    };
    let defined = body.iter().rev().find_map(|statement| signature(statement, function));
    match defined {
        Some(signature) => check_signature(manifest, source, &signature, &mut found),
        None if may_define(&body, &source.text, function) => {}
        None => {
            let names: Vec<_> = body.iter().filter_map(function_name).collect();
            let help = found.suggestion(function, names.iter().copied());
            found.push(
                Diagnostic::error("no-function", format!("`{}` has no function called `{function}`", source.path))
                    .at(source, 0..0)
                    .maybe_help(help),
            );
        }
    }
    found.report(&manifest.place())
}

struct Signature<'a> {
    arguments: &'a ast::Arguments,
    at: usize,
}

fn signature<'a>(statement: &'a Stmt, function: &str) -> Option<Signature<'a>> {
    let (arguments, range) = match statement {
        Stmt::FunctionDef(def) if def.name.as_str() == function => (&def.args, def.range),
        Stmt::AsyncFunctionDef(def) if def.name.as_str() == function => (&def.args, def.range),
        _ => return None,
    };
    Some(Signature { arguments, at: range.start().to_usize() })
}

fn function_name(statement: &Stmt) -> Option<&str> {
    match statement {
        Stmt::FunctionDef(def) => Some(def.name.as_str()),
        Stmt::AsyncFunctionDef(def) => Some(def.name.as_str()),
        _ => None,
    }
}

fn check_signature(manifest: &Manifest, source: &Arc<Source>, signature: &Signature<'_>, found: &mut Findings) {
    let arguments = signature.arguments;
    let keyword = || arguments.args.iter().chain(&arguments.kwonlyargs);
    let span = signature.at..source.text[signature.at..].find('\n').map_or(source.text.len(), |end| signature.at + end);
    let names: Vec<_> = keyword().map(|argument| argument.def.arg.as_str()).collect();
    if arguments.kwarg.is_none() {
        let taken: HashSet<_> = names.iter().copied().collect();
        for input in manifest.inputs.iter().filter(|input| !taken.contains(input.name.as_str())) {
            let help = found.suggestion(&input.name, names.iter().copied());
            found.push(
                Diagnostic::error("signature", format!("the function doesn't take the input `{}`", input.name))
                    .at(source, span.clone())
                    .maybe_help(help),
            );
        }
    }
    for argument in keyword().filter(|argument| argument.default.is_none()) {
        let name = argument.def.arg.as_str();
        let always_given = manifest
            .input(name)
            .is_some_and(|input| input.is_required() || input.default.is_some() || name == STEP_INDEX);
        if !always_given {
            let message = match manifest.input(name) {
                Some(_) => format!("the function needs `{name}`, but the input is optional"),
                None => format!("the function needs `{name}`, which is not an input of `{}`", manifest.name),
            };
            found.push(
                Diagnostic::error("signature", message)
                    .at(source, span.clone())
                    .help(format!("give it a default: `{name}=None`")),
            );
        }
    }
}
