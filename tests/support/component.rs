//! Compiled agents out of the text format.

/// The component of a core module, which is put into the frame `component.wat`.
pub fn of_module(module: &str) -> Vec<u8> {
    const FRAME: &str = include_str!("component.wat");
    wat::parse_str(FRAME.replace("{{ module }}", module)).unwrap_or_else(|error| panic!("{error}"))
}
