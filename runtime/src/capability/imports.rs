//! Modules of a guest's own language: an audit of the source before anything of it runs, and the
//! answers for the guard in the guest, which holds for what no text says.

use crate::{
    agent::{Code as AgentCode, Import},
    capability::gate::Gate,
    failure::{Code, Failure},
    policy::{Denial, Request, Standing},
    sandbox::{CallState, bindings::interpreter::turingbox::agent::imports::Host},
};

/// The longest name of a module that is decided about, in bytes: Python's own have at most 40.
const MAX_NAME: usize = 256;

/// The most modules whose standing is told at once: Python's library has about 700.
const MAX_MODULES: usize = 8192;

impl Host for CallState {
    fn standings(&mut self, modules: String) -> Vec<u8> {
        let authority = self.gate.authority();
        let standing = |module: &str| match module.len() {
            ..=MAX_NAME => authority.standing(module),
            _ => Standing::Denied,
        };
        modules.lines().take(MAX_MODULES).map(standing).map(answer).collect()
    }

    fn allowed(&mut self, module: String) -> bool {
        if module.len() > MAX_NAME {
            self.gate.deny(Denial::of("imports.too-long", module).help("no module has a name as long as that"));
            return false;
        }
        self.gate.allows(&Request::Imports { module: module.into() })
    }
}

/// A standing, as the contract has it.
fn answer(standing: Standing) -> u8 {
    match standing {
        Standing::Allowed => 0,
        Standing::Hidden => 1,
        Standing::Denied => 2,
    }
}

/// Refuses a Python source that imports what the policy doesn't let it. Costs nothing where no
/// policy says anything about imports; else the source is read once, whatever number of calls.
///
/// # Errors
///
/// The first such import, with its line.
pub fn refuse(code: &AgentCode, gate: &Gate) -> Result<(), Failure> {
    let AgentCode::Python { source, imports, .. } = code else { return Ok(()) };
    if !gate.authority().guards_imports() {
        return Ok(());
    }
    // What can't be read is left to the guard.
    let imports = imports.get_or_init(|| crate::agent::imports(&source.text));
    let named = imports.found.iter().filter_map(|Import { module, span }| Some((module.as_deref()?, span)));
    let mut named = named;
    match named.find(|(module, _)| !gate.allows(&Request::Imports { module: (*module).into() })) {
        Some((module, span)) => {
            let place = format!("{}:{}", source.path, source.line(span.start));
            let message = format!("{place}: the policy doesn't let the agent import `{module}`");
            Err(Failure::new(Code::Denied, message).help("nothing of the agent has run"))
        }
        None => Ok(()),
    }
}
