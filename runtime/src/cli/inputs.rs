//! An agent's inputs as arguments of a command line.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, IsTerminal, Read},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::FileTypeExt,
    },
    path::Path,
};

use clap::{
    Arg, ArgAction, ArgMatches,
    builder::{OsStringValueParser, StyledStr},
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    Hint, Secret, Value,
    agent::{Input, Manifest},
    cli::{Stop, terminal::escape},
    policy::size_text,
    secret::Secrets,
};

/// The most that one input may hold, in bytes; a guest's memory bounds it further.
const MAX_INPUT: u64 = 1 << 30;

/// What the ids of arguments begin with that are inputs.
const ID: &str = "input:";

/// The inputs of an agent, as options of a command.
pub struct InputOptions<'m> {
    manifest: &'m Manifest,
    /// For each input its option, and other ways to write it.
    options: Vec<(String, Vec<String>)>,
}

impl<'m> InputOptions<'m> {
    /// Those of `manifest`, beside a command's own; the command may have these already.
    pub fn new(manifest: &'m Manifest, own: &clap::Command) -> Self {
        Self { manifest, options: options(manifest, own) }
    }

    /// The option of the input at `position`, where it isn't the input's own name: that is taken.
    pub fn renamed(&self, position: usize) -> Option<&str> {
        let (input, (long, _)) = (self.manifest.inputs.get(position)?, self.options.get(position)?);
        (*long != plain(&input.name)).then_some(long)
    }

    /// A mistake in the arguments, with what may have been meant: `--json` is no input, whatever the agent's are.
    pub fn hinted(&self, mut error: clap::Error) -> clap::Error {
        let renamed = self.manifest.inputs.iter().enumerate().filter_map(|(position, input)| {
            Some(format!(
                "the input `{0}` is `--{1}`: {2}",
                input.name,
                self.renamed(position)?,
                taken_note(&input.name)
            ))
        });
        let tips: Vec<StyledStr> = renamed.map(StyledStr::from).collect();
        if error.kind() == ErrorKind::UnknownArgument && !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
        error
    }

    /// The arguments.
    pub fn arguments(&self) -> Vec<Arg> {
        let options = self.options.iter().cloned().enumerate();
        let described = |(input, (position, (long, others))): (&Input, (usize, (String, Vec<String>)))| {
            argument(input, long, others, self.renamed(position).map(|_| taken_note(&input.name)))
        };
        self.manifest.inputs.iter().zip(options).map(described).collect()
    }

    /// The inputs that the command line gives. What is piped in fills the one required input that is
    /// missing.
    pub fn read(&self, matches: &ArgMatches) -> Result<Vec<(String, Value)>, Stop> {
        let mut inputs = self.given(matches)?;
        let is_missing = |input: &&Input| input.is_required() && inputs.iter().all(|(name, _)| *name != input.name);
        let missing: Vec<_> = self.manifest.inputs.iter().filter(is_missing).collect();
        let is_left = self.stdin_options(matches).next().is_none();
        if let ([input], true) = (missing.as_slice(), is_left && stdin_is_piped()) {
            let bytes = read_all(io::stdin()).map_err(|error| Stop::Usage(format!("stdin can't be read: {error}")))?;
            inputs.push((input.name.clone(), self.value(input, bytes)?));
            return Ok(inputs);
        }
        if missing.is_empty() {
            return Ok(inputs);
        }
        let shown = |input: &&Input| {
            let option = self.option(input);
            let note =
                if option == plain(&input.name) { String::new() } else { format!(" ({})", taken_note(&input.name)) };
            format!("  --{option} <{}>  {}{note}", input.hint.word().to_uppercase(), input.help)
        };
        let lines: Vec<_> = missing.iter().map(shown).collect();
        Err(Stop::Usage(format!(
            "these inputs of `{0}` are missing:\n{1}\n\nsee `turingbox run {0} --help`",
            self.manifest.name,
            lines.join("\n")
        )))
    }

