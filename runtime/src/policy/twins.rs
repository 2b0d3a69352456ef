//! Modules by another name: what a module is written in, and what gives the same.

/// Private modules whose public one isn't called the same without the underscore. Sorted.
const TWINS: [(&str, &str); 67] = [
    ("_ast_unparse", "ast"),
    ("_blake2", "hashlib"),
    ("_bootsubprocess", "subprocess"),
    ("_codecs_cn", "codecs"),
    ("_codecs_hk", "codecs"),
    ("_codecs_iso2022", "codecs"),
    ("_codecs_jp", "codecs"),
    ("_codecs_kr", "codecs"),
    ("_codecs_tw", "codecs"),
    ("_collections_abc", "collections.abc"),
    ("_compat_pickle", "pickle"),
    ("_crypt", "crypt"),
    ("_ctypes_test", "ctypes"),
    ("_curses_panel", "curses"),
    ("_elementtree", "xml"),
    ("_frozen_importlib", "importlib"),
    ("_frozen_importlib_external", "importlib"),
    ("_hmac", "hmac"),
    ("_imp", "importlib"),
    ("_interpchannels", "concurrent.interpreters"),
    ("_interpqueues", "concurrent.interpreters"),
    ("_interpreters", "concurrent.interpreters"),
    ("_ios_support", "platform"),
    ("_lsprof", "cProfile"),
    ("_markupbase", "html"),
    ("_md5", "hashlib"),
    ("_multibytecodec", "codecs"),
    ("_opcode_metadata", "opcode"),
    ("_osx_support", "sysconfig"),
    ("_posixshmem", "multiprocessing"),
    ("_posixsubprocess", "subprocess"),
    ("_py_abc", "abc"),
    ("_py_warnings", "warnings"),
    ("_pydatetime", "datetime"),
    ("_pydecimal", "decimal"),
    ("_pyio", "io"),
    ("_pylong", "builtins"),
    ("_pyrepl", "code"),
    ("_remote_debugging", "asyncio"),
    ("_sha1", "hashlib"),
    ("_sha2", "hashlib"),
    ("_sha3", "hashlib"),
    ("_sitebuiltins", "site"),
    ("_sre", "re"),
    ("_strptime", "datetime"),
    ("_sysconfig", "sysconfig"),
    ("_sysconfigdata", "sysconfig"),
    ("_testbuffer", "test"),
    ("_testcapi", "test"),
    ("_testinternalcapi", "test"),
    ("_thread", "threading"),
    ("_threading_local", "threading"),
    ("_weakrefset", "weakref"),
    ("_xxtestfuzz", "test"),
    ("genericpath", "os.path"),
    ("nt", "os"),
    ("ntpath", "os.path"),
    ("nturl2path", "urllib.request"),
    ("opcode", "dis"),
    ("posix", "os"),
    ("posixpath", "os.path"),
    ("pyexpat", "xml"),
    ("sre_compile", "re"),
    ("sre_constants", "re"),
    ("sre_parse", "re"),
    ("xxlimited", "test"),
    ("xxsubtype", "test"),
];

/// The public module that a private one belongs to: `os` for `posix`, `socket` for `_socket`.
pub(super) fn owner(module: &str) -> Option<&str> {
    let top = module.split('.').next().unwrap_or_default();
    match TWINS.binary_search_by_key(&top, |(twin, _)| twin) {
        Ok(at) => Some(TWINS[at].1),
        Err(_) => top.strip_prefix('_').filter(|rest| !rest.is_empty() && !rest.starts_with('_')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_modules_belong_to_public_ones() {
        assert!(TWINS.is_sorted());
        for (module, expected) in [
            ("posix", Some("os")),
            ("_socket", Some("socket")),
            ("_pickle", Some("pickle")),
            ("_sysconfigdata", Some("sysconfig")),
            ("os", None),
            ("__main__", None),
            ("_", None),
        ] {
            assert_eq!(owner(module), expected, "{module}");
        }
    }
}
