//! What was denied, kept for a report.

use crate::policy::Denial;

/// The different denials of a call, a step or a run, up to a bound, in order; and how many more there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denials {
    kept: Vec<Denial>,
    omitted: u64,
}

impl Denials {
    /// The denials of `kept`, and `omitted` more.
    pub(crate) fn of(kept: Vec<Denial>, omitted: u64) -> Self {
        Self { kept, omitted }
    }

    /// How many were too many to be kept. One that came again may be counted again.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Keeps a denial, unless the same is kept already or there are `most`.
    pub(crate) fn keep(&mut self, denial: Denial, most: usize) {
        if self.kept.contains(&denial) {
            return;
        }
        match self.kept.len() < most {
            true => self.kept.push(denial),
            false => self.omitted = self.omitted.saturating_add(1),
        }
    }

    /// Keeps what others were denied, up to `most`.
    pub(crate) fn adopt(&mut self, others: Self, most: usize) {
        self.omitted = self.omitted.saturating_add(others.omitted);
        others.kept.into_iter().for_each(|denial| self.keep(denial, most));
    }

    /// How many bytes their texts have.
    pub(crate) fn size(&self) -> usize {
        self.kept.iter().map(|denial| denial.request.len() + denial.help.len()).sum()
    }

    /// The same, each changed by `change`.
    pub(crate) fn each(mut self, change: impl Fn(&mut Denial)) -> Self {
        self.kept.iter_mut().for_each(change);
        self
    }
}

impl std::ops::Deref for Denials {
    type Target = [Denial];

    fn deref(&self) -> &[Denial] {
        &self.kept
    }
}

impl IntoIterator for Denials {
    type Item = Denial;
    type IntoIter = std::vec::IntoIter<Denial>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denials(names: std::ops::Range<u32>, most: usize) -> Denials {
        let mut denials = Denials::default();
        names.for_each(|name| denials.keep(Denial::of("env.not-granted", name), most));
        denials
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let mut some = denials(0..5, 3);
        assert_eq!((some.len(), some.omitted()), (3, 2));
        some.keep(Denial::of("env.not-granted", 0), 3);
        assert_eq!((some.len(), some.omitted()), (3, 2), "the same is no other");
        some.adopt(denials(2..9, 5), 4);
        assert_eq!((some.len(), some.omitted()), (4, 2 + 2 + 3));
    }
}
