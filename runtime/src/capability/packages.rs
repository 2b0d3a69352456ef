//! Packages of a guest's own language that come with its agent. They are no files of the agent's and need no
//! grant: what is in them, the agent's author could have written into the agent. What the policy says about
//! imports holds for their modules, and for what these import.

use std::sync::Arc;

use wasmtime::{StoreContextMut, component::Linker};

use crate::{
    failure::{Code, Failure},
    packages::{Module, Packages},
    policy::{Decision, Request},
    sandbox::{
        CallState, Sandbox,
        bindings::interpreter::turingbox::agent::packages::{Error, Found, Kind},
        compile_module, fuel,
    },
};

/// The fuel that a byte costs which is unpacked or handed over: about what a guest would do in that time.
const FUEL_PER_BYTE: u64 = 4;
/// The fuel that it costs to look at one name in an archive.
const FUEL_PER_NAME: u64 = 50;

/// Links `turingbox:agent/packages`.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type Store<'a> = StoreContextMut<'a, CallState>;
    let mut interface = linker.instance("turingbox:agent/packages@0.1.0")?;
    interface.func_wrap("find", |store: Store<'_>, (module,): (String,)| Ok((find(store.data(), &module),)))?;
    interface.func_wrap("made", |store: Store<'_>, (digest,): (Vec<u8>,)| {
        let made = store.data().packages.as_ref().is_some_and(|(packages, _)| packages.made(&digest));
        Ok((made,))
    })?;
    interface.func_wrap_async("compiled", |store: Store<'_>, (module,): (String,)| {
        Box::new(async move { Ok((compiled(store, &module).await,)) })
    })?;
    interface.func_wrap_async("read", |store: Store<'_>, (path,): (String,)| {
        Box::new(async move { Ok((read(store, &path).await,)) })
    })?;
    interface.func_wrap_async("entries", |store: Store<'_>, (folder,): (String,)| {
        Box::new(async move { Ok((entries(store, &folder).await,)) })
    })
}

fn find(state: &CallState, module: &str) -> Option<Found> {
    Some(match allowed(state, module)?.0 {
        Module::Source { path, is_package: true } => Found { kind: Kind::Parent, path },
        Module::Source { path, .. } => Found { kind: Kind::Module, path },
        Module::Namespace(path) => Found { kind: Kind::Namespace, path },
    })
}

/// What is there of a module, and in which packages, if the policy lets the agent import it. Nothing is written down:
/// the guard in the guest asks by itself, once.
fn allowed<'a>(state: &'a CallState, module: &str) -> Option<(Module, &'a (Arc<Packages>, Sandbox))> {
    let packages = state.packages.as_ref()?;
    // First, since a guest may call anything a module's name, of any length.
    let found = packages.0.find(module)?;
    let authority = state.gate.authority();
    let denied = || matches!(authority.decide(&Request::Imports { module: module.into() }), Decision::Denied(_));
    (!authority.guards_imports() || !denied()).then_some((found, packages))
}

async fn compiled(mut store: StoreContextMut<'_, CallState>, module: &str) -> Result<Vec<u8>, Error> {
    let missing = || Error::Missing(format!("no package of the agent's has the module `{}`", module.escape_debug()));
    let (found, packages) = allowed(store.data(), module).ok_or_else(missing)?;
    let (Module::Source { path, .. }, (packages, sandbox)) = (found, packages.clone()) else { return Err(missing()) };
    let code = match packages.compiled(&path) {
        Some(known) => known,
        None => compile(&packages, &sandbox, &path).await?,
    };
    let code = code.map_err(Error::Source)?;
    pay(&mut store, code.len() as u64 * FUEL_PER_BYTE).await;
    Ok(code.to_vec())
}

/// Compiles the source at `path`, which is not paid for by the agent: who happens to be first would pay for all.
/// It is done once, and an archive is no larger than it may be. Whether it can be compiled is the source's own
/// affair and kept; that there was no room for it isn't.
async fn compile(packages: &Packages, sandbox: &Sandbox, path: &str) -> Result<Result<Arc<[u8]>, String>, Error> {
    let contents = packages.file(path).and_then(Result::ok).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = contents else {
        return Ok(packages.keep(path, Err(format!("{path}: it is not UTF-8, or was changed"))));
    };
    match compile_module(sandbox, path, &text).await {
        Ok(code) => Ok(packages.keep(path, Ok(code))),
        Err(Failure { code: Code::Source, message, .. }) => Ok(packages.keep(path, Err(message))),
        Err(failure) => Err(Error::Missing(format!("{path} can't be compiled: {failure}"))),
    }
}

async fn read(mut store: StoreContextMut<'_, CallState>, path: &str) -> Result<Vec<u8>, Error> {
    let missing = || Error::Missing(format!("no package of the agent's has the file `{}`", path.escape_debug()));
    let packages = store.data().packages.as_ref().map(|(packages, _)| packages.clone()).ok_or_else(missing)?;
    pay(&mut store, packages.size(path).ok_or_else(missing)? * FUEL_PER_BYTE).await;
    packages.file(path).ok_or_else(missing)?.map_err(Error::Missing)
}

async fn entries(mut store: StoreContextMut<'_, CallState>, folder: &str) -> Vec<String> {
    let Some((packages, _)) = store.data().packages.clone() else { return Vec::new() };
    pay(&mut store, packages.len() as u64 * FUEL_PER_NAME).await;
    packages.entries(folder).into_iter().map(str::to_owned).collect()
}

/// Takes fuel for work that is done here, and lets the clock be looked at.
async fn pay(store: &mut StoreContextMut<'_, CallState>, amount: u64) {
    fuel::burn(store, amount);
    tokio::task::yield_now().await;
}
