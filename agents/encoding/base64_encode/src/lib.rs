//! Writes base64 (RFC 4648).

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use shared::kind;
use turingbox_sdk::{Failure, Outputs, Value, agent};

/// Write bytes as base64 text
#[agent]
fn base64_encode(
    /// Bytes, or text, which counts as UTF-8
    #[input(type = "bytes")]
    data: turingbox_sdk::Value,
    /// Use - and _ in place of + and /
    #[input(default = false)]
    urlsafe: bool,
) -> Result<Encoded, Failure> {
    let data = match data {
        Value::Data(data) => data,
        Value::Text(text) => text.into_bytes(),
        Value::Json(json) => return Err(Failure::new(format!("data must be bytes or text, not {}", kind(&json)))),
    };
    Ok(Encoded { text: if urlsafe { URL_SAFE.encode(data) } else { STANDARD.encode(data) } })
}

#[derive(Debug, Outputs, PartialEq)]
struct Encoded {
    /// The base64 text, on one line
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_texts_are_written() {
        let written = |data: Value, urlsafe| base64_encode(data, urlsafe).map(|encoded| encoded.text);
        assert_eq!(written(Value::Data(vec![251, 255]), false), Ok("+/8=".into()));
        assert_eq!(written(Value::Data(vec![251, 255]), true), Ok("-_8=".into()));
        assert_eq!(written("ü".into(), false), Ok("w7w=".into()));
        assert!(written(Value::Json("[]".into()), false).is_err());
    }
}
