//! Compiled guests on disk: made once, by one of many, and out of every agent's reach.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use turingbox::{
    Engine, Library, Policy, Program, Sandbox, Setup, Value, capability::files::Protected, sandbox::Cache,
    wall::Compiler,
};

use crate::support::{binary, host, root};

const FRAME: &str = include_str!("support/component.wat");
const AGENT: &str = "kind = \"proc\"\ncomponent = \"agent.wasm\"\n[outputs.got]\n";

#[test]
fn of_two_at_once_one_compiles() {
    let folder = tempfile::tempdir().unwrap();
    let agent = folder.path().join("agents/a");
    fs::create_dir_all(&agent).unwrap();
    let module = fs::read_to_string(root().join("tests/hostile/component_honest/module.wat")).unwrap();
    fs::write(agent.join("agent.toml"), AGENT).unwrap();
    fs::write(agent.join("agent.wasm"), wat::parse_str(FRAME.replace("{{ module }}", &module)).unwrap()).unwrap();
    let library = host::library(&folder.path().join("agents"));
    let (compiled, together) = (Arc::new(AtomicUsize::new(0)), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let counter = compiled.clone();
                let notice = move |_: &str| {
                    counter.fetch_add(1, Ordering::Relaxed);
                    Box::new(()) as Box<dyn Send>
                };
                let (program, _) = Program::load(&library, "a").unwrap_or_else(|report| panic!("{report}"));
                let cache = Cache::open(&folder.path().join("cache"), &folder.path().join("key")).unwrap();
                let sandbox = Sandbox::new(Some(cache), Box::new(notice)).unwrap();
                let sandbox = sandbox.compiled_by(Compiler::new(binary::program()));
                let setup = Setup::new(Arc::new(library.clone()), sandbox);
                let engine = Engine::new(Arc::new(program), setup).unwrap_or_else(|error| panic!("{}", error.message));
                together.wait();
                let outcome = host::block_on(engine.run(Vec::new()));
                assert_eq!(outcome.outputs, [("got".to_owned(), Value::text("well"))], "{:?}", outcome.failure);
            });
        }
    });
    assert_eq!(compiled.load(Ordering::Relaxed), 1);
}

#[test]
fn a_cache_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, key) = (folder.path().join("cache"), folder.path().join("key"));
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    Cache::open(&cache, &key).unwrap();
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);

    let link = folder.path().join("link");
    symlink(&cache, &link).unwrap();
    assert!(Cache::open(&link, &key).is_err(), "a link may lead anywhere");

    fs::set_permissions(key.join("cache.key"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(Cache::open(&cache, &key).is_err(), "anyone can have written this key");
}

#[test]
fn no_mount_reaches_what_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let (hidden, fixed) = (folder.path().join("hidden"), folder.path().join("policy.toml"));
    fs::create_dir(&hidden).unwrap();
    fs::write(&fixed, "").unwrap();
    let protected = Protected { hidden: vec![hidden], fixed: vec![fixed], ..Protected::default() };
    let library = Arc::new(Library::builtin());
    let (program, _) = Program::load(&library, "read_file").unwrap_or_else(|r| panic!("{r}"));
    let program = Arc::new(program);
    let open = |path: &str, access: &str| {
        let host = folder.path().join(path);
        let grant = format!("{{ path = {host:?}, mount = \"/data\", access = \"{access}\" }}");
        let policy = Policy::parse("p.toml", &format!("version = 1\n[agents.read_file]\nfiles = [{grant}]")).unwrap();
        let setup = Setup::new(library.clone(), host::sandbox().clone());
        let setup = Setup { policy: Arc::new(policy), protected: protected.clone(), ..setup };
        Engine::new(program.clone(), setup).map(drop).map_err(|error| error.message)
    };
    fs::create_dir(folder.path().join("data")).unwrap();
    assert_eq!(open("data", "write"), Ok(()));
    for (path, access, reason) in [("hidden", "read", "may read"), ("", "read", "may read"), ("", "write", "may write")]
    {
        assert!(open(path, access).unwrap_err().contains(reason), "{path:?} {access}");
    }
}
