//! Rust types for the contract in `guest-sdk/wit`, made by wasmtime's macro.

/// A compiled agent.
pub mod proc {
    wasmtime::component::bindgen!({
        path: "../guest-sdk/wit",
        world: "proc",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { "turingbox:agent/http.send": async, "turingbox:agent/sql.query": async },
        exports: { default: async },
    });
}

/// A guest that runs agents written in its own language.
pub mod interpreter {
    wasmtime::component::bindgen!({
        path: "../guest-sdk/wit",
        world: "interpreter",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { "turingbox:agent/fuel.refill": async | trappable },
        exports: { default: async },
        with: {
            "turingbox:agent/types": super::proc::turingbox::agent::types,
            "turingbox:agent/log": super::proc::turingbox::agent::log,
            "turingbox:agent/http": super::proc::turingbox::agent::http,
            "turingbox:agent/call": super::proc::turingbox::agent::call,
            "turingbox:agent/sql": super::proc::turingbox::agent::sql,
        },
    });
}

pub use proc::turingbox::agent::{call, http, log, sql, types};
/// What a guest is lent for a call, and what it gives.
pub use types::{FieldParam as Input, FieldResult as Field, ValueParam as Lent, ValueResult as Owned};
