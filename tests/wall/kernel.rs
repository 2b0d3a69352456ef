//! What the kernel refuses to a thread that is confined, and what it leaves.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    os::unix::{net::UnixStream, process::CommandExt},
    path::Path,
    process::Command,
    thread,
};

use turingbox::{
    policy::Access,
    wall::{Ports, Reach, confine},
};

/// Does something in a thread that is confined to `reach`.
fn confined<T: Send + 'static>(reach: Reach, work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        confine(&reach).unwrap();
        work()
    });
    thread.join().unwrap()
}

/// A system call with no argument that means something.
fn call(number: i64, arguments: [i64; 3]) -> Option<i32> {
    #[expect(unsafe_code, reason = "no safe function makes these calls, and none of them is to succeed")]
    // SAFETY: the arguments are numbers, or point to nothing.
    let result = unsafe { libc::syscall(number, arguments[0], arguments[1], arguments[2], 0, 0) };
    if result < 0 { io::Error::last_os_error().raw_os_error() } else { None }
}

#[test]
fn what_leads_out_is_refused() {
    let own = i64::from(std::process::id());
    let calls = [
        ("execve", libc::SYS_execve, [0; 3]),
        ("execveat", libc::SYS_execveat, [-1, 0, 0]),
        ("clone of a process", libc::SYS_clone, [i64::from(libc::SIGCHLD), 0, 0]),
        ("clone into a namespace", libc::SYS_clone, [i64::from(libc::CLONE_THREAD | libc::CLONE_NEWNET), 0, 0]),
        ("unshare", libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0]),
        ("setns", libc::SYS_setns, [-1, 0, 0]),
        ("ptrace", libc::SYS_ptrace, [0; 3]),
        ("process_vm_readv", libc::SYS_process_vm_readv, [own, 0, 0]),
        ("pidfd_open", libc::SYS_pidfd_open, [own, 0, 0]),
        ("kill", libc::SYS_kill, [own, 0, 0]),
        ("tgkill of another", libc::SYS_tgkill, [1, 1, 0]),
        ("mount", libc::SYS_mount, [0; 3]),
        ("umount2", libc::SYS_umount2, [0; 3]),
        ("pivot_root", libc::SYS_pivot_root, [0; 3]),
        ("chroot", libc::SYS_chroot, [0; 3]),
        ("bpf", libc::SYS_bpf, [0; 3]),
        ("userfaultfd", libc::SYS_userfaultfd, [0; 3]),
        ("io_uring_setup", libc::SYS_io_uring_setup, [1, 0, 0]),
        ("perf_event_open", libc::SYS_perf_event_open, [0; 3]),
        ("keyctl", libc::SYS_keyctl, [0; 3]),
        ("add_key", libc::SYS_add_key, [0; 3]),
        ("init_module", libc::SYS_init_module, [0; 3]),
        ("kexec_load", libc::SYS_kexec_load, [0; 3]),
        ("setuid", libc::SYS_setuid, [0; 3]),
        ("a core limit", libc::SYS_setrlimit, [i64::from(libc::RLIMIT_CORE), 0, 0]),
        ("prctl of the death signal", libc::SYS_prctl, [i64::from(libc::PR_SET_PDEATHSIG), 0, 0]),
        ("a raw socket", libc::SYS_socket, [i64::from(libc::AF_PACKET), i64::from(libc::SOCK_RAW), 0]),
        ("a local socket", libc::SYS_socket, [i64::from(libc::AF_UNIX), i64::from(libc::SOCK_STREAM), 0]),
        ("a pair of sockets", libc::SYS_socketpair, [i64::from(libc::AF_UNIX), i64::from(libc::SOCK_STREAM), 0]),
        ("connect", libc::SYS_connect, [-1, 0, 0]),
        ("bind", libc::SYS_bind, [-1, 0, 0]),
        ("listen", libc::SYS_listen, [-1, 0, 0]),
        ("sendto", libc::SYS_sendto, [-1, 0, 0]),
        ("sendmsg", libc::SYS_sendmsg, [-1, 0, 0]),
        ("ioctl of a terminal", libc::SYS_ioctl, [0, 0x5412, 0]),
        ("memory that can be executed", libc::SYS_mmap, [0, 4096, i64::from(libc::PROT_EXEC)]),
    ];
    let answers = confined(Reach::default(), move || calls.map(|(name, number, given)| (name, call(number, given))));
    let let_through: Vec<_> = answers.iter().filter(|(_, error)| *error != Some(libc::EPERM)).collect();
    assert!(let_through.is_empty(), "{let_through:?}");
    assert_eq!(confined(Reach::default(), || call(libc::SYS_clone3, [0; 3])), Some(libc::ENOSYS));

    let refused = confined(Reach::default(), || {
        // Were it not refused, this whole test would end as `false` does.
        let became = Command::new("/bin/false").exec();
        let started = Command::new("/bin/true").status().is_err();
        let connected = TcpStream::connect("127.0.0.1:9").unwrap_err().kind();
        let thread = thread::spawn(|| fs::read("/etc/passwd").is_err()).join().unwrap();
        (became.kind(), started, connected, UnixStream::connect("/nowhere").unwrap_err().kind(), thread)
    });
    let denied = io::ErrorKind::PermissionDenied;
    assert_eq!(refused, (denied, true, denied, denied, true), "a thread inherits its bonds");
}

