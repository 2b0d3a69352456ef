//! Secrets: values that a run works with and never writes down. The engine, the tape and every
//! message know them by name; the value appears where a proc that is granted the name is called.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use base64::Engine as _;

/// The shortest value that counts as secret, in bytes. A shorter one can't be told from other text,
/// so it could not be kept out of what a run writes.
pub const MIN_SECRET: usize = 6;

/// What ends a line, for one program or another: for Python all of them.
pub(crate) const BREAKS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// What the names of our own variables begin with: where telemetry goes, with whose key. It isn't agents' to know,
/// whatever a policy says.
const OURS: &str = "OTEL_EXPORTER_";

/// Where the values of variables and secret inputs come from.
#[derive(Clone, Default)]
pub struct Secrets {
    given: BTreeMap<String, Arc<str>>,
    environment: bool,
}

impl Secrets {
    /// The variables of this process.
    ///
    /// # Ambient Authority
    ///
    /// Reads the environment, and of it only what a policy grants.
    pub fn from_environment() -> Self {
        Self { environment: true, ..Self::default() }
    }

    /// Adds a value under a name; it comes before a variable of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Arc<str>>) -> Self {
        self.given.insert(name.into(), value.into());
        self
    }

    /// The value of `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<Arc<str>> {
        let reads = self.environment && !name.starts_with(OURS);
        let variable = || reads.then(|| std::env::var(name).ok()).flatten().map(Arc::from);
        self.given.get(name).cloned().or_else(variable)
    }
}

/// Names alone: a value in a message is what this type is there to prevent.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

/// Takes secret values out of what is about to be written, also where they are encoded as
/// programs usually do: for JSON, for URLs, in base64 or in hexadecimal; as the host spells it in the name
/// of a host, a table or a file; and the lines of those that have several, since logs are kept by the
/// line. What a program makes of a secret otherwise, nobody can know.
#[derive(Clone, Default)]
pub struct Scrubber {
    forms: Vec<(Vec<u8>, String)>,
}

impl Scrubber {
    /// Hides `value` as `[name]`.
    pub fn add(&mut self, name: &str, value: &str) {
        let shown = format!("[{name}]");
        let mut known: HashSet<_> = self.forms.iter().map(|(form, _)| form.clone()).collect();
        let lines = value.split(BREAKS).map(|line| line.trim().as_bytes().to_vec());
        let new = forms(value).into_iter().chain(lines);
        let new = new.filter(|form| form.len() >= MIN_SECRET && known.insert(form.clone()));
        self.forms.extend(new.map(|form| (form, shown.clone())));
        // The longest first: a form may be a part of another.
        self.forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// How long the longest form of a secret is, in bytes.
    pub fn longest(&self) -> usize {
        self.forms.first().map_or(0, |(form, _)| form.len())
    }

    /// How many bytes at the end of `bytes` may be the beginning of a secret, had they gone on.
    pub fn begun(&self, bytes: &[u8]) -> usize {
        let begun = |form: &[u8]| (1..form.len().min(bytes.len() + 1)).rfind(|size| bytes.ends_with(&form[..*size]));
        self.forms.iter().filter_map(|(form, _)| begun(form)).max().unwrap_or(0)
    }

    /// `text`, whose end was cut off somewhere, without the secrets and without what is left of one at its end.
    pub fn cut(&self, text: &str) -> String {
        let mut clean = self.text(text).into_owned();
        clean.truncate(clean.floor_char_boundary(clean.len() - self.begun(clean.as_bytes())));
        clean
    }

    /// `bytes` without the secrets.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean = Cow::Borrowed(bytes);
        for (form, shown) in &self.forms {
            if let Some(replaced) = replace(&clean, form, shown.as_bytes()) {
                clean = Cow::Owned(replaced);
            }
        }
        clean
    }

    /// `text` without the secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Every form is text, so what is left is text too.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// A value without the secrets. JSON stays JSON.
    pub fn value(&self, value: crate::Value) -> crate::Value {
        use crate::{Json, Value, expression::json};
        let Cow::Owned(bytes) = self.bytes(value.bytes()) else { return value };
        match value {
            Value::Text(_) | Value::Secret(_) => Value::text(String::from_utf8_lossy(&bytes).into_owned()),
            Value::Data(_) => Value::data(bytes),
            Value::Json(json) => Value::Json(Json::known(json::rewritten(json.as_str(), |text| self.text(text)))),
        }
    }
}

