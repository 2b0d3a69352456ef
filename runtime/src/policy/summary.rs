//! What an agent holds, in words.

use crate::policy::{Authority, Isolation, Limits, Written, size_text};

impl Authority {
    /// What an agent holds under its callers' ceilings, a row for each grant: the policy's key, and what
    /// is granted by which lines; then what it leaves to those that it calls, and the ceilings.
    pub fn summary(&self) -> Vec<(&'static str, String)> {
        let mut rows: Vec<_> = self.holdings().iter().map(|holding| (holding.key, holding.to_string())).collect();
        if self.isolation == Isolation::Run {
            rows.push(("isolation", "run: its calls share an instance".to_owned()));
        }
        if let Some(signed_by) = &self.signed_by {
            let keys: Vec<_> = signed_by.keys().map(ToString::to_string).collect();
            rows.push(("signed_by", format!("{}, says {}", keys.join(" or "), signed_by.place.line())));
        }
        if let Some(within) = &self.within {
            let keys: Vec<_> = within.grants.written().iter().map(Written::line).collect();
            rows.push(("within", format!("{{ {} }}, says {}", keys.join(", "), within.place.line())));
        }
        let ceiling = |place: String| ("ceiling", format!("within, says {place}"));
        rows.extend(self.ceilings.iter().map(|most| ceiling(most.place.line())));
        rows
    }
}

/// What is held, by which line, and what ceilings make of it.
impl std::fmt::Display for super::effective::Holding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, says {}", self.text, self.place.line())?;
        for place in &self.narrowed {
            write!(f, ", as far as {} goes", place.line())?;
        }
        for place in &self.part_of {
            write!(f, ", and only what {} has of it", place.line())?;
        }
        Ok(())
    }
}

impl Limits {
    /// A row for each limit.
    pub fn rows(&self) -> [(&'static str, String); 8] {
        [
            ("memory", size_text(self.memory)),
            ("fuel", self.fuel.to_string()),
            ("time", format!("{:?}", self.time)),
            ("output", size_text(self.output)),
            ("depth", self.depth.to_string()),
            ("steps", self.steps.to_string()),
            ("bytes", size_text(self.bytes)),
            ("calls", self.calls.to_string()),
        ]
    }
}

/// All limits on one line.
impl std::fmt::Display for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows: Vec<_> = self.rows().iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&rows.join(", "))
    }
}
