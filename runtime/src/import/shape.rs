//! What a function of the original system returns, as far as a look at it can tell.
//!
//! Such a function returns `(result, status)`. A result that is a dict is merged key by key; any
//! other is stored under the step's first name. Keys are texts, or the names that the step wants,
//! which the function gets as `output`.

use std::collections::{BTreeSet, HashMap};

use rustpython_parser::{
    Mode, Parse, Tok,
    ast::{self, Constant, Expr, Stmt},
    lexer::lex,
};

use crate::stack::on_deep_stack;

/// The longest source that is parsed, in bytes. The rest is taken as it is.
const MAX_PARSED: usize = 256 << 10;

/// The stack for it: a tree nests up to one level deeper with every byte.
const STACK: usize = MAX_PARSED * 2048;

/// The highest position in `output` that is looked for: no step wants so many names.
const MAX_POSITION: u32 = 1000;

/// What a source defines, and what its function returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// What may be returned.
    pub keys: BTreeSet<Key>,
    /// What is there whenever the function returns.
    pub always: BTreeSet<Key>,
    /// Whether all of that is known, and `output` is only used for the names of results.
    pub closed: bool,
    /// Whether it may return a dict.
    pub dict: bool,
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
    let mut reader = Reader::default();
    reader.block(statements, name);
    let mut shape = reader.shape();
    let named = || arguments.args.iter().chain(&arguments.kwonlyargs);
    shape.parameters = named().map(|argument| argument.def.arg.to_string()).collect();
    let output = named().find(|argument| argument.def.arg.as_str() == "output");
    shape.closed &= names_results_only(source, output.map(|argument| argument.def.range.start().to_usize()));
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

/// What may become of one value.
#[derive(Clone, Debug, Default)]
struct Stored {
    keys: BTreeSet<Key>,
    known: bool,
    dict: bool,
}

/// Reads the statements of a function. It goes down statements alone: these nest no deeper than
/// they are indented.
#[derive(Default)]
struct Reader<'a> {
    returned: Vec<&'a Expr>,
    assigned: HashMap<&'a str, Vec<&'a Expr>>,
    stored: HashMap<&'a str, Vec<Option<Key>>>,
    /// Names that come about in other ways.
    other: BTreeSet<&'a str>,
    keeps_state: bool,
}

impl<'a> Reader<'a> {
    fn block(&mut self, statements: &'a [Stmt], function: &str) {
        for statement in statements {
            self.statement(statement, function);
        }
    }

    fn statement(&mut self, statement: &'a Stmt, function: &str) {
        match statement {
            Stmt::Return(found) => self.returned.extend(found.value.as_deref()),
            Stmt::Assign(found) => {
                for target in &found.targets {
                    self.assign(target, &found.value, function);
                }
            }
            Stmt::AnnAssign(found) => {
                if let Some(value) = &found.value {
                    self.assign(&found.target, value, function);
                }
            }
            Stmt::AugAssign(found) => self.bind(&found.target),
            Stmt::For(found) => {
                self.bind(&found.target);
                self.block(&found.body, function);
                self.block(&found.orelse, function);
            }
            Stmt::While(found) => {
                self.block(&found.body, function);
                self.block(&found.orelse, function);
            }
            Stmt::If(found) => {
                self.block(&found.body, function);
                self.block(&found.orelse, function);
            }
            Stmt::With(found) => {
                found
                    .items
                    .iter()
                    .filter_map(|item| item.optional_vars.as_deref())
                    .for_each(|target| self.bind(target));
                self.block(&found.body, function);
            }
            Stmt::Try(found) => {
                self.block(&found.body, function);
                for ast::ExceptHandler::ExceptHandler(handler) in &found.handlers {
                    self.block(&handler.body, function);
                }
                self.block(&found.orelse, function);
                self.block(&found.finalbody, function);
            }
            Stmt::Match(found) => found.cases.iter().for_each(|case| self.block(&case.body, function)),
            Stmt::Global(_) => self.keeps_state = true,
            _ => {}
        }
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr, function: &str) {
        match target {
            Expr::Name(name) => self.assigned.entry(name.id.as_str()).or_default().push(value),
            Expr::Subscript(part) => match part.value.as_ref() {
                Expr::Name(name) => self.stored.entry(name.id.as_str()).or_default().push(key(&part.slice)),
                other => self.bind(other),
            },
            Expr::Attribute(part) => {
                let own = matches!(part.value.as_ref(), Expr::Name(name) if name.id.as_str() == function);
                self.keeps_state |= own;
            }
            Expr::Tuple(parts) => self.unpack(&parts.elts, value, function),
            other => self.bind(other),
        }
    }

