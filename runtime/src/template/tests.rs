//! What every target, filter and bound of templates promises.

use super::*;
use crate::Json;

const TARGETS: [Escape; 6] = [Escape::None, Escape::Json, Escape::Sql, Escape::Html, Escape::Xml, Escape::Shell];

fn render(escape: Escape, text: &str, value: Value) -> Result<String, Failure> {
    let mut templates = Templates::new(escape, None);
    templates.add("t", text).map_err(|error| Failure::new(Code::Source, error.message))?;
    templates.render("t", [("x", value)], 1000)
}

fn json(text: &str) -> Value {
    Value::Json(Json::parse(text).unwrap())
}

#[test]
fn every_target_keeps_a_value_in_its_place() {
    let evil = || Value::text("'; drop table x; -- \" <b> $(id)");
    for (escape, expected) in [
        (Escape::None, "'; drop table x; -- \" <b> $(id)"),
        (Escape::Sql, "'''; drop table x; -- \" <b> $(id)'"),
        (Escape::Json, r#""'; drop table x; -- \" <b> $(id)""#),
        (Escape::Html, "&#x27;; drop table x; -- &quot; &lt;b&gt; $(id)"),
        (Escape::Xml, "&#x27;; drop table x; -- &quot; &lt;b&gt; $(id)"),
        (Escape::Shell, r#"''\''; drop table x; -- " <b> $(id)'"#),
    ] {
        assert_eq!(render(escape, "{{ x }}", evil()).unwrap(), expected, "{escape:?}");
    }
}

#[test]
fn sql_has_a_literal_for_every_value() {
    for (value, expected) in [
        (json("null"), "NULL"),
        (json("true"), "TRUE"),
        (json("1.5"), "1.5"),
        (json("[\"a'b\"]"), "'[\"a''b\"]'"),
        (Value::data([0xca, 0xfe]), "X'CAFE'"),
    ] {
        assert_eq!(render(Escape::Sql, "{{ x }}", value).unwrap(), expected);
    }
    for (text, value) in [("{{ x }}", Value::text("a\0b")), ("{{ x * 10 }}", json("1e308"))] {
        assert_eq!(render(Escape::Sql, text, value).unwrap_err().code, Code::Failed, "{text}");
    }
}

#[test]
fn whole_numbers_keep_their_digits() {
    let long = "123456789012345678901234567890";
    for (escape, text) in
        [(Escape::None, "{{ x.n[0] }}"), (Escape::Json, "{{ x.n[0] }}"), (Escape::Sql, "{{ x.n[0] }}")]
    {
        assert_eq!(render(escape, text, json(&format!("{{\"n\": [{long}]}}"))).unwrap(), long, "{escape:?}");
    }
    assert_eq!(
        render(Escape::None, "{{ x }}", json(&format!("[-{long}, \"{long}\", 1.5, null]"))).unwrap(),
        format!("[-{long},\"{long}\",1.5,null]")
    );
    assert_eq!(render(Escape::None, "{{ x + 1 }}", json("18446744073709551615")).unwrap(), "18446744073709551616");
    let longer = "9".repeat(60);
    for escape in TARGETS {
        assert_eq!(render(escape, "{{ x }}", json(&longer)).unwrap(), longer, "{escape:?}");
    }
    assert_eq!(render(Escape::None, "{{ x|placeholder('') }}", json(&longer)).unwrap(), longer);
    let failure = render(Escape::None, "{{ x }}", json(&format!("[{longer}]"))).unwrap_err();
    assert!(failure.message.contains("more than 128 bits"), "{}", failure.message);
}

#[test]
fn xml_holds_what_its_parser_reads_back() {
    for (value, expected) in [
        (Value::text("a\r\n\t&"), "a&#13;\n\t&amp;"),
        (json("true"), "true"),
        (json("null"), "null"),
        (json("[\"<\"]"), "[&quot;&lt;&quot;]"),
    ] {
        assert_eq!(render(Escape::Xml, "{{ x }}", value).unwrap(), expected);
    }
    for unfit in ["a\u{1}", "\u{ffff}", "\0", "\u{1b}[31m"] {
        assert_eq!(render(Escape::Xml, "{{ x }}", Value::text(unfit)).unwrap_err().code, Code::Failed, "{unfit:?}");
    }
}

#[test]
fn filters_write_for_their_target() {
    for (text, value, expected) in [
        ("{{ x|sqlstr }}", Value::text("it's"), "'it''s'"),
        ("{{ x|sqlstr }}", json("null"), "NULL"),
        ("{{ x|sqlident }}", Value::text("a\"; --"), "\"a\"\"; --\""),
        ("{{ x|shellquote }}", Value::text("it's $(id)"), r"'it'\''s $(id)'"),
        ("{{ x|tojson }}", json(r#"{"a":"</script>'"}"#), r#"{"a":"\u003c/script\u003e\u0027"}"#),
        ("{{ x|tojson(indent=2) }}", json("[1]"), "[\n  1\n]"),
        ("{{ x|tojson(true) }}", json("[1]"), "[\n  1\n]"),
        ("{{ x|urlencode }}", Value::text("a b&ü/"), "a%20b%26%C3%BC/"),
        ("{{ x|urlencode }}", json(r#"{"a":"b&c","d":1}"#), "a=b%26c&d=1"),
        ("<a{{ x|xmlattr }}>", json(r#"{"id":"a\"<\n","no":null,"n":1}"#), "<a id=\"a&quot;&lt;&#10;\" n=\"1\">"),
        ("<a {{ x|xmlattr(false) }}>", json(r#"{"id":1,"n":true}"#), "<a id=\"1\" n=\"True\">"),
        ("{{ x|e }}", Value::text("<"), "&lt;"),
    ] {
        assert_eq!(render(Escape::None, text, value).unwrap(), expected, "{text}");
    }
}

#[test]
fn filters_refuse_what_their_target_cannot_hold() {
    for (text, value) in [
        ("{{ x|sqlident }}", Value::text("a\0")),
        ("{{ x|sqlident }}", Value::text("")),
        ("{{ x|sqlident }}", json("1")),
        ("{{ x|shellquote }}", Value::text("\0")),
        ("{{ x|xmlattr }}", Value::text("a")),
        ("{{ x|xmlattr }}", json(r#"{"a b":1}"#)),
        ("{{ x|xmlattr }}", json(r#"{"a=":1}"#)),
        ("{{ x|xmlattr }}", json(r#"{"":1}"#)),
        ("{{ x|xmlattr }}", json(r#"{"a":"\u0000"}"#)),
        ("{{ x|tojson(indent=1000000) }}", json("[1]")),
        ("{{ y|sqlstr }}", json("1")),
        ("{{ y|tojson }}", json("1")),
    ] {
        assert_eq!(render(Escape::None, text, value).unwrap_err().code, Code::Failed, "{text}");
    }
}

/// Once where it is for that target, and like any text everywhere else.
#[test]
fn what_a_filter_gives_is_escaped_for_another_target_only() {
    let cases = [
        ("{{ x|sqlstr }}", Escape::Sql, "'it''s <'"),
        ("{{ x|sqlident }}", Escape::Sql, "\"it's <\""),
        ("{{ x|shellquote }}", Escape::Shell, r"'it'\''s <'"),
        ("{{ x|tojson }}", Escape::Json, r#""it\u0027s \u003c""#),
        ("{{ {'a': x}|xmlattr }}", Escape::Html, r#" a="it&#x27;s &lt;""#),
        ("{{ {'a': x}|xmlattr }}", Escape::Xml, r#" a="it&#x27;s &lt;""#),
        ("{{ x|e }}", Escape::Json, "\"it's <\""),
        ("{{ x|e }}", Escape::Xml, "it&#x27;s &lt;"),
    ];
    for (text, target, made) in cases {
        let value = || Value::text("it's <");
        assert_eq!(render(target, text, value()).unwrap(), made, "{text}");
        let same = |other: &Escape| text.contains("|e ") || cases.iter().any(|case| case.0 == text && case.1 == *other);
        for other in TARGETS.into_iter().filter(|other| *other != Escape::None && !same(other)) {
            let as_text = render(other, "{{ x }}", Value::text(made)).unwrap();
            assert_eq!(render(other, text, value()).unwrap(), as_text, "{text} for {other:?}");
        }
    }
}

#[test]
fn a_change_of_target_makes_nothing_safe() {
    let text = "{% set y = x|sqlstr %}{{ y }}{% autoescape 'json' %}{{ y }}{% endautoescape %}";
    assert_eq!(render(Escape::Sql, text, Value::text("a")).unwrap(), "'a'\"'a'\"");
    assert_eq!(render(Escape::Sql, "{{ x|sqlstr|upper }}", Value::text("a")).unwrap(), "'''A'''");
}

/// However it was made, and whatever is taken away from it or put into it.
#[test]
fn what_is_changed_is_not_complete_any_more() {
    let evil = "NAME'\"; echo # \\ ohce ;\"'";
    let ways = [
        "{% filter WAY %}{{ x }}{% endfilter %}",
        "{% set z %}{{ x }}{% endset %}{{ z|WAY }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x)|WAY }}",
        "{% set z %}{{ x }}{% endset %}{% for y in [z]|map('WAY') %}{{ y }}{% endfor %}",
        "{% set z %}{{ x }}{% endset %}{{ (z|WAY)[1:] }}",
    ];
    let filters = [
        "upper",
        "lower",
        "capitalize",
        "title",
        "replace('NAME', x)",
        "reverse",
        "trim('\\'')",
        "split(';')|first",
        "lines|first",
        "first",
        "last",
        "indent",
        "format",
        "list|last",
        "string|reverse",
        "unique|list|first",
    ];
    let mut tried = 0;
    for escape in [Escape::Json, Escape::Sql, Escape::Shell] {
        for (way, filter) in ways.iter().flat_map(|way| filters.iter().map(move |filter| (way, filter))) {
            if way.contains("map(") && filter.contains(['(', '|']) {
                continue;
            }
            let text = way.replace("WAY", filter);
            let Ok(rendered) = render(escape, &text, Value::text(evil)) else { continue };
            assert!(is_one_literal(escape, &rendered), "{escape:?}: {text}: {rendered}");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

/// Whether `text` is one complete piece of a language, and nothing more.
fn is_one_literal(escape: Escape, text: &str) -> bool {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    match escape {
        Escape::Json => Json::parse(text).is_ok(),
        Escape::Sql => inner('\'').is_some_and(|inner| !inner.replace("''", "").contains('\'')),
        _ => inner('\'').is_some_and(|inner| !inner.replace(r"'\''", "").contains('\'')),
    }
}

#[test]
fn safe_is_the_choice_of_the_author() {
    for escape in TARGETS {
        assert_eq!(render(escape, "{{ '<\"' |safe }}", Value::text("")).unwrap(), "<\"", "{escape:?}");
    }
    let joined = "in ({{ x|join(', '|safe) }})";
    assert_eq!(render(Escape::Sql, joined, json(r#"["a'", 1]"#)).unwrap(), "in ('a''', 1)");
}

#[test]
fn values_are_never_templates() {
    for escape in TARGETS {
        let rendered = render(escape, "{{ x }}", Value::text("{{7*7}}{%if x%}{#")).unwrap();
        assert!(rendered.contains("{{7*7}}{%if x%}{#"), "{escape:?}: {rendered}");
    }
}

#[test]
fn work_memory_and_output_are_bounded() {
    let forever = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
    let double = "{% set n = namespace(s='x') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}";
    let long = "{{ 'x' * 2000 }}";
    for (text, code) in [(forever, Code::Fuel), (double, Code::Fuel), (long, Code::Output)] {
        assert_eq!(render(Escape::None, text, Value::text("")).unwrap_err().code, code, "{text}");
    }
}

/// A list that holds a list twice, which holds another twice, is small until it is written.
#[test]
fn what_is_shared_is_bounded_where_it_is_written() {
    let shared = "{% set n = namespace(a=[1]) %}{% for i in range(40) %}{% set n.a = [n.a, n.a] %}{% endfor %}";
    let filters = ["{{ n.a|tojson }}", "{{ n.a|e }}", "{{ n.a|sqlstr }}", "{{ {'a': n.a}|xmlattr }}"];
    let cases = TARGETS.into_iter().map(|escape| (escape, "{{ n.a }}"));
    for (escape, text) in cases.chain(filters.map(|text| (Escape::None, text))) {
        let failed = render(escape, &format!("{shared}{text}"), Value::text("")).unwrap_err();
        assert_eq!(failed.code, Code::Fuel, "{text} for {escape:?}: {failed}");
    }
}

/// Whatever is done with it: MiniJinja itself counts nothing where a value becomes a text.
#[test]
fn what_is_shared_is_bounded_where_it_is_taken() {
    let shared = "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(40) %}{% set n.a = [n.a, n.a] %}\
                  {% set n.b = {'x': n.b, 'y': n.b} %}{% endfor %}";
    for text in ["", "{{ n.a ~ '' }}", "{{ n.a == n.b }}", "{{ n['a']|string }}", "{{ (n).b|pprint }}"] {
        let failed = render(Escape::None, &format!("{shared}{text}"), Value::text("")).unwrap_err();
        assert_eq!(failed.code, Code::Fuel, "{text}: {failed}");
    }
    for text in [
        "{% set a = [1] * 2000 %}{% set b = [a] * 2000 %}{% set c = [b] * 2000 %}{{ c ~ '' }}",
        "{{ (((([1]) * 2000, 2) * 2000, 3) * 2000) ~ '' }}",
        "{% macro f(a, n) %}{% if n %}{{ f([a, a], n - 1) }}{% else %}{{ a ~ '' }}{% endif %}{% endmacro %}{{ f([1], 5) ~ ([[1] * 5000] * 50000) }}",
        "{% for a in [[[[1] * 900] * 900] * 900] recursive %}{{ a ~ '' }}{% endfor %}",
    ] {
        assert_eq!(render(Escape::None, text, Value::text("")).unwrap_err().code, Code::Fuel, "{text}");
    }
    let itself = "{% set n = namespace() %}{% set n.n = [n] %}{{ n.n ~ '' }}";
    assert_eq!(render(Escape::None, itself, Value::text("")).unwrap_err().code, Code::Failed);
}

#[test]
fn paying_changes_nothing_else() {
    let value = || json(r#"{"a":[1,{"b":2}],"s":"t"}"#);
    for (text, expected) in [
        ("{% set y = (x).a[1].b * (2 + 1) %}{{ y }}", "6"),
        ("{% set y = ((x.a)[0]) * 2 %}{{ (y) + (x.a|length) * 2 }}", "6"),
        ("{% set y = x %}{{ y.s|upper ~ y['a'][0:1][0] }}", "T1"),
        ("{% set y = [x.s * 2, (x.s) * (3)] %}{{ y|join(',') }}", "tt,ttt"),
        ("{% set x = 1 %}{{ x is defined }}{{ nope is defined }}{{ nope|default(x) }}", "TrueFalse1"),
        ("{% set n = namespace(a=1) %}{% set n.a = n.a + 1 %}{{ n.a }}{{ loop|default('-') }}", "2-"),
        ("{% macro m(a, b=x.s) %}{{ a ~ b }}{{ caller() }}{% endmacro %}{% call m(1) %}c{% endcall %}", "1tc"),
        ("{% for i in x.a %}{{ loop.index ~ loop.cycle('a', 'b') }}{% set z = i %}{% endfor %}", "1a2b"),
        ("{% set f = x %}{{ f.s if f.s else f }}{% filter replace('t', f.s ~ '!') %}t{% endfilter %}", "tt!"),
        ("{% block b %}{{ x.s }}{% endblock %}{{ self.b() }}{% with q = x.a %}{{ q[0] }}{% endwith %}", "tt1"),
    ] {
        let rendered = render(Escape::None, text, value());
        assert_eq!(rendered.as_deref().map_err(ToString::to_string), Ok(expected), "{text}");
    }
}

#[test]
fn nesting_does_not_end_the_process() {
    let nest = "{% set n = namespace(a=[]) %}{% for i in range(100000) %}{% set n.a = [n.a] %}{% endfor %}";
    for text in [nest.to_owned(), format!("{nest}{{{{ n.a }}}}"), format!("{{{{ 1{} }}}}", " + 1".repeat(60_000))] {
        // Whether it renders or is refused, this process is still there.
        let _ = render(Escape::None, &text, Value::text(""));
    }
    let long = format!("{{{{ 1{} }}}}", " + 1".repeat(100_000));
    assert_eq!(render(Escape::None, &long, Value::text("")).unwrap_err().code, Code::Source);
}

#[test]
fn a_failure_says_where_it_is_written() {
    let source = crate::source::Source::new("/some/where/agent.toml", "kind\ntext = \"\"\"\nä {{ x.y }}\"\"\"\n");
    let written = |start| Written { source: source.clone(), start, at: 12 };
    let text = "ä {{ x.y }}";
    let looped = "{% set l = [x] * 2 %}\n{{ l[0].y }}";
    for (text, place, expected) in [
        (text, Some(written(Some(16))), "agent.toml:3:6: "),
        (text, Some(written(None)), "agent.toml:2:8: "),
        (text, None, "t:1: "),
        (looped, Some(written(Some(16))), "agent.toml:4: "),
    ] {
        let mut templates = Templates::new(Escape::None, None);
        templates.add("t", text).unwrap();
        place.into_iter().for_each(|place| templates.is_written("t", place));
        let failure = templates.render("t", [("x", json("{}"))], 1000).unwrap_err();
        assert!(failure.message.starts_with(expected), "{text}: {}", failure.message);
    }
}

#[test]
fn what_is_not_defined_is_an_error_with_its_line() {
    let error = render(Escape::None, "a\n{{ y }}", Value::text("")).unwrap_err();
    assert!(error.message.starts_with("t:2: "), "{}", error.message);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at) in [
        ("a {{ x", "{{"),
        ("a {{ x }\n{{ x }}", "{{"),
        ("{% if x %}{{ x }}{% if", "{%"),
        ("{{ x | }}", "}}"),
        ("{{ 1 +* 2 }}", "*"),
        ("{% import 'm' as m|join(x) %}", "join(x)"),
    ] {
        let error = Templates::new(Escape::None, None).add("t", text).unwrap_err();
        assert_eq!(&text[error.span.clone()], at, "{text}: {error}");
    }
}
