//! Findings and failures, drawn for a person the way rustc draws them.

use std::{borrow::Cow, io::Write, ops::Range, path::Path};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

use crate::{
    Diagnostic, Failure, Outcome, Report, Severity,
    cli::terminal::{escape, escape_around},
    failure::Code,
    policy::{Decision, Denial},
    source::Place,
};

/// The longest excerpt, in bytes: a screen full of text. Each finding has its own, and a file of one
/// line may have many.
const MAX_EXCERPT: usize = 8 << 10;

/// Draws everything that was found and not silenced, on stderr.
pub fn report(report: &Report) {
    for diagnostic in report.0.iter().filter(|diagnostic| diagnostic.silenced.is_none()) {
        line(&diagnostic_text(diagnostic));
    }
}

/// Draws an error that is in no file, on stderr.
pub fn error(message: &str) {
    title(Level::ERROR, message);
}

/// Draws a warning that is in no file, on stderr.
pub fn warning(message: &str) {
    title(Level::WARNING, message);
}

/// Draws what was denied in a run, and why it failed if it did, on stderr.
pub fn outcome(agent: &str, outcome: &Outcome) {
    for denial in outcome.denials.iter() {
        line(&denial_text(denial));
    }
    match outcome.denials.omitted() {
        0 => {}
        1 => note("one more request was denied; `--audit FILE` records each"),
        more => note(&format!("{more} more requests were denied; `--audit FILE` records each")),
    }
    if let Some(failure) = &outcome.failure {
        line(&failure_text(agent, failure));
    }
}

/// Says something that is neither, on stderr.
pub fn note(message: &str) {
    title(Level::NOTE, message);
}

/// Says more of the same, on stderr.
pub fn plain(message: &str) {
    line(&escape(message));
}

fn title(level: Level<'_>, message: &str) {
    line(&renderer().render(&[Group::with_title(level.primary_title(escape(message)))]));
}

fn renderer() -> Renderer {
    // Colours are taken out again where stderr is not a terminal.
    Renderer::styled().decor_style(DecorStyle::Ascii)
}

fn line(text: &str) {
    // Where stderr is closed there is nobody to tell.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

fn diagnostic_text(diagnostic: &Diagnostic) -> String {
    let level = if diagnostic.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(escape(&diagnostic.message)).id(diagnostic.code);
    let mut group = Group::with_title(title);
    if let Some(place) = &diagnostic.place {
        let path = shown_path(&place.source.path);
        let label = Some(&diagnostic.label).filter(|label| !label.is_empty()).map(|label| escape(label).into_owned());
        // A place that is the file as a whole has no line to show.
        if place.is_whole() {
            group = group.element(Origin::path(path));
        } else {
            group = excerpt(group, place, path, label);
        }
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(escape(help)));
    }
    renderer().render(&[group])
}

/// Shows the lines of a place, and points at it. What is too long to read is not shown.
fn excerpt<'a>(group: Group<'a>, place: &'a Place, path: String, label: Option<String>) -> Group<'a> {
    let Place { source, span } = place;
    let first = span.start..span.start;
    let short = |span: &&Range<usize>| source.lines_of(span).len() <= MAX_EXCERPT;
    // Of many lines the first says where they are.
    let Some(span) = [span, &first].into_iter().find(short) else {
        let (start, _) = place.lines();
        let group = group.element(Origin::path(path).line(start.line).char_column(start.column));
        return label.into_iter().fold(group, |group, label| group.element(Level::NOTE.message(label)));
    };
    let lines = source.lines_of(span);
    let own = span.start.saturating_sub(lines.start)..span.end.saturating_sub(lines.start);
    let text = source.text.get(lines.clone()).unwrap_or_default();
    let (shown, shifted) = quoted(text, &own);
    let (group, path) = match shifted.start == own.start {
        true => (group, Some(path)),
        // Behind what is escaped, the columns of the excerpt are not the file's.
        false => {
            let (start, _) = place.lines();
            (group.element(Origin::path(path).line(start.line).char_column(start.column)), None)
        }
    };
    let snippet = Snippet::source(shown).line_start(source.line(lines.start)).path(path);
    group.element(snippet.annotation(AnnotationKind::Primary.span(shifted).label(label)))
}

