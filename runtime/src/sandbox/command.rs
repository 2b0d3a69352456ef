//! Programs: what one is started with, and what becomes of what it leaves behind.

mod adapter;
mod arguments;
mod captured;

use std::path::Path;

use wasmtime::Store;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder, p2::pipe::MemoryInputPipe};

pub(super) use adapter::{add_to_linker, component, known_as};
pub(super) use captured::TooMuch;

use self::{arguments::Started, captured::Captured};
use crate::{
    Hint,
    agent::{Command, Origin, Taken},
    capability::{
        files::Private,
        log::{Level, Log},
    },
    failure::{Code, Failure},
    sandbox::{
        Call, CallState,
        bindings::{Field, Input, types},
        lower,
        written::Written,
    },
};

/// How much of standard error a failure shows, in bytes: what a person reads.
const MAX_TAIL: usize = 2048;

/// What a program that was started writes.
pub(crate) struct Streams {
    stdout: Captured,
    stderr: Captured,
}

impl CallState {
    /// Gets all ready that the program of `call` is started with.
    ///
    /// # Errors
    ///
    /// When an input can't be what the manifest makes of it, or there is no place for its folder.
    pub(super) fn start(
        &mut self,
        call: &Call<'_>,
        command: &Command,
        inputs: &[Input<'_>],
        scratch: &Path,
    ) -> Result<(), Failure> {
        let started = Started::new(command, inputs)?;
        if call.manifest.has_own_folder() {
            let private = Private::new(scratch).map_err(Failure::host)?;
            for (name, bytes) in &started.files {
                private.put(name, bytes).map_err(|error| no_place(name, &error))?;
            }
            self.files.add_private(private);
        }
        let streams = Streams::new(call, &self.log);
        let mut wasi = self.granted();
        started.enter(&mut wasi, &streams);
        self.wasi = Some(wasi.build());
        self.streams = Some(streams);
        Ok(())
    }
}

impl Started {
    /// What the program finds in its world beside what the policy gives it.
    fn enter(&self, wasi: &mut WasiCtxBuilder, streams: &Streams) {
        wasi.args(&self.arguments)
            .stdin(MemoryInputPipe::new(self.stdin.clone()))
            .stdout(Written(streams.stdout.clone()))
            .stderr(Written(streams.stderr.clone()));
        // The last of a name counts, so what the manifest says stands over what the policy grants.
        for (name, value) in &self.environment {
            wasi.env(name, value);
        }
    }
}

impl Streams {
    fn new(call: &Call<'_>, log: &Log) -> Self {
        let room = captured::Room::new(call.limits.output);
        let is_taken = |origin: &Origin| taken(call).any(|(_, taken)| taken.origin == *origin);
        let stream = |origin: Origin, level: Level| match is_taken(&origin) {
            true => Captured::kept(room.clone()),
            false => Captured::logged(log.clone(), level),
        };
        Self { stdout: stream(Origin::Stdout, Level::Info), stderr: stream(Origin::Stderr, Level::Warn) }
    }
}

/// What the outputs are taken from.
fn taken<'a>(call: &Call<'a>) -> impl Iterator<Item = (&'a str, &'a Taken)> {
    call.manifest.outputs.iter().filter_map(|output| Some((output.name.as_str(), output.taken.as_ref()?)))
}

/// The code that a program ended with; an error where it was stopped by something else.
pub(super) fn exit_code(ended: wasmtime::Result<Result<(), ()>>) -> wasmtime::Result<i32> {
    match ended {
        Ok(Ok(())) => Ok(0),
        Ok(Err(())) => Ok(1),
        Err(error) => match error.downcast_ref() {
            Some(I32Exit(code)) => Ok(*code),
            None => Err(error),
        },
    }
}

/// What a program that ended with `code` gives.
pub(super) fn outputs(
    store: &Store<CallState>,
    call: &Call<'_>,
    code: i32,
) -> wasmtime::Result<Result<Vec<Field>, types::Failure>> {
    let state = store.data();
    let Some(streams) = &state.streams else { return Err(wasmtime::Error::msg("a program was never started")) };
    let takes_code = taken(call).any(|(_, taken)| taken.origin == Origin::ExitCode);
    if code != 0 && !takes_code {
        return Ok(Err(exited(code, &streams.stderr.tail(call.env.scrubber_of_held()))));
    }
    let (mut fields, mut left) = (Vec::new(), call.limits.output);
    for (name, taken) in taken(call) {
        let bytes = match &taken.origin {
            Origin::Stdout => streams.stdout.bytes(),
            Origin::Stderr => streams.stderr.bytes(),
            Origin::ExitCode => code.to_string().into_bytes(),
            Origin::File(file) => match state.files.private().map(|private| private.take(file, left)) {
                Some(Ok(Some(bytes))) => bytes,
                // One that it never wrote is left out.
                None | Some(Ok(None)) => continue,
                Some(Err(error)) => return Ok(Err(unreadable(name, file, &error))),
            },
        };
        left = left.checked_sub(bytes.len() as u64).ok_or(TooMuch)?;
        match field(name, &taken.hint, bytes) {
            Ok(field) => fields.push(field),
            Err(failure) => return Ok(Err(failure)),
        }
    }
    Ok(Ok(fields))
}

fn field(name: &str, hint: &Hint, bytes: Vec<u8>) -> Result<Field, types::Failure> {
    let value = hint.read(bytes).map_err(|expected| {
        let message = match hint {
            Hint::Text => format!("the output `{name}` is not UTF-8; `type = \"bytes\"` takes any"),
            _ => format!("the output `{name}`: {expected}"),
        };
        types::Failure { kind: types::FailureKind::Output, message, trace: String::new() }
    })?;
    Ok(Field { name: name.to_owned(), value: lower(&value) })
}

fn exited(code: i32, tail: &str) -> types::Failure {
    let message = format!("the program exited with {code}");
    types::Failure { kind: types::FailureKind::Error, message, trace: tail.to_owned() }
}

fn unreadable(name: &str, file: &str, error: &std::io::Error) -> types::Failure {
    let message = format!("the output `{name}`, the file `{file}`, can't be read: {error}");
    types::Failure { kind: types::FailureKind::Output, message, trace: String::new() }
}

fn no_place(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(Code::Host, format!("the program's file `{name}` can't be written: {error}"))
}
