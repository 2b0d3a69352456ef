//! Any text as a statement, for either database: what may run is written one way, asks for nothing
//! that the policy doesn't grant, and does nothing that wasn't asked for. SQLite itself says what a
//! statement does: it tells its authorizer while it prepares one.

#![no_main]

use std::{sync::OnceLock, thread};

use libfuzzer_sys::fuzz_target;
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};
use turingbox::{
    Policy,
    policy::{Authority, Decision, Denial, Request, SqlAction},
    sql::{Asked, Checked, Dialect, STACK, Stopped, read},
};

const POLICY: &str = r#"version = 1
[[agents.a.databases]]
name = "db"
url = { env = "URL" }
tables = { orders = "read", audit = "append", items = "write", customers = "write" }
hidden = { customers = ["ssn", "card_*"] }
"#;

const TABLES: &str = "
    create table orders (id integer primary key, total, note);
    create table audit (at, what);
    create table items (id integer primary key, order_id, name, amount);
    create table customers (id integer primary key, name, ssn, card_number);
    create table secrets (id, value);
";

/// The table functions that make rows of their arguments.
const FUNCTIONS: [&str; 4] = ["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

fuzz_target!(|text: &str| {
    let text = text.to_owned();
    // As the host does: a statement is a tree as deep as it is long.
    thread::Builder::new().stack_size(STACK).spawn(move || check(&text)).unwrap().join().unwrap();
});

fn check(text: &str) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let Some(checked) = checked(text, dialect) else { continue };
        assert_eq!(self::checked(&checked.text, dialect).as_ref(), Some(&checked), "it is read otherwise than written");
        if dialect == Dialect::Sqlite {
            prepare(&checked);
        }
    }
}

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| Policy::parse("policy.toml", POLICY).unwrap().authority("a", "a"))
}

fn ask(request: &Request<'_>) -> Result<(), Denial> {
    match authority().decide(request) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => Err(denial),
    }
}

fn checked(text: &str, dialect: Dialect) -> Option<Checked> {
    match read(text, dialect, "db", &Asked { authority: authority(), ask: &ask }) {
        Ok(checked) => Some(checked),
        Err(Stopped::Refused(denial) | Stopped::Denied(denial)) => {
            assert!(denial.code.starts_with("sql."), "{denial:?}");
            None
        }
        Err(Stopped::Invalid(why) | Stopped::Limit(why)) => {
            assert!(!why.is_empty());
            None
        }
    }
}

/// Has SQLite prepare what would be sent. That it can't is no finding; that it would do more is one.
fn prepare(checked: &Checked) {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(TABLES).unwrap();
    let parts = checked.parts.clone();
    let authorize = move |context: AuthContext<'_>| {
        assert!(may(&context, &parts), "{context:?} was never asked for");
        Authorization::Allow
    };
    connection.authorizer(Some(authorize)).unwrap();
    if let Ok(statement) = connection.prepare(&checked.text) {
        assert!(checked.writes || statement.readonly(), "it changes what it was to read");
    }
}

/// Whether the policy grants what SQLite is about to do.
fn may(context: &AuthContext<'_>, parts: &[String]) -> bool {
    let table = |action, table: &str, column: Option<&str>| {
        let (table, column) = (table.to_ascii_lowercase(), column.map(str::to_ascii_lowercase));
        ask(&Request::Sql { database: "db".into(), action, table: table.into(), column: column.map(Into::into) })
    };
    let lower = |name: &str| name.to_ascii_lowercase();
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Read { table_name, .. } if FUNCTIONS.contains(&&*lower(table_name)) => true,
        AuthAction::Read { table_name, column_name: "" } if parts.contains(&lower(table_name)) => true,
        AuthAction::Read { table_name, column_name } => {
            table(SqlAction::Read, table_name, Some(column_name).filter(|name| !name.is_empty())).is_ok()
        }
        AuthAction::Insert { table_name } => table(SqlAction::Insert, table_name, None).is_ok(),
        AuthAction::Update { table_name, column_name } => {
            table(SqlAction::Update, table_name, Some(column_name)).is_ok()
        }
        AuthAction::Delete { table_name } => table(SqlAction::Delete, table_name, None).is_ok(),
        AuthAction::Function { function_name } => table(SqlAction::Call, function_name, None).is_ok(),
        _ => false,
    }
}
