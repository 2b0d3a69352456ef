//! `x.f`, which may be no column.

use super::{Attribute, Dialect, read_on_a_thread};

#[test]
fn what_is_no_column_for_certain_is_told() {
    let unsure = |text: &str| {
        let checked = read_on_a_thread(text, Dialect::Postgres).unwrap_or_else(|stopped| panic!("{text}: {stopped:?}"));
        let told = checked.attributes.into_iter().map(|Attribute { name, tables }| match tables {
            Some(tables) => format!("{name} of {}", tables.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
            None => name,
        });
        told.collect::<Vec<_>>().join("; ")
    };
    for (text, expected) in [
        ("select o.f, items.g from orders o, items", "g of items; f of orders"),
        ("select o.upper, o.date from orders o", ""),
        ("select x.f from unnest(array[1]) x", "f"),
        ("select x.f from unnest(array[1]) x (f)", ""),
        ("select lower.f from lower('a')", "f"),
        ("select d.f, d.g, d.h from (select a as f, o.g from orders o) d", "h; g of orders"),
        ("select d.a, d.b, d.c from (select a, b, c from orders) d (e)", "a"),
        ("select d.a, d.z from (select *, z from orders) d (a, b)", "z"),
        ("with d as (select a from orders union select b from items) select d.a, d.b from d", "b"),
        ("with d as (select 1 as a), e as (select * from d) select e.a, d.a from d, e", "a"),
        ("select x.f from orders x, lateral (select x.f from lower('a') x) y", "f"),
        ("insert into items (a) values (1) on conflict (a) do update set a = excluded.f", "f of items"),
        ("select z.f from orders", "f"),
    ] {
        assert_eq!(unsure(text), expected, "{text}");
    }
}
