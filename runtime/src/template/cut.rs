//! Filters that change or cut what is complete.
//!
//! What a block, a macro or `{% filter %}` wrote is complete for the template's target, and MiniJinja
//! keeps it so when a filter changes it. In HTML and XML that is right: whatever is left of `&lt;` opens no
//! tag. But a word of a shell, a literal of SQL or a JSON value that was cut, turned round or written over
//! may end anywhere. So there these filters give a text like any other, which is made safe again.

use minijinja::{
    Environment, Error, State, Value as Jinja, filters,
    functions::Function,
    value::{FunctionArgs, FunctionResult, Rest},
};

use super::Escape;

/// Puts them into `environment`, in place of MiniJinja's.
pub fn add(environment: &mut Environment<'static>) {
    put(environment, "upper", filters::upper);
    put(environment, "lower", filters::lower);
    put(environment, "capitalize", filters::capitalize);
    put(environment, "replace", filters::replace);
    put(environment, "reverse", filters::reverse);
    put(environment, "trim", filters::trim);
    put(environment, "split", filters::split);
    put(environment, "lines", filters::lines);
    put(environment, "last", filters::last);
    put(environment, "indent", filters::indent);
    put(environment, "format", filters::format);
}

fn put<F, Made, Taken>(environment: &mut Environment<'static>, name: &'static str, filter: F)
where
    F: Function<Made, Taken>,
    Made: FunctionResult,
    Taken: for<'a> FunctionArgs<'a>,
{
    let filter = Jinja::from_function(filter);
    environment.add_filter(name, move |state: &mut State<'_, '_>, given: Rest<Jinja>| -> Result<Jinja, Error> {
        match Escape::of(state.auto_escape()) {
            Escape::None | Escape::Html | Escape::Xml => filter.call(state, &given),
            Escape::Json | Escape::Sql | Escape::Shell => {
                filter.call(state, &given.iter().map(plain).collect::<Vec<_>>())
            }
        }
    });
}

/// The value as it would be if nobody had called it complete.
fn plain(value: &Jinja) -> Jinja {
    match value.as_str().filter(|_| value.is_safe()) {
        Some(text) => Jinja::from(text),
        None => value.clone(),
    }
}