    /// The inputs that the arguments themselves give.
    pub fn given(&self, matches: &ArgMatches) -> Result<Vec<(String, Value)>, Stop> {
        let mut stdin = self.stdin_options(matches);
        if let (Some(one), Some(other)) = (stdin.next(), stdin.next()) {
            return Err(read_twice(one, other));
        }
        let arguments = self.arguments_of(matches);
        arguments
            .map(|(input, argument)| Ok((input.name.clone(), self.value(input, self.argument(input, argument)?)?)))
            .collect()
    }

    /// The options that are `-`, and so take all of stdin.
    pub fn stdin_options<'s>(&'s self, matches: &'s ArgMatches) -> impl Iterator<Item = &'s str> {
        self.arguments_of(matches).filter(|(_, argument)| *argument == "-").map(|(input, _)| self.option(input))
    }

    fn arguments_of<'s>(&'s self, matches: &'s ArgMatches) -> impl Iterator<Item = (&'s Input, &'s OsString)> {
        let inputs = self.manifest.inputs.iter();
        inputs.filter_map(|input| Some((input, matches.get_one::<OsString>(&format!("{ID}{}", input.name))?)))
    }

    fn value(&self, input: &Input, bytes: Vec<u8>) -> Result<Value, Stop> {
        input.hint.read(bytes).map_err(|expected| Stop::Usage(format!("--{}: {expected}", self.option(input))))
    }

    /// `@file` is the file's contents, `-` is stdin, `@@text` is `@text`.
    fn argument(&self, input: &Input, argument: &OsString) -> Result<Vec<u8>, Stop> {
        let bytes = argument.clone().into_vec();
        let read = match bytes.as_slice() {
            b"-" => read_all(io::stdin()),
            [b'@', b'@', ..] => Ok(bytes[1..].to_vec()),
            [b'@', path @ ..] => read_file(Path::new(OsStr::from_bytes(path))),
            _ => Ok(bytes),
        };
        read.map_err(|error| Stop::Usage(format!("--{} {}: {error}", self.option(input), argument.display())))
    }

    /// The option of one input, for messages.
    fn option<'i>(&'i self, input: &'i Input) -> &'i str {
        let position = self.manifest.inputs.iter().position(|other| other.name == input.name);
        position.and_then(|position| self.options.get(position)).map_or(&input.name, |(long, _)| long)
    }
}

/// What is said where two options would read stdin: for the second, nothing would be left.
pub fn read_twice(one: &str, other: &str) -> Stop {
    Stop::Usage(format!(
        "--{one} and --{other} are both stdin, which can be read once: give one of them as a file, `@FILE`"
    ))
}

/// The input that the argument called `id` is for, if it is for one.
pub fn name(id: &str) -> Option<&str> {
    id.strip_prefix(ID)
}

fn argument(input: &Input, long: String, others: Vec<String>, note: Option<String>) -> Arg {
    let mut argument = Arg::new(format!("{ID}{}", input.name))
        .long(long)
        .aliases(others)
        .help(help(input, note))
        .value_name(input.hint.word().to_uppercase())
        .value_parser(OsStringValueParser::new())
        .allow_hyphen_values(true)
        .action(ArgAction::Set)
        .help_heading("Inputs");
    if input.hint == Hint::Boolean {
        argument = argument.num_args(0..=1).default_missing_value("true").allow_hyphen_values(false);
    }
    argument
}

/// The option of each input, with hyphens. A name that is taken, by the command's own options or by another input,
/// is put behind `--input-`: an agent can't take a global option's place. Others work too, where nothing else has
/// them: the same with underscores, and both behind `--input-`, so that who has to write one input so can write all.
fn options(manifest: &Manifest, own: &clap::Command) -> Vec<(String, Vec<String>)> {
    let mut taken = taken(own);
    taken.insert(String::new());
    let long = |(index, input): (usize, &Input)| {
        let (plain, behind) = (plain(&input.name), behind(&input.name));
        let numbered = (0..).map(|more| format!("input-{}", index + more));
        let mut names = [plain, behind].into_iter().chain(numbered);
        // There is always a number more.
        loop {
            if let Some(name) = names.next().filter(|name| taken.insert(name.clone())) {
                return name;
            }
        }
    };
    let longs: Vec<_> = manifest.inputs.iter().enumerate().map(long).collect();
    let others = |input: &Input| {
        let others = [input.name.clone(), format!("input_{}", input.name), behind(&input.name)];
        others.into_iter().filter(|name| !name.starts_with('-') && taken.insert(name.clone())).collect()
    };
    let others: Vec<_> = manifest.inputs.iter().map(others).collect();
    longs.into_iter().zip(others).collect()
}

