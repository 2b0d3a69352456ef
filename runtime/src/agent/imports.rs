//! Which modules a Python source imports, as far as its text says.
//!
//! The source's words are enough for that: `import` is one that Python has no other use for. So
//! the audit needs no syntax tree, and no stack for one, and reads newer grammar than the parser.
//! Where it can't tell the words of a line apart, it goes on with the next, and says so.

mod dynamic;

use std::{ops::Range, sync::Arc};

use rustpython_parser::{
    Mode, Tok,
    lexer::{LexicalErrorType, lex_starts_at},
    text_size::{TextRange, TextSize},
};

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

/// What a source imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    /// The imports that could be read, in the source's order.
    pub found: Vec<Import>,
    /// The parts whose words can't be told apart, in bytes: their grammar is too new, or they are no
    /// Python.
    pub unread: Vec<Range<usize>>,
}

/// The most parts that are left out; what has more of them is no Python.
const MAX_UNREAD: usize = 100;

/// The imports of a Python source: statements at any depth, and what is done with functions that import,
/// like `__import__`, or that run a text, like `eval`. For `from a import b` both `a` and `a.b` are given, since `b` may be a module.
/// Relative imports, which a single file can't make, are left out.
pub fn imports(source: &str) -> Imports {
    // A panic in the lexer is an answer like any other.
    let read = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, || {
            let (words, unread) = words(source);
            Imports { found: read(&words), unread }
        });
        thread.ok().and_then(|thread| thread.join().ok())
    });
    read.unwrap_or_else(|| Imports { found: Vec::new(), unread: std::iter::once(0..source.len()).collect() })
}

/// What the policy says about the imports of a source: those that it refuses are errors, those that
/// only a run can tell are warnings.
pub(crate) fn audit(source: &Arc<Source>, authority: &Authority) -> Report {
    let guard = "the guard decides when the agent runs";
    let Imports { found, unread } = imports(&source.text);
    let mut report = Report::default();
    for span in unread {
        let line = source.line(span.start);
        let to_the_end = source.text[span.end..].trim().is_empty();
        let place = if to_the_end { format!("from line {line} on") } else { format!("in line {line}") };
        let message = format!("{place}, `{}` can't be read, and what it imports there is not audited", source.path);
        let shown = span.start..span.start + source.text[span].lines().next().map_or(0, str::len);
        report.push(Diagnostic::warning("imports-not-audited", message).at(source, shown).help(guard));
    }
    for Import { module, span } in found {
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

/// The words of a source, and the parts that have none.
fn words(source: &str) -> (Vec<Word>, Vec<Range<usize>>) {
    let (mut words, mut unread) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(wrong) = words_from(source, at, &mut words) {
        let from = words.last().map_or(0, |(_, range): &Word| range.end().to_usize()).max(at);
        let known = |next: &usize| unread.len() < MAX_UNREAD && *next > at && !opens_text(&source[from..*next]);
        let next = wrong.filter(known);
        let part = &source[from..next.unwrap_or(source.len())];
        let start = from + part.len() - part.trim_start().len();
        unread.push(start..start + part.trim().len());
        // Nothing goes on over what is left out.
        words.push((Tok::Newline, TextRange::empty(size(from))));
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    (words, unread)
}

/// Reads words from the byte `start` on. If they can't be told apart to the end: where the line after
/// begins, if it can be known.
fn words_from(source: &str, start: usize, words: &mut Vec<Word>) -> Option<Option<usize>> {
    for word in lex_starts_at(&source[start..], Mode::Module, size(start)) {
        match word {
            Ok(word) => words.push(word),
            Err(error) if error.error == LexicalErrorType::Eof => return Some(None),
            Err(error) => {
                let at = source.floor_char_boundary(error.location.to_usize());
                let new = source[..at].ends_with('\n');
                let end = || source[at..].find('\n').map_or(source.len(), |end| at + end + 1);
                return Some(Some(if new { at } else { end() }));
            }
        }
    }
    None
}

/// Whether a text of several lines may begin in what can't be read: then nobody knows where it ends.
fn opens_text(unread: &str) -> bool {
    unread.contains("\"\"\"") || unread.contains("'''")
}

fn size(at: usize) -> TextSize {
    TextSize::try_from(at).unwrap_or_default()
}

fn read(words: &[Word]) -> Vec<Import> {
    let mut found = Vec::new();
    let mut from = None;
    for (at, (word, _)) in words.iter().enumerate() {
        let rest = &words[at + 1..];
        match word {
            // `yield from` and `raise … from` are followed by no `import` in their statement.
            Tok::From => from = Some(at + 1),
            Tok::Newline | Tok::Semi => from = None,
            Tok::Import => match from.take() {
                Some(start) => imported_from(&words[start..at], rest, &mut found),
                None => imported(rest, &mut found),
            },
            _ => {}
        }
    }
    found.extend(dynamic::imported(words, &found));
    found.sort_by_key(|import| import.span.start);
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
        let imports = imports(source).found;
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
    fn what_cant_be_read_is_left_out_and_said() {
        for (source, expected, unread) in [
            ("quote = f\"{'\"'}\"\nimport os\n", &["2 os"][..], &[1][..]),
            ("import re; quote = f\"{'\"'}\"; import os\nimport json", &["1 re", "2 json"], &[1]),
            ("x = [\n  f\"{'\"'}\",\n  __import__('os'),\n]\nimport re", &["3 os", "5 re"], &[2, 4]),
            ("from os \\ $\nimport re", &["2 re"], &[1]),
            ("import re\n$\n  $ import os\nimport json", &["1 re", "4 json"], &[2, 3]),
            ("import re\ns = \"\"\"\nimport os", &["1 re"], &[2]),
            ("import re\nquote = f\"{'\"'}\" + \"\"\"\nimport os\n\"\"\"", &["1 re"], &[2]),
            ("import os\n\"never closed", &["1 os"], &[2]),
            ("x = (\nimport os", &["2 os"], &[2]),
        ] {
            let imports = imports(source);
            let line = |span: &Range<usize>| 1 + source[..span.start].matches('\n').count();
            let lines: Vec<_> = imports.unread.iter().map(line).collect();
            assert_eq!(
                (found(source), &lines[..]),
                (expected.iter().map(ToString::to_string).collect(), unread),
                "{source}"
            );
        }
        let noise = imports(&"$\n".repeat(1_000_000));
        assert_eq!((noise.found.len(), noise.unread.len()), (0, MAX_UNREAD + 1));
        assert_eq!(noise.unread.last().map(|span| span.end), Some(1_999_999));
    }
}
