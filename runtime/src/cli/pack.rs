//! `turingbox pack` and `turingbox push`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::json;

use crate::{
    build,
    cli::{Globals, Stop, render, run, terminal},
    diagnostic::counted,
    share::{Client, Location, oci},
};

/// How long fetching and pushing may take, in seconds, where nothing is said.
pub const TIMEOUT: u64 = 300;

/// The longest that somebody can have it take: a day.
pub const MAX_TIMEOUT: u64 = 86_400;

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

/// Makes one file of an agent's folder.
pub fn pack(globals: &Globals, arguments: &PackArgs) -> Result<(), Stop> {
    let wrong = |why: String| Stop::Usage(format!("`{}` can't be packed: {why}", arguments.path.display()));
    let manifest = crate::share::manifest_in(&arguments.path)?;
    let pack = build::pack_of(&manifest).map_err(wrong)?;
    let file = arguments.out.clone().unwrap_or_else(|| format!("{}.tar", pack.name()).into());
    build::write(&file, pack.bytes())
        .map_err(|error| Stop::Usage(format!("`{}` can't be written: {error}", file.display())))?;
    let (size, files) = (pack.bytes().len() as u64, pack.files().len());
    if globals.json {
        let object = json!({
            "agent": pack.name(), "file": file, "digest": pack.digest(), "size": size,
            "files": pack.files().map(|(path, _)| path).collect::<Vec<_>>(),
        });
        return terminal::print_json(&object);
    }
    let (size, files) = (terminal::size(size), counted(files, "file"));
    terminal::print_line(&format!("packed {}: {}, {size}, {files}", pack.name(), file.display()))?;
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
