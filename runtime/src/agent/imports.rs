//! Which modules a Python source imports, as far as its text says.
//!
//! The source's words are enough for that: `import` is one that Python has no other use for. So
//! the audit needs no syntax tree, and no stack for one, and reads newer grammar than the parser.

use std::{ops::Range, sync::Arc};

use rustpython_parser::{Mode, Tok, lexer::lex, text_size::TextRange};

use crate::{
    diagnostic::{Diagnostic, Report},
    policy::{Authority, Decision, Request, is_module},
    source::Source,
};

/// One import that a source makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module; none where only running the source says which.
    pub module: Option<String>,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// The source's words can't be told apart: its grammar is too new, or it is no Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotParsed;

/// Functions that import what a text names.
const IMPORTERS: [&str; 2] = ["__import__", "import_module"];

/// What stands before the quotes of a text that means what it says.
const PLAIN: [&str; 3] = ["", "r", "u"];

/// The imports of a Python source, in its order: statements at any depth, and calls of
/// `__import__` and `import_module`. For `from a import b` both `a` and `a.b` are given, since `b`
/// may be a module. Relative imports, which a single file can't make, are left out.
///
/// # Errors
///
/// When the source can't be read.
pub fn imports(source: &str) -> Result<Vec<Import>, NotParsed> {
    // A panic in the lexer is an answer like any other.
    let found = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, || words(source).map(|words| read(&words)));
        thread.ok().and_then(|thread| thread.join().ok())
    });
    found.unwrap_or(Err(NotParsed))
}

/// What the policy says about the imports of a source: those that it refuses are errors, those that
/// only a run can tell are warnings.
pub(crate) fn audit(source: &Arc<Source>, authority: &Authority) -> Report {
    let guard = "the guard decides when the agent runs";
    let Ok(imports) = imports(&source.text) else {
        let message = format!("the audit of the imports of `{}` is partial: it can't be read", source.path);
        return Diagnostic::warning("imports-not-audited", message).at(source, 0..0).help(guard).into();
    };
    let mut report = Report::default();
    for Import { module, span } in imports {
        let Some(module) = module else {
            let dynamic = Diagnostic::warning("dynamic-import", "what this imports is known only when it runs");
            report.push(dynamic.at(source, span).help(guard));
            continue;
        };
        if let Decision::Denied(denial) = authority.decide(&Request::Imports { module: module.as_str().into() }) {
            let place = denial.place.map(|place| format!(", says {}", place.line())).unwrap_or_default();
            let refused = Diagnostic::error(denial.code, format!("the agent may not import `{module}`{place}"));
            report.push(refused.at(source, span).help(format!("the policy would have to say: {}", denial.help)));
        }
    }
    report
}

type Word = (Tok, TextRange);

fn words(source: &str) -> Result<Vec<Word>, NotParsed> {
    lex(source, Mode::Module).collect::<Result<_, _>>().map_err(|_| NotParsed)
}

fn read(words: &[Word]) -> Vec<Import> {
    let mut found = Vec::new();
    let mut from = None;
    for (at, (word, range)) in words.iter().enumerate() {
        let rest = &words[at + 1..];
        match word {
            // `yield from` and `raise … from` are followed by no `import` in their statement.
            Tok::From => from = Some(at + 1),
            Tok::Newline | Tok::Semi => from = None,
            Tok::Import => match from.take() {
                Some(start) => imported_from(&words[start..at], rest, &mut found),
                None => imported(rest, &mut found),
            },
            Tok::Name { name } if IMPORTERS.contains(&name.as_str()) => called(rest, *range, &mut found),
            Tok::String { value, kind, .. } if kind.to_string().contains('f') => {
                let calls = IMPORTERS.iter().any(|name| value.contains(name));
                found.extend(calls.then(|| Import { module: None, span: span(*range) }));
            }
            _ => {}
        }
    }
    found
}

/// `import a.b as c, d`: reads what follows `import`.
fn imported(mut rest: &[Word], found: &mut Vec<Import>) {
    loop {
        let (name, after) = dotted(rest);
        found.extend(name);
        let comma = after.iter().position(|(word, _)| matches!(word, Tok::Comma | Tok::Newline | Tok::Semi));
        match comma {
            Some(at) if matches!(after[at].0, Tok::Comma) => rest = &after[at + 1..],
            _ => return,
        }
    }
}

