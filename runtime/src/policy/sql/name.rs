//! Names of tables, as a policy writes them and as a statement means them.
//!
//! Both follow SQL: a name without quotes is the same in any case, one in double quotes is exact;
//! `schema.table` is a table of that schema, `table` one of the default schema.

use std::fmt;

use crate::policy::Pattern;

/// What a table's name begins with when it is the database's own. A `*` never stands for these.
const INTERNAL: [&str; 2] = ["sqlite_", "pragma_"];

/// The default schema of PostgreSQL, which needn't be written.
const PUBLIC: &str = "public";

/// A table's name, or a glob: `*` stands for any characters of a name, and never for a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePattern {
    schema: String,
    name: Pattern,
    internal: Option<&'static str>,
}

impl TablePattern {
    /// Reads a pattern. What is wrong with it is a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let name = TableName::parse(text)?;
        if name.schema.contains('*') {
            return Err(format!("`{}` leaves the schema open", text.escape_debug()));
        }
        let internal = internal(&name.table);
        Ok(Self { schema: name.schema, name: Pattern::new(name.table), internal })
    }

    /// Whether the pattern is about `table`, written as a request has it.
    pub fn matches(&self, table: &str) -> bool {
        TableName::parse(table).is_ok_and(|name| self.fits(&name))
    }

    /// The same, for a name that is taken apart.
    pub(super) fn fits(&self, name: &TableName) -> bool {
        name.schema == self.schema
            && internal(&name.table) == self.internal
            && self.name.matches(&name.table, &name.table)
    }

    /// What every name begins with that it is about, without the schema.
    pub(super) fn begins(&self) -> &str {
        self.name.begins()
    }

    /// How specific it is: a plain name before every glob, then by the characters it fixes.
    pub(super) fn specificity(&self) -> (bool, usize) {
        self.name.specificity()
    }

    /// Whether it names one table, not several.
    pub(super) fn is_plain(&self) -> bool {
        self.name.specificity().0
    }
}

/// As a request has it.
impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.is_empty() { write!(f, "{}", self.name) } else { write!(f, "{}.{}", self.schema, self.name) }
    }
}

fn internal(table: &str) -> Option<&'static str> {
    INTERNAL.into_iter().find(|prefix| table.starts_with(prefix))
}

/// A name taken apart. Parts without quotes are in lower case, others keep their quotes.
pub(super) struct TableName {
    schema: String,
    table: String,
}

impl TableName {
    /// The name without its schema.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Takes a name apart. What is wrong with it is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not the name of a table", text.escape_debug());
        let mut parts = vec![String::new()];
        let mut quoted = false;
        for c in text.chars() {
            match (c, parts.last_mut()) {
                ('.', _) if !quoted => parts.push(String::new()),
                (c, Some(part)) => {
                    quoted ^= c == '"';
                    part.push(if quoted { c } else { c.to_ascii_lowercase() });
                }
                (_, None) => {}
            }
        }
        let whole = |part: &String| {
            !part.is_empty() && !part.contains('\0') && (!part.contains('"') || part.len() > 2 && part.starts_with('"'))
        };
        if quoted || !parts.iter().all(whole) {
            return Err(wrong());
        }
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(table), None, None) => Ok(Self { schema: String::new(), table }),
            (Some(schema), Some(table), None) => {
                Ok(Self { schema: if schema == PUBLIC { String::new() } else { schema }, table })
            }
            _ => Err(wrong()),
        }
    }
}

/// A function's name without the default schema.
pub(super) fn without_default(function: &str) -> &str {
    function.strip_prefix(PUBLIC).and_then(|rest| rest.strip_prefix('.')).unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::TablePattern;

    #[test]
    fn names_follow_sql() {
        for (pattern, table, expected) in [
            ("orders", "orders", true),
            ("Orders", "orders", true),
            ("orders", "\"Orders\"", false),
            ("\"Orders\"", "\"Orders\"", true),
            ("\"Orders\"", "orders", false),
            ("public.orders", "orders", true),
            ("orders", "sales.orders", false),
            ("sales.*", "sales.orders", true),
            ("*", "orders", true),
            ("*", "\"a.b\"", true),
            ("*", "sales.orders", false),
            ("*", "pg_catalog.pg_class", false),
            ("pg_catalog.pg_class", "pg_catalog.pg_class", true),
            ("*", "sqlite_schema", false),
            ("sqlite_schema", "sqlite_schema", true),
            ("*", "pragma_table_info", false),
            ("audit_*", "audit_log", true),
            ("audit_*", "audits", false),
        ] {
            assert_eq!(TablePattern::parse(pattern).unwrap().matches(table), expected, "{pattern} {table}");
        }
    }

    #[test]
    fn what_names_no_table_is_refused() {
        for text in ["", "a.", ".a", "a.b.c", "*.a", "s*.a", "\"a", "a\"b\"", "\"\"", "a\0"] {
            assert!(TablePattern::parse(text).is_err(), "{text:?}");
        }
    }
}
