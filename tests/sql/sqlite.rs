//! SQLite.

use std::path::Path;

use serde_json::json;
use turingbox::Policy;

use crate::support::{
    host::block_on,
    sql::{ask, open, outcomes, policy},
};

const TABLES: &str = "
    create table orders (id integer primary key, customer integer, total real, note text, picture blob);
    insert into orders values (1, 10, 9.5, 'first', x'00ff'), (2, 11, 20.0, null, null);
    create table customers (id integer primary key, name text, ssn text, card_number text);
    insert into customers values (10, 'Ada', '123-45', '4111'), (11, 'Bob', '678-90', '4222');
    create table audit_log (id integer primary key, note text);
    create table items (id integer primary key, name text not null unique);
    create table secret (token text);
    insert into secret values ('hunter2');
    create view totals as select customer, total from orders;
    create view leak as select token from secret;
    create trigger on_item after insert on items begin insert into secret values (new.name); end;
    create table \"Odd.Name\" (id integer);
";

const POLICY: &str = r#"
[[agents.ask.databases]]
name = "shop"
url = { file = "shop.db" }
tables = { orders = "read", customers = "read", "audit_*" = "append", items = "write", totals = "read" }
hidden = { customers = ["ssn", "card_*"] }
rows = 1000
time = "500ms"
"#;

fn shop() -> (tempfile::TempDir, Policy) {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("shop.db"));
    let policy = policy(folder.path(), POLICY);
    (folder, policy)
}

fn make(path: &Path) {
    rusqlite::Connection::open(path).unwrap().execute_batch(TABLES).unwrap();
}

