//! PostgreSQL.

use serde_json::json;
use turingbox::Policy;

use crate::support::{
    host::block_on,
    postgres::{PASSWORD, Postgres},
    sql::{ask, outcomes, policy},
};

const TABLES: &str = "
    create type mood as enum ('calm', 'glad');
    create table orders (id int primary key, customer int, total numeric(10, 2), placed timestamptz, day date,
        data jsonb, tags text[], key uuid, picture bytea, mood mood, paid bool, weight float8, small int2, note text);
    insert into orders values (1, 10, 9.50, '2024-02-29 12:00+02', '2024-02-29', '{\"a\": [1]}', '{x,y}',
        '00000000-0000-0000-0000-00000000000a', '\\x00ff', 'glad', true, 1.5, 7, 'first');
    insert into orders (id, customer) values (2, 11);
    create table customers (id int primary key, name text, ssn text check (ssn <> 'x'), card_number text, note text);
    insert into customers values (10, 'Ada', '123-45', '4111'), (11, 'Bob', '678-90', '4222');
    create table audit_log (id int generated always as identity, note text);
    create table items (id int generated always as identity, name text not null unique, at timestamptz);
    create table secret (token text);
    insert into secret values ('hunter2');
    create schema sales;
    create table sales.deals (id int, pg_sleep float8);
    insert into sales.deals values (5);
    create function shout(customers) returns text language sql as 'select $1.ssn';
    create function touch() returns int language sql as 'insert into public.secret values (''touched''); select 1';
    create function tax(numeric) returns numeric language sql as 'select $1 * 0.2';
    create function sales.rate() returns int language sql as 'select 7';
";

/// What an operator has in `public` for other uses, and what no statement of an agent's may find there.
const PLANTED: &str = "
    create function total(int) returns text language sql as 'select token from public.secret';
    create function hex(text) returns text language sql as 'select token from public.secret';
    create function instr(text, text) returns int language sql as 'select 1';
    create function length(int) returns text language sql as 'select token from public.secret';
    create function abs(text) returns text language sql as 'select token from public.secret';
    create function leak(orders) returns text language sql as 'select token from public.secret';
    create function same(int, text) returns bool language sql as 'select true';
    create operator = (leftarg = int, rightarg = text, function = same);
    create operator <<< (leftarg = int, rightarg = int, function = int4lt);
    create type parcel as (token text);
    create function parcel(text) returns parcel language sql as 'select row(token)::public.parcel from public.secret';
    create cast (text as parcel) with function parcel(text) as implicit;
    create domain money as text check (public.instr(value, value) = 1);
    create view pg_tables as select token from secret;
    create view pg_stat_activity as select token from secret;
";

const POLICY: &str = r#"
[[agents.ask.databases]]
name = "shop"
url = { env = "SHOP_URL" }
tables = { orders = "read", customers = "write", "audit_*" = "append", items = "write", "sales.*" = "read" }
hidden = { customers = ["ssn", "card_*"] }
functions = ["public.tax", "touch", "mood", "sales.rate", "pg_catalog.repeat"]
rows = 1000
time = "700ms"
"#;

/// One server serves all: starting it takes the longest.
#[test]
fn postgres_is_held() {
    let server = Postgres::start();
    block_on(async {
        server.run(TABLES).await;
        let policy = policy(std::path::Path::new(""), POLICY);
        let url = server.url("owner");
        let env = [("SHOP_URL", url.as_str())];
        gives_what_is_granted(&policy, &env, &server).await;
        keeps_the_rest(&policy, &env).await;
        finds_nothing_that_is_planted(&policy, &env, &server).await;
        bounds_what_is_large_and_slow(&policy, &env).await;
        changes_nothing_where_it_fails(&policy, &env, &server).await;
        runs_as_a_role(&server).await;
        never_says_where_it_is(&policy, &server).await;
    });
}

