//! The functions that a statement may call without being granted them.
//!
//! An allow-list, of both databases together: functions of their arguments alone, aggregates and
//! window functions. None reaches a file, the network, another database, a setting or the server's
//! state, none waits, and none makes a long text from a short one (`repeat`, `lpad`, `format`,
//! `zeroblob`).

/// Sorted, for the search.
#[rustfmt::skip]
const SAFE: &[&str] = &[
    "->", "->>",
    "abs", "acos", "acosh", "age", "any_value", "array_agg", "array_append", "array_cat", "array_dims",
    "array_length", "array_lower", "array_ndims", "array_position", "array_positions", "array_prepend",
    "array_remove", "array_replace", "array_to_json", "array_to_string", "array_upper", "ascii", "asin", "asinh",
    "atan", "atan2", "atanh", "avg",
    "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "bool_and", "bool_or", "btrim",
    "cardinality", "cbrt", "ceil", "ceiling", "changes", "char", "char_length", "character_length", "chr",
    "clock_timestamp", "coalesce", "concat", "concat_ws", "corr", "cos", "cosh", "cot", "count", "covar_pop",
    "covar_samp", "cume_dist", "current_date", "current_time", "current_timestamp",
    "date", "date_bin", "date_part", "date_trunc", "datetime", "decode", "degrees", "dense_rank", "div",
    "encode", "every", "exp", "extract",
    "factorial", "first_value", "floor",
    "gcd", "gen_random_uuid", "generate_series", "generate_subscripts", "glob", "greatest", "group_concat",
    "grouping",
    "hex",
    "ifnull", "iif", "initcap", "instr", "isfinite",
    "json", "json_agg", "json_array", "json_array_elements", "json_array_elements_text", "json_array_length",
    "json_build_array", "json_build_object", "json_each", "json_each_text", "json_error_position", "json_extract",
    "json_extract_path", "json_extract_path_text", "json_group_array", "json_group_object", "json_insert",
    "json_object", "json_object_agg", "json_object_keys", "json_patch", "json_pretty", "json_quote", "json_remove",
    "json_replace", "json_set", "json_strip_nulls", "json_tree", "json_type", "json_typeof", "json_valid",
    "jsonb", "jsonb_agg", "jsonb_array", "jsonb_array_elements", "jsonb_array_elements_text",
    "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_each", "jsonb_each_text",
    "jsonb_extract", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_group_array", "jsonb_group_object",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_patch", "jsonb_path_exists",
    "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_pretty",
    "jsonb_remove", "jsonb_replace", "jsonb_set", "jsonb_strip_nulls", "jsonb_typeof", "julianday",
    "justify_days", "justify_hours", "justify_interval",
    "lag", "last_insert_rowid", "last_value", "lcm", "lead", "least", "left", "length", "like", "likelihood",
    "likely", "ln", "localtime", "localtimestamp", "log", "log10", "log2", "lower", "ltrim",
    "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "max", "md5", "min",
    "min_scale", "mod", "mode",
    "now", "nth_value", "ntile", "nullif", "num_nonnulls", "num_nulls",
    "octet_length",
    "percent_rank", "percentile_cont", "percentile_disc", "pi", "pow", "power",
    "quote_ident", "quote_literal", "quote_nullable",
    "radians", "random", "rank", "regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_matches",
    "regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "regexp_substr", "regr_count",
    "regr_intercept", "regr_slope", "replace", "reverse", "right", "round", "row", "row_number", "row_to_json",
    "rtrim",
    "scale", "sha224", "sha256", "sha384", "sha512", "sign", "sin", "sinh", "split_part", "sqrt", "starts_with",
    "statement_timestamp", "stddev", "stddev_pop", "stddev_samp", "strftime", "string_agg", "string_to_array",
    "string_to_table", "strpos", "substr", "substring", "subtype", "sum",
    "tan", "tanh", "time", "timediff", "timeofday", "to_ascii", "to_char", "to_date", "to_hex", "to_json",
    "to_jsonb", "to_number", "to_timestamp", "to_tsquery", "to_tsvector", "total", "transaction_timestamp",
    "translate", "trim", "trim_array", "trim_scale", "trunc", "ts_rank", "typeof",
    "unhex", "unicode", "unistr", "unixepoch", "unlikely", "unnest", "upper",
    "var_pop", "var_samp", "variance",
    "websearch_to_tsquery", "width_bucket",
];

/// Whether a function, by its name in lower case, may always be called.
pub(super) fn is_safe(name: &str) -> bool {
    SAFE.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(SAFE.is_sorted(), "{:?}", SAFE.windows(2).find(|pair| pair[0] > pair[1]));
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
            assert!(!is_safe(name), "{name}");
        }
    }
}
