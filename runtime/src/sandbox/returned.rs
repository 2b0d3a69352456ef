//! What a guest gave back: checked, cleaned of secrets, or turned into a failure that says whose it is.

use wasmtime::{PoolConcurrencyLimitError, Store, Trap, WasmBacktrace, component::ResourceTableError};
use wasmtime_wasi::I32Exit;

use crate::{
    Value, agent,
    capability::{files::Full, gate::MAX_DENIED},
    diagnostic::counted,
    failure::{Code, Failure},
    policy::size_text,
    sandbox::{
        Call, CallLimits, CallState,
        bindings::{Field, Owned, types},
        command::TooMuch,
        fuel::CountsNothing,
        handed,
        limiter::Limiter,
        state::MAX_HANDLES,
    },
    secret::{BREAKS, Scrubber},
};

/// The most outputs of one call that the agent doesn't declare. Each is compared with the others, and
/// no workflow names so many.
const MAX_OPEN_OUTPUTS: usize = 1000;

/// What a call gave, without the secrets that it held. Texts are cut afterwards: before, a part of one would stay.
pub(super) fn scrubbed(
    result: Result<Vec<(String, Value)>, Failure>,
    scrubber: &Scrubber,
) -> Result<Vec<(String, Value)>, Failure> {
    let clean = |text: &str| scrubber.text(text).into_owned();
    let named_like_one = |outputs: &[(String, Value)]| outputs.iter().any(|(name, _)| clean(name) != *name);
    match result {
        Ok(outputs) if scrubber.is_empty() => Ok(outputs),
        Ok(outputs) if named_like_one(&outputs) => {
            Err(Failure::new(Code::Result, "the agent named an output by a secret that it holds"))
        }
        Ok(outputs) => Ok(outputs.into_iter().map(|(name, value)| (name, scrubber.value(value))).collect()),
        Err(failure) => Err(Failure {
            message: beginning(one_line(&clean(&failure.message))),
            trace: end(clean(&failure.trace)),
            help: failure.help.as_deref().map(clean),
            ..failure
        }),
    }
}

pub(crate) fn lower(value: &Value) -> Owned {
    match value {
        Value::Text(text) => Owned::Text(text.as_ref().to_owned()),
        Value::Data(data) => Owned::Data(data.to_vec()),
        Value::Json(json) => Owned::Json(json.as_str().to_owned()),
        Value::Secret(_) => Owned::Text(String::from_utf8_lossy(value.bytes()).into_owned()),
    }
}

/// Checks what a guest returned: declared names only, once each, valid, all that is promised, and
/// not too much.
pub(super) fn outputs(fields: Vec<Field>, call: &Call<'_>) -> Result<Vec<(String, Value)>, Failure> {
    let size: u64 = fields.iter().map(size).sum();
    if size > call.limits.output {
        return Err(too_much(&call.limits));
    }
    let undeclared = fields.iter().filter(|field| call.manifest.output(&field.name).is_none()).count();
    if undeclared > MAX_OPEN_OUTPUTS {
        let message =
            format!("the agent returned {undeclared} outputs that it doesn't declare, more than {MAX_OPEN_OUTPUTS}");
        return Err(Failure::new(Code::Result, message));
    }
    let mut outputs: Vec<(String, Value)> = Vec::with_capacity(fields.len());
    for Field { name, value } in fields {
        let shown = name.escape_debug();
        if !call.manifest.may_give(&name) && name != agent::STATUS {
            let known: Vec<_> = call.manifest.outputs.iter().map(|output| output.name.as_str()).collect();
            let mut failure =
                Failure::new(Code::Result, format!("the agent returned `{shown}`, which its manifest doesn't declare"));
            failure.help = match call.manifest.open_outputs {
                true if name == agent::STEP_INDEX => Some("`[outputs.step_index]` declares it".into()),
                true => Some(agent::NAME_FORM.into()),
                false => crate::diagnostic::suggestion(&name, known.iter().copied()),
            };
            return Err(failure);
        }
        if outputs.iter().any(|(other, _)| *other == name) {
            return Err(Failure::new(Code::Result, format!("the agent returned `{shown}` twice")));
        }
        let value = lift(value)
            .map_err(|error| Failure::new(Code::Result, format!("the output `{shown}` is not JSON: {error}")))?;
        outputs.push((name, value));
    }
    let given = |name: &str| outputs.iter().any(|(given, _)| given == name);
    match call.manifest.outputs.iter().find(|output| output.always && !given(&output.name)) {
        Some(output) => {
            let message = format!("the agent left `{}` out, which its manifest says it never does", output.name);
            Err(Failure::new(Code::Result, message).help("take `always` out of the manifest if it may"))
        }
        None => Ok(outputs),
    }
}

