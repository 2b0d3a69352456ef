//! Objects of CPython that are never freed, marked as such in the memory that an instance starts with.
//!
//! <https://peps.python.org/pep-0683/>: the count of references of an immortal object is so high that nothing
//! raises or lowers it. Python offers no way to make objects immortal, so they are listed by the guest's
//! `heap.py`, and their counts set here.

use super::Result;

/// As `MARK` in `heap.py` says; the address of a list follows, in eight hexadecimal digits.
const MARK: &[u8] = b"turingbox_guest.heap: immortal at ";
const DIGITS: usize = 8;

/// Where a `list` object has its length and the address of its items, after its count and its type.
const LENGTH: u32 = 8;
const ITEMS: u32 = 12;

/// `_Py_IMMORTAL_INITIAL_REFCNT` where pointers have 32 bits, and the least of those that count as such.
const IMMORTAL: u32 = 5 << 28;
const LEAST: u32 = 1 << 30;

/// Sets the counts of the objects that `memory` lists, if it does, empties the list, and gives their number.
///
/// # Errors
///
/// When the list is none of objects.
pub fn immortalize(memory: &mut [u8]) -> Result<usize> {
    let Some(list) = list(memory) else { return Ok(0) };
    let (length, items) = (word(memory, list + LENGTH)?, word(memory, list + ITEMS)?);
    for item in 0..length {
        let object = word(memory, items + item * 4)?;
        match word(memory, object)? {
            0 => return Err(format!("the object at {object:#x} is free already").into()),
            LEAST.. => {}
            _ => set(memory, object, IMMORTAL),
        }
        set(memory, items + item * 4, 0);
    }
    set(memory, list + LENGTH, 0);
    Ok(length as usize)
}

/// The address of the list.
fn list(memory: &[u8]) -> Option<u32> {
    let marks = memory.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let mut addresses = marks.filter_map(|(at, _)| {
        let digits = memory.get(at + MARK.len()..)?.get(..DIGITS)?;
        // The mark alone is there too: as the constant that it is.
        u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    });
    addresses.next()
}

fn word(memory: &[u8], at: u32) -> Result<u32> {
    let bytes = memory.get(at as usize..).and_then(|rest| rest.first_chunk());
    Ok(u32::from_le_bytes(*bytes.ok_or_else(|| format!("there is nothing at {at:#x}"))?))
}

/// Writes a word where one was read.
fn set(memory: &mut [u8], at: u32, word: u32) {
    memory[at as usize..][..4].copy_from_slice(&word.to_le_bytes());
}