#[test]
fn sqlite_gives_what_is_granted() {
    let (folder, policy) = shop();
    let asked = block_on(ask(
        &policy,
        &[],
        &[
            ("shop", "select id, total, note, picture from orders where id = ?", json!([1])),
            ("shop", "select count(*) as n, max(total) from orders where note is null or note = $1", json!(["x"])),
            ("shop", "insert into items (name) values (?), (?)", json!(["a", "b"])),
            ("shop", "update items set name = upper(name) where name = ?1 returning id, name", json!(["a"])),
            ("shop", "insert into audit_log (note) values (?)", json!(["it's"])),
            (
                "shop",
                "select c.name, o.total from customers c join orders o on o.customer = c.id order by 1",
                json!([]),
            ),
            (
                "shop",
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n",
                json!([]),
            ),
            ("shop", "select value from json_each(?)", json!(["[1, \"x\", null]"])),
            ("shop", "select * from totals where total > 10", json!([])),
            ("shop", "delete from items where id = 2", json!([])),
            ("shop", "select ?, ?, ?, ?", json!([true, null, 1.5, { "data": "c3" }])),
        ],
    ));
    assert!(asked.denied.is_empty(), "{:?} {:?}", asked.denied, asked.answers);
    let rows: Vec<_> = asked.answers.iter().map(|answer| answer["rows"].clone()).collect();
    assert_eq!(rows[0], json!([[1, 9.5, "first", { "data": "00ff" }]]));
    assert_eq!(asked.answers[1]["columns"], json!(["n", "max(\"total\")"]));
    assert_eq!(asked.answers[2]["changed"], json!(2));
    assert_eq!(rows[3], json!([[1, "A"]]));
    assert_eq!(rows[5], json!([["Ada", 9.5], ["Bob", 20.0]]));
    assert_eq!(rows[6], json!([[1], [2], [3]]));
    assert_eq!(rows[7], json!([[1], ["x"], [null]]));
    assert_eq!(rows[8], json!([[11, 20.0]]));
    assert_eq!(asked.answers[9]["changed"], json!(1));
    assert_eq!(rows[10], json!([[1, null, 1.5, { "data": "c3" }]]));
    let shop = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    let value = |query: &str| shop.query_row(query, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(value("select note from audit_log"), "it's");
    assert_eq!(value("select group_concat(name) from items"), "A");
    // The trigger did what the operator made it for.
    assert_eq!(value("select group_concat(token) from secret"), "hunter2,a,b");
}

#[test]
fn sqlite_keeps_the_rest() {
    let (_folder, policy) = shop();
    let wrong = block_on(outcomes(
        &policy,
        &[],
        "shop",
        &[
            ("select * from secret", "sql.table"),
            ("select * from leak", "sql.table"),
            ("with leak as (select token from secret) select * from leak", "sql.table"),
            ("with totals as (select token from secret) select * from totals", "sql.table"),
            ("select sql from sqlite_schema", "sql.table"),
            ("select * from \"Odd.Name\"", "sql.table"),
            ("select ssn from customers", "sql.column"),
            ("select * from customers", "sql.column"),
            ("select * from pragma_table_info('secret')", "sql.function"),
            ("insert into orders (id) values (3)", "sql.read-only"),
            ("select * from audit_log", "sql.append-only"),
            ("select load_extension('x')", "sql.function"),
            ("select 1 from nowhere", "sql.table"),
            ("select nothing from orders", "statement"),
            ("select 'secret' where 1 = 'a' collate nocase", "ran"),
            ("insert into items (id, name) values (1, null)", "statement"),
            ("with recursive n(i) as (select 1 union all select i + 1 from n) select sum(i) from n", "limit"),
            ("select count(*) from orders a, orders b, orders c, orders d, orders e, orders f", "ran"),
            ("with recursive n(i) as (select 1 union all select i + 1 from n) select i from n", "limit"),
            ("with recursive x(s) as (select 'a' union all select s || s from x) select length(s) from x", "limit"),
            (
                "select replace(hex(replace(hex(hex(hex('aaaaaaaaaaaaaaaa'))), '3', hex(hex(hex('aaaaaaaa'))))), '3', hex(hex(hex(hex('aaaaaaaaaaaa')))))",
                "limit",
            ),
        ],
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_wide_table_is_in_nobodys_way() {
    let (folder, policy) = shop();
    let columns: Vec<_> = (0..2_000).map(|number| format!("c{number} integer")).collect();
    let database = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    database.execute_batch(&format!("create table wide ({})", columns.join(", "))).unwrap();
    let asked = block_on(ask(&policy, &[], &[("shop", "select count(*) from orders", json!([]))]));
    assert_eq!(asked.answers[0]["rows"], json!([[2]]));
}

#[test]
fn a_statement_that_fails_changes_nothing() {
    let (folder, policy) = shop();
    let asked = block_on(ask(
        &policy,
        &[],
        &[
            (
                "shop",
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into items (name) select i from n returning id",
                json!([]),
            ),
            ("shop", "insert into items (name) values ('x'), ('x')", json!([])),
            ("shop", "select ?", json!(["x".repeat(2 << 20)])),
            ("shop", "select ?", json!([])),
            ("other", "select 1", json!([])),
            ("shop", "select count(*) from items", json!([])),
        ],
    ));
    let kinds: Vec<_> = asked.answers[..5].iter().map(|answer| answer[0].as_str().unwrap()).collect();
    assert_eq!(kinds, ["limit", "statement", "limit", "statement", "denied"]);
    assert_eq!(asked.answers[5]["rows"], json!([[0]]));
    assert_eq!(asked.denied, ["sql.not-granted"].into());
    let text = serde_json::to_string(&asked.answers).unwrap();
    assert!(!text.contains(&*folder.path().to_string_lossy()), "{text}");
}

/// What goes to a database and comes back is in `limits.bytes`, and what is beyond that hasn't happened.
#[test]
fn bytes_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("shop.db"));
    let policy = policy(folder.path(), &format!("[agents.ask]\nlimits = {{ bytes = \"8KiB\" }}\n{POLICY}"));
    let (insert, text) = ("insert into items (name) values (?) returning name", "x".repeat(5_000));
    let asked = block_on(ask(&policy, &[], &[("shop", insert, json!(["short"])), ("shop", insert, json!([text]))]));
    assert_eq!(asked.answers[0]["rows"], json!([["short"]]));
    assert_eq!(asked.answers[1][0], json!("limit"), "{:?}", asked.answers);
    assert_eq!(asked.denied, ["sql.limit.bytes"].into());
    let shop = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    let names = shop.query_row("select group_concat(name) from items", [], |row| row.get::<_, String>(0));
    assert_eq!(names.unwrap(), "short");
}

#[test]
fn a_database_that_cant_be_used_stops_the_run() {
    let (folder, shop) = shop();
    let with = |text: &str| open(&policy(folder.path(), text), &[("BAD", "not a url"), ("FAR", "sqlite:rel.db")]).err();
    let database = |url: &str| format!("[[agents.ask.databases]]\nname = \"d\"\nurl = {url}\ntables = {{}}\n");
    assert!(open(&shop, &[]).is_ok());
    for (url, expected) in [
        ("{ env = \"NONE\" }", "the variable `NONE` of the database `d` isn't set"),
        ("{ env = \"BAD\" }", "the variable `BAD` of the database `d` holds no connection string"),
        ("{ env = \"FAR\" }", "the variable `FAR` holds a path that isn't absolute"),
        ("{ file = \"none.db\" }", "the database `d`, none.db, can't be opened"),
        ("{ file = \".\" }", "it is not a file"),
    ] {
        let message = with(&database(url)).unwrap_or_default();
        assert!(message.contains(expected) && !message.contains("not a url"), "{message}");
    }
    for access in ["read", "write"] {
        let folders =
            format!("files = [{{ path = \".\", mount = \"/d\", access = \"{access}\" }}]\n[[agents.ask.databases]]");
        let message = with(&format!("[agents.ask]\n{}", POLICY.replacen("[[agents.ask.databases]]", &folders, 1)));
        assert!(message.unwrap_or_default().contains("the file of the database `shop` is in `.`"));
    }
}
