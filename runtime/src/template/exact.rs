//! Documents as templates see them, with every digit of their whole numbers.

use minijinja::Value as Jinja;

use super::filters::Made;
use crate::expression::{Data, Int, json};

/// The fewest digits that may be a whole number beyond 64 bits.
const LONG: usize = 19;

/// What `document` holds.
///
/// # Errors
///
/// Why a template can't hold it: in lists and objects, templates have whole numbers of 128 bits.
pub fn read(document: &str) -> Result<Jinja, String> {
    match has_long_number(document) {
        false => serde_json::from_str(document).map_err(|error| error.to_string()),
        // serde_json makes floats of them.
        true => match json::exactly(document).map_err(|wrong| wrong.message)? {
            // It can be written, and nothing else: templates don't compute with so many digits.
            Data::Int(Int::Big(big)) if i128::try_from(&*big).is_err() => Ok(Made::number(big.to_string())),
            data => jinja(&data),
        },
    }
}

/// Whether so many digits follow each other that they may be such a number; a text may have them, too.
fn has_long_number(document: &str) -> bool {
    document
        .as_bytes()
        .chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit())
        .any(|run| run.len() >= LONG && run[0].is_ascii_digit())
}

/// Documents nest 127 levels deep at most, and so does this.
fn jinja(data: &Data) -> Result<Jinja, String> {
    Ok(match data {
        Data::None | Data::View(_) => Jinja::from(()),
        Data::Bool(flag) => Jinja::from(*flag),
        Data::Int(Int::Small(small)) => Jinja::from(*small),
        Data::Int(Int::Big(big)) => {
            let wide = |_| "a whole number in it has more than 128 bits".to_owned();
            Jinja::from(i128::try_from(&**big).map_err(wide)?)
        }
        Data::Float(float) => Jinja::from(*float),
        Data::Text(text) => Jinja::from(text.clone()),
        Data::Bytes(bytes) => Jinja::from_bytes(bytes.to_vec()),
        Data::List(items) | Data::Tuple(items) => Jinja::from(items.iter().map(jinja).collect::<Result<Vec<_>, _>>()?),
        Data::Dict(entries) => {
            let pairs = entries.iter().map(|(key, value)| Ok((key.clone(), jinja(value)?)));
            Jinja::from_pairs(pairs.collect::<Result<Vec<_>, String>>()?)
        }
    })
}
