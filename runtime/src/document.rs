//! Reading a TOML file into a type: each key is asked for once, every mistake is reported with its
//! line, and a key that nobody asked for is one.

mod write;

use std::{collections::HashSet, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(crate) use write::{key, list, quoted};

use crate::{
    diagnostic::{Diagnostic, Report, suggestion},
    source::{Place, Source},
    value::Json,
};

/// The code of a whole number that TOML has no room for.
pub(crate) const TOO_LARGE: &str = "too-large";

/// Parses `source` and hands its top table to `read`, which collects mistakes in the report.
///
/// # Errors
///
/// Every mistake at once: of the TOML itself, or of what `read` reported.
pub fn read<T>(
    source: &Arc<Source>,
    read: impl FnOnce(&mut Table<'_>, &mut Report) -> Option<T>,
) -> Result<(T, Report), Report> {
    let mut report = Report::default();
    let (table, mut errors) = DeTable::parse_recoverable(&source.text);
    // What nests without an end is told once, not again for each level.
    let mut told = HashSet::new();
    errors.retain(|error| told.insert(error.message().to_owned()));
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        report.push(Diagnostic::error("toml", format!("this is not TOML: {}", error.message())).at(source, span));
    }
    if report.has_errors() {
        return Err(report);
    }
    let mut top = Table::new(source, table.get_ref(), table.span(), "");
    let value = read(&mut top, &mut report);
    top.finish(&mut report);
    report.0.sort_by_key(|finding| finding.place.as_ref().map(|place| place.span.start));
    report.bound(&Place { source: source.clone(), span: 0..0 });
    match value {
        Some(value) if !report.has_errors() => Ok((value, report)),
        _ => Err(report),
    }
}

/// One table of a file. Keys are taken out of it by asking; [`Table::finish`] reports the rest.
pub struct Table<'a> {
    source: &'a Arc<Source>,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn new(source: &'a Arc<Source>, entries: &'a DeTable<'a>, span: Range<usize>, path: impl Into<String>) -> Self {
        Self { source, entries, span, path: path.into(), asked: Vec::new() }
    }

    /// Where the table stands, for what is missing in it.
    pub fn place(&self) -> Place {
        Place { source: self.source.clone(), span: self.span.clone() }
    }

    /// The value of `key`, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.asked.push(key);
        let (name, value) = self.entries.get_key_value(key)?;
        Some(self.item(name, value))
    }

    /// The value of `key` that `read` makes of it.
    pub fn take<T>(
        &mut self,
        key: &'static str,
        report: &mut Report,
        read: impl FnOnce(Item<'a>) -> Result<T, Diagnostic>,
    ) -> Option<T> {
        match read(self.get(key)?) {
            Ok(value) => Some(value),
            Err(diagnostic) => {
                report.push(diagnostic);
                None
            }
        }
    }

    /// Like [`Table::take`], and a missing key is a mistake.
    pub fn need<T>(
        &mut self,
        key: &'static str,
        report: &mut Report,
        read: impl FnOnce(Item<'a>) -> Result<T, Diagnostic>,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            self.asked.push(key);
            let message = format!("`{key}` is missing{}", self.inside());
            report.push(Diagnostic::error("missing-key", message).at(self.source, self.span.clone()));
            return None;
        }
        self.take(key, report, read)
    }

    /// Every entry of a table whose keys are names, in the order of the file.
    pub fn entries(&self) -> Vec<Item<'a>> {
        self.entries.iter().map(|(name, value)| self.item(name, value)).collect()
    }

    /// Reports every key that was not asked for.
    pub fn finish(&self, report: &mut Report) {
        for (name, _) in self.entries.iter() {
            let key = name.get_ref().as_ref();
            if !self.asked.contains(&key) {
                report.push(
                    Diagnostic::error("unknown-key", format!("`{key}` is not a key{}", self.inside()))
                        .at(self.source, name.span())
                        .maybe_help(suggestion(key, self.asked.iter().copied())),
                );
            }
        }
    }

    fn inside(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!(" of `{}`", self.path) }
    }

    fn item(&self, name: &'a Spanned<std::borrow::Cow<'a, str>>, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        let key = name.get_ref().as_ref();
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Item { source: self.source, key, key_span: name.span(), value, path }
    }
}

/// One value of a file, and where it stands.
#[derive(Clone)]
pub struct Item<'a> {
    source: &'a Arc<Source>,
    /// The key, or the empty string in an array.
    pub key: &'a str,
    key_span: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
    /// The dotted path to the value, for messages.
    pub path: String,
}

impl<'a> Item<'a> {
    /// Where the value stands.
    pub fn place(&self) -> Place {
        Place { source: self.source.clone(), span: self.value.span() }
    }

    /// Where the key stands, or the value in an array.
    pub fn key_place(&self) -> Place {
        Place { source: self.source.clone(), span: self.key_span.clone() }
    }

