//! Which names are free, and where they stand.

use super::*;

fn names(text: &str, chosen: impl Fn(&Name) -> bool) -> Vec<String> {
    let uses = Uses::of(text).unwrap();
    uses.names.iter().filter(|name| chosen(name)).map(|name| text[name.span.clone()].to_owned()).collect()
}

#[test]
fn free_variables_are_what_the_template_does_not_set() {
    for (text, expected) in [
        ("{{ a.b[c] }}{{ a }}", &["a", "c"][..]),
        ("{{ a[b:c:d] }}", &["a", "b", "c", "d"]),
        ("{% set a = a %}{{ a }}", &["a"]),
        ("{% if a %}{% set b = 1 %}{% endif %}{{ b }}", &["a", "b"]),
        ("{% if a %}{% set b = 1 %}{% else %}{% set b = 2 %}{% endif %}{{ b }}", &["a"]),
        ("{% for a in b if a > c %}{{ loop.index }}{% else %}{{ d }}{% endfor %}{{ a }}", &["a", "b", "c", "d"]),
        ("{% macro m(a, b=c) %}{{ a ~ b ~ d }}{% endmacro %}{{ m(e) }}", &["c", "d", "e"]),
        ("{% call(x) m(a) %}{{ x }}{% endcall %}", &["a"]),
        ("{% with a = 1, b = a %}{{ a ~ b }}{% endwith %}{{ b }}", &["b"]),
        ("{% filter replace(a, b) %}{{ c }}{% endfilter %}", &["a", "b", "c"]),
        ("{% include a %}{% import 'x' as m %}{{ m.f(b) }}", &["a", "b"]),
        ("{% set ns = namespace(n=a) %}{% set ns.n = b %}", &["a", "b"]),
        ("{{ 'a' }}{# b #}{% raw %}{{ c }}{% endraw %}", &[]),
        ("{{ range(a)|map('upper')|join(b) }}{{ x is divisibleby(c) }}", &["a", "b", "c", "x"]),
    ] {
        assert_eq!(free_variables(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_name_is_needed_unless_it_is_asked_for() {
    let text = "{% if a is defined %}{{ b|default(c) }}{% endif %}{{ a.x is undefined }}";
    assert_eq!(names(text, |name| name.needed), ["c", "a"]);
    assert_eq!(names("{% if x %}{% set y = 1 %}{% endif %}{{ y }}", |name| name.maybe_set), ["y"]);
    let later = "{% for i in x %}{{ y }}{% set y = 1 %}{% endfor %}";
    assert_eq!(names(later, |name| name.maybe_set), ["y"]);
}

#[test]
fn uses_are_where_they_stand() {
    let text = "name {{ 'name' }} {{ name|upper is lower }} {{ f(1) }} {% include ['a', 'b'] ignore missing %}";
    let uses = Uses::of(text).unwrap();
    assert_eq!(uses.names[0].span, 21..25);
    let tools: Vec<_> = uses.tools.iter().map(|tool| (tool.kind, &text[tool.span.clone()])).collect();
    assert_eq!(tools, [(ToolKind::Filter, "upper"), (ToolKind::Test, "lower"), (ToolKind::Function, "f")]);
    let [include] = uses.includes.as_slice() else { panic!() };
    assert_eq!((include.names.as_slice(), include.may_be_missing), (&["a".to_owned(), "b".to_owned()][..], true));
    assert_eq!(&text[include.span.clone()], "['a', 'b']");
}

#[test]
fn tools_that_are_named_by_a_text_are_found() {
    let uses = Uses::of("{{ x|map('upper')|select('odd')|selectattr('a', 'even')|map(attribute='b') }}").unwrap();
    let tools: Vec<_> = uses.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(tools, ["map", "upper", "select", "odd", "selectattr", "even", "map"]);
}

#[test]
fn text_with_a_dollar_is_found() {
    let text = "ä $a {{ '$b' }}\n{%- if x -%}  $c{% endif %}{% raw -%} $d{% endraw %}{# $e #} plain {{ x }}$";
    let dollars = Uses::of(text).unwrap().dollars;
    assert_eq!(dollars.into_iter().map(|part| &text[part]).collect::<Vec<_>>(), ["ä $a ", "$c", "$"]);
}
