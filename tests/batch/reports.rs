//! Reports, read by what reads them.

use std::{fs, path::Path, process::Command};

use super::{batch, here};

/// What an agent writes in the page's way: markup, a template, and what a script would do.
const EVIL: &str =
    "</pre></table><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">{{ 7*7 }}";

/// The browser, Debian's.
fn chromium(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let usual =
        ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", &profile];
    let output = Command::new("chromium").args(usual).args(arguments).env("HOME", folder).output();
    let output = output.expect("the tests need Chromium (on Debian, the package chromium)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The page as a browser shows it: everything is there, and nothing that an agent said is more than text.
#[test]
fn a_browser_shows_the_report() {
    let here = here();
    let items: String = (1..=60)
        .map(|number| match number % 3 {
            0 => format!("{}\n", serde_json::json!({ "text": format!("{number} {EVIL}") })),
            1 => "{\"text\": \"fine\"}\n".to_owned(),
            _ => "{\"text\": \"open\"}\n".to_owned(),
        })
        .collect();
    fs::write(here.path().join("items.jsonl"), items).unwrap();
    let arguments = ["--items", "items.jsonl", "--out", "out.jsonl", "--report", "report.html"];
    assert_eq!(batch(here.path(), "say", &arguments).output().unwrap().status.code(), Some(1));
    let page = format!("file://{}", here.path().join("report.html").display());
    let dom = String::from_utf8(chromium(here.path(), &["--dump-dom", &page])).unwrap();
    assert!(dom.contains("<title>say: 40 of 60 items failed</title>"), "{dom}");
    assert!(!dom.contains("<script") && !dom.contains("<img") && dom.contains("{{ 7*7 }}"), "{dom}");
    let rows = |table: &str| {
        let table = dom.split(&format!("id=\"{table}\"")).nth(1).unwrap_or_default();
        table.split("</table>").next().unwrap_or_default().matches("<tr").count().saturating_sub(1)
    };
    // Each failed item has a row, and each kind of failure, of denial, of what was denied.
    assert_eq!((rows("failed"), rows("codes"), rows("agents"), rows("denied"), rows("slowest")), (40, 1, 1, 1, 20));
    assert!(dom.matches("class=\"bar\"").count() >= 2 && dom.contains("files.not-granted"), "{dom}");
    let failures = dom.find("Failed items").unwrap();
    assert!(failures < dom.find("Time of an item").unwrap(), "failures come first");
    let mut pictures = Vec::new();
    for scheme in ["", "--blink-settings=preferredColorScheme=0"] {
        let shot = here.path().join("shot.png");
        let screenshot = format!("--screenshot={}", shot.display());
        let arguments = ["--window-size=1000,900", &screenshot, scheme, &page];
        chromium(here.path(), &arguments.into_iter().filter(|argument| !argument.is_empty()).collect::<Vec<_>>());
        pictures.push(fs::read(shot).unwrap());
    }
    // A blank page of that size is some 5 kB; the style sheet counts, or else both would be alike.
    assert!(pictures.iter().all(|picture| picture.starts_with(b"\x89PNG") && picture.len() > 20_000));
    assert_ne!(pictures[0], pictures[1], "dark and light are one");
}

/// Other programs read the reports: Python's parser for XML, and what it says of each case.
#[test]
fn a_parser_reads_the_junit_report() {
    let here = here();
    let items = ["fine", "open", "bad \u{0}\u{1b}[31m\u{ffff} ]]> <&>", "fine"]
        .map(|text| serde_json::json!({ "id": text, "text": text }));
    let items: String = items.iter().map(|item| format!("{item}\n")).collect();
    fs::write(here.path().join("items.jsonl"), items).unwrap();
    let arguments = ["--items", "items.jsonl", "--key", "id", "--out", "out.jsonl", "--junit", "report.xml"];
    assert_eq!(batch(here.path(), "say", &arguments).output().unwrap().status.code(), Some(1));
    let script = "import sys, xml.etree.ElementTree as tree
suites = tree.parse('report.xml').getroot()
suite, = suites
print(suites.tag, *(suites.get(name) for name in ('tests', 'failures', 'errors', 'skipped')))
for case in suite:
    print(case.tag, case.get('name').encode('ascii', 'replace').decode(), *(child.tag for child in case), sep='|')";
    let read = Command::new("python3").args(["-c", script]).current_dir(here.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(
        String::from_utf8(read.stdout).unwrap(),
        "testsuites 4 2 0 1\n\
         testcase|item 1 (fine)\n\
         testcase|item 2 (open)|failure\n\
         testcase|item 3 (bad ??[31m? ]]> <&>)|failure\n\
         testcase|item 4 (fine)|skipped\n"
    );
}

/// A report that can't be written any more is our fault or the machine's, and takes nothing from the results.
#[test]
fn a_report_that_is_lost_is_said() {
    let here = here();
    let script = "mkdir reports; ( sleep 1; rm -r reports ) & ( echo '\"Ada\"'; sleep 2; echo '\"Grace\"' ) |
        turingbox batch greet --items - --out out.jsonl --report reports/report.html";
    let output = crate::support::binary::command("sh", here.path()).args(["-c", script]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("`reports/report.html` can't be written"), "{said}");
    super::each_once(&here.path().join("out.jsonl"), 2);
}
