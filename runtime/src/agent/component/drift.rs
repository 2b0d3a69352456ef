//! Where a manifest and the one that its component holds differ.
//!
//! What counts is what a component can say and a call depends on: inputs, outputs and needs. What people read, what
//! the agent is called, and keys that only a manifest can have are nobody's business but the manifest's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    agent::{Folder, Hint, Input, manifest::Manifest, needs::Need},
    source::Source,
};

/// The most differences that are said of one agent: one build mends them all.
const MAX_SAID: usize = 20;

/// What differs between `manifest` and the one that is `held` in its component `file`, each as a sentence. One that
/// can't be read differs in nothing: nobody can say in what.
pub(super) fn drift(manifest: &Manifest, file: &str, held: &str) -> Vec<String> {
    let nowhere = Folder::Memory { files: Arc::default(), path: file.to_owned() };
    let Ok(held) = Manifest::read(&Source::new(file, held), nowhere, &manifest.path) else { return Vec::new() };
    let (ours, theirs) = (parts(manifest), parts(&held));
    let here = ours.iter().filter_map(|((what, name), part)| match theirs.get(&(*what, *name)) {
        None => Some(format!("the manifest has the {what} `{name}`, and `{file}` hasn't")),
        Some(other) => {
            let keys = part.differs(other);
            let said = || format!("{} of the {what} `{name}` is another one in `{file}`", keys.join(" and "));
            (!keys.is_empty()).then(said)
        }
    });
    let there = theirs.keys().filter(|key| !ours.contains_key(key));
    let there = there.map(|(what, name)| format!("`{file}` has the {what} `{name}`, and the manifest hasn't"));
    here.chain(there).take(MAX_SAID).collect()
}

/// A part of a manifest that both have.
enum Part<'a> {
    Input(&'a Input),
    /// An output, and whether it is always given.
    Output(bool),
    Need(BTreeSet<&'a str>),
}

/// The parts, each by what it is and its name.
fn parts(manifest: &Manifest) -> BTreeMap<(&'static str, &str), Part<'_>> {
    let inputs = manifest.inputs.iter().map(|input| (("input", input.name.as_str()), Part::Input(input)));
    let outputs = manifest.outputs.iter().map(|output| (("output", output.name.as_str()), Part::Output(output.always)));
    let needs = manifest.needs.iter().map(|Need { capability, wanted }| {
        (("need", capability.as_str()), Part::Need(wanted.iter().map(String::as_str).collect()))
    });
    inputs.chain(outputs).chain(needs).collect()
}

impl Part<'_> {
    /// The keys that say something else.
    fn differs(&self, other: &Self) -> Vec<&'static str> {
        match (self, other) {
            (Self::Input(ours), Self::Input(theirs)) => input_differs(ours, theirs),
            (Self::Output(ours), Self::Output(theirs)) if ours != theirs => vec!["`always`"],
            (Self::Need(ours), Self::Need(theirs)) if ours != theirs => vec!["the list"],
            _ => Vec::new(),
        }
    }
}

fn input_differs(ours: &Input, theirs: &Input) -> Vec<&'static str> {
    let hint = match (&ours.hint, &theirs.hint) {
        (ours, theirs) if ours == theirs => None,
        (ours, theirs) if ours.word() != theirs.word() => Some("`type`"),
        (Hint::Choice(_), _) => Some("`choices`"),
        _ => Some("`min` or `max`"),
    };
    let default = (ours.default != theirs.default).then_some("`default`");
    // With a default, `optional` means nothing.
    let optional = (ours.is_required() != theirs.is_required() && default.is_none()).then_some("`optional`");
    [hint, default, optional].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: &str = r#"
kind = "proc"
name = "a"
component = "a.wasm"
[inputs.text]
[inputs.most]
type = "integer"
default = 3
min = 1
[inputs.how]
type = "choice"
choices = ["x", "y"]
[outputs.words]
always = true
[needs]
http = ["GET https://a.example", "GET https://b.example"]
"#;

    /// What is said of a manifest that is `HELD`, changed.
    fn said(changes: &[(&str, &str)]) -> Vec<String> {
        let text = changes.iter().fold(HELD.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let manifest = Manifest::read(&Source::new("agent.toml", text), Folder::Builtin("a"), "a").unwrap();
        drift(&manifest, "a.wasm", HELD)
    }

    #[test]
    fn what_a_call_depends_on_is_compared() {
        for (from, to, expected) in [
            ("inputs.text", "inputs.texts", "the manifest has the input `texts`, and `a.wasm` hasn't"),
            ("\n[inputs.text]", "", "`a.wasm` has the input `text`, and the manifest hasn't"),
            ("integer", "number", "`type` of the input `most` is another one in `a.wasm`"),
            ("min = 1", "max = 9", "`min` or `max` of the input `most`"),
            ("[\"x\", \"y\"]", "[\"x\"]", "`choices` of the input `how`"),
            ("default = 3", "default = 4", "`default` of the input `most`"),
            ("default = 3", "optional = true", "`default` of the input `most`"),
            ("[inputs.text]", "[inputs.text]\noptional = true", "`optional` of the input `text`"),
            ("always = true", "", "`always` of the output `words`"),
            ("outputs.words", "outputs.letters", "the manifest has the output `letters`"),
            ("GET https://b", "POST https://b", "the list of the need `http`"),
            ("http = ", "files = []\nhttp = ", "the manifest has the need `files`"),
        ] {
            let said = said(&[(from, to)]);
            assert!(said.iter().any(|one| one.contains(expected)), "{from} → {to}: {said:?}");
        }
        assert_eq!(said(&[("min = 1", "max = 9"), ("default = 3", "default = 4")]).len(), 1);
    }

    #[test]
    fn what_only_a_manifest_says_is_no_difference() {
        for (from, to) in [
            ("name = \"a\"", "name = \"b\"\nhelp = \"x\"\nidempotent = true\ncache = true"),
            ("a.wasm", "b.wasm"),
            ("[inputs.text]", "[inputs.text]\nhelp = \"x\"\nui = { rows = 3 }"),
            ("[outputs.words]", "[outputs.words]\nhelp = \"x\"\ntype = \"integer\"\ninternal = true"),
            ("default = 3", "default = 3\noptional = true"),
            (
                "\"GET https://a.example\", \"GET https://b.example\"",
                "\"GET https://b.example\", \"GET https://a.example\"",
            ),
        ] {
            assert_eq!(said(&[(from, to)]), [""; 0], "{to}");
        }
    }

    #[test]
    fn much_is_said_in_part_and_nothing_of_what_is_no_manifest() {
        let inputs: String = (0..100).map(|number| format!("[inputs.i{number}]\n")).collect();
        let text = format!("kind = \"proc\"\ncomponent = \"a.wasm\"\n{inputs}");
        let manifest = Manifest::read(&Source::new("agent.toml", text), Folder::Builtin("a"), "a").unwrap();
        assert_eq!(drift(&manifest, "a.wasm", HELD).len(), MAX_SAID);
        for odd in ["", "no toml", "kind = \"prog\"", "kind = \"proc\"\ncomponent = \"a.wasm\"\nnew_key = 1"] {
            assert_eq!(drift(&manifest, "a.wasm", odd), [""; 0], "{odd}");
        }
    }
}
