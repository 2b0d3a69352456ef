//! Any bytes as a value: what is taken for JSON keeps every byte, can be made a tree, and the tree
//! means the same when it is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{Bounds, Hint, Json, Value};

fuzz_target!(|bytes: &[u8]| {
    let data = Value::data(bytes);
    assert_eq!(data.bytes(), bytes);
    let _ = (serde_json::json!(data), format!("{data:?}"));
    for hint in hints() {
        // What a command line means is what the same type says of it again.
        if let Ok(value) = hint.read(bytes.to_vec()) {
            assert_eq!(hint.read(value.bytes().to_vec()).as_ref(), Ok(&value), "{hint:?}");
            assert_eq!(hint.check(value.clone()), Ok(value), "{hint:?}");
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert_eq!(serde_json::json!(Value::text(text)), serde_json::Value::from(text));
    let Ok(json) = Json::parse(text) else { return };
    assert_eq!(json.as_str(), text);
    let written = serde_json::to_string(&Value::Json(json.clone())).expect("it is a document");
    assert!(Json::parse(written.as_str()).expect("it was valid").means(&json), "{text:?} became {written:?}");
    let tree = json.to_value();
    assert!(!tree.is_null() || text.trim() == "null", "{text:?} was lost");
    let again = Json::from(tree.clone());
    assert_eq!(Json::parse(again.as_str()).expect("it was valid").to_value(), tree);
    if let Some(whole) = json.to_integer() {
        // `-0` is a whole number, too, and a tree keeps its sign.
        assert_eq!(tree.as_f64(), Some(whole as f64));
    }
    let shown = format!("{:?}", Value::Json(json));
    assert!(shown.len() < 1000, "{} bytes are shown", shown.len());
});

fn hints() -> [Hint; 9] {
    let bounds = Bounds { min: Some(-5.5), max: Some(1e9) };
    [
        Hint::Text,
        Hint::Number(bounds),
        Hint::Integer(Bounds::default()),
        Hint::Boolean,
        Hint::Json,
        Hint::Bytes,
        Hint::File,
        Hint::Date,
        Hint::Choice(vec!["a".into(), String::new()]),
    ]
}
