//! What the cases of an agent that nobody has read may do on the machine of who runs them.

use std::{fs, io::ErrorKind, net::TcpListener, path::Path, process::Output};

use crate::support::binary;

const MAIN: &str = "
import socket

def main(port):
    socket.create_connection(('127.0.0.1', port), 5).close()
    return 'connected'
";

const MANIFEST: &str = "
kind = 'proc'
python = 'main.py'
function = 'main'
[inputs.port]
type = 'integer'
[outputs.said]
[needs]
tcp = ['127.0.0.1']
";

/// An agent with one case that connects to `port`, and the policy that lets it.
fn agent(folder: &Path, port: u16) -> String {
    let agent = folder.join("agents/dials");
    fs::create_dir_all(agent.join("cases/dial")).unwrap();
    fs::write(agent.join("main.py"), MAIN).unwrap();
    fs::write(agent.join("agent.toml"), MANIFEST).unwrap();
    let case = format!("[inputs]\nport = {port}\n[outputs]\nsaid = 'connected'\n");
    fs::write(agent.join("cases/dial/case.toml"), case).unwrap();
    format!("version = 1\n[agents.dials]\ntcp = [{{ host = '127.0.0.1', ports = [{port}] }}]\n")
}

fn tested(folder: &Path, arguments: &[&str]) -> Output {
    binary::turingbox(folder).args(["test", "dials"]).args(arguments).output().unwrap()
}

#[test]
fn a_case_opens_no_network_by_its_own_policy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let policy = agent(folder.path(), listener.local_addr().unwrap().port());
    let own = folder.path().join("agents/dials/cases/dial/policy.toml");
    fs::write(&own, &policy).unwrap();
    let output = tested(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");

    // The same policy, given by who runs the case.
    fs::remove_file(own).unwrap();
    fs::write(folder.path().join("policy.toml"), policy).unwrap();
    let output = tested(folder.path(), &["--policy", "policy.toml"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    listener.accept().unwrap();
}
