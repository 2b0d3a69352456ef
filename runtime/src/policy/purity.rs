//! How far outside its sandbox an agent can reach.

use crate::policy::{Access, Authority, Grants, TableAccess};

/// What the calls of an agent can have to do with the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purity {
    /// Nothing: a call goes the same way whenever it is made with the same inputs, at the same moment.
    Pure,
    /// They look at it, and leave it as it is.
    Reads,
    /// They may change it.
    Effects,
}

impl Purity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Reads => "reads",
            Self::Effects => "effects",
        }
    }

    /// What a word means.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Pure, Self::Reads, Self::Effects].into_iter().find(|purity| purity.word() == word)
    }
}

impl Authority {
    /// How far the agent can reach with what it holds. A request over HTTP counts as an effect whatever its
    /// method, since servers do as they like; and so does the call of another agent, which holds what it holds.
    pub fn purity(&self) -> Purity {
        let grants = &self.grants;
        let talks = grants.http.as_ref().is_some_and(|grants| grants.iter().next().is_some())
            || grants.tcp.as_ref().is_some_and(|grants| grants.iter().next().is_some())
            || grants.calls.as_ref().is_some_and(|grants| !grants.is_empty());
        let databases = grants.databases.iter().flat_map(|grants| grants.iter());
        let mut tables = databases.flat_map(|database| database.tables.iter());
        let changes = |access: TableAccess| access != TableAccess { read: true, ..TableAccess::default() };
        let writes =
            self.files().iter().any(|grant| grant.access != Access::Read) || tables.any(|table| changes(table.access));
        if talks || writes {
            return Purity::Effects;
        }
        let looks = !self.files().is_empty()
            || grants.databases.as_ref().is_some_and(|grants| !grants.is_empty())
            || grants.env.as_ref().is_some_and(|grants| !grants.is_empty());
        if looks { Purity::Reads } else { Purity::Pure }
    }

    /// What a pure agent can tell of its authority, as text: under two that say the same it answers the same.
    pub(crate) fn told_by_pure(&self) -> String {
        let grants = std::iter::once(&self.grants).chain(self.ceilings.iter().map(|ceiling| &ceiling.grants));
        let said = grants.flat_map(Grants::written).filter(|written| matches!(written.key, "imports" | "jump"));
        said.fold(format!("{:?}", self.limits), |text, written| text + "\n" + &written.line())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    #[test]
    fn what_is_held_decides() {
        let purity = |grants: &str| {
            let text = format!("version = 1\n[agents.a]\n{grants}\n");
            Policy::parse("policy.toml", &text).unwrap().authority("a", "a").purity()
        };
        let database = |access: &str| {
            format!("databases = [{{ name = \"d\", url = {{ file = \"d.db\" }}, tables = {{ t = \"{access}\" }} }}]")
        };
        for (grants, expected) in [
            ("", Purity::Pure),
            ("limits = { fuel = 5 }\njump = false\nimports = { allow = [\"json\"] }", Purity::Pure),
            ("http = []\nfiles = []\ncalls = []", Purity::Pure),
            ("files = [{ path = \".\", mount = \"/d\", access = \"read\" }]", Purity::Reads),
            ("env = [\"KEY\"]", Purity::Reads),
            (&database("read"), Purity::Reads),
            (&database("append"), Purity::Effects),
            ("files = [{ path = \".\", mount = \"/d\", access = \"write\" }]", Purity::Effects),
            ("http = [{ host = \"a.example\", methods = [\"GET\"] }]", Purity::Effects),
            ("tcp = [{ host = \"a.example\", ports = [1] }]", Purity::Effects),
            ("calls = [\"b\"]", Purity::Effects),
        ] {
            assert_eq!(purity(grants), expected, "{grants}");
        }
    }
}
