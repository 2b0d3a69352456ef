//! The answer to one request.

use crate::source::Place;

/// Allowed or denied, and by which line. A pure function of the policy and the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This line allows it.
    Allowed(Place),
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
