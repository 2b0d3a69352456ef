//! Jumps to where no step is.

use crate::{
    Value,
    agent::{Hint, program::Source as From},
    diagnostic::{Diagnostic, counted},
};

use super::{Findings, Wired, flow::jumps};

/// Reports each constant that is to name a step and doesn't.
pub fn check(wired: &Wired<'_>, found: &mut Findings) {
    for ((step, spec), callee) in wired.steps.iter().zip(&wired.spec.steps).zip(wired.callees) {
        if !jumps(callee) {
            continue;
        }
        for ((name, from), written) in step.inputs.iter().zip(&spec.inputs) {
            let From::Constant(value) = from else { continue };
            let input = callee.input(name).filter(|input| input.hint == Hint::Step);
            let Some(input) = input else { continue };
            let left_out = !input.is_required() && matches!(value, Value::Json(json) if json.as_str() == "null");
            if !left_out && wired.targets().after(value).is_none() {
                let wrong = bad_jump(wired, value, found).at_place(&written.place);
                found.push(wrong);
            }
        }
    }
}

fn bad_jump(wired: &Wired<'_>, value: &Value, found: &mut Findings) -> Diagnostic {
    let ids = wired.steps.iter().filter_map(|step| step.id.as_deref());
    let (message, help) = match value {
        Value::Text(id) if id.trim().parse::<i64>().is_err() => {
            (format!("no step has the id `{}`", id.escape_debug()), found.suggestion(id, ids))
        }
        _ => (format!("there is no step {value:?}"), None),
    };
    let last = wired.steps.len().saturating_sub(1);
    let before = if wired.spec.open_ends { "; -1 is before the first" } else { "" };
    let range = format!("this workflow has {}, 0 to {last}{before}", counted(wired.steps.len(), "step"));
    Diagnostic::error("bad-jump", message).label("a jump goes to a step's id or position").help(help.unwrap_or(range))
}