    /// `a, b = 1, 2`
    fn unpack(&mut self, targets: &'a [Expr], value: &'a Expr, function: &str) {
        match value {
            Expr::Tuple(values) if values.elts.len() == targets.len() => {
                for (target, value) in targets.iter().zip(&values.elts) {
                    match target {
                        Expr::Name(_) | Expr::Subscript(_) => self.assign(target, value, function),
                        other => self.bind(other),
                    }
                }
            }
            _ => targets.iter().for_each(|target| self.bind(target)),
        }
    }

    /// Nothing is known of what `target` gets.
    fn bind(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => drop(self.other.insert(name.id.as_str())),
            Expr::Tuple(parts) => {
                let names = parts.elts.iter().filter_map(Expr::as_name_expr);
                self.other.extend(names.map(|name| name.id.as_str()));
            }
            _ => {}
        }
    }

    fn shape(&self) -> Shape {
        let mut shape = Shape { closed: true, keeps_state: self.keeps_state, ..Shape::default() };
        for (nth, returned) in self.returned.iter().enumerate() {
            let result = match returned {
                Expr::Tuple(pair) if pair.elts.len() == 2 => self.result(&pair.elts[0], true),
                // Anything else can't be told apart here: `return pair`, say.
                _ => Stored::default(),
            };
            shape.closed &= result.known;
            shape.dict |= result.dict || !result.known;
            shape.always = if nth == 0 { result.keys.clone() } else { &shape.always & &result.keys };
            shape.keys.extend(result.keys);
        }
        if !shape.closed {
            shape.always.clear();
        }
        shape
    }

    /// What is stored when `value` is returned. Names are followed once.
    fn result(&self, value: &'a Expr, follow: bool) -> Stored {
        let plain = || Stored { keys: [Key::Output(0)].into(), known: true, dict: false };
        match value {
            Expr::Dict(dict) => {
                let keys: Option<BTreeSet<_>> = dict.keys.iter().map(|found| key(found.as_ref()?)).collect();
                Stored { known: keys.is_some(), keys: keys.unwrap_or_default(), dict: true }
            }
            Expr::Name(name) if follow => self.named(name.id.as_str()),
            Expr::Constant(_)
            | Expr::JoinedStr(_)
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Compare(_)
            | Expr::ListComp(_)
            | Expr::UnaryOp(_) => plain(),
            // A part of a text or a list; of a dict there is none.
            Expr::Subscript(part) if matches!(*part.slice, Expr::Slice(_)) => plain(),
            Expr::BinOp(found) if found.op != ast::Operator::BitOr => plain(),
            Expr::Attribute(found) if found.attr.as_str() == "text" => plain(),
            Expr::Call(call) if gives_no_dict(&call.func) => plain(),
            _ => Stored::default(),
        }
    }

    /// What is stored when the variable `name` is returned.
    fn named(&self, name: &'a str) -> Stored {
        let Some(values) = self.assigned.get(name).filter(|_| !self.other.contains(name)) else {
            return Stored::default();
        };
        let mut all = Stored { known: true, ..Stored::default() };
        for value in values {
            let result = self.result(value, false);
            all.dict |= result.dict;
            all.known &= result.known;
            all.keys.extend(result.keys);
        }
        let stored = self.stored.get(name).into_iter().flatten().filter(|_| all.dict).collect::<Vec<_>>();
        for key in stored {
            all.known &= key.is_some();
            all.keys.extend(key.clone());
        }
        all
    }
}

/// `output[0]` or a text.
fn key(found: &Expr) -> Option<Key> {
    match found {
        Expr::Constant(constant) => match &constant.value {
            Constant::Str(text) => Some(Key::Name(text.clone())),
            _ => None,
        },
        Expr::Subscript(part) => match (part.value.as_ref(), part.slice.as_ref()) {
            (Expr::Name(name), Expr::Constant(index)) if name.id.as_str() == "output" => match &index.value {
                Constant::Int(index) => {
                    let index = u32::try_from(index).ok().filter(|index| *index < MAX_POSITION)?;
                    Some(Key::Output(index as usize))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Functions and methods that give texts, numbers, lists or bytes, whatever they are called on.
fn gives_no_dict(function: &Expr) -> bool {
    const FUNCTIONS: [&str; 12] =
        ["str", "int", "float", "bool", "len", "bytes", "list", "sorted", "sum", "round", "repr", "bytearray"];
    const METHODS: [&str; 25] = [
        "read",
        "readline",
        "readlines",
        "decode",
        "encode",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "splitlines",
        "join",
        "replace",
        "format",
        "upper",
        "lower",
        "title",
        "hexdigest",
        "digest",
        "b64encode",
        "b64decode",
        "dumps",
        "isoformat",
        "strftime",
        "getvalue",
        "hex",
    ];
    match function {
        Expr::Name(name) => FUNCTIONS.contains(&name.id.as_str()),
        Expr::Attribute(found) => METHODS.contains(&found.attr.as_str()),
        _ => false,
    }
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
        ] {
            assert!(!shape(body).closed, "{body}");
        }
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
