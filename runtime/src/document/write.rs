//! Texts, lists and keys as TOML writes them.

/// `text` as a string in TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// `texts` as a list in TOML.
pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// `name` as a key of TOML.
pub(crate) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else if name.contains('"') && !name.contains(|c: char| c == '\'' || c.is_control()) {
        format!("'{name}'")
    } else {
        quoted(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_being_quoted() {
        for text in ["a\"b\\c", "tab\tnul\0del\u{7f}\u{9b}", "Grüße", "\r\n", ""] {
            let read: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).unwrap();
            assert_eq!(read["x"].as_str(), Some(text));
        }
    }

    #[test]
    fn names_survive_being_keys() {
        for name in ["a", "a-b_1", "", "a.b", "\"Odd\"", "it's", "\"it's\"", "*", "a\nb", "\"\u{7f}"] {
            let read: toml::Table = toml::from_str(&format!("{} = {}", key(name), list([name, "x"]))).unwrap();
            assert_eq!(read[name].as_array().unwrap()[0].as_str(), Some(name));
        }
    }
}
