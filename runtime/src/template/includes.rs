//! Which other templates a template names.

/// The statements that name templates.
const STATEMENTS: [&str; 4] = ["include", "extends", "import", "from"];

/// Every text in quotes in a statement of `template` that names other templates: more names than
/// there are templates, where one is in an expression, and none that is made by one.
pub fn names(template: &str) -> Vec<String> {
    let statements = template.split("{%").skip(1).filter_map(|rest| {
        let statement = rest.split("%}").next()?.trim_start_matches(['-', '+']).trim_start();
        let word = statement.split(|letter: char| !letter.is_ascii_alphabetic()).next()?;
        STATEMENTS.contains(&word).then_some(statement)
    });
    statements.flat_map(quoted).collect()
}

/// The texts in quotes. One with a backslash in it is no file's name.
fn quoted(statement: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = statement;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = &rest[at..=at];
        let Some((text, after)) = rest[at + 1..].split_once(quote) else { break };
        if !text.contains('\\') {
            texts.push(text.to_owned());
        }
        rest = after;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_found_where_templates_are_named() {
        for (template, expected) in [
            ("{% include 'a.j2' %} {{ 'b' }} {% set x = 'c' %}", &["a.j2"][..]),
            ("{%-extends\"base.j2\"-%}", &["base.j2"]),
            ("{%+ include ['a', \"b's\"] ignore missing %}", &["a", "b's"]),
            ("{% from 'm.j2' import f %}{%import 'n.j2' as n%}", &["m.j2", "n.j2"]),
            ("{% include name %}{% includes 'x' %}{% include 'broken", &[]),
            ("{%{%{%include'a'", &["a"]),
        ] {
            assert_eq!(names(template), expected, "{template}");
        }
    }
}
