//! Folders that are found over links.

use std::{os::unix::fs::symlink, sync::Arc};

use turingbox::{Engine, Program, Setup, Value};

use super::{library, policy};
use crate::support::host;

/// Where a link below a ceiling leads out of it, no mount is opened: not even where it was, without the ceiling. And none
/// is over a link that somebody could change.
#[test]
fn a_link_leads_to_no_grant_that_it_should_not() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("open")).unwrap();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    symlink(folder.path(), folder.path().join("open/link")).unwrap();
    let here = folder.path().display();
    let grants = |within: &str, access: &str| {
        policy(&format!(
            "[agents.reader]\nfiles = [{{ path = \"{here}/open/link\", mount = \"/data\", access = \"{access}\" }}]\n\
             [agents.keep]\n{within}"
        ))
    };
    let read = |within: &str| {
        let path = [("path", Value::text("/data/a.txt"))];
        host::run(&library(), "keep", &grants(within, "read"), &path).outcome
    };
    assert_eq!(read("").outputs, [("text".to_owned(), Value::text("a"))]);
    let failure = read(&format!("within = {{ files = [{{ path = \"{here}/open\", access = \"read\" }}] }}")).failure;
    let failure = failure.unwrap();
    assert!(failure.message.contains("is not in a folder that the ceiling leaves"), "{failure}");

    let (program, _) = Program::load(&library(), "keep").unwrap();
    let setup = Setup::new(Arc::new(library()), host::sandbox().clone());
    let refused = Engine::new(Arc::new(program), Setup { policy: grants("", "write"), ..setup }).err().unwrap();
    assert!(refused.message.contains("which agents may change"), "{}", refused.message);
}