/// The options of the command itself, with those that it may have for another agent.
fn taken(own: &clap::Command) -> HashSet<String> {
    let own = own.get_arguments().filter(|argument| !argument.get_id().as_str().starts_with(ID));
    let longs = own.filter_map(|argument| argument.get_long().map(str::to_owned));
    longs.chain(["output", "help", "version"].map(str::to_owned)).collect()
}

/// The option that a name has where its own is taken.
fn behind(name: &str) -> String {
    format!("input-{}", plain(name))
}

/// The option that a name would have.
fn plain(name: &str) -> String {
    name.replace('_', "-").trim_matches('-').to_owned()
}

/// Why an option isn't called as its input.
fn taken_note(name: &str) -> String {
    format!("`--{}` is another option", plain(name))
}

fn help(input: &Input, note: Option<String>) -> String {
    let mut help = escape(&input.help).into_owned();
    let mut notes = Vec::from_iter(note);
    match &input.hint {
        Hint::Choice(choices) => notes.push(format!("one of: {}", choices.join(", "))),
        Hint::Number(bounds) | Hint::Integer(bounds) if bounds.to_string() != "" => {
            notes.push(bounds.to_string().trim().to_owned())
        }
        _ => {}
    }
    match &input.default {
        Some(default) => notes.push(format!("default: {}", short(default))),
        None if input.is_required() => notes.push("required".into()),
        None => {}
    }
    if !notes.is_empty() {
        help.push_str(&format!(" [{}]", escape(&notes.join("; "))));
    }
    help.trim_start().to_owned()
}

fn short(value: &Value) -> String {
    const SHOWN: usize = 40;
    let text = String::from_utf8_lossy(value.bytes());
    match text.chars().count() {
        0 => "empty".into(),
        length if length <= SHOWN => text.into_owned(),
        _ => text.chars().take(SHOWN).chain(['…']).collect(),
    }
}

/// Takes the values of secret inputs out of `inputs`, and leaves their names. `$env.NAME` names a
/// variable; any other value has the input's own name.
pub fn hide(manifest: &Manifest, inputs: &mut [(String, Value)], mut secrets: Secrets) -> Secrets {
    for (name, value) in inputs {
        let secret = manifest.input(name).is_some_and(|input| input.hint == Hint::Secret);
        let Value::Text(text) = &*value else { continue };
        if !secret {
            continue;
        }
        // A file that holds a secret ends with a line break, and the secret doesn't.
        let text = text.trim_end_matches(['\r', '\n']);
        let named = match text.strip_prefix("$env.") {
            Some(variable) => variable.to_owned(),
            None => {
                secrets = secrets.with(name.clone(), text);
                name.clone()
            }
        };
        *value = Value::Secret(Secret::new(&named));
    }
    secrets
}

/// What a file holds that is named for an input.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    File::open(path).and_then(read_all)
}

fn read_all(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {}", size_text(MAX_INPUT))));
    }
    Ok(bytes)
}

/// Whether something was piped in: a pipe, a file or a socket, but neither a terminal nor
/// `/dev/null`, which is what scripts get.
fn stdin_is_piped() -> bool {
    if io::stdin().is_terminal() {
        return false;
    }
    let kind = File::open("/dev/stdin")
        .or_else(|_| File::open("/proc/self/fd/0"))
        .and_then(|file| file.metadata())
        .map(|found| found.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_file() || kind.is_socket())
}

#[cfg(test)]
mod tests;
