//! What a function of the original system returns, as far as a look at it can tell.
//!
//! Such a function returns `(result, status)`. A result that is a dict is merged key by key; any
//! other is stored under the step's first name. Keys are texts, or the names that the step wants,
//! which the function gets as `output`.

use std::collections::BTreeSet;

use rustpython_parser::{
    Mode, Parse, Tok,
    ast::{self, Stmt},
    lexer::lex,
};

use crate::{import::returns::Reader, stack::on_deep_stack};

/// The longest source that is parsed, in bytes. The rest is taken as it is.
const MAX_PARSED: usize = 256 << 10;

/// The stack for it: a tree nests up to one level deeper with every byte.
const STACK: usize = MAX_PARSED * 2048;

/// What a source defines, and what its function returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// What may be returned.
    pub keys: BTreeSet<Key>,
    /// What is there whenever the function returns.
    pub always: BTreeSet<Key>,
    /// Whether all of that is known.
    pub known: bool,
    /// Whether, too, `output` is only used for the names of results.
    pub closed: bool,
    /// Whether it may return a dict, and whether anything else.
    pub dict: bool,
    pub plain: bool,
    /// The names of the function's parameters.
    pub parameters: Vec<String>,
    /// Whether it keeps something for the next call.
    pub keeps_state: bool,
}

/// One key of a result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The step's name at this position.
    Output(usize),
    /// This name.
    Name(String),
}

/// Why nothing is known of a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// It is empty.
    Empty,
    /// It isn't Python, and this is why.
    NotPython(String),
    /// It can't be read here; it may be newer Python.
    NotParsed(String),
    /// It defines no such function, but these.
    NoFunction(Vec<String>),
}

/// Looks at the function called `name` that `source` defines.
///
/// # Errors
///
/// When there is nothing to look at.
pub fn look(source: &str, name: &str) -> Result<Shape, Unknown> {
    if source.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
        return Err(Unknown::Empty);
    }
    if source.len() > MAX_PARSED {
        return Err(Unknown::NotParsed(format!("it is longer than {MAX_PARSED} bytes")));
    }
    on_deep_stack(STACK, || look_on_this_stack(source, name))
        .unwrap_or_else(|error| Err(Unknown::NotParsed(error.to_string())))
}

fn look_on_this_stack(source: &str, name: &str) -> Result<Shape, Unknown> {
    let body = ast::Suite::parse(source, "function_def").map_err(|error| {
        let line = source.get(..error.offset.to_usize()).unwrap_or(source).matches('\n').count() + 1;
        let why = format!("line {line}: {}", error.error);
        if defines(source, name) { Unknown::NotParsed(why) } else { Unknown::NotPython(why) }
    })?;
    let functions: Vec<_> = body.iter().filter_map(function).collect();
    let Some((_, arguments, statements)) = functions.iter().rev().find(|(found, ..)| *found == name) else {
        return Err(Unknown::NoFunction(functions.into_iter().map(|(name, ..)| name.to_owned()).collect()));
    };
    let words: Vec<_> = lex(source, Mode::Module).map_while(Result::ok).map(|(word, _)| word).collect();
    let mut reader = Reader::new(&words);
    reader.block(statements, name);
    let mut shape = reader.shape();
    let named = || arguments.args.iter().chain(&arguments.kwonlyargs);
    shape.parameters = named().map(|argument| argument.def.arg.to_string()).collect();
    let output = named().find(|argument| argument.def.arg.as_str() == "output");
    shape.closed =
        shape.known && names_results_only(source, output.map(|argument| argument.def.range.start().to_usize()));
    Ok(shape)
}

/// Whether a line begins the definition of `name`.
fn defines(source: &str, name: &str) -> bool {
    source.lines().any(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ");
        rest.and_then(|rest| rest.trim_start().strip_prefix(name))
            .is_some_and(|rest| rest.trim_start().starts_with('('))
    })
}

fn function(statement: &Stmt) -> Option<(&str, &ast::Arguments, &[Stmt])> {
    match statement {
        Stmt::FunctionDef(def) => Some((def.name.as_str(), &def.args, &def.body)),
        _ => None,
    }
}

