//! Reading how a program is started, out of a manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::{Argument, Command, Form, Origin, Part, Taken};
use crate::{
    agent::{Bounds, Hint, Input, manifest::is_plain},
    diagnostic::{Diagnostic, Report, suggestion},
    document::{Item, Table},
    policy::is_variable,
    source::Place,
};

/// The input that is standard input where the manifest maps nothing.
const STDIN: &str = "stdin";

/// The longest path in a program's own folder, in bytes: no file system has longer names.
const MAX_PATH: usize = 255;

/// The inputs that there are, and those that are mapped.
struct Names<'m> {
    inputs: BTreeSet<&'m str>,
    mapped: BTreeSet<String>,
}

impl Names<'_> {
    /// The declared input that `item` names.
    fn input(&mut self, item: Item<'_>) -> Result<String, Diagnostic> {
        let name = item.clone().string()?;
        if !self.inputs.contains(name.as_str()) {
            let message = format!("this agent has no input called `{}`", name.escape_debug());
            return Err(item
                .wrong("unknown-input", message)
                .maybe_help(suggestion(&name, self.inputs.iter().copied())));
        }
        self.mapped.insert(name.clone());
        Ok(name)
    }
}

/// Reads how the program `file` is started.
pub fn read_command(file: String, top: &mut Table<'_>, inputs: &[Input], report: &mut Report) -> Command {
    let keys = ["arguments", "environment", "stdin", "files"];
    let maps = keys.map(|key| top.get(key).is_some()).contains(&true);
    let mut names = Names { inputs: inputs.iter().map(|input| input.name.as_str()).collect(), mapped: BTreeSet::new() };
    let mut command = Command { file, ..Command::of_names(inputs) };
    if maps {
        command.arguments = top.take("arguments", report, Item::array).map_or_else(Vec::new, |items| {
            items.into_iter().filter_map(|item| read_argument(item, &mut names, report)).collect()
        });
        command.stdin = top.take("stdin", report, |item| names.input(item));
        command.environment = read_parts("environment", variable, top, &mut names, report);
        command.files = read_parts("files", own_file, top, &mut names, report);
        report.0.extend(unmapped(top, &names));
        report.0.extend(nested(top, &command.files));
    }
    command
}

impl Command {
    /// Where nothing is mapped: each input is an option of its name, and `stdin` is standard input.
    fn of_names(inputs: &[Input]) -> Self {
        let (stdin, others): (Vec<_>, Vec<_>) = inputs.iter().map(|input| &input.name).partition(|name| *name == STDIN);
        let option = |name: &String| Argument::Input { input: name.clone(), form: Form::Flag(format!("--{name}")) };
        Self {
            file: String::new(),
            arguments: others.into_iter().map(option).collect(),
            environment: Vec::new(),
            stdin: stdin.first().map(|name| (*name).clone()),
            files: Vec::new(),
        }
    }
}

fn read_argument(item: Item<'_>, names: &mut Names<'_>, report: &mut Report) -> Option<Argument> {
    if item.is_text() {
        return plain(item).map(Argument::Literal).map_err(|wrong| report.push(wrong)).ok();
    }
    let place = item.place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let input = table.need("input", report, |item| names.input(item));
    let flag = table.take("flag", report, plain);
    let prefix = table.take("prefix", report, plain);
    let dash = table.take("dash", report, Item::boolean);
    table.finish(report);
    let form = match (flag, prefix, dash) {
        (Some(flag), None, None) => Form::Flag(flag),
        (None, Some(prefix), None) => Form::Prefix(prefix),
        (None, None, dash) => Form::Plain { dash: dash.unwrap_or_default() },
        _ => {
            let wrong = Diagnostic::error("unused-key", "`flag`, `prefix` and `dash` exclude each other");
            let help = "`flag` is an argument before the value, `prefix` a text in the same argument; behind either, a \
                        value may begin with a dash";
            report.push(wrong.at_place(&place).help(help));
            return None;
        }
    };
    Some(Argument::Input { input: input?, form })
}

/// A table of texts and inputs, under keys that `key` checks.
fn read_parts(
    name: &'static str,
    key: fn(&Item<'_>) -> Result<String, Diagnostic>,
    top: &mut Table<'_>,
    names: &mut Names<'_>,
    report: &mut Report,
) -> Vec<(String, Part)> {
    let Some(table) = top.take(name, report, Item::table) else { return Vec::new() };
    let read = |item: Item<'_>| {
        let key = key(&item).map_err(|wrong| report.push(wrong)).ok();
        let part = read_part(item, names, report);
        Some((key?, part?))
    };
    table.entries().into_iter().filter_map(read).collect()
}

fn read_part(item: Item<'_>, names: &mut Names<'_>, report: &mut Report) -> Option<Part> {
    if item.is_text() {
        return plain(item).map(Part::Literal).map_err(|wrong| report.push(wrong)).ok();
    }
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let input = table.need("input", report, |item| names.input(item));
    table.finish(report);
    input.map(Part::Input)
}

/// A text that can be an argument: programs take a NUL for its end.
fn plain(item: Item<'_>) -> Result<String, Diagnostic> {
    match item.clone().string()? {
        text if text.contains('\0') => Err(item.wrong("bad-text", "a program takes a NUL for the end of a text")),
        text => Ok(text),
    }
}

