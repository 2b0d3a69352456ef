//! An agent's cases: folders beside it that say what it gives for what it gets.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    Json, Outcome, Report, Value,
    agent::read_file,
    diagnostic::{Diagnostic, list},
    document::{self, Item, TOO_LARGE, Table},
    source::{MAX_SOURCE, Source},
};

/// The file that makes a folder a case.
pub const CASE: &str = "case.toml";

/// The largest file that a case names, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// One case.
pub struct Case {
    /// The folder.
    pub folder: PathBuf,
    /// What the agent gets.
    pub inputs: Vec<(String, Value)>,
    expected: Expected,
    files: Vec<(String, Content)>,
}

/// What is expected of the run.
enum Expected {
    /// These outputs, and none of the absent ones.
    Outputs { outputs: Vec<(String, Value)>, absent: Vec<String> },
    /// A failure with this in its message, and with this code and denial where they are said.
    Failure { message: String, code: Option<String>, denied: Option<String> },
}

/// What a file holds after the run.
enum Content {
    Exactly(Vec<u8>),
    Contains(String),
}

impl Case {
    /// Reads the case in `folder`.
    pub fn read(folder: &Path) -> Result<Self, Report> {
        let path = folder.join(CASE);
        let text = read(folder, CASE, MAX_SOURCE).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let text = text.map_err(|error| Diagnostic::error("unreadable", format!("{}: {error}", path.display())))?;
        let source = Source::new(path.display().to_string(), text);
        let read = |top: &mut Table<'_>, report: &mut Report| {
            // What the case is about; for the reader.
            top.take("help", report, Item::text);
            let inputs = named(top, "inputs", report, |item| value(&item, folder));
            let outputs = named(top, "outputs", report, |item| value(&item, folder));
            let files = named(top, "files", report, |item| content(&item, folder));
            let absent = top.take("absent", report, Item::texts).unwrap_or_default();
            let expected = match top.take("fails", report, Item::table) {
                Some(mut table) => {
                    let message = table.take("message", report, Item::string).unwrap_or_default();
                    let code = table.take("code", report, Item::string);
                    let denied = table.take("denied", report, Item::string);
                    table.finish(report);
                    Expected::Failure { message, code, denied }
                }
                None => Expected::Outputs { outputs, absent },
            };
            Some(Self { folder: folder.to_path_buf(), inputs, expected, files })
        };
        document::read(&source, read).map(|(case, _)| case)
    }

    /// The case's own policy, if it has one, in `folder`: the case's or its copy's.
    pub fn policy(&self, folder: &Path) -> Option<PathBuf> {
        self.folder.join("policy.toml").is_file().then(|| folder.join("policy.toml"))
    }

    /// What differs from what is expected; nothing when the case passes. `folder` is where the
    /// run's files are.
    pub fn differences(&self, outcome: &Outcome, folder: &Path) -> Vec<String> {
        let mut differences = match (&self.expected, &outcome.failure) {
            (Expected::Outputs { .. }, Some(failure)) => vec![format!("it failed: {failure}\n{}", failure.trace)],
            (Expected::Failure { .. }, None) => {
                vec![format!("it should have failed, and gave {}", shown(&outcome.outputs))]
            }
            (Expected::Outputs { outputs, absent }, None) => compare_outputs(outputs, absent, &outcome.outputs),
            (Expected::Failure { message, code, denied }, Some(failure)) => {
                let mut differences = Vec::new();
                if !failure.message.contains(message.as_str()) {
                    differences.push(format!("the message should have {message:?} in it: {:?}", failure.message));
                }
                if code.as_ref().is_some_and(|code| *code != failure.code.name()) {
                    differences.push(format!(
                        "the code should be {:?}, not {:?}",
                        code.as_deref().unwrap_or_default(),
                        failure.code.name()
                    ));
                }
                if denied.as_ref().is_some_and(|denied| outcome.denials.iter().all(|denial| denial.code != denied)) {
                    let codes: Vec<_> = outcome.denials.iter().map(|denial| denial.code).collect();
                    let denied = denied.as_deref().unwrap_or_default();
                    let others =
                        if codes.is_empty() { "and nothing was".into() } else { format!("not {}", list(&codes)) };
                    differences.push(format!("`{denied}` should have been denied, {others}"));
                }
                differences
            }
        };
        differences.extend(self.files.iter().filter_map(|(name, content)| content.difference(folder, name)));
        differences
    }
}

/// Outputs in one line, as a tape has them.
fn shown(outputs: &[(String, Value)]) -> String {
    let outputs: Vec<_> = outputs.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if outputs.is_empty() { "nothing".into() } else { outputs.join(" ") }
}

