//! Objects of CPython that are never freed, marked as such in the memory that an instance starts with.
//!
//! <https://peps.python.org/pep-0683/>: the count of references of an immortal object is so high that nothing
//! raises or lowers it. Python offers no way to make objects immortal, so they are listed by the guest's
//! `heap.py`, and their counts set here.

use std::collections::HashSet;

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
    let Some(list) = list(memory)? else { return Ok(0) };
    let (length, items) = (word(memory, list + LENGTH)?, word(memory, list + ITEMS)?);
    for item in 0..length {
        let at = items.checked_add(item * 4).ok_or("the list of immortal objects has no end")?;
        let object = word(memory, at)?;
        match word(memory, object)? {
            0 => return Err(format!("the object at {object:#x} is free already").into()),
            LEAST.. => {}
            _ => set(memory, object, IMMORTAL),
        }
        set(memory, at, 0);
    }
    set(memory, list + LENGTH, 0);
    Ok(length as usize)
}

/// The address of the list. The mark alone is in memory too: as the constant that it is.
fn list(memory: &[u8]) -> Result<Option<u32>> {
    let marks = memory.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let addresses: HashSet<_> = marks
        .filter_map(|(at, _)| {
            let digits = memory.get(at + MARK.len()..)?.get(..DIGITS)?;
            u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
        })
        .collect();
    match addresses.len() {
        0 | 1 => Ok(addresses.into_iter().next()),
        _ => Err("there are several lists of immortal objects".into()),
    }
}

fn word(memory: &[u8], at: u32) -> Result<u32> {
    let bytes = memory.get(at as usize..).and_then(|rest| rest.first_chunk());
    Ok(u32::from_le_bytes(*bytes.ok_or_else(|| format!("there is nothing at {at:#x}"))?))
}

/// Writes a word where one was read.
fn set(memory: &mut [u8], at: u32, word: u32) {
    memory[at as usize..][..4].copy_from_slice(&word.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: u32 = 256;
    const OBJECTS: u32 = 512;

    /// A memory with a list of two objects at 1024 and 1032, whose counts are these.
    fn memory(counts: [u32; 2]) -> Vec<u8> {
        let mut memory = vec![0; 2048];
        memory[16..][..MARK.len()].copy_from_slice(MARK);
        memory[64..][..MARK.len()].copy_from_slice(MARK);
        memory[64 + MARK.len()..][..DIGITS].copy_from_slice(format!("{LIST:08x}").as_bytes());
        for (at, value) in [(LIST + LENGTH, 2), (LIST + ITEMS, OBJECTS), (OBJECTS, 1024), (OBJECTS + 4, 1032)] {
            set(&mut memory, at, value);
        }
        set(&mut memory, 1024, counts[0]);
        set(&mut memory, 1032, counts[1]);
        memory
    }

    #[test]
    fn what_is_listed_is_marked_and_listed_no_more() {
        let mut memory = memory([1, 7 << 28]);
        assert_eq!(immortalize(&mut memory).unwrap(), 2);
        let words = [1024, 1032, LIST + LENGTH, OBJECTS, OBJECTS + 4].map(|at| word(&memory, at).unwrap());
        assert_eq!(words, [IMMORTAL, 7 << 28, 0, 0, 0]);
    }

    #[test]
    fn without_a_list_nothing_is() {
        let mut memory = memory([1, 1]);
        memory[64..256].fill(0);
        let before = memory.clone();
        assert_eq!(immortalize(&mut memory).unwrap(), 0);
        assert_eq!(memory, before);
    }

    #[test]
    fn a_list_that_is_none_is_an_error() {
        let error = |memory: &mut Vec<u8>| immortalize(memory).unwrap_err().to_string();
        assert_eq!(error(&mut memory([1, 0])), "the object at 0x408 is free already");
        let mut outside = memory([1, 1]);
        set(&mut outside, OBJECTS + 4, 4096);
        assert_eq!(error(&mut outside), "there is nothing at 0x1000");
        let mut endless = memory([1, 1]);
        set(&mut endless, LIST + LENGTH, u32::MAX);
        assert_eq!(error(&mut endless), "the object at 0x0 is free already");
        let mut twice = memory([1, 1]);
        twice.copy_within(64..64 + MARK.len() + DIGITS, 128);
        twice[128 + MARK.len() + DIGITS - 1] = b'1';
        assert_eq!(error(&mut twice), "there are several lists of immortal objects");
    }
}