fn variable(item: &Item<'_>) -> Result<String, Diagnostic> {
    if is_variable(item.key) {
        return Ok(item.key.to_owned());
    }
    let message = format!("`{}` can't be the name of a variable", item.key.escape_debug());
    let wrong = Diagnostic::error("bad-name", message).at_place(&item.key_place());
    Err(wrong.help("letters, digits and `_`, the first one no digit"))
}

fn own_file(item: &Item<'_>) -> Result<String, Diagnostic> {
    match is_own(item.key) {
        true => Ok(item.key.to_owned()),
        false => Err(not_own(item.key).at_place(&item.key_place())),
    }
}

fn is_own(name: &str) -> bool {
    is_plain(name) && name.len() <= MAX_PATH
}

fn not_own(name: &str) -> Diagnostic {
    Diagnostic::error("bad-path", format!("`{}` is not a file of the program's own folder", name.escape_debug()))
        .help(OWN)
}

/// Inputs that nothing is made of.
fn unmapped(top: &mut Table<'_>, names: &Names<'_>) -> Vec<Diagnostic> {
    let places = places(top, "inputs");
    let unmapped = names.inputs.iter().filter(|input| !names.mapped.contains(**input));
    let said = unmapped.map(|input| {
        let wrong = Diagnostic::error("unmapped-input", format!("the program never gets the input `{input}`"));
        let wrong = places.get(*input).map_or(wrong.clone(), |place| wrong.at_place(place));
        wrong.help("name it in `arguments`, `environment`, `stdin` or `files`, or take it out")
    });
    said.collect()
}

/// Files that lie in what is a file itself.
fn nested(top: &mut Table<'_>, files: &[(String, Part)]) -> Vec<Diagnostic> {
    let places = places(top, "files");
    let names: BTreeSet<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let around = |name: &'_ str| name.match_indices('/').map(|(at, _)| at).find(|at| names.contains(&name[..*at]));
    let said = names.iter().filter_map(|name| {
        let outer = &name[..around(name)?];
        let wrong = Diagnostic::error("bad-path", format!("`{name}` is in `{outer}`, which is a file"));
        Some(places.get(*name).map_or(wrong.clone(), |place| wrong.at_place(place)))
    });
    said.collect()
}

fn places(top: &mut Table<'_>, key: &'static str) -> BTreeMap<String, Place> {
    let table = top.get(key).and_then(|item| item.table().ok());
    let entries = table.map(|table| table.entries()).unwrap_or_default();
    entries.into_iter().map(|item| (item.key.to_owned(), item.key_place())).collect()
}

/// Reads where an output comes from, and what its bytes are. A `sole` output is standard output, unless it says
/// otherwise.
pub fn read_taken(table: &mut Table<'_>, sole: bool, place: &Place, report: &mut Report) -> Option<Taken> {
    let hints = [
        ("text", Hint::Text),
        ("bytes", Hint::Bytes),
        ("json", Hint::Json),
        ("number", Hint::Number(Bounds::default())),
        ("integer", Hint::Integer(Bounds::default())),
        ("boolean", Hint::Boolean),
    ];
    let words: Vec<_> = hints.iter().enumerate().map(|(at, (word, _))| (*word, at)).collect();
    let kind = table.take("type", report, |item| {
        let place = item.place();
        Ok((hints[item.choice(&words)?].1.clone(), place))
    });
    let said = table.get("from");
    let origin = match said {
        Some(item) => origin(item, report)?,
        None if sole => Origin::Stdout,
        None => {
            let wrong = Diagnostic::error("missing-key", "of several outputs, each says where it comes from");
            report.push(wrong.at_place(place).help(ORIGINS));
            return None;
        }
    };
    let hint = match (kind, &origin) {
        (Some((hint @ (Hint::Integer(_) | Hint::Number(_) | Hint::Json), _)), Origin::ExitCode) => hint,
        (Some((hint, place)), Origin::ExitCode) => {
            let message = format!("an exit code is an `integer`, not `{}`", hint.word());
            report.push(Diagnostic::error("wrong-type", message).at_place(&place));
            return None;
        }
        (None, Origin::ExitCode) => Hint::Integer(Bounds::default()),
        (kind, _) => kind.map_or(Hint::Text, |(hint, _)| hint),
    };
    Some(Taken { origin, hint })
}

/// What a path in a program's own folder is.
const OWN: &str = "write a path below the folder, without `..`, of at most 255 bytes";

/// What may be written for `from`.
const ORIGINS: &str = "from = \"stdout\", \"stderr\", \"exit_code\" or { file = \"out.txt\" }";

fn origin(item: Item<'_>, report: &mut Report) -> Option<Origin> {
    let words = [("stdout", Origin::Stdout), ("stderr", Origin::Stderr), ("exit_code", Origin::ExitCode)];
    if item.is_text() {
        let known: Vec<_> = words.iter().enumerate().map(|(at, (word, _))| (*word, at)).collect();
        let at = item.choice(&known).map_err(|wrong| report.push(wrong)).ok()?;
        return Some(words[at].1.clone());
    }
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let file = table.need("file", report, |item| match item.clone().text()? {
        name if is_own(name) => Ok(name.to_owned()),
        name => Err(item.wrong("bad-path", not_own(name).message).help(OWN)),
    });
    table.finish(report);
    file.map(Origin::File)
}
