//! What a policy says about imports, module by module.

use turingbox::{Policy, Value};

use crate::support::{host, root};

/// Every module of the library can be denied, and the guest does without; or the policy is refused.
/// No module is denied in words alone.
#[test]
fn each_module_is_denied_or_the_policy_is_refused() {
    let library = host::library(&root().join("tests/imports/agents"));
    let names = host::run(&library, "names", &Policy::default(), &[]).outcome;
    let names: Vec<String> = serde_json::from_value(serde_json::json!(names.outputs[0].1)).unwrap();
    assert!(names.len() > 250, "{names:?}");
    let (mut refused, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        let text = format!("version = 1\n[agents.\"**\"]\nimports = {{ deny = [\"{name}\"] }}\n");
        let policy = match Policy::parse("policy.toml", &text) {
            Ok(policy) => policy,
            Err(report) => {
                assert_eq!(report.0[0].code, "undeniable-module", "{name}");
                refused.push(name);
                continue;
            }
        };
        let works = host::run(&library, "works", &policy, &[("module", Value::text(name.as_str()))]);
        let denied: Vec<_> = works.outcome.denials.iter().map(|denial| denial.code).collect();
        let outputs: Vec<_> = works.outcome.outputs.iter().map(|(_, value)| value.clone()).collect();
        let expected = [Value::Json(serde_json::Value::Bool(false).into()), Value::data(b"data".to_vec())];
        if outputs != expected || denied != ["imports.denied"] || works.log != ["a line"] {
            wrong.push(format!("{name}: {:?} {denied:?} {:?}", works.outcome.failure, works.log));
        }
        let fails = host::run(&library, "fails", &policy, &[]).outcome.failure.unwrap();
        if fails.message != "as it should" || !fails.trace.is_empty() {
            wrong.push(format!("{name}: {} {}", fails.message, fails.trace));
        }
    }
    assert!(wrong.is_empty(), "{} modules:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused.len() < 40, "{refused:?}");
}

/// What a policy says about imports is paid for at each call, in fuel as in time: some 0.5 million units where a
/// module is denied, some 6 million where there is a list.
#[test]
fn what_a_policy_says_costs_little() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/main.py"), "def main():\n    return 1\n").unwrap();
    std::fs::write(folder.path().join("a/agent.toml"), "kind = \"proc\"\npython = \"main.py\"\n[outputs.got]\n")
        .unwrap();
    let library = host::library(folder.path());
    let burnt = |imports: &str| {
        let text = format!("version = 1\n[agents.a]\n{imports}\n");
        let policy = Policy::parse("policy.toml", &text).unwrap();
        // The first call pays for compiling the source.
        let fuel = [(); 2].map(|()| host::run(&library, "a", &policy, &[]).outcome.usage.fuel);
        fuel[1]
    };
    let (free, denied, listed) =
        (burnt(""), burnt("imports.deny = [\"ctypes\"]"), burnt("imports.allow = [\"json\", \"math\", \"re\"]"));
    assert!(free > 0 && denied < free + 1_000_000 && listed < free + 10_000_000, "{free}, {denied}, {listed}");
}

/// With a list of modules that may be imported, these work, whatever they need for themselves.
#[test]
fn what_is_allowed_works() {
    let folder = tempfile::tempdir().unwrap();
    let source = "import datetime, decimal, json, re, statistics, textwrap, urllib.parse, urllib.request\n\n\ndef main():\n    \
                  day = datetime.datetime.strptime('2026-01-02', '%Y-%m-%d')\n    \
                  mean = statistics.mean([decimal.Decimal('1.5'), decimal.Decimal('2.5')])\n    \
                  return [day.isoformat(), str(mean), re.sub('a', 'b', 'aa'), textwrap.shorten('a b c', 3, placeholder=''),\n    \
                  json.loads('[1]'), urllib.parse.quote('a b'), f'{json.dumps({})}',\n    \
                  urllib.request.Request('http://a.example/').get_method()]\n";
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/main.py"), source).unwrap();
    std::fs::write(folder.path().join("a/agent.toml"), "kind = \"proc\"\npython = \"main.py\"\n[outputs.got]\n")
        .unwrap();
    let text = "version = 1\n[agents.a]\nimports = { allow = [\"datetime\", \"decimal\", \"json\", \"re\", \"statistics\", \
                \"textwrap\", \"urllib.parse\", \"urllib.request\"] }\n";
    let policy = Policy::parse("policy.toml", text).unwrap();
    let outcome = host::run(&host::library(folder.path()), "a", &policy, &[]).outcome;
    assert!(outcome.failure.is_none() && outcome.denials.is_empty(), "{outcome:?}");
    let expected = serde_json::json!(["2026-01-02T00:00:00", "2", "bb", "a b", [1], "a%20b", "{}", "GET"]);
    assert_eq!(serde_json::json!(outcome.outputs[0].1), expected);
}

/// Python tells of some of what modules do, by names that begin with theirs: to deny one part of a package isn't to
/// refuse what the others do.
#[test]
fn what_is_beside_a_denied_module_works() {
    let folder = tempfile::tempdir().unwrap();
    let source = "import http.client, os, sys\n\n\ndef main():\n    os.environ['A'] = 'b'\n    \
                  sys.audit('http.client.send', None, b'')\n    try:\n        sys.audit('http.server.start')\n    \
                  except PermissionError:\n        return os.environ['A']\n";
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/main.py"), source).unwrap();
    std::fs::write(folder.path().join("a/agent.toml"), "kind = \"proc\"\npython = \"main.py\"\n[outputs.got]\n")
        .unwrap();
    let text = "version = 1\n[agents.a]\nimports = { deny = [\"http.server\"] }\n";
    let policy = Policy::parse("policy.toml", text).unwrap();
    let outcome = host::run(&host::library(folder.path()), "a", &policy, &[]).outcome;
    assert_eq!(outcome.outputs, [("got".to_owned(), Value::text("b"))], "{:?}", outcome.failure);
}
