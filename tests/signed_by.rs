//! `signed_by`: what nobody vouches for doesn't run. Signatures are made by the program minisign.

use std::{fs, path::Path, process::Command};

use crate::support::{binary, folder, root};

/// A folder with the agent `greet` added and signed, a policy that asks for its key, and one for another.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let here = tempfile::tempdir().unwrap();
        folder::copy(&root().join("tests/cli/add"), here.path());
        let world = Self(here);
        world.ok(&["pack", "theirs/greet"]);
        world.key("theirs");
        world.key("other");
        world.sign("theirs");
        world
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes a key, and a policy that asks for it.
    fn key(&self, name: &str) {
        minisign(self.path(), &["-G", "-W", "-p", &format!("{name}.pub"), "-s", &format!("{name}.key")]);
        let policy = format!("version = 1\n[agents.\"community/*\"]\nsigned_by = [\"{}\"]\n", self.public(name));
        fs::write(self.path().join(format!("{name}.toml")), policy).unwrap();
    }

    fn public(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path().join(format!("{name}.pub"))).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    }

    fn sign(&self, name: &str) {
        minisign(self.path(), &["-S", "-s", &format!("{name}.key"), "-m", "greet.tar", "-t", "greet 1.0"]);
    }

    /// The exit code, and what is said.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = binary::turingbox(self.path()).args(arguments).output().unwrap();
        let said = [&output.stdout[..], &output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let (code, said) = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    /// Runs the agent under a policy, which has to be denied with `code`.
    fn denied(&self, policy: &str, code: &str) {
        let (exit, said) = self.run(&["run", "greet", "--name", "Ada", "--policy", policy]);
        assert_eq!(exit, Some(3), "{said}");
        assert!(said.contains(&format!("denied[{code}]: run community/greet: ")), "{said}");
        assert!(!said.contains("Hello"), "{said}");
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}: {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn minisign(here: &Path, arguments: &[&str]) {
    let made = Command::new("minisign").current_dir(here).args(arguments).output();
    let made = made.expect("this test needs the program `minisign`");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn what_the_key_signed_runs_and_nothing_else() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    assert_eq!(world.ok(&["run", "greet", "--name", "Ada", "--policy", "theirs.toml"]), "Hello, Ada!");
    world.denied("other.toml", "signed_by.other-key");
    world.ok(&["test", "greet", "--policy", "theirs.toml"]);
    let (code, said) = world.run(&["test", "greet", "--policy", "other.toml"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = world.run(&["check", "--policy", "other.toml"]);
    assert!(code == Some(2) && said.contains("error[unsigned]"), "{said}");
    world.ok(&["check", "--policy", "theirs.toml"]);
    let shown = world.ok(&["show", "greet", "--policy", "other.toml", "--json"]);
    assert!(shown.contains("\"may_not_run\":\"signed_by.other-key\""), "{shown}");
}

#[test]
fn what_was_changed_is_not_what_was_signed() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    let file = "agents/community/greet/main.py";
    world.edit(file, "Hello", "Goodbye");
    world.denied("theirs.toml", "signed_by.changed");
    // Whoever changes the lock file, too, is no better off.
    let digest = world.ok(&["pack", "agents/community/greet", "--out", "changed.tar"]);
    let digest = digest.lines().nth(1).unwrap().to_owned();
    let lock = fs::read_to_string(world.path().join("agents/agents.lock")).unwrap();
    let old = lock.split("digest = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    world.edit("agents/agents.lock", &old, &digest);
    world.denied("theirs.toml", "signed_by.bad-signature");
    world.edit(file, "Goodbye", "Hello");
    world.denied("theirs.toml", "signed_by.changed");
    world.edit("agents/agents.lock", &digest, &old);
    assert_eq!(world.ok(&["run", "greet", "--name", "Ada", "--policy", "theirs.toml"]), "Hello, Ada!");
    // A file more, that nothing reads yet.
    fs::write(world.path().join("agents/community/greet/more.py"), "").unwrap();
    world.denied("theirs.toml", "signed_by.changed");
    fs::remove_file(world.path().join("agents/community/greet/more.py")).unwrap();
    world.edit("agents/agents.lock", "signature = [", "signature = []\n#");
    world.denied("theirs.toml", "signed_by.unsigned");
    fs::write(world.path().join("agents/agents.lock"), "version = 1\nno lock file").unwrap();
    world.denied("theirs.toml", "signed_by.unsigned");
    fs::remove_file(world.path().join("agents/agents.lock")).unwrap();
    world.denied("theirs.toml", "signed_by.unsigned");
    // What is there is still what was signed, so it can be written down anew.
    world.ok(&["add", "greet.tar"]);
    assert_eq!(world.ok(&["run", "greet", "--name", "Ada", "--policy", "theirs.toml"]), "Hello, Ada!");
}

/// Nobody is told to trust a key that is in the list already: what the signer says was altered.
#[test]
fn what_the_signer_says_is_signed() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    world.edit("agents/agents.lock", "greet 1.0", "greet 2.0");
    world.denied("theirs.toml", "signed_by.bad-signature");
    world.denied("other.toml", "signed_by.other-key");
    let (_, said) = world.run(&["run", "greet", "--name", "Ada", "--policy", "theirs.toml"]);
    assert!(said.contains("turingbox check --locked") && !said.contains("add the key to the list"), "{said}");
}

/// What the denial says to do, helps.
#[test]
fn what_was_changed_can_be_had_whole_again() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    world.edit("agents/community/greet/main.py", "Hello", "Goodbye");
    world.denied("theirs.toml", "signed_by.changed");
    fs::rename(world.path().join("agents/community/greet"), world.path().join("away")).unwrap();
    world.ok(&["add", "greet.tar"]);
    assert_eq!(world.ok(&["run", "greet", "--name", "Ada", "--policy", "theirs.toml"]), "Hello, Ada!");
}

/// A lock file with a digest and a key that don't go with the signature is found without a policy, too.
#[test]
fn a_lock_file_that_was_edited_is_found() {
    let world = World::new();
    let (theirs, other) = (world.public("theirs"), world.public("other"));
    world.ok(&["add", "greet.tar", "--key", &theirs]);
    world.ok(&["check", "--locked"]);
    world.edit("agents/agents.lock", &theirs, &other);
    let (code, said) = world.run(&["check", "--locked"]);
    assert!(code == Some(2) && said.contains("error[bad-signature]"), "{said}");
    world.edit("agents/agents.lock", &other, &theirs);
    world.edit("agents/agents.lock", "community/greet", "community/gone");
    let (code, said) = world.run(&["check", "--locked"]);
    assert!(code == Some(2) && said.contains("error[locked-away]"), "{said}");
}

#[test]
fn nobody_adds_what_is_not_signed_as_it_has_to_be() {
    let world = World::new();
    let (theirs, other) = (world.public("theirs"), world.public("other"));
    let refused = |arguments: &[&str], exit: i32, part: &str| {
        let (code, said) = world.run(&[&["add", "greet.tar"], arguments].concat());
        assert!(code == Some(exit) && said.contains(part), "{arguments:?}: {said}");
        assert!(!world.path().join("agents").exists());
    };
    refused(&["--key", &other], 2, "error[bad-signature]");
    refused(&["--policy", "other.toml"], 3, "denied[signed_by.other-key]");
    fs::rename(world.path().join("greet.tar.minisig"), world.path().join("kept")).unwrap();
    refused(&["--key", &theirs], 2, "error[unsigned]");
    refused(&["--policy", "theirs.toml"], 3, "denied[signed_by.unsigned]");
    fs::rename(world.path().join("kept"), world.path().join("greet.tar.minisig")).unwrap();
    world.edit("greet.tar.minisig", "greet 1.0", "greet 2.0");
    refused(&["--key", &theirs], 2, "error[bad-signature]");
    world.sign("theirs");
    let added = world.ok(&["add", "greet.tar", "--policy", "theirs.toml"]);
    assert!(added.contains(&format!("signed  by {theirs}: greet 1.0")), "{added}");
    // From now on it is this key, unless somebody says otherwise.
    world.edit("theirs/greet/main.py", "Hello", "Good day");
    world.ok(&["pack", "theirs/greet"]);
    world.sign("other");
    let (code, said) = world.run(&["add", "greet.tar", "--update"]);
    assert!(code == Some(2) && said.contains("error[bad-signature]") && said.contains("--key"), "{said}");
    world.ok(&["add", "greet.tar", "--update", "--key", &other]);
    assert_eq!(world.ok(&["run", "greet", "--name", "Ada", "--policy", "other.toml"]), "Good day, Ada!");
}

/// A workflow's steps are looked at like what is run by itself, and each denial is in the audit log.
#[test]
fn a_step_that_nobody_vouches_for_fails() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    let flow = world.path().join("agents/flow");
    fs::create_dir_all(&flow).unwrap();
    let text = "kind = \"workflow\"\nhelp = \"x\"\n[outputs.text]\n[[steps]]\nagent = \"echo\"\ninputs = { input = \"x\" }\n\
        [[steps]]\nagent = \"greet\"\ninputs = { name = \"Ada\" }\n";
    fs::write(flow.join("agent.toml"), text).unwrap();
    let run = |policy: &str| world.run(&["run", "flow", "--policy", policy, "--audit", "audit.jsonl"]);
    assert_eq!(run("theirs.toml"), (Some(0), "Hello, Ada!".into()));
    let log = fs::read_to_string(world.path().join("audit.jsonl")).unwrap();
    let allowed = "\"capability\":\"signed_by\",\"request\":\"run community/greet\",\"decision\":\"allowed\"";
    assert!(log.lines().filter(|line| line.contains(allowed)).count() == 1, "{log}");
    let suggested = world.ok(&["policy", "suggest", "greet", "--audit", "audit.jsonl", "--policy", "theirs.toml"]);
    assert!(!suggested.contains("Not granted"), "{suggested}");
    let (code, said) = run("other.toml");
    assert!(code == Some(3) && said.contains("denied[signed_by.other-key]"), "{said}");
    let log = fs::read_to_string(world.path().join("audit.jsonl")).unwrap();
    let denied: Vec<_> = log.lines().filter(|line| line.contains("\"signed_by.other-key\"")).collect();
    assert!(denied.len() == 1 && denied[0].contains("\"step\":\"1\""), "{log}");
    let suggested = world.ok(&["policy", "suggest", "flow", "--audit", "audit.jsonl", "--policy", "other.toml"]);
    assert!(suggested.contains(&format!("signed_by = [\"{}\"]", world.public("other"))), "{suggested}");
    // What is in the binary needs no signature; another agent, in a folder, does.
    let everyone = fs::read_to_string(world.path().join("theirs.toml")).unwrap().replace("community/*", "**");
    fs::write(world.path().join("everyone.toml"), everyone).unwrap();
    assert_eq!(world.run(&["run", "echo", "--input", "x", "--policy", "everyone.toml"]).0, Some(0));
    let (code, said) = run("everyone.toml");
    assert!(code == Some(3) && said.contains("denied[signed_by.unsigned]: run flow: "), "{said}");
}

/// Templates, with what they include, and workflows are signed like code.
#[test]
fn agents_of_each_kind_are_vouched_for() {
    let world = World::new();
    let agents = [
        (
            "letter",
            "kind = \"template\"\nhelp = \"x\"\ntemplate = \"text.j2\"\n",
            "text.j2",
            "A {% include \"part.j2\" %}",
        ),
        ("inline", "kind = \"template\"\nhelp = \"x\"\ntext = \"A template\"\n", "notes.txt", ""),
        (
            "flow",
            "kind = \"workflow\"\nhelp = \"x\"\n[outputs.a]\nfrom = \"A flow\"\n[[steps]]\nagent = \"echo\"\ninputs = { input = \"x\" }\n",
            "notes.txt",
            "",
        ),
    ];
    for (name, manifest, file, text) in agents {
        let folder = world.path().join("theirs").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("agent.toml"), manifest).unwrap();
        fs::write(folder.join(file), text).unwrap();
        fs::write(folder.join("part.j2"), "part").unwrap();
        world.ok(&["pack", &format!("theirs/{name}"), "--out", "greet.tar"]);
        world.sign("theirs");
        world.ok(&["add", "greet.tar"]);
        let said = world.ok(&["run", name, "--policy", "theirs.toml"]);
        assert!(said.starts_with("A "), "{said}");
        world.edit(&format!("agents/community/{name}/part.j2"), "part", "other");
        let (code, said) = world.run(&["run", name, "--policy", "theirs.toml"]);
        assert!(code == Some(3) && said.contains("denied[signed_by.changed]"), "{said}");
    }
}

