//! Tests in a policy: what its author expects it to answer.

use std::collections::HashSet;

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    policy::{Decision, Named, Policy, Request, codes},
    source::Place,
};

/// The most tests in one file: deciding them all takes less than a second.
const MAX_TESTS: usize = 10_000;

/// The longest request of a test, in bytes; paths of Linux are shorter.
const MAX_TEST_REQUEST: usize = 8 << 10;

/// The longest chain of callers of a test. Policies allow workflows to nest deeper, but no ceiling
/// is easier to understand for it.
const MAX_CALLERS: usize = 64;

/// One `[[tests]]`: a request, and the answer that the policy has to give.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What is said where it fails; may be empty.
    pub help: String,
    agent: Tested,
    callers: Vec<Tested>,
    request: String,
    allowed: bool,
    code: Option<String>,
    place: Place,
}

/// An agent that a test names, and where.
#[derive(Clone, Debug)]
struct Tested {
    name: String,
    place: Place,
}

impl Policy {
    /// The tests of the policy and of those that it extends.
    pub fn tests(&self) -> &[Expectation] {
        &self.tests
    }

    /// Runs the tests. `find` gives the name and the path of the agent that a name means; one that
    /// it doesn't know is taken to be at the path that is its name.
    ///
    /// Each that fails is an error at its line.
    pub fn run_tests<'a>(&self, find: impl Fn(&str) -> Option<Named<'a>>) -> Report {
        let find = |name: &str| find(name).map(|(name, path)| (name.to_owned(), path.to_owned()));
        Report(self.tests.iter().filter_map(|test| test.failure(self, &find)).collect())
    }

    /// The agents that tests name and `is_known` doesn't know: each once, where it is named first. What is
    /// decided about one is true of an agent that only this policy knows.
    pub fn unknown_in_tests(&self, is_known: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, &Place)> {
        let mut seen = HashSet::new();
        let named = self.tests.iter().flat_map(|test| test.callers.iter().chain([&test.agent]));
        named
            .filter(move |tested| !is_known(&tested.name) && seen.insert(&tested.name))
            .map(|tested| (tested.name.as_str(), &tested.place))
    }
}

impl Expectation {
    fn failure(&self, policy: &Policy, find: &dyn Fn(&str) -> Option<(String, String)>) -> Option<Diagnostic> {
        let named = |tested: &Tested| find(&tested.name).unwrap_or_else(|| named_by(&tested.name));
        let callers: Vec<_> = self.callers.iter().map(named).collect();
        let callers: Vec<_> = callers.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
        let (name, path) = named(&self.agent);
        // It was parsed when the policy was read.
        let request = Request::parse(&self.request).ok()?.called(|name| find(name));
        let decision = policy.authority_below(&callers, (&name, &path)).decide(&request);
        let (label, help) = match (&decision, &self.code) {
            (Decision::Allowed(_), _) if self.allowed => return None,
            (Decision::Denied(_), None) if !self.allowed => return None,
            (Decision::Denied(denial), Some(code)) if denial.code == code => return None,
            (Decision::Denied(denial), Some(code)) => (format!("`{}`, not `{code}`", denial.code), String::new()),
            (Decision::Denied(denial), None) => {
                (format!("`{}`", denial.code), policy.would_allow((&name, &path), denial).unwrap_or_default())
            }
            (Decision::Allowed(_), _) => ("allowed".to_owned(), String::new()),
        };
        let place = match &decision {
            Decision::Allowed(place) => place,
            Decision::Denied(denial) => &denial.place,
        };
        let decided = match place {
            Some(place) => format!("{label}: {} decides", place.line()),
            None if self.allowed => format!("{label}: no line grants it"),
            None => format!("{label}: no line says anything"),
        };
        let answer = if matches!(decision, Decision::Allowed(_)) { "allowed" } else { "denied" };
        let message = match self.allowed == matches!(decision, Decision::Allowed(_)) {
            true => format!("`{}` is denied `{}` for another reason", self.agent.name, self.request),
            false => format!("`{}` is {answer} `{}`", self.agent.name, self.request),
        };
        let help = match (self.help.is_empty(), help.is_empty()) {
            (false, _) => Some(self.help.clone()),
            (true, false) => Some(format!("these lines would allow it:\n{help}")),
            (true, true) => None,
        };
        let failed = Diagnostic::error("failed-test", message.replace(|c: char| c.is_control(), "?"));
        Some(failed.at(&self.place.source, self.place.span.clone()).label(decided).maybe_help(help))
    }
}

/// The agent that a name alone stands for: what comes last in a path is its name.
pub(super) fn named_by(name: &str) -> (String, String) {
    (name.rsplit('/').next().unwrap_or_default().to_owned(), name.to_owned())
}

/// Reads `[[tests]]`.
pub(super) fn read(top: &mut Table<'_>, report: &mut Report) -> Vec<Expectation> {
    let Some(items) = top.take("tests", report, Item::array) else { return Vec::new() };
    if let Some(first) = items.get(MAX_TESTS) {
        report.push(first.wrong("too-many", format!("a file has at most {MAX_TESTS} tests")));
    }
    items.into_iter().take(MAX_TESTS).filter_map(|item| read_one(item, report)).collect()
}

