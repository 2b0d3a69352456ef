//! Which modules the Python guest has, and which it can't have.

/// Modules of the standard library that import and can't do their work, and why.
pub const NATIVE: [(&str, &str); 12] = [
    ("bz2", "native code that isn't there"),
    ("concurrent", "threads and processes, which a sandbox doesn't start"),
    ("ctypes", "native code that isn't there"),
    ("curses", "a terminal that isn't there"),
    ("fcntl", "native code that isn't there"),
    ("lzma", "native code that isn't there"),
    ("multiprocessing", "processes, which a sandbox doesn't start"),
    ("pty", "processes, which a sandbox doesn't start"),
    ("ssl", "TLS of its own: the host does that, for `https:` addresses"),
    ("subprocess", "processes, which a sandbox doesn't start"),
    ("threading", "threads, which a sandbox doesn't start"),
    ("tkinter", "a screen that isn't there"),
];

/// The standard library's modules that do, and the guest's own.
const GUEST: &str = "
    __future__ abc argparse array ast asyncio base64 binascii bisect builtins calendar cmath cmd code codecs
    collections colorsys compileall configparser contextlib contextvars copy copyreg csv dataclasses datetime decimal
    difflib dis doctest email encodings enum errno faulthandler filecmp fileinput fnmatch fractions ftplib functools gc
    getopt getpass gettext glob graphlib gzip hashlib heapq hmac html http imaplib importlib inspect io ipaddress
    itertools json keyword linecache locale logging mailbox marshal math mimetypes modulefinder netrc numbers opcode
    operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posixpath pprint profile pstats
    queue quopri random re reprlib requests rlcompleter runpy sched secrets select selectors shelve shlex shutil signal
    site smtplib socket socketserver sqlite3 stat statistics string stringprep struct symtable sys sysconfig tabnanny
    tarfile tempfile textwrap time timeit token tokenize tomllib trace traceback tracemalloc turingbox types typing
    unicodedata unittest urllib uuid warnings wave weakref webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport zlib
    zoneinfo";

/// Whether the guest has a module of this name that can work.
pub fn is_in_guest(module: &str) -> bool {
    GUEST.split_ascii_whitespace().any(|name| name == module)
}
