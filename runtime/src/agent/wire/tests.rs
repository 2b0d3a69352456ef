//! What is written in a step, and what it is taken for.

use super::*;

#[test]
fn references_are_whole_texts() {
    for text in ["$", "$5", "$$", "$a b", "$a.", "a", "$a..b", "$a > 5"] {
        assert_eq!(Reference::parse(text), None, "{text}");
    }
}

#[test]
fn paths_lead_into_json_only() {
    let value = Value::Json(Json::parse(r#"{"lines":[{"qty":2}]}"#).unwrap());
    let follow = |path: &str| Reference::parse(path).unwrap().follow(&value);
    assert_eq!(follow("$order.lines.0.qty"), Some(Value::Json(Json::parse("2").unwrap())));
    assert_eq!(follow("$order.lines.1"), None);
    assert_eq!(Reference::parse("$t.x").unwrap().follow(&Value::text("{}")), None);
}

#[test]
fn prices_are_not_expressions() {
    let kind = |text: &str| match Wire::short(text) {
        Short::Wire(Wire::Expression(_)) => "expression",
        Short::Wire(_) => "whole",
        Short::Literal(None) => "text",
        Short::Literal(Some(_)) => "warned",
        Short::Refused(_) => "refused",
    };
    for (text, expected) in [
        ("$a + 1", "expression"),
        ("len($items) - 1", "expression"),
        ("$a.b", "whole"),
        ("$env.KEY", "whole"),
        ("$hl7-message", "whole"),
        ("costs $five today", "warned"),
        ("$name, $name", "warned"),
        ("'$name'", "warned"),
        ("Bearer $env.KEY", "warned"),
        ("$", "text"),
        ("$5", "text"),
        ("$$", "text"),
        ("$name - suffix", "refused"),
        ("$name.shout()", "refused"),
        ("$env.KEY + 'x'", "refused"),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
}

/// What a manifest says of the input of its only step, and where.
fn read(input: &str) -> Result<(Wire, Vec<Diagnostic>), (String, String)> {
    let source = crate::source::Source::new("agent.toml", format!("input = {input}\n"));
    let (wire, report) =
        crate::document::read(&source, |top, report| top.take("input", report, |item| Wire::read(&item))).map_err(
            |report| {
                let wrong = report.0.first().unwrap();
                (wrong.message.clone(), wrong.place.as_ref().unwrap().text().to_owned())
            },
        )?;
    assert!(report.0.is_empty());
    Ok(wire)
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (input, place) in [
        (r#""$a - suffix""#, "suffix"),
        (r#"'$a.shout() + "x"'"#, "$a.shout"),
        ("\"\"\"\n($a +\\n suffix)\"\"\"", "\"\"\"\n($a +\\n suffix)\"\"\""),
        ("'''\n($a +\n suffix)'''", "suffix"),
        (r#"{ expr = "$a +" }"#, "+"),
        (r#"{ expr = "" }"#, "\"\""),
        (r#"{ expr = "\u0024a + suffix" }"#, r#""\u0024a + suffix""#),
        (r#"{ expr = "'é' + suffix" }"#, "suffix"),
        (r#"{ from = "$a + 1", default = 1 }"#, "\"$a + 1\""),
        (r#"{ from = "$env.KEY", default = 1 }"#, "\"$env.KEY\""),
    ] {
        assert_eq!(read(input).unwrap_err().1, place, "{input}");
    }
    let warning = read(r#""Dear $name!""#).unwrap().1.remove(0);
    assert_eq!(warning.place.unwrap().text(), "$name");
    assert_eq!(warning.label, "not an expression: `$name` is not expected here");
}

#[test]
fn what_was_hardly_meant_is_warned_of() {
    for (input, expected) in [
        (r#""Dear ${name}!""#, &["literal-dollar ${name}"][..]),
        (r#""${name""#, &[]),
        (r#""${5}""#, &[]),
        (r#""$a && $b""#, &["literal-dollar &&"]),
        (r#""$größe""#, &["literal-dollar ö"]),
        (r#""$Ärger""#, &["literal-dollar $Ä"]),
        (r#""5 $""#, &[]),
        (r#"["$a", ["x", { y = "to $b" }]]"#, &[r#"literal-dollar "$a""#, r#"literal-dollar "to $b""#]),
        (r#"["${a}", "$5"]"#, &[r#"literal-dollar "${a}""#]),
        (r#"{ from = "$a" }"#, &[r#"literal-dollar "$a""#]),
        (r#"{ json = ["$a", "${b}"] }"#, &[]),
        (r#"{ text = "${b}" }"#, &[]),
        (r#"{ expr = "$a", x = 1 }"#, &["literal-table expr"]),
        (r#"{ text = "a", json = 1 }"#, &["literal-table text"]),
        (r#"[{ text = "a", lang = "en" }]"#, &[]),
    ] {
        let warnings = read(input).unwrap().1;
        let found: Vec<_> =
            warnings.iter().map(|found| format!("{} {}", found.code, found.place.as_ref().unwrap().text())).collect();
        assert_eq!(found, expected, "{input}");
    }
}

#[test]
fn tables_say_which_they_are() {
    let wire = |input: &str| read(input).unwrap().0;
    let reference = Reference { name: "a".into(), path: vec!["b".into()] };
    let default = || Value::Json(Json::parse("1").unwrap());
    for input in [r#"{ from = "$a.b", default = 1 }"#, r#"{ default = 1, from = "$a.b" }"#] {
        assert_eq!(wire(input), Wire::Default { from: reference.clone(), default: default() }, "{input}");
    }
    assert_eq!(wire(r#"{ expr = "$a.b" }"#), Wire::Reference(reference));
    assert!(matches!(wire(r#"{ expr = "$a-1" }"#), Wire::Expression(_)));
    assert!(matches!(wire(r#""$a-1""#), Wire::Reference(_)));
    assert_eq!(wire(r#"{ text = "$a + 1" }"#), Wire::Constant(Value::text("$a + 1")));
    for literal in [r#"{ from = "$a" }"#, r#"{ from = "$a", to = 1 }"#, r#"{ json = "$a" }"#] {
        assert!(matches!(wire(literal), Wire::Constant(Value::Json(_))), "{literal}");
    }
}
