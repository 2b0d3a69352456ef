//! What hints take, and what they refuse.

use super::*;

fn json(text: &str) -> Value {
    Value::Json(Json::parse(text).unwrap())
}

#[test]
fn hints_read_what_a_person_types() {
    let one_to_ten = Bounds { min: Some(1.0), max: Some(10.0) };
    assert_eq!(Hint::Integer(one_to_ten).read(b" 10 ".to_vec()), Ok(json("10")));
    assert_eq!(Hint::Boolean.read(b"true".to_vec()), Ok(json("true")));
    assert_eq!(Hint::Bytes.read(vec![0xff]), Ok(Value::data([0xff])));
    assert_eq!(Hint::Step.read(b"3".to_vec()), Ok(json("3")));
    assert_eq!(Hint::Step.read(b"end".to_vec()), Ok(Value::text("end")));
    assert_eq!(Hint::Date.read(b"2026-11-22".to_vec()), Ok(Value::text("2026-11-22")));
}

/// The page for authors has all types, and no other.
#[test]
fn the_table_of_types_is_complete() {
    let page = include_str!("../../../../agents/FORMAT.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| type |")).skip(2);
    let cells = rows.map_while(|line| line.strip_prefix("| ")?.split(" |").next());
    let mut said: Vec<_> = cells.flat_map(|cell| cell.split(", ")).map(|word| word.trim_matches('`')).collect();
    let mut types = TYPES;
    said.sort_unstable();
    types.sort_unstable();
    assert_eq!(said, types);
}

#[test]
fn hints_refuse_what_does_not_fit() {
    let one_to_ten = Bounds { min: Some(1.0), max: Some(10.0) };
    for (hint, text) in [
        (Hint::Integer(one_to_ten), "11"),
        (Hint::Integer(one_to_ten), "1.5"),
        (Hint::Integer(Bounds::default()), "1e3"),
        (Hint::Number(one_to_ten), "NaN"),
        (Hint::Boolean, "yes"),
        (Hint::Date, "22.11.2026"),
        (Hint::Date, "08:30:00"),
        (Hint::Choice(vec!["a".into()]), "b"),
        (Hint::Step, "-1"),
        (Hint::Step, "no step"),
    ] {
        assert!(hint.read(text.into()).is_err(), "{hint:?} {text}");
    }
    for text in ["1".repeat(400), "-1e999".into()] {
        let number = Hint::Number(Bounds::default()).read(text.into()).unwrap_err();
        assert!(number.contains("expected a number") && number.contains("too large"), "{number}");
    }
    assert!(Hint::Text.read(vec![0xff]).unwrap_err().contains("UTF-8"));
}