/// `from a.b import (c as d, e)`: `package` is what stands before `import`.
fn imported_from(package: &[Word], rest: &[Word], found: &mut Vec<Import>) {
    let (Some(Import { module, span: place }), _) = dotted(package) else { return };
    found.push(Import { module: module.clone(), span: place });
    let names = rest.iter().take_while(|(word, _)| !matches!(word, Tok::Newline | Tok::Semi | Tok::Rpar));
    let mut renamed = false;
    for (word, range) in names {
        match word {
            Tok::Name { name } if !renamed => {
                let module = module.as_ref().map(|module| format!("{module}.{name}")).filter(|name| is_module(name));
                found.push(Import { module, span: span(*range) });
            }
            _ => {}
        }
        renamed = matches!(word, Tok::As);
    }
}

/// `("a")` after the name of a function that imports; the name alone is one that is passed on.
fn called(rest: &[Word], name: TextRange, found: &mut Vec<Import>) {
    let dynamic = Import { module: None, span: span(name) };
    let import = match rest {
        [(Tok::Lpar, _), (Tok::String { value, kind, .. }, range), (Tok::Rpar | Tok::Comma, _), ..]
            if PLAIN.contains(&kind.to_string().as_str()) && is_module(value) =>
        {
            Import { module: Some(value.clone()), span: span(*range) }
        }
        [(Tok::Lpar, _), ..] => dynamic,
        // `from importlib import import_module`.
        _ => return,
    };
    found.push(import);
}

/// The dotted name that `words` begin with, and what follows it. Python takes letters of other
/// scripts for those of ASCII that look like them, so a name that isn't ASCII may be any.
fn dotted(words: &[Word]) -> (Option<Import>, &[Word]) {
    let mut name = String::new();
    let mut read = 0;
    for (word, _) in words {
        match word {
            Tok::Name { name: part } => name.push_str(part),
            Tok::Dot => name.push('.'),
            _ => break,
        }
        read += 1;
    }
    let (Some((_, first)), Some((_, last))) = (words.first(), words[..read].last()) else { return (None, words) };
    if name.starts_with('.') {
        return (None, &words[read..]);
    }
    let span = first.start().to_usize()..last.end().to_usize();
    (Some(Import { module: Some(name).filter(|name| is_module(name)), span }), &words[read..])
}

fn span(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let imports = imports(source).unwrap();
        let shown = |import: &Import| {
            let line = 1 + source[..import.span.start].matches('\n').count();
            format!("{line} {}", import.module.as_deref().unwrap_or("?"))
        };
        imports.iter().map(shown).collect()
    }

    #[test]
    fn every_way_of_writing_an_import() {
        for (source, expected) in [
            ("import os", &["1 os"][..]),
            ("import os.path as p, json ; import re", &["1 os.path", "1 json", "1 re"]),
            ("from os import path as p, sep", &["1 os", "1 os.path", "1 os.sep"]),
            ("from xml.etree import (\n  ElementTree as et,\n)\nx = 1", &["1 xml.etree", "2 xml.etree.ElementTree"]),
            ("from os import *", &["1 os"]),
            ("from . import a\nfrom .b import c", &[]),
            ("def f():\n    if True: import os\n", &["2 os"]),
            ("try:\n    pass\nexcept E:\n    raise A from b\nimport os", &["5 os"]),
            ("def f():\n    yield from g()\n    import os\n", &["3 os"]),
            ("__import__('os').remove", &["1 os"]),
            ("__import__(name)", &["1 ?"]),
            ("__import__('o' 's')", &["1 ?"]),
            ("__import__('\\x6fs')", &["1 ?"]),
            ("importlib.import_module(\"os.path\", None)", &["1 os.path"]),
            (
                "from importlib import import_module\nimport_module('os')",
                &["1 importlib", "1 importlib.import_module", "2 os"],
            ),
            ("f'{__import__(\"os\")}'", &["1 ?"]),
            ("import \u{ff4f}s", &["1 ?"]),
            ("# import os\ns = 'import os'\n'''\nimport os\n'''", &[]),
            ("important = 1", &[]),
            ("type X[T = int] = list[T]\nmatch x:\n    case 1:\n        import os", &["4 os"]),
        ] {
            assert_eq!(found(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_python_is_said_to_be_so() {
        assert_eq!(imports("import os\n\"never closed"), Err(NotParsed));
        assert_eq!(imports("$"), Err(NotParsed));
    }
}
