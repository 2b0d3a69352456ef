//! What is known here of the guest's Python, compared with what it says itself.

use turingbox::{Policy, build, packages};

use crate::support::{host, root};

/// Conditions of dependencies, and the names that no package can take, are about this Python and no other.
#[test]
fn the_guest_is_as_it_is_described() {
    let library = host::library(&root().join("tests/packages/guest"));
    let outcome = host::run(&library, "describe", &Policy::default(), &[]).outcome;
    assert!(outcome.failure.is_none(), "{outcome:?}");
    let said = |name: &str| {
        outcome.outputs.iter().find(|(output, _)| output == name).map(|(_, value)| serde_json::json!(value)).unwrap()
    };
    let environment: serde_json::Map<_, _> =
        build::ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    assert_eq!(said("environment"), serde_json::Value::from(environment));
    let modules: Vec<String> = serde_json::from_value(said("modules")).unwrap();
    assert!(modules.len() > 290, "{modules:?}");
    let free: Vec<_> = modules.iter().filter(|module| !packages::is_reserved(module)).collect();
    assert!(free.is_empty(), "{free:?}");
}
