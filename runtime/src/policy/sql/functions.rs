//! The functions that a statement may call without being granted them, and the types it may name.
//!
//! An allow-list for each database: functions of their arguments alone, aggregates and window
//! functions. None reaches a file, the network, another database, a setting or the server's state,
//! none waits, and none is there to make a long text from a short one (`repeat`, `lpad`, `format`,
//! `zeroblob`).
//!
//! A name with `pg_catalog.` before it is PostgreSQL's, any other is SQLite's, which has no schemas
//! for functions. So a function of the operator's in another schema is never one of these.

/// In both. All lists are sorted, for the search.
#[rustfmt::skip]
const SHARED: &[&str] = &[
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg",
    "ceil", "ceiling", "coalesce", "concat", "concat_ws", "cos", "cosh", "count", "cume_dist", "current_date",
    "current_time", "current_timestamp",
    "date", "degrees", "dense_rank",
    "exp",
    "first_value", "floor",
    "generate_series",
    "json_array", "json_array_length", "json_each", "json_object", "jsonb_array_length", "jsonb_each",
    "jsonb_insert", "jsonb_object", "jsonb_set",
    "lag", "last_value", "lead", "length", "ln", "log", "log10", "lower", "ltrim",
    "max", "min", "mod",
    "nth_value", "ntile", "nullif",
    "octet_length",
    "percent_rank", "pi", "pow", "power",
    "radians", "random", "rank", "replace", "round", "row_number", "rtrim",
    "sign", "sin", "sinh", "sqrt", "string_agg", "substr", "substring", "sum",
    "tan", "tanh", "time", "trim", "trunc",
    "unistr", "upper",
];

/// SQLite's.
#[rustfmt::skip]
const SQLITE: &[&str] = &[
    "->", "->>",
    "changes", "char",
    "datetime",
    "glob", "group_concat",
    "hex",
    "ifnull", "iif", "instr",
    "json", "json_error_position", "json_extract", "json_group_array", "json_group_object", "json_insert",
    "json_patch", "json_pretty", "json_quote", "json_remove", "json_replace", "json_set", "json_tree", "json_type",
    "json_valid", "jsonb", "jsonb_array", "jsonb_extract", "jsonb_group_array", "jsonb_group_object",
    "jsonb_patch", "jsonb_remove", "jsonb_replace", "julianday",
    "last_insert_rowid", "like", "likelihood", "likely", "log2",
    "strftime", "subtype",
    "timediff", "total", "typeof",
    "unhex", "unicode", "unixepoch", "unlikely",
];

/// PostgreSQL's; some are syntax.
#[rustfmt::skip]
const POSTGRES: &[&str] = &[
    "age", "any_value", "array_agg", "array_append", "array_cat", "array_dims", "array_length", "array_lower",
    "array_ndims", "array_position", "array_positions", "array_prepend", "array_remove", "array_replace",
    "array_to_json", "array_to_string", "array_upper", "ascii",
    "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "bool_and", "bool_or", "btrim",
    "cardinality", "cbrt", "char_length", "character_length", "chr", "clock_timestamp", "corr", "cot", "covar_pop",
    "covar_samp",
    "date_bin", "date_part", "date_trunc", "decode", "div",
    "encode", "every", "extract",
    "factorial",
    "gcd", "gen_random_uuid", "generate_subscripts", "greatest", "grouping",
    "initcap", "isfinite",
    "json_agg", "json_array_elements", "json_array_elements_text", "json_build_array", "json_build_object",
    "json_each_text", "json_extract_path", "json_extract_path_text", "json_object_agg", "json_object_keys",
    "json_strip_nulls", "json_typeof", "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text",
    "jsonb_build_array", "jsonb_build_object", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query",
    "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_pretty", "jsonb_strip_nulls", "jsonb_typeof",
    "justify_days", "justify_hours", "justify_interval",
    "lcm", "least", "left", "localtime", "localtimestamp",
    "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "md5", "min_scale", "mode",
    "now", "num_nonnulls", "num_nulls",
    "percentile_cont", "percentile_disc",
    "quote_ident", "quote_literal", "quote_nullable",
    "regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_matches", "regexp_replace",
    "regexp_split_to_array", "regexp_split_to_table", "regexp_substr", "regr_count", "regr_intercept",
    "regr_slope", "reverse", "right", "row", "row_to_json",
    "scale", "sha224", "sha256", "sha384", "sha512", "split_part", "starts_with", "statement_timestamp", "stddev",
    "stddev_pop", "stddev_samp", "string_to_array", "string_to_table", "strpos",
    "timeofday", "to_ascii", "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number", "to_timestamp",
    "to_tsquery", "to_tsvector", "transaction_timestamp", "translate", "trim_array", "trim_scale", "ts_rank",
    "unnest",
    "var_pop", "var_samp", "variance",
    "websearch_to_tsquery", "width_bucket",
];

