//! Which options inputs can't have.

use std::collections::BTreeSet;

use super::taken;
use crate::{
    Library,
    agent::{Entry, Manifest},
    cli::{batch, bench, run},
};

/// The page for authors says which names are taken by each command, all of them and no other.
#[test]
fn the_table_of_taken_names_is_complete() {
    let library = Library::with_manifests(&[("a", "kind = \"template\"\ntext = \"\"\n")]);
    let Some(Entry::Valid(manifest)) = library.get("a") else { panic!() };
    let taken = |command: fn(&Manifest) -> clap::Command| {
        taken(&command(manifest)).iter().map(|long| long.replace('-', "_")).collect::<BTreeSet<_>>()
    };
    let run = taken(run::command);
    let beside = |names: BTreeSet<String>| names.difference(&run).cloned().collect();
    let row = |command: &str, names: BTreeSet<String>| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("| {command} | {} |", names.join(", "))
    };
    let expected = [
        row("`run`", run.clone()),
        row("`batch`, beside these", beside(taken(batch::command))),
        row("`bench`, beside those of `run`", beside(taken(bench::command))),
    ];
    let page = include_str!("../../../../agents/FORMAT.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| command | taken names |")).skip(2);
    assert_eq!(rows.take_while(|line| line.starts_with('|')).collect::<Vec<_>>(), expected);
}
