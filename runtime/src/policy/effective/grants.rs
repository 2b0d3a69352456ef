//! What two grants of one kind allow together.

use crate::{
    policy::{
        CallGrant, DatabaseGrant, EnvGrant, FileGrant, Grants, HiddenColumns, HostPattern, HttpGrant, Listed,
        PathPattern, TableGrant, TcpGrant,
        effective::{Common, Overlap, names, paths},
        files,
    },
    source::Place,
};

impl Overlap for FileGrant {
    const KEY: &'static str = "files";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.files.as_deref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        files::common(self, most).map_or(Common::Nothing, Common::All)
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn words(&self) -> String {
        format!("{} {} ({})", self.access.word(), self.mount, self.folder().display())
    }
}

/// What stands in both lists.
fn both<T: PartialEq + Clone>(own: &[T], most: &[T]) -> Vec<T> {
    own.iter().filter(|one| most.contains(one)).cloned().collect()
}

impl HostPattern {
    /// The hosts that both are about.
    fn common(&self, other: &Self) -> Option<Self> {
        if other.covers(self) { Some(self) } else { Some(other).filter(|other| self.covers(other)) }.cloned()
    }
}

impl Overlap for HttpGrant {
    const KEY: &'static str = "http";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.http.as_ref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        let Some(host) = self.host.common(&most.host) else { return Common::Nothing };
        let (schemes, methods) = (both(&self.schemes, &most.schemes), both(&self.methods, &most.methods));
        let own = |port: &u16| schemes.iter().any(|scheme| scheme.port() == *port);
        let ports: Option<Vec<u16>> = match (&self.ports, &most.ports) {
            (None, None) => None,
            (Some(own), Some(most)) => Some(both(own, most)),
            (Some(ports), None) | (None, Some(ports)) => Some(ports.iter().copied().filter(own).collect()),
        };
        let (mut whole, mut kept) = (true, Vec::new());
        for common in self.paths.iter().flat_map(|own| most.paths.iter().map(|most| paths(own, most))) {
            whole &= !matches!(common, Common::AtMost(_));
            if let Common::All(path) | Common::AtMost(path) = common
                && !kept.contains(&path)
            {
                kept.push(path);
            }
        }
        if schemes.is_empty() || methods.is_empty() || kept.is_empty() || ports.as_ref().is_some_and(Vec::is_empty) {
            return Common::Nothing;
        }
        // Of two schemes, each has its own port where nothing is said.
        whole &= schemes.len() == 1 || self.ports.is_some() == most.ports.is_some();
        let covered = |path: &PathPattern| kept.iter().any(|other| other != path && other.covers(path));
        let kept = kept.iter().filter(|path| !covered(path)).cloned().collect();
        let addresses = self.addresses.common(&most.addresses);
        let common = Self { host, schemes, ports, methods, paths: kept, addresses, place: self.place.clone() };
        if whole { Common::All(common) } else { Common::AtMost(common) }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl Overlap for TcpGrant {
    const KEY: &'static str = "tcp";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.tcp.as_ref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        let ports = both(&self.ports, &most.ports);
        match self.host.common(&most.host).filter(|_| !ports.is_empty()) {
            Some(host) => {
                let addresses = self.addresses.common(&most.addresses);
                Common::All(Self { host, ports, addresses, place: self.place.clone() })
            }
            None => Common::Nothing,
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl Overlap for EnvGrant {
    const KEY: &'static str = "env";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.env.as_ref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        if self.name == most.name { Common::All(self.clone()) } else { Common::Nothing }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl Overlap for CallGrant {
    const KEY: &'static str = "calls";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.calls.as_ref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        let with = |pattern| Self { pattern, place: self.place.clone() };
        match names(&self.pattern, &most.pattern) {
            Common::Nothing => Common::Nothing,
            Common::All(pattern) => Common::All(with(pattern)),
            Common::AtMost(pattern) => Common::AtMost(with(pattern)),
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl DatabaseGrant {
    /// The columns that one of the two hides.
    fn hidden_under(&self, most: &Self) -> Listed<HiddenColumns> {
        let mut hidden: Vec<HiddenColumns> = self.hidden.to_vec();
        for entry in most.hidden.iter() {
            match hidden.iter_mut().find(|known| known.pattern == entry.pattern) {
                Some(known) => {
                    let new = entry.columns.iter().filter(|column| !known.columns.contains(column));
                    known.columns = known.columns.iter().chain(new).cloned().collect();
                }
                None => hidden.push(entry.clone()),
            }
        }
        hidden.into_iter().collect()
    }

    /// The tables that both have, where one of the two names all of its own.
    fn tables_under(&self, most: &Self) -> Listed<TableGrant> {
        let plain = self.tables.iter().chain(most.tables.iter()).filter(|entry| entry.pattern.is_plain());
        let mut tables: Vec<TableGrant> = Vec::new();
        for pattern in plain.map(|entry| &entry.pattern) {
            let name = pattern.to_string();
            if let (Some(own), Some(most)) = (self.table(&name), most.table(&name))
                && let Some(access) = own.access.common(most.access)
                && !tables.iter().any(|known| known.pattern == *pattern)
            {
                tables.push(TableGrant { pattern: pattern.clone(), access, place: own.place.clone() });
            }
        }
        tables.into_iter().collect()
    }
}

impl Overlap for DatabaseGrant {
    const KEY: &'static str = "databases";

    fn of(grants: &Grants) -> Option<Vec<&Self>> {
        Some(grants.databases.as_deref()?.iter().collect())
    }

    fn common(&self, most: &Self) -> Common<Self> {
        if self.name != most.name {
            return Common::Nothing;
        }
        // What is said of one table is known on both sides. Of patterns the most specific counts, so two
        // lists with patterns can't be made one.
        let globs = |grant: &Self| grant.tables.iter().any(|entry| !entry.pattern.is_plain());
        let says = |entry: &TableGrant| (entry.pattern.clone(), entry.access);
        let alike = self.tables.iter().map(says).eq(most.tables.iter().map(says));
        let both_have = globs(self) && globs(most);
        let whole = alike || !both_have;
        let common = Self {
            tables: if alike || both_have { self.tables.clone() } else { self.tables_under(most) },
            hidden: self.hidden_under(most),
            functions: both(&self.functions, &most.functions),
            rows: self.rows.min(most.rows),
            time: self.time.min(most.time),
            ..self.clone()
        };
        if whole { Common::All(common) } else { Common::AtMost(common) }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
