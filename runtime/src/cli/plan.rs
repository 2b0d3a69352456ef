//! Plans of dry runs, for a person and for machines.

use serde_json::json;

use crate::{
    audit::Verdict,
    cli::{
        Stop,
        render::shown_path,
        terminal::{escape, print_line},
    },
    plan::{Entry, Plan},
};

/// The widest that a column is made for what is in it, in characters; one long text is no reason to move
/// all others.
const MAX_WIDTH: usize = 60;

/// Prints what a real run of `agent` would do, as a table on stdout: the plan is what a dry run gives.
pub fn print(agent: &str, plan: &Plan) -> Result<(), Stop> {
    let (entries, more) = (plan.entries(), plan.more());
    if entries.is_empty() && more == 0 {
        return print_line(&format!("A real run of `{agent}` would touch nothing.\n"));
    }
    let mut rows = vec![["step", "agent", "policy", "answer", "effect"].map(str::to_owned)];
    rows.extend(entries.iter().map(row));
    let widths = [0, 1, 2, 3].map(|column| {
        let width = |row: &[String; 5]| row[column].chars().count();
        // Outside workflows there are no steps, and no column for them.
        let filled = rows[1..].iter().any(|row| !row[column].is_empty());
        if filled { rows.iter().map(width).filter(|width| *width <= MAX_WIDTH).max() } else { None }
    });
    let mut text = format!("A real run of `{agent}` would touch this, if it were answered the same:\n");
    for row in &rows {
        let columns = row.iter().zip(widths).filter_map(|(cell, width)| Some(format!("{cell:<0$}  ", width?)));
        text.push_str(&format!("  {}{}\n", columns.collect::<String>(), row[4]));
    }
    if more > 0 {
        text.push_str(&format!("  and {more} more\n"));
    }
    print_line(&text)
}

fn row(entry: &Entry) -> [String; 5] {
    let answer = match entry.decision {
        Verdict::Allowed => entry.answer.clone(),
        Verdict::Denied => format!("denied[{}]", entry.code),
    };
    let line = entry.line.as_deref().map_or_else(|| "no line".into(), shown_path);
    let times = if entry.count > 1 { format!(" ({} times)", entry.count) } else { String::new() };
    let effect = format!("{} {}{times}", entry.capability, entry.effect);
    [entry.step.clone(), entry.agent.clone(), line, answer, effect].map(|text| one_line(&text))
}

/// Text that a guest chose, as a part of a line.
fn one_line(text: &str) -> String {
    escape(&text.replace('\n', "\\n").replace('\t', "\\t")).into_owned()
}

/// The plan for machines.
pub fn object(plan: &Plan) -> serde_json::Value {
    json!({ "entries": plan.entries(), "more": plan.more() })
}

/// Whether anything was answered with a dummy.
pub fn has_dummies(plan: &Plan) -> bool {
    plan.entries().iter().any(|entry| entry.decision == Verdict::Allowed)
}
