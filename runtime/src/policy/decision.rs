//! The answer to one request.

use crate::{policy::Request, source::Place};

/// Allowed or denied, and by which line. A pure function of the policy and the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This line allows it; none where it is allowed unless a policy says otherwise.
    Allowed(Option<Place>),
    /// It is not allowed.
    Denied(Denial),
}

/// Why a request was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// A stable name: the capability, then the reason.
    pub code: &'static str,
    /// What was asked for. Text from a guest is in it: escape it before a terminal sees it.
    pub request: String,
    /// The policy line that decides; none where it is the absence of one.
    pub place: Option<Place>,
    /// What an operator would write under the agent's section to allow it; may be empty.
    pub help: String,
}

/// The longest request that a denial quotes, in bytes: a guest chooses its paths and names.
pub(super) const MAX_REQUEST: usize = 512;

/// It is cut at a character's end: one that is longer than this may not be whole.
pub(super) const CUT: usize = MAX_REQUEST - 3;

impl Denial {
    /// A denial of `request`, for want of a line.
    pub fn new(code: &'static str, request: &Request<'_>) -> Self {
        Self::of(code, request.without_word())
    }

    /// A denial of what no policy can allow, or what only the host sees.
    pub fn of(code: &'static str, request: impl std::fmt::Display) -> Self {
        Self { code, request: bounded(request), place: None, help: String::new() }
    }

    /// Says which line denies it.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Says which line would allow it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Whether the request may have been longer than what is quoted of it.
    pub fn is_cut(&self) -> bool {
        self.request.len() >= CUT
    }

    /// The capability that was asked for: the first word of the code.
    pub fn capability(&self) -> &'static str {
        self.code.split('.').next().unwrap_or_default()
    }
}

/// Writes `text`, and no more than [`MAX_REQUEST`] of it: what a guest asks for is never copied
/// in full.
fn bounded(text: impl std::fmt::Display) -> String {
    struct Bounded(String);
    impl std::fmt::Write for Bounded {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = MAX_REQUEST - self.0.len();
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            if text.len() > room { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut written = Bounded(String::new());
    // Running out of room is an end like any other.
    let _ = std::fmt::Write::write_fmt(&mut written, format_args!("{text}"));
    written.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_quotes_no_more_than_it_may() {
        let denial = Denial::of("files.not-granted", "ü".repeat(1 << 20));
        assert_eq!(denial.request, "ü".repeat(MAX_REQUEST / 2));
        assert_eq!(denial.capability(), "files");
    }
}
