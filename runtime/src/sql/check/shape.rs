//! The first walk: kinds of statements, and the tables and functions in them.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FromTable, Insert, JoinOperator, LimitClause, ObjectName, OnConflictAction, OnInsert, Query, Select,
    SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SqliteOnConflict, Statement, TableAlias,
    TableFactor, TableObject, TableWithJoins, UpdateTableFromKind, Visitor, WildcardAdditionalOptions,
};

use crate::{
    policy::SqlAction,
    sql::{
        Dialect,
        check::{Facts, Relation, canonical, expressions},
        scope::{Scopes, fold},
    },
};

/// Collects facts.
pub(super) struct Shape {
    dialect: Dialect,
    scopes: Scopes,
    facts: Facts,
    /// The statements that may change rows: the whole one, or the one behind its `with`.
    allowed: Vec<usize>,
    /// Where the tables stand that are changed.
    targets: Vec<(usize, SqlAction)>,
}

type Flow = ControlFlow<String>;

pub(super) fn refuse<T>(what: &str) -> ControlFlow<String, T> {
    ControlFlow::Break(what.to_owned())
}

fn need(holds: bool, what: &str) -> Flow {
    if holds { ControlFlow::Continue(()) } else { refuse(what) }
}

/// Where a node is: nothing moves during a walk.
pub(super) fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

impl Shape {
    pub fn new(statement: &Statement, dialect: Dialect) -> Self {
        let mut allowed = vec![address(statement)];
        if let Statement::Query(query) = statement
            && let SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) = &*query.body
        {
            allowed.push(address(inner));
        }
        Self { dialect, scopes: Scopes::default(), facts: Facts::default(), allowed, targets: Vec::new() }
    }

    pub fn finish(mut self) -> Facts {
        self.facts.parts = self.scopes.all;
        self.facts.functions.sort_unstable();
        self.facts.functions.dedup();
        self.facts
    }

    fn relation(&mut self, address: usize, actions: Vec<SqlAction>, name: &ObjectName, alias: Option<String>) -> Flow {
        let Some(table) = canonical(name, self.dialect) else { return refuse("a table of another database") };
        let own = name.0.last().and_then(|part| part.as_ident()).map(|ident| fold(ident, self.dialect));
        let names = own.into_iter().chain(alias).collect();
        self.facts.relations.push(Relation { address, actions, table, names });
        ControlFlow::Continue(())
    }

    fn insert(&mut self, insert: &Insert) -> Flow {
        let plain = insert.optimizer_hints.is_empty()
            && !insert.ignore
            && !insert.overwrite
            && insert.assignments.is_empty()
            && insert.partitioned.is_none()
            && insert.after_columns.is_empty()
            && !insert.has_table_keyword
            && insert.output.is_none()
            && insert.priority.is_none()
            && insert.insert_alias.is_none()
            && insert.settings.is_none()
            && insert.format_clause.is_none()
            && insert.multi_table_insert_type.is_none()
            && insert.multi_table_into_clauses.is_empty()
            && insert.multi_table_when_clauses.is_empty()
            && insert.multi_table_else_clause.is_none();
        need(plain, "an insert of this kind")?;
        let TableObject::TableName(name) = &insert.table else { return refuse("an insert into a function") };
        let mut actions = vec![SqlAction::Insert];
        match insert.or {
            None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Fail | SqliteOnConflict::Ignore) => {}
            Some(SqliteOnConflict::Replace) => actions.push(SqlAction::Delete),
            Some(SqliteOnConflict::Rollback) => return refuse("`or rollback`"),
        }
        if insert.replace_into {
            actions.push(SqlAction::Delete);
        }
        match &insert.on {
            None => {}
            Some(OnInsert::OnConflict(conflict)) => {
                if let OnConflictAction::DoUpdate(_) = conflict.action {
                    actions.extend([SqlAction::Update, SqlAction::Read]);
                }
            }
            Some(_) => return refuse("an insert of this kind"),
        }
        if let Some(items) = &insert.returning {
            actions.push(SqlAction::Read);
            items.iter().try_for_each(item)?;
        }
        let alias = insert.table_alias.as_ref().map(|alias| fold(&alias.alias, self.dialect));
        self.relation(address(insert), actions, name, alias)
    }

    fn target(&mut self, table: &TableWithJoins, action: SqlAction) -> Flow {
        need(table.joins.is_empty(), "a change of several tables")?;
        need(matches!(table.relation, TableFactor::Table { .. }), "a change of what is no table")?;
        self.targets.push((address(&table.relation), action));
        ControlFlow::Continue(())
    }

    fn alias(&self, alias: Option<&TableAlias>) -> ControlFlow<String, Option<String>> {
        let Some(alias) = alias else { return ControlFlow::Continue(None) };
        need(alias.at.is_none(), "an alias of this kind")?;
        need(alias.columns.iter().all(|column| column.data_type.is_none()), "columns with types")?;
        ControlFlow::Continue(Some(fold(&alias.name, self.dialect)))
    }
}