async fn gives_what_is_granted(policy: &Policy, env: &[(&str, &str)], server: &Postgres) {
    let asked = ask(
        policy,
        env,
        &[
            ("shop", "select * from orders where id = ?", json!([1])),
            ("shop", "select id from orders where placed > $1 and day = $2 and total < $3", json!(["2024-01-01", "2024-02-29", 10])),
            ("shop", "select data -> 'a' ->> 0, data ? 'a' as has from orders where data ? ?", json!(["a"])),
            ("shop", "insert into items (name, at) values (?, ?) returning id, at", json!(["a", "2020-01-01T00:00:00Z"])),
            ("shop", "insert into audit_log (note) values (?), ($$it's$$)", json!(["x'); drop table items; --"])),
            ("shop", "update items set name = upper(name)", json!([])),
            ("shop", "insert into items (name) values ('A') on conflict (name) do update set name = excluded.name || '!'", json!([])),
            ("shop", "select c.name, o.total from customers c join orders o on o.customer = c.id order by c.name desc", json!([])),
            ("shop", "select d.id, tax(10), sales.rate(), pg_catalog.repeat('x', 2) from sales.deals d", json!([])),
            ("shop", "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n", json!([])),
            ("shop", "select g, cast(? as bytea), ?::float8, null, 'calm'::mood, array['glad']::public.mood[] from generate_series(1, 2) as g order by g desc", json!([{ "data": "c3" }, 0.1])),
            ("shop", "delete from items where name = any(?)", json!(["{A!,b}"])),
            ("shop", "select count(*), sum(weight), extract(year from max(placed)) from orders", json!([])),
        ],
    )
    .await;
    assert!(asked.denied.is_empty(), "{:?} {:?}", asked.denied, asked.answers);
    let rows: Vec<_> = asked.answers.iter().map(|answer| answer["rows"].clone()).collect();
    assert_eq!(
        rows[0],
        json!([[
            1, 10, "9.50", "2024-02-29 10:00:00+00", "2024-02-29", "{\"a\": [1]}", "{x,y}",
            "00000000-0000-0000-0000-00000000000a", { "data": "00ff" }, "glad", true, 1.5, 7, "first"
        ]])
    );
    assert_eq!(rows[1], json!([[1]]));
    assert_eq!(rows[2], json!([["1", true]]));
    assert_eq!(rows[3], json!([[1, "2020-01-01 00:00:00+00"]]));
    assert_eq!(asked.answers[4]["changed"], json!(2));
    assert_eq!(asked.answers[6]["changed"], json!(1));
    assert_eq!(rows[7], json!([["Bob", null], ["Ada", "9.50"]]));
    assert_eq!(rows[8], json!([[5, "2.0", 7, "xx"]]));
    assert_eq!(rows[9], json!([[1], [2], [3]]));
    assert_eq!(
        rows[10],
        json!([[2, { "data": "c3" }, 0.1, null, "calm", "{glad}"], [1, { "data": "c3" }, 0.1, null, "calm", "{glad}"]])
    );
    assert_eq!(asked.answers[11]["changed"], json!(1));
    assert_eq!(rows[12], json!([[2, 1.5, "2024"]]));
    let notes = server.value("select string_agg(note, '|' order by id) from audit_log").await;
    assert_eq!(notes, "x'); drop table items; --|it's");
}

