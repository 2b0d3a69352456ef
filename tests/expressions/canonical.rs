//! One way to write a value, in which whole numbers keep their digits and floats their bits.

use std::fmt::Write;

use turingbox::Value;

/// The canonical form of a value, as `agents/python_eval` writes it, too.
pub fn of(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("s{}", hex(text.as_bytes())),
        Value::Data(bytes) => format!("b{}", hex(bytes)),
        Value::Json(json) => document(json.as_str()),
        Value::Secret(_) => panic!("there is no secret here"),
    }
}

/// Goes through a document without blanks, as it is written here.
fn document(json: &str) -> String {
    let mut form = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let text = strings.next().unwrap().unwrap();
                form.push('s');
                form.push_str(&hex(text.as_bytes()));
                strings.byte_offset()
            }
            '-' | '0'..='9' => {
                let length = rest.find([',', ']', '}', ':']).unwrap_or(rest.len());
                number(&rest[..length], &mut form);
                length
            }
            'a'..='z' => {
                form.push(first.to_ascii_uppercase());
                rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len())
            }
            _ => {
                form.push(first);
                1
            }
        };
        rest = &rest[length..];
    }
    form
}

fn number(digits: &str, form: &mut String) {
    if digits.contains(['.', 'e']) {
        write!(form, "f{:016x}", digits.parse::<f64>().unwrap().to_bits()).unwrap();
    } else {
        write!(form, "i{digits}").unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
