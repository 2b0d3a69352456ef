//! Text that may not grow beyond what a template's fuel pays for.
//!
//! A list can hold the same list twice, which holds another twice: a few units of fuel make what is
//! written in terabytes. So whatever writes a value asks with each byte.

use std::{fmt, io};

use minijinja::{Error, ErrorKind, State};

/// How many bytes a unit of fuel makes, as MiniJinja counts.
pub const BYTES_A_UNIT: u64 = 64;

/// What a piece costs at least, in bytes: the shortest takes some time as well.
const LEAST: usize = 8;

/// A text that is being written.
pub struct Bounded {
    text: Vec<u8>,
    left: usize,
}

impl Bounded {
    /// No text yet, and as much room as the fuel of `state` pays for.
    pub fn new(state: &State<'_, '_>) -> Self {
        let fuel = state.fuel_levels().map_or(0, |(_, left)| left);
        Self { text: Vec::new(), left: usize::try_from(fuel.saturating_mul(BYTES_A_UNIT)).unwrap_or(usize::MAX) }
    }

    /// What `write` wrote.
    ///
    /// # Errors
    ///
    /// When the fuel doesn't pay for it, or `write` fails for a reason of its own.
    pub fn text<E: Into<Error>>(
        state: &State<'_, '_>,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<String, Error> {
        let mut out = Self::new(state);
        let written = write(&mut out);
        match written {
            Err(_) if out.left == 0 => Err(Error::from(ErrorKind::OutOfFuel)),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(String::from_utf8_lossy(&out.text).into_owned()),
        }
    }

    fn add(&mut self, bytes: &[u8]) -> Option<()> {
        match self.left.checked_sub(bytes.len().max(LEAST)) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                return None;
            }
        }
        self.text.extend_from_slice(bytes);
        Some(())
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add(text.as_bytes()).ok_or(fmt::Error)
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes).map(|()| bytes.len()).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
