//! `turingbox policy explain`.

use clap::Args;
use serde_json::{Value as J, json};

use crate::{
    Diagnostic, Library, Policy, Report,
    agent::Entry,
    cli::{Globals, Stop, policy, render, setup, show::section, terminal},
    diagnostic::suggestion,
    policy::{Authority, Decision, Key, Met, Named, Request, Said},
    source::Place,
};

#[derive(Args)]
#[command(
    after_help = "Requests:\n  files read /data/a.txt\n  files write /out/b.txt\n  http GET https://api.example.com/v1/x\n  http GET https://db.internal/ at 10.1.2.3\n  tcp db.internal:5432\n  sql connect shop\n  sql read shop.orders\n  sql update shop.orders(total)\n  sql call shop.dblink\n  env NAME\n  calls AGENT\n  imports urllib.request\n  jump\n\nExit codes: 0 allowed, 3 denied."
)]
pub struct ExplainArgs {
    /// The agent's name
    #[arg(value_name = "AGENT", add = crate::cli::complete::agents())]
    agent: String,
    /// What it asks for, like `files read /data/a.txt`; else all that it is granted
    #[arg(value_name = "REQUEST")]
    request: Vec<String>,
    /// Who calls it, the outermost first: what they leave to others (`within`) is its ceiling
    #[arg(long, value_name = "AGENT")]
    caller: Vec<String>,
}

/// An agent under a policy, and how it came to be called.
struct Explained<'a> {
    library: &'a Library,
    policy: &'a Policy,
    callers: Vec<Named<'a>>,
    agent: Named<'a>,
    authority: Authority,
}

/// Says what a policy allows, and by which lines.
pub fn explain(globals: &Globals, arguments: &ExplainArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let under = setup::policy(globals)?;
    let callers: Vec<_> = arguments.caller.iter().map(|name| named(&library, name)).collect();
    let agent = named(&library, &arguments.agent);
    let authority = under.authority_below(&callers, agent);
    let explained = Explained { library: &library, policy: &under, callers, agent, authority };
    let text = arguments.request.join(" ");
    if text.is_empty() {
        return match globals.json {
            true => terminal::print_json(&explained.object()),
            false => terminal::print_line(terminal::escape(explained.page(globals).trim_end()).as_ref()),
        };
    }
    let request = Request::parse(&text)
        .and_then(Request::in_form)
        .map_err(|why| Stop::Usage(format!("`{}` is not a request: {why}", text.escape_debug())))?
        .called(|name| policy::find(&library, name).map(|(name, path)| (name.to_owned(), path.to_owned())));
    explained.answer(&request, globals.json)
}

/// The agent that `name` names. A policy can have something for agents that aren't there yet.
pub(crate) fn named<'a>(library: &'a Library, name: &'a str) -> Named<'a> {
    policy::find(library, name).unwrap_or_else(|| {
        let message = format!("there is no agent called `{}`; this is what one would get", name.escape_debug());
        let unknown = Diagnostic::warning("unknown-agent", message).maybe_help(suggestion(name, library.names()));
        render::report(&Report::from(unknown));
        (name.rsplit('/').next().unwrap_or_default(), name)
    })
}

