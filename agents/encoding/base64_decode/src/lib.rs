//! Reads base64 (RFC 4648), as it is found.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use turingbox_sdk::{Failure, Outputs, agent};

/// Padding is taken off before. Bits that are left over say nothing, whatever they are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Read base64 text
#[agent]
fn base64_decode(
    /// Base64 with + and / or with - and _; white space is skipped, padding may be missing
    text: String,
) -> Result<Decoded, Failure> {
    let plain = text.chars().filter(|character| !character.is_whitespace()).map(|character| match character {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    let digits: String = plain.collect();
    let digits = digits.trim_end_matches('=');
    if let Some(foreign) = digits.chars().find(|digit| !(digit.is_ascii_alphanumeric() || matches!(digit, '+' | '/'))) {
        return Err(Failure::new(format!("{foreign:?} is no base64 character")));
    }
    let cut_short = |_| Failure::new("the base64 text is cut short: its last character says nothing alone");
    Ok(Decoded { data: LENIENT.decode(digits).map_err(cut_short)? })
}

#[derive(Debug, Outputs, PartialEq)]
struct Decoded {
    /// The bytes
    data: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_however_it_is_written() {
        for text in ["+/8=", "-_8", " + \n/8 = ", "+/9="] {
            assert_eq!(base64_decode(text.into()), Ok(Decoded { data: vec![251, 255] }), "{text}");
        }
        assert_eq!(base64_decode("==".into()), Ok(Decoded { data: Vec::new() }));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| base64_decode(text.into()).map_err(|failure| failure.message().to_owned());
        assert_eq!(wrong("AA=A"), Err("'=' is no base64 character".into()));
        assert_eq!(wrong("AAAAä"), Err("'ä' is no base64 character".into()));
        let cut_short = "the base64 text is cut short: its last character says nothing alone";
        assert_eq!(wrong("AAAAA"), Err(cut_short.into()));
    }
}
