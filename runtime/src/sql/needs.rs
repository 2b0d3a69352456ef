//! What a statement would need, where nothing is granted.

use std::cell::RefCell;

use crate::{
    policy::{Authority, Request, SqlAction, is_safe_function},
    sql::{Asked, Dialect, read},
};

/// The most that is said of what a statement would do in a database that isn't granted: each is a denial.
const MAX_NEEDS: usize = 32;

/// What a statement would do in a database that isn't granted: each action, and the table or function. Where
/// the database is isn't known, so the statement may be of either dialect; what is of none does nothing.
pub(crate) fn needs(text: &str, database: &str, authority: &Authority) -> Vec<(SqlAction, String)> {
    let in_dialect = |dialect| {
        let needs = RefCell::new(Vec::new());
        let ask = |request: &Request<'_>| {
            if let Request::Sql { action, table, column: None, .. } = request
                && !(*action == SqlAction::Call && is_safe_function(table))
            {
                let need = (*action, table.clone().into_owned());
                let mut needs = needs.borrow_mut();
                if needs.len() < MAX_NEEDS && !needs.contains(&need) {
                    needs.push(need);
                }
            }
            Ok(())
        };
        read(text, dialect, database, &Asked { authority, ask: &ask }).ok()?;
        Some(needs.into_inner())
    };
    [Dialect::Postgres, Dialect::Sqlite].into_iter().find_map(in_dialect).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, sql::STACK};

    #[test]
    fn what_a_statement_needs_is_known_without_a_grant() {
        let needs = |text: &'static str| {
            let authority = Policy::parse("p.toml", "version = 1").unwrap().authority("a", "a");
            let work = move || needs(text, "db", &authority);
            let needs = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
            let needs: Vec<_> = needs.iter().map(|(action, table)| format!("{} {table}", action.word())).collect();
            needs.join(", ")
        };
        for (text, expected) in [
            (
                "select upper(o.name), tax(1) from Orders o, orders, sales.deals",
                "call public.tax, read orders, read sales.deals",
            ),
            ("insert into audit select * from orders where id = $1", "insert audit, read orders"),
            ("replace into items values (?)", "insert items, delete items"),
            ("drop table items", ""),
            ("select 1", ""),
            ("select", ""),
        ] {
            assert_eq!(needs(text), expected, "{text}");
        }
    }
}
