//! The system calls that a worker may make. All others fail with `EPERM`: the list is of what
//! wasmtime, tokio and the files of a guest need, and of nothing else.
//!
//! What is missing on purpose, because it would lead out: running programs and starting processes,
//! looking into others, mounting, namespaces, modules, BPF, io_uring, userfaultfd, keyrings,
//! listening, sockets that are not of the internet, and memory that can be executed.

use std::collections::BTreeMap;

use seccompiler::{
    SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::wall::reach::Reach;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Files, whose paths are Landlock's to judge, and what is done with open ones.
const FILES: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_renameat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_utimensat,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_getcwd,
];

/// The forms of the same calls that one machine has and the other hasn't.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_readlink,
    libc::SYS_dup2,
    libc::SYS_poll,
    libc::SYS_epoll_wait,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

/// Memory, threads, time and waiting.
const OWN: &[i64] = &[
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_memfd_create,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // The other filter says that there is none; were it not listed, this one's answer would count.
    libc::SYS_clone3,
];

/// What a connection needs. There is no `listen` and no `accept`.
const NETWORK: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_setsockopt,
    libc::SYS_getpeername,
];

/// What a database does with its own files.
const DATABASES: &[i64] = &[libc::SYS_fchmod, libc::SYS_fchown, libc::SYS_fstatfs];

/// `PAGEMAP_SCAN`: which pages of an instance were written to, so that these are reset.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// `PR_SET_VMA`: memory gets a name.
const PR_SET_VMA: u64 = 0x5356_4d41;

/// The flags of `clone` that make namespaces.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP) as u64;

/// Whether this machine has seccomp filters.
pub fn supported() -> Result<(), String> {
    target()?;
    let kinds = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    if ["errno", "allow"].iter().all(|kind| kinds.split_whitespace().any(|known| known == *kind)) {
        return Ok(());
    }
    Err(lacks("it has no /proc/sys/kernel/seccomp/actions_avail with `errno` and `allow` in it"))
}

/// Refuses this thread, and all that it starts from now on, every system call that isn't on the
/// list. Gives the length of the list.
pub fn apply(reach: &Reach) -> Result<usize, String> {
    let rules = rules(reach).map_err(lacks)?;
    let number = rules.len();
    // A filter can't see the flags of `clone3`. Where there is none, libraries use `clone`. This
    // filter comes first, since the other one lets no further filter in.
    let clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    install(clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS.cast_unsigned()))?;
    install(rules, SeccompAction::Errno(libc::EPERM.cast_unsigned()), SeccompAction::Allow)?;
    Ok(number)
}

fn install(rules: Rules, otherwise: SeccompAction, listed: SeccompAction) -> Result<(), String> {
    let filter = SeccompFilter::new(rules, otherwise, listed, target()?).map_err(lacks)?;
    let program: seccompiler::BpfProgram =
        filter.try_into().map_err(|error: seccompiler::BackendError| lacks(error))?;
    seccompiler::apply_filter(&program).map_err(lacks)
}

fn target() -> Result<TargetArch, String> {
    std::env::consts::ARCH.try_into().map_err(|_| lacks(format_args!("a {} is unknown", std::env::consts::ARCH)))
}

fn rules(reach: &Reach) -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    let whole = [FILES, OLD, OWN].into_iter().flatten();
    rules.extend(whole.map(|call| (*call, Vec::new())));
    let mut some = |call: i64, conditions: Vec<SeccompCondition>| -> Result<(), seccompiler::BackendError> {
        rules.entry(call).or_default().push(SeccompRule::new(conditions)?);
        Ok(())
    };
    let is = |argument: u8, value: u64| SeccompCondition::new(argument, Len::Qword, Op::Eq, value);
    let number = |argument: u8, value: i32| {
        SeccompCondition::new(argument, Len::Dword, Op::Eq, u64::from(value.cast_unsigned()))
    };
    // Threads, and neither processes nor namespaces.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    some(libc::SYS_clone, vec![SeccompCondition::new(0, Len::Qword, Op::MaskedEq(thread | NAMESPACES), thread)?])?;
    // A signal to this process: it is how one aborts.
    let own = u64::from(std::process::id());
    some(libc::SYS_tgkill, vec![is(0, own)?])?;
    // A process may ask for its limits, and not set them.
    some(libc::SYS_prlimit64, vec![is(0, 0)?, is(2, 0)?])?;
    some(libc::SYS_prctl, vec![number(0, libc::PR_SET_NAME)?])?;
    some(libc::SYS_prctl, vec![is(0, PR_SET_VMA)?])?;
    for request in [libc::FIONBIO, libc::FIOCLEX, PAGEMAP_SCAN] {
        some(libc::SYS_ioctl, vec![SeccompCondition::new(1, Len::Dword, Op::Eq, request)?])?;
    }
    // A socket by itself reaches nobody, and guests make one before the policy is asked about an
    // address: what is denied must be the same with this wall and without.
    for family in [libc::AF_INET, libc::AF_INET6] {
        some(libc::SYS_socket, vec![number(0, family)?])?;
    }
    some(libc::SYS_getsockopt, vec![number(1, libc::SOL_SOCKET)?])?;
    if reach.network.is_none() {
        some(libc::SYS_setsockopt, vec![number(1, libc::IPPROTO_IPV6)?, number(2, libc::IPV6_V6ONLY)?])?;
        // No code but what is loaded already. With a network, the system's library loads more when
        // it looks up a name.
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            let executable = Op::MaskedEq(u64::from(libc::PROT_EXEC.cast_unsigned()));
            some(call, vec![SeccompCondition::new(2, Len::Dword, executable, 0)?])?;
        }
    } else {
        // Which addresses this machine has, so that those come first that can be reached.
        some(libc::SYS_socket, vec![number(0, libc::AF_NETLINK)?])?;
    }
    if reach.local {
        some(libc::SYS_socket, vec![number(0, libc::AF_UNIX)?])?;
    }
    let mut more = |calls: &[i64]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    more(&[libc::SYS_getsockname]);
    if reach.network.is_some() {
        more(NETWORK);
        more(&[libc::SYS_getsockopt, libc::SYS_mmap, libc::SYS_mprotect]);
    }
    if !reach.databases.is_empty() {
        more(DATABASES);
    }
    Ok(rules)
}

fn lacks(error: impl std::fmt::Display) -> String {
    format!("this kernel has no seccomp that can hold a worker: {error}")
}
