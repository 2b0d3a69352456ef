//! Parameters: `?`, `?1` and `$1` for either database.

use sqlparser::{
    keywords::Keyword,
    tokenizer::{Token, Word},
};

use crate::sql::Dialect;

/// The most parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
pub(crate) const MAX_PARAMETERS: usize = 10_000;

/// Gives every parameter its number, as the database writes it, and counts them.
pub(super) fn number(mut tokens: Vec<Token>, dialect: Dialect) -> Result<(Vec<Token>, usize), String> {
    let (mut plain, mut numbered, mut most) = (0_usize, false, 0_usize);
    // Whether what comes next is a value: then `?` is a parameter, else an operator of PostgreSQL's.
    let mut value_next = true;
    for token in &mut tokens {
        if matches!(token, Token::Whitespace(_)) {
            continue;
        }
        let number = match token {
            Token::Question if value_next => Some(None),
            Token::Placeholder(text) => match text.strip_prefix(['?', '$']) {
                Some("") => Some(None),
                Some(digits) => Some(Some(parameter(digits)?)),
                None => return Err(format!("`{}` is no parameter: write `?` or `$1`", text.escape_debug())),
            },
            _ => None,
        };
        let ends_a_value = number.is_some() || ends_a_value(token);
        if let Some(number) = number {
            let number = match number {
                Some(number) => {
                    numbered = true;
                    number
                }
                None => {
                    plain += 1;
                    plain
                }
            };
            if number > MAX_PARAMETERS {
                return Err(format!("a statement has at most {MAX_PARAMETERS} parameters"));
            }
            most = most.max(number);
            let sign = if dialect == Dialect::Sqlite { '?' } else { '$' };
            *token = Token::Placeholder(format!("{sign}{number}"));
        }
        value_next = !ends_a_value;
    }
    if plain > 0 && numbered {
        return Err("parameters are all `?`, or all numbered".into());
    }
    Ok((tokens, most))
}

fn parameter(digits: &str) -> Result<usize, String> {
    let number = digits.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{}` is not the number of a parameter", digits.escape_debug()))
}

/// Whether a value may end with this token.
fn ends_a_value(token: &Token) -> bool {
    match token {
        Token::Word(Word { quote_style: None, keyword, .. }) => !BEFORE_A_VALUE.contains(keyword),
        Token::Word(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::RParen
        | Token::RBracket => true,
        _ => false,
    }
}

/// Keywords that a value follows.
const BEFORE_A_VALUE: [Keyword; 30] = [
    Keyword::SELECT,
    Keyword::WHERE,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::LIMIT,
    Keyword::OFFSET,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::BETWEEN,
    Keyword::IN,
    Keyword::CASE,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::ON,
    Keyword::HAVING,
    Keyword::BY,
    Keyword::RETURNING,
    Keyword::FROM,
    Keyword::FOR,
    Keyword::TO,
    Keyword::ESCAPE,
    Keyword::DISTINCT,
    Keyword::ALL,
    Keyword::FIRST,
    Keyword::NEXT,
    Keyword::IS,
    Keyword::ZONE,
    Keyword::GLOB,
];
