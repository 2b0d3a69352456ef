//! Compiled agents out of the text format.

/// The component of a core module, which is put into the frame `component.wat`.
pub fn of_module(module: &str) -> Vec<u8> {
    const FRAME: &str = include_str!("component.wat");
    of_text(&FRAME.replace("{{ module }}", module))
}

/// A component that sends requests, around what it sends: put into the frame `http_sender.wat`.
pub fn of_sender(run: &str) -> Vec<u8> {
    const FRAME: &str = include_str!("http_sender.wat");
    of_text(&FRAME.replace("{{ run }}", run))
}

/// A component that is written out, but for what all of them have.
pub fn of_text(text: &str) -> Vec<u8> {
    let text = [
        ("{{ http types }}", include_str!("http_types.wat")),
        ("{{ room }}", include_str!("room.wat")),
        ("{{ world }}", include_str!("world.wat")),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (name, part)| text.replace(name, part.trim_end()));
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}
