//! Why an agent gives nothing.

/// One line for a person: what is wrong, and how to right it.
///
/// Whatever is a [`std::error::Error`] becomes one with `?`. What only holds an error, as a `Box<dyn Error>` or an
/// `anyhow::Error` does, is none itself, and neither is a text:
///
/// ```
/// use std::error::Error;
///
/// use turingbox_sdk::Failure;
///
/// fn half(text: &str) -> Result<u32, Failure> {
///     let number: u32 = text.trim().parse()?;
///     even(number).map_err(|error| Failure::from(&*error))?;
///     positive(number).map_err(Failure::new)?;
///     number.checked_div(2).ok_or_else(|| Failure::new("there is no half of it"))
/// }
///
/// fn even(number: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
///     if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
/// }
///
/// fn positive(number: u32) -> Result<(), String> {
///     if number > 0 { Ok(()) } else { Err("it is nothing".into()) }
/// }
///
/// assert_eq!(half("x").unwrap_err().message(), "invalid digit found in string");
/// assert_eq!(half("3").unwrap_err().message(), "it is odd");
/// assert_eq!(half("0").unwrap_err().message(), "it is nothing");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(crate) message: String,
}

impl Failure {
    /// A failure with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The error, with what caused it.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Many errors say already what caused them.
            if !message.contains(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        Self { message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_caused_it() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("no number")
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let Err(error) = "x".parse::<u8>() else { return };
        assert_eq!(Failure::from(Outer(error)).message(), "no number: invalid digit found in string");
    }
}
