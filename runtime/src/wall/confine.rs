//! What the kernel holds: Landlock for files and ports, seccomp for the system calls, rlimits for
//! what a process takes of the machine.
//!
//! What is demanded is demanded: a kernel that lacks it is an error that says so. What a newer kernel
//! has on top is taken where it is there.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::{
    policy::Access,
    wall::{
        reach::{Ports, Reach},
        syscalls,
    },
};

/// Since when Landlock holds files as we need it: with it, truncating is writing (Linux 6.2).
const FILES: ABI = ABI::V3;

/// Since when it holds TCP ports (Linux 6.7). Without a network, no socket can be connected at all,
/// and nothing is demanded.
const PORTS: ABI = ABI::V4;

/// What is taken where it is there: devices, signals and abstract sockets. The system calls for
/// them are refused anyway.
const MORE: ABI = ABI::V6;

/// The port of name servers.
const DNS: u16 = 53;

/// What looking up a name reads.
const NAMES: [&str; 9] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/lib",
    "/usr/lib",
];

/// The largest file that a worker writes, in bytes: as much as the largest memory of a guest.
const MAX_FILE: u64 = 4 << 30;

/// The most open files: a guest's handles, and as many again for ours.
const MAX_OPEN: u64 = 1024;

/// The most processes and threads of the worker's user. A worker can start no process; this many
/// threads a user may well have, all programs together, and a flood of them ends here.
const MAX_THREADS: u64 = 32 << 10;

/// What a worker needs beside its guest's memory and outputs, in bytes. The kernel counts all that
/// may be written, touched or not: stacks of some hundred megabytes are in it, and a guest's memory
/// of up to 4 GiB that is refused only after it was mapped.
const MEMORY_ROOM: u64 = 8 << 30;

/// How often an output is in memory at most: in the guest's form, as a value, in JSON.
const COPIES: u64 = 16;

/// What holds a thread and all that it starts from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce(String);

impl std::fmt::Display for InForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this kernel has what the wall is made of.
///
/// # Errors
///
/// What it lacks.
pub fn supported() -> Result<(), String> {
    files(&Reach::default()).map(drop)?;
    syscalls::supported()
}

/// Holds this thread, and all that it starts from now on, to `reach`. There is no way back.
///
/// # Errors
///
/// What the kernel lacks, or which path can't be opened. The thread may then be held in part.
pub fn confine(reach: &Reach) -> Result<InForce, String> {
    let held = files(reach)?.restrict_self().map_err(|error| lacks("Landlock", error))?;
    if held.ruleset == RulesetStatus::NotEnforced || !held.no_new_privs {
        return Err(lacks("Landlock", "it doesn't enforce its rules"));
    }
    let LandlockStatus::Available { effective_abi, .. } = held.landlock else {
        return Err(lacks("Landlock", "it is not there"));
    };
    let number = syscalls::apply(reach)?;
    Ok(InForce(format!("Landlock {effective_abi:?}, seccomp with {number} system calls, rlimits")))
}

/// Limits what this process takes of the machine, where one call of its agent may take `memory` bytes
/// of linear memory and return `output` bytes.
///
/// # Errors
///
/// When the system refuses a limit.
pub fn limit(memory: u64, output: u64) -> Result<(), String> {
    let data = memory.saturating_add(output.saturating_mul(COPIES)).saturating_add(MEMORY_ROOM);
    // What crashed a worker may be in its memory, secrets too.
    set(Resource::Core, 0, 0)?;
    set(Resource::Nofile, MAX_OPEN, 0)?;
    set(Resource::Fsize, MAX_FILE, 0)?;
    set(Resource::Nproc, MAX_THREADS, 0)?;
    set(Resource::Data, data, 0)
}

/// Limits what this process takes of the machine to do one piece of work: `memory` in bytes, and `processor` in
/// seconds of the processors' time. It writes no file.
///
/// Memory is what may be written, touched or not. All of the address space would count what is only
/// reserved, some hundred megabytes for each thread.
///
/// # Errors
///
/// When the system refuses a limit.
pub fn limit_work(memory: u64, processor: u64) -> Result<(), String> {
    set(Resource::Core, 0, 0)?;
    set(Resource::Fsize, 0, 0)?;
    set(Resource::Nofile, MAX_OPEN, 0)?;
    set(Resource::Nproc, MAX_THREADS, 0)?;
    set(Resource::Data, memory, 0)?;
    // The first second beyond is for the signal that says why.
    set(Resource::Cpu, processor, 1)
}

/// Limits a resource to `most`, and what it may still be raised to to `room` more.
fn set(resource: Resource, most: u64, room: u64) -> Result<(), String> {
    // What the user has set lower stays lower.
    let now = rustix::process::getrlimit(resource).maximum;
    let at_most = |limit: u64| Some(now.map_or(limit, |now| now.min(limit)));
    setrlimit(resource, Rlimit { current: at_most(most), maximum: at_most(most.saturating_add(room)) })
        .map_err(|error| format!("the system refuses the limit {resource:?}: {error}"))
}

/// The rules for files and ports.
fn files(reach: &Reach) -> Result<landlock::RulesetCreated, String> {
    let handled = || -> Result<_, landlock::RulesetError> {
        let demanded = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(FILES))?;
        let ports = match reach.network {
            Some(Ports::Only(_)) => demanded.handle_access(AccessNet::from_all(PORTS))?,
            Some(Ports::Any) => demanded,
            None => demanded.set_compatibility(CompatLevel::BestEffort).handle_access(AccessNet::from_all(PORTS))?,
        };
        ports
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(MORE))?
            .scope(Scope::from_all(MORE))?
            .create()
    };
    let mut rules = handled().map_err(|error| lacks("Landlock", error))?;
    for (folder, access) in &reach.folders {
        rules = allow(rules, folder, rights(*access))?;
    }
    for (file, access) in &reach.databases {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        rules = allow(rules, folder, rights(*access))?;
    }
    rules = allow(rules, Path::new("/dev/urandom"), AccessFs::ReadFile.into())?;
    let Some(ports) = &reach.network else { return Ok(rules) };
    for name in NAMES.map(Path::new).into_iter().filter(|name| name.exists()) {
        let read = if name.is_dir() { rights(Access::Read) } else { AccessFs::ReadFile.into() };
        rules = allow(rules, name, read)?;
    }
    if let Ports::Only(ports) = ports {
        // A connection may begin at any port that is free; `listen` is no system call of a worker.
        rules = rules.add_rule(NetPort::new(0, AccessNet::BindTcp)).map_err(|error| lacks("Landlock", error))?;
        for port in ports.iter().chain([&DNS]) {
            rules =
                rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp)).map_err(|error| lacks("Landlock", error))?;
        }
    }
    Ok(rules)
}

fn allow(
    rules: landlock::RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<landlock::RulesetCreated, String> {
    let opened = PathFd::new(path).map_err(|error| error.to_string())?;
    rules.add_rule(PathBeneath::new(opened, rights)).map_err(|error| format!("{}: {error}", path.display()))
}

/// What may be done below a folder. Nothing is ever run from one, and neither devices nor pipes nor
/// sockets are made in one.
fn rights(access: Access) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSym
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    match access {
        Access::Read => read,
        Access::Write => read | write,
    }
}

fn lacks(what: &str, error: impl std::fmt::Display) -> String {
    format!("this kernel has no {what} that can hold a worker (Linux 6.2 or later does, 6.7 for a network): {error}")
}
