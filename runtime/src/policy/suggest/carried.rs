//! What a policy takes away from agents that nothing was recorded of: the rest of it is not granted to
//! them any more, but limits, rules for imports, `jump`, ceilings and keys (`signed_by`) would be lost.

use std::collections::HashMap;

use crate::{
    document::quoted,
    policy::{
        Grants, Ground, Named, Section,
        limits::LimitKeys,
        suggest::{is_plain, limits_line, signed_by_line},
    },
};

/// Adds a section for each of the policy's that takes something away, but for those that are about one
/// of `agents` alone: each of these has its own, with all that holds for it.
pub(super) fn write(policy: &mut String, agents: &[Named<'_>], ground: &Ground<'_>) {
    let written = |section: &Section| {
        !section.pattern.is_glob()
            && agents.iter().any(|(name, path)| is_plain(name) && section.pattern.matches(name, path))
    };
    // What two files say of one pattern is one section here; the later wins, key by key.
    let (mut merged, mut places) = (Vec::<(&str, LimitKeys, Grants, [Option<String>; 2])>::new(), HashMap::new());
    for section in ground.policy.sections.iter().filter(|section| !written(section)) {
        let pattern = section.pattern.as_str();
        let at = *places.entry(pattern).or_insert(merged.len());
        if at == merged.len() {
            merged.push((pattern, LimitKeys::default(), Grants::default(), [None, None]));
        }
        let (_, limits, grants, [within, signed_by]) = &mut merged[at];
        limits.narrow_to(&section.limits);
        grants.narrow_to(&section.grants);
        if let Some(ceiling) = &section.within {
            *within = Some(ceiling.to_toml(ground.base));
        }
        if let Some(keys) = &section.signed_by {
            *signed_by = Some(signed_by_line(keys));
        }
    }
    for (pattern, limits, grants, others) in merged {
        let lines = limits_line(&limits).into_iter().chain(restrictions(&grants)).chain(others.into_iter().flatten());
        let lines: Vec<_> = lines.collect();
        if !lines.is_empty() {
            policy.push_str("\n# as before: what was taken away here still is\n");
            policy.push_str(&format!("[agents.{}]\n{}\n", quoted(pattern), lines.join("\n")));
        }
    }
}

/// What is allowed where nothing is said, and not here.
fn restrictions(grants: &Grants) -> impl Iterator<Item = String> {
    let imports = grants.imports.as_ref().map(|rules| format!("imports = {rules}"));
    // Also `true`: it may be said against what a wider pattern says.
    let jump = grants.jump.as_ref().map(|(allowed, _)| format!("jump = {allowed}"));
    imports.into_iter().chain(jump)
}
