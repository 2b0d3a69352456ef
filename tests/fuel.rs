//! Fuel of Python, which counts it by itself.

use std::path::Path;

use turingbox::{Policy, Value, source::Source};

use crate::support::host::{Ran, library, run};

/// Enough to begin with anything, and little enough to be burnt in a moment.
const FUEL: u64 = 500_000_000;

fn works(name: &str, how: &str, fuel: u64) -> Ran {
    let library = library(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuel")));
    let text = format!("version = 1\n[limits]\nfuel = {fuel}\ntime = \"5m\"\nmemory = \"256MiB\"\n");
    let policy = Policy::from_source(&Source::new("fuel.toml", text), |_| unreachable!())
        .unwrap_or_else(|report| panic!("{report}"));
    let inputs = [("how", Value::text(how))];
    run(&library, name, &policy, if how.is_empty() { &[] } else { &inputs })
}

fn code(ran: &Ran) -> Option<&'static str> {
    ran.outcome.failure.as_ref().map(|failure| failure.code.name())
}

/// Wherever the work is done: in bytecode, in a loop of C, in functions of C that call each other, in memory.
#[test]
pub fn whatever_works_for_ever_burns_all_its_fuel() {
    let source = include_str!("fuel/works/main.py");
    let names =
        source.lines().filter_map(|line| line.strip_prefix("    \"")?.split_once("\": lambda")).map(|(name, _)| name);
    let names: Vec<_> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let ran = works("works", name, FUEL);
        assert_eq!(
            (code(&ran), ran.outcome.usage.fuel),
            (Some("limit.fuel"), FUEL),
            "{name}: {:?}",
            ran.outcome.failure
        );
    }
}

/// Not only to the slice of it that the guest had in hand: what ends well, what raises, and what can't be loaded.
#[test]
pub fn what_was_burnt_is_known_to_the_unit() {
    for (name, how, fails) in
        [("works", "nothing", None), ("works", "raise", Some("agent.failed")), ("broken", "", Some("agent.failed"))]
    {
        let [first, again, less] = [FUEL, FUEL, 50_000_000].map(|fuel| works(name, how, fuel));
        assert_eq!((code(&first), code(&less)), (fails, fails), "{name} {how}");
        let used = [&first, &again, &less].map(|ran| ran.outcome.usage.fuel);
        assert!(used[0] > 10_000 && used[0] < 50_000_000, "{name} {how}: {used:?}");
        // What an instance draws by chance is worth a few units.
        assert!(used.iter().all(|other| other.abs_diff(used[0]) < 1000), "{name} {how}: {used:?}");
        // So much is enough, and less isn't.
        assert_eq!(code(&works(name, how, used[0] + 1000)), fails, "{name} {how}");
        assert_eq!(code(&works(name, how, used[0] / 2)), Some("limit.fuel"), "{name} {how}");
    }
}