/// PostgreSQL's types whose names aren't keywords to a parser, and that look nothing up.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "bit", "bool", "box", "bpchar", "bytea",
    "cidr", "circle",
    "date", "datemultirange", "daterange",
    "float4", "float8",
    "inet", "int2", "int4", "int4multirange", "int4range", "int8", "int8multirange", "int8range", "interval",
    "json", "jsonb", "jsonpath",
    "line", "lseg",
    "macaddr", "macaddr8", "money",
    "name", "numeric", "nummultirange", "numrange",
    "path", "point", "polygon",
    "text", "time", "timestamp", "timestamptz", "timetz", "tsmultirange", "tsquery", "tsrange", "tstzmultirange",
    "tstzrange", "tsvector",
    "uuid",
    "varbit", "varchar",
    "xml",
];

/// The schema of what is PostgreSQL's own.
const CATALOG: &str = "pg_catalog.";

/// Whether a function, by its name in lower case as a request has it, may always be called.
pub fn is_safe_function(name: &str) -> bool {
    let (own, name) = match name.strip_prefix(CATALOG) {
        Some(name) => (POSTGRES, name),
        None => (SQLITE, name),
    };
    SHARED.binary_search(&name).is_ok() || own.binary_search(&name).is_ok()
}

/// Whether a type of PostgreSQL's, by its name in `pg_catalog`, may always be named.
pub fn is_safe_type(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [SHARED, SQLITE, POSTGRES, TYPES] {
            assert!(list.is_sorted(), "{:?}", list.windows(2).find(|pair| pair[0] > pair[1]));
        }
    }

    #[test]
    fn a_name_is_safe_where_it_is_the_databases_own() {
        for (name, safe) in [
            ("lower", true),
            ("pg_catalog.lower", true),
            ("total", true),
            ("pg_catalog.total", false),
            ("chr", false),
            ("pg_catalog.chr", true),
            ("public.lower", false),
            ("public.total", false),
            ("pg_catalog.public.lower", false),
        ] {
            assert_eq!(is_safe_function(name), safe, "{name}");
        }
        assert!(is_safe_type("inet") && !is_safe_type("regclass") && !is_safe_type("oid"));
    }

    #[test]
    fn what_reaches_out_is_not_on_it() {
        for name in [
            "pg_read_file",
            "lo_import",
            "lo_export",
            "dblink",
            "pg_sleep",
            "set_config",
            "current_setting",
            "nextval",
            "query_to_xml",
            "table_to_xml",
            "load_extension",
            "readfile",
            "writefile",
            "fts3_tokenizer",
            "repeat",
            "lpad",
            "rpad",
            "format",
            "printf",
            "zeroblob",
            "randomblob",
            "version",
            "current_user",
            "pg_advisory_lock",
            "txid_current",
            "convert_from",
            "has_table_privilege",
            "to_regclass",
        ] {
            assert!(!is_safe_function(name) && !is_safe_function(&format!("{CATALOG}{name}")), "{name}");
        }
    }
}
