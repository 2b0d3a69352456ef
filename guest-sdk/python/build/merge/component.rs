//! A component as it is read: its core instances, what they hand each other, and the rest as it stands.

use std::collections::{HashMap, HashSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind,
    ComponentTypeRef, FuncType, Instance, Parser, Payload,
};

use super::{
    Result,
    module::{Kind, Module},
};

/// Where something of a core instance comes from, in the end. Its kind is known by who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The core function of this index, which the canonical ABI makes.
    Canonical(u32),
    /// Defined by the module of a core instance, at this index of its kind.
    Defined { instance: u32, index: u32 },
}

/// One piece of the component, in order.
pub enum Part<'a> {
    /// A section that is about components alone.
    Section { id: u8, contents: &'a [u8] },
    /// An alias that is about components alone.
    Alias(ComponentAlias<'a>),
    /// A core function that the canonical ABI makes, by its index.
    Function(u32, CanonicalFunction),
    /// A function of the component.
    Lift(CanonicalFunction),
    /// Core modules begin here.
    Modules,
    /// A core instance, by its index.
    Instance(u32),
}

/// What an index of core things stands for.
enum Item<'a> {
    Canonical,
    Export { instance: u32, name: &'a str },
}

#[derive(Default)]
pub struct Component<'a> {
    pub parts: Vec<Part<'a>>,
    pub modules: Vec<Module<'a>>,
    pub instances: Vec<Instance<'a>>,
    items: HashMap<Kind, Vec<Item<'a>>>,
}

