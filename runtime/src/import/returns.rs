//! The statements of a function, for what it returns.

use std::collections::{BTreeSet, HashMap};

use rustpython_parser::{
    Tok,
    ast::{self, Constant, Expr, Stmt},
};

use crate::import::shape::{Key, Shape};

/// The highest position in `output` that is looked for: no step wants so many names.
const MAX_POSITION: u32 = 1000;

/// Reads the statements of a function. It goes down statements alone: these nest no deeper than
/// they are indented.
pub struct Reader<'a> {
    words: &'a [Tok],
    returned: Vec<&'a Expr>,
    assigned: HashMap<&'a str, Vec<&'a Expr>>,
    stored: HashMap<&'a str, Vec<Option<Key>>>,
    /// Names that come about in other ways.
    other: BTreeSet<&'a str>,
    keeps_state: bool,
}

/// What may become of one value.
#[derive(Clone, Debug, Default)]
struct Stored {
    keys: BTreeSet<Key>,
    known: bool,
    dict: bool,
    plain: bool,
}

impl<'a> Reader<'a> {
    /// A reader of a function in a source of these words.
    pub fn new(words: &'a [Tok]) -> Self {
        Self {
            words,
            returned: Vec::new(),
            assigned: HashMap::new(),
            stored: HashMap::new(),
            other: BTreeSet::new(),
            keeps_state: false,
        }
    }

    /// Reads statements of the function called `function`.
    pub fn block(&mut self, statements: &'a [Stmt], function: &str) {
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

    /// What all of them say.
    pub fn shape(&self) -> Shape {
        let mut shape = Shape { known: true, keeps_state: self.keeps_state, ..Shape::default() };
        for (nth, returned) in self.returned.iter().enumerate() {
            let result = match returned {
                Expr::Tuple(pair) if pair.elts.len() == 2 => self.result(&pair.elts[0], true),
                // Anything else can't be told apart here: `return pair`, say.
                _ => Stored::default(),
            };
            shape.known &= result.known;
            shape.plain |= result.plain || !result.known;
            shape.dict |= result.dict || !result.known;
            shape.always = if nth == 0 { result.keys.clone() } else { &shape.always & &result.keys };
            shape.keys.extend(result.keys);
        }
        if !shape.known {
            shape.always.clear();
        }
        shape
    }

    /// What is stored when `value` is returned. Names are followed once.
    fn result(&self, value: &'a Expr, follow: bool) -> Stored {
        let plain = || Stored { keys: [Key::Output(0)].into(), known: true, plain: true, dict: false };
        match value {
            Expr::Dict(dict) => {
                let keys: Option<BTreeSet<_>> = dict.keys.iter().map(|found| key(found.as_ref()?)).collect();
                Stored { known: keys.is_some(), keys: keys.unwrap_or_default(), dict: true, plain: false }
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
            all.plain |= result.plain;
            all.known &= result.known;
            all.keys.extend(result.keys);
        }
        all.known &= !all.dict || only_filled(self.words, name);
        let stored = self.stored.get(name).into_iter().flatten().filter(|_| all.dict).collect::<Vec<_>>();
        for key in stored {
            all.known &= key.is_some();
            all.keys.extend(key.clone());
        }
        all
    }
}

/// Whether the dict in the variable `name` is filled by `name[…] = …` alone, and read otherwise.
fn only_filled(words: &[Tok], name: &str) -> bool {
    const READERS: [&str; 7] = ["len", "str", "bool", "print", "dumps", "list", "sorted"];
    const METHODS: [&str; 4] = ["get", "items", "keys", "values"];
    let is =
        |word: Option<&Tok>, names: &[&str]| matches!(word, Some(Tok::Name { name }) if names.contains(&name.as_str()));
    let uses = words.iter().enumerate().filter(|(_, word)| matches!(word, Tok::Name { name: own } if own == name));
    uses.into_iter().all(|(at, _)| {
        let before = |back: usize| at.checked_sub(back).and_then(|at| words.get(at));
        match (before(1), words.get(at + 1)) {
            // Another's, or its own.
            (Some(Tok::Dot), _) | (_, Some(Tok::Equal | Tok::Lsqb)) => true,
            (_, Some(Tok::Dot)) => is(words.get(at + 2), &METHODS),
            (Some(Tok::Return | Tok::If | Tok::Not | Tok::In | Tok::While | Tok::And | Tok::Or), _) => true,
            (Some(Tok::Lpar), _) => matches!(before(2), Some(Tok::Return)) || is(before(2), &READERS),
            (Some(Tok::Newline | Tok::Indent | Tok::Dedent), Some(Tok::Colon)) => true,
            _ => false,
        }
    })
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
