//! `turingbox pack` and `turingbox push`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::json;

use crate::{
    Diagnostic, Library, Program, Severity,
    agent::{Agent, Inspection, Kind, Manifest},
    build,
    cli::{Globals, Stop, render, run, terminal},
    diagnostic::counted,
    output,
    share::{Client, Location, Pack, manifest_in, oci},
};

/// How long fetching and pushing may take, in seconds, where nothing is said.
pub const TIMEOUT: u64 = 300;

/// The longest that somebody can have it take: a day.
pub const MAX_TIMEOUT: u64 = 86_400;

/// What to do about a file that a pack hasn't.
const LEFT_OUT: &str = "no pack has what is hidden or in a folder `target`: put it elsewhere in the agent's folder";

#[derive(Args)]
pub struct PackArgs {
    /// The agent's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The file to write [default: the agent's name, with `.tar`]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct PushArgs {
    /// The agent's folder, or its pack. A signature beside it, with `.minisig` behind its name, goes along
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Where to: `oci://HOST/NAME:TAG`
    #[arg(value_name = "REFERENCE")]
    to: String,
    /// How long it may take together
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT, value_parser = clap::value_parser!(u64).range(1..=MAX_TIMEOUT))]
    timeout: u64,
}

/// Refuses the pack of an agent that can't run, or not without a file that packing leaves out.
fn check(manifest: Manifest, pack: &Pack) -> Result<(), Stop> {
    // It is its manifest; whether the agents of its steps are there, is up to the library that it goes to.
    if manifest.kind() == Kind::Workflow {
        return Ok(());
    }
    let (source, name) = (manifest.source.clone(), manifest.name.clone());
    let Inspection { agent, mut report } = Program::inspect(&Library::of(manifest), &name, None);
    let lacks = agent.iter().flat_map(Agent::loaded).map(|(file, _)| file).filter(|file| pack.file(file).is_none());
    report.0.retain(|finding| finding.severity == Severity::Error);
    report.0.extend(lacks.map(|file| {
        let span = source.text.find(file).map_or(0..0, |at| at..at + file.len());
        let message = format!("`{file}` is a file of the agent, and packing leaves it out");
        Diagnostic::error("left-out", message).at(&source, span).help(LEFT_OUT)
    }));
    report.ok(()).map_err(Stop::Files)
}

/// Makes one file of an agent's folder.
pub fn pack(globals: &Globals, arguments: &PackArgs) -> Result<(), Stop> {
    let wrong = |why: String| Stop::Usage(format!("`{}` can't be packed: {why}", arguments.path.display()));
    let manifest = manifest_in(&arguments.path)?;
    let pack = build::pack_of(&manifest).map_err(wrong)?;
    check(manifest, &pack)?;
    let file = arguments.out.clone().unwrap_or_else(|| format!("{}.tar", pack.name()).into());
    let own = pack.files().map(|(path, _)| arguments.path.join(path)).find(|own| output::is_same(own, &file));
    if let Some(own) = own {
        let why = format!("that is `{}` of the agent itself: name another file with --out", own.display());
        return Err(Stop::Usage(format!("`{}` can't be written: {why}", file.display())));
    }
    let is_stdout = output::is_same(&file, Path::new("/dev/stdout"));
    output::write(&file, pack.bytes())
        .map_err(|error| Stop::Usage(format!("`{}` can't be written: {error}", file.display())))?;
    let (size, files) = (pack.bytes().len() as u64, pack.files().len());
    let packed =
        format!("packed {}: {}, {}, {}", pack.name(), file.display(), terminal::size(size), counted(files, "file"));
    // What goes there is the pack, and nothing else.
    if is_stdout {
        render::note(&packed);
        render::plain(&pack.digest());
        return Ok(());
    }
    if globals.json {
        let object = json!({
            "agent": pack.name(), "file": file, "digest": pack.digest(), "size": size,
            "files": pack.files().map(|(path, _)| path).collect::<Vec<_>>(),
        });
        return terminal::print_json(&object);
    }
    terminal::print_line(&packed)?;
    terminal::print_line(&pack.digest())
}

/// Puts a pack into a registry.
pub fn push(globals: &Globals, arguments: &PushArgs) -> Result<(), Stop> {
    let Location::Registry(reference) = Location::parse(&arguments.to).map_err(Stop::Usage)? else {
        let message = format!("`{}` is no registry: packs are pushed to `oci://HOST/NAME:TAG`", arguments.to);
        return Err(Stop::Usage(message));
    };
    reference.tag_to_push().map_err(Stop::Usage)?;
    let client = Client::new(Duration::from_secs(arguments.timeout));
    let (pack, signature, digest) = run::block_on(async {
        let fetched = Location::Path(arguments.path.clone()).fetch(&client).await?;
        let (pack, signature) = (fetched.pack, fetched.signature);
        if arguments.path.is_dir() {
            check(manifest_in(&arguments.path)?, &pack)?;
        }
        let digest = oci::push(&client, &reference, &pack, signature.as_ref()).await.map_err(crate::Report::from)?;
        Ok::<_, Stop>((pack, signature, digest))
    })??;
    let (pinned, signer) = (format!("{reference}@{digest}"), signature.map(|signature| signature.key_id()));
    if globals.json {
        let object = json!({
            "agent": pack.name(), "digest": pack.digest(), "size": pack.bytes().len(), "reference": pinned,
            "signed_with": signer,
        });
        return terminal::print_json(&object);
    }
    terminal::print_line(&format!("pushed {}: {pinned}", pack.name()))?;
    match signer {
        Some(signer) => render::note(&format!("its signature, by the key {signer}, is with it")),
        None => render::note("without a signature"),
    }
    Ok(())
}
