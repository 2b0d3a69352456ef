//! The component, written again around the one module.

use std::{borrow::Cow, collections::HashMap, convert::Infallible};

use wasm_encoder::{
    Alias, CanonicalFunctionSection, ComponentAliasSection, ComponentSectionId, CustomSection, ExportKind,
    InstanceSection, ModuleArg, RawSection,
    reencode::{self, Reencode, ReencodeComponent},
};
use wasmparser::Instance;

use super::{
    Result,
    component::{Component, Origin, Part},
    encode::{OUTSIDE, export_name},
    fuel::Fuel,
    link::Linked,
    module::Kind,
};

/// The section of a component that counts what it burns.
pub const COUNTS: &str = "turingbox:counts";

/// The component with the merged `module` in the place of its parts.
pub fn emit<'a>(
    component: &Component<'a>,
    linked: &Linked<'a, '_>,
    fuel: Option<&Fuel<'_>>,
    module: &[u8],
) -> Result<Vec<u8>> {
    let mut emitter = Emitter {
        component,
        fuel,
        linked,
        module,
        written: wasm_encoder::Component::new(),
        modules: HashMap::new(),
        instances: 0,
        made: HashMap::new(),
        counts: HashMap::new(),
        known: HashMap::new(),
        functions: HashMap::new(),
        memories: HashMap::new(),
    };
    for part in &component.parts {
        emitter.part(part)?;
    }
    if fuel.is_some() {
        emitter.written.section(&CustomSection { name: COUNTS.into(), data: Cow::Borrowed(&[]) });
    }
    Ok(emitter.written.finish())
}

/// An instance of the component that is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    Merged,
    /// One that is kept as it is, by its index in the component that is read.
    Kept(u32),
}

/// Something that an instance is given: its name there, its kind, and where it comes from.
type Wanted = (String, Kind, Origin);

struct Emitter<'l, 'a, 'c> {
    component: &'c Component<'a>,
    fuel: Option<&'l Fuel<'l>>,
    linked: &'l Linked<'a, 'c>,
    module: &'l [u8],
    written: wasm_encoder::Component,
    /// The modules that are written, by what is made of them.
    modules: HashMap<Made, u32>,
    /// How many core instances are written.
    instances: u32,
    made: HashMap<Made, u32>,
    /// How many core things of a kind have an index.
    counts: HashMap<Kind, u32>,
    /// The indices of those that are there.
    known: HashMap<(Kind, Origin), u32>,
    /// What the functions and memories of the component that is read are in the one that is written.
    functions: HashMap<u32, u32>,
    memories: HashMap<u32, u32>,
}

impl<'a> Emitter<'_, 'a, '_> {
    fn part(&mut self, part: &Part<'a>) -> Result<()> {
        for (kind, index) in part.needs() {
            self.known_by_index(kind, index)?;
        }
        match part {
            Part::Section { id, contents } => {
                self.written.section(&RawSection { id: *id, data: contents });
            }
            Part::Alias(alias) => {
                let alias = self.component_alias(alias.clone())?;
                self.written.section(ComponentAliasSection::new().alias(alias));
            }
            Part::Function(index, function) => {
                let mut section = CanonicalFunctionSection::new();
                self.parse_component_canonical(&mut section, function.clone())?;
                self.written.section(&section);
                let at = self.count(Kind::Function);
                self.known.insert((Kind::Function, Origin::Canonical(*index)), at);
            }
            Part::Lift(function) => {
                let mut section = CanonicalFunctionSection::new();
                let function = self.fuel.map_or(Ok(function.clone()), |fuel| fuel.lifted(self.component, function))?;
                self.parse_component_canonical(&mut section, function)?;
                self.written.section(&section);
            }
            Part::Modules => self.write_modules()?,
            Part::Instance(instance) => {
                let is_made = matches!(self.component.instances[*instance as usize], Instance::Instantiate { .. });
                if is_made && !self.linked.members.contains(instance) {
                    self.instance(Made::Kept(*instance))?;
                }
            }
        }
        Ok(())
    }

