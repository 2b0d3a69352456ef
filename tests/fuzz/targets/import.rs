//! Any text as a library of the original system: converting it ends, every finding points into it,
//! and what it became is read back by the readers of manifests and policies.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use turingbox::{Library, Policy, agent::Entry, import::convert, source::Source};

fuzz_target!(|text: &str| {
    let source = Source::new("library.json", text);
    let imported = match convert(&source) {
        Ok(imported) => imported,
        Err(report) => {
            assert!(report.has_errors());
            return within(&source, &report);
        }
    };
    assert!(!imported.report.has_errors());
    within(&source, &imported.report);
    let policy = Source::new("policy.toml", imported.policy.as_str());
    if let Err(report) = Policy::from_source(&policy, |_| Err(std::io::ErrorKind::NotFound.into())) {
        panic!("{report}\n{}", policy.text);
    }
    let agents = imported.agents.len();
    let mut library = Library::default();
    imported.add_to(&mut library, &source);
    assert_eq!(library.iter().count(), agents);
    assert!(!library.conflicts().has_errors(), "{}", library.conflicts());
    for (name, entry) in library.iter() {
        if let Entry::Broken(report) = entry {
            panic!("{name}: {report}");
        }
    }
});

fn within(source: &Arc<Source>, report: &turingbox::Report) {
    for place in report.0.iter().filter_map(|finding| finding.place.as_ref()) {
        assert!(source.text.get(place.span.clone()).is_some(), "{:?}", place.span);
    }
}
