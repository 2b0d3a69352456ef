//! The codes of denials: stable names, for policy tests, audit logs and programs that read them.

use crate::{
    diagnostic::{Diagnostic, suggestion},
    document::Item,
};

/// Who finds that something is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finds {
    /// The policy: what it says and the request are all that it takes.
    Policy,
    /// The host, which sees what a policy can't: where a link leads, how much was sent.
    Host,
}

/// Every code, what was denied with it, and who finds it. Sorted.
pub const CODES: [(&str, &str, Finds); 50] = [
    ("calls.ceiling", "a call that a caller's `within` doesn't leave", Finds::Policy),
    ("calls.not-granted", "a call of an agent that no grant fits", Finds::Policy),
    ("env.ceiling", "a variable that a caller's `within` doesn't leave", Finds::Policy),
    ("env.not-granted", "a variable that isn't granted", Finds::Policy),
    ("files.ceiling", "a path that a caller's `within` doesn't leave", Finds::Policy),
    ("files.not-granted", "a path below no mount", Finds::Policy),
    ("files.outside", "a link that leads out of its folder", Finds::Host),
    ("files.read-only", "a change below a mount to read", Finds::Policy),
    ("files.special", "a device, a pipe or a socket", Finds::Host),
    ("http.address", "a name all of whose addresses are refused", Finds::Policy),
    ("http.bad-header", "a header with a line break, or one that is the host's to send", Finds::Host),
    ("http.bad-url", "a URL that can be read in two ways", Finds::Host),
    ("http.ceiling", "a request that a caller's `within` doesn't leave", Finds::Policy),
    ("http.limit.body", "a body that is too large", Finds::Host),
    ("http.limit.bytes", "more bytes than `limits.bytes`", Finds::Host),
    ("http.limit.connections", "too many connections at once", Finds::Host),
    ("http.limit.headers", "too many headers, or too large ones", Finds::Host),
    ("http.limit.requests", "too many requests in one call", Finds::Host),
    ("http.limit.response", "an answer that is too large", Finds::Host),
    ("http.method", "a method that the host's grants don't have", Finds::Policy),
    ("http.not-granted", "a host of no grant", Finds::Policy),
    ("http.path", "a path that the host's grants don't have", Finds::Policy),
    ("http.port", "a port that the host's grants don't have", Finds::Policy),
    ("http.scheme", "a scheme that the host's grants don't have", Finds::Policy),
    ("imports.ceiling", "a module that a caller's `within` doesn't leave", Finds::Policy),
    ("imports.denied", "a module that `deny` covers", Finds::Policy),
    ("imports.not-allowed", "a module that `allow` doesn't cover", Finds::Policy),
    ("imports.too-long", "a module by a name that none can have", Finds::Host),
    ("jump.ceiling", "moving the head, where a caller's `within` forbids it", Finds::Policy),
    ("jump.denied", "moving the head, where the policy forbids it", Finds::Policy),
    ("signed_by.bad-signature", "running an agent with a signature that its key didn't make of it", Finds::Host),
    ("signed_by.changed", "running an agent that isn't what was signed", Finds::Host),
    ("signed_by.other-key", "running an agent that none of the keys signed", Finds::Host),
    ("signed_by.unsigned", "running an agent without a signature", Finds::Host),
    ("sql.append-only", "anything but adding to a table to append", Finds::Policy),
    ("sql.ceiling", "what a caller's `within` takes away of a database", Finds::Policy),
    ("sql.column", "a hidden column", Finds::Policy),
    ("sql.function", "a function that isn't safe", Finds::Policy),
    ("sql.limit.bytes", "more bytes than `limits.bytes`", Finds::Host),
    ("sql.not-granted", "a database that isn't granted", Finds::Policy),
    ("sql.read-only", "a change of a table to read, or to read and to append", Finds::Policy),
    ("sql.statement", "a statement that nobody may run", Finds::Host),
    ("sql.table", "a table that no entry fits", Finds::Policy),
    ("tcp.address", "a name all of whose addresses are refused", Finds::Policy),
    ("tcp.ceiling", "a connection that a caller's `within` doesn't leave", Finds::Policy),
    ("tcp.limit.bytes", "more bytes than `limits.bytes`", Finds::Host),
    ("tcp.limit.lookups", "too many names looked up in one call", Finds::Host),
    ("tcp.not-granted", "a name or an address of no grant; listening", Finds::Policy),
    ("tcp.port", "a port that the host's grants don't have", Finds::Policy),
    ("udp.not-granted", "datagrams: no grant is about them", Finds::Host),
];

/// The code `name`, as long as the program lives.
pub fn known(name: &str) -> Option<&'static str> {
    CODES.iter().find(|(code, ..)| *code == name).map(|(code, ..)| *code)
}

/// Whether only the host finds what is denied with `code`, so that no line of a policy lifts it.
pub(super) fn is_the_hosts(code: &str) -> bool {
    CODES.iter().any(|(known, _, finds)| *known == code && *finds == Finds::Host)
}

/// Reads the code of a policy test: one that a decision of a policy can have.
pub(super) fn read(item: Item<'_>) -> Result<String, Diagnostic> {
    let text = item.clone().text()?;
    let by_policy = CODES.iter().filter(|(.., finds)| *finds == Finds::Policy).map(|(code, ..)| *code);
    match CODES.iter().find(|(code, ..)| *code == text) {
        Some((.., Finds::Policy)) => Ok(text.to_owned()),
        Some((_, what, Finds::Host)) => Err(item
            .wrong("unknown-code", format!("no policy denies with `{text}`"))
            .label(format!("{what}: only the host sees that, in a run"))),
        None => Err(item
            .wrong("unknown-code", format!("`{}` is not the code of a denial", text.escape_debug()))
            .maybe_help(suggestion(text, by_policy))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Request;

    #[test]
    fn codes_begin_with_their_capability() {
        assert!(CODES.is_sorted_by_key(|(code, ..)| *code));
        let words: Vec<_> = Request::WORDS.into_iter().chain(["udp", "signed_by"]).collect();
        for (code, ..) in CODES {
            let word = code.split('.').next().unwrap();
            assert!(words.contains(&word), "{code}");
        }
    }
}