fn size(field: &Field) -> u64 {
    let value = match &field.value {
        Owned::Text(text) | Owned::Json(text) => text.len(),
        Owned::Data(data) => data.len(),
    };
    (field.name.len() + value) as u64
}

pub(crate) fn lift(value: Owned) -> Result<Value, crate::JsonError> {
    Ok(match value {
        Owned::Text(text) => Value::text(text),
        Owned::Data(data) => Value::data(data),
        Owned::Json(text) => Value::Json(crate::Json::parse(text)?),
    })
}

fn too_much(limits: &CallLimits) -> Failure {
    Failure::new(Code::Output, format!("the agent returned more than {}", size_text(limits.output)))
        .help("raise `limits.output` in the policy")
}

/// A guest that was stopped where it called the host, and not when it had returned.
fn too_large(limits: &CallLimits) -> Failure {
    let most = size_text(handed(limits.output));
    Failure::new(Code::Argument, format!("the agent handed the host more than {most} in one piece"))
        .help("a request's body, a statement's parameters and another agent's inputs have bounds: pass less at a time")
}

fn out_of_memory(limits: &CallLimits) -> Failure {
    Failure::new(Code::Memory, format!("the agent needs more memory than {}", size_text(limits.memory)))
        .help("raise `limits.memory` in the policy")
}

/// Stops a guest that was denied as much as it may be.
#[derive(Debug, thiserror::Error)]
#[error("the agent was denied too much")]
pub(super) struct TooManyDenials;

/// A call that was denied as much as one may be.
pub(crate) fn over() -> Failure {
    Failure::new(
        Code::Denials,
        format!("the agent was denied too much: {MAX_DENIED} times, or with the rest of its run"),
    )
    .help("it asks again and again for what it isn't granted: let it ask for less, or grant what it needs")
}

/// The longest message of a failure, in bytes, and the longest trace; what comes first is kept of the one, and
/// what comes last of the other. A person reads them, and each step that failed has its own, on the tape and in
/// reports.
const MAX_MESSAGE: usize = 9 << 10;
const MAX_TRACE: usize = 65 << 10;

/// A failure that the guest told us of.
pub(super) fn reported(failure: types::Failure, limiter: &Limiter, limits: &CallLimits) -> Failure {
    use types::FailureKind;
    let mut result = match failure.kind {
        FailureKind::Memory if limiter.refused() => out_of_memory(limits),
        FailureKind::Error | FailureKind::Memory => Failure::new(Code::Failed, failure.message),
        FailureKind::Source => Failure::new(Code::Source, failure.message),
        FailureKind::Output => Failure::new(Code::Result, failure.message),
    };
    result.trace = failure.trace;
    result
}

/// A message is one line, says the contract.
fn one_line(message: &str) -> String {
    message.split(BREAKS).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn beginning(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push('…');
    }
    message
}

fn end(trace: String) -> String {
    match trace.len().checked_sub(MAX_TRACE) {
        Some(over @ 1..) => format!("…{}", &trace[trace.ceil_char_boundary(over)..]),
        _ => trace,
    }
}

