//! Which failures are tried again, and when: of items of a batch, and of steps of a workflow.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use crate::{
    Failure, Hint, Json, Value,
    expression::{Expression, Scope},
    failure::{Blame, Code},
};

/// The longest wait between two attempts.
pub const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The most attempts more: with the longest wait, a day.
pub const MAX_RETRIES: u32 = 1000;

/// How often and when what failed is tried again.
#[derive(Debug)]
pub struct Retry {
    /// The attempts after the first.
    pub retries: u32,
    /// The wait before the second attempt, about; it doubles with each.
    pub backoff: Duration,
    /// The longest wait.
    pub max_backoff: Duration,
    /// Which failures are tried again; where nothing is said, those that an agent may not have the next time.
    pub only_if: Option<Expression>,
    random: RandomState,
}

impl Retry {
    /// Up to `retries` attempts more.
    pub fn new(retries: u32, backoff: Duration, only_if: Option<Expression>) -> Self {
        let (retries, max_backoff) = (retries.min(MAX_RETRIES), MAX_BACKOFF);
        Self { retries, backoff, max_backoff, only_if, random: RandomState::new() }
    }

    /// The same, with waits of up to `max_backoff`.
    #[must_use]
    pub fn waiting_at_most(self, max_backoff: Duration) -> Self {
        Self { max_backoff, ..self }
    }

    /// How long to wait before the next attempt, if there is to be one, after `attempts` of them.
    ///
    /// # Errors
    ///
    /// The failure itself, which says why it isn't tried again: the expression can't be evaluated.
    pub fn after(
        &self,
        attempts: u32,
        failure: &Failure,
        outputs: &[(String, Value)],
    ) -> Result<Option<Duration>, Failure> {
        self.after_in(attempts, failure, &Failed { attempts, failure, outputs })
    }

    /// The same, where the expression is one over `scope`.
    ///
    /// # Errors
    ///
    /// The failure itself, which says why it isn't tried again: the expression can't be evaluated.
    pub fn after_in(&self, attempts: u32, failure: &Failure, scope: &dyn Scope) -> Result<Option<Duration>, Failure> {
        if attempts > self.retries {
            return Ok(None);
        }
        let again = match &self.only_if {
            None => is_passing(failure.code),
            Some(expression) => match expression.evaluate(scope, MAX_RESULT) {
                Ok(value) => is_true(&value),
                Err(wrong) => return Err(untried(failure, &wrong)),
            },
        };
        Ok(again.then(|| self.wait(attempts)))
    }

    /// Twice as long each time, and then between half of it and all of it: so that many that failed
    /// together don't come back together.
    fn wait(&self, attempts: u32) -> Duration {
        let doubled = self.backoff.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(self.max_backoff);
        let random = self.random.hash_one((attempts, std::time::Instant::now())) as u32;
        doubled / 2 + (doubled / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// What `retry_if` gives is true or false; more of it is a mistake.
const MAX_RESULT: u64 = 1 << 20;

/// Whether a failure may be gone the next time: what the agent says itself, and time. A limit, a denial
/// or a bad item stays what it is.
fn is_passing(code: Code) -> bool {
    matches!(code, Code::Time) || (code.blame() == Blame::Guest && !matches!(code, Code::Result | Code::Jump))
}

/// The failure of which nobody knows whether to try again: it stays what it is.
fn untried(failure: &Failure, wrong: &Failure) -> Failure {
    let why = format!("it wasn't tried again, since nobody knows whether to: {}", wrong.message);
    let helps = failure.help.iter().cloned().chain([why]);
    Failure { help: Some(helps.collect::<Vec<_>>().join("; ")), ..failure.clone() }
}

fn is_true(value: &Value) -> bool {
    !matches!(value.bytes(), b"" | b"false" | b"null" | b"0" | b"0.0" | b"[]" | b"{}")
}

/// What an expression about a failure can name.
struct Failed<'f> {
    attempts: u32,
    failure: &'f Failure,
    outputs: &'f [(String, Value)],
}

impl Failed<'_> {
    /// The names, beside the outputs that there are.
    const NAMES: [&'static str; 3] = ["code", "message", "attempt"];
}

impl Scope for Failed<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        match name {
            "code" => Some(Value::text(self.failure.code.name())),
            "message" => Some(Value::text(self.failure.message.as_str())),
            "attempt" => Some(Value::Json(Json::known(self.attempts.to_string()))),
            _ => self.outputs.iter().find(|(output, _)| output == name).map(|(_, value)| value.clone()),
        }
    }

    fn hint(&self, _: &str) -> Option<&Hint> {
        None
    }
}

impl Retry {
    /// The first name in the expression that stands for nothing, where the agent's outputs are `outputs`.
    pub fn unknown<'r>(&'r self, outputs: &[&str]) -> Option<&'r str> {
        let names = self.only_if.iter().flat_map(|expression| expression.free_variables());
        names.map(String::as_str).find(|name| !Failed::NAMES.contains(name) && !outputs.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(retry: &Retry, attempts: u32, code: Code) -> bool {
        retry.after(attempts, &Failure::new(code, "busy"), &[]).unwrap().is_some()
    }

    #[test]
    fn what_may_pass_is_tried_again_so_often() {
        let retry = Retry::new(2, Duration::from_millis(100), None);
        assert!(again(&retry, 1, Code::Failed) && again(&retry, 2, Code::Time) && !again(&retry, 3, Code::Failed));
        for code in [Code::Denied, Code::Input, Code::Fuel, Code::Host, Code::Interrupted, Code::Result] {
            assert!(!again(&retry, 1, code), "{code:?}");
        }
    }

    #[test]
    fn an_expression_decides() {
        let only_if = Expression::parse("$code == 'agent.status' and 'busy' in $message and $attempt < 2").unwrap();
        let retry = Retry::new(5, Duration::ZERO, Some(only_if));
        assert!(again(&retry, 1, Code::Status) && !again(&retry, 2, Code::Status) && !again(&retry, 1, Code::Failed));
        assert_eq!(retry.unknown(&[]), None);
        let retry = Retry::new(5, Duration::ZERO, Some(Expression::parse("$stats > 1").unwrap()));
        assert_eq!((retry.unknown(&[]), retry.unknown(&["stats"])), (Some("stats"), None));
        let unknown = retry.after(1, &Failure::new(Code::Memory, "full").help("less"), &[]).unwrap_err();
        assert_eq!((unknown.code, unknown.message.as_str()), (Code::Memory, "full"));
        let help = unknown.help.unwrap();
        assert!(help.starts_with("less; it wasn't tried again") && help.contains("`$stats` is not set"), "{help}");
    }

    #[test]
    fn waits_double_and_differ() {
        let retry = Retry::new(100, Duration::from_secs(1), None);
        for (attempts, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (50, 60)] {
            let most = Duration::from_secs(most);
            let waits: Vec<_> = (0..50).map(|_| retry.wait(attempts)).collect();
            assert!(waits.iter().all(|wait| *wait >= most / 2 && *wait <= most), "{attempts}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]));
        }
        let short = Retry::new(100, Duration::MAX, None).waiting_at_most(Duration::from_millis(5));
        assert!(short.wait(u32::MAX) <= Duration::from_millis(5));
    }
}
