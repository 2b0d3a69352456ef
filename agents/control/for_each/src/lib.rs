//! Both ends of a loop over a list.

use serde_json::value::RawValue;
use shared::kind;
use turingbox_sdk::{Failure, Outputs, agent};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ARENA: shared::Arena = shared::Arena::new();

/// Run the steps between two `for_each` steps once for each item of a list: without `start` it opens the loop, with `start` it closes it
#[agent]
#[expect(clippy::boxed_local, reason = "serde gives what is written in a box alone")]
fn for_each(
    /// The list; the same at both ends
    items: Box<RawValue>,
    /// Closing: what the opening step said
    #[input(type = "step")]
    start: Option<Box<RawValue>>,
    /// Closing: the item that was just done, from 0
    #[input(type = "integer")]
    index: Option<Box<RawValue>>,
    /// Opening: id or position of the closing step, where to go on when the list is empty
    #[input(type = "step")]
    end: Option<Box<RawValue>>,
    /// Where the head is; the engine fills it in
    step_index: i64,
) -> Result<Place, Failure> {
    // The items as they are written: no digit of a number is lost on the way.
    let list: Vec<&RawValue> = serde_json::from_str(items.get())
        .map_err(|_| Failure::new(format!("items must be a list, not {}", kind(items.get()))))?;
    match start {
        Some(start) => close(&list, start, index.as_deref()),
        None => open(&list, step_index, end),
    }
}

#[derive(Debug, Default, Outputs)]
struct Place {
    /// The item to work on; null when there is none
    item: Option<Box<RawValue>>,
    /// The item's position, from 0; after the loop, the number of items
    index: u64,
    /// Opening: this step's position, for the closing step
    start: Option<i64>,
    /// The number of items
    limit: u64,
    /// `start` while there are more items; `end` for an empty list
    step_index: Option<Box<RawValue>>,
}

fn open(items: &[&RawValue], here: i64, end: Option<Box<RawValue>>) -> Result<Place, Failure> {
    let opened = Place { start: Some(here), limit: items.len() as u64, ..Place::default() };
    if let Some(first) = items.first() {
        return Ok(Place { item: Some((*first).to_owned()), ..opened });
    }
    let end = end
        .ok_or_else(|| Failure::new("items is empty; give `end`, the id of the loop's last step, to skip the body"))?;
    Ok(Place { item: Some(RawValue::NULL.to_owned()), step_index: Some(end), ..opened })
}

fn close(items: &[&RawValue], start: Box<RawValue>, index: Option<&RawValue>) -> Result<Place, Failure> {
    let done = index.and_then(|index| index.get().parse::<i64>().ok());
    let done = done.ok_or_else(|| Failure::new("a for_each that closes a loop needs both `start` and `index`"))?;
    let next = usize::try_from(done.saturating_add(1)).unwrap_or_default();
    let limit = items.len() as u64;
    Ok(match items.get(next) {
        Some(item) => Place {
            item: Some((*item).to_owned()),
            index: next as u64,
            limit,
            step_index: Some(start),
            ..Place::default()
        },
        None => Place { index: limit, limit, ..Place::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).unwrap_or_default()
    }

    #[test]
    fn items_stay_as_they_are_written() {
        let opened = for_each(raw("[ 1.50, 2]"), None, None, None, 3).map(|place| (place.item, place.start));
        let (item, start) = opened.unwrap_or_default();
        assert_eq!((item.map(|item| item.get().to_owned()), start), (Some("1.50".to_owned()), Some(3)));
    }

    #[test]
    fn a_loop_ends_after_its_last_item() {
        let closed = |index| for_each(raw("[1, 2]"), Some(raw("7")), Some(raw(index)), None, 9);
        let to = |index| closed(index).map(|place| (place.index, place.step_index.is_some(), place.item.is_some()));
        assert_eq!(to("0"), Ok((1, true, true)));
        assert_eq!(to("1"), Ok((2, false, false)));
        assert!(for_each(raw("[1]"), Some(raw("7")), None, None, 9).is_err());
    }

    #[test]
    fn other_values_are_named() {
        let named =
            |json| for_each(raw(json), None, None, None, 0).map(drop).map_err(|failure| failure.message().to_owned());
        assert_eq!(named("{}"), Err("items must be a list, not dict".into()));
        assert_eq!(named("2.5"), Err("items must be a list, not float".into()));
    }
}