/// How a value may be written.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let bytes = value.as_bytes();
    let json = json(value);
    let ascii_json = ascii(&json);
    let percent = |keep: &dyn Fn(u8) -> bool| {
        bytes
            .iter()
            .map(|byte| if keep(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
            .collect::<String>()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let encoded = [percent(&unreserved), percent(&|byte| unreserved(byte) || byte == b'/')];
    let mut forms = vec![value.to_owned(), hex.to_ascii_uppercase(), hex];
    for encoded in encoded.iter().flat_map(|encoded| [encoded.clone(), encoded.replace("%20", "+")]) {
        forms.extend([small_percent(&encoded), encoded]);
    }
    // JSON in JSON has its backslashes twice.
    forms.extend([self::json(&json), self::json(&ascii_json), json, ascii_json]);
    forms.extend(python_forms(value));
    forms.extend(host_forms(value));
    forms.extend(base64_forms(bytes));
    forms.into_iter().map(String::into_bytes).collect()
}

/// A text in JSON, without its quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// JSON whose characters are all ASCII, as Python writes it.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::new(), |mut text, c| {
        match c.is_ascii() {
            true => text.push(c),
            false => c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
        text
    })
}

/// Percent-encoding with small letters.
fn small_percent(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (code, rest) = part.split_at(part.len().min(2));
        format!("{text}%{}{rest}", code.to_ascii_lowercase())
    })
}

/// What Python's `repr` and `ascii` make of a text, and `repr` of its bytes; each with either quote around it.
fn python_forms(value: &str) -> Vec<String> {
    let latin: String = value.bytes().map(char::from).collect();
    let mut forms = Vec::new();
    for quote in [None, Some('\''), Some('"')] {
        forms.extend([python(value, quote, false), python(value, quote, true), python(&latin, quote, true)]);
    }
    forms
}

fn python(text: &str, quote: Option<char>, ascii: bool) -> String {
    text.chars()
        .map(|c| match c {
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\r' => "\\r".into(),
            '\t' => "\\t".into(),
            c if Some(c) == quote => format!("\\{c}"),
            c if c.is_control() || (ascii && !c.is_ascii()) => match u32::from(c) {
                code @ ..0x100 => format!("\\x{code:02x}"),
                code @ 0x100..0x1_0000 => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            },
            c => c.to_string(),
        })
        .collect()
}

/// How a value is spelt in what the host says was asked for: names of hosts and tables in small letters, those of
/// tables with their quotes twice, and paths without doubled slashes, `.` and `..`.
fn host_forms(value: &str) -> [String; 3] {
    let path = crate::policy::join("", value);
    let path = if value.starts_with('/') { path } else { path[1..].to_owned() };
    [value.to_ascii_lowercase(), value.replace('"', "\"\""), path]
}

/// What base64 makes of the value, wherever in a longer text it stands: of each of the three
/// alignments, the letters that depend on the value alone.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut forms = Vec::new();
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let letters = engine.encode([&vec![0; before][..], bytes].concat());
            let start = (before * 8).div_ceil(6);
            let end = (before + bytes.len()) * 8 / 6;
            forms.push(letters[start..end].to_owned());
        }
    }
    forms
}

