//! Variables of the host that an agent may hold.

use std::fmt;

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{
        Asked, Authority, ByName, Decision, Denial, Grants, HostPattern, Listed, MAX_REQUEST, Request,
        advice::{Advise, Find, Least, Wide, quoted},
    },
    source::Place,
};

/// One variable, and how far its value may go.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvGrant {
    /// The variable's name.
    pub name: String,
    /// The only host that the value may reach. The guest then holds a placeholder, and the host
    /// puts the value in on the way out.
    pub only_to: Option<HostPattern>,
    /// Whether the value is kept out of all that a run writes.
    pub secret: bool,
    /// The policy line.
    pub place: Place,
}

impl ByName for EnvGrant {
    fn pattern(&self) -> &str {
        &self.name
    }
}

/// As a policy writes it.
impl fmt::Display for EnvGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.only_to, self.secret) {
            (None, true) => f.write_str(&quoted(&self.name)),
            (Some(host), _) => write!(f, "{{ name = {}, only_to = \"{host}\" }}", quoted(&self.name)),
            (None, false) => write!(f, "{{ name = {}, secret = false }}", quoted(&self.name)),
        }
    }
}

/// Decides about the variable called `name`.
pub(super) fn decide(grants: &Listed<EnvGrant>, name: &str) -> Decision {
    match grants.candidates(name).map(|place| &grants[place]).find(|grant| grant.name == name) {
        Some(grant) => Decision::Allowed(Some(grant.place.clone())),
        None => {
            let denial = Denial::new("env.not-granted", &Request::Env { name: name.into() });
            let is_short = name.len() < MAX_REQUEST;
            Decision::Denied(if is_short && is_variable(name) {
                denial.help(format!("env = [\"{name}\"]"))
            } else {
                denial
            })
        }
    }
}

/// Reads `env = ["NAME", { name = "NAME", only_to = "host", secret = false }]`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> Listed<EnvGrant> {
    let items = item.array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    let mut grants: Vec<EnvGrant> = Vec::new();
    for item in items {
        let Some(grant) = read_one(&item, report) else { continue };
        if grants.iter().any(|other| other.name == grant.name) {
            report.push(item.wrong("duplicate", format!("`{}` is granted twice", grant.name)));
        }
        grants.push(grant);
    }
    grants.into_iter().collect()
}

fn read_one(item: &Item<'_>, report: &mut Report) -> Option<EnvGrant> {
    let place = item.place();
    if item.is_text() {
        let name = variable(item.clone()).map_err(|wrong| report.push(wrong)).ok()?;
        return Some(EnvGrant { name, only_to: None, secret: true, place });
    }
    let mut table = item.clone().table().map_err(|wrong| report.push(wrong)).ok()?;
    let name = table.need("name", report, variable);
    let only_to = table.take("only_to", report, |item| HostPattern::read(&item));
    let secret = table.take("secret", report, Item::boolean).unwrap_or(true);
    table.finish(report);
    if only_to.is_some() && !secret {
        report.push(item.wrong("contradiction", "what may reach one host alone is a secret"));
    }
    Some(EnvGrant { name: name?, only_to, secret, place })
}

/// What `env` knows about policies.
pub(super) struct Env;

impl Advise for Env {
    fn word(&self) -> &'static str {
        "env"
    }

    /// How far a value may go stays as it was.
    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let name = |request: &Request<'_>| match request {
            Request::Env { name } if is_variable(name) => {
                Some(held.variable(name).map_or_else(|| quoted(name), ToString::to_string))
            }
            _ => None,
        };
        Least::each(asked.iter().enumerate().filter_map(|(of, one)| Some((of, name(&one.request)?))))
    }

    /// A secret that the agent holds itself, though it could only ever send it to one host.
    fn wide(&self, held: &Authority, place: &Place, _: &[Request<'_>]) -> Option<Wide> {
        let grants = held.grants.env.as_ref()?;
        let grant = grants.iter().find(|grant| grant.place == *place && grant.secret && grant.only_to.is_none())?;
        let mut hosts = held.grants.http.as_ref()?.iter().map(|grant| &grant.host);
        let only = hosts.next()?;
        let alone = hosts.all(|host| host == only)
            && held.grants.tcp.as_ref().is_none_or(|grants| grants.iter().next().is_none());
        alone.then(|| Wide {
            message: format!("the agent holds `{}` itself, and may only send it to `{only}`", grant.name),
            help: EnvGrant { only_to: Some(only.clone()), ..grant.clone() }.to_string(),
        })
    }

    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        if !is_variable(wanted) {
            return Err("it is the name of a variable");
        }
        Ok(held.env.as_ref().is_some_and(|grants| matches!(decide(grants, wanted), Decision::Allowed(_))))
    }
}

/// Whether it is a variable's name: POSIX lets it have letters, digits and underscores.
pub(crate) fn is_variable(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(letters)
}

pub(super) fn variable(item: Item<'_>) -> Result<String, Diagnostic> {
    let name = item.clone().text()?;
    if !is_variable(name) {
        return Err(item
            .wrong("bad-name", format!("`{}` is not the name of a variable", name.escape_debug()))
            .label("letters, digits and `_`; no `*` stands for others"));
    }
    Ok(name.to_owned())
}
