//! An agent in Rust: a crate, and the SDK that it is written with.

use std::path::{Component, Path, PathBuf};

use super::{make, option, write};
use crate::cli::{Stop, render, terminal};

/// The files of the SDK and of the contract: path and contents.
static SDK: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The folder of a library that has the SDK.
const FOLDER: &str = ".turingbox";

const CRATE: &str = include_str!("Cargo.toml.txt");
const SOURCE: &str = include_str!("lib.rs.txt");
const CASE: &str = include_str!("rust_case.toml");

/// Makes the crate in `path`, and the SDK beside the library's agents, if it isn't there.
pub fn new(path: &Path, name: &str) -> Result<(), Stop> {
    let function = name.replace('-', "_");
    let settings = if function == name { String::new() } else { format!("(name = \"{name}\")") };
    if let Some(why) = misnamed(name, &function) {
        return Err(Stop::Usage(format!("`{name}` can't be the name of an agent in Rust: {why}")));
    }
    let (home, up) = home(path);
    let sdk = format!("{up}{FOLDER}/rust");
    let fill = |text: &str| {
        text.replace("{{ crate }}", &name.to_lowercase())
            .replace("{{ function }}", &function)
            .replace("{{ settings }}", &settings)
            .replace("{{ sdk }}", &sdk)
    };
    make(&path.join("Cargo.toml"), &fill(CRATE))?;
    make(&path.join("src/lib.rs"), &fill(SOURCE))?;
    make(&path.join("cases/hello/case.toml"), CASE)?;
    make(&path.join(".gitignore"), "/target\n")?;
    let folder = home.join(FOLDER);
    if !folder.exists() {
        for (file, bytes) in SDK {
            let path = folder.join(file);
            let text = String::from_utf8_lossy(bytes);
            write(&path, &text)
                .map_err(|error| Stop::Usage(format!("`{}` can't be written: {error}", path.display())))?;
        }
        terminal::print_line(&format!("made {}, the SDK", folder.display()))?;
    }
    render::note(&format!("next: turingbox build {} && turingbox test {name}{}", path.display(), option(path)));
    Ok(())
}

/// The folder of the library that an agent's folder is in, and the way up to it: `agents`, or else the folder
/// around the agent's.
fn home(path: &Path) -> (PathBuf, String) {
    let parts: Vec<_> = path.components().filter(|part| *part != Component::CurDir).collect();
    let library = match parts.first() {
        Some(first) if first.as_os_str() == "agents" && parts.len() > 1 => 1,
        _ => parts.len().saturating_sub(1),
    };
    (parts[..library].iter().collect(), "../".repeat(parts.len() - library))
}

/// What keeps a crate of this name, with a function of that one, from being compiled.
fn misnamed(name: &str, function: &str) -> Option<&'static str> {
    match (name.to_lowercase().as_str(), function) {
        (_, word) if is_keyword(word) => Some("a function can't be called so, since it is a keyword"),
        (_, "_") => Some("a function can't be called so, since it is no name there"),
        // What a function returns is written with them.
        (_, "Ok" | "Err") => Some("in its code, the word would mean the agent's own function"),
        ("turingbox-sdk" | "turingbox-sdk-macros", _) => {
            Some("a crate can't be called as the SDK that it is written with")
        }
        _ => None,
    }
}

/// Whether a name is a word of the language, so that no function can be called so.
fn is_keyword(name: &str) -> bool {
    const WORDS: [&str; 52] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
        "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self", "static", "struct",
        "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
        "yield",
    ];
    WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_where_the_library_is() {
        for (path, library, up) in [
            ("agents/text/shout", "agents", "../../"),
            ("./agents/shout", "agents", "../"),
            ("agents", "", "../"),
            ("shout", "", "../"),
            ("/a/mine/shout", "/a/mine", "../"),
        ] {
            assert_eq!(home(Path::new(path)), (PathBuf::from(library), up.to_owned()), "{path}");
        }
    }
}