    /// Writes the merged module and those that are kept, once.
    fn write_modules(&mut self) -> Result<()> {
        if !self.modules.is_empty() {
            return Ok(());
        }
        self.written.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: self.module });
        self.modules.insert(Made::Merged, 0);
        for (instance, made) in (0..).zip(&self.component.instances) {
            let Instance::Instantiate { module_index, .. } = made else { continue };
            if !self.linked.members.contains(&instance) {
                let data = self.component.modules[*module_index as usize].bytes;
                self.written.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data });
                self.modules.insert(Made::Kept(instance), u32::try_from(self.modules.len())?);
            }
        }
        Ok(())
    }

    /// The index of an instance, which is made here if it isn't there yet.
    fn instance(&mut self, made: Made) -> Result<u32> {
        if let Some(at) = self.made.get(&made) {
            return Ok(*at);
        }
        let arguments = self.arguments(made)?;
        let mut section = InstanceSection::new();
        section.instantiate(
            self.modules[&made],
            arguments.iter().map(|(name, at)| (name.as_str(), ModuleArg::Instance(*at))),
        );
        self.written.section(&section);
        let at = self.instances;
        self.instances += 1;
        self.made.insert(made, at);
        Ok(at)
    }

    /// What an instance is given: for each name, an instance that has what is imported by it.
    fn arguments(&mut self, made: Made) -> Result<Vec<(String, u32)>> {
        let mut wanted: Vec<(String, Vec<Wanted>)> = Vec::new();
        match made {
            Made::Merged => {
                let outside = self.linked.imports.iter().enumerate();
                let outside = outside.map(|(at, (origin, _))| (at.to_string(), Kind::Function, *origin));
                wanted.push((OUTSIDE.to_owned(), outside.collect()));
            }
            Made::Kept(instance) => {
                let (module, _) = self.component.made(instance)?;
                for kind in Kind::ALL {
                    for (at, (from, name)) in (0..).zip(module.imports(kind)) {
                        let origin = self.component.defined(instance, kind, at)?;
                        let item = ((*name).to_owned(), kind, origin);
                        match wanted.iter_mut().find(|(known, _)| known == from) {
                            Some((_, items)) => items.push(item),
                            None => wanted.push(((*from).to_owned(), vec![item])),
                        }
                    }
                }
            }
        }
        wanted.into_iter().map(|(from, items)| Ok((from, self.bag(items)?))).collect()
    }

    /// Writes an instance that has just these things.
    fn bag(&mut self, items: Vec<Wanted>) -> Result<u32> {
        let items = items.into_iter().map(|(name, kind, origin)| {
            let at = self.known(kind, origin)?;
            Ok((name, kind.exported(), at))
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        self.written.section(
            InstanceSection::new().export_items(items.iter().map(|(name, kind, at)| (name.as_str(), *kind, *at))),
        );
        self.instances += 1;
        Ok(self.instances - 1)
    }

    fn known_by_index(&mut self, kind: Kind, index: u32) -> Result<()> {
        let at = self.known(kind, self.component.origin(kind, index)?)?;
        match kind {
            Kind::Memory => self.memories.insert(index, at),
            _ => self.functions.insert(index, at),
        };
        Ok(())
    }

    /// The index of a core thing. What an instance exports gets one when it is first asked for.
    fn known(&mut self, kind: Kind, origin: Origin) -> Result<u32> {
        if let Some(at) = self.known.get(&(kind, origin)) {
            return Ok(*at);
        }
        let Origin::Defined { instance, index } = origin else {
            return Err("a function of the host is needed before it is there".into());
        };
        let (made, name) = if self.linked.is_member(origin) {
            (Made::Merged, self.linked.exports.iter().position(|export| *export == (kind, origin)).map(export_name))
        } else {
            let (module, _) = self.component.made(instance)?;
            let mut exports = module.exports.iter();
            (
                Made::Kept(instance),
                exports.find(|(_, export)| **export == (kind, index)).map(|(name, _)| (*name).to_owned()),
            )
        };
        let name = name.ok_or("what is needed of a core instance isn't exported")?;
        let instance = self.instance(made)?;
        let alias = Alias::CoreInstanceExport { instance, kind: kind.exported(), name: &name };
        self.written.section(ComponentAliasSection::new().alias(alias));
        let at = self.count(kind);
        self.known.insert((kind, origin), at);
        Ok(at)
    }

    /// The index of the next core thing of a kind.
    fn count(&mut self, kind: Kind) -> u32 {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count - 1
    }
}

type Reencoded = std::result::Result<u32, reencode::Error<Infallible>>;

impl Reencode for Emitter<'_, '_, '_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Reencoded {
        Ok(self.functions[&function])
    }

    fn memory_index(&mut self, memory: u32) -> Reencoded {
        Ok(self.memories[&memory])
    }
}

impl ReencodeComponent for Emitter<'_, '_, '_> {}

impl Kind {
    fn exported(self) -> ExportKind {
        match self {
            Self::Function => ExportKind::Func,
            Self::Memory => ExportKind::Memory,
            Self::Table => ExportKind::Table,
            Self::Global => ExportKind::Global,
        }
    }
}
