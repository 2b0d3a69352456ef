//! Transcripts: what a shell shows, in Markdown.
//!
//! ```console
//! $ turingbox run echo --input hello
//! hello
//! $ turingbox run nobody
//! ? 2
//! error[unknown-agent]: …
//! ```
//!
//! A line that begins with `$ ` is a command for `sh`, and lines that begin with `> ` go on with
//! it. `? 2` is its exit code where it is not 0. The rest is what it writes, stdout and stderr as
//! they come. `...` stands for any lines, `[..]` for anything within a line. The commands of one
//! file run in one folder, one after the other.
//!
//! `SNAPSHOTS=overwrite` writes what the commands do now into the file.

use std::{fs, ops::Range, path::Path, process::Stdio};

use snapbox::{Data, filter::NormalizeToExpected};

use crate::support::binary;

/// One command, and the lines that are expected of it.
struct Command {
    shell: String,
    expected: String,
    /// The expectation's bytes in the file.
    place: Range<usize>,
}

/// Runs every command of the file `path` in `folder`. Gives the number of commands, and what went
/// otherwise than it says.
pub fn run(path: &Path, folder: &Path) -> (usize, Vec<String>) {
    let mut text = fs::read_to_string(path).unwrap();
    let commands = parse(&text);
    let (mut failures, mut news) = (Vec::new(), Vec::new());
    for command in &commands {
        let found = execute(&command.shell, folder);
        let pattern = Data::text(command.expected.clone()).raw();
        let shown = NormalizeToExpected::new().redact().normalize(Data::text(found), &pattern).to_string();
        if shown != command.expected {
            let place = format!("{}:{}", path.display(), text[..command.place.start].lines().count());
            failures
                .push(format!("{place}: $ {}\n--- expected\n{}--- found\n{shown}", command.shell, command.expected));
            news.push((command.place.clone(), shown));
        }
    }
    if std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
        news.into_iter().rev().for_each(|(place, shown)| text.replace_range(place, &shown));
        fs::write(path, text).unwrap();
        failures.clear();
    }
    (commands.len(), failures)
}

/// The commands of every `console` block.
fn parse(text: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let (mut inside, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let after = at + line.len();
        if line.starts_with("```") {
            inside = line.trim_end() == "```console";
        } else if let (true, Some(shell)) = (inside, line.strip_prefix("$ ")) {
            commands.push(Command { shell: shell.trim_end().into(), expected: String::new(), place: after..after });
        } else if let (true, Some(command)) = (inside, commands.last_mut()) {
            match line.strip_prefix("> ") {
                Some(more) if command.expected.is_empty() => {
                    command.shell.push('\n');
                    command.shell.push_str(more.trim_end());
                    command.place = after..after;
                }
                _ => {
                    command.expected.push_str(line);
                    command.place.end = after;
                }
            }
        }
        at = after;
    }
    commands
}

/// What `shell` does in `folder`: its exit code, if it isn't 0, then what it writes.
fn execute(shell: &str, folder: &Path) -> String {
    let output = binary::command("sh", folder)
        .arg("-c")
        .arg(format!("exec 2>&1\n{shell}"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = match output.status.code() {
        Some(0) => String::new(),
        Some(code) => format!("? {code}\n"),
        None => format!("? {}\n", output.status),
    };
    // A terminal shows no difference between the two line ends.
    let mut written = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    if !written.is_empty() && !written.ends_with('\n') {
        written.push('\n');
    }
    // It depends on the machine whether that takes so long that it is said.
    let told = |line: &&str| !line.starts_with("Preparing a component: ");
    code + &written.split_inclusive('\n').filter(told).collect::<String>()
}
