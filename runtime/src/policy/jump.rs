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

    /// It is allowed where nothing is said: one line says it all, and only where it was denied.
    fn least(&self, asked: &[Asked<'_>], _: &Authority) -> Vec<Least> {
        let denied = asked.iter().any(|asked| asked.is_denied());
        let of = (0..asked.len()).collect();
        if denied { vec![Least { toml: "true".into(), of, note: String::new() }] } else { Vec::new() }
    }
}
