//! What there is to be warned of.

/// One kind of warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Its code.
    pub code: &'static str,
    /// One line for a person.
    pub help: &'static str,
    /// Where it is found, and so who may silence it.
    pub found: Found,
}

/// Where a warning is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In an agent.
    Agent,
    /// In an agent, where a policy says what counts.
    AgentUnderPolicy,
    /// In a policy or a library, or about silencing itself: no manifest silences it.
    Elsewhere,
}

const fn warned(code: &'static str, found: Found, help: &'static str) -> Warned {
    Warned { code, help, found }
}

/// Every warning, by its code.
pub const WARNINGS: [Warned; 35] = [
    warned("constant-when", Found::Agent, "a `when` says the same of every failure"),
    warned("covered-grant", Found::Elsewhere, "a grant allows nothing that another one doesn't"),
    warned("dead-step", Found::Agent, "no path leads to a step"),
    warned("dynamic-import", Found::AgentUnderPolicy, "which module is imported is known only when the agent runs"),
    warned("endless-loop", Found::Agent, "a jump back that is taken once is taken for ever"),
    warned("endless-recursion", Found::Agent, "a workflow calls itself whatever happens"),
    warned("import-cannot-work", Found::Elsewhere, "an agent of an imported library does what no agent can do here"),
    warned("import-changed", Found::Elsewhere, "an agent of an imported library was changed, and does the same"),
    warned(
        "import-kept-safe",
        Found::Elsewhere,
        "an agent of an imported library did what isn't safe, and doesn't here",
    ),
    warned("import-more", Found::Elsewhere, "there is more to say of an imported library than is shown"),
    warned("import-unfinished", Found::Elsewhere, "an agent of an imported library is unfinished"),
    warned("import-without-need", Found::Agent, "a component imports what its manifest doesn't ask for"),
    warned("imports-not-audited", Found::AgentUnderPolicy, "a Python file's imports can't be read"),
    warned("literal-dollar", Found::Agent, "a `$name` in a text isn't filled in"),
    warned("literal-table", Found::Agent, "a table that holds `expr`, `text` or `json` is taken as it is"),
    warned("loop-runs-once", Found::Agent, "a loop that may have nothing to do isn't told where it ends"),
    warned("manifest-differs", Found::Agent, "a manifest says otherwise than the one in its component"),
    warned("more-findings", Found::Elsewhere, "there is more to say of a file than is said"),
    warned("need-without-grant", Found::Elsewhere, "an agent asks for more than the policy grants it"),
    warned("not-parsed", Found::Agent, "a Python file can't be read by the check's own parser"),
    warned("overwritten-output", Found::Agent, "two outputs of a step are kept under one name"),
    warned("probably-unset", Found::Agent, "a name, or the part of it that is read, is usually not there"),
    warned("replaces-built-in", Found::Elsewhere, "an agent stands in for the built-in one of its name"),
    warned("retry-with-effects", Found::Agent, "a step that is tried again may do twice what it does"),
    warned("type-mismatch", Found::Agent, "a value is not what the input's type says"),
    warned(
        "undefined-name",
        Found::Agent,
        "a template, or a wire with a `default`, asks for a name that nothing defines",
    ),
    warned("unmatched-section", Found::Elsewhere, "a section of the policy is about no agent"),
    warned("unreadable", Found::Elsewhere, "a folder can't be searched for agents"),
    warned("unread-output", Found::Agent, "nothing reads what a step keeps under a name"),
    warned("unused-allow", Found::Elsewhere, "a silenced warning isn't there"),
    warned("unused-grant", Found::Elsewhere, "nothing in the recorded runs used a grant"),
    warned("unknown-agent", Found::Elsewhere, "a policy is asked about an agent that isn't there"),
    warned(
        "unknown-module",
        Found::Agent,
        "an import, or `imports` of a policy, names what neither Python nor a package has",
    ),
    warned("wide-grant", Found::Elsewhere, "the recorded runs used less than a grant allows"),
    warned(
        "wider-than-sibling",
        Found::Elsewhere,
        "an agent is granted more than one beside it that asks for the same",
    ),
];

/// The warning of this code.
pub fn warning(code: &str) -> Option<&'static Warned> {
    WARNINGS.iter().find(|warned| warned.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page for authors has all of them, and no other.
    #[test]
    fn the_table_of_warnings_is_complete() {
        let page = include_str!("../../../agents/FORMAT.md");
        let rows = page.lines().skip_while(|line| !line.starts_with("| warning |")).skip(2);
        let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
        let silenced = |found: Found| match found {
            Found::Agent => "yes",
            Found::AgentUnderPolicy => "yes, under a policy",
            Found::Elsewhere => "no",
        };
        let row = |warned: &Warned| format!("| `{}` | {} | {} |", warned.code, warned.help, silenced(warned.found));
        assert_eq!(rows, WARNINGS.iter().map(row).collect::<Vec<_>>());
    }
}
