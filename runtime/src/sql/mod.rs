//! One statement of SQL: read, bounded, written anew, and checked. Pure: no database is asked.
//!
//! What is sent to a database is never the guest's text. The text is parsed, everything in it that
//! has two spellings is given one ([`rewrite`]), and the result is printed. Then that print is parsed
//! again, and what comes of it is checked ([`check`]). So what was checked is what is sent, and
//! comments, odd quotes and escapes are gone.

mod check;
mod names;
mod needs;
mod placeholder;
mod rewrite;
mod scope;

use std::ops::ControlFlow;

use sqlparser::{
    ast::Statement,
    dialect::{PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
    tokenizer::{Token, Tokenizer, Whitespace},
};

pub use self::check::Attribute;
pub(crate) use self::check::called;
use crate::policy::{Authority, Denial, Request, SqlAction};
pub(crate) use crate::sql::needs::needs;
pub(crate) use crate::sql::placeholder::MAX_PARAMETERS;

/// The longest statement, in bytes. Values are parameters, so nothing longer is written by hand.
const MAX_STATEMENT: usize = 128 << 10;

/// How deep parentheses may nest, and all else that the parser calls itself for. Its work can double
/// with each.
const MAX_NESTING: usize = 24;

/// The most keywords and operators of a statement. A chain of these is a tree as deep as it is long,
/// and whoever walks it needs stack for it; lists of values count for nothing here.
const MAX_WORDS: usize = 2_000;

/// The stack that a thread needs to read statements, in bytes: enough for a tree as deep as
/// `MAX_WORDS` in a build without optimisation.
pub const STACK: usize = 256 << 20;

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// Who answers for the policy.
pub struct Asked<'a> {
    /// What is decided about.
    pub authority: &'a Authority,
    /// Asks for one thing that a statement does.
    pub ask: &'a dyn Fn(&Request<'_>) -> Result<(), Denial>,
}

/// Why a statement doesn't run.
#[derive(Debug)]
pub enum Stopped {
    /// No policy allows a statement like it. Nobody was asked.
    Refused(Denial),
    /// This is what whoever was asked denied.
    Denied(Denial),
    /// It can't be read.
    Invalid(String),
    /// It is too long, or too deep.
    Limit(String),
}

/// A statement that may run.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// What to send.
    pub text: String,
    /// Whether it changes rows.
    pub writes: bool,
    /// How many parameters it takes.
    pub parameters: usize,
    /// The names that it gives to parts of itself, in lower case.
    pub parts: Vec<String>,
    /// Columns that it names of tables with hidden ones: table and column. Each has to be one; else
    /// PostgreSQL takes it for a function of the whole row.
    pub columns: Vec<(String, String)>,
    /// Each `x.f` that has to be a column: else PostgreSQL would call `f`, which nothing grants.
    pub attributes: Vec<Attribute>,
    /// What it does to which tables.
    pub touches: Vec<(SqlAction, String)>,
    /// What the columns of its rows are called; nothing where the database alone knows.
    pub names: Vec<String>,
}

/// Reads and checks a statement for the database that the policy calls `database`. The thread needs
/// [`STACK`] bytes.
///
/// # Errors
///
/// When it can't be read, is too large, or is denied.
///
/// # Examples
///
/// ```
/// use turingbox::{
///     policy::{Decision, Policy, Request},
///     sql::{Asked, Dialect, Stopped, read},
/// };
///
/// let policy = "version = 1\n[[agents.a.databases]]\nname = \"shop\"\nurl = { env = \"SHOP\" }\ntables = { orders = \"read\" }";
/// let authority = Policy::parse("policy.toml", policy)?.authority("a", "a");
/// let ask = |request: &Request<'_>| match authority.decide(request) {
///     Decision::Allowed(_) => Ok(()),
///     Decision::Denied(denial) => Err(denial),
/// };
/// let asked = Asked { authority: &authority, ask: &ask };
/// let checked = read("select id from Orders -- all", Dialect::Sqlite, "shop", &asked);
/// assert!(checked.is_ok_and(|checked| checked.text == "SELECT \"id\" FROM \"Orders\""));
/// let denied = read("delete from orders", Dialect::Sqlite, "shop", &asked);
/// assert!(matches!(denied, Err(Stopped::Denied(denial)) if denial.code == "sql.read-only"));
/// # Ok::<(), turingbox::Report>(())
/// ```
pub fn read(text: &str, dialect: Dialect, database: &str, asked: &Asked<'_>) -> Result<Checked, Stopped> {
    let refused = |what: String| {
        let denial = Denial::of("sql.statement", format_args!("{what} in {database}"));
        Stopped::Refused(denial.help("a query is one select, insert, update or delete; no policy allows more"))
    };
    let (tokens, parameters) = tokens(text, dialect).map_err(|wrong| match wrong {
        Wrong::Refused(what) => refused(what),
        Wrong::Stopped(stopped) => stopped,
    })?;
    let mut statement = parse(tokens, dialect)?;
    if let ControlFlow::Break(what) = rewrite::rewrite(&mut statement, dialect) {
        return Err(refused(what));
    }
    let text = statement.to_string();
    let (printed, written) = self::tokens(&text, dialect).map_err(|_| unclear())?;
    let statement = parse(printed, dialect).map_err(|_| unclear())?;
    // Else the database would be asked something else than the guest wrote: `@ @x` is printed `@@x`, and
    // in `t.$1` the parser takes the parameter for a name.
    let mut again = statement.clone();
    if rewrite::rewrite(&mut again, dialect).is_break() || again.to_string() != text || written != parameters {
        return Err(unclear());
    }
    let facts = match check::check(&statement, dialect) {
        ControlFlow::Continue(facts) => facts,
        ControlFlow::Break(what) => return Err(refused(what)),
    };
    let columns = check::decide(&statement, &facts, dialect, database, asked)?;
    let attributes = check::attributes(&statement, &facts, dialect, database, asked);
    let (writes, touches, names) = (facts.writes(), facts.touches(), names::names(&statement));
    Ok(Checked { text, writes, parameters, parts: facts.parts, columns, attributes, touches, names })
}

