//! Whether a module may come to have a function otherwise than by a `def` at its top.

use rustpython_parser::{
    Mode, Tok,
    ast::{Alias, ExceptHandler, Expr, Identifier, Stmt},
    lexer::lex,
};

/// What can define a name that is written nowhere, or in a text.
const MAKERS: [&str; 7] = ["exec", "eval", "globals", "locals", "vars", "setattr", "__dict__"];

/// Whether the name may come about in a way that a look at the top can't see: a definition under `if` or `try`, an
/// assignment, an import, or code that makes names as it runs.
pub fn may_define(body: &[Stmt], source: &str, name: &str) -> bool {
    binds(body, name) || words_define(source, name)
}

/// Whether one of the statements, or one under it, binds the name in the module.
fn binds(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::FunctionDef(def) => def.name.as_str() == name,
        Stmt::AsyncFunctionDef(def) => def.name.as_str() == name,
        Stmt::ClassDef(class) => class.name.as_str() == name,
        Stmt::Import(import) => import.names.iter().any(|alias| imports(alias, name)),
        Stmt::ImportFrom(import) => import.names.iter().any(|alias| &*alias.name == "*" || imports(alias, name)),
        Stmt::Assign(assign) => assign.targets.iter().any(|target| sets(target, name)),
        Stmt::AnnAssign(assign) => assign.value.is_some() && sets(&assign.target, name),
        Stmt::For(each) => sets(&each.target, name) || binds(&each.body, name) || binds(&each.orelse, name),
        Stmt::While(loops) => binds(&loops.body, name) || binds(&loops.orelse, name),
        Stmt::If(branch) => binds(&branch.body, name) || binds(&branch.orelse, name),
        Stmt::With(with) => {
            let mut targets = with.items.iter().filter_map(|item| item.optional_vars.as_deref());
            targets.any(|target| sets(target, name)) || binds(&with.body, name)
        }
        Stmt::Try(tried) => tries([&tried.body, &tried.orelse, &tried.finalbody], &tried.handlers, name),
        Stmt::TryStar(tried) => tries([&tried.body, &tried.orelse, &tried.finalbody], &tried.handlers, name),
        Stmt::Match(choice) => choice.cases.iter().any(|case| binds(&case.body, name)),
        _ => false,
    })
}

fn tries(bodies: [&[Stmt]; 3], handlers: &[ExceptHandler], name: &str) -> bool {
    let handled = |ExceptHandler::ExceptHandler(handler): &ExceptHandler| binds(&handler.body, name);
    bodies.into_iter().any(|body| binds(body, name)) || handlers.iter().any(handled)
}

fn imports(alias: &Alias, name: &str) -> bool {
    let first = || alias.name.split('.').next().unwrap_or_default();
    alias.asname.as_ref().map_or_else(first, Identifier::as_str) == name
}

/// Whether an assignment to `target` sets the name. An attribute of that name may be the module's.
fn sets(target: &Expr, name: &str) -> bool {
    match target {
        Expr::Name(target) => target.id.as_str() == name,
        Expr::Attribute(target) => target.attr.as_str() == name,
        Expr::Starred(target) => sets(&target.value, name),
        Expr::Tuple(targets) => targets.elts.iter().any(|target| sets(target, name)),
        Expr::List(targets) => targets.elts.iter().any(|target| sets(target, name)),
        _ => false,
    }
}

/// Whether words define it that may stand anywhere, in functions, too: `global name`, `name := …`, `it.name = …`, or
/// one of those that make names. An object's own attributes are none of the module's.
fn words_define(source: &str, name: &str) -> bool {
    let words: Vec<_> = lex(source, Mode::Module).map_while(|word| Some(word.ok()?.0)).collect();
    let word = |at: usize| words.get(at);
    let is_name = |at: usize, wanted: &str| matches!(word(at), Some(Tok::Name { name }) if name == wanted);
    let mut is_global = false;
    (0..words.len()).any(|at| {
        match word(at) {
            Some(Tok::Global) => is_global = true,
            Some(Tok::Newline | Tok::Semi) => is_global = false,
            _ => {}
        }
        let is_attribute = at > 0 && word(at - 1) == Some(&Tok::Dot);
        let of_itself = is_name(at, "setattr") && is_name(at + 2, "self");
        let makes = MAKERS.iter().any(|maker| is_name(at, maker)) && !of_itself;
        let is_set = match word(at + 1) {
            Some(Tok::ColonEqual) => !is_attribute,
            Some(Tok::Equal) => is_attribute && !(at > 1 && is_name(at - 2, "self")),
            _ => is_global,
        };
        makes && (!is_attribute || is_name(at, "__dict__")) || is_name(at, name) && is_set
    })
}

#[cfg(test)]
mod tests {
    use rustpython_parser::{Parse, ast::Suite};

    use super::*;

    fn may(source: &str) -> bool {
        may_define(&Suite::parse(source, "main.py").unwrap(), source, "main")
    }

    #[test]
    fn what_may_define_it_counts() {
        for source in [
            "from x import *",
            "from x import y as main",
            "import main.y",
            "if x:\n    pass\nelse:\n    def main(): pass",
            "try:\n    from x import main\nexcept ImportError:\n    async def main(): pass",
            "try:\n    pass\nfinally:\n    main = print",
            "while True:\n    class main: pass",
            "with open(x) as main:\n    pass",
            "for x, [*main] in y:\n    pass",
            "match x:\n    case 1:\n        main = y",
            "a, (main, b) = c",
            "main: object = print",
            "print(main := len)",
            "def make():\n    global x, main\n    main = print\nmake()",
            "def make():\n    import sys\n    sys.modules[__name__].main = print\nmake()",
            "exec(code)",
            "globals()['main'] = print",
            "globals().update(main=print)",
            "import sys\nsetattr(sys.modules[__name__], 'main', print)",
            "def make(module):\n    module.__dict__['main'] = print",
        ] {
            assert!(may(source), "{source}");
        }
    }

    #[test]
    fn what_is_beside_it_does_not() {
        for source in [
            "",
            "LIMIT = 5\nmain_limit = 6",
            "class Other:\n    def main(self): self.main = 1\n    main = 2",
            "async def other():\n    main = 1",
            "def other(main=1):\n    return run(main=main)",
            "if __name__ == '__main__':\n    main()",
            "main: object",
            "x.main()\nx.main == 1\n'main = 1'  # main = 1",
            "def other():\n    global x\n    return main",
            "cursor.exec(main)\nframe.eval('main')",
            "class It:\n    def __init__(self, **more):\n        for key in more:\n            setattr(self, key, more[key])",
        ] {
            assert!(!may(source), "{source}");
        }
    }
}
