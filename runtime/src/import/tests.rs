use std::collections::BTreeMap;

use super::*;
use crate::{Library as Agents, Policy, Program};

/// The agents of `library`, ready to be run.
fn agents(library: &str) -> (Agents, Imported) {
    let source = Source::new("l.json", library);
    let imported = convert(&source).unwrap();
    let mut agents = Agents::default();
    convert(&source).unwrap().add_to(&mut agents, &source);
    agents.add_builtin();
    (agents, imported)
}

#[test]
fn scratch() {
    let Ok(text) = std::fs::read_to_string("/tmp/orig/config.json") else { return };
    let (agents, imported) = agents(&text);
    for finding in &imported.report.0 {
        println!("{} {}", finding.code, line(finding));
    }
    println!("{}", imported.policy);
    for agent in &imported.agents {
        for (file, text) in &agent.files {
            println!("---- {}/{file}\n{text}", agent.name);
        }
        match Program::load(&agents, &agent.name) {
            Ok((program, warnings)) => {
                for w in warnings.0.iter().chain(&program.audit().0) { println!("W {w}"); }
            }
            Err(report) => println!("E {} {report}", agent.name),
        }
    }
    let parsed = Policy::from_source(&Source::new("p", imported.policy.as_str()), |_| unreachable!());
    println!("{:?}", parsed.err());
    let _ = BTreeMap::<u8, u8>::new();
}
