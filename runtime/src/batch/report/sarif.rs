//! What was denied, as findings in the policy: at the line that decided, or at the policy that has none.

use std::sync::Arc;

use super::Gathered;
use crate::{
    Diagnostic, Severity,
    diagnostic::{
        counted,
        sarif::{self, Rule},
    },
    policy::CODES,
    source::Source,
};

/// A SARIF log of the denials that were kept. `policy` is the file that grants too little, where there is
/// one; `path` is how a file is named to others.
pub fn sarif(gathered: &Gathered, policy: Option<&Arc<Source>>, path: impl Fn(&str) -> String) -> serde_json::Value {
    let findings: Vec<_> = gathered.denied().map(|denied| finding(denied, policy)).collect();
    let found = |code: &str| findings.iter().any(|finding| finding.code == code);
    let rules = CODES.iter().filter(|(code, ..)| found(code));
    let rules: Vec<_> =
        rules.map(|(code, help, _)| Rule { code, help: Some(help), severity: Severity::Error }).collect();
    sarif::log(&findings, &rules, path)
}

fn finding(denied: &super::Denied, policy: Option<&Arc<Source>>) -> Diagnostic {
    let items = usize::try_from(denied.items).unwrap_or(usize::MAX);
    let message = format!("denied in {}: {}", counted(items, "item"), denied.denial.request);
    let finding = Diagnostic::error(denied.denial.code, message);
    let finding = match (&denied.denial.place, policy) {
        (Some(place), _) => finding.at(&place.source, place.span.clone()),
        (None, Some(policy)) => finding.at(policy, 0..0),
        (None, None) => finding,
    };
    match denied.denial.help.as_str() {
        "" => finding,
        help => finding.help(help),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::{Used, report::Entry},
        policy::Denial,
        source::Place,
    };

    #[test]
    fn denials_are_results_at_policy_lines() {
        let source = Source::new("policy.toml", "version = 1\nx = 2\n");
        let denials = [
            Denial::of("env.not-granted", "A"),
            Denial::of("files.read-only", "write /a").at(&Place { source: source.clone(), span: 12..17 }),
        ];
        let mut gathered = Gathered::default();
        for number in 1..=2 {
            let (denials, used) = (denials.as_slice(), Used::default());
            gathered.add(&Entry { number, name: None, key: None, failure: None, denials, duplicate_of: None, used });
        }
        let log = sarif(&gathered, Some(&source), str::to_owned);
        let run = &log["runs"][0];
        let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
        assert_eq!(rules, ["env.not-granted", "files.read-only"]);
        let results = &run["results"];
        assert_eq!(results[0]["message"]["text"], "denied in 2 items: A");
        assert!(results[0]["locations"][0]["physicalLocation"].get("region").is_none());
        assert_eq!(results[1]["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!((results[1]["ruleIndex"].as_u64(), results[1]["level"].as_str()), (Some(1), Some("error")));
    }
}