/// Compiling runs what is in a crate, so those of others are not compiled.
#[test]
fn what_was_added_is_not_built() {
    let world = World::new();
    fs::write(world.path().join("theirs/greet/Cargo.toml"), "[package]\nname = \"greet\"\n").unwrap();
    fs::write(world.path().join("theirs/greet/build.rs"), "fn main() { panic!() }").unwrap();
    world.ok(&["add", "theirs/greet"]);
    let is_left = |path: &str| {
        let (_, said) = world.run(&["build", path]);
        assert!(said.contains("was added, so it isn't built"), "{said}");
        assert!(!said.contains("cargo"), "{said}");
    };
    ["agents", "agents/community", "agents/community/greet"].into_iter().for_each(is_left);
    // Whatever becomes of the lock file.
    fs::remove_file(world.path().join("agents/agents.lock")).unwrap();
    is_left("agents");
    let (code, said) = world.run(&["check", "--locked"]);
    assert!(code == Some(2) && said.contains("error[not-locked]: `community/greet` was added"), "{said}");
    assert!(said.contains("`turingbox add` it anew") && !said.contains("turingbox build"), "{said}");
    world.ok(&["add", "theirs/greet"]);
    world.ok(&["check", "--locked"]);
}

#[test]
fn a_lock_file_is_a_file() {
    let world = World::new();
    world.ok(&["add", "greet.tar"]);
    let lock = world.path().join("agents/agents.lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &lock).unwrap();
    for arguments in [&["check", "--locked"][..], &["add", "greet.tar"]] {
        let (code, said) = world.run(arguments);
        assert!(code == Some(2) && said.contains("it is not a file"), "{arguments:?}: {said}");
    }
}
