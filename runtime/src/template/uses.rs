//! What a template uses of what is around it: names of its scope, filters, tests, other templates.
//!
//! This reads MiniJinja's own syntax tree, so it is right about what is text, what is a name, and
//! where a name is set by the template itself.

mod expressions;

use std::{collections::HashSet, ops::Range};

use minijinja::{
    machinery::{
        Span,
        ast::{self, Expr, Stmt},
    },
    syntax::SyntaxConfig,
};

use super::{TemplateError, error::unclosed};

/// What one template uses.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Names that it may take from its scope, in its order.
    pub names: Vec<Name>,
    /// Filters, tests and functions that it applies, in its order.
    pub tools: Vec<Tool>,
    /// Templates that it includes, imports or extends, in its order.
    pub includes: Vec<Include>,
    /// Names that it sets itself somewhere.
    pub sets: HashSet<String>,
    /// The parts of it that are text and have a `$` in them, but for those in `{% raw %}`.
    pub dollars: Vec<Range<usize>>,
    /// Where values are taken that can be larger to write than to hold.
    pub(super) taken: Vec<Range<usize>>,
    /// Whether it can make such values, or be included where there are some.
    pub(super) grows: bool,
}

/// A name that a template may take from its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Where, in bytes of the template.
    pub span: Range<usize>,
    /// Whether it is an error when nothing defines it; not for `is defined`, say.
    pub needed: bool,
    /// Whether the template itself may have set it before.
    pub maybe_set: bool,
}

/// A filter, a test or a function that a template applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What it is.
    pub kind: ToolKind,
    /// Its name.
    pub name: String,
    /// Where, in bytes of the template.
    pub span: Range<usize>,
}

/// The tools of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    /// `value | filter`.
    Filter,
    /// `value is test`.
    Test,
    /// `function()`.
    Function,
}

/// Another template, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The names of which the first that is there is taken; none where only a run can tell.
    pub names: Vec<String>,
    /// Whether it is no error when none is there.
    pub may_be_missing: bool,
    /// Whether it is included whenever the template is rendered.
    pub always: bool,
    /// Where, in bytes of the template.
    pub span: Range<usize>,
}

impl Uses {
    /// What the template `text` uses.
    ///
    /// # Errors
    ///
    /// When `text` is not a template.
    pub fn of(text: &str) -> Result<Self, TemplateError> {
        super::at_its_depth(text, || read(text))
    }

    /// The names that it may take from its scope, sorted.
    pub fn free_variables(&self) -> Vec<String> {
        let mut names: Vec<_> = self.names.iter().map(|name| name.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The names that the template `text` may take from its scope, sorted.
///
/// # Errors
///
/// When `text` is not a template.
///
/// # Examples
///
/// ```
/// use turingbox::template::free_variables;
///
/// assert_eq!(free_variables("{% for line in lines %}{{ line[start:] }}{% endfor %}")?, ["lines", "start"]);
/// # Ok::<(), turingbox::template::TemplateError>(())
/// ```
pub fn free_variables(text: &str) -> Result<Vec<String>, TemplateError> {
    Uses::of(text).map(|uses| uses.free_variables())
}

fn read(text: &str) -> Result<Uses, TemplateError> {
    let tree = minijinja::machinery::parse(text, "template", SyntaxConfig::default())
        .map_err(|error| unclosed(text).unwrap_or_else(|| TemplateError::of(text, &error)))?;
    let mut reader =
        Reader { text, uses: Uses::default(), frames: vec![Frame::default()], branches: 0, repeats: 0, wrong: None };
    reader.statement(&tree);
    let Reader { mut uses, wrong, .. } = reader;
    if let Some(span) = wrong {
        return Err(TemplateError::new(
            span,
            "a template is imported under a name: `{% import \"part.j2\" as part %}`",
        ));
    }
    uses.names.sort_by_key(|name| name.span.start);
    uses.tools.sort_by_key(|tool| tool.span.start);
    Ok(uses)
}

/// The names that are set in one scope: surely, or on some path.
#[derive(Clone, Default)]
struct Frame<'t> {
    surely: HashSet<&'t str>,
    maybe: HashSet<&'t str>,
}

struct Reader<'t> {
    text: &'t str,
    uses: Uses,
    frames: Vec<Frame<'t>>,
    /// How many branches we are in: what is there may be left out.
    branches: usize,
    /// How many loops and macros we are in: what is set further down may have been set before.
    repeats: usize,
    /// Where a template is imported under what is no name.
    wrong: Option<Range<usize>>,
}

impl<'t> Reader<'t> {
    fn statements(&mut self, statements: &[Stmt<'t>]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt<'t>) {
        self.uses.grows |= grows(statement);
        match statement {
            Stmt::Template(template) => {
                self.set_name("self");
                self.statements(&template.children);
            }
            Stmt::EmitExpr(emit) => self.expressions([&emit.expr]),
            Stmt::EmitRaw(part) => self.plain(part.raw),
            Stmt::ForLoop(each) => self.each(each),
            Stmt::IfCond(branch) => self.branch(branch),
            Stmt::WithBlock(with) => self.scoped(|reader| {
                for (target, value) in &with.assignments {
                    reader.expression(value);
                    reader.assign(target);
                }
                reader.statements(&with.body);
            }),
            Stmt::Set(set) => {
                self.expression(&set.expr);
                self.assign(&set.target);
            }
            Stmt::SetBlock(set) => {
                self.scoped(|reader| reader.statements(&set.body));
                self.expressions(&set.filter);
                self.assign(&set.target);
            }
            Stmt::AutoEscape(block) => {
                self.expression(&block.enabled);
                self.statements(&block.body);
            }
            Stmt::FilterBlock(block) => {
                self.expression(&block.filter);
                self.statements(&block.body);
            }
            Stmt::Do(call) => {
                self.call(&call.call);
            }
            _ => self.other_template(statement),
        }
    }

    /// Statements that are about other templates, or parts to be called.
    fn other_template(&mut self, statement: &Stmt<'t>) {
        match statement {
            Stmt::Block(block) => self.scoped(|reader| {
                reader.set_name("super");
                reader.statements(&block.body);
            }),
            Stmt::Include(include) => self.include(&include.name, include.ignore_missing),
            Stmt::Extends(extends) => self.include(&extends.name, false),
            Stmt::Import(import) => {
                self.include(&import.expr, false);
                match &import.name {
                    Expr::Var(name) => self.set_name(name.id),
                    // MiniJinja takes any expression here, and panics where it compiles it.
                    other => self.wrong = self.wrong.take().or(Some(range(other.span()))),
                }
            }
            Stmt::FromImport(import) => {
                self.include(&import.expr, false);
                import.names.iter().for_each(|(name, other)| self.assign(other.as_ref().unwrap_or(name)));
            }
            Stmt::Macro(part) => {
                self.set_name(part.name);
                self.callable(part);
            }
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                self.callable(&block.macro_decl);
            }
            _ => {}
        }
    }

