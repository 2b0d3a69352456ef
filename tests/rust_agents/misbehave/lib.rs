//! Does what an agent in Rust can do wrong.

use turingbox_sdk::{Failure, Value, agent};

/// Do something that no agent should
#[agent(output = "What is left to say")]
fn misbehave(
    /// What to do
    #[input(choices = ["nothing", "silent", "nan", "panic", "overflow", "abort", "exit", "gigabyte", "megabyte", "print", "spin", "variables"])]
    how: String,
) -> Result<Option<String>, Failure> {
    if how == "silent" {
        return Ok(None);
    }
    misbehaved(&how).map(Some)
}

fn misbehaved(how: &str) -> Result<String, Failure> {
    match how {
        "nothing" => Ok("well".into()),
        "nan" => Ok(format!("{:?}", Value::json(&[Some(0.5), Some(f64::NAN)])?)),
        "panic" => panic!("on purpose"),
        "overflow" => Ok(deeper(0).to_string()),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        "gigabyte" => Ok("x".repeat(1 << 30)),
        "megabyte" => Ok("x".repeat(1 << 20)),
        "print" => {
            println!("to whoever looks");
            eprintln!("at it");
            Ok("said".into())
        }
        "variables" => Ok(std::env::vars().count().to_string()),
        "spin" => loop {
            std::hint::black_box(how);
        },
        other => Err(Failure::new(format!("nobody knows how to {other}"))),
    }
}

/// Calls itself for ever; what it keeps for each call is used behind it, so that no compiler makes a loop of it.
#[expect(unconditional_recursion, reason = "that is what is tried")]
fn deeper(depth: u64) -> u64 {
    let kept = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + kept[depth as usize % kept.len()]
}
