//! Whether an agent may move the head.

use crate::{
    policy::{
        Asked, Authority, Decision, Denial, Request,
        advice::{Advise, Least},
    },
    source::Place,
};

/// Decides about moving the head, where a line says something about it.
pub(super) fn decide((allowed, place): &(bool, Place)) -> Decision {
    match allowed {
        true => Decision::Allowed(Some(place.clone())),
        false => Decision::Denied(Denial::new("jump.denied", &Request::Jump).at(place).help("jump = true")),
    }
}

/// What `jump` knows about policies.
pub(super) struct Jump;

impl Advise for Jump {
    fn word(&self) -> &'static str {
        "jump"
    }

    fn is_list(&self) -> bool {
        false
    }

    /// It is allowed where nothing is said: one line says it all, where it was denied, or where a policy
    /// said something.
    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let denied = asked.iter().any(|asked| asked.is_denied());
        let of = (0..asked.len()).collect();
        match &held.grants.jump {
            _ if denied => vec![Least { toml: "true".into(), of, note: String::new() }],
            Some((allowed, _)) => vec![Least { toml: allowed.to_string(), of, note: "as before".into() }],
            None => Vec::new(),
        }
    }
}
