//! Programs that compute: the same sources for everyone, in `programs/`.

use std::fs;

use crate::{
    World,
    command::Failed,
    ours::folder,
    peer::Request,
    table::{Row, Unit},
    turns::{Measured, in_turn},
};

/// One of them. Its function `main` takes nothing and gives a text.
pub struct Work {
    pub name: String,
    pub source: String,
}

impl Work {
    pub fn all() -> Result<Vec<Self>, Failed> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder("programs"))? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push(Self { name, source: fs::read_to_string(path)? });
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// The agent that is made of it. The library has other names.
    pub fn agent(&self) -> String {
        format!("compute_{}", self.name)
    }
}

/// Ours and the sandboxes' with a fresh instance for each, all limits on; CPython's in a process that is there.
pub fn run(world: &mut World) -> Result<(), Failed> {
    let mut all = Vec::new();
    for work in Work::all()? {
        let request =
            Request { what: "fresh", source: work.source.clone(), call: "main()".to_owned(), ..Request::default() };
        let mut sides = vec![world.ours.side(&work.agent(), &[])?];
        sides.extend(world.processes.iter_mut().chain(&mut world.sandboxes).map(|peer| peer.side(&request)));
        let measured = in_turn(sides)?;
        all.push(measured.clone());
        world.table.add(Row::of_times(&format!("compute: {}", work.name), measured));
    }
    let of_all = together(&all);
    world.table.add(Row::new("compute: geometric mean", Unit::Time, of_all));
    Ok(())
}

/// The geometric mean of each side's times. Who didn't do all of it has none.
pub fn together(all: &[Measured]) -> Vec<(String, Result<f64, String>)> {
    let sides = all.first().into_iter().flatten().map(|(name, _)| name);
    let mean = |name: &str| {
        let times = all.iter().flatten().filter(|(side, _)| side == name);
        let logarithms = times.map(|(_, time)| Some(time.as_ref().ok()?.as_secs_f64().ln()));
        let sum: f64 = logarithms.sum::<Option<f64>>().ok_or("doesn't run all of them")?;
        Ok((sum / all.len() as f64).exp())
    };
    sides.map(|name| (name.clone(), mean(name))).collect()
}
