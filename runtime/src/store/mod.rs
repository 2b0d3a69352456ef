//! Runs that are kept: one SQLite file, a row for each step. A run that was stopped at any moment goes on
//! where it was, one that is over can be run again to the same bytes, and another can leave it at any step.
//!
//! Nothing of the engine's state is kept. What it does follows from what its steps gave, so going on is
//! going through the run again with the recorded answers, and making the first call that isn't there.

mod allowed;
mod answers;
mod cells;
mod encode;
mod going;
mod hold;
mod job;
mod past;
mod queue;
mod recorder;
mod replay;
mod runs;
mod schema;
mod writer;

pub use allowed::{Allowed, Request};
pub use cells::{Cells, StoredCell};
pub use going::Decisions;
pub use hold::Hold;
pub(crate) use past::{is_below, shown};
pub use recorder::Recorder;
pub use replay::{Difference, Replay};
pub use runs::{Change, Command, NewRun, Origin, Run, Setting, State, Store};
pub use schema::StoreError;
pub use writer::{Opening, Writer};
