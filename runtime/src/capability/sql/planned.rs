//! Statements that are only planned: no database is opened, and there are no rows. What a database alone
//! knows, such as whether a table is there, isn't found out.

use std::fmt::Write;

use crate::{
    capability::{
        gate::Gate,
        sql::{Cell, Rows},
    },
    policy::{Request, SqlAction},
    sql::Checked,
};

/// The most parameters whose types are said; a statement takes thousands.
const MAX_TYPES: usize = 16;

/// The dummy rows of a statement, where it is only planned.
pub(super) fn rows(gate: &Gate, database: &str, checked: &Checked, parameters: &[Cell]) -> Option<Rows> {
    let request =
        Request::Sql { database: database.into(), action: SqlAction::Connect, table: "".into(), column: None };
    let answer = if checked.writes { "no rows, 0 changed" } else { "no rows" };
    let planned = gate.plans(&request, effect(database, checked, parameters), answer);
    planned.then(|| Rows { columns: checked.names.clone(), rows: Vec::new(), changed: 0 })
}

/// What is done to which tables, the statement, and what its parameters are: their values may be anyone's.
fn effect(database: &str, checked: &Checked, parameters: &[Cell]) -> String {
    let touches: Vec<_> =
        checked.touches.iter().map(|(action, table)| format!("{} {database}.{table}", action.word())).collect();
    let touches = if touches.is_empty() { format!("connect {database}") } else { touches.join(", ") };
    let mut effect = format!("{touches}: {}", checked.text);
    if !parameters.is_empty() {
        let types: Vec<_> = parameters.iter().take(MAX_TYPES).map(word).collect();
        // Writing to a string can't fail.
        let _ = write!(effect, " [{}", types.join(", "));
        let _ = match parameters.len().saturating_sub(MAX_TYPES) {
            0 => write!(effect, "]"),
            more => write!(effect, " and {more} more]"),
        };
    }
    effect
}

fn word(cell: &Cell) -> &'static str {
    match cell {
        Cell::Null => "null",
        Cell::Boolean(_) => "boolean",
        Cell::Integer(_) => "integer",
        Cell::Real(_) => "real",
        Cell::Text(_) => "text",
        Cell::Data(_) => "data",
    }
}
