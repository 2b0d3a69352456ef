//! Whether an agent that is added is signed by whom it has to be.

use crate::{
    Diagnostic,
    cli::{Stop, render},
    policy::{Authority, Decision, Proof},
    share::{Fetched, Key},
};

/// Checks the signature, where there is one or there has to be one: by one of `keys`, or by the key that
/// signed it before; and by one of the policy's. Gives the key that signed it, if it is known.
pub fn check(
    fetched: &Fetched,
    (keys, before): (&[Key], Option<&str>),
    path: &str,
    authority: &Authority,
) -> Result<Option<Key>, Stop> {
    let pack = fetched.pack.bytes();
    let before = before.filter(|_| keys.is_empty()).and_then(|text| Key::parse(text).ok());
    let wanted: Vec<_> = keys.iter().chain(&before).collect();
    let signer = fetched.signature.as_ref().and_then(|made| wanted.iter().find(|key| key.signed(pack, made)));
    if signer.is_none() && !wanted.is_empty() {
        return Err(unsigned(fetched, &wanted, before.is_some()));
    }
    let Some(signed_by) = &authority.signed_by else { return Ok(signer.map(|key| Key::clone(key))) };
    let proof = match &fetched.signature {
        Some(signature) => Proof::Signed { pack, signature },
        None => Proof::Unsigned,
    };
    if let decision @ Decision::Denied(_) = signed_by.decide(path, proof) {
        render::denied(&decision);
        return Err(Stop::Said(3));
    }
    let known = fetched.signature.as_ref().and_then(|made| signed_by.keys().find(|key| key.signed(pack, made)));
    Ok(signer.copied().or(known).cloned())
}

fn unsigned(fetched: &Fetched, wanted: &[&Key], before: bool) -> Stop {
    let keys: Vec<_> = wanted.iter().map(|key| key.id()).collect();
    let keys = keys.join(" or ");
    let source = &fetched.source;
    let wrong = match &fetched.signature {
        None => {
            Diagnostic::error("unsigned", format!("{source} has no signature, and has to be signed by the key {keys}"))
                .help("a signature is beside it, with `.minisig` behind its name")
        }
        Some(made) => {
            let by = made.key_id();
            let message = format!(
                "{source} is not signed by the key {keys}: its signature, which says that it is by {by}, is none of it"
            );
            Diagnostic::error("bad-signature", message)
        }
    };
    let help = "the one that was added before is signed by this key: `--key` names another, if that is meant";
    Stop::Files(if before { wrong.help(help) } else { wrong }.into())
}
