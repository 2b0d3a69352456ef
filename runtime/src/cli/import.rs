//! `turingbox import`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    agent::LIBRARY,
    cli::{Globals, Stop, render, terminal},
    diagnostic::counted,
    import::{Imported, MAX_LIBRARY, PARTS, convert, lines, page, part},
    source::Source,
};

#[derive(Args)]
pub struct ImportArgs {
    /// The library, like config.json; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Makes a folder of agents of a library of the original system, and says what became of it.
pub fn import(globals: &Globals, arguments: &ImportArgs) -> Result<(), Stop> {
    let source = if arguments.file == Path::new("-") {
        read(io::stdin(), "stdin")?
    } else {
        let path = arguments.file.display().to_string();
        match fs::File::open(&arguments.file) {
            Ok(file) => read(file, &path)?,
            Err(error) => return Err(Stop::Usage(format!("the library `{path}` can't be read: {error}"))),
        }
    };
    let imported = convert(&source)?;
    let out = &arguments.out;
    write(&imported, &source, out)
        .map_err(|(path, why)| Stop::Usage(format!("`{}` can't be written: {why}", path.display())))?;
    if globals.json {
        return terminal::print_json(&object(&imported, out));
    }
    terminal::print_line(summary(&imported, out).trim_end())?;
    render::note(&format!("next: turingbox check {}", out.display()));
    Ok(())
}

/// The library that `path` is, if it is a file of JSON and no folder.
pub fn json_library(path: &Path) -> Result<Option<Arc<Source>>, Stop> {
    if path.extension().is_none_or(|extension| extension != "json") || path.is_dir() {
        return Ok(None);
    }
    let shown = path.display().to_string();
    let cannot = |error| Stop::Usage(format!("the library `{shown}` can't be opened: {error}"));
    // A pipe would keep the command waiting.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(Stop::Usage(format!("the library `{shown}` can't be opened: it is not a file")));
    }
    read(fs::File::open(path).map_err(cannot)?, &shown).map(Some)
}

fn read(file: impl Read, path: &str) -> Result<Arc<Source>, Stop> {
    let mut bytes = Vec::new();
    let cannot = |why: &dyn std::fmt::Display| Stop::Usage(format!("the library `{path}` can't be read: {why}"));
    // One byte more, by which `convert` sees that it is too large.
    file.take(MAX_LIBRARY + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    let too_large = bytes.len() as u64 > MAX_LIBRARY;
    match String::from_utf8(bytes) {
        _ if too_large => Err(cannot(&format!(
            "it is larger than {} MiB: split it, each part is a library of its own",
            MAX_LIBRARY >> 20
        ))),
        Ok(text) => Ok(Source::new(path, text)),
        Err(_) => Err(cannot(&"it is not UTF-8")),
    }
}

/// A file that can't be written, and why.
type Unwritten = (PathBuf, io::Error);

fn write(imported: &Imported, source: &Source, out: &Path) -> Result<(), Unwritten> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| (path, error)
    };
    fs::create_dir_all(out).map_err(at(out))?;
    if fs::read_dir(out).map_err(at(out))?.next().is_some() {
        let why = "there is something in it already: name a folder that is empty, or not there yet";
        return Err((out.to_path_buf(), io::Error::new(io::ErrorKind::AlreadyExists, why)));
    }
    let file = source.path.rsplit('/').next().unwrap_or_default();
    let mut files = vec![
        (PathBuf::from("policy.toml"), imported.policy.clone()),
        (PathBuf::from("IMPORT.md"), page(file, imported)),
    ];
    let replaces = imported.replaces();
    if !replaces.is_empty() {
        let names = serde_json::Value::from(replaces);
        let text =
            format!("# The agents here that stand in for the built-in ones of their names.\nreplaces = {names}\n");
        files.push((PathBuf::from(LIBRARY), text));
    }
    for agent in &imported.agents {
        files.extend(agent.files.iter().map(|(file, text)| (Path::new(&agent.folder).join(file), text.clone())));
    }
    for (file, text) in files {
        let path = out.join(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        fs::write(&path, text).map_err(at(&path))?;
    }
    Ok(())
}

fn summary(imported: &Imported, out: &Path) -> String {
    let (stubs, agents) = imported.stubs();
    let with = if stubs.is_empty() { String::new() } else { format!(" and {}", counted(stubs.len(), "stub")) };
    let mut text = format!("imported {}{with} into {}\n", counted(agents, "agent"), out.display());
    for (code, title, _) in PARTS {
        let findings = part(&imported.report, code);
        if !findings.is_empty() {
            text.push_str(&format!("\n{title}:\n  {}\n", findings.join("\n  ")));
        }
    }
    terminal::escape(&text).into_owned()
}

fn object(imported: &Imported, out: &Path) -> serde_json::Value {
    let findings = imported.report.0.iter().zip(lines(&imported.report)).map(|(finding, line)| {
        let place = finding.place.as_ref().map(|place| format!("{}:{line}", place.source.path));
        json!({ "code": finding.code, "message": finding.message, "place": place })
    });
    let names = imported.agents.iter().filter(|agent| !agent.is_stub).map(|agent| agent.name.as_str());
    json!({
        "out": out,
        "agents": names.collect::<Vec<_>>(),
        "stubs": imported.stubs().0,
        "findings": findings.collect::<Vec<_>>(),
    })
}
