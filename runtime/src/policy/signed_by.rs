//! Who has to vouch for an agent before any of it runs.

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, list},
    policy::{Decision, Denial},
    share::{Key, Signature},
    source::Place,
};

/// The keys of which one has to have signed an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBy {
    keys: Vec<(Key, Place)>,
    /// The line that says it.
    pub place: Place,
}

/// What is known of who made an agent.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// There is no signature for it.
    Unsigned,
    /// There is a signature, and of another agent than what is there now.
    Changed,
    /// There is a signature.
    Signed {
        /// What it should be of: the agent, packed.
        pack: &'a [u8],
        /// The signature.
        signature: &'a Signature,
    },
}

/// What to do about an agent that isn't what somebody signed.
const WHOLE: &str = "`turingbox check --locked` says what differs; once its folder is away, `turingbox add` gets a whole one. \
                     A signature of the legacy kind (`minisign -l`) counts as none";

impl SignedBy {
    /// Reads `signed_by = ["RW…"]`.
    pub(super) fn read(item: Item<'_>, report: &mut Report) -> Option<Self> {
        let place = item.key_place();
        let listed = item.clone().array().map_err(|wrong| report.push(wrong)).ok()?;
        if listed.is_empty() {
            let nobody = item.wrong("no-keys", "`signed_by` names no key, so that no agent could run");
            report.push(nobody.help("leave the key out where no signature is asked for"));
        }
        let mut keys: Vec<(Key, Place)> = Vec::new();
        for item in listed {
            match key(&item) {
                Ok(key) if keys.iter().any(|(known, _)| *known == key) => {
                    report.push(item.wrong("duplicate", format!("the key {} is named twice", key.id())));
                }
                Ok(key) => keys.push((key, item.place())),
                Err(wrong) => report.push(wrong),
            }
        }
        Some(Self { keys, place })
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().map(|(key, _)| key)
    }

    /// Decides whether the agent at `path` in its library may run: the line of the key that signed it, if one
    /// did.
    pub fn decide(&self, path: &str, proof: Proof<'_>) -> Decision {
        let denied = |code, why: &str, help: &str| {
            let denial = Denial::of(code, format_args!("run {path}: {why}"));
            Decision::Denied(denial.at(&self.place).help(help))
        };
        match proof {
            Proof::Unsigned => {
                let help = "`turingbox add` keeps the signature that is beside an agent's file";
                denied("signed_by.unsigned", "agents.lock has no signature for it", help)
            }
            Proof::Changed => denied("signed_by.changed", "it is not what was signed", WHOLE),
            Proof::Signed { pack, signature } => {
                if let Some((_, place)) = self.keys.iter().find(|(key, _)| key.signed(pack, signature)) {
                    return Decision::Allowed(Some(place.clone()));
                }
                let said = signature.key_id();
                if self.keys().any(|key| key.id() == said) {
                    let why =
                        format!("its signature says that it is by the key {said}, and isn't: something was altered");
                    return denied("signed_by.bad-signature", &why, WHOLE);
                }
                let why = format!("its signature, which says that it is by the key {said}, is by none of these keys");
                denied("signed_by.other-key", &why, "add the key to the list, if you trust whoever has it")
            }
        }
    }
}

/// As a policy writes it.
impl std::fmt::Display for SignedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list(self.keys().map(ToString::to_string)))
    }
}

fn key(item: &Item<'_>) -> Result<Key, Diagnostic> {
    let text = item.clone().text()?;
    Key::parse(text).map_err(|why| {
        let help = "it is the second line of a file `minisign.pub`";
        item.wrong("bad-key", format!("`{}`: {why}", text.escape_debug())).help(help)
    })
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, Proof};

    const KEY: &str = "RWS5dhkUC3LqdT3w7Cv6xvpMtJbSr6Ik47XeSsnynVxGtqlCJYWPq9K2";
    const OTHER: &str = "RWQmFOgLPj5tHDK/llmVMLIkKHeJcu9qWFcJr5tj2mCw1liNyKDSdJHs";

    fn codes(text: &str) -> Vec<&'static str> {
        let text = format!("version = 1\n[agents.\"community/*\"]\n{text}\n");
        Policy::parse("p.toml", &text).map_or_else(|report| report.0.iter().map(|one| one.code).collect(), |_| vec![])
    }

    #[test]
    fn keys_are_read_strictly() {
        assert!(codes(&format!("signed_by = [\"{KEY}\", \"{OTHER}\"]")).is_empty());
        assert_eq!(codes("signed_by = []"), ["no-keys"]);
        assert_eq!(codes("signed_by = \"RW\""), ["wrong-type"]);
        assert_eq!(codes("signed_by = [\"RW\", 1]"), ["bad-key", "wrong-type"]);
        assert_eq!(codes(&format!("signed_by = [\"{KEY}\", \"{KEY}\"]")), ["duplicate"]);
        assert_eq!(codes(&format!("within = {{ signed_by = [\"{KEY}\"] }}")), ["unknown-key"]);
    }

    /// The most specific section's keys are all that count, and a policy above can't be got around.
    #[test]
    fn keys_are_those_of_the_most_specific_section() {
        let text = format!(
            "version = 1\n[agents.\"**\"]\nsigned_by = [\"{KEY}\"]\n[agents.a]\nsigned_by = [\"{OTHER}\"]\n[agents.b]\n"
        );
        let policy = Policy::parse("p.toml", &text).unwrap();
        let keys = |policy: &Policy, name: &str| {
            let signed_by = policy.authority(name, name).signed_by;
            signed_by.iter().flat_map(|signed_by| signed_by.keys()).map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!((keys(&policy, "a"), keys(&policy, "b")), (vec![OTHER.into()], vec![KEY.into()]));
        let below = Policy::parse("case.toml", "version = 1\n").unwrap().under(policy);
        assert_eq!(keys(&below, "b"), [KEY]);
        assert!(Policy::default().authority("a", "a").signed_by.is_none());
    }

    #[test]
    fn what_is_not_vouched_for_is_denied() {
        let text = format!("version = 1\n[agents.a]\nsigned_by = [\"{KEY}\"]\n");
        let signed_by = Policy::parse("p.toml", &text).unwrap().authority("a", "x/a").signed_by.unwrap();
        for (proof, code) in [(Proof::Unsigned, "signed_by.unsigned"), (Proof::Changed, "signed_by.changed")] {
            let crate::policy::Decision::Denied(denial) = signed_by.decide("x/a", proof) else { panic!("{code}") };
            assert_eq!((denial.code, denial.place.unwrap().line().as_str()), (code, "p.toml:3"));
        }
    }
}
