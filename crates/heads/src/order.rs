//! In which order the layers follow each other.

use crate::error::Fault;
use crate::named::Named;
use crate::tensor::{Shown, list};

/// Most layers whose orders are tried.
const MOST_LAYERS: usize = 6;

/// Layers from input to output: as stated; by the numbers in their names, where names differ in
/// nothing else (`0`, `2`; `fc1`, `fc2`); or in the only order in which their widths fit.
pub(crate) fn in_order(mut found: Vec<Named>, stated: &[String]) -> Result<Vec<Named>, Fault> {
    if found.len() > MOST_LAYERS {
        return Fault::content(format!(
            "it has {} layers ({}), a head has a few\nhint: save the state dict of the head alone",
            found.len(),
            list(found.iter().map(|named| named.name.as_str()))
        ));
    }
    if !stated.is_empty() {
        return as_stated(found, stated);
    }
    if found.len() == 1 {
        return Ok(found);
    }
    let names: Vec<(String, Vec<u64>)> = found.iter().map(|named| numbered(&named.name)).collect();
    let same_words = names.iter().all(|(words, _)| *words == names[0].0);
    if same_words && names.iter().all(|(_, numbers)| !numbers.is_empty()) {
        found.sort_by_cached_key(|named| numbered(&named.name).1);
        fits(&found)?;
        return Ok(found);
    }
    let orders = fitting_orders(&found);
    match &orders[..] {
        [only] => {
            let mut slots: Vec<Option<Named>> = found.into_iter().map(Some).collect();
            Ok(only.iter().filter_map(|&at| slots[at].take()).collect())
        }
        [] => Fault::content(format!(
            "its layers do not follow each other in any order: {}\nhint: save the state dict of \
             one head alone",
            widths(&found)
        )),
        _ => Err(Fault::Unstated(format!(
            "its names do not say the order of its layers, and their widths fit more than one: \
             {}\nhint: state it: --layers FIRST,LAST, or name them as a Sequential does (0, 2)",
            widths(&found)
        ))),
    }
}

fn as_stated(found: Vec<Named>, stated: &[String]) -> Result<Vec<Named>, Fault> {
    let mut slots: Vec<Option<Named>> = found.into_iter().map(Some).collect();
    let mut out = Vec::new();
    for name in stated {
        let slot = slots
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|named| named.name == *name));
        let Some(named) = slot.and_then(Option::take) else {
            return Err(Fault::Unstated(format!(
                "the order names {}, and there is no such layer left",
                Shown(name)
            )));
        };
        out.push(named);
    }
    let left: Vec<&str> = slots
        .iter()
        .flatten()
        .map(|named| named.name.as_str())
        .collect();
    if !left.is_empty() {
        return Err(Fault::Unstated(format!(
            "the order does not name {}",
            list(left)
        )));
    }
    fits(&out)?;
    Ok(out)
}

/// Whether each layer takes as many numbers as the one before gives.
fn fits(ordered: &[Named]) -> Result<(), Fault> {
    for pair in ordered.windows(2) {
        let (first, second) = (&pair[0], &pair[1]);
        if first.layer.outputs != second.layer.inputs {
            return Fault::content(format!(
                "layer {} gives {} numbers, the next, {}, takes {}",
                Shown(&first.name),
                first.layer.outputs,
                Shown(&second.name),
                second.layer.inputs
            ));
        }
    }
    Ok(())
}

/// Every order in which the widths fit.
fn fitting_orders(found: &[Named]) -> Vec<Vec<usize>> {
    let mut orders: Vec<Vec<usize>> = (0..found.len()).map(|first| vec![first]).collect();
    for _ in 1..found.len() {
        let longer = orders.iter().flat_map(|order| {
            let last = order[order.len() - 1];
            (0..found.len())
                .filter(move |next| found[last].layer.outputs == found[*next].layer.inputs)
                .filter(|next| !order.contains(next))
                .map(|next| [&order[..], &[next]].concat())
        });
        orders = longer.collect();
    }
    orders
}

fn widths(found: &[Named]) -> String {
    let each = found.iter().map(|named| {
        let Named { name, layer } = named;
        format!("{} {} to {}", Shown(name), layer.inputs, layer.outputs)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A name's words with `#` in the place of its numbers, and the numbers.
fn numbered(name: &str) -> (String, Vec<u64>) {
    let (mut words, mut numbers) = (String::new(), Vec::new());
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = &rest[start..];
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        words.push_str(&rest[..start]);
        words.push('#');
        numbers.push(digits[..end].parse().unwrap_or(u64::MAX));
        rest = &digits[end..];
    }
    words.push_str(rest);
    (words, numbers)
}