    /// Takes note of a part that is text.
    fn plain(&mut self, part: &str) {
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        let Some((before, _)) = self.text.split_at_checked(start) else { return };
        if part.contains('$') && !is_raw(before) {
            self.uses.dollars.push(start..start + part.len());
        }
    }

    fn each(&mut self, each: &ast::ForLoop<'t>) {
        self.expression(&each.iter);
        self.branches += 1;
        self.repeats += 1;
        self.scoped(|reader| {
            reader.set_name("loop");
            reader.assign(&each.target);
            reader.expressions(&each.filter_expr);
            reader.statements(&each.body);
        });
        self.repeats -= 1;
        self.scoped(|reader| reader.statements(&each.else_body));
        self.branches -= 1;
    }

    fn branch(&mut self, branch: &ast::IfCond<'t>) {
        self.expression(&branch.expr);
        self.branches += 1;
        let before = self.surely();
        self.statements(&branch.true_body);
        let one = self.surely();
        self.restore(before);
        self.statements(&branch.false_body);
        self.branches -= 1;
        let both = self.surely().intersection(&one).copied().collect();
        self.restore(both);
    }

    fn callable(&mut self, part: &ast::Macro<'t>) {
        self.branches += 1;
        self.repeats += 1;
        self.scoped(|reader| {
            reader.set_name("caller");
            part.args.iter().for_each(|argument| reader.assign(argument));
            reader.expressions(&part.defaults);
            reader.statements(&part.body);
        });
        self.repeats -= 1;
        self.branches -= 1;
    }

    fn include(&mut self, name: &Expr<'t>, may_be_missing: bool) {
        let names = match name.as_const() {
            Some(name) if name.as_str().is_some() => name.as_str().map(str::to_owned).into_iter().collect(),
            Some(names) => match names.try_iter() {
                Ok(names) => names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
                Err(_) => Vec::new(),
            },
            None => {
                self.expression(name);
                Vec::new()
            }
        };
        let always = self.branches == 0;
        self.uses.includes.push(Include { names, may_be_missing, always, span: range(name.span()) });
    }

    fn assign(&mut self, target: &Expr<'t>) {
        match target {
            Expr::Var(name) => self.set_name(name.id),
            Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            // `{% set namespace.name = … %}` changes what is there.
            other => {
                self.part(other);
            }
        }
    }

    fn set_name(&mut self, name: &'t str) {
        self.uses.sets.insert(name.to_owned());
        if let Some(frame) = self.frames.last_mut() {
            frame.surely.insert(name);
            frame.maybe.insert(name);
        }
    }

    fn name(&mut self, name: &'t str, span: Span, needed: bool) {
        if !self.is_set(name) {
            let maybe = self.frames.iter().any(|frame| frame.maybe.contains(name)) || self.repeats > 0;
            let name = Name { name: name.to_owned(), span: range(span), needed, maybe_set: maybe };
            self.uses.names.push(name);
        }
    }

    fn tool(&mut self, kind: ToolKind, name: &str, span: Range<usize>) {
        self.uses.tools.push(Tool { kind, name: name.to_owned(), span });
    }

    fn is_set(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| frame.surely.contains(name))
    }

    fn scoped(&mut self, read: impl FnOnce(&mut Self)) {
        self.frames.push(Frame::default());
        read(self);
        self.frames.pop();
    }

    fn surely(&self) -> HashSet<&'t str> {
        self.frames.last().map(|frame| frame.surely.clone()).unwrap_or_default()
    }

    fn restore(&mut self, surely: HashSet<&'t str>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.surely = surely;
        }
    }
}

/// Whether a statement keeps a value that is used again, or has others do so.
fn grows(statement: &Stmt<'_>) -> bool {
    match statement {
        Stmt::ForLoop(each) => each.recursive,
        Stmt::Template(_) | Stmt::EmitExpr(_) | Stmt::EmitRaw(_) | Stmt::IfCond(_) | Stmt::AutoEscape(_) => false,
        _ => true,
    }
}

/// Whether what stands behind `before` is taken as it is, in so many words.
fn is_raw(before: &str) -> bool {
    let tag = before.trim_end().strip_suffix("%}").and_then(|before| before.rsplit_once("{%"));
    tag.is_some_and(|(_, tag)| tag.trim_matches(['-', '+', ' ', '\t', '\n', '\r']) == "raw")
}

fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

#[cfg(test)]
mod tests;