/// `bytes` with every `form` replaced; nothing where there is none.
pub(crate) fn replace(bytes: &[u8], form: &[u8], shown: &[u8]) -> Option<Vec<u8>> {
    let mut found = find(bytes, form)?;
    let (mut clean, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    loop {
        clean.extend_from_slice(&rest[..found]);
        clean.extend_from_slice(shown);
        rest = &rest[found + form.len()..];
        match find(rest, form) {
            Some(next) => found = next,
            None => break,
        }
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

fn find(bytes: &[u8], form: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, Value};

    const VALUE: &str = "s3cr\"t/ välue";

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.add("KEY", VALUE);
        scrubber
    }

    #[test]
    fn usual_encodings_are_hidden() {
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        for text in [
            format!("a {VALUE} b {VALUE}"),
            serde_json::json!({ "key": VALUE }).to_string(),
            format!("https://x/?k={}", "s3cr%22t%2F%20v%C3%A4lue"),
            base64(VALUE),
            base64(&format!("user:{VALUE}")),
            base64(&format!("me:{VALUE}!")),
            VALUE.bytes().map(|byte| format!("{byte:02x}")).collect(),
            r#"{"key": "s3cr\"t/ v\u00e4lue"}"#.to_owned(),
            serde_json::json!([serde_json::json!({ "key": VALUE }).to_string()]).to_string(),
            "k=s3cr%22t%2f+v%c3%a4lue".to_owned(),
            r#"b's3cr"t/ v\xc3\xa4lue'"#.to_owned(),
            r#"'s3cr"t/ v\xe4lue'"#.to_owned(),
        ] {
            let clean = scrubber().text(&text).into_owned();
            assert!(clean.contains("[KEY]"), "{text} {clean}");
            assert!(!clean.contains("s3cr"), "{clean}");
        }
        assert!(matches!(scrubber().text("nothing of it"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_python_prints_is_hidden() {
        let mut scrubber = Scrubber::default();
        scrubber.add("A", "back\\sl'a\"sh");
        scrubber.add("B", "back\\and\"quote");
        scrubber.add("C", "wide\u{1f600}\u{7}");
        for (text, clean) in [
            (r#"KeyError: 'back\\sl\'a"sh'"#, "KeyError: '[A]'"),
            (r#"KeyError: 'back\\and"quote'"#, "KeyError: '[B]'"),
            (r#"'wide\U0001f600\x07' "wide\ud83d\ude00\u0007""#, r#"'[C]' "[C]""#),
        ] {
            assert_eq!(scrubber.text(text), clean);
        }
    }

    #[test]
    fn what_the_host_spells_is_hidden() {
        let mut scrubber = Scrubber::default();
        scrubber.add("URL", "postgres://app:Hunter2/./x/../Pass");
        scrubber.add("KEY", "AKIA\"sEcReT9");
        scrubber.add("ROOT", "/run//secrets/");
        for (text, clean) in [
            ("read /postgres:/app:Hunter2/Pass", "read /[URL]"),
            ("GET https://a.postgres://app:hunter2/./x/../pass", "GET https://a.[URL]"),
            ("read db.akia\"secret9", "read db.[KEY]"),
            ("read db.\"AKIA\"\"sEcReT9\"", "read db.\"[KEY]\""),
            ("read /data/run/secrets", "read /data[ROOT]"),
        ] {
            assert_eq!(scrubber.text(text), clean);
        }
        let mut short = Scrubber::default();
        short.add("SHORT", "a//b//c");
        assert_eq!(short.text("a/b/c a//b//c"), "a/b/c [SHORT]", "too short to be told from other text");
    }

    #[test]
    fn each_line_is_hidden() {
        let mut scrubber = Scrubber::default();
        scrubber.add("PEM", "-----BEGIN-----\r\n  MIIEvQIBADAN\nend\n");
        for (text, clean) in [
            ("a MIIEvQIBADAN b", "a [PEM] b"),
            ("-----BEGIN-----\nMIIEvQIBADAN\nend", "[PEM]\n[PEM]\nend"),
            ("the end", "the end"),
        ] {
            assert_eq!(scrubber.text(text), clean);
        }
    }

    #[test]
    fn the_beginning_of_a_secret_is_known() {
        let mut scrubber = Scrubber::default();
        scrubber.add("KEY", "hunter2");
        scrubber.add("OTHER", "ters and gatherers");
        for (text, begun, cut) in [
            ("", 0, ""),
            ("a hunter", 6, "a "),
            ("hunters and gathe", 14, "hun"),
            ("a hunter2", 0, "a [KEY]"),
            ("a hunter2hu", 2, "a [KEY]"),
            ("hunters", 4, "hun"),
        ] {
            assert_eq!((scrubber.begun(text.as_bytes()), scrubber.cut(text)), (begun, cut.to_owned()), "{text}");
        }
        assert_eq!(Scrubber::default().begun(b"hunter"), 0);
    }

    #[test]
    fn json_stays_json() {
        let mut scrubber = Scrubber::default();
        scrubber.add("PIN", "12345678");
        let clean = scrubber.value(Value::Json(Json::parse(r#"{"12345678": [12345678, 1.5, "x12345678"]}"#).unwrap()));
        assert_eq!(clean, Value::Json(Json::parse(r#"{"[PIN]": ["[PIN]", 1.5, "x[PIN]"]}"#).unwrap()));
    }

    #[test]
    fn a_given_value_comes_first() {
        let secrets = Secrets::from_environment().with("PATH", "mine");
        assert_eq!(secrets.get("PATH").as_deref(), Some("mine"));
        assert_eq!(Secrets::default().get("PATH"), None);
        assert_eq!(format!("{secrets:?}"), r#"{"PATH"}"#);
    }
}