#[test]
fn folders_are_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (read, write, other) = (folder.path().join("r"), folder.path().join("w"), folder.path().join("o"));
    for folder in [&read, &write, &other] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("a"), "a").unwrap();
    }
    std::os::unix::fs::symlink(other.join("a"), write.join("link")).unwrap();
    let reach =
        Reach { folders: vec![(read.clone(), Access::Read), (write.clone(), Access::Write)], ..Reach::default() };
    confined(reach, move || {
        let denied = |result: io::Result<()>| result.unwrap_err().kind() == io::ErrorKind::PermissionDenied;
        let open = |path: &Path| fs::read(path).map(drop);
        assert_eq!(fs::read(read.join("a")).unwrap(), b"a");
        assert_eq!(fs::read_dir(&read).unwrap().count(), 1);
        assert!(denied(fs::write(read.join("b"), "b")) && denied(fs::remove_file(read.join("a"))));
        assert!(denied(fs::OpenOptions::new().write(true).open(read.join("a")).map(drop)));
        fs::write(write.join("b"), "b").unwrap();
        fs::create_dir(write.join("c")).unwrap();
        fs::rename(write.join("b"), write.join("c/d")).unwrap();
        assert_eq!(fs::read(write.join("c/d")).unwrap(), b"b");
        fs::remove_file(write.join("c/d")).unwrap();
        for path in ["/etc/passwd", "/proc/self/mem", "/proc/1/environ", "/dev/mem", "/bin/true"] {
            assert!(denied(open(Path::new(path))) || !Path::new(path).exists(), "{path}");
        }
        assert!(
            denied(open(&other.join("a")))
                && denied(open(&write.join("link")))
                && denied(fs::read_dir(&other).map(drop))
        );
        assert!(denied(fs::write(other.join("b"), "b")) && denied(fs::create_dir(other.join("c"))));
        assert!(fs::hard_link(other.join("a"), write.join("e")).is_err());
        assert!(denied(fs::rename(other.join("a"), write.join("e"))));
    });
}

#[test]
fn only_granted_ports_are_connected_to() {
    let [granted, other] = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (granted, other) = ((port(&granted), granted), (port(&other), other));
    let reach = Reach { network: Some(Ports::Only(vec![granted.0])), ..Reach::default() };
    let connect = |port: u16| TcpStream::connect(("127.0.0.1", port)).map(drop).map_err(|error| error.kind());
    let (ports, denied) = ((granted.0, other.0), io::ErrorKind::PermissionDenied);
    let tried = confined(reach, move || {
        let listens = TcpListener::bind("127.0.0.1:0").map(drop).map_err(|error| error.kind());
        (connect(ports.0), connect(ports.1), listens, fs::read("/etc/passwd").is_err())
    });
    assert_eq!(tried, (Ok(()), Err(denied), Err(denied), true));
    let tried = confined(Reach { network: Some(Ports::Any), ..Reach::default() }, move || connect(ports.1));
    assert_eq!(tried, Ok(()));
}
