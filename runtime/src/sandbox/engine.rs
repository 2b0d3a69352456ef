//! How wasmtime is set up: an engine for each way to count fuel.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig, VariableOperatorCost,
};

use crate::sandbox::fuel::Counter;

/// How many instances live at once in a process, where it isn't said. Each takes address space and no memory, but
/// its stack is fenced off by a system call when the process begins.
pub const LIVE: u32 = 128;

/// The most that can be said: the memories of two engines take 32 of the 128 terabytes that a process has addresses
/// for.
pub const MAX_LIVE: u32 = 2048;

/// The native stack of a guest, in bytes: so much that CPython's own bounds on recursion nearly
/// always come first and give a `RecursionError` rather than a crash of the instance.
const WASM_STACK: usize = 4 << 20;

/// What our own functions may take of the stack below the guest's, in bytes.
const HOST_STACK: usize = 1 << 20;

/// How much of an instance's memory stays in place for the next one, in bytes: what was written is
/// reset by a copy, which saves a page fault for each page that is used again. That pays where the
/// kernel can say which pages were written (Linux 6.7); elsewhere everything would be copied.
const KEPT_RESIDENT: usize = 32 << 20;

/// Sets up an engine for guests whose fuel `counter` counts. Metering is by fuel alone: a guest yields after every
/// slice of it, so that a deadline preempts a busy loop too, and bulk operations cost by the byte, before they run.
///
/// Instances come from a pool that has room for `live` of them. Where a process may not reserve the pool's address
/// space (a terabyte for the usual number, none of it memory), each is allocated by itself: slower, and as safe.
///
/// With `parallel`, compiling takes all of the machine.
pub fn engine(counter: Counter, parallel: bool, live: u32) -> wasmtime::Result<Engine> {
    let pooled = InstanceAllocationStrategy::Pooling(pool(live));
    let engine = |allocation| Engine::new(config(counter, allocation).parallel_compilation(parallel));
    engine(pooled).or_else(|_| engine(InstanceAllocationStrategy::OnDemand))
}

/// The engine of a process that compiles and runs nothing. It takes no address space for instances, and
/// what it compiles is what the other one loads.
pub fn compiler() -> wasmtime::Result<Engine> {
    Engine::new(&config(Counter::Engine, InstanceAllocationStrategy::OnDemand))
}

fn config(counter: Counter, allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(allocation)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(WASM_STACK + HOST_STACK)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(8))
        .generate_address_map(false)
        .relaxed_simd_deterministic(true);
    match counter {
        Counter::Engine => config.consume_fuel(true).operator_cost(cost()),
        // Off where wasmtime isn't told, until more was tried with it: this code is ours, and the same for everyone.
        Counter::Guest => config.wasm_branch_hinting(true),
    };
    config
}

fn cost() -> OperatorCost {
    // A page that is asked for is a page that the host zeroes.
    let variable = VariableOperatorCost { memory_grow_per_page: u8::MAX, ..VariableOperatorCost::new() };
    OperatorCost { variable, ..OperatorCost::default() }
}

fn pool(live: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(live)
        .total_core_instances(live * 20)
        .total_memories(live * 2)
        .total_tables(live * 4)
        .total_stacks(live)
        .max_core_instances_per_component(64)
        .max_memories_per_component(8)
        .max_tables_per_component(16)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(50_000)
        .max_memory_size(4 << 30)
        .table_keep_resident(256 << 10);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEPT_RESIDENT);
    }
    pool
}
