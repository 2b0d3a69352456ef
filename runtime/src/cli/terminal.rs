//! Text that nobody here has read, on a terminal that obeys it.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
    ops::Range,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use serde::Serialize;

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

/// Writes a JSON document to stdout, on one line.
pub fn print_json(document: &impl Serialize) -> Result<(), Stop> {
    let line = json_line(document).map_err(|error| Stop::Host(Failure::host(error.to_string())))?;
    print_line(&line)
}

/// A JSON document on one line. What a terminal would obey is written as JSON's own escapes: the document
/// means the same.
pub fn json_line(document: &impl Serialize) -> serde_json::Result<String> {
    let document = serde_json::to_string(document)?;
    if !document.contains(is_active) {
        return Ok(document);
    }
    let mut line = String::with_capacity(document.len());
    for character in document.chars() {
        match is_active(character) {
            // All of them are in the basic plane, so one escape is enough.
            true => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => line.push(character),
        }
    }
    Ok(line)
}

/// `text` as [`escape`] shows it, and where what is at `span` in it is then.
pub fn escape_around<'t>(text: &'t str, span: &Range<usize>) -> (Cow<'t, str>, Range<usize>) {
    let shown = |at: usize| escape(&text[..text.floor_char_boundary(at)]).len();
    (escape(text), shown(span.start)..shown(span.end))
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

/// How long something may take before a person is told of it.
const BLINK: Duration = Duration::from_millis(300);

/// What is being prepared, shown on stderr until it is over, if it takes longer than a blink: a clock on a
/// terminal, one line elsewhere.
pub fn notice(what: &str) -> Box<dyn Send> {
    let message = format!("Preparing {what}: once, some seconds");
    let (over, end) = mpsc::channel::<()>();
    let tell = move || {
        if end.recv_timeout(BLINK) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        if !io::stderr().is_terminal() {
            drop(writeln!(io::stderr(), "{message}…"));
            return;
        }
        let style = indicatif::ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        let bar = indicatif::ProgressBar::new_spinner().with_message(message).with_elapsed(BLINK);
        bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(100));
        // Until the other end is dropped.
        let _ = end.recv();
        bar.finish_and_clear();
    };
    Box::new(Told { over: Some(over), teller: thread::Builder::new().spawn(tell).ok() })
}

/// Somebody who tells how long it takes, until this is dropped.
struct Told {
    over: Option<mpsc::Sender<()>>,
    teller: Option<thread::JoinHandle<()>>,
}

impl Drop for Told {
    fn drop(&mut self) {
        drop(self.over.take());
        // What comes after is not to be mixed with what it clears.
        let _ = self.teller.take().map(thread::JoinHandle::join);
    }
}

/// A bar for `steps` steps; nothing where there is no terminal.
pub fn progress(steps: usize) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(steps as u64);
    let style = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed})");
    bar.with_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()))
}

/// The size of a file, as a person says it.
pub fn size(bytes: u64) -> String {
    match bytes {
        ..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_around, json_line};

    #[test]
    fn a_terminal_obeys_nobody() {
        assert_eq!(escape("a\u{1b}[31mb\rc\u{202e}d\n\te"), "a\\u{1b}[31mb\\rc\\u{202e}d\n\te");
        assert_eq!(escape("Grüße 你好"), "Grüße 你好");
    }

    #[test]
    fn json_means_the_same() {
        let text = "a\u{1b}b\u{9b}c\u{202e}d\u{7f}e\n\tü";
        let line = json_line(&[text]).unwrap();
        assert_eq!(line, r#"["a\u001bb\u009bc\u202ed\u007fe\n\tü"]"#);
        assert_eq!(serde_json::from_str::<Vec<String>>(&line).unwrap(), [text]);
    }

    #[test]
    fn places_stay_on_what_they_are_about() {
        let (shown, span) = escape_around("a\u{202e}b\u{9b}c", &(4..7));
        assert_eq!((&*shown, &shown[span]), ("a\\u{202e}b\\u{9b}c", "b\\u{9b}"));
        assert_eq!(escape_around("abc", &(1..9)), ("abc".into(), 1..3));
    }
}
