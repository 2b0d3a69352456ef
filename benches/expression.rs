//! How long it takes to evaluate an expression that has been read: the promise for `$variable > 5` is
//! less than 300 ns. `cargo bench --profile dev --bench expression`

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use turingbox::{
    Hint, Json, Value,
    expression::{Expression, Scope},
};

const ROUNDS: usize = 200;

/// The most that `$variable > 5` may take, in the median.
const PROMISED: Duration = Duration::from_nanos(300);

const EXPRESSIONS: [(&str, &str); 6] = [
    ("$variable > 5", "true"),
    ("$a + $b * 2", "17"),
    ("len($items) - 1", "2"),
    ("$order['lines'][0]['qty'] in (1, 2)", "true"),
    ("$name.upper() if $loud else $name", "\"ADA LOVELACE\""),
    ("[x * 2 for x in $items if x != 1]", "[6,4]"),
];

/// A scope of a dozen names, which are found as the engine finds them: by going through them.
struct Names(Vec<(&'static str, Value)>);

impl Scope for Names {
    fn value(&self, name: &str) -> Option<Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn hint(&self, _: &str) -> Option<&Hint> {
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let scope = names()?;
    println!("medians of {ROUNDS} rounds");
    let mut first = None;
    for (text, expected) in EXPRESSIONS {
        let expression = Expression::parse(text)?;
        let value = expression.evaluate(&scope, 1 << 20).map_err(|failure| failure.to_string())?;
        assert_eq!(serde_json::json!(value).to_string(), expected, "{text}");
        let median = median(1000, || drop(black_box(black_box(&expression).evaluate(black_box(&scope), 1 << 20))));
        let read = self::median(20, || drop(black_box(Expression::parse(black_box(text)))));
        println!("{text:<40} {median:>8.0?}   to read {read:>8.0?}");
        first = first.or(Some(median));
    }
    match first {
        Some(median) if median > PROMISED => Err(format!("the first takes more than {PROMISED:?}").into()),
        _ => Ok(()),
    }
}

fn names() -> Result<Names, Box<dyn Error>> {
    let json = |text: &str| Json::parse(text).map(Value::Json);
    Ok(Names(vec![
        ("name", Value::text("Ada Lovelace")),
        ("first", Value::text("one")),
        ("second", Value::text("two")),
        ("third", Value::text("three")),
        ("items", json("[3, 1, 2]")?),
        ("loud", json("true")?),
        ("order", json(r#"{"lines": [{"qty": 2, "sku": "a-1"}, {"qty": 5, "sku": "b-2"}], "to": "Ulm"}"#)?),
        ("a", json("7")?),
        ("b", json("5")?),
        ("index", json("3")?),
        ("limit", json("100")?),
        ("variable", json("7")?),
    ]))
}

/// The median time of one call, of so many in a round.
fn median(times: u32, call: impl Fn()) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| call());
            start.elapsed() / times
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}
