//! What a proc is handed of a text, where its manifest says that the input is none.

use std::borrow::Cow;

use crate::{
    Hint, Value,
    agent::{Bounds, Code as AgentCode},
    failure::{Code, Failure},
    sandbox::Call,
};

/// The value of the input `name` as the guest of `call` gets it: a text that says a number, `true` or `false` is
/// that, where the manifest wants it. Nothing in a workflow has a type, and to Python the text `false` is true.
///
/// A compiled agent reads such a text itself, and no caller is to need to know which kind an agent is. A text is
/// JSON, too, so that one for an input of type `json` stays what it is. Bounds are the agent's business, as they are
/// for a number.
///
/// # Errors
///
/// When the text says nothing of the sort.
pub(super) fn meant<'v>(call: &Call<'_>, name: &str, value: &'v Value) -> Result<Cow<'v, Value>, Failure> {
    let Value::Text(text) = value else { return Ok(Cow::Borrowed(value)) };
    let reads_itself = matches!(call.code, AgentCode::Component { .. });
    let input = call.manifest.input(name).filter(|_| !reads_itself);
    let Some(wanted) = input.and_then(|input| without_bounds(&input.hint)) else {
        return Ok(Cow::Borrowed(value));
    };
    wanted.read(text.as_bytes().to_vec()).map(Cow::Owned).map_err(|_| {
        let message = format!("the input `{name}` is to be {}, not {value:?}", wanted.wanted());
        Failure::new(Code::Input, message)
    })
}

/// The hint, of what is written in a text and is none.
fn without_bounds(hint: &Hint) -> Option<Hint> {
    match hint {
        Hint::Number(_) => Some(Hint::Number(Bounds::default())),
        Hint::Integer(_) => Some(Hint::Integer(Bounds::default())),
        Hint::Boolean => Some(Hint::Boolean),
        _ => None,
    }
}
