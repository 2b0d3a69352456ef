//! Functions that import what a text says, or run it: whether a source calls them with one that can be
//! read, or does anything else with them.

use rustpython_parser::Tok;

use super::{Import, Word, span};
use crate::policy::is_module;

/// A function that may import.
struct Importer {
    word: &'static str,
    /// The module that it is of: the word means it where that is imported. None where it always does.
    module: Option<&'static str>,
    takes: Takes,
}

/// What the first argument of a function is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The name of a module.
    Name,
    /// A source.
    Source,
    /// What no text in the source says.
    Other,
}

const IMPORTERS: [Importer; 9] = [
    Importer { word: "__import__", module: None, takes: Takes::Name },
    Importer { word: "import_module", module: None, takes: Takes::Name },
    Importer { word: "eval", module: None, takes: Takes::Source },
    Importer { word: "exec", module: None, takes: Takes::Source },
    Importer { word: "run_module", module: Some("runpy"), takes: Takes::Name },
    Importer { word: "run_path", module: Some("runpy"), takes: Takes::Other },
    Importer { word: "resolve_name", module: Some("pkgutil"), takes: Takes::Name },
    Importer { word: "exec_module", module: Some("importlib"), takes: Takes::Other },
    Importer { word: "load_module", module: Some("importlib"), takes: Takes::Other },
];

/// What stands before the quotes of a text that means what it says.
const PLAIN: [&str; 3] = ["", "r", "u"];

/// What `words` import by functions; `statements` are the imports that they make without.
pub fn imported(words: &[Word], statements: &[Import]) -> Vec<Import> {
    let modules = statements.iter().filter_map(|import| import.module.as_deref());
    let roots: std::collections::HashSet<_> = modules.filter_map(|module| module.split('.').next()).collect();
    let mut found = Vec::new();
    let mut in_statement = false;
    for (at, (word, range)) in words.iter().enumerate() {
        let dynamic = || Import { module: None, span: span(*range) };
        match word {
            Tok::Newline | Tok::Semi => in_statement = false,
            Tok::Import => in_statement = true,
            Tok::Name { name } => {
                let means = |importer: &&Importer| importer.module.is_none_or(|module| roots.contains(module));
                let Some(importer) = IMPORTERS.iter().find(|known| known.word == name).filter(means) else { continue };
                let next = words.get(at + 1).map(|(word, _)| word);
                found.extend(match in_statement {
                    // Where it keeps its name, what is done with it is seen.
                    true => matches!(next, Some(Tok::As)).then(dynamic),
                    false => used(importer, words, at),
                });
            }
            Tok::String { value, kind, .. } => {
                let is_format = kind.to_string().contains('f');
                found.extend((if is_format { calls(value) } else { names(value) }).then(dynamic));
            }
            _ => {}
        }
    }
    found
}

/// What becomes of a function that is named at `at`.
fn used(importer: &Importer, words: &[Word], at: usize) -> Option<Import> {
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).map(|(word, _)| word);
    let is_builtins =
        |word: &Tok| matches!(word, Tok::Name { name } if ["builtins", "__builtins__"].contains(&name.as_str()));
    let dynamic = Import { module: None, span: span(words.get(at)?.1) };
    match (word(at.checked_sub(1)), word(Some(at + 1))) {
        // Another function of that name, or an argument or a variable.
        (Some(Tok::Def | Tok::Class), _) | (_, Some(Tok::Equal)) => None,
        // A method of that name.
        (Some(Tok::Dot), _) if importer.takes == Takes::Source && !word(at.checked_sub(2)).is_some_and(is_builtins) => {
            None
        }
        (_, Some(Tok::Lpar)) => called(importer, &words[at + 2..], dynamic),
        // It is passed on.
        _ => Some(dynamic),
    }
}

