//! The path to a value.

use shared::quote_end;
use turingbox_sdk::Failure;

/// One step of it.
#[derive(Debug, PartialEq)]
pub struct Step<'a> {
    pub key: String,
    /// The path before it.
    pub place: &'a str,
    /// Whether it is one of a JSON pointer, in which positions count from the start alone.
    pub in_pointer: bool,
}

impl Step<'_> {
    /// Which item of a list of `length` it is; `Some(None)` for one that no list of that length has. A position
    /// has no zeros before it (RFC 6901).
    pub fn index(&self, length: usize) -> Option<Option<usize>> {
        let back = self.key.strip_prefix('-').filter(|_| !self.in_pointer);
        let digits = back.unwrap_or(&self.key);
        let is_plain =
            digits.bytes().all(|digit| digit.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if digits.is_empty() || !is_plain {
            return None;
        }
        let number = digits.parse::<usize>().ok();
        Some(match back {
            Some("0") | None => number,
            Some(_) => number.and_then(|number| length.checked_sub(number)),
        })
    }
}

/// The steps of a path, as far as it can be read.
pub fn steps(path: &str) -> impl Iterator<Item = Result<Step<'_>, Failure>> {
    let in_pointer = path.starts_with('/');
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = path.get(at..).filter(|rest| !rest.is_empty())?;
        let place = &path[..at];
        let read = if in_pointer { pointed(rest) } else { named(rest, at == 0) };
        let Some((key, length)) = read else {
            at = path.len();
            let help = "write it as a.b[0].c or /a/b/0/c";
            return Some(Err(Failure::new(format!("path '{path}' is wrong at '{rest}'; {help}"))));
        };
        at += length;
        let top = if in_pointer { "/" } else { "the top" };
        Some(Ok(Step { key, place: if place.is_empty() { top } else { place }, in_pointer }))
    })
}

/// The key that begins what is left of a JSON pointer, and how much of it that is.
fn pointed(rest: &str) -> Option<(String, usize)> {
    let key = rest.strip_prefix('/')?.split('/').next()?;
    Some((key.replace("~1", "/").replace("~0", "~"), key.len() + 1))
}

fn named(rest: &str, is_first: bool) -> Option<(String, usize)> {
    if let Some(inner) = rest.strip_prefix("[\"") {
        let length = quote_end(inner)?;
        let key = serde_json::from_str(rest.get(1..length + 3)?).ok()?;
        return rest[length + 3..].starts_with(']').then_some((key, length + 4));
    }
    if let Some(inner) = rest.strip_prefix('[') {
        let index = inner.split_once(']')?.0;
        let digits = index.strip_prefix('-').unwrap_or(index);
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        return is_number.then(|| (index.to_owned(), index.len() + 2));
    }
    let name = if is_first { rest } else { rest.strip_prefix('.').unwrap_or(rest) };
    let key = name.split(['.', '[', ']']).next().filter(|key| !key.is_empty())?;
    Some((key.to_owned(), rest.len() - name.len() + key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str) -> Result<Vec<String>, Failure> {
        steps(path).map(|step| step.map(|step| step.key)).collect()
    }

    #[test]
    fn paths_are_read() {
        for (path, expected) in [
            ("", vec![]),
            ("a.b c[-1].0", vec!["a", "b c", "-1", "0"]),
            ("[0][\"a\\\"]\"]b", vec!["0", "a\"]", "b"]),
            ("/a/b~1c/~01/", vec!["a", "b/c", "~1", ""]),
        ] {
            assert_eq!(keys(path), Ok(expected.into_iter().map(str::to_owned).collect()), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [".a", "a..b", "a.", "a[", "a[]", "a[x]", "a[\"b\"", "a[\"\\x\"]", "a[\"", "a]", "a.[0]", "[--1]"] {
            assert!(keys(path).is_err(), "{path}");
        }
    }
}
