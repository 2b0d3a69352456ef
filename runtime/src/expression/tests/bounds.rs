//! Every expression ends, and takes no more than it may.

use std::time::Instant;

use super::{evaluate, failure, json, names};
use crate::{
    Code, Value,
    expression::{Expression, MAX_NESTING, MAX_SOURCE},
};

#[test]
fn what_would_grow_is_refused_before_it_does() {
    let began = Instant::now();
    for (text, message) in [
        ("9 ** 9 ** 9", "more than 1023 bits"),
        ("2 ** 1024", "more than 1023 bits"),
        ("10 ** 300 * 10 ** 300", "more than 1023 bits"),
        ("int('9' * 5000)", "more than 1023 bits"),
        ("'a' * 10 ** 12", "longer than 16777216 bytes"),
        ("10 ** 30 * 'a'", "more often than anything can be repeated"),
        ("[0] * 10 ** 9", "longer than 500000 elements"),
        ("(0,) * 10 ** 9", "longer than 500000 elements"),
        ("list(range(10 ** 18))", "longer than 500000 elements"),
        ("sorted(range(10 ** 18))", "longer than 500000 elements"),
        ("('a' * 10 ** 6).replace('a', 'b' * 10 ** 6)", "longer than 16777216 bytes"),
        ("('b' * 10 ** 6).join('a' * 10 ** 5)", "longer than 16777216 bytes"),
        ("'a'.zfill(10 ** 10)", "longer than 16777216 bytes"),
        ("'a'.center(10 ** 10)", "longer than 16777216 bytes"),
        ("'a'.ljust(10 ** 10, '🜁')", "longer than 16777216 bytes"),
        ("'a'.rjust(10 ** 30)", "longer than 16777216 bytes"),
        ("('a' * 10 ** 6).split('a')", "longer than 500000 elements"),
        ("('a ' * 10 ** 6).split()", "longer than 500000 elements"),
    ] {
        let failure = failure(text);
        assert!(failure.code == Code::Expression && failure.message.contains(message), "{text}: {failure:?}");
    }
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn work_ends() {
    let began = Instant::now();
    for text in [
        "[0 for a in range(1000) for b in range(1000) for c in range(1000)]",
        "any(x < 0 for x in range(10 ** 18))",
        "sum(range(10 ** 18))",
        "max(zip(range(10 ** 18), range(10 ** 18)))",
        "[x for x in $items for y in range(10 ** 9)]",
        "-1 in zip(range(10 ** 18))",
        "['a' * 10 ** 6 for x in range(10 ** 6)]",
        "[('a' * 10 ** 6).upper() for x in range(10 ** 6)]",
        "[('a' * 10 ** 6).find('b') for x in range(10 ** 6)]",
        "[('a' * 10 ** 6).strip('b' * 1000) for x in range(10 ** 6)]",
        "([['a' * 10 ** 5] * 1000] * 100) == ([['a' * 10 ** 5] * 1000] * 100)",
        "[[1] * 400000 == [1] * 400000 for x in range(9)]",
        "[sorted(range(10000)) for x in range(1000)]",
    ] {
        let failure = failure(text);
        assert!(failure.code == Code::Expression && failure.message.contains("more work"), "{text}: {failure:?}");
    }
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

#[test]
fn what_is_shared_is_paid_for_when_it_is_written() {
    let expression = Expression::parse("[['a' * 100000] * 1000] * 300").unwrap();
    let failure = expression.evaluate(&names(), 1 << 20).unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::Output, "the result is longer than 1048576 bytes"));
    assert_eq!(expression.evaluate(&names(), u64::MAX).unwrap_err().code, Code::Expression);
    for (text, limit) in [("'abc'", 2), ("123", 2), ("[1]", 2), ("$name", 5)] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.evaluate(&names(), limit).unwrap_err().code, Code::Output, "{text}");
        assert!(expression.evaluate(&names(), 1000).is_ok(), "{text}");
    }
}

#[test]
fn sources_are_bounded() {
    let long = format!("1{}", " ".repeat(MAX_SOURCE - 1));
    assert!(Expression::parse(&long).is_ok());
    assert!(Expression::parse(&format!("{long} ")).err().unwrap().message.contains("at most 4096 bytes"));
    assert!(Expression::parse(&format!("'{}'", "a".repeat(10 << 20))).is_err());
    let name = format!("${} + 1", "a".repeat(101));
    assert!(Expression::parse(&name).err().unwrap().message.contains("too long to be one"));
    for brackets in ["(", "[", "{", "-(", "$a[", "len("] {
        assert!(Expression::parse(&brackets.repeat(100_000)).is_err());
        let deep = Expression::parse(&brackets.repeat(MAX_NESTING + 1)).err().unwrap();
        assert!(deep.message.contains("deeper than 64 levels") && deep.is_python, "{brackets} {deep}");
    }
}

#[test]
fn what_nests_without_brackets_is_bounded() {
    for deep in [
        format!("{}1", "-".repeat(4000)),
        format!("{}1", "not ".repeat(1000)),
        format!("1{}", " if 1 else 1".repeat(300)),
        format!("1{}", "**1".repeat(1000)),
        format!("''{}", ".upper()".repeat(500)),
        format!("$a{}", "[0]".repeat(1000)),
    ] {
        let error = Expression::parse(&deep).err().unwrap();
        assert!(error.message.contains("deeper than 64 levels"), "{deep:.20}: {error}");
    }
    // What only is long doesn't nest.
    let sum = format!("1{}", " + 1".repeat(1000));
    assert_eq!(evaluate(&sum).unwrap(), json("1001"));
    let chain = format!("1{}", " <= 1".repeat(600));
    assert_eq!(evaluate(&chain).unwrap(), json("true"));
    let or = format!("0{}", " or 0".repeat(600));
    assert_eq!(evaluate(&or).unwrap(), json("0"));
}

#[test]
fn results_nest_no_deeper_than_json() {
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let mut scope = names();
    scope.values.insert("deep", json(&deepest));
    assert_eq!(Expression::parse("$deep").unwrap().evaluate(&scope, 1000).unwrap(), json(&deepest));
    let failure = Expression::parse("[$deep]").unwrap().evaluate(&scope, 1000).unwrap_err();
    assert!(failure.message.contains("nests deeper than 127 levels"), "{failure}");
}

#[test]
fn a_part_of_a_document_is_not_paid_for_as_all_of_it() {
    let mut scope = names();
    let many = format!("{{\"items\": [{}0], \"first\": 1}}", "0,".repeat(2_000_000));
    scope.values.insert("many", json(&many));
    let evaluate = |text: &str| Expression::parse(text).unwrap().evaluate(&scope, 100);
    assert_eq!(evaluate("$many['first'] + $many.first").unwrap(), json("2"));
    assert_eq!(evaluate("$many['items'][-1]").unwrap(), json("0"));
    assert_eq!(evaluate("len($many['items'])").unwrap_err().code, Code::Expression);
    assert_eq!(evaluate("$many['none']").unwrap_err().code, Code::Expression);
    scope.values.insert("huge", Value::Json(crate::Json::known("9".repeat(400))));
    assert!(Expression::parse("$huge").unwrap().evaluate(&scope, 1000).is_err());
}