impl Explained<'_> {
    fn answer(&self, request: &Request<'_>, json: bool) -> Result<(), Stop> {
        let decision = self.authority.decide(request);
        let (code, place, help) = match &decision {
            Decision::Allowed(place) => (None, place.as_ref(), None),
            Decision::Denied(denial) => (Some(denial.code), denial.place.as_ref(), Some(denial.help.as_str())),
        };
        let lines = match &decision {
            Decision::Denied(denial) => self.policy.would_allow(self.agent, denial),
            Decision::Allowed(_) => None,
        };
        if json {
            terminal::print_json(&json!({
                "agent": self.agent.0, "callers": self.caller_names(), "request": request.to_string(),
                "decision": if code.is_some() { "denied" } else { "allowed" },
                "code": code, "line": place.map(Place::line), "help": help, "lines": lines,
            }))?;
        } else {
            let decision = match (decision.clone(), lines) {
                (Decision::Denied(denial), Some(lines)) => Decision::Denied(denial.help(lines)),
                (decision, _) => decision,
            };
            terminal::print_line(&render::decision(&request.to_string(), &decision))?;
            self.warn_of_ceilings(request, &decision);
        }
        if code.is_some() { Err(Stop::Said(3)) } else { Ok(()) }
    }

    /// Says which agents would leave nothing of what is allowed if they were the caller.
    fn warn_of_ceilings(&self, request: &Request<'_>, decision: &Decision) {
        if matches!(decision, Decision::Denied(_)) || !self.callers.is_empty() {
            return;
        }
        for (whose, denied) in self.policy.ceilings_against(self.agent, request) {
            if let Decision::Denied(denial) = denied
                && let Some(place) = &denial.place
            {
                let line = render::shown_path(&place.line());
                render::note(&format!("called by `{whose}` it is denied: `within` at {line} is a ceiling"));
            }
        }
    }

    fn caller_names(&self) -> Vec<&str> {
        self.callers.iter().map(|(name, _)| *name).collect()
    }

    fn page(&self, globals: &Globals) -> String {
        let mut page = match &globals.policy {
            Some(path) => format!("{} under {}\n", self.agent.0, path.display()),
            None => format!("{} without a policy\n", self.agent.0),
        };
        let sections = self.policy.sections_about(self.agent);
        let sections = sections.iter().map(|(pattern, place)| (*pattern, place.line())).collect();
        section(&mut page, "Sections, the most specific first", sections);
        let said = self.policy.said(self.agent);
        table(&mut page, "Grants", grants(&said));
        let below = said.iter().filter(|said| said.key.name == "within");
        table(&mut page, "Leaves to those it calls", below.flat_map(|said| &said.key.inner).flat_map(rows).collect());
        for caller in &self.callers {
            let said = self.policy.said(*caller);
            let within = said.iter().filter(|said| said.key.name == "within").flat_map(|said| &said.key.inner);
            table(&mut page, &format!("Ceiling of {}", caller.0), within.flat_map(rows).collect());
        }
        if !self.authority.ceilings.is_empty() {
            let left = self.authority.files().iter();
            let left = left
                .map(|grant| ("files", format!("{} {} ({})", grant.access.word(), grant.mount, grant.host.display())));
            section(&mut page, "Folders that remain", left.collect());
        }
        table(&mut page, "Limits", limits(&said, &self.authority));
        section(
            &mut page,
            "Asks for",
            self.needs().into_iter().map(|(word, wanted, met)| (word, format!("{wanted}: {met}"))).collect(),
        );
        page
    }

    /// What its manifest asks for, and whether it has that.
    fn needs(&self) -> Vec<(&str, &str, &'static str)> {
        let Some(Entry::Valid(manifest)) = self.library.get(self.agent.0) else { return Vec::new() };
        let find = |name: &str| policy::find(self.library, name).map(|(name, path)| (name.to_owned(), path.to_owned()));
        let wanted = manifest
            .needs
            .iter()
            .flat_map(|need| need.wanted.iter().map(|wanted| (need.capability.as_str(), wanted.as_str())));
        wanted
            .map(|(word, wanted)| match self.authority.meets(word, wanted, find) {
                Met::Granted => (word, wanted, "granted"),
                Met::NotGranted => (word, wanted, "not granted"),
                Met::Unclear(form) => (word, wanted, form),
            })
            .collect()
    }

    fn object(&self) -> J {
        let said = self.policy.said(self.agent);
        let line = |place: &Place| place.line();
        let keys = said.iter().map(|said| {
            json!({
                "key": said.key.name, "value": said.key.text(), "line": line(&said.key.place), "section": said.section,
                "parts": said.key.parts.iter().map(|part| json!({ "value": part.text, "line": line(&part.place) })).collect::<Vec<_>>(),
                "overruled": said.overruled.iter().map(|place| line(place)).collect::<Vec<_>>(),
            })
        });
        let sections = self.policy.sections_about(self.agent);
        let sections = sections.iter().map(|(pattern, place)| json!({ "pattern": pattern, "line": line(place) }));
        let needs = self.needs();
        let needs = needs
            .iter()
            .map(|(word, wanted, met)| json!({ "capability": word, "wanted": wanted, "met": *met == "granted" }));
        json!({
            "agent": self.agent.0, "callers": self.caller_names(), "sections": sections.collect::<Vec<_>>(),
            "keys": keys.collect::<Vec<_>>(), "needs": needs.collect::<Vec<_>>(),
        })
    }
}

/// What is granted, a row for each grant, and the lines that it overrules.
fn grants<'s>(said: &'s [Said<'_>]) -> Rows<'s> {
    let granting = said.iter().filter(|said| said.key.name != "within" && !said.key.name.starts_with("limits."));
    let mut grants = Vec::new();
    for said in granting {
        let from = grants.len();
        grants.extend(rows(said.key));
        if let Some((_, _, line)) = grants.get_mut(from) {
            line.push_str(&overruled(said));
        }
    }
    if grants.is_empty() { vec![("none", String::new(), String::new())] } else { grants }
}

/// A name, what is said, and where.
type Rows<'s> = Vec<(&'s str, String, String)>;

/// The widest text that lines are put in one column behind.
const WIDEST: usize = 72;

/// Adds a table of three columns to a page.
fn table(page: &mut String, title: &str, rows: Rows<'_>) {
    let width = |text: &String| text.chars().count();
    let widest = rows.iter().map(|(_, text, _)| width(text)).filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let row = |(name, text, line): (_, String, String)| (name, format!("{text:<widest$}  {line}"));
    section(page, title, rows.into_iter().map(row).collect());
}

/// A row for each element of a key's list, or one for its value.
fn rows(key: &Key) -> Rows<'_> {
    key.rows().map(|(text, place)| (key.name.as_str(), text.into_owned(), place.line())).collect()
}

fn overruled(said: &Said<'_>) -> String {
    let lines: Vec<_> = said.overruled.iter().map(|place| place.line()).collect();
    if lines.is_empty() { String::new() } else { format!(", instead of {}", lines.join(", ")) }
}

/// The limits, each with the line that sets it.
fn limits<'s>(said: &[Said<'_>], authority: &Authority) -> Rows<'s> {
    let line = |name: &str| match said.iter().find(|said| said.key.name.strip_prefix("limits.") == Some(name)) {
        Some(said) => said.key.place.line() + &overruled(said),
        None => "by default".to_owned(),
    };
    authority.limits.rows().into_iter().map(|(name, value)| (name, value, line(name))).collect()
}