fn read_one(item: Item<'_>, report: &mut Report) -> Option<Expectation> {
    let mut place = item.place();
    let mut table = item.clone().table().map_err(|wrong| report.push(wrong)).ok()?;
    let agent = table.need("agent", report, name);
    let callers = table.take("callers", report, callers).unwrap_or_default();
    let request = table.need("request", report, |item| {
        place = item.place();
        request(item)
    });
    let allowed = table.need("expect", report, |item| item.choice(&[("allow", true), ("deny", false)]));
    let code = table.take("code", report, |item| match allowed {
        Some(true) => Err(item.wrong("contradiction", "what is allowed has no code")),
        _ => codes::read(item),
    });
    let help = table.take("help", report, Item::string).unwrap_or_default();
    table.finish(report);
    Some(Expectation { help, agent: agent?, callers, request: request?, allowed: allowed?, code, place })
}

fn name(item: Item<'_>) -> Result<Tested, Diagnostic> {
    match item.clone().text()? {
        name if name.is_empty() || name.contains(['*', '\0']) => {
            Err(item.wrong("bad-name", "a test is about one agent").label("a name or a path, without `*`"))
        }
        name => Ok(Tested { name: name.to_owned(), place: item.place() }),
    }
}

fn callers(item: Item<'_>) -> Result<Vec<Tested>, Diagnostic> {
    let callers = item.clone().array()?;
    if callers.len() > MAX_CALLERS {
        return Err(item.wrong("too-many", format!("at most {MAX_CALLERS} callers")));
    }
    callers.into_iter().map(name).collect()
}

fn request(item: Item<'_>) -> Result<String, Diagnostic> {
    let text = item.clone().text()?;
    if text.len() > MAX_TEST_REQUEST {
        return Err(item.wrong("too-long", format!("a request has at most {MAX_TEST_REQUEST} bytes")));
    }
    match Request::parse(text).and_then(Request::in_form) {
        Ok(_) => Ok(text.to_owned()),
        Err(why) => Err(item.wrong("bad-request", "this is not a request").label(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_run_against_the_whole_policy() {
        let text = r#"version = 1
tests = [
    { agent = "a", request = "env A", expect = "allow" },
    { agent = "a", request = "env B", expect = "deny", code = "env.not-granted" },
    { agent = "a", request = "env A", expect = "deny" },
    { agent = "a", request = "env B", expect = "allow" },
    { agent = "a", request = "env B", expect = "deny", code = "http.path" },
    { agent = "a", callers = ["b"], request = "env A", expect = "deny", code = "env.ceiling" },
]
agents.a.env = ["A"]
agents.b.within = { env = [] }
"#;
        let policy = Policy::parse("p", text).unwrap();
        let report = policy.run_tests(|_| None);
        let found: Vec<_> = report.0.iter().map(|wrong| (wrong.to_string(), wrong.label.as_str())).collect();
        let expected = [
            ("p:5: error[failed-test]: `a` is allowed `env A`", "allowed: p:10 decides"),
            ("p:6: error[failed-test]: `a` is denied `env B`", "`env.not-granted`: no line grants it"),
            (
                "p:7: error[failed-test]: `a` is denied `env B` for another reason",
                "`env.not-granted`, not `http.path`: no line says anything",
            ),
        ];
        assert_eq!(found, expected.map(|(message, label)| (message.to_owned(), label)));
    }

    #[test]
    fn a_test_that_tests_nothing_is_refused() {
        let code = |test: &str| match Policy::parse("p", &format!("version = 1\ntests = [{{ {test} }}]")) {
            Ok(_) => "",
            Err(report) => report.0[0].code,
        };
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'allow'"), "");
        assert_eq!(code("agent = 'a', request = 'jump'"), "missing-key");
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'maybe'"), "unknown-choice");
        assert_eq!(code("agent = 'a*', request = 'jump', expect = 'allow'"), "bad-name");
        assert_eq!(code("agent = 'a', request = 'fly', expect = 'deny'"), "bad-request");
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'allow', code = 'x'"), "contradiction");
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'deny', code = 'jump.denied'"), "");
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'deny', code = 'jump.nonsense'"), "unknown-code");
        assert_eq!(
            code("agent = 'a', request = 'files read /a', expect = 'deny', code = 'files.outside'"),
            "unknown-code"
        );
        assert_eq!(code("agent = 'a', request = 'jump', expect = 'allow', cod = 'x'"), "unknown-key");
        for request in ["http get https://a.example/", "files read /a/../b", "env A B", "imports a-b"] {
            assert_eq!(code(&format!("agent = 'a', request = '{request}', expect = 'deny'")), "bad-request");
        }
    }

    #[test]
    fn agents_that_are_not_there_are_known() {
        let text = r#"version = 1
tests = [
    { agent = "a", request = "jump", expect = "allow" },
    { agent = "b", callers = ["c", "a"], request = "jump", expect = "allow" },
    { agent = "b", request = "jump", expect = "allow" },
]
"#;
        let policy = Policy::parse("p", text).unwrap();
        let unknown = policy.unknown_in_tests(|name| name == "a").map(|(name, place)| (name, place.line()));
        assert_eq!(unknown.collect::<Vec<_>>(), [("c", "p:4".to_owned()), ("b", "p:4".to_owned())]);
    }
}
