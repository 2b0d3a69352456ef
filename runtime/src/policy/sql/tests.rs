use crate::policy::{Decision, Policy, Request};

const POLICY: &str = r#"
version = 1
[agents.a]
databases = [
    { name = "orders", url = { env = "ORDERS_URL" }, rows = 50, time = "2s", functions = ["tax", "billing.rate"], tables = {
        orders = "read", "audit_*" = "append", audit_seen = ["read", "append"], items = "write",
        "*" = "read", "sales.*" = "read", '"Odd"' = "write",
    }, hidden = { customers = ["ssn", "card_*"], "*" = ["password"] } },
    { name = "notes", url = { file = "notes.db" }, tables = {} },
]
[agents.b]
databases = [{ name = "orders", url = { env = "U" }, tables = { orders = "write", items = "write" } }]
within = { databases = [{ name = "orders", tables = { orders = "read" }, hidden = { orders = ["total"] }, rows = 7 }] }
"#;

fn policy() -> Policy {
    Policy::parse("p.toml", POLICY).unwrap_or_else(|report| panic!("{report}"))
}

fn code(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allowed(_) => "allowed",
        Decision::Denied(denial) => denial.code,
    }
}

#[test]
fn every_action_has_its_answer() {
    let authority = policy().authority("a", "a");
    for (request, expected) in [
        ("sql connect orders", "allowed"),
        ("sql connect other", "sql.not-granted"),
        ("sql read other.t", "sql.not-granted"),
        ("sql read orders.orders", "allowed"),
        ("sql read orders.orders(total)", "allowed"),
        ("sql update orders.orders", "sql.read-only"),
        ("sql insert orders.orders", "sql.read-only"),
        ("sql insert orders.audit_log", "allowed"),
        ("sql read orders.audit_log", "sql.append-only"),
        ("sql delete orders.audit_log", "sql.append-only"),
        ("sql read orders.audit_seen", "allowed"),
        ("sql insert orders.audit_seen", "allowed"),
        ("sql update orders.audit_seen", "sql.read-only"),
        ("sql delete orders.items", "allowed"),
        ("sql read orders.items", "allowed"),
        ("sql read orders.customers", "allowed"),
        ("sql read orders.customers(ssn)", "sql.column"),
        ("sql read orders.customers(CARD_number)", "sql.column"),
        ("sql read orders.customers(*)", "sql.column"),
        ("sql read orders.users(password)", "sql.column"),
        ("sql read orders.sales.users(password)", "allowed"),
        ("sql read orders.private.users", "sql.table"),
        ("sql update orders.\"Odd\"", "allowed"),
        ("sql update orders.odd", "sql.read-only"),
        ("sql read orders.sqlite_schema", "sql.table"),
        ("sql call orders.lower", "allowed"),
        ("sql call orders.tax", "allowed"),
        ("sql call orders.public.tax", "allowed"),
        ("sql call orders.billing.rate", "allowed"),
        ("sql call orders.rate", "sql.function"),
        ("sql call orders.pg_catalog.tax", "sql.function"),
        ("sql call orders.pg_catalog.lower", "allowed"),
        ("sql call orders.public.lower", "sql.function"),
        ("sql call orders.pg_read_file", "sql.function"),
        ("sql call notes.tax", "sql.function"),
        ("sql read notes.t", "sql.table"),
    ] {
        let parsed = Request::parse(request).unwrap();
        assert_eq!(parsed.to_string(), request);
        assert_eq!(code(&authority.decide(&parsed)), expected, "{request}");
    }
}

#[test]
fn a_ceiling_narrows_a_database() {
    let policy = policy();
    let caller = policy.authority("b", "b");
    let callee = policy.authority("b", "b").under(&caller.ceilings_below());
    let decide = |request: &str| code(&callee.decide(&Request::parse(request).unwrap()));
    assert_eq!(decide("sql read orders.orders"), "allowed");
    assert_eq!(decide("sql update orders.orders"), "sql.ceiling");
    assert_eq!(decide("sql read orders.orders(total)"), "sql.ceiling");
    assert_eq!(decide("sql read orders.items"), "sql.ceiling");
    assert_eq!(decide("sql read orders.other"), "sql.table");
    assert_eq!(callee.database_bounds("orders").0, 7);
    assert!(callee.hides_columns("orders", "orders") && !caller.hides_columns("orders", "orders"));
    assert!(caller.may_write_database("orders") && !callee.may_write_database("orders"));
    let other = policy.authority("a", "a").under(&caller.ceilings_below());
    assert_eq!(code(&other.decide(&Request::parse("sql connect notes").unwrap())), "sql.ceiling");
}

#[test]
fn a_denial_says_what_would_allow_it() {
    let authority = policy().authority("a", "a");
    for (request, expected) in [
        ("sql read orders.private.users", r#"tables = { "private.users" = "read" }   # in the entry of "orders""#),
        ("sql delete orders.orders", r#"tables = { orders = "write" }   # in the entry of "orders""#),
        ("sql insert orders.orders", r#"tables = { orders = "append" }   # in the entry of "orders""#),
        ("sql call orders.dblink", r#"functions = ["tax", "billing.rate", "dblink"]   # in the entry of "orders""#),
        (
            "sql update shop.t",
            r#"databases = [{ name = "shop", url = { env = "SHOP_URL" }, tables = { t = "write" } }]"#,
        ),
    ] {
        let Decision::Denied(denial) = authority.decide(&Request::parse(request).unwrap()) else { panic!("{request}") };
        assert_eq!(denial.help, expected);
        toml::from_str::<toml::Table>(&denial.help).unwrap();
    }
    let request = Request::parse("sql read orders.customers(ssn)").unwrap();
    let Decision::Denied(denial) = authority.decide(&request) else { panic!("{request}") };
    assert!(denial.help.ends_with("hidden = { customers = [\"card_*\"] }"), "{}", denial.help);
}

#[test]
fn what_is_no_request_is_said() {
    for text in [
        "sql",
        "sql read",
        "sql read orders",
        "sql drop orders.t",
        "sql connect a.b",
        "sql read a.t()",
        "sql call a.f(x)",
    ] {
        assert!(Request::parse(text).is_err(), "{text}");
    }
}
