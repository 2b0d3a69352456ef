//! Tests of the whole: the command line, the agents, bad input, hostile guests, and the invariants
//! that `runtime/ARCHITECTURE.md` promises. A case is a folder or a file; adding one adds no Rust.

mod agents;
mod audit;
mod authority;
mod bad_input;
mod batch;
mod cache;
mod cases;
mod cli;
mod clients;
mod commands;
mod compile;
mod dry_run;
mod expressions;
mod fuel;
mod given;
mod hostile;
mod import;
mod imports;
mod interrupt;
mod invariants;
mod isolation;
mod library;
mod locked;
mod network;
mod packages;
mod resident;
mod share;
mod signed_by;
mod sql;
mod steps;
mod store;
mod support;
mod telemetry;
mod tidy;
mod wall;
