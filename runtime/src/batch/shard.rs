//! A part of the items, for one of several machines.

use std::{num::NonZeroU64, str::FromStr};

use crate::batch::Digest;

/// One of several parts, `2/8`. Which part an item is in follows from what the item is, not from where it
/// stands: more items change nothing for the others.
///
/// # Examples
///
/// ```
/// use turingbox::batch::Shard;
///
/// assert!("2/8".parse::<Shard>().is_ok());
/// assert!("9/8".parse::<Shard>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    part: u64,
    parts: NonZeroU64,
}

/// Why a text is no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part is written `2/8`: the second of eight")]
pub struct ShardError;

impl Shard {
    /// Whether an item is in this part.
    pub fn holds(&self, digest: Digest) -> bool {
        digest.0 % self.parts == self.part - 1
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (part, parts) = text.split_once('/').ok_or(ShardError)?;
        let part = part.parse().map_err(|_| ShardError)?;
        let parts: NonZeroU64 = parts.parse().map_err(|_| ShardError)?;
        if part == 0 || part > parts.get() { Err(ShardError) } else { Ok(Self { part, parts }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_in_one_part() {
        let shards: Vec<Shard> = (1..=8).map(|part| format!("{part}/8").parse().unwrap()).collect();
        let mut sizes = [0; 8];
        for number in 0..8000_u64 {
            let digest = Digest::of(&number.to_le_bytes());
            let holding: Vec<_> = shards.iter().enumerate().filter(|(_, shard)| shard.holds(digest)).collect();
            assert_eq!(holding.len(), 1);
            sizes[holding[0].0] += 1;
        }
        assert!(sizes.iter().all(|size| (850..1150).contains(size)), "{sizes:?}");
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["9/8", "0/8", "1/0", "1", "", "a/b", "-1/8", "1/8/2", "1 / 8"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
        }
    }
}
