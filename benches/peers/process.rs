//! Whole processes, from their start to their end.

use std::process::Command;

use crate::{
    World,
    command::Failed,
    install::succeed,
    ours::{AGENT, ANSWER, INPUT, NAME, agents, cache, scratch, state},
    table::Row,
    turns::{Side, Times, in_turn},
};

/// A program that does nothing, for the `wasmtime` command.
const NOTHING: &str = "(module (memory (export \"memory\") 1) (func (export \"_start\")))";

/// `turingbox run` of a Python agent; a CPython that does nothing; and `wasmtime run` of a compiled program that does
/// nothing either.
pub fn run(world: &mut World) -> Result<(), Failed> {
    let mut ours = Command::new(&world.ours.binary);
    ours.args(["run", AGENT, "--text", INPUT, "--no-store", "--agents"]).arg(agents()).current_dir(scratch(""));
    ours.env("TURINGBOX_CACHE", cache()).env("TURINGBOX_STATE", state());
    let mut sides = vec![side(NAME, ours, ANSWER)];
    for native in &world.natives {
        let mut command = native.command();
        command.args(["-I", "-S", "-c", "pass"]);
        sides.push(side(&native.name(), command, ""));
    }
    if let Some((name, binary)) = &world.wasmtime {
        let (text, compiled) = (scratch("nothing.wat"), scratch("nothing.cwasm"));
        std::fs::write(&text, NOTHING)?;
        succeed(Command::new(binary).arg("compile").arg(text).arg("-o").arg(&compiled))?;
        let mut command = Command::new(binary);
        command.args(["run", "--allow-precompiled"]).arg(compiled);
        sides.push(side(name, command, ""));
    }
    let measured = in_turn(sides)?;
    world.table.add(Row::of_times("a whole process", measured));
    Ok(())
}

fn side(name: &str, mut command: Command, expected: &str) -> Side<'static> {
    let expected = expected.to_owned();
    Side::new(name, move |runs| {
        Times::of(runs, || match succeed(&mut command)? {
            said if said == expected => Ok(String::new()),
            said => Err(format!("said {said:?}, not {expected:?}")),
        })
    })
}