fn compare_outputs(expected: &[(String, Value)], absent: &[String], found: &[(String, Value)]) -> Vec<String> {
    let find = |name: &str| found.iter().find(|(found, _)| found == name).map(|(_, value)| value);
    let unequal = expected.iter().filter_map(|(name, value)| match find(name) {
        Some(found) if same(value, found) => None,
        Some(found) => Some(format!("{name} should be {value:?}, not {found:?}")),
        None => Some(format!("{name} should be {value:?}, and is not there")),
    });
    let present = absent
        .iter()
        .filter_map(|name| find(name).map(|value| format!("{name} should not be there, and is {value:?}")));
    unequal.chain(present).collect()
}

/// Whether two values are the same; JSON by its meaning, not by its spaces.
fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Json(expected), Value::Json(found)) => expected.means(found),
        _ => expected == found,
    }
}

impl Content {
    fn difference(&self, folder: &Path, name: &str) -> Option<String> {
        let found = match read(folder, name, MAX_FILE) {
            Ok(found) => found,
            Err(error) => return Some(format!("{name}: {error}")),
        };
        let text = String::from_utf8_lossy(&found);
        match self {
            Self::Exactly(expected) if *expected == found => None,
            Self::Contains(part) if text.contains(part.as_str()) => None,
            Self::Exactly(expected) => {
                Some(format!("{} should hold {:?}, not {text:?}", name, String::from_utf8_lossy(expected)))
            }
            Self::Contains(part) => Some(format!("{} should have {part:?} in it: {text:?}", name)),
        }
    }
}

fn named<'a, T>(
    top: &mut Table<'a>,
    key: &'static str,
    report: &mut Report,
    read: impl Fn(Item<'a>) -> Result<T, Diagnostic>,
) -> Vec<(String, T)> {
    let Some(table) = top.take(key, report, Item::table) else { return Vec::new() };
    let entries = table.entries().into_iter();
    entries
        .filter_map(|item| Some((item.key.to_owned(), read(item).map_err(|wrong| report.push(wrong)).ok()?)))
        .collect()
}

/// A value as a case writes it: as in a step, or `{ base64 }`, `{ json }` as text, `{ file }`.
fn value(item: &Item<'_>, folder: &Path) -> Result<Value, Diagnostic> {
    let tagged = item.clone().table().map(|table| table.entries()).unwrap_or_default();
    match tagged.as_slice() {
        [inner] if inner.key == "base64" => {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::STANDARD.decode(inner.clone().text()?);
            bytes.map(Value::data).map_err(|error| inner.wrong("bad-value", error.to_string()))
        }
        [inner] if inner.key == "json" && inner.is_text() => Json::parse(inner.clone().text()?)
            .map(Value::Json)
            .map_err(|error| inner.wrong("bad-value", error.to_string())),
        [inner] if inner.key == "file" => {
            let bytes = file(inner, folder)?;
            String::from_utf8(bytes).map(Value::text).map_err(|error| inner.wrong("bad-value", error.to_string()))
        }
        _ => item.value().map_err(|wrong| match wrong.code {
            TOO_LARGE => wrong.help("write { json = \"…\" } around a larger number"),
            _ => wrong,
        }),
    }
}

fn content(item: &Item<'_>, folder: &Path) -> Result<Content, Diagnostic> {
    if item.is_text() {
        return Ok(Content::Exactly(item.clone().text()?.as_bytes().to_vec()));
    }
    match item.clone().table()?.entries().as_slice() {
        [inner] if inner.key == "file" => Ok(Content::Exactly(file(inner, folder)?)),
        [inner] if inner.key == "contains" => Ok(Content::Contains(inner.clone().string()?)),
        _ => Err(item.wrong("bad-value", "a file is given as text, { file = \"…\" } or { contains = \"…\" }")),
    }
}

fn file(item: &Item<'_>, folder: &Path) -> Result<Vec<u8>, Diagnostic> {
    let name = item.clone().text()?;
    read(folder, name, MAX_FILE).map_err(|error| item.wrong("missing-file", format!("`{name}`: {error}")))
}

/// Reads a file of a case's folder, and none outside it: cases come with agents that nobody has read.
fn read(folder: &Path, name: &str, limit: u64) -> io::Result<Vec<u8>> {
    read_file(&Dir::open_ambient_dir(folder, ambient_authority())?, name, limit)
}

/// The cases of the agent in `folder`, sorted by name.
pub fn find(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let cases = match fs::read_dir(folder.join("cases")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        cases => cases?,
    };
    let mut found = Vec::new();
    for case in cases {
        let path = case?.path();
        if path.join(CASE).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Copies a case's folder, so that a run that writes leaves the case as it is.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        } else {
            let message = format!("{} is neither a file nor a folder", entry.path().display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    }
    Ok(())
}
