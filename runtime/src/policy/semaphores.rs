//! How many steps of workflows may run at one time that name a semaphore.

use std::collections::BTreeMap;

use crate::{
    agent::{NAME_FORM, is_name},
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    policy::{Policy, limits::quantity},
};

/// The most places of one semaphore: more hold nobody back.
const MAX_PLACES: u64 = 10_000;

/// How many places each semaphore has.
pub(super) type Semaphores = BTreeMap<String, u64>;

/// Reads `[semaphores]`.
pub(super) fn read(top: &mut Table<'_>, report: &mut Report) -> Semaphores {
    let entries = top.take("semaphores", report, Item::table).map(|table| table.entries()).unwrap_or_default();
    let mut semaphores = Semaphores::new();
    for item in entries {
        if !is_name(item.key) {
            let message = format!("`{}` can't be the name of a semaphore", item.key.escape_debug());
            report.push(Diagnostic::error("bad-name", message).at_place(&item.key_place()).help(NAME_FORM));
            continue;
        }
        match quantity(&item, &[], MAX_PLACES) {
            Ok(places) => drop(semaphores.insert(item.key.to_owned(), places)),
            Err(wrong) => report.push(wrong),
        }
    }
    semaphores
}

impl Policy {
    /// The semaphores, each with the number of its places: the smaller one where a ceiling has it, too.
    pub fn semaphores(&self) -> BTreeMap<String, u64> {
        let mut all = self.semaphores.clone();
        for (name, places) in self.ceiling.iter().flat_map(|ceiling| ceiling.semaphores()) {
            let own = all.entry(name).or_insert(places);
            *own = places.min(*own);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_leaves_no_more_places() {
        let policy = |text: &str| Policy::parse("p.toml", &format!("version = 1\n[semaphores]\n{text}")).unwrap();
        let all = policy("a = 5\nb = 2").under(policy("a = 3\nb = 9\nc = 1")).semaphores();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [("a".into(), 3), ("b".into(), 2), ("c".into(), 1)]);
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for (text, code) in [
            ("a = 0", "bad-limit"),
            ("a = 10_001", "bad-limit"),
            ("a = -1", "bad-limit"),
            ("a = 1.5", "wrong-type"),
            ("a = nan", "wrong-type"),
            ("\"a b\" = 1", "bad-name"),
        ] {
            let report = Policy::parse("p.toml", &format!("version = 1\n[semaphores]\n{text}")).unwrap_err();
            assert_eq!(report.0[0].code, code, "{text}");
        }
    }
}