    /// A mistake at this value.
    pub fn wrong(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, self.value.span())
    }

    fn wrong_type(&self, wanted: &str) -> Diagnostic {
        let found = self.value.get_ref().type_str();
        self.wrong("wrong-type", format!("`{}` must be {wanted}, not {} {found}", self.path, article(found)))
    }

    /// The text.
    pub fn text(self) -> Result<&'a str, Diagnostic> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong_type("text"))
    }

    /// The text, owned.
    pub fn string(self) -> Result<String, Diagnostic> {
        self.text().map(str::to_owned)
    }

    /// True or false.
    pub fn boolean(self) -> Result<bool, Diagnostic> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong_type("`true` or `false`"))
    }

    /// A whole number, of 64 bits: else the code of the mistake is [`TOO_LARGE`].
    pub fn integer(self) -> Result<i64, Diagnostic> {
        let digits = self.value.get_ref().as_integer().ok_or_else(|| self.wrong_type("a whole number"))?;
        i64::from_str_radix(digits.as_str(), digits.radix())
            .map_err(|_| self.wrong(TOO_LARGE, format!("`{}` must fit 64 bits", self.path)))
    }

    /// A number, whole or not.
    pub fn number(self) -> Result<f64, Diagnostic> {
        match self.value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().map_err(|_| self.wrong_type("a number")),
            DeValue::Integer(_) => self.integer().map(|whole| whole as f64),
            _ => Err(self.wrong_type("a number")),
        }
    }

    /// A table.
    pub fn table(self) -> Result<Table<'a>, Diagnostic> {
        match self.value.get_ref().as_table() {
            Some(entries) => Ok(Table::new(self.source, entries, self.value.span(), self.path)),
            None => Err(self.wrong_type("a table")),
        }
    }

    /// The elements of an array.
    pub fn array(self) -> Result<Vec<Self>, Diagnostic> {
        let array = self.value.get_ref().as_array().ok_or_else(|| self.wrong_type("an array"))?;
        let item = |(index, value): (usize, &'a Spanned<DeValue<'a>>)| Item {
            source: self.source,
            key: "",
            key_span: value.span(),
            value,
            path: format!("{}[{index}]", self.path),
        };
        Ok(array.iter().enumerate().map(item).collect())
    }

    /// The elements of an array, or the entries of a table; else nothing.
    pub fn inner(&self) -> Vec<Self> {
        match self.value.get_ref() {
            DeValue::Array(_) => self.clone().array().unwrap_or_default(),
            DeValue::Table(_) => self.clone().table().map(|table| table.entries()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// An array of texts.
    pub fn texts(self) -> Result<Vec<String>, Diagnostic> {
        self.array()?.into_iter().map(Self::string).collect()
    }

    /// Whether the value is text.
    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// The one of `known` that the text names.
    pub fn choice<T: Copy>(self, known: &[(&'static str, T)]) -> Result<T, Diagnostic> {
        let text = self.clone().text()?;
        known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            self.wrong("unknown-choice", format!("`{}` can't be `{text}`", self.path))
                .label(format!("one of {}", crate::diagnostic::list(&names)))
                .maybe_help(suggestion(text, names.iter().copied()))
        })
    }

    /// The value as JSON: numbers, texts, booleans, arrays and tables as they are, dates as text.
    pub fn json(&self) -> Result<serde_json::Value, Diagnostic> {
        use serde_json::Value as J;
        Ok(match self.value.get_ref() {
            DeValue::String(text) => J::from(text.as_ref()),
            DeValue::Boolean(flag) => J::from(*flag),
            DeValue::Datetime(date) => J::from(date.to_string()),
            DeValue::Integer(_) => J::from(self.clone().integer()?),
            DeValue::Float(_) => {
                let number = self.clone().number()?;
                J::from(serde_json::Number::from_f64(number).ok_or_else(|| {
                    self.wrong("wrong-type", format!("`{}` is {number}, which JSON can't hold", self.path))
                })?)
            }
            DeValue::Array(_) => J::Array(self.clone().array()?.iter().map(Item::json).collect::<Result<_, _>>()?),
            DeValue::Table(_) => {
                let entries = self.clone().table()?.entries();
                J::Object(
                    entries
                        .iter()
                        .map(|item| Ok((item.key.to_owned(), item.json()?)))
                        .collect::<Result<_, Diagnostic>>()?,
                )
            }
        })
    }

    /// The value in TOML, on one line, however the file writes it.
    pub fn inline(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(text) => quoted(text),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Array(_) => {
                let items = self.clone().array().unwrap_or_default();
                format!("[{}]", items.iter().map(Self::inline).collect::<Vec<_>>().join(", "))
            }
            DeValue::Table(_) => {
                let entries = self.clone().table().map(|table| table.entries()).unwrap_or_default();
                let entries: Vec<_> =
                    entries.iter().map(|item| format!("{} = {}", key(item.key), item.inline())).collect();
                if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
            }
            _ => self.place().words(),
        }
    }

    /// The value as it enters a run: text and dates are text, everything else is JSON.
    pub fn value(&self) -> Result<crate::Value, Diagnostic> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(crate::Value::text(text.as_ref())),
            DeValue::Datetime(date) => Ok(crate::Value::text(date.to_string())),
            _ => Ok(crate::Value::Json(Json::from(self.json()?))),
        }
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
