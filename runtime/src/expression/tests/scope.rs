//! What names stand for, and how failures say what went wrong.

use super::{evaluate, failure, shown};
use crate::{Code, expression::Expression};

#[test]
fn a_number_and_a_text_are_not_compared() {
    for (text, message, help) in [
        (
            "$digits > 5",
            "in `$digits > 5`: `$digits` is the text \"7\", and `5` is a number: `>` doesn't compare them",
            "write int($digits)",
        ),
        (
            "0.5 <= $digits",
            "in `0.5 <= $digits`: `$digits` is the text \"7\", and `0.5` is a number: `<=` doesn't compare them",
            "write float($digits)",
        ),
        (
            "$n == $digits",
            "in `$n == $digits`: `$digits` is the text \"7\", and `$n` is the number 7: `==` doesn't compare them",
            "write int($digits)",
        ),
        (
            "'1.5' > 5",
            "in `'1.5' > 5`: `'1.5'` is the text \"1.5\", and `5` is a number: `>` doesn't compare them",
            "write float('1.5')",
        ),
        (
            "'seven' > 5",
            "in `'seven' > 5`: `'seven'` is the text \"seven\", and `5` is a number: `>` doesn't compare them",
            "write str(5)",
        ),
    ] {
        let failure = failure(text);
        assert_eq!((failure.code, failure.message.as_str()), (Code::Expression, message));
        assert_eq!(failure.help.as_deref(), Some(help), "{text}");
    }
    for text in ["'7' in [1, 2]", "7 in {'7': 1}", "[7] == ['7']", "$items.index('1')", "sorted([1, '1'])"] {
        assert!(failure(text).message.contains("they are not compared"), "{text}");
    }
    assert_eq!(shown("'seven' == 7"), "false");
    assert_eq!(shown("int($digits) > 5"), "true");
}

#[test]
fn a_text_is_read_as_its_input_says() {
    assert_eq!(shown("$limit > 5"), "true");
    assert_eq!(shown("$limit + 1"), "13");
    assert_eq!(
        failure("$wrong > 5").message,
        "in `$wrong`: the input `wrong` is of type `integer`: expected a whole number: \"many\""
    );
}

#[test]
fn failures_say_where() {
    for (text, code, message) in [
        ("1 + $n / (7 - $n)", Code::Expression, "in `$n / (7 - $n)`: division by zero"),
        ("[1 / x for x in [0]]", Code::Expression, "in `1 / x`: division by zero"),
        ("$none + 1", Code::Unset, "`$none` is not set: no step before this one has set it"),
        ("$order.none + 1", Code::Unset, "`$order.none` leads nowhere in"),
        ("$order['lnes']", Code::Expression, "in `$order['lnes']`: there is no key \"lnes\""),
        ("$items[3]", Code::Expression, "in `$items[3]`: there is no position 3 in a list of 3"),
        ("$secret + 'x'", Code::Failed, "the secret `KEY` can't go into an expression"),
        ("$secret", Code::Failed, "the secret `KEY` can't go into an expression"),
        ("$name + 1", Code::Expression, "in `$name + 1`: `+` doesn't take a text and a whole number"),
        ("'%s' % $n", Code::Expression, "`%` doesn't take a text and a whole number"),
        ("$n.upper()", Code::Expression, "a whole number has no method `upper`"),
        ("'a'.index('a', 'b')", Code::Expression, "a whole number is wanted here, and not a text"),
        ("str([1])", Code::Expression, "str() doesn't take a list"),
        ("{1: 2}", Code::Expression, "the keys of a dict are texts here"),
        ("int('x')", Code::Expression, "\"x\" is not a whole number"),
        ("float('nan')", Code::Expression, "the result is not a number (NaN)"),
        ("float('inf') - float('inf')", Code::Expression, "the result is not a number (NaN)"),
        ("(-8) ** 0.5", Code::Expression, "is not a real number"),
        ("0 ** -1", Code::Expression, "zero can't be raised to a negative power"),
        ("[float('inf')]", Code::Expression, "JSON has no infinity, at `0` of the result"),
        ("{'a': [b'x']}", Code::Expression, "JSON has no bytes, at `a.0` of the result"),
        ("'é'.isalpha()", Code::Expression, "`isalpha` is not known here for `é`"),
        ("'ß'.title()", Code::Expression, "how a word begins is not known here for `ß`"),
        ("chr(0xd800)", Code::Expression, "55296 is not the number of a character"),
        ("''.join([1])", Code::Expression, "join() puts texts together, and element 0 is a whole number"),
        ("[a for a, b in [(1, 2, 3)]]", Code::Expression, "a tuple of 3 elements doesn't go to 2 variables"),
        ("min([])", Code::Expression, "min() of nothing"),
        ("None < 1", Code::Expression, "None and a whole number have no order"),
        ("$bytes[0]", Code::Expression, "bytes has no elements"),
    ] {
        let failure = failure(text);
        assert!(failure.code == code && failure.message.contains(message), "{text}: {failure:?}");
    }
}

#[test]
fn what_can_only_be_walked_is_not_kept() {
    for text in [
        "range(3)",
        "[range(3)]",
        "{'a': zip([1])}",
        "range(3) == range(3)",
        "str(range(3))",
        "range(9)[1]",
        "len(zip())",
        "[zip([x]) for x in [1]]",
        "zip([1]) + [1]",
        "$order.keys()",
    ] {
        assert_eq!(failure(text).help.as_deref(), Some("wrap it in list()"), "{text}");
    }
}

#[test]
fn whole_values_keep_their_type() {
    assert_eq!(evaluate("$name").unwrap(), super::names().values["name"]);
    assert_eq!(evaluate("$bytes").unwrap(), super::names().values["bytes"]);
    assert_eq!(evaluate("str($n)").unwrap(), crate::Value::text("7"));
}

#[test]
fn an_expression_is_known_by_its_text() {
    let [a, b, c] = ["$a + 1", "$a + 1", "$a  + 1"].map(|text| Expression::parse(text).unwrap());
    assert_eq!(a, b);
    assert_ne!(a, c);
    assert_eq!(format!("{a:?}"), "Expression(\"$a + 1\")");
}
