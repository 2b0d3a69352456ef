//! What an import says of itself.

use std::fmt::Write;

use crate::{
    diagnostic::{Diagnostic, Report, counted, list},
    import::{
        Imported,
        library::{CANNOT_WORK, CHANGED, SAFE, UNFINISHED},
        missing::FOLDER,
    },
};

/// What findings are told under, in this order.
pub const PARTS: [(&str, &str, &str); 4] = [
    (UNFINISHED, "Unfinished", "Agents that could not run in the original either, or not all of whose names are set."),
    (CANNOT_WORK, "Can't work", "What a sandbox doesn't have."),
    (SAFE, "Kept safe", "What was unsafe in the original, and no longer is."),
    (CHANGED, "Changed", "What is not as it was."),
];

/// The findings of one kind, in their order, each on one line: `` `agent`: what (line 12)``.
pub fn part(report: &Report, code: &'static str) -> Vec<String> {
    let findings = report.0.iter().zip(lines(report)).filter(|(finding, _)| finding.code == code);
    findings.map(|(finding, line)| format!("{} (line {line})", finding.message)).collect()
}

/// The lines of findings that are sorted by their places.
pub fn lines(report: &Report) -> Vec<usize> {
    let (mut at, mut line) = (0, 1);
    let count = |finding: &Diagnostic| {
        let Some(place) = &finding.place else { return line };
        let next = place.span.start.clamp(at, place.source.text.len());
        line += place.source.text.as_bytes()[at..next].iter().filter(|byte| **byte == b'\n').count();
        at = next;
        line
    };
    report.0.iter().map(count).collect()
}

/// `IMPORT.md`: what happened to the library `file`.
pub fn page(file: &str, imported: &Imported) -> String {
    let (stubs, agents) = imported.stubs();
    let mut page = format!("# Import of {file}\n\n{} were imported.\n", counted(agents, "agent"));
    if !stubs.is_empty() {
        // Writing to a string can't fail.
        let _ = write!(
            page,
            "\nSteps use what isn't there: {}. In the folder `{FOLDER}` each has a stub, which fails each time it is \
             called. Write the agent in its place, or take the stub away where another library has the agent.\n",
            list(&stubs)
        );
    }
    for (code, title, about) in PARTS {
        let findings = part(&imported.report, code);
        if findings.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {title}\n\n{about}\n\n");
        for finding in findings {
            let _ = writeln!(page, "- {finding}");
        }
    }
    page.push_str(
        "\n## How to go on\n\n\
         1. `turingbox check` finds what can't run, with its line.\n\
         2. Read `policy.toml`: it says what these agents ask for. Take out what they shouldn't have, and finish the lines behind `#`.\n\
         3. Run an agent: `turingbox run --agents . --policy policy.toml NAME --INPUT VALUE`.\n",
    );
    page
}
