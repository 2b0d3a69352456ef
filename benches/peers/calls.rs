//! A call of a two-line function: in a fresh instance, and in one that is kept.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use turingbox::engine::{Cell, Tape};

use crate::{
    World,
    command::Failed,
    install::succeed,
    ours::{AGENT, ANSWER, CALL, CALLS, NAME, Ours, SOURCE, inputs},
    peer::Request,
    table::Row,
    turns::{Side, Times, in_turn},
};

/// A fresh instance, the source loaded, the function called, all thrown away. For CPython that is a process.
pub fn fresh(world: &mut World) -> Result<(), Failed> {
    let inputs = inputs();
    let mut sides = vec![world.ours.side(AGENT, &inputs)?];
    for native in &world.natives {
        let program = format!("{SOURCE}\nprint({CALL})");
        let mut command = native.command();
        command.args(["-I", "-S", "-c", &program]);
        let name = native.name();
        sides.push(Side::new(&name, move |runs| Times::of(runs, || succeed(&mut command))));
    }
    sides.extend(world.sandboxes.iter_mut().map(|peer| peer.side(&call("fresh"))));
    let measured = in_turn(sides)?;
    world.table.add(Row::of_times("a fresh Python instance, loaded and called", measured));
    Ok(())
}

/// A call in an instance that has served others. Ours is a step of a workflow, with all that the engine does for one.
pub fn kept(world: &mut World) -> Result<(), Failed> {
    let ours = &world.ours;
    let mut sides = vec![Side::new(NAME, |_| kept_calls(ours).map_err(|error| error.to_string()))];
    sides.extend(world.sandboxes.iter_mut().map(|peer| peer.side(&call("kept"))));
    let measured = in_turn(sides)?;
    world.table.add(Row::of_times("a call of a kept Python instance", measured));
    Ok(())
}

/// Calls [`AGENT`], as a peer is asked to.
pub fn call(what: &'static str) -> Request {
    Request { what, source: SOURCE.to_owned(), call: CALL.to_owned(), ..Request::default() }
}

/// The moments at which steps were over.
#[derive(Default)]
struct Moments(Mutex<Vec<Instant>>);

impl Tape for Moments {
    fn append(&self, _: &Cell<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    }
}

/// How long each step but the first of [`CALLS`] took: the first makes the instance.
fn kept_calls(ours: &Ours) -> Result<Times, Failed> {
    let moments = Arc::new(Moments::default());
    let engine = ours.recorded(CALLS, &format!("[agents.{AGENT}]\nisolation = \"run\"\n"), moments.clone())?;
    let answer = ours.call(&engine, &[])?;
    assert_eq!(answer, ANSWER);
    let moments = moments.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Times { times: moments.windows(2).map(|pair| pair[1] - pair[0]).collect(), answer })
}