impl Visitor for Shape {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Flow {
        need(self.allowed.contains(&address(statement)), "a change inside `with`")?;
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                let plain = update.optimizer_hints.is_empty()
                    && update.output.is_none()
                    && update.or.is_none()
                    && update.order_by.is_empty()
                    && update.limit.is_none()
                    && matches!(update.from, None | Some(UpdateTableFromKind::AfterSet(_)));
                need(plain, "an update of this kind")?;
                update.returning.iter().flatten().try_for_each(item)?;
                self.target(&update.table, SqlAction::Update)
            }
            Statement::Delete(delete) => {
                let plain = delete.optimizer_hints.is_empty()
                    && delete.tables.is_empty()
                    && delete.output.is_none()
                    && delete.order_by.is_empty()
                    && delete.limit.is_none();
                need(plain, "a delete of this kind")?;
                delete.returning.iter().flatten().try_for_each(item)?;
                match &delete.from {
                    FromTable::WithFromKeyword(from) if from.len() == 1 => self.target(&from[0], SqlAction::Delete),
                    _ => refuse("a delete of this kind"),
                }
            }
            _ => refuse("a statement of this kind"),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        need(query.locks.is_empty(), "`for update` or `for share`")?;
        let plain = query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty()
            && query.fetch.as_ref().is_none_or(|fetch| !fetch.percent);
        need(plain, "a query of this kind")?;
        if let Some(LimitClause::LimitOffset { limit_by, .. }) = &query.limit_clause {
            need(limit_by.is_empty(), "a query of this kind")?;
        }
        if let Some(with) = &query.with {
            need(with.cte_tables.iter().all(|table| table.from.is_none()), "a query of this kind")?;
            with.cte_tables.iter().try_for_each(|table| self.alias(Some(&table.alias)).map_continue(drop))?;
        }
        self.scopes.enter(query, self.dialect);
        body(&query.body)
    }

    fn post_visit_query(&mut self, _: &Query) -> Flow {
        self.scopes.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        need(select.into.is_none(), "`select … into`")?;
        let plain = select.optimizer_hints.is_empty()
            && select.select_modifiers.is_none()
            && select.top.is_none()
            && select.exclude.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.qualify.is_none()
            && select.value_table_mode.is_none()
            && select.flavor == SelectFlavor::Standard;
        need(plain, "a select of this kind")?;
        select.projection.iter().try_for_each(item)?;
        select.from.iter().try_for_each(joins)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version: None,
                with_ordinality,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } => {
                need(with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty(), "a table with hints")?;
                let alias = self.alias(alias.as_ref())?;
                if let Some(args) = args {
                    need(args.settings.is_none(), "a table function of this kind")?;
                    return expressions::function(name, &args.args, self.dialect, &mut self.facts);
                }
                need(!with_ordinality, "a table with ordinality")?;
                let target = self.targets.iter().find(|(target, _)| *target == address(factor));
                let actions = match target {
                    Some((_, action)) => vec![*action, SqlAction::Read],
                    None => {
                        let single = (name.0.len() == 1).then(|| name.0[0].as_ident()).flatten();
                        if single.is_some_and(|ident| self.scopes.has(&fold(ident, self.dialect))) {
                            return ControlFlow::Continue(());
                        }
                        vec![SqlAction::Read]
                    }
                };
                self.relation(address(factor), actions, name, alias)
            }
            TableFactor::Derived { alias, sample: None, .. } => self.alias(alias.as_ref()).map_continue(drop),
            TableFactor::Function { name, args, alias, .. } => {
                self.alias(alias.as_ref())?;
                expressions::function(name, args, self.dialect, &mut self.facts)
            }
            TableFactor::UNNEST { alias, with_offset: false, with_offset_alias: None, .. } => {
                self.alias(alias.as_ref()).map_continue(drop)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.alias(alias.as_ref())?;
                joins(table_with_joins)
            }
            _ => refuse("a table of this kind"),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        expressions::check(expr, self.dialect, &mut self.facts)
    }
}

fn body(body: &SetExpr) -> Flow {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            self::body(left)?;
            self::body(right)
        }
        SetExpr::Merge(_) => refuse("`merge`"),
        SetExpr::Table(_) => refuse("`table`, in place of `select * from`,"),
        _ => ControlFlow::Continue(()),
    }
}

fn joins(table: &TableWithJoins) -> Flow {
    use JoinOperator as J;
    let known = |operator: &JoinOperator| {
        matches!(
            operator,
            J::Join(_)
                | J::Inner(_)
                | J::Left(_)
                | J::LeftOuter(_)
                | J::Right(_)
                | J::RightOuter(_)
                | J::FullOuter(_)
                | J::CrossJoin(_)
        )
    };
    need(table.joins.iter().all(|join| !join.global && known(&join.join_operator)), "a join of this kind")
}

fn item(item: &SelectItem) -> Flow {
    let plain = |options: &WildcardAdditionalOptions| {
        options.opt_ilike.is_none()
            && options.opt_exclude.is_none()
            && options.opt_except.is_none()
            && options.opt_replace.is_none()
            && options.opt_rename.is_none()
            && options.opt_alias.is_none()
    };
    match item {
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => ControlFlow::Continue(()),
        SelectItem::Wildcard(options) if plain(options) => ControlFlow::Continue(()),
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(_), options) if plain(options) => {
            ControlFlow::Continue(())
        }
        _ => refuse("a column of this kind"),
    }
}
