//! Reads HTML as browsers do, and finds elements by CSS selectors.

use ego_tree::{NodeId, NodeMut, iter::Edge};
use scraper::{ElementRef, Html, Node, Selector, error::SelectorErrorKind};
use serde_json::{Map, Value};
use turingbox_sdk::{Failure, Outputs, agent};

/// Find elements of HTML by a CSS selector, and take their text, HTML or attributes
#[agent]
fn html_select(
    /// The HTML: a page, or a part of one. It is read as browsers do, so it may be wrong, and nothing in a <template> is found
    html: String,
    /// Such as table.prices > tbody td:nth-child(2), or a[href^="https:"]; several with commas between
    selector: String,
    /// What to take of each element: its text, with one space for all white space; its HTML, with itself or without; or all of its attributes, as an object
    #[input(choices = ["text", "html", "inner_html", "attributes"], default = "text")]
    take: String,
    /// Take the value of this attribute instead, and leave out the elements that don't have it
    attribute: Option<String>,
) -> Result<Found, Failure> {
    let wrong = |error| Failure::new(format!("selector {selector:?} can't be used: {}", said(error)));
    let wanted = Selector::parse(&selector).map_err(wrong)?;
    let mut page = Html::parse_document(&html);
    let found = found(&mut page, &wanted);
    let elements = found.into_iter().filter_map(|id| ElementRef::wrap(page.tree.get(id)?));
    let matches: Vec<Value> = match attribute {
        Some(name) => {
            // In HTML, case is nothing in the name of an attribute.
            let name = name.to_ascii_lowercase();
            elements.filter_map(|element| Some(element.attr(&name)?.into())).collect()
        }
        None => {
            let take = taker(&take)?;
            elements.map(take).collect()
        }
    };
    Ok(Found {
        first: matches.first().cloned().unwrap_or_default(),
        count: matches.len() as u64,
        matches: matches.into(),
    })
}

#[derive(Debug, Outputs, PartialEq)]
struct Found {
    /// What was taken of each element, in the order of the document
    matches: Value,
    /// The first of it; null when nothing was found
    first: Value,
    /// How many there are
    count: u64,
}

/// The elements that are found. What is in a `<template>` is in another document: it is away while they are looked
/// for, and there again afterwards, when their HTML may be wanted.
fn found(page: &mut Html, wanted: &Selector) -> Vec<NodeId> {
    let contents = page.tree.nodes().filter(|node| node.value().is_fragment());
    let contents: Vec<_> = contents.filter_map(|node| Some((node.parent()?.id(), node.id()))).collect();
    for (_, content) in &contents {
        page.tree.get_mut(*content).iter_mut().for_each(NodeMut::detach);
    }
    let root = page.root_element();
    // What is selected from an element is below it.
    let top = Some(root).filter(|root| wanted.matches(root));
    let found = top.into_iter().chain(root.select(wanted)).map(|element| element.id()).collect();
    for (template, content) in contents {
        page.tree.get_mut(template).into_iter().for_each(|mut template| {
            template.prepend_id(content);
        });
    }
    found
}

/// What is wrong with a selector.
fn said(error: SelectorErrorKind) -> String {
    match error {
        SelectorErrorKind::UnexpectedToken => "there is something that can't be at its place".into(),
        SelectorErrorKind::EndOfLine => "it ends too early".into(),
        SelectorErrorKind::UnexpectedSelectorParseError(kind) => words(&format!("{kind:?}")),
        other => other.to_string(),
    }
}

/// The words of a name such as `DanglingCombinator`, which is all that some errors say.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn taker(what: &str) -> Result<fn(ElementRef) -> Value, Failure> {
    Ok(match what {
        "text" => |element| text(element).into(),
        "html" => |element| element.html().into(),
        "inner_html" => |element| element.inner_html().into(),
        "attributes" => attributes,
        _ => return Err(Failure::new(format!("take must be text, html, inner_html or attributes, not {what:?}"))),
    })
}

fn attributes(element: ElementRef) -> Value {
    element.value().attrs().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
}

fn text(element: ElementRef) -> String {
    let mut text = String::new();
    let mut unseen = 0;
    for edge in element.traverse() {
        let (node, opens) = match &edge {
            Edge::Open(node) => (node.value(), true),
            Edge::Close(node) => (node.value(), false),
        };
        match node {
            Node::Text(part) if opens && unseen == 0 => text.push_str(part),
            Node::Element(inner) if is_unseen(inner.name()) => unseen += if opens { 1 } else { -1 },
            Node::Element(inner) if is_block(inner.name()) => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an element stands apart: what is before it, in it and behind it is not one word. It is asked of every
/// element, as often as elements around it are found.
#[rustfmt::skip]
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address" | "article" | "aside" | "blockquote" | "body" | "br" | "caption" | "dd" | "details" | "dialog"
            | "div" | "dl" | "dt" | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "h1" | "h2" | "h3"
            | "h4" | "h5" | "h6" | "header" | "hr" | "legend" | "li" | "main" | "nav" | "ol" | "option" | "p" | "pre"
            | "section" | "summary" | "table" | "tbody" | "td" | "tfoot" | "th" | "tr" | "ul"
    )
}

/// Whether nobody sees an element's text.
fn is_unseen(name: &str) -> bool {
    matches!(name, "noscript" | "script" | "style" | "template")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn select(html: &str, selector: &str, take: &str) -> Result<Value, Failure> {
        html_select(html.into(), selector.into(), take.into(), None).map(|found| found.matches)
    }

    #[test]
    fn elements_are_found() {
        let page = "<p>a<b>b</b> <i>c</i><p>d";
        assert_eq!(select(page, "p", "text"), Ok(json!(["ab c", "d"])));
        assert_eq!(select(page, "p > b, i", "html"), Ok(json!(["<b>b</b>", "<i>c</i>"])));
        assert_eq!(select(page, "i", "inner_html"), Ok(json!(["c"])));
    }

    #[test]
    fn what_is_in_a_template_is_in_no_document() {
        let page = "<template id=a><p>t<template><p>u</template></template><p>x";
        assert_eq!(select(page, "p", "text"), Ok(json!(["x"])));
        for selector in ["template p", "template > *", "p template", "template:has(p)", "p + p"] {
            assert_eq!(select(page, selector, "text"), Ok(json!([])), "{selector}");
        }
        let whole = "<template id=\"a\"><p>t<template><p>u</p></template></p></template>";
        assert_eq!(select(page, "template", "html"), Ok(json!([whole])));
        assert_eq!(select(page, "body > :first-child", "text"), Ok(json!(["x"])));
        assert_eq!(select("x", ":root, html", "html"), Ok(json!(["<html><head></head><body>x</body></html>"])));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(select("", "a >", "text").is_err());
        assert!(select("", "a", "everything").is_err());
    }
}
