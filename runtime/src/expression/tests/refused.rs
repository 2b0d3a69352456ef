//! What can't be said, with the place and the way out.

use crate::expression::Expression;

/// The error of a text: what, where, and whether it is Python at all.
fn error(text: &str) -> (String, String, bool) {
    let error = Expression::parse(text).err().unwrap_or_else(|| panic!("{text} is an expression"));
    assert!(error.span.end <= text.len() && text.get(error.span.clone()).is_some(), "{text}: {:?}", error.span);
    (error.message, text[error.span].to_owned(), error.is_python)
}

#[test]
fn what_is_python_is_refused_at_its_place() {
    for (text, place, message) in [
        ("$a + (lambda x: x)(1)", "lambda x: x", "a value can't be called"),
        ("[lambda: $a]", "lambda: $a", "a lambda can't be in an expression"),
        ("($x := 5)", "$x := 5", "`:=` can't be in an expression"),
        ("f'{$a}'", "f'", "an f-string can't be in an expression"),
        ("{$a, 1}", "{$a, 1}", "there are no sets"),
        ("[*$a]", "*$a", "`*` can't be used here"),
        ("{**$a}", "$a", "`**` can't be used here"),
        ("max(*$a)", "*$a", "`*` can't be used here"),
        ("dict(**$a)", "**$a", "`**` can't be used here"),
        ("$a & 1", "$a & 1", "there are no operators on bits"),
        ("~$a", "~$a", "there are no operators on bits"),
        ("$a @ $b", "$a @ $b", "there are no matrices"),
        ("open($a)", "open", "there is no function called `open`"),
        ("lenn($a)", "lenn", "there is no function called `lenn`"),
        ("$a.shout()", "$a.shout", "there is no method called `shout`"),
        ("$a['b'].c", "$a['b'].c", "there are no attributes"),
        ("$a['b'].upper", "$a['b'].upper", "a method is only there to be called"),
        ("$x.__class__ == 1", "$x.__class__", "a name that begins with `_`"),
        ("$x.__class__()", "$x.__class__", "a name that begins with `_`"),
        ("''.__class__", "''.__class__", "a name that begins with `_`"),
        ("$_x + 1", "$_x", "a name that begins with `_`"),
        ("[_ for _ in $a]", "_", "a name that begins with `_`"),
        ("$a - suffix", "suffix", "`suffix` is not a name of this expression"),
        ("$a + len", "len", "`len` is a function"),
        ("$a is 5", "$a is 5", "`is` is for None, True and False"),
        ("(x for x in $a)", "(x for x in $a)", "a generator is only the argument"),
        ("len(x for x in $a)", "(x for x in $a)", "a generator is only the argument"),
        ("[x for x in x]", "x", "`x` is not a name of this expression"),
        ("[1 for $x in $a]", "$x", "a variable of a comprehension has no `$`"),
        ("[1 for x.y in $a]", "x.y", "a comprehension goes to variables"),
        ("round($a, places=1)", "places=1", "has no argument of that name"),
        ("sum($a, 1, start=2)", "sum($a, 1, start=2)", "takes 1 to 2 arguments"),
        ("len()", "len()", "takes 1 argument"),
        ("'a'.join()", "'a'.join()", "takes 1 argument"),
        ("1j", "1j", "there are no complex numbers"),
        ("... == $a", "...", "`...` means nothing here"),
        (r"'\ud800' + $a", r"\ud800", "half of a surrogate pair"),
        (r"'\U0000dfff'", r"\U0000dfff", "half of a surrogate pair"),
        ("$env.KEY + 'x'", "$env.KEY", "stands for the whole value"),
        ("$a($b)", "$a", "a value can't be called"),
    ] {
        let (found, at, is_python) = error(text);
        assert!(found.contains(message) && is_python, "{text}: {found} {is_python}");
        assert!(at.contains(place) || place.contains(&at), "{text}: at {at}");
    }
}

#[test]
fn what_is_no_python_is_said_to_be_so() {
    for (text, place, message) in [
        ("", "", "there is no expression here"),
        ("$", "$", "a name has to follow the `$`"),
        ("$5", "$", "a name has to follow the `$`"),
        ("$$", "$", "a name has to follow the `$`"),
        ("costs $five today", "$five", "`$five` is not expected here"),
        ("$a.", ".", "a name or a position has to follow the `.`"),
        ("$a.0x", ".0x", "a name or a position has to follow the `.`"),
        ("($a", "(", "this `(` is never closed"),
        ("$a)", ")", "this `)` closes nothing"),
        ("($a]", "]", "this `]` closes nothing"),
        ("'$a", "'", "this text is never closed"),
        ("'a\nb'", "'", "this text is never closed"),
        ("'\\", "'", "this text is never closed"),
        ("r'\\'", "'", "this text is never closed"),
        ("'\\\r'", "\r", "a control character"),
        ("$a, $b", ",", "a comma outside of brackets"),
        ("$a = 5", "=", "`=` is not expected here"),
        ("$a && $b", "&&", "`&&` is not expected here"),
        ("$a||$b", "||", "`||` is not expected here"),
        ("!$a", "!", "`!` is not expected here"),
        ("$a +", "", "it ends too early"),
        ("$a # note", "#", "`#` outside of quotes"),
        ("$a – 1", "–", "`–` outside of quotes"),
        ("$a\u{202e}", "\u{202e}", "`\\u{202e}` outside of quotes"),
        ("5$a", "$", "`$` is not expected here"),
        ("x$a", "$", "`$` is not expected here"),
        ("''$a", "$", "`$` is not expected here"),
        ("$a$b", "$", "`$` is not expected here"),
        ("Dear $name!", "$name", "`$name` is not expected here"),
        ("'a\u{1}b'", "\u{1}", "a control character"),
        ("$a\\\n + 1", "\\", "outside of quotes"),
    ] {
        let (found, at, is_python) = error(text);
        assert!(found.contains(message) && !is_python, "{text}: {found} {is_python}");
        assert_eq!(at, place, "{text}");
    }
}

#[test]
fn help_says_what_to_write_instead() {
    for (text, help) in [
        ("$a - suffix", "write $suffix, or put it in quotes"),
        ("upper($a)", "it is a method: write $name.upper(…)"),
        ("lenght($a)", "did you mean `len`?"),
        ("$a.uper()", "did you mean `upper`?"),
        ("$a == 5 | 6", "write `and`, `or` and `not`"),
        ("$a is 5", "write == or != to compare values"),
        ("$x._id > 1", "write ['_id'] for a key of that name"),
        ("$a = 5", "write == to compare"),
        ("$a && $b", "write `and`"),
        ("$a || !$b", "write `or`"),
        ("not !$b", "write `not`"),
        ("$a == true", "write True"),
        ("FALSE", "write False"),
        ("$a == null", "write None"),
    ] {
        assert_eq!(Expression::parse(text).err().unwrap().help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn names_of_the_scope_are_found_once() {
    for (text, names) in
        [("$b + $a['$c'] + $b.d", &["a", "b"][..]), ("[x + $y for x in $z if $w]", &["w", "y", "z"]), ("1 + 1", &[])]
    {
        assert_eq!(crate::expression::free_variables(text).unwrap(), names, "{text}");
    }
}
