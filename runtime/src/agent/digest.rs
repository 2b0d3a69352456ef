//! What an agent is, in one number: a hash of all that it is made of.

use sha2::{Digest, Sha256};

use crate::{
    agent::{Agent, Body, Code, Spec, TEMPLATE, library::MANIFEST, manifest::TemplateText},
    packages::ARCHIVE,
};

impl Agent {
    /// The SHA-256, in hexadecimal, of all that the agent is made of: the name, the length and the bytes
    /// of each of its files. A template that it includes by a name that isn't written in a template is
    /// not among them.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| of(&self.files()))
    }

    /// The files that were loaded of it, each as it is called in its folder.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files().into_iter().filter_map(|(name, bytes)| match (&self.manifest.spec, name) {
            (Spec::Template { text: TemplateText::File(file), .. }, TEMPLATE) => Some((file.as_str(), bytes)),
            // It is in the manifest.
            (Spec::Template { .. }, TEMPLATE) => None,
            _ => Some((name, bytes)),
        })
    }

    /// The manifest; and the code, or the template with what it includes. A workflow is its manifest.
    fn files(&self) -> Vec<(&str, &[u8])> {
        let mut files = vec![(MANIFEST, self.manifest.source.text.as_bytes())];
        match &self.body {
            Body::Proc(Code::Python { file, source, packages, .. }) => {
                files.push((file, source.text.as_bytes()));
                files.extend(packages.iter().map(|packages| (ARCHIVE, packages.bytes())));
            }
            Body::Proc(Code::Component { bytes, .. } | Code::Command { bytes, .. }) => {
                files.push((self.manifest.compiled().unwrap_or_default(), bytes));
            }
            Body::Template(templates) => {
                files.extend(templates.sources().map(|(name, text)| (name, text.as_bytes())));
            }
            Body::Workflow(_) => {}
        }
        files
    }
}

/// A hash of files. Since each length stands before what it is the length of, no two lists of files
/// are the same bytes.
fn of(files: &[(&str, &[u8])]) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn no_two_lists_of_files_are_alike() {
        let digests = [
            of(&[("a", b"xy"), ("b", b"z")]),
            of(&[("a", b"x"), ("b", b"yz")]),
            of(&[("ax", b"y"), ("b", b"z")]),
            of(&[("a", b"xy"), ("bz", b"")]),
            of(&[("a", b"xy")]),
            of(&[("a", b"xy"), ("b", b"z"), ("", b"")]),
        ];
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "{at}");
        }
    }
}
