mod attributes;

use super::*;
use crate::policy::{Decision, Policy};

const POLICY: &str = r#"
version = 1
[[agents.a.databases]]
name = "db"
url = { env = "URL" }
functions = ["tax", "sales.rate", "pg_catalog.repeat", "mood"]
tables = { orders = "read", audit = "append", items = "write", customers = "write", "sales.deals" = "read" }
hidden = { customers = ["ssn", "card_*"] }
"#;

/// What is sent, or the code that denies it, or `wrong` or `limit`.
fn outcome(text: &str, dialect: Dialect) -> String {
    match read_on_a_thread(text, dialect) {
        Ok(checked) => checked.text,
        Err(Stopped::Refused(denial) | Stopped::Denied(denial)) => denial.code.to_owned(),
        Err(Stopped::Invalid(_)) => "wrong".into(),
        Err(Stopped::Limit(_)) => "limit".into(),
    }
}

fn read_on_a_thread(text: &str, dialect: Dialect) -> Result<Checked, Stopped> {
    let policy = Policy::parse("p.toml", POLICY).unwrap_or_else(|report| panic!("{report}"));
    let text = text.to_owned();
    let work = move || {
        let authority = policy.authority("a", "a");
        let ask = |request: &Request<'_>| match authority.decide(request) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(denial),
        };
        read(&text, dialect, "db", &Asked { authority: &authority, ask: &ask })
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
}

#[test]
fn a_statement_says_what_it_touches_and_gives() {
    for (text, touches, names) in [
        ("select id, o.name, sum(qty) as Total from orders o", "read orders", "id, name, Total"),
        ("select upper(name) from customers", "read customers", "upper(\"name\")"),
        ("select * from orders", "read orders", ""),
        ("select id, orders.* from orders", "read orders", ""),
        ("select id from orders union select name from items", "read orders, read items", "id"),
        ("insert into audit (line) select name from orders", "insert audit, read orders", ""),
        ("delete from items where id = ? returning id, name as was", "delete items, read items", "id, was"),
        ("values (1)", "", ""),
    ] {
        let checked = read_on_a_thread(text, Dialect::Sqlite).unwrap_or_else(|stopped| panic!("{text}: {stopped:?}"));
        let found: Vec<_> =
            checked.touches.iter().map(|(action, table)| format!("{} {table}", action.word())).collect();
        assert_eq!((found.join(", ").as_str(), checked.names.join(", ").as_str()), (touches, names), "{text}");
    }
}

