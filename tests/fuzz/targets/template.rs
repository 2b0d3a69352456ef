//! Any text as a template over a fixed scope, for every target: it is read, checked and rendered
//! within its bounds, and what is pointed at is in it. And any text as a value: in a template that
//! is written for a target it stays in its place, whatever it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Json, Value,
    template::{Escape, Templates, free_variables},
};

/// The most that a rendering may write, in bytes.
const LIMIT: u64 = 1 << 20;

fuzz_target!(|text: &str| {
    for (_, escape) in Escape::WORDS {
        as_template(escape, text);
        as_value(escape, text);
    }
});

fn as_template(escape: Escape, text: &str) {
    let mut templates = Templates::new(escape, None);
    match templates.add("template", text) {
        Ok(uses) => {
            let names = uses.names.iter().map(|name| &name.span);
            let tools = uses.tools.iter().map(|tool| &tool.span);
            for span in names.chain(tools).chain(uses.includes.iter().map(|include| &include.span)) {
                assert!(text.get(span.clone()).is_some(), "{span:?}");
            }
            assert_eq!(free_variables(text).unwrap(), uses.free_variables());
        }
        Err(error) => return assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
    }
    let list = Json::parse(r#"[1, "a'b", {"c": null}]"#).unwrap();
    let scope = [("x", Value::text("it's <b> \" $(id)")), ("list", Value::Json(list)), ("data", Value::data([0, 255]))];
    if let Ok(rendered) = templates.render("template", scope, LIMIT) {
        assert!(rendered.len() as u64 <= LIMIT);
    }
}

/// Reads the value back the way the target's own reader would, as far as that is short.
fn as_value(escape: Escape, text: &str) {
    let mut templates = Templates::new(escape, None);
    templates.add("template", "{{ x }}").unwrap();
    let Ok(rendered) = templates.render("template", [("x", Value::text(text))], LIMIT) else {
        let refused = text.contains('\0') || text.chars().any(|c| c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}'));
        return assert!(refused, "a value was refused for {escape:?}: {text:?}");
    };
    let back = match escape {
        Escape::None => rendered,
        Escape::Json => serde_json::from_str(&rendered).unwrap(),
        Escape::Sql => unquoted(&rendered, "''"),
        Escape::Shell => unquoted(&rendered, r"'\''"),
        Escape::Html | Escape::Xml => unescaped(&rendered),
    };
    assert_eq!(back, text, "for {escape:?}");
}

/// The text in single quotes, in which `inside` stands for one.
fn unquoted(literal: &str, inside: &str) -> String {
    let text = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
    assert!(!text.replace(inside, "").contains('\''), "it ends early: {literal:?}");
    text.replace(inside, "'")
}

/// The text that a parser of HTML or XML reads.
fn unescaped(markup: &str) -> String {
    assert!(!markup.contains(['<', '>', '"', '\'']), "it is markup: {markup:?}");
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#13;", "\r"), ("&amp;", "&")];
    entities.into_iter().fold(markup.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
