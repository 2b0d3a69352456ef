//! The filters, tests and functions that templates have.

use std::sync::OnceLock;

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use super::{FUEL, MAX_RECURSION, PLACEHOLDER, ToolKind, cut, filters, format, paid, placeholder};

/// MiniJinja's filters, for suggestions. It doesn't list them, so a test asks it for each.
const FILTERS: &str = "abs attr batch bool capitalize chain count d default dictsort first float format groupby \
    indent int items join last length lines list lower map max min pprint reject rejectattr replace reverse round \
    safe select selectattr slice sort split string sum title trim unique upper zip";

/// Its tests, but for those that are signs.
const TESTS: &str = "boolean defined divisibleby endingwith eq equalto escaped even false filter float ge \
    greaterthan gt in int integer iterable le lessthan lower lt mapping ne none number odd safe sameas sequence \
    startingwith string test true undefined upper";

/// What all templates start with.
pub fn environment() -> Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    let made = ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        // A failure says what was undefined; without this, only where debug assertions are on.
        environment.set_debug(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_RECURSION);
        environment.set_formatter(format);
        // It shows what nobody here has written.
        environment.remove_global("debug");
        cut::add(&mut environment);
        filters::add(&mut environment);
        environment.add_filter(PLACEHOLDER, placeholder::placeholder);
        environment.add_filter(paid::PAID, paid::pay);
        environment
    });
    made.clone()
}

/// Whether templates have this.
pub(crate) fn known(kind: ToolKind, name: &str) -> bool {
    let environment = environment();
    match kind {
        ToolKind::Filter => is_known(environment.empty_state().apply_filter(name, &[]), ErrorKind::UnknownFilter),
        ToolKind::Test => is_known(environment.empty_state().perform_test(name, &[]), ErrorKind::UnknownTest),
        ToolKind::Function => environment.globals().any(|(global, _)| global == name),
    }
}

fn is_known<T>(tried: Result<T, minijinja::Error>, unknown: ErrorKind) -> bool {
    !matches!(tried, Err(error) if error.kind() == unknown)
}

/// The names of all that there are.
pub(crate) fn tools(kind: ToolKind) -> Vec<&'static str> {
    match kind {
        ToolKind::Filter => FILTERS.split_whitespace().chain(filters::NAMES).chain([PLACEHOLDER]).collect(),
        ToolKind::Test => TESTS.split_whitespace().collect(),
        ToolKind::Function => vec!["dict", "namespace", "range"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_there() {
        for kind in [ToolKind::Filter, ToolKind::Test, ToolKind::Function] {
            for name in tools(kind) {
                assert!(known(kind, name), "{kind:?} {name}");
            }
            assert!(!known(kind, "nosuch"), "{kind:?}");
        }
        assert!(known(ToolKind::Test, "=="));
    }
}
