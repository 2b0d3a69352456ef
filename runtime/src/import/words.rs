//! What a source of the original system uses, as far as its words say: modules, files, hosts,
//! variables. Words need no syntax tree, and newer grammar is read as well.

use std::collections::BTreeSet;

use rustpython_parser::{Mode, Tok, lexer::lex};

use crate::{
    agent::imports,
    import::modules::{NATIVE, is_in_guest},
};

/// What the original's program had imported for every function, and how.
const PRELUDE: [(&str, &str); 25] = [
    ("Any", "from typing import Any"),
    ("Dict", "from typing import Dict"),
    ("ET", "import xml.etree.ElementTree as ET"),
    ("HTMLParser", "from html.parser import HTMLParser"),
    ("Union", "from typing import Union"),
    ("argparse", "import argparse"),
    ("ast", "import ast"),
    ("base64", "import base64"),
    ("contextmanager", "from contextlib import contextmanager"),
    ("copy", "import copy"),
    ("inspect", "import inspect"),
    ("json", "import json"),
    ("logging", "import logging"),
    ("os", "import os"),
    ("pdb", "import pdb"),
    ("re", "import re"),
    ("requests", "import requests"),
    ("socket", "import socket"),
    ("sys", "import sys"),
    ("textwrap", "import textwrap"),
    ("time", "import time"),
    ("urllib", "import urllib.parse"),
    ("List", "from typing import List"),
    ("Optional", "from typing import Optional"),
    ("Tuple", "from typing import Tuple"),
];

/// What it had imported, too, of packages that no sandbox has.
const FOREIGN: [(&str, &str); 11] = [
    ("BeautifulSoup", "bs4"),
    ("Groq", "groq"),
    ("Login", "hugchat"),
    ("SentenceTransformer", "sentence_transformers"),
    ("etree", "lxml"),
    ("faiss", "faiss"),
    ("hugchat", "hugchat"),
    ("json_repair", "json_repair"),
    ("np", "numpy"),
    ("openai", "openai"),
    ("repair_json", "json_repair"),
];

const NOT_THERE: &str = "a package that isn't there";

/// What a source uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// The imports that it takes for granted, a line each.
    pub prelude: Vec<&'static str>,
    /// Modules that the sandbox doesn't have, and why.
    pub missing: Vec<(String, &'static str)>,
    /// Folders' access: `read` or `write`, and the path, where it is written there.
    pub files: BTreeSet<(&'static str, Option<String>)>,
    /// Methods of requests, where it sends any.
    pub methods: BTreeSet<&'static str>,
    /// Addresses that are written there.
    pub urls: BTreeSet<Origin>,
    /// Variables of the host.
    pub variables: BTreeSet<String>,
    /// Whether it waits, or connects by itself.
    pub waits: bool,
    /// Whether it opens sockets.
    pub sockets: bool,
}

/// Scheme, host and port of an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub scheme: &'static str,
    pub host: String,
    pub port: Option<u16>,
}

impl Origin {
    /// The origin of an address that begins `text`, if all of it is written there.
    pub fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = [("https", "https://"), ("http", "http://")]
            .into_iter()
            .find_map(|(scheme, start)| Some((scheme, text.strip_prefix(start)?)))?;
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            None => (authority, None),
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let plain =
            !host.is_empty() && host.chars().all(letter) && !host.starts_with(['.', '-']) && !host.ends_with('.');
        plain.then(|| Self { scheme, host: host.to_ascii_lowercase(), port })
    }
}

/// Looks at the words of `source`.
pub fn look(source: &str) -> Uses {
    let mut uses = Uses::default();
    let words: Vec<_> = lex(source, Mode::Module).map_while(Result::ok).map(|(word, _)| word).collect();
    for at in 0..words.len() {
        let before = at.checked_sub(1).map(|at| &words[at]);
        word(&words[at..], before, &mut uses);
    }
    let own: BTreeSet<_> = imports(source).found.into_iter().filter_map(|import| import.module).collect();
    granted_names(&words, &mut uses);
    for module in &own {
        missing(module, &mut uses);
    }
    uses.missing.sort();
    uses.missing.dedup();
    uses
}

