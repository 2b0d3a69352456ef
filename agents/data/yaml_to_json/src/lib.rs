//! Reads YAML.

use serde_json::Value;
use turingbox_sdk::{Failure, agent};

/// Turn YAML into JSON
#[agent(output = "What the YAML says; several documents are a list")]
fn yaml_to_json(
    /// The YAML (1.2). What has a needless zero before it, like 012, stays a text
    yaml: String,
    /// Whether it is a stream of documents, which come as a list
    #[input(default = false)]
    stream: bool,
) -> Result<Value, Failure> {
    // In YAML 1.2, `no` and `1_000` are texts. So here is `012`: it is a number there, and more often a code.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    if stream {
        return Ok(serde_saphyr::from_multiple_with_options::<Value>(&yaml, options).map(Value::Array)?);
    }
    Ok(serde_saphyr::from_str_with_options(&yaml, options)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_is_read() {
        let read = |yaml: &str| yaml_to_json(yaml.into(), false);
        assert_eq!(
            read("b: [1, 2.5, no]\na: &x {y: null}\nz: *x"),
            Ok(json!({ "b": [1, 2.5, "no"], "a": { "y": null }, "z": { "y": null } }))
        );
        assert_eq!(read("[012, 1_000, 0, 0.5, 0x1f, -7]"), Ok(json!(["012", "1_000", 0, 0.5, 31, -7])));
        assert!(read("a: b: c").is_err());
        assert_eq!(yaml_to_json("1\n---\na".into(), true), Ok(json!([1, "a"])));
    }
}
