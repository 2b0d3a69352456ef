//! What an agent asks for. A policy decides.

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    policy::need_form,
};

/// One capability that an agent asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability's word, as in a policy.
    pub capability: String,
    /// What of it.
    pub wanted: Vec<String>,
}

impl Need {
    /// Whether what it asks for can change the world: all but reading.
    pub(super) fn has_effects(&self) -> bool {
        const READING: [&str; 5] = ["read", "GET", "HEAD", "OPTIONS", "select"];
        let reads = |text: &String| text.split(' ').next().is_some_and(|word| READING.contains(&word));
        match self.capability.as_str() {
            "env" => false,
            "files" | "http" | "databases" => self.wanted.is_empty() || !self.wanted.iter().all(reads),
            _ => true,
        }
    }
}

/// Reads `[needs]`.
pub(super) fn read_needs(top: &mut Table<'_>, report: &mut Report) -> Vec<Need> {
    let Some(mut table) = top.take("needs", report, Item::table) else { return Vec::new() };
    let mut needs = Vec::new();
    for capability in ["files", "http", "tcp", "databases", "env", "calls"] {
        if let Some(items) = table.take(capability, report, Item::array) {
            let read = |item| read_need(capability, item).map_err(|wrong| report.push(wrong)).ok();
            let wanted = items.into_iter().filter_map(read).collect();
            needs.push(Need { capability: capability.into(), wanted });
        }
    }
    table.finish(report);
    needs
}

fn read_need(capability: &str, item: Item<'_>) -> Result<String, Diagnostic> {
    let text = item.clone().string()?;
    match need_form(capability, &text) {
        Ok(()) => Ok(text),
        Err(form) => {
            let message = format!("`{}` is nothing that can be asked for with `{capability}`", text.escape_debug());
            Err(item.wrong("bad-need", message).help(form))
        }
    }
}