/// What the parser reads otherwise than it prints.
fn unclear() -> Stopped {
    Stopped::Invalid("the statement can't be read unambiguously: write it in a simpler way".into())
}

/// Why a text is not a statement.
enum Wrong {
    Refused(String),
    Stopped(Stopped),
}

/// Takes the text apart. Comments are gone, parameters are numbered.
fn tokens(text: &str, dialect: Dialect) -> Result<(Vec<Token>, usize), Wrong> {
    let error = |message: String| Err(Wrong::Stopped(Stopped::Invalid(message)));
    if text.len() > MAX_STATEMENT {
        return Err(Wrong::Stopped(Stopped::Limit(format!("the statement is longer than {MAX_STATEMENT} bytes"))));
    }
    if text.contains('\0') {
        return error("the statement has a NUL in it".into());
    }
    let tokens = match dialect {
        Dialect::Sqlite => Tokenizer::new(&SQLiteDialect {}, text).tokenize(),
        Dialect::Postgres => Tokenizer::new(&PostgreSqlDialect {}, text).tokenize(),
    };
    let mut tokens = match tokens {
        Ok(tokens) => tokens,
        Err(wrong) => return error(format!("the statement can't be read: {wrong}")),
    };
    for token in &mut tokens {
        if matches!(token, Token::Whitespace(_)) {
            *token = Token::Whitespace(Whitespace::Space);
        }
    }
    let blank = |token: &Token| matches!(token, Token::Whitespace(_) | Token::SemiColon);
    tokens.truncate(tokens.iter().rposition(|token| !blank(token)).map_or(0, |last| last + 1));
    let first = tokens.iter().find(|token| !blank(token));
    match first {
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            const KNOWN: [&str; 7] = ["SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"];
            let word = word.value.to_ascii_uppercase();
            if !KNOWN.contains(&word.as_str()) {
                let shown: String = word.chars().take(32).collect();
                return Err(Wrong::Refused(format!("`{}`", shown.escape_debug())));
            }
        }
        Some(Token::LParen) => {}
        _ => return error("there is no statement".into()),
    }
    if tokens.contains(&Token::SemiColon) {
        return Err(Wrong::Refused("more than one statement".into()));
    }
    bounded(&tokens).map_err(Wrong::Stopped)?;
    placeholder::number(tokens, dialect).map_err(|message| Wrong::Stopped(Stopped::Invalid(message)))
}

/// Refuses what would take the parser too long, or too deep.
fn bounded(tokens: &[Token]) -> Result<(), Stopped> {
    let (mut depth, mut words) = (0_usize, 0_usize);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Err(Stopped::Limit(format!("the statement nests deeper than {MAX_NESTING} parentheses")));
                }
            }
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(word) if word.keyword == sqlparser::keywords::Keyword::NoKeyword => {}
            Token::Comma
            | Token::Period
            | Token::Whitespace(_)
            | Token::Placeholder(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_) => {}
            _ => words += 1,
        }
    }
    if words > MAX_WORDS {
        return Err(Stopped::Limit(format!("the statement has more than {MAX_WORDS} keywords and operators")));
    }
    Ok(())
}

fn parse(tokens: Vec<Token>, dialect: Dialect) -> Result<Statement, Stopped> {
    let (sqlite, postgres) = (SQLiteDialect {}, PostgreSqlDialect {});
    let parser = match dialect {
        Dialect::Sqlite => Parser::new(&sqlite),
        Dialect::Postgres => Parser::new(&postgres),
    };
    let statements = parser.with_recursion_limit(2 * MAX_NESTING).with_tokens(tokens).parse_statements();
    let wrong = |message: String| Stopped::Invalid(format!("the statement can't be read: {message}"));
    let mut statements = statements.map_err(|error| wrong(error.to_string()))?;
    match (statements.pop(), statements.pop()) {
        (Some(statement), None) => Ok(statement),
        _ => Err(wrong("it is not one statement".into())),
    }
}

#[cfg(test)]
mod tests;