/// Lines as [`escape_around`] shows them, without the `\r` that Windows puts at the end of each.
fn quoted<'t>(lines: &'t str, span: &Range<usize>) -> (Cow<'t, str>, Range<usize>) {
    if !lines.contains('\r') {
        return escape_around(lines, span);
    }
    let plain = |text: &str| text.strip_suffix('\r').unwrap_or(text).replace("\r\n", "\n");
    let at = |at: usize| plain(&lines[..lines.floor_char_boundary(at)]).len();
    let plain = plain(lines);
    let (shown, span) = escape_around(&plain, &(at(span.start)..at(span.end)));
    (Cow::Owned(shown.into_owned()), span)
}

/// A path as a person in this folder would write it.
pub fn shown_path(path: &str) -> String {
    escape(&plain_path(path)).into_owned()
}

/// A path from this folder, if it is below it.
pub fn plain_path(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = Path::new(path).strip_prefix(here).unwrap_or(Path::new(path));
    short.strip_prefix(".").unwrap_or(short).display().to_string()
}

/// What an agent is told, drawn: allowed or denied, by which line, and what would allow it.
pub fn decision(request: &str, decision: &Decision) -> String {
    let place = match decision {
        Decision::Denied(denial) => return denial_text(denial),
        Decision::Allowed(place) => place,
    };
    let title = Level::HELP.with_name("allowed").primary_title(escape(request).into_owned());
    renderer().render(&[decided(Group::with_title(title), place.as_ref(), "it is allowed unless a policy denies it")])
}

/// Draws what was denied and no run is about, on stderr.
pub fn denied(decision: &Decision) {
    if let Decision::Denied(denial) = decision {
        line(&denial_text(denial));
    }
}

fn denial_text(denial: &Denial) -> String {
    let message = escape(&denial.request).into_owned();
    let title = Level::ERROR.with_name("denied").primary_title(message).id(denial.code);
    let mut group = decided(Group::with_title(title), denial.place.as_ref(), "no policy line grants it");
    if !denial.help.is_empty() {
        let lines = denial.help.starts_with("[agents.");
        let help = if lines { format!("these lines would allow it:\n{}", denial.help) } else { denial.help.clone() };
        group = group.element(Level::HELP.message(escape(&help).into_owned()));
    }
    renderer().render(&[group])
}

/// Points at the line that decides, or says that there is none.
fn decided<'a>(group: Group<'a>, place: Option<&'a Place>, none: &'a str) -> Group<'a> {
    let Some(place) = place else { return group.element(Level::NOTE.message(none)) };
    excerpt(group, place, shown_path(&place.source.path), Some("this line decides".into()))
}

fn failure_text(agent: &str, failure: &Failure) -> String {
    let message = escape(&failure.message).into_owned();
    let mut group = Group::with_title(Level::ERROR.primary_title(message).id(failure.code.name()));
    let place = if failure.step.is_empty() { agent.to_owned() } else { format!("{agent}, step {}", failure.step) };
    group = group.element(Origin::path(place));
    if !failure.trace.is_empty() {
        group = group.element(Level::NOTE.message(escape(failure.trace.trim_end()).into_owned()));
    }
    let help = failure.help.as_deref().or((failure.code == Code::Host).then_some("this is not the agent's fault"));
    if let Some(help) = help {
        group = group.element(Level::HELP.message(escape(help).into_owned()));
    }
    renderer().render(&[group])
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn lines_of_windows_are_quoted_as_others() {
        let (shown, span) = quoted("a\r\nb\rc\r\nd\r", &(3..9));
        assert_eq!((&*shown, &shown[span]), ("a\nb\\rc\nd", "b\\rc\nd"));
        assert_eq!(quoted("ab\r", &(1..3)), ("ab".into(), 1..2));
        assert_eq!(quoted("ab", &(0..1)), ("ab".into(), 0..1));
    }
}
