//! Denials, written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    policy::{Denial, Denials, known_code},
    source::{Place, Source},
};

#[derive(Serialize, Deserialize)]
struct WireDenial {
    code: String,
    request: String,
    place: Option<(String, usize, usize)>,
    help: String,
}

impl From<Denial> for WireDenial {
    fn from(denial: Denial) -> Self {
        let place = denial.place.map(|place| (place.source.path.clone(), place.span.start, place.span.end));
        Self { code: denial.code.to_owned(), request: denial.request, place, help: denial.help }
    }
}

impl WireDenial {
    /// The longest help, in bytes; a request has its own bound.
    const MAX_HELP: usize = 4096;

    /// The denial, with its place in one of `sources`.
    fn read(mut self, sources: &[Arc<Source>]) -> Denial {
        let place = self.place.and_then(|(path, start, end)| {
            let source = sources.iter().find(|source| source.path == path)?;
            source.text.get(start..end)?;
            Some(Place { source: source.clone(), span: start..end })
        });
        self.help.truncate(self.help.floor_char_boundary(Self::MAX_HELP));
        Denial { place, help: self.help, ..Denial::of(code(&self.code), self.request) }
    }
}

/// Denials of one call, and how many more there were.
#[derive(Default, Serialize, Deserialize)]
pub struct WireDenials {
    kept: Vec<WireDenial>,
    omitted: u64,
}

impl From<Denials> for WireDenials {
    fn from(denials: Denials) -> Self {
        let omitted = denials.omitted();
        Self { kept: denials.into_iter().map(WireDenial::from).collect(), omitted }
    }
}

impl WireDenials {
    /// The denials, `most` of them.
    pub fn read(self, sources: &[Arc<Source>], most: usize) -> Denials {
        let kept = self.kept.into_iter().take(most).map(|denial| denial.read(sources)).collect();
        Denials::of(kept, self.omitted)
    }
}

/// A denial's code; what is none is not kept.
fn code(name: &str) -> &'static str {
    known_code(name).unwrap_or("wall.unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_comes_back_as_it_was() {
        let source = Source::new("policy.toml", "files = []");
        let denial = Denial::of("files.not-granted", "read /a")
            .at(&Place { source: source.clone(), span: 0..5 })
            .help("files = […]");
        assert_eq!(WireDenial::from(denial.clone()).read(&[source]), denial);
        let forged = WireDenial {
            code: "FILES\u{1b}".into(),
            request: "x".repeat(1 << 20),
            place: Some(("policy.toml".into(), 5, 500)),
            help: "ü".repeat(1 << 20),
        };
        let read = forged.read(&[Source::new("policy.toml", "")]);
        assert_eq!((read.code, read.place), ("wall.unknown", None));
        assert!(read.request.len() <= 512 && read.help.len() <= WireDenial::MAX_HELP);
    }
}