impl<'a> Component<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut component = Self::default();
        let mut nested = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::End(_) if nested > 0 => nested -= 1,
                Payload::ComponentAliasSection(aliases) if nested > 0 => {
                    for alias in aliases.clone() {
                        if matches!(alias?, ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. }) {
                            return Err("a core module that is handed on can't be merged".into());
                        }
                    }
                }
                _ if nested > 0 => {}
                Payload::ModuleSection { unchecked_range, .. } => {
                    component.parts.push(Part::Modules);
                    component.modules.push(Module::read(&bytes[unchecked_range.clone()])?);
                }
                Payload::InstanceSection(instances) => {
                    for instance in instances.clone() {
                        component.parts.push(Part::Instance(index(component.instances.len())?));
                        component.instances.push(instance?);
                    }
                }
                Payload::ComponentAliasSection(aliases) => {
                    for alias in aliases.clone() {
                        component.alias(alias?)?;
                    }
                }
                Payload::ComponentCanonicalSection(functions) => {
                    for function in functions.clone() {
                        component.canonical(function?)?;
                    }
                }
                // The names of indices, which become others.
                Payload::CustomSection(section) if section.name() == "component-name" => {}
                Payload::ComponentImportSection(imports) => {
                    for import in imports.clone() {
                        if matches!(import?.ty, ComponentTypeRef::Module(_)) {
                            return Err("a core module from elsewhere can't be merged".into());
                        }
                    }
                    component.section(&payload, bytes)?;
                }
                Payload::Version { .. } | Payload::End(_) => {}
                other => component.section(other, bytes)?,
            }
            nested += usize::from(matches!(payload, Payload::ModuleSection { .. } | Payload::ComponentSection { .. }));
        }
        Ok(component)
    }

    fn section(&mut self, payload: &Payload<'_>, bytes: &'a [u8]) -> Result<()> {
        let (id, range) = payload.as_section().ok_or("a part of the component is no section")?;
        self.parts.push(Part::Section { id, contents: &bytes[range] });
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<()> {
        match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index: instance, name } => {
                self.items.entry(Kind::of(kind)?).or_default().push(Item::Export { instance, name });
            }
            // They would have an index among the modules.
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => {
                return Err("a core module from elsewhere can't be merged".into());
            }
            alias => self.parts.push(Part::Alias(alias)),
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<()> {
        self.parts.push(match function {
            CanonicalFunction::Lift { .. } => Part::Lift(function),
            function => {
                let functions = self.items.entry(Kind::Function).or_default();
                functions.push(Item::Canonical);
                Part::Function(index(functions.len() - 1)?, function)
            }
        });
        Ok(())
    }

    /// Where a core thing that has an index in the component comes from.
    pub fn origin(&self, kind: Kind, index: u32) -> Result<Origin> {
        let item = self.items.get(&kind).and_then(|items| items.get(index as usize));
        match item.ok_or_else(|| format!("there is no {kind:?} {index}"))? {
            Item::Canonical => Ok(Origin::Canonical(index)),
            Item::Export { instance, name } => self.export(*instance, name),
        }
    }

    /// The name under which an instance exports a core thing that has an index in the component.
    pub fn exported_as(&self, kind: Kind, index: u32) -> Option<&'a str> {
        match self.items.get(&kind)?.get(index as usize)? {
            Item::Export { name, .. } => Some(name),
            Item::Canonical => None,
        }
    }

    /// Where what an instance exports comes from.
    pub fn export(&self, instance: u32, name: &str) -> Result<Origin> {
        let missing = || format!("core instance {instance} has no `{name}`");
        match self.instances.get(instance as usize).ok_or_else(missing)? {
            Instance::FromExports(exports) => {
                let export = exports.iter().find(|export| export.name == name).ok_or_else(missing)?;
                self.origin(Kind::of(export.kind)?, export.index)
            }
            Instance::Instantiate { module_index, .. } => {
                let (kind, index) = *self.modules[*module_index as usize].exports.get(name).ok_or_else(missing)?;
                self.defined(instance, kind, index)
            }
        }
    }

    /// Where what has an index in the module of an instance comes from: it may have been handed in.
    pub fn defined(&self, instance: u32, kind: Kind, index: u32) -> Result<Origin> {
        let (module, arguments) = self.made(instance)?;
        let Some((from, name)) = module.imported(kind, index) else { return Ok(Origin::Defined { instance, index }) };
        let given = arguments.iter().find(|(argument, _)| *argument == from);
        let (_, given) = given.ok_or_else(|| format!("core instance {instance} is given no `{from}`"))?;
        self.export(*given, name)
    }

    /// The module that an instance is made of, and the instances that it is given, by name.
    pub fn made(&self, instance: u32) -> Result<(&Module<'a>, Vec<(&'a str, u32)>)> {
        let Some(Instance::Instantiate { module_index, args }) = self.instances.get(instance as usize) else {
            return Err(format!("core instance {instance} isn't made of a module").into());
        };
        Ok((&self.modules[*module_index as usize], args.iter().map(|given| (given.name, given.index)).collect()))
    }

    /// The type of a function that a module defines.
    pub fn ty(&self, function: Origin) -> Result<&FuncType> {
        let Origin::Defined { instance, index } = function else { return Err("a function is no module's".into()) };
        let (module, _) = self.made(instance)?;
        Ok(&module.types[module.functions[index as usize] as usize])
    }

    /// The instances that can be one: those that need no function which needs a memory to be there
    /// first, and hold no table that such an instance fills.
    pub fn mergeable(&self) -> Result<Vec<u32>> {
        let late: HashSet<u32> = self.parts.iter().filter_map(Part::needs_memory).collect();
        let mut apart = HashSet::new();
        for instance in self.instantiated() {
            if self.functions_given(instance)?.iter().any(|function| late.contains(function)) {
                apart.insert(instance);
                apart.extend(self.tables_given(instance)?);
            }
        }
        Ok(self.instantiated().filter(|instance| !apart.contains(instance)).collect())
    }

    /// Every instance that is made of a module.
    pub fn instantiated(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.instances).filter(|(_, made)| matches!(made, Instance::Instantiate { .. })).map(|(at, _)| at)
    }

    fn functions_given(&self, instance: u32) -> Result<Vec<u32>> {
        let given = self.given(instance, Kind::Function)?;
        let canonical = |origin| match origin {
            Origin::Canonical(index) => Some(index),
            Origin::Defined { .. } => None,
        };
        Ok(given.into_iter().filter_map(canonical).collect())
    }

    fn tables_given(&self, instance: u32) -> Result<Vec<u32>> {
        let given = self.given(instance, Kind::Table)?;
        let holder = |origin| match origin {
            Origin::Canonical(_) => None,
            Origin::Defined { instance, .. } => Some(instance),
        };
        Ok(given.into_iter().filter_map(holder).collect())
    }

    fn given(&self, instance: u32, kind: Kind) -> Result<Vec<Origin>> {
        let (module, _) = self.made(instance)?;
        (0..module.imports(kind).len()).map(|at| self.defined(instance, kind, index(at)?)).collect()
    }
}

impl Part<'_> {
    /// The core function that becomes one of the component's.
    pub fn lifted(&self) -> Option<u32> {
        match self {
            Self::Lift(CanonicalFunction::Lift { core_func_index, .. }) => Some(*core_func_index),
            _ => None,
        }
    }

    /// What a function of the component is made with.
    pub fn options(&self) -> &[CanonicalOption] {
        match self {
            Self::Function(_, CanonicalFunction::Lower { options, .. })
            | Self::Lift(CanonicalFunction::Lift { options, .. }) => options,
            _ => &[],
        }
    }

    /// The index of a core function that is made with a memory.
    fn needs_memory(&self) -> Option<u32> {
        let Self::Function(index, CanonicalFunction::Lower { options, .. }) = self else { return None };
        options.iter().any(|option| matches!(option, CanonicalOption::Memory(_))).then_some(*index)
    }
}

/// An index, which WebAssembly has in 32 bits.
pub fn index(at: usize) -> Result<u32> {
    Ok(u32::try_from(at)?)
}