/// Finds names that the original's program had for every function.
fn granted_names(words: &[Tok], uses: &mut Uses) {
    let mut names = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let of_another = at > 0 && matches!(words[at - 1], Tok::Dot);
        if let (Tok::Name { name }, false) = (word, of_another) {
            names.insert(name.as_str());
        }
    }
    uses.sockets = names.contains("socket");
    uses.waits |= uses.sockets;
    let bound = bound(words);
    let taken = |name: &str| names.contains(name) && !bound.contains(name);
    uses.prelude = PRELUDE.iter().filter(|(name, _)| taken(name)).map(|(_, line)| *line).collect();
    let foreign = FOREIGN.iter().filter(|(name, _)| taken(name));
    uses.missing.extend(foreign.map(|(_, package)| ((*package).to_owned(), NOT_THERE)));
}

/// The names that the source's own imports bind.
fn bound(words: &[Tok]) -> BTreeSet<&str> {
    let mut bound = BTreeSet::new();
    let imports = words.iter().enumerate().filter(|(_, word)| matches!(word, Tok::Import));
    for (at, _) in imports {
        let rest = words[at + 1..].iter().take_while(|word| !matches!(word, Tok::Newline | Tok::Semi));
        let rest: Vec<_> = rest.collect();
        for item in rest.split(|word| matches!(word, Tok::Comma)) {
            let renamed = item.iter().position(|word| matches!(word, Tok::As)).map_or(0, |at| at + 1);
            let name = item[renamed..].iter().find_map(|word| match word {
                Tok::Name { name } => Some(name.as_str()),
                _ => None,
            });
            bound.extend(name);
        }
    }
    bound
}

fn missing(module: &str, uses: &mut Uses) {
    let top = module.split('.').next().unwrap_or(module);
    if let Some((_, why)) = NATIVE.iter().find(|(name, _)| *name == top) {
        uses.missing.push((top.to_owned(), why));
    } else if !is_in_guest(top) {
        uses.missing.push((top.to_owned(), NOT_THERE));
    }
}

/// Looks at the word that `words` begin with, and at those behind it.
fn word(words: &[Tok], before: Option<&Tok>, uses: &mut Uses) {
    match words {
        [Tok::String { value, .. }, ..] => uses.urls.extend(Origin::read(value)),
        [Tok::Name { name }, rest @ ..] => match name.as_str() {
            "open" if !matches!(before, Some(Tok::Dot | Tok::Def)) => opened(rest, uses),
            "os" | "shutil" | "pathlib" | "Path" | "glob" => touched(rest, uses),
            "requests" => requested(rest, uses),
            "urlopen" | "urlretrieve" => {
                uses.methods.extend(["GET", "POST"]);
                uses.waits = true;
            }
            "HTTPConnection" | "HTTPSConnection" => {
                uses.methods.insert("GET");
                uses.waits = true;
            }
            "sleep" => uses.waits = true,
            "getenv" | "environ" => variable(rest, uses),
            _ => {}
        },
        _ => {}
    }
}

/// `(path, mode)` behind `open`.
fn opened(rest: &[Tok], uses: &mut Uses) {
    let [Tok::Lpar, arguments @ ..] = rest else { return };
    let mut depth = 0_i64;
    let mut mode = "";
    let mut argument = 0;
    for (at, word) in arguments.iter().enumerate() {
        match word {
            Tok::Lpar | Tok::Lsqb | Tok::Lbrace => depth += 1,
            Tok::Rpar if depth == 0 => break,
            Tok::Rpar | Tok::Rsqb | Tok::Rbrace => depth -= 1,
            Tok::Comma if depth == 0 => argument += 1,
            Tok::String { value, .. } if depth == 0 && argument == 1 => mode = value,
            Tok::String { value, .. } if matches!(arguments.get(at.saturating_sub(2)), Some(Tok::Name { name }) if name == "mode") =>
            {
                mode = value;
            }
            _ => {}
        }
    }
    let path = match arguments {
        [Tok::String { value, kind, .. }, Tok::Comma | Tok::Rpar, ..] if !kind.to_string().contains('f') => {
            Some(value.clone())
        }
        _ => None,
    };
    let access = if mode.contains(['w', 'a', 'x', '+']) { "write" } else { "read" };
    uses.files.insert((access, path));
}