/// Whether every `output` but the parameter, which stands at `parameter`, is one of `output[0]`, as
/// a key: `{output[0]: …}` or `x[output[0]] = …`.
fn names_results_only(source: &str, parameter: Option<usize>) -> bool {
    let Ok(words) = lex(source, Mode::Module).collect::<Result<Vec<_>, _>>() else { return false };
    let word = |at: usize| words.get(at).map(|(word, _)| word);
    let within = |word: &Tok| matches!(word, Tok::String { value, kind, .. } if kind.to_string().contains('f') && value.contains("output"));
    if words.iter().any(|(word, _)| within(word)) {
        return false;
    }
    let uses = words.iter().enumerate().filter(|(_, (word, _))| matches!(word, Tok::Name { name } if name == "output"));
    uses.into_iter().all(|(at, (_, range))| {
        let indexed = matches!(
            (word(at + 1), word(at + 2), word(at + 3)),
            (Some(Tok::Lsqb), Some(Tok::Int { .. }), Some(Tok::Rsqb))
        );
        let key = match (at.checked_sub(1).and_then(word), word(at + 4)) {
            (Some(Tok::Lbrace | Tok::Comma), Some(Tok::Colon)) => true,
            (Some(Tok::Lsqb), Some(Tok::Rsqb)) => word(at + 5) == Some(&Tok::Equal),
            _ => false,
        };
        (indexed && key) || Some(range.start().to_usize()) == parameter
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(body: &str) -> Shape {
        look(&format!("def f(a, output: list) -> dict:\n\t{}\n", body.replace('\n', "\n\t")), "f").unwrap()
    }

    fn out(position: usize) -> Key {
        Key::Output(position)
    }

    fn name(text: &str) -> Key {
        Key::Name(text.into())
    }

    #[test]
    fn what_a_function_returns_is_seen() {
        for (body, keys, always) in [
            ("return a.decode(), S", vec![out(0)], vec![out(0)]),
            ("return {output[0]: a, output[2]: 1}, S", vec![out(0), out(2)], vec![out(0), out(2)]),
            ("r = {output[0]: a}\nr['n'] = 1\nreturn r, S", vec![out(0), name("n")], vec![out(0), name("n")]),
            (
                "if a:\n\treturn {'step_index': a, output[0]: 1}, S\nreturn len(a), S",
                vec![out(0), name("step_index")],
                vec![out(0)],
            ),
            (
                "r = {'n': 1}\nif r and len(r) > 0: a = r['n']\nfor k in r.items(): pass\nreturn (r, S)",
                vec![name("n")],
                vec![name("n")],
            ),
            ("if a: n = len(a)\nelse: n = -1\nreturn n, S", vec![out(0)], vec![out(0)]),
        ] {
            let found = shape(body);
            assert!(found.closed, "{body}");
            assert_eq!(found.keys.into_iter().collect::<Vec<_>>(), keys, "{body}");
            assert_eq!(found.always.into_iter().collect::<Vec<_>>(), always, "{body}");
        }
    }

    #[test]
    fn what_only_a_run_can_tell_is_open() {
        for body in [
            "return json.loads(a), S",
            "return a, S",
            "return {a: 1}, S",
            "return {**a}, S",
            "for n in a: pass\nreturn n, S",
            "return {k: 1 for k in output}, S",
            "return f'{output[0]}', S",
            "if output[0]: pass\nreturn 1, S",
            "return g(output), S",
            "return pair",
            "r = {}\nr.update(a)\nreturn r, S",
            "r = {}\nfill(r)\nreturn r, S",
            "r = {}\nq = r\nq['x'] = 1\nreturn r, S",
        ] {
            assert!(!shape(body).closed, "{body}");
        }
        // What it gives is known, and only its name isn't.
        let named = shape("return f'{output[0]} {a}', S");
        assert!(named.known && named.keys == [out(0)].into());
        assert!(!shape("return json.loads(a), S").known);
    }

    #[test]
    fn what_defines_nothing_is_told_apart() {
        assert_eq!(look(" \n# later\n", "f"), Err(Unknown::Empty));
        assert!(matches!(look("needs work", "f"), Err(Unknown::NotPython(_))));
        assert!(matches!(look("def needs work\n", "f"), Err(Unknown::NotPython(_))));
        assert!(matches!(look("def f(a):\n  return f\"{a[\"b\"]}\"", "f"), Err(Unknown::NotParsed(_))));
        assert_eq!(look("def g(): pass", "f"), Err(Unknown::NoFunction(vec!["g".into()])));
        assert!(matches!(look(&"(".repeat(100_000), "f"), Err(Unknown::NotPython(_))));
    }

    #[test]
    fn state_between_calls_is_seen() {
        assert!(shape("global n\nn = 1\nreturn n, S").keeps_state);
        assert!(shape("f.cache = 1\nreturn 1, S").keeps_state);
        assert!(!shape("a.cache = 1\nreturn 1, S").keeps_state);
    }
}
