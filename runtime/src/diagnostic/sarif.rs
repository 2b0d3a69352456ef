//! Findings as SARIF 2.1.0, the format in which CI systems take what a check found.

use serde_json::{Value, json};

use super::{Diagnostic, Severity, WARNINGS};
use crate::source::Place;

/// The schema that a log follows.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What file names are relative to, as SARIF calls the folder of the sources.
const ROOT: &str = "%SRCROOT%";

/// What findings are found by.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The code of its findings.
    pub code: &'static str,
    /// One line for a person.
    pub help: Option<&'static str>,
    /// How much its findings matter.
    pub severity: Severity,
}

/// A rule for each warning there is.
pub fn warnings() -> Vec<Rule> {
    let rule =
        |warned: &super::Warned| Rule { code: warned.code, help: Some(warned.help), severity: Severity::Warning };
    WARNINGS.iter().map(rule).collect()
}

/// A log of one run that found `findings`, by `rules` and others. `path` is how a file is named to others:
/// relative to where the check ran, or absolute.
pub fn log(findings: &[Diagnostic], rules: &[Rule], path: impl Fn(&str) -> String) -> Value {
    let rules = all_rules(findings, rules);
    let codes: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap_or_default().to_owned()).collect();
    let index = |code: &str| codes.iter().position(|known| known == code);
    let results: Vec<_> = findings.iter().map(|finding| result(finding, index(finding.code), &path)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "turingbox",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The rules, and one for each error that was found by none of them.
fn all_rules(findings: &[Diagnostic], rules: &[Rule]) -> Vec<Value> {
    let known = |code: &&str| !rules.iter().any(|rule| rule.code == *code);
    let mut errors: Vec<_> = findings.iter().map(|finding| finding.code).filter(known).collect();
    errors.sort_unstable();
    errors.dedup();
    let errors = errors.into_iter().map(|code| Rule { code, help: None, severity: Severity::Error });
    rules.iter().copied().chain(errors).map(written).collect()
}

fn written(rule: Rule) -> Value {
    let mut written = json!({ "id": rule.code });
    if let Some(help) = rule.help {
        written["shortDescription"] = json!({ "text": help });
    }
    written["defaultConfiguration"] = json!({ "level": level(rule.severity) });
    written
}

fn level(severity: Severity) -> &'static str {
    if severity == Severity::Error { "error" } else { "warning" }
}

fn result(finding: &Diagnostic, rule: Option<usize>, path: &impl Fn(&str) -> String) -> Value {
    let label = Some(&finding.label).filter(|label| !label.is_empty()).map(|label| format!(": {label}"));
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}"));
    let text = format!("{}{}{}", finding.message, label.unwrap_or_default(), help.unwrap_or_default());
    let mut result = json!({ "ruleId": finding.code, "level": level(finding.severity), "message": { "text": text } });
    if let Some(index) = rule {
        result["ruleIndex"] = index.into();
    }
    if let Some(place) = &finding.place {
        result["locations"] = json!([{ "physicalLocation": location(place, path) }]);
    }
    if let Some(reason) = &finding.silenced {
        result["suppressions"] = json!([{ "kind": "inSource", "justification": reason.as_str() }]);
    }
    result
}

fn location(place: &Place, path: &impl Fn(&str) -> String) -> Value {
    let path = path(&place.source.path);
    let artifact = match path.strip_prefix('/') {
        Some(absolute) => json!({ "uri": format!("file:///{}", escaped(absolute)) }),
        None => json!({ "uri": escaped(&path), "uriBaseId": ROOT }),
    };
    let mut location = json!({ "artifactLocation": artifact });
    // A place that is the file as a whole has no region.
    if !place.is_whole() {
        let (start, end) = place.lines();
        location["region"] = json!({
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        });
    }
    location
}

/// A path as a part of an address (RFC 3986, 3.3).
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// What the schema demands of what is written here.
    fn is_valid(log: &Value) -> Vec<String> {
        let run = &log["runs"][0];
        let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().collect();
        let mut wrong = Vec::new();
        let mut must = |holds: bool, what: &str| wrong.extend((!holds).then(|| what.to_owned()));
        must(log["version"] == "2.1.0", "version");
        must(run["tool"]["driver"]["name"].is_string(), "driver");
        let ids: std::collections::HashSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        must(ids.len() == rules.len(), "ids are unique");
        for result in run["results"].as_array().unwrap() {
            let rule = result["ruleIndex"].as_u64().unwrap() as usize;
            must(rules[rule]["id"] == result["ruleId"], "ruleIndex");
            must(["error", "warning"].contains(&result["level"].as_str().unwrap()), "level");
            must(!result["message"]["text"].as_str().unwrap().is_empty(), "message");
            for location in result["locations"].as_array().into_iter().flatten() {
                let location = &location["physicalLocation"];
                let uri = location["artifactLocation"]["uri"].as_str().unwrap();
                must(!uri.contains([' ', '<', '\\']), "uri");
                if let Some(region) = location.get("region") {
                    let number = |key: &str| region[key].as_u64().unwrap_or(0);
                    must(number("startLine") > 0 && number("startColumn") > 0, "region starts");
                    let end = (number("endLine"), number("endColumn"));
                    must((number("startLine"), number("startColumn")) <= end, "region ends behind");
                }
            }
        }
        wrong
    }

    #[test]
    fn findings_are_results_with_a_rule_and_a_region() {
        let source = Source::new("agents/a b/agent.toml", "kind = \"é\" # x\nnext\n");
        let findings = [
            Diagnostic::error("bad-jump", "no step").at(&source, 8..11).label("here").help("name one"),
            Diagnostic {
                silenced: Some(std::sync::Arc::new("meant".into())),
                ..Diagnostic::warning("dead-step", "dead")
            }
            .at(&source, 0..0),
            Diagnostic::error("duplicate-agent", "two"),
        ];
        let log = log(&findings, &warnings(), str::to_owned);
        assert_eq!(is_valid(&log), Vec::<String>::new(), "{log:#}");
        let results = &log["runs"][0]["results"];
        assert_eq!(results[0]["message"]["text"], "no step: here\nhelp: name one");
        assert_eq!(
            results[0]["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": { "uri": "agents/a%20b/agent.toml", "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 11 },
            })
        );
        assert_eq!(results[1]["suppressions"][0]["justification"], "meant");
        assert!(results[1]["locations"][0]["physicalLocation"].get("region").is_none());
        assert!(results[2].get("locations").is_none());
    }
}
