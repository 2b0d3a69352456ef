//! Expressions mean what Python means: thousands that a generator makes are evaluated here and in the
//! Python guest, and compared to the bit.

mod canonical;
mod generate;

use std::collections::BTreeMap;

use turingbox::{
    Code, Failure, Hint, Json, Value,
    expression::{Expression, Scope},
};

use crate::support::{
    host::{self, library},
    root,
};
use generate::{ATOMS, Generator};

/// The expressions of one run, and how many of them the guest gets at once.
const EXPRESSIONS: usize = 6000;
const BATCH: usize = 1500;

/// Another one tests other expressions: what it finds, it finds again.
const SEED: u64 = 20_261_125;

/// Every function, method and operator is in at least as many expressions that have a value.
const LEAST: usize = 8;

#[test]
fn expressions_mean_what_python_means() {
    let mut generator = Generator::new(SEED);
    let pairs: Vec<_> = (0..EXPRESSIONS).map(|_| generator.expression()).collect();
    let theirs: Vec<String> = pairs.chunks(BATCH).flat_map(in_the_guest).collect();
    assert_eq!(theirs.len(), pairs.len());
    let mut tally = Tally::default();
    for (pair, theirs) in pairs.iter().zip(&theirs) {
        tally.compare(&pair.ours, theirs);
    }
    tally.conclude();
}

/// What Python makes of each: a value in its canonical form, `!` and an exception's name, or `?` and
/// what has no such form.
fn in_the_guest(pairs: &[generate::Pair]) -> Vec<String> {
    let sources: Vec<_> = pairs.iter().map(|pair| pair.python.as_str()).collect();
    let bindings: serde_json::Map<String, serde_json::Value> = ATOMS
        .iter()
        .enumerate()
        .map(|(at, atom)| (generate::python_name(at), serde_json::from_str(atom.json).unwrap()))
        .collect();
    let inputs = [
        ("sources", Value::Json(Json::from(serde_json::json!(sources)))),
        ("bindings", Value::Json(Json::parse(generate::bindings(&bindings)).unwrap())),
    ];
    let agents = library(&root().join("tests/expressions/agents"));
    let ran = host::run(&agents, "python_eval", &turingbox::Policy::default(), &inputs);
    assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    let (_, results) = ran.outcome.outputs.first().expect("it has an output");
    let results = serde_json::json!(results);
    results.as_array().unwrap().iter().map(|result| result.as_str().unwrap().to_owned()).collect()
}

/// The names that the generator uses.
struct Atoms;

impl Scope for Atoms {
    fn value(&self, name: &str) -> Option<Value> {
        let atom = ATOMS.iter().find(|atom| atom.name == name)?;
        let json = Json::parse(atom.json).unwrap();
        Some(match serde_json::from_str::<String>(atom.json) {
            Ok(text) => Value::text(text),
            Err(_) => Value::Json(json),
        })
    }

    fn hint(&self, _: &str) -> Option<&Hint> {
        None
    }
}

fn evaluate(text: &str) -> Result<Value, Failure> {
    let expression = Expression::parse(text)
        .map_err(|error| Failure { help: error.help, ..Failure::new(Code::Source, error.message) })?;
    assert_eq!(turingbox::expression::free_variables(text).as_deref(), Ok(expression.free_variables()));
    expression.evaluate(&Atoms, 1 << 24)
}

#[derive(Default)]
struct Tally {
    /// Both have the same value.
    same: usize,
    /// Both fail.
    fail: usize,
    /// Refused here, with the reason that is documented.
    refused: BTreeMap<&'static str, usize>,
    /// How often each word is in an expression with a value.
    words: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, text: &str, theirs: &str) {
        let ours = evaluate(text);
        match (&ours, theirs.strip_prefix('!')) {
            (Ok(value), None) if canonical::of(value) == theirs => {
                self.same += 1;
                for word in generate::WORDS.iter().filter(|word| text.contains(*word)) {
                    *self.words.entry(word).or_default() += 1;
                }
            }
            (Err(failure), Some(_)) if failure.code != Code::Source => self.fail += 1,
            (Err(failure), None) if documented(failure).is_some() => {
                *self.refused.entry(documented(failure).unwrap_or_default()).or_default() += 1;
            }
            _ => {
                let ours = ours.map_or_else(|failure| format!("{failure:?}"), |value| canonical::of(&value));
                self.wrong.push(format!("{text}\n    here:   {ours}\n    Python: {theirs}"));
            }
        }
    }

    fn conclude(&self) {
        let (wrong, shown) = (self.wrong.len(), self.wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
        assert!(wrong == 0, "seed {SEED}: {wrong} of {EXPRESSIONS} mean something else\n{shown}");
        let refused: usize = self.refused.values().sum();
        // A test of errors alone would be hollow.
        assert!(self.same * 10 > EXPRESSIONS * 6, "only {} have a value", self.same);
        assert!(refused * 10 < EXPRESSIONS, "{refused} are refused here: {:?}", self.refused);
        let rare: Vec<_> =
            generate::WORDS.iter().filter(|word| self.words.get(*word).copied().unwrap_or_default() < LEAST).collect();
        assert!(rare.is_empty(), "hardly tested: {rare:?}, of {:?}", self.words);
    }
}

/// Why an expression may fail here though Python has a value for it: `agents/FORMAT.md` says so.
fn documented(failure: &Failure) -> Option<&'static str> {
    let message = failure.message.as_str();
    let reasons = [
        ("compare", "a number and a text"),
        ("bits", "bounds"),
        ("longer than", "bounds"),
        ("more work", "bounds"),
        ("can only be walked over", "views"),
        ("is not known here", "tables of Unicode"),
        ("(NaN)", "not a number"),
        ("JSON has no", "results"),
        ("the keys of a dict are texts", "keys"),
        ("str() doesn't take", "str() of containers"),
        ("str() of bytes", "str() of containers"),
    ];
    let reason = reasons.iter().find(|(part, _)| message.contains(part)).map(|(_, reason)| *reason);
    reason.filter(|_| failure.code == Code::Expression)
}