/// `.remove` and its like behind `os`.
fn touched(rest: &[Tok], uses: &mut Uses) {
    const READS: [&str; 12] = [
        "exists",
        "listdir",
        "walk",
        "stat",
        "isfile",
        "isdir",
        "getsize",
        "scandir",
        "glob",
        "iterdir",
        "read_text",
        "read_bytes",
    ];
    const WRITES: [&str; 14] = [
        "remove",
        "unlink",
        "rename",
        "replace",
        "makedirs",
        "mkdir",
        "rmdir",
        "removedirs",
        "copy",
        "copyfile",
        "copytree",
        "move",
        "rmtree",
        "write_text",
    ];
    let names = rest.iter().take(4).filter_map(|word| match word {
        Tok::Name { name } => Some(name.as_str()),
        _ => None,
    });
    for name in names {
        if READS.contains(&name) {
            uses.files.insert(("read", None));
        } else if WRITES.contains(&name) {
            uses.files.insert(("write", None));
        }
    }
}

/// `.post` and its like behind `requests`.
fn requested(rest: &[Tok], uses: &mut Uses) {
    let [Tok::Dot, Tok::Name { name }, ..] = rest else { return };
    let methods: &[&'static str] = match name.as_str() {
        "get" => &["GET"],
        "head" => &["HEAD"],
        "post" => &["POST"],
        "put" => &["PUT"],
        "patch" => &["PATCH"],
        "delete" => &["DELETE"],
        "options" => &["OPTIONS"],
        "request" | "Session" | "session" => &["GET", "POST"],
        _ => return,
    };
    uses.methods.extend(methods);
    uses.waits = true;
}

/// `("NAME")`, `["NAME"]` or `.get("NAME")` behind `getenv` or `environ`.
fn variable(rest: &[Tok], uses: &mut Uses) {
    let name = match rest {
        [Tok::Lpar | Tok::Lsqb, Tok::String { value, .. }, ..]
        | [Tok::Dot, Tok::Name { .. }, Tok::Lpar, Tok::String { value, .. }, ..] => value,
        _ => return,
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.chars().all(letter) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        uses.variables.insert(name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_had_imported_is_imported() {
        let found =
            look("import re\ndef f(x: Dict, output):\n\tx.json()\n\treturn json.loads(re.sub('a', 'b', x)), 1\n");
        assert_eq!(found.prelude, ["from typing import Dict", "import json"]);
        assert!(look("from lxml import etree as ET\nET.x()").prelude.is_empty());
    }

    #[test]
    fn what_a_sandbox_lacks_is_named() {
        let found = look("import subprocess, numpy as np, os.path\nfrom bs4 import BeautifulSoup\nGroq()");
        let names: Vec<_> = found.missing.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["bs4", "groq", "numpy", "subprocess"]);
    }

    #[test]
    fn what_it_touches_is_seen() {
        let found = look(
            "with open(name, 'rb') as f: pass\nopen('/tmp/a.txt', mode='w')\nx.open(y)\nos.makedirs(d)\n\
             requests.post(u)\nu = f'https://API.example.com:8443/v1?q={q}'\nos.environ['KEY']; os.getenv(\"B\")\n\
             os.environ.get('C', '')\n'http://{host}/'",
        );
        let files: Vec<_> = found.files.iter().map(|(access, path)| (*access, path.as_deref())).collect();
        assert_eq!(files, [("read", None), ("write", None), ("write", Some("/tmp/a.txt"))]);
        assert_eq!(found.methods.into_iter().collect::<Vec<_>>(), ["POST"]);
        let origin = Origin { scheme: "https", host: "api.example.com".into(), port: Some(8443) };
        assert_eq!(found.urls.into_iter().collect::<Vec<_>>(), [origin]);
        assert_eq!(found.variables.into_iter().collect::<Vec<_>>(), ["B", "C", "KEY"]);
        assert!(found.waits);
    }
}
