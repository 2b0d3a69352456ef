use super::*;
use crate::{Library, agent::Entry};

pub fn shape(inputs: &str) -> Shape {
    let text = format!("kind = \"template\"\ntext = \"x\"\n{inputs}");
    let library = Library::with_manifests(&[("it", Box::leak(text.into_boxed_str()))]);
    let Some(Entry::Valid(manifest)) = library.get("it") else { panic!("{:?}", library.get("it")) };
    Shape::new(manifest.clone(), Vec::new())
}

fn of(shape: &Shape, line: &str) -> Result<String, String> {
    let (_, inputs) = shape.of_json(line);
    inputs.map(|inputs| format!("{inputs:?}")).map_err(|failure| failure.message)
}

#[test]
fn items_are_inputs() {
    let one = shape("[inputs.text]\n[inputs.most]\ntype = \"integer\"\noptional = true");
    assert_eq!(of(&one, r#"{"text": "a"}"#).unwrap(), r#"[("text", "a")]"#);
    assert_eq!(of(&one, r#"{"text": "a", "most": 3}"#).unwrap(), r#"[("most", 3), ("text", "a")]"#);
    assert_eq!(of(&one, r#"{"text": "a", "most": "3"}"#).unwrap(), r#"[("most", 3), ("text", "a")]"#);
    assert_eq!(of(&one, r#"{"text": "a", "most": null}"#).unwrap(), r#"[("text", "a")]"#);
    assert_eq!(of(&one, r#" "a" "#).unwrap(), r#"[("text", "a")]"#);
    assert_eq!(of(&one, r#"{"text": {"base64": "eA=="}}"#).unwrap(), r#"[("text", 1 bytes)]"#);
}

/// What `turingbox run` would not take from the command line or a file, an item can't give either.
#[test]
fn an_item_is_of_the_types_of_its_inputs() {
    let types = "[inputs.x]\ntype = ";
    for (hint, line, expected) in [
        ("\"text\"", "1", Ok(r#"[("x", 1)]"#)),
        ("\"text\"", r#"{"base64": "/w=="}"#, Ok(r#"[("x", 1 bytes)]"#)),
        ("\"file\"", "[\"a\"]", Err("x: expected text: ")),
        ("\"date\"", "2026", Err("x: expected a date")),
        ("\"date\"", r#"{"base64": "MjAyNi0xMS0yMg=="}"#, Ok(r#"[("x", "2026-11-22")]"#)),
        ("\"choice\"\nchoices = [\"1\"]", "1", Err("x: expected one of `1`: 1")),
        ("\"choice\"\nchoices = [\"1\"]", "\"1\"", Ok(r#"[("x", "1")]"#)),
        ("\"bytes\"", r#"{"base64": "!!"}"#, Err("x: expected bytes: ")),
        ("\"bytes\"", "[1, 2]", Err("x: expected bytes: ")),
        ("\"bytes\"", r#"{"base64": "/w=="}"#, Ok(r#"[("x", 1 bytes)]"#)),
        ("\"step\"", "-1", Err("x: expected the id or the position of a step")),
        ("\"step\"", "2", Ok(r#"[("x", 2)]"#)),
        ("\"json\"", r#"{"base64": "!!"}"#, Ok(r#"[("x", {"base64": "!!"})]"#)),
    ] {
        let found = of(&shape(&format!("{types}{hint}")), &format!("{{\"x\": {line}}}"));
        match (expected, &found) {
            (Ok(value), Ok(found)) => assert_eq!(found, value),
            (Err(why), Err(found)) => assert!(found.contains(why), "{hint} {line}: {found}"),
            _ => panic!("{hint} {line}: {found:?}"),
        }
    }
}

#[test]
fn what_is_no_item_says_why() {
    let two = shape("[inputs.text]\n[inputs.most]\ntype = \"integer\"");
    for (line, why) in [
        ("{", "this is no JSON"),
        ("{} {}", "this is no JSON"),
        ("\"a\"", "needs more than one input"),
        ("{}", "`text` and `most` is missing"),
        (r#"{"text": "a", "most": "b"}"#, "most: "),
        (r#"{"text": "a", "most": 1.5}"#, "most: "),
        (r#"{"text": "a", "most": {}}"#, "most: "),
        (r#"{"text": "a", "most": 1, "other": 1}"#, "has no input `other`"),
    ] {
        let message = of(&two, line).unwrap_err();
        assert!(message.contains(why), "{line}: {message}");
    }
    let loose = two.ignoring_extra(true).with_key(Some("other".into()));
    let (key, inputs) = loose.of_json(r#"{"text": "a", "most": 1, "other": 7, "more": 1}"#);
    assert_eq!((key.as_deref(), inputs.is_ok()), (Some("7"), true));
    for line in ["1", "{}", r#"{"text": "a", "most": 1, "other": null}"#, r#"{"other": ""}"#] {
        assert!(of(&loose, line).unwrap_err().contains("the key of an item"), "{line}");
    }
}

#[test]
fn a_table_fits_as_a_whole() {
    let two = shape("[inputs.text]\n[inputs.most]\ntype = \"integer\"\ndefault = 3");
    assert!(two.misfit(["text"].into_iter()).is_none());
    assert!(two.misfit(["most"].into_iter()).unwrap().message.contains("no column for `text`"));
    assert!(two.misfit(["text", "moist"].into_iter()).unwrap().help.unwrap().contains("most"));
    let (_, inputs) = two.of_row([("text", "a"), ("most", "")].into_iter());
    assert_eq!(format!("{:?}", inputs.unwrap()), r#"[("text", "a")]"#);
}
