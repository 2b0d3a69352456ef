//! Replaces texts.

use turingbox_sdk::{Failure, Outputs, agent};

/// Replace a text wherever it stands in another
#[agent]
fn replace(
    /// Where to look
    text: String,
    /// What to replace, as it is: capitals count, and nothing in it has a meaning of its own
    find: String,
    /// What to put in its place
    #[input(default = "")]
    replacement: String,
    /// How many to replace, from the start; 0 for all
    #[input(default = 0, min = 0)]
    count: i64,
) -> Result<Replaced, Failure> {
    if find.is_empty() {
        return Err(Failure::new("find is empty; name what to replace"));
    }
    let wanted = match usize::try_from(count) {
        Ok(0) => usize::MAX,
        Ok(count) => count,
        Err(_) => return Err(Failure::new(format!("count must be a whole number from 0 on, not {count}"))),
    };
    let found = text.matches(&find).take(wanted).count();
    Ok(Replaced { text: text.replacen(&find, &replacement, found), count: found as u64 })
}

#[derive(Debug, Outputs, PartialEq)]
struct Replaced {
    /// The text with the replacements
    text: String,
    /// How many were replaced
    count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(find: &str, count: i64) -> Result<(String, u64), Failure> {
        replace("aaaaa".into(), find.into(), "b".into(), count).map(|replaced| (replaced.text, replaced.count))
    }

    #[test]
    fn what_overlaps_is_replaced_once() {
        assert_eq!(replaced("aa", 0), Ok(("bba".into(), 2)));
        assert_eq!(replaced("aa", 1), Ok(("baaa".into(), 1)));
        assert!(replaced("", 0).is_err());
        assert!(replaced("a", -1).is_err());
    }
}