/// A failure that stopped the guest.
pub(super) fn trapped(error: &wasmtime::Error, store: &Store<CallState>, limits: &CallLimits) -> Failure {
    let limiter = &store.data().limiter;
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Failure::new(Code::Crashed, format!("the agent's program exited with {code} in place of returning"));
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::host(format!("this process runs {} agents at once, and no more", store.data().live))
            .help("run fewer at a time (`--jobs`, `parallel`), or let workflows and procs call each other less deep");
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Failure::new(
            Code::Crashed,
            format!("the agent holds more than {MAX_HANDLES} files and streams open at once"),
        );
    }
    if let Some(full) = error.downcast_ref::<Full>() {
        return Failure::new(Code::DryRun, full.to_string()).help("grant a smaller folder, or run it for real");
    }
    if let Some(wrong) = error.downcast_ref::<CountsNothing>() {
        return Failure::host(wrong).help("let `TURINGBOX_PYTHON_COMPONENT` name a component of the same version");
    }
    if error.is::<TooManyDenials>() {
        return over();
    }
    if error.is::<TooMuch>() {
        return too_much(limits);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            Failure::new(Code::Fuel, format!("the agent burnt all its fuel, {}", counted(limits.fuel, "unit")))
                .help("raise `limits.fuel` in the policy, of the agent or of the workflow that called it")
        }
        Some(_) if limiter.refused() => out_of_memory(limits),
        Some(Trap::StackOverflow) => {
            Failure::new(Code::Crashed, "the agent overflowed its stack: does it call itself for ever?")
        }
        Some(trap) => Failure::new(Code::Crashed, format!("the agent crashed: {trap}")),
        None if limiter.refused() => out_of_memory(limits),
        None if format!("{error:#}").contains("fuel allocated for hostcalls") => match error.is::<WasmBacktrace>() {
            true => too_large(limits),
            false => too_much(limits),
        },
        None => Failure::new(Code::Crashed, format!("the agent broke the contract: {error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2\nhunter3";

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.add("KEY", SECRET);
        scrubber
    }

    fn failure(message: impl Into<String>, trace: impl Into<String>) -> Failure {
        let failure = Failure::new(Code::Failed, message);
        let failed = scrubbed(Err(Failure { trace: trace.into(), ..failure }), &scrubber());
        failed.unwrap_err()
    }

    #[test]
    fn a_failure_keeps_how_its_message_begins_and_its_trace_ends() {
        let long = failure("ü".repeat(MAX_MESSAGE), format!("{}end", "ü".repeat(MAX_TRACE)));
        assert!(long.message.ends_with("ü…") && long.trace.starts_with("…ü") && long.trace.ends_with("end"));
        assert!(long.message.len() <= MAX_MESSAGE + 3 && long.trace.len() <= MAX_TRACE + 3);
        let fits = failure("m".repeat(MAX_MESSAGE), "t".repeat(MAX_TRACE));
        assert_eq!((fits.message.len(), fits.trace.len()), (MAX_MESSAGE, MAX_TRACE));
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(failure("it\r\nfailed\n\nhere\n", "a\nb").message, "it failed here");
    }

    #[test]
    fn no_part_of_a_secret_is_where_a_text_is_cut() {
        for before in MAX_MESSAGE - SECRET.len()..MAX_MESSAGE {
            let message = failure(format!("{}{SECRET}", "x".repeat(before)), "").message;
            assert!(!message.contains('h') && message.starts_with('x'), "{message}");
        }
        for after in MAX_TRACE - SECRET.len()..MAX_TRACE {
            let trace = failure("it failed", format!("before {SECRET}{}", "x".repeat(after))).trace;
            assert!(!trace.contains('3') && trace.ends_with('x'), "{trace}");
        }
    }

    #[test]
    fn no_output_is_named_by_a_secret() {
        let given = |name: &str| scrubbed(Ok(vec![(name.to_owned(), Value::text("a hunter3"))]), &scrubber());
        assert_eq!(given("a").unwrap(), [("a".to_owned(), Value::text("a [KEY]"))]);
        assert_eq!(given("hunter2").unwrap_err().code, Code::Result);
    }
}
