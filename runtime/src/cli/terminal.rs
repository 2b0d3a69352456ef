//! Text that nobody here has read, on a terminal that obeys it.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
};

use crate::{cli::Stop, failure::Failure};

/// `text` with every character shown that a terminal would obey or hide: controls, and marks that
/// turn the direction of text. Line ends and tabs stay.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match is_active(character) {
            true => escaped.extend(character.escape_default()),
            false => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

fn is_active(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}');
    turns || (character.is_control() && character != '\n' && character != '\t')
}

/// Writes a result to stdout: raw where a program or a file takes it, safe and with a line end
/// where a person does.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    if !out.is_terminal() {
        return written(out.write_all(bytes).and_then(|()| out.flush()));
    }
    let text = String::from_utf8_lossy(bytes);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    written(write!(out, "{}{end}", escape(&text)).and_then(|()| out.flush()))
}

/// Writes a JSON document to stdout, on one line. What a terminal would obey is written as JSON's
/// own escapes: the document means the same.
pub fn print_json(document: &serde_json::Value) -> Result<(), Stop> {
    let mut line = String::new();
    for character in document.to_string().chars() {
        match is_active(character) {
            // All of them are in the basic plane, so one escape is enough.
            true => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => line.push(character),
        }
    }
    print_line(&line)
}

/// `text` with every character that a terminal would obey masked, each byte by one: places in it
/// stay where they are.
pub fn mask(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let masked = |character: char| match is_active(character) {
        true => "?".repeat(character.len_utf8()),
        false => character.to_string(),
    };
    Cow::Owned(text.chars().map(masked).collect())
}

/// Writes a line to stdout.
pub fn print_line(line: &str) -> Result<(), Stop> {
    let mut out = anstream::stdout().lock();
    written(writeln!(out, "{line}").and_then(|()| out.flush()))
}

/// A reader that has gone away, like `head`, has what it wanted.
fn written(result: io::Result<()>) -> Result<(), Stop> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::Host(Failure::host(format!("stdout can't be written: {error}"))))
        }
        _ => Ok(()),
    }
}

/// What is being prepared, shown on stderr until it is over: a clock on a terminal, one line
/// elsewhere.
pub fn notice(what: &str) -> Box<dyn Send> {
    if !io::stderr().is_terminal() {
        drop(writeln!(io::stderr(), "Preparing {what}: once, some seconds…"));
        return Box::new(());
    }
    let bar = indicatif::ProgressBar::new_spinner().with_message(format!("Preparing {what}: once, some seconds"));
    let style = indicatif::ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    Box::new(Cleared(bar))
}

/// A bar for `steps` steps; nothing where there is no terminal.
pub fn progress(steps: usize) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(steps as u64);
    let style = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed})");
    bar.with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

/// A bar that leaves no trace.
struct Cleared(indicatif::ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, mask};

    #[test]
    fn a_terminal_obeys_nobody() {
        assert_eq!(escape("a\u{1b}[31mb\rc\u{202e}d\n\te"), "a\\u{1b}[31mb\\rc\\u{202e}d\n\te");
        assert_eq!(escape("Grüße 你好"), "Grüße 你好");
        assert_eq!(mask("a\u{9b}b"), "a??b");
    }
}
