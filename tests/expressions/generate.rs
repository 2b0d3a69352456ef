//! Makes expressions, mostly such as have a value: of every operator, function and method, nested.

mod containers;
mod literals;
mod numbers;
mod values;

use std::fmt::Write;

/// What a name stands for, and what kind of value that is.
pub struct Atom {
    /// As it is written: `$name`, and the way down.
    pub written: &'static str,
    /// The name in scope.
    pub name: &'static str,
    /// What the name itself stands for.
    pub json: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Bool,
    Text,
    List,
    Dict,
    Nothing,
}

const ORDER: &str = r#"{"lines":[{"qty":2,"sku":"a-1"},{"qty":5,"sku":"b-2"}],"to":{"city":"Łódź"},"paid":false}"#;

const fn atom(written: &'static str, name: &'static str, json: &'static str, kind: Kind) -> Atom {
    Atom { written, name, json, kind }
}

/// The names that expressions use.
pub const ATOMS: &[Atom] = &[
    atom("$n", "n", "7", Kind::Int),
    atom("$zero", "zero", "0", Kind::Int),
    atom("$below", "below", "-13", Kind::Int),
    atom("$edge", "edge", "9223372036854775807", Kind::Int),
    atom("$big", "big", "-123456789012345678901234567890", Kind::Int),
    atom("$x", "x", "2.5", Kind::Float),
    atom("$third", "third", "-0.3333333333333333", Kind::Float),
    atom("$tiny", "tiny", "1e-7", Kind::Float),
    atom("$huge", "huge", "1.5e300", Kind::Float),
    atom("$whole", "whole", "9007199254740993.0", Kind::Float),
    atom("$yes", "yes", "true", Kind::Bool),
    atom("$no", "no", "false", Kind::Bool),
    atom("$none", "none", "null", Kind::Nothing),
    atom("$name", "name", r#""Ada Łovelace""#, Kind::Text),
    atom("$csv", "csv", r#""a, b,,c \n d""#, Kind::Text),
    atom("$digits", "digits", r#"" 42 ""#, Kind::Text),
    atom("$empty", "empty", r#""""#, Kind::Text),
    atom("$signs", "signs", r#""\ud83d\udf01ß\u00a0Σ""#, Kind::Text),
    atom("$items", "items", "[3,1,2,1]", Kind::List),
    atom("$words", "words", r#"["b","","aé","a"]"#, Kind::List),
    atom("$mixed", "mixed", r#"[1,2.5,null,true,[1],{"a":1}]"#, Kind::List),
    atom("$nested", "nested", "[[1,2],[],[3]]", Kind::List),
    atom("$order", "order", ORDER, Kind::Dict),
    atom("$counts", "counts", r#"{"a":1,"b":2,"é":3}"#, Kind::Dict),
    atom("$order.lines", "order", ORDER, Kind::List),
    atom("$order.lines.1.qty", "order", ORDER, Kind::Int),
    atom("$order.to.city", "order", ORDER, Kind::Text),
    atom("$order.paid", "order", ORDER, Kind::Bool),
];

/// What has to be tested: functions and methods with their bracket, operators with their blanks.
pub const WORDS: &[&str] = &[
    "len(",
    "int(",
    "float(",
    "str(",
    "bool(",
    "abs(",
    "min(",
    "max(",
    "sum(",
    "round(",
    "sorted(",
    "reversed(",
    "range(",
    "enumerate(",
    "zip(",
    "any(",
    "all(",
    "list(",
    "tuple(",
    "dict(",
    "divmod(",
    "ord(",
    "chr(",
    ".upper(",
    ".lower(",
    ".strip(",
    ".lstrip(",
    ".rstrip(",
    ".split(",
    ".rsplit(",
    ".splitlines(",
    ".join(",
    ".replace(",
    ".startswith(",
    ".endswith(",
    ".find(",
    ".rfind(",
    ".index(",
    ".rindex(",
    ".count(",
    ".removeprefix(",
    ".removesuffix(",
    ".partition(",
    ".rpartition(",
    ".zfill(",
    ".ljust(",
    ".rjust(",
    ".center(",
    ".isdigit(",
    ".isalpha(",
    ".isalnum(",
    ".isspace(",
    ".isupper(",
    ".islower(",
    ".title(",
    ".capitalize(",
    ".swapcase(",
    ".decode(",
    ".get(",
    ".keys(",
    ".values(",
    ".items(",
    " + ",
    " - ",
    " * ",
    " / ",
    " // ",
    " % ",
    " ** ",
    " == ",
    " != ",
    " < ",
    " <= ",
    " > ",
    " >= ",
    " in ",
    " not in ",
    " is ",
    " is not ",
    " and ",
    " or ",
    "not ",
    " if ",
    " for ",
    "[::",
    "default=",
    "start=",
    "reverse=",
    "maxsplit=",
];

/// An expression, as it is written here and there.
pub struct Pair {
    /// With its `$names`.
    pub ours: String,
    /// With names of Python's.
    pub python: String,
}

/// What the atom `at` is called in Python.
pub fn python_name(at: usize) -> String {
    format!("atom_{at}")
}

/// The document of what each name of Python's stands for.
pub fn bindings(values: &serde_json::Map<String, serde_json::Value>) -> String {
    let written = |(at, atom): (usize, &Atom)| {
        // Numbers as they are written: a tree would lose digits.
        let path = atom.written.split('.').skip(1);
        let value = path.fold(None, |part: Option<&serde_json::Value>, key| {
            let part = part.unwrap_or(&values[&python_name(at)]);
            Some(key.parse::<usize>().map_or_else(|_| &part[key], |position| &part[position]))
        });
        format!("\"{}\":{}", python_name(at), value.map_or_else(|| atom.json.to_owned(), ToString::to_string))
    };
    format!("{{{}}}", ATOMS.iter().enumerate().map(written).collect::<Vec<_>>().join(","))
}

/// Makes the same expressions from the same seed.
pub struct Generator {
    state: u64,
    /// The variables of the comprehensions around, with their kinds.
    locals: Vec<(String, Kind)>,
    named: usize,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, locals: Vec::new(), named: 0 }
    }

    /// The next expression.
    pub fn expression(&mut self) -> Pair {
        let depth = 1 + self.below(4);
        self.named = 0;
        let text = self.anything(depth);
        let render = |name: &dyn Fn(usize) -> String| {
            let mut rendered = String::new();
            for (at, part) in text.split(['\u{1}', '\u{2}']).enumerate() {
                match at % 2 {
                    0 => rendered.push_str(part),
                    _ => write!(rendered, "{}", name(part.parse().unwrap())).unwrap(),
                }
            }
            rendered
        };
        Pair { ours: render(&|at| ATOMS[at].written.to_owned()), python: render(&python_name) }
    }

    /// A number below `bound` (SplitMix64).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Whether something happens that does once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A name or a variable of a kind, if there is one; the name between two marks.
    fn atom(&mut self, kind: Kind) -> Option<String> {
        let locals: Vec<_> = self.locals.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.clone()).collect();
        if !locals.is_empty() && !self.once_in(3) {
            return Some(locals[self.below(locals.len())].clone());
        }
        let known: Vec<_> = (0..ATOMS.len()).filter(|at| ATOMS[*at].kind == kind).collect();
        (!known.is_empty()).then(|| format!("\u{1}{}\u{2}", known[self.below(known.len())]))
    }

    /// A variable that is new to the expression.
    fn variable(&mut self) -> String {
        self.named += 1;
        format!("v{}", self.named)
    }
}
