//! What is said of an agent that is added: what it is, what it asks for, and what it would get.

use serde_json::{Value as J, json};

use crate::{
    Library, Policy,
    agent::Manifest,
    cli::{Globals, add::Before, show, terminal},
    diagnostic::counted,
    share::{Fetched, Home, Key},
};

pub struct Page<'a> {
    pub library: &'a Library,
    pub policy: &'a Policy,
    pub manifest: &'a Manifest,
    pub fetched: &'a Fetched,
    /// The key that signed it, if it is known.
    pub key: Option<&'a Key>,
    pub home: &'a Home,
    pub before: &'a Before,
}

impl Page<'_> {
    /// For a person: as `show` says it, with where it comes from and who vouches for it.
    pub fn text(&self, globals: &Globals) -> String {
        let mut page = show::page(self.library, self.policy, self.manifest, globals);
        let pack = &self.fetched.pack;
        let size = terminal::size(pack.bytes().len() as u64);
        let rows = vec![
            ("from", self.fetched.source.clone()),
            ("pack", format!("{}, {size}, {}", pack.digest(), counted(pack.files().len(), "file"))),
            ("signed", self.signed()),
        ];
        show::section(&mut page, "Comes", rows);
        let changes: Vec<_> = self.changes().into_iter().collect();
        show::section(&mut page, "Asks for other things than the one that is there", changes);
        terminal::escape(&page).into_owned()
    }

    fn signed(&self) -> String {
        match (&self.fetched.signature, self.key) {
            (None, _) => "by nobody".into(),
            (Some(made), Some(key)) => format!("by {key}: {}", made.comment()),
            (Some(made), None) => {
                format!("by the key {}, says the signature; nobody has checked it: `--key KEY` does", made.key_id())
            }
        }
    }

    /// What it asks for and the one before didn't, and the other way round.
    fn changes(&self) -> Vec<(&'static str, String)> {
        let Some(before) = &self.before.manifest else { return Vec::new() };
        let needs = |manifest: &Manifest| {
            let of = manifest.needs.iter().flat_map(|need| {
                let all = need.wanted.is_empty().then(|| need.capability.clone());
                all.into_iter().chain(need.wanted.iter().map(|wanted| format!("{} {wanted}", need.capability)))
            });
            of.collect::<Vec<_>>()
        };
        let (old, new) = (needs(before), needs(self.manifest));
        let more = new.iter().filter(|need| !old.contains(need)).map(|need| ("+", need.clone()));
        let less = old.iter().filter(|need| !new.contains(need)).map(|need| ("-", need.clone()));
        more.chain(less).collect()
    }

    /// The same for a program.
    pub fn object(&self, added: bool) -> J {
        let mut object = show::object(self.library, self.policy, self.manifest);
        let pack = &self.fetched.pack;
        let signature = self.fetched.signature.as_ref();
        let changes = |wanted: &str| {
            self.changes().into_iter().filter(|(sign, _)| *sign == wanted).map(|(_, need)| need).collect::<Vec<_>>()
        };
        object["source"] = json!(self.fetched.source);
        object["digest"] = json!(pack.digest());
        object["size"] = json!(pack.bytes().len());
        object["files"] = pack.files().map(|(path, _)| path).collect();
        object["path"] = json!(self.home.path);
        object["folder"] = json!(self.home.folder());
        object["signed_with"] = json!(signature.map(|made| made.key_id()));
        object["signed_by"] = json!(self.key.map(ToString::to_string));
        object["before"] = json!(self.before.added.as_ref().map(|added| &added.digest));
        object["asks_more"] = json!(changes("+"));
        object["asks_less"] = json!(changes("-"));
        object["added"] = json!(added);
        object
    }
}