/// The log-in is the cluster's owner, whom the server itself denies nothing.
async fn keeps_the_rest(policy: &Policy, env: &[(&str, &str)]) {
    let cases = [
        ("select * from secret", "sql.table"),
        ("select * from \"secret\"", "sql.table"),
        ("select * from public.secret", "sql.table"),
        ("select * from U&\"s\\0065cret\"", "statement"),
        ("sel/**/ect * from secret", "sql.statement"),
        ("select 1; select 2", "sql.statement"),
        ("copy orders to program 'id'", "sql.statement"),
        ("select * from pg_catalog.pg_authid", "sql.table"),
        ("select * from pg_authid", "sql.table"),
        ("with a as (select * from b), b as (select 1) select * from a", "sql.table"),
        ("with secret as (select 1) delete from secret", "sql.table"),
        ("with x as (delete from items returning id) select * from x", "sql.statement"),
        ("select pg_read_file('/etc/passwd')", "sql.function"),
        ("select lo_import('/etc/passwd')", "sql.function"),
        ("select * from dblink('', 'select 1') as t", "sql.function"),
        ("select shout(c) from customers c", "sql.function"),
        ("select c.shout from customers c", "sql.column"),
        ("select customers.shout from customers", "sql.column"),
        ("select c.row_to_json from customers c", "sql.column"),
        ("select row_to_json(c) from customers c", "sql.column"),
        ("select c.ssn from customers c", "sql.column"),
        ("select c.* from customers c", "sql.column"),
        ("select * from customers", "sql.column"),
        ("select id from customers order by ssn", "sql.column"),
        ("select id from customers c(id, a, b, d, e)", "sql.column"),
        ("select id from orders natural join customers", "sql.column"),
        ("update customers set note = 'x' where id = 10 returning *", "sql.column"),
        ("insert into customers (id) values (10) on conflict (id) do update set note = excluded::text", "sql.column"),
        ("insert into customers (id) values (10) on conflict (id) do update set note = excluded.to_json", "sql.column"),
        ("select 'secret'::regclass", "sql.function"),
        ("select current_user", "sql.function"),
        ("select current_setting('data_directory')", "sql.function"),
        ("insert into orders (id) values (3)", "sql.read-only"),
        ("select * from audit_log", "sql.append-only"),
        ("insert into audit_log (note) values ('x') returning note", "sql.append-only"),
        ("select current_role", "statement"),
        ("select nothing from orders", "statement"),
        ("select 'x'::int", "statement"),
        ("select E'\\' union select token from secret --'", "ran"),
        ("select '\\' union select token from secret --'", "sql.table"),
        ("select '\\'' union select token from secret --'", "ran"),
        // A function that the policy names, and that changes what the statement doesn't.
        ("select touch()", "statement"),
        ("select id from customers c where c.id = 10", "ran"),
        // Where `x` has no column `f`, `x.f` is a call of the function, or a cast to the type.
        ("select x.pg_sleep from unnest(array[0.1::float8]) x", "sql.function"),
        ("select x.ts_stat from unnest(array['select to_tsvector(ssn) from public.customers']) x", "sql.function"),
        ("select 1 from string_to_table('/etc/passwd', '#') x where x.pg_read_file = ''", "sql.function"),
        ("with x as (select '/etc' as f) select 1 from x, unnest(array[x.f]) y order by y.pg_ls_dir", "sql.function"),
        ("insert into audit_log (note) select x.lo_creat::text from unnest(array[-1]) x", "sql.function"),
        ("select x.regclass from unnest(array['secret']) x", "sql.function"),
        ("select o.pg_sleep from orders o", "sql.function"),
        ("select o.pg_sleep from orders o, sales.deals o", "sql.function"),
        ("select x.pg_sleep from sales.deals x, lateral (select x.pg_sleep from unnest(array[1]) x) y", "sql.function"),
        ("select d.pg_sleep from (select * from sales.deals) d", "sql.function"),
        ("select d.pg_sleep, deals.pg_sleep from sales.deals d, sales.deals", "ran"),
        ("select d.pg_sleep from (select id, pg_sleep from sales.deals) d", "ran"),
        ("with d (pg_sleep) as (select 1), e as (select d.pg_sleep from d) select e.pg_sleep from d, e", "ran"),
        ("select x.pg_sleep from generate_series(1, 2) x (pg_sleep)", "ran"),
        (
            "select x.upper, x.text, o.day, d.customer from unnest(array['a']) x, orders o, (select * from orders) d",
            "ran",
        ),
    ];
    let wrong = outcomes(policy, env, "shop", &cases).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn finds_nothing_that_is_planted(policy: &Policy, env: &[(&str, &str)], server: &Postgres) {
    server.run(PLANTED).await;
    let cases = [
        ("select total(1)", "sql.function"),
        ("select hex('a')", "sql.function"),
        ("update items set name = 'x' where instr('planted', 'x') = 1", "sql.function"),
        ("select * from hex('a')", "sql.function"),
        ("select public.length(1)", "sql.function"),
        ("select pg_catalog.pg_read_file('/etc/passwd')", "sql.function"),
        ("select \"public\".\"leak\"(o) from orders o", "sql.function"),
        ("select parcel('a')", "sql.function"),
        ("select name::parcel from customers", "sql.function"),
        ("select array[name]::parcel[] from customers", "sql.function"),
        ("select cast(name as public.money) from customers", "sql.function"),
        ("select name::pg_catalog.regclass from customers", "sql.function"),
        ("select * from pg_tables", "sql.table"),
        ("select * from pg_stat_activity", "sql.table"),
        // The names are safe, and what of it is in `public` isn't found.
        ("select length(1)", "statement"),
        ("select abs('x'::text)", "statement"),
        ("select o.leak from orders o", "statement"),
        ("select id from orders where id = 'x'::text", "statement"),
        ("select 1 <<< 2", "statement"),
        ("select id from orders order by id using <<<", "sql.statement"),
        ("select id from orders order by id using operator(public.<<<)", "sql.statement"),
        ("select 1 operator(public.<<<) 2", "sql.statement"),
        ("select '1'::money", "ran"),
        ("select pg_catalog.lower('A'), length('a'), abs(1)", "ran"),
    ];
    let wrong = outcomes(policy, env, "shop", &cases).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    let answer = &ask(policy, env, &[("shop", "select '1'::money", json!([]))]).await.answers[0];
    assert_eq!(answer["rows"], json!([["$1.00"]]), "it is the server's own");
}

async fn bounds_what_is_large_and_slow(policy: &Policy, env: &[(&str, &str)]) {
    let cases = [
        ("with recursive n(i) as (select 1 union all select i + 1 from n) select sum(i) from n", "limit"),
        ("select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b", "limit"),
        ("select i from generate_series(1, 100000) as i", "limit"),
        ("select string_agg('xxxxxxxxxxxxxxxx', '') from generate_series(1, 1000000)", "limit"),
        ("select string_agg('xxxxxxxxxxxxxxxx', '')::bytea from generate_series(1, 1000000)", "limit"),
        (
            "select string_agg('xxxxxxxxxxxxxxxx', '') from generate_series(1, 60000) a, generate_series(1, 30) b group by b",
            "limit",
        ),
        ("select repeat('x', 1000000000)", "sql.function"),
        ("select lpad('x', 1000000000)", "sql.function"),
    ];
    let wrong = outcomes(policy, env, "shop", &cases).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn changes_nothing_where_it_fails(policy: &Policy, env: &[(&str, &str)], server: &Postgres) {
    let asked = ask(
        policy,
        env,
        &[
            ("shop", "insert into items (name) select i::text from generate_series(1, 2000) i returning id", json!([])),
            ("shop", "insert into items (name) values ('x'), ('x')", json!([])),
            // What the server says about the row stays with the server.
            ("shop", "insert into customers (id, name, note) values (10, 'Eve', 'x')", json!([])),
            ("shop", "insert into items (name) values (?)", json!([{ "data": "00" }])),
            ("shop", "select ?::text", json!(["a\u{0}b"])),
            ("shop", "select count(*) from items", json!([])),
        ],
    )
    .await;
    let kinds: Vec<_> = asked.answers[..5].iter().map(|answer| answer[0].as_str().unwrap_or("ran")).collect();
    assert_eq!(kinds, ["limit", "statement", "statement", "statement", "statement"], "{:?}", asked.answers);
    assert_eq!(asked.answers[5]["rows"], json!([[0]]));
    assert_eq!(server.value("select count(*) from secret").await, "1");
}

/// A role of the server's narrows what the log-in could do.
async fn runs_as_a_role(server: &Postgres) {
    server.run("create role reader; grant select on orders to reader").await;
    let text = POLICY.replace("rows = 1000", "role = \"reader\"\nrows = 1000");
    let policy = policy(std::path::Path::new(""), &text);
    let url = server.socket_url("owner");
    let cases = [
        ("select id from orders", "ran"),
        ("select id from customers", "statement"),
        ("delete from items", "statement"),
    ];
    let wrong = outcomes(&policy, &[("SHOP_URL", &url)], "shop", &cases).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whatever goes wrong with a connection, nobody hears its address or its log-in.
async fn never_says_where_it_is(policy: &Policy, server: &Postgres) {
    let port = server.port();
    for url in [
        format!("postgres://nobody_here:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=disable"),
        format!("postgres://owner:wrong-{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=disable"),
        format!("postgres://owner:{PASSWORD}@127.0.0.1:{port}/no_such_place?sslmode=disable"),
        format!("postgres://owner:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=require"),
        format!("postgres://owner:{PASSWORD}@127.0.0.1:1/postgres"),
        format!("postgres://owner:{PASSWORD}@no-such-host.invalid/postgres"),
        format!("host=/nonexistent-{port} user=owner password={PASSWORD}"),
    ] {
        let asked = ask(policy, &[("SHOP_URL", &url)], &[("shop", "select 1", json!([]))]).await;
        let said = asked.answers[0].to_string();
        assert_eq!(asked.answers[0][0], json!("database"), "{said}");
        for part in [
            PASSWORD,
            "nobody_here",
            "owner",
            "127.0.0.1",
            &port.to_string(),
            "no_such_place",
            "no-such-host",
            "nonexistent",
        ] {
            assert!(!said.contains(part), "{said}");
        }
    }
}
