//! Outputs of a step that are kept under one name.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;

use super::{Findings, Wired};

/// Warns of each output that is kept under the name of one before it in the same step.
pub fn check(wired: &Wired<'_>, found: &mut Findings) {
    for step in &wired.spec.steps {
        let mut kept = HashMap::new();
        for (output, name, place) in step.outputs.iter().flatten() {
            if let Some(other) = kept.insert(name, output) {
                let message =
                    format!("`{other}` and `{output}` are both kept as `{name}`: one takes the other's place");
                let finding = Diagnostic::warning("overwritten-output", message).at_place(place);
                found.push(finding.help("keep each under a name of its own"));
            }
        }
    }
}