/// What a call imports, of which `arguments` is what follows the bracket.
fn called(importer: &Importer, arguments: &[Word], dynamic: Import) -> Option<Import> {
    let [(Tok::String { value, kind, .. }, range), (Tok::Rpar | Tok::Comma, _), ..] = arguments else {
        return Some(dynamic);
    };
    let is_plain = PLAIN.contains(&kind.to_string().as_str());
    match importer.takes {
        Takes::Name if is_plain && is_module(value) => Some(Import { module: Some(value.clone()), span: span(*range) }),
        Takes::Source if is_plain && !may_import(value) => None,
        _ => Some(dynamic),
    }
}

/// Whether a source may import: it says so, or names what does.
fn may_import(source: &str) -> bool {
    source.contains("import") || IMPORTERS.iter().any(|importer| source.contains(importer.word))
}

/// Whether a text is the name of a function that does nothing but import, as `getattr` takes it.
fn names(text: &str) -> bool {
    IMPORTERS.iter().any(|importer| (importer.module, importer.takes) == (None, Takes::Name) && importer.word == text)
}

/// Whether a format may call a function in its brackets.
fn calls(format: &str) -> bool {
    let called = |importer: &Importer| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let alone = |at: usize| !format[..at].ends_with(is_word) && format[at + importer.word.len()..].starts_with('(');
        match importer.takes {
            Takes::Source => format.match_indices(importer.word).any(|(at, _)| alone(at)),
            _ => format.contains(importer.word),
        }
    };
    IMPORTERS.iter().filter(|importer| importer.module.is_none()).any(called)
}

#[cfg(test)]
mod tests {
    use crate::agent::imports;

    /// The lines of what is known only when the source runs.
    fn lines(source: &str) -> Vec<usize> {
        let dynamic = imports(source).found.into_iter().filter(|import| import.module.is_none());
        dynamic.map(|import| 1 + source[..import.span.start].matches('\n').count()).collect()
    }

    #[test]
    fn what_is_done_with_a_function_that_imports_is_seen() {
        for (source, expected) in [
            ("from importlib import import_module as im\nim(m)", &[1][..]),
            ("from importlib import (\n  import_module,\n)\nimport_module(m)", &[4]),
            ("from importlib import import_module", &[]),
            ("import importlib as il\nil.import_module(m)\nf = il.import_module", &[2, 3]),
            ("f = __import__\nf(m)", &[1]),
            ("import builtins\nbuiltins.__import__(m)\nbuiltins.eval(m)", &[2, 3]),
            ("getattr(importlib, 'import_module')(m)", &[1]),
            ("eval(m)\nexec(m)\nmap(eval, m)", &[1, 2, 3]),
            ("eval('1 + 1')\nexec(\"x = 1\", space)", &[]),
            ("eval('__import__(m)')\nexec('im' 'port os')\nexec(f'{m}')\nexec('import os')", &[1, 2, 3, 4]),
            ("import runpy\nrunpy.run_module(m)\nrunpy.run_path('a.py')", &[2, 3]),
            ("run_module(m)\nresolve_name(m)\nself.load_module(m)", &[]),
            ("import pkgutil\npkgutil.resolve_name(m)\npkgutil.resolve_name('os:sep')", &[2, 3]),
            ("import importlib.util\ns = importlib.util.find_spec(m)\ns.loader.load_module()", &[3]),
            ("f'{eval(m)}'\nf'{__import__(m)}'\nf'evaluated {m} eval'", &[1, 2]),
            ("frame.eval(m)\ncursor.exec(m)\nmodel.eval()", &[]),
            ("def eval(x, exec=1):\n    return f(eval=x)\neval = 1", &[]),
        ] {
            assert_eq!(lines(source), expected, "{source}");
        }
    }

    #[test]
    fn a_module_that_a_call_names_is_known() {
        let source = "import runpy, pkgutil\nrunpy.run_module('json.tool')\npkgutil.resolve_name('os.path')";
        let modules: Vec<_> = imports(source).found.into_iter().filter_map(|import| import.module).collect();
        assert_eq!(modules, ["runpy", "pkgutil", "json.tool", "os.path"]);
    }
}
