//! Many items through one agent: a stream in, a stream out, and no more in memory than what is in flight.
//!
//! [`Items`] come from a file, each as the inputs of the agent; [`Retry`] says which failures are tried
//! again; and from the results, a line for each item, a later run knows what is [`Done`].

mod done;
mod histogram;
mod item;
mod lines;
#[cfg(feature = "host")]
mod order;
#[cfg(feature = "host")]
mod reader;
pub mod report;
#[cfg(feature = "host")]
mod run;
mod shard;
mod source;
mod table;
mod tally;
#[cfg(feature = "host")]
mod window;
#[cfg(feature = "host")]
mod work;
#[cfg(feature = "host")]
mod writer;

pub use done::Done;
pub use histogram::Histogram;
pub use item::{Digest, Item, Keyed, Shape};
#[cfg(feature = "host")]
pub use run::{Finished, MAX_JOBS, Options, Sink, Stop, TapeOf, Why, run};
pub use shard::{Shard, ShardError};
pub use source::{Items, MAX_FILES, MAX_ITEM, Source};
pub use tally::{Ended, MaxFailures, Tally, Used};

pub use crate::retry::{MAX_BACKOFF, MAX_RETRIES, Retry};