fn all(cases: &[(&str, &str)], dialect: Dialect) {
    let wrong: Vec<_> = cases
        .iter()
        .map(|(text, expected)| (text, expected, outcome(text, dialect)))
        .filter(|(_, expected, found)| found != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_sent_is_written_anew() {
    all(
        &[
            ("select 1", "SELECT 1"),
            ("SELECT/**/Id, \"Total\" -- x\nFROM Orders;", r#"SELECT "id", "Total" FROM "public"."orders""#),
            ("select 'it''s' || E'\\'' || $$a'b$$ || '\\'", r"SELECT 'it''s' || '''' || 'a''b' || '\'"),
            ("select * from sales.deals", r#"SELECT * FROM "sales"."deals""#),
            (
                "select id from orders where a = ? and b = ?",
                r#"SELECT "id" FROM "public"."orders" WHERE "a" = $1 AND "b" = $2"#,
            ),
            (
                "select data ? 'k' from orders where a = $2",
                r#"SELECT "data" ? 'k' FROM "public"."orders" WHERE "a" = $2"#,
            ),
            (
                "with x as (select id from orders) select * from x",
                r#"WITH "x" AS (SELECT "id" FROM "public"."orders") SELECT * FROM "x""#,
            ),
            ("select current_role from orders", r#"SELECT "current_role" FROM "public"."orders""#),
            ("insert into audit (a) values (default)", r#"INSERT INTO "public"."audit" ("a") VALUES (default)"#),
            (
                "select lower(a), count(*) from orders group by 1",
                r#"SELECT lower("a"), count(*) FROM "public"."orders" GROUP BY 1"#,
            ),
            (
                "select pg_catalog.LOWER('A'), Tax(1), public.tax(2), sales.rate(), pg_catalog.repeat('x', 2), current_date",
                r#"SELECT lower('A'), "public"."tax"(1), "public"."tax"(2), "sales"."rate"(), "pg_catalog"."repeat"('x', 2), current_date"#,
            ),
            ("select * from tax(1), lower('A')", r#"SELECT * FROM "public"."tax"(1), lower('A')"#),
            (
                "select 'a'::mood, array['a']::mood[][], '::1'::inet, cast('1' as pg_catalog.money), '1'::int",
                r#"SELECT 'a'::"public"."mood", ARRAY['a']::"public"."mood"[][], '::1'::"inet", CAST('1' AS "money"), '1'::INT"#,
            ),
        ],
        Dialect::Postgres,
    );
    all(
        &[
            ("select [Id], `a` from main.Orders", r#"SELECT "Id", "a" FROM "main"."Orders""#),
            ("select ?2, ?1", "SELECT ?2, ?1"),
            ("select $1", "SELECT ?1"),
        ],
        Dialect::Sqlite,
    );
}

#[test]
fn kinds_that_nobody_may_run() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let refused = [
            "select 1; select 2",
            "select 1;;select 2",
            "pragma table_info(orders)",
            "attach 'x' as y",
            "detach y",
            "vacuum into 'x'",
            "create table x (a int)",
            "drop table orders",
            "alter table orders add a int",
            "copy orders to program 'id'",
            "copy orders from '/etc/passwd'",
            "set role admin",
            "reset role",
            "call f()",
            "do $$ begin end $$",
            "explain analyze delete from items",
            "begin",
            "commit",
            "truncate items",
            "grant all on items to public",
            "listen x",
            "notify x",
            "lock table items",
            "prepare p as select 1",
            "execute p",
            "load 'x'",
            "analyze",
            "reindex items",
            "merge into items using orders on true when matched then delete",
            "sel/**/ect 1",
            "\u{feff}select 1",
            "table orders",
            "show all",
            "declare c cursor for select 1",
            "fetch c",
            "discard all",
            "with x as (delete from items returning id) select * from x",
            "select id into other from orders",
            "select id from orders for update",
            "select id from orders for share",
            "select a.pg_catalog.lower('A')",
            "select \"lower\"('A')",
        ];
        all(&refused.map(|text| (text, "sql.statement")), dialect);
        let nothing = ["", ";", "--", "/* select 1 */", "select", "select 'a"];
        all(&nothing.map(|text| (text, "wrong")), dialect);
    }
}

#[test]
fn every_table_is_asked_for() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        all(
            &[
                ("select * from secret", "sql.table"),
                ("select 1 where exists (select 1 from secret)", "sql.table"),
                ("select (select a from secret)", "sql.table"),
                ("select * from orders join secret on true", "sql.table"),
                ("select * from (orders join secret on true)", "sql.table"),
                ("select * from orders union select * from secret", "sql.table"),
                ("with x as (select * from secret) select * from x", "sql.table"),
                ("with orders as (select * from secret) select * from orders", "sql.table"),
                ("select * from (with secret as (select 1) select * from secret) a, secret", "sql.table"),
                ("with secret as (select 1) delete from secret", "sql.table"),
                ("with secret as (select 1) update secret set a = 1", "sql.table"),
                ("with secret as (select 1) insert into secret select * from secret", "sql.table"),
                ("insert into audit select * from secret", "sql.table"),
                ("insert into audit (a) values ((select a from secret))", "sql.table"),
                ("update items set a = (select a from secret)", "sql.table"),
                ("update items set a = b from secret", "sql.table"),
                ("delete from items where a in (select a from secret)", "sql.table"),
                ("select id from orders order by (select a from secret)", "sql.table"),
                ("select id from orders limit (select a from secret)", "sql.table"),
                ("select sum(a) filter (where exists (select 1 from secret)) from orders", "sql.table"),
                ("select sum(a) over (order by (select a from secret)) from orders", "sql.table"),
                ("select case when true then (select a from secret) end", "sql.table"),
                ("select * from orders o, lateral (select * from secret) s", "sql.table"),
                ("values ((select a from secret))", "sql.table"),
                ("insert into orders (a) values (1)", "sql.read-only"),
                ("update orders set a = 1", "sql.read-only"),
                ("delete from orders", "sql.read-only"),
                ("select * from audit", "sql.append-only"),
                ("insert into audit (a) values (1) returning a", "sql.append-only"),
                ("insert into audit (a) values (1) on conflict (a) do update set a = 2", "sql.append-only"),
                ("update audit set a = 1", "sql.append-only"),
                ("select * from other.orders", "sql.table"),
            ],
            dialect,
        );
    }
    let of_postgres = [
        ("with a as (select * from b), b as (select 1) select * from a", "sql.table"),
        ("delete from items using secret", "sql.table"),
        ("select * from pg_catalog.pg_class", "sql.table"),
        ("select * from information_schema.tables", "sql.table"),
        ("select * from \"Orders\"", "sql.table"),
        ("select * from a.public.orders", "sql.statement"),
        ("select * from rows from (generate_series(1, 2))", "wrong"),
        ("select id from orders order by id using <", "sql.statement"),
        ("select id from orders order by id using operator(public.<)", "sql.statement"),
        ("select max(id order by id using <) from orders", "sql.statement"),
    ];
    all(&of_postgres, Dialect::Postgres);
    let of_sqlite = [
        ("select * from sqlite_schema", "sql.table"),
        ("select * from pragma_table_info('orders')", "sql.function"),
        ("select * from pragma_database_list", "sql.table"),
        ("insert or replace into audit (a) values (1)", "sql.append-only"),
        ("replace into audit (a) values (1)", "sql.append-only"),
        ("insert or rollback into audit (a) values (1)", "sql.statement"),
        ("select * from temp.orders", "sql.table"),
    ];
    all(&of_sqlite, Dialect::Sqlite);
}

#[test]
fn only_safe_functions_are_called() {
    for (text, dialect) in [
        ("select pg_read_file('/etc/passwd')", Dialect::Postgres),
        ("select lo_import('/etc/passwd')", Dialect::Postgres),
        ("select * from dblink('host=x', 'select 1') as t(a int)", Dialect::Postgres),
        ("select * from pg_ls_dir('/')", Dialect::Postgres),
        ("select pg_sleep(100)", Dialect::Postgres),
        ("select set_config('role', 'admin', true)", Dialect::Postgres),
        ("select query_to_xml('select 1', true, true, '')", Dialect::Postgres),
        ("select repeat('x', 1000000000)", Dialect::Postgres),
        ("select 'secret'::regclass", Dialect::Postgres),
        ("select cast('secret' as pg_catalog.regclass)", Dialect::Postgres),
        ("select regclass 'secret'", Dialect::Postgres),
        ("select current_user", Dialect::Postgres),
        ("select public.lower('A')", Dialect::Postgres),
        ("select \"Tax\"(1)", Dialect::Postgres),
        ("select public.\"Tax\"(1)", Dialect::Postgres),
        ("select repeat('x', 2)", Dialect::Postgres),
        ("select pg_catalog.tax(1)", Dialect::Postgres),
        ("select total(1), hex('x'), instr('a', 'b')", Dialect::Postgres),
        ("select typeof(1)", Dialect::Postgres),
        ("select iif(true, 1, 2)", Dialect::Postgres),
        ("select 'x'::parcel", Dialect::Postgres),
        ("select array['x']::parcel[]", Dialect::Postgres),
        ("select cast(1 as public.int4)", Dialect::Postgres),
        ("select '{}'::pg_catalog.pg_lsn", Dialect::Postgres),
        ("select chr(65)", Dialect::Sqlite),
        ("select main.lower('A')", Dialect::Sqlite),
        ("select id from orders order by pg_sleep(1)", Dialect::Postgres),
        ("select load_extension('x')", Dialect::Sqlite),
        ("select readfile('/etc/passwd')", Dialect::Sqlite),
        ("select zeroblob(1000000000)", Dialect::Sqlite),
    ] {
        let found = outcome(text, dialect);
        assert!(found == "sql.function" || found == "sql.statement", "{text}: {found}");
    }
}

#[test]
fn hidden_columns_stay_hidden() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let denied = [
            "select ssn from customers",
            "select \"ssn\" from customers",
            "select SSN from customers",
            "select c.ssn from customers c",
            "select card_number from customers",
            "select * from customers",
            "select c.* from customers c",
            "select c from customers c",
            "select customers from customers",
            "select max(c) from customers c",
            "select count(c) from customers c",
            "select count(c.*) from customers c",
            "select id from customers order by ssn",
            "select id from customers where ssn like '1%'",
            "select id from customers group by id, ssn",
            "select id from customers c(id, a, b)",
            "select id from orders natural join customers",
            "select id from orders join customers using (ssn)",
            "select (select ssn) from customers",
            "select x.* from (select * from customers) x",
            "select j.id from (orders o join customers c on true) j",
            "insert into customers values (1, '2')",
            "insert into customers (id) values (1) returning *",
            "insert into customers (id) values (1) returning ssn",
            "update customers set note = ssn",
            "update customers set ssn = '1'",
            "update customers set id = 1 returning *",
            "delete from customers returning *",
            "delete from customers where ssn = '1'",
            "with x as (select * from customers) select id from x",
            "select id from customers union select ssn from customers",
            "select sum(1) over (partition by ssn) from customers",
            "select a.id from customers a, lateral (select a.*) b",
            "insert into customers (id) values (1) on conflict (ssn) do nothing",
            "insert into customers (id) values (1) on conflict (id) do update set note = excluded",
        ];
        all(&denied.map(|text| (text, "sql.column")), dialect);
        for text in [
            "select id from customers",
            "select c.id, c.note from customers c where c.id = 1",
            "select count(*) from customers",
            "select * from (select id from customers) x",
            "select o.*, c.id from orders o join customers c on c.id = o.id",
            "insert into customers (id) values (1)",
            "update customers set note = 'x' where id = 1 returning id",
            "delete from customers where customers.id = 1",
        ] {
            let found = outcome(text, dialect);
            assert!(found.contains('"'), "{text}: {found}");
        }
    }
    assert_eq!(outcome("select row_to_json(c) from customers c", Dialect::Postgres), "sql.column");
    assert_eq!(outcome("select (c).ssn from customers c", Dialect::Postgres), "sql.statement");
}

#[test]
fn what_is_long_or_deep_ends() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("select {}1{} from orders", open.repeat(depth), close.repeat(depth))
    };
    let deep = [
        nested("(", ")", 100_000 / 2),
        nested("(", ")", MAX_NESTING - 1),
        nested("(select ", ")", MAX_NESTING - 1),
        nested("case when ", " then 1 end", 600),
        nested("not ", "", 1_900),
        nested("- ", "", 1_900),
        format!("select {}1", "1 + ".repeat(1_900)),
        format!("select 1 {}", "union select 1 ".repeat(600)),
        format!("select * from {}orders{}", "(".repeat(MAX_NESTING - 1), ")".repeat(MAX_NESTING - 1)),
        format!("select * from {}select 1{}", "(".repeat(MAX_NESTING - 1), ")".repeat(MAX_NESTING - 1)),
        format!("select {}", "lower(".repeat(MAX_NESTING)),
        format!("select {}", "array[".repeat(MAX_NESTING)),
        format!("select * from {}", "(((orders join ".repeat(8)),
        format!("select a{}", "[1]".repeat(800)),
        format!("select 1{}", "::int".repeat(1_900)),
        format!("select 1 {}", "is null ".repeat(900)),
        format!("select {}", "x, ".repeat(30_000)),
        "select ".repeat(1_000),
        "(".repeat(MAX_NESTING),
        format!("select interval {}", "interval ".repeat(900)),
        format!("{}select 1", "with x as (".repeat(MAX_NESTING)),
    ];
    for text in &deep {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let began = std::time::Instant::now();
            let found = outcome(text, dialect);
            let took = began.elapsed();
            assert!(took.as_secs() < 5, "{took:?}: {}", &text[..60.min(text.len())]);
            assert!(!found.contains("thread"), "{found}");
        }
    }
    assert_eq!(outcome(&format!("select '{}'", "x".repeat(MAX_STATEMENT)), Dialect::Sqlite), "limit");
    assert_eq!(outcome(&nested("(", ")", 50_000), Dialect::Sqlite), "limit");
    assert_eq!(outcome(&format!("select {}1", "1 + ".repeat(3_000)), Dialect::Sqlite), "limit");
    assert_eq!(outcome("select $10001", Dialect::Sqlite), "wrong");
    assert_eq!(outcome("select $0", Dialect::Sqlite), "wrong");
    assert_eq!(outcome("select ?, $1", Dialect::Sqlite), "wrong");
    let backslash = r"select '\'' union select ssn from customers --'";
    assert_eq!(outcome(backslash, Dialect::Postgres), r"SELECT '\'' union select ssn from customers --'");
    assert_eq!(outcome("select id @@ @ @total from orders", Dialect::Postgres), "wrong");
    assert_eq!(outcome("select orders.$1 from orders", Dialect::Sqlite), "wrong");
    assert_eq!(outcome("select :name", Dialect::Sqlite), "sql.statement");
}
