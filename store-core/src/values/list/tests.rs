use alloc::{format, string::String, vec};

use super::*;
use crate::random::Random;

/// From one element per node, over a few bytes, to what is configured in practice.
const LIMITS: [NodeLimit; 6] = [
    NodeLimit::new(1),
    NodeLimit::new(5),
    NodeLimit { bytes: 60, count: usize::MAX },
    NodeLimit { bytes: 400, count: usize::MAX },
    NodeLimit::new(-1),
    NodeLimit::new(-2),
];

/// From a few values, so that a search meets them again; sometimes larger than a node.
fn random_element(random: &mut Random) -> Vec<u8> {
    match random.below(20) {
        0 => vec![b'x'; 30 + random.index(600)],
        1 => vec![b'y'; 5000],
        2..=9 => format!("{}", random.below(5)).into_bytes(),
        10 => format!("{}", random.next_u64().cast_signed()).into_bytes(),
        _ => format!("element:{}", random.below(10)).into_bytes(),
    }
}

fn random_end(random: &mut Random) -> End {
    if random.below(2) == 0 { End::Head } else { End::Tail }
}

fn push(list: &mut List, model: &mut Vec<Vec<u8>>, random: &mut Random, limit: NodeLimit) {
    let elements: Vec<_> = (0..=random.below(9)).map(|_| random_element(random)).collect();
    let end = random_end(random);
    list.push_all(end, elements.iter().map(Vec::as_slice), limit);
    match end {
        End::Head => drop(model.splice(..0, elements.into_iter().rev())),
        End::Tail => model.extend(elements),
    }
}

fn insert(list: &mut List, model: &mut Vec<Vec<u8>>, random: &mut Random, limit: NodeLimit) {
    let (pivot, element) = (random_element(random), random_element(random));
    let (side, shift) = [(Side::Before, 0), (Side::After, 1)][random.index(2)];
    let found = model.iter().position(|other| *other == pivot);
    assert_eq!(list.insert(side, &pivot, &element, limit), found.is_some());
    if let Some(index) = found {
        model.insert(index + shift, element);
    }
}

fn remove(list: &mut List, model: &mut Vec<Vec<u8>>, random: &mut Random, limit: NodeLimit) {
    let needle = random_element(random);
    let end = random_end(random);
    let max_count = [1, 2, usize::MAX][random.index(3)];
    let mut matches: Vec<_> = (0..model.len()).filter(|&index| model[index] == needle).collect();
    if end == End::Tail {
        matches.reverse();
    }
    matches.truncate(max_count);
    assert_eq!(list.remove(&needle, end, max_count, limit), matches.len());
    let mut index = 0;
    model.retain(|_| (!matches.contains(&index), index += 1).0);
}

/// One generated change, applied to a list and to a plain vector.
fn change(list: &mut List, model: &mut Vec<Vec<u8>>, random: &mut Random, limit: NodeLimit) {
    let index = random.index(model.len() + 1);
    match random.below(12) {
        0..=3 => push(list, model, random, limit),
        4 | 5 => insert(list, model, random, limit),
        6 if index < model.len() => {
            let element = random_element(random);
            list.set(index, &element, limit);
            model[index] = element;
        }
        7 => remove(list, model, random, limit),
        8 => {
            let popped = list.pop(End::Head, limit);
            assert_eq!(popped, (!model.is_empty()).then(|| model.remove(0)));
        }
        9 => assert_eq!(list.pop(End::Tail, limit), model.pop()),
        10 => {
            let count = random.index(12);
            list.remove_range(index, count, limit);
            model.drain(index..(index + count).min(model.len()));
        }
        _ => {
            let kept = model.len().saturating_sub(random.index(8));
            list.trim(index.min(4), kept, limit);
            model.drain(..index.min(4));
            model.truncate(kept);
        }
    }
}

fn check(list: &List, model: &[Vec<u8>], random: &mut Random, limit: NodeLimit, context: &str) {
    assert_eq!(list.len(), model.len(), "{context}");
    assert_eq!(list.iter().map(Element::to_vec).collect::<Vec<_>>(), model, "{context}");
    assert!(list.iter().rev().map(Element::to_vec).eq(model.iter().rev().cloned()), "{context}");
    let index = random.index(model.len() + 2);
    let rest = &model[index.min(model.len())..];
    assert!(list.iter_from(index).map(Element::to_vec).eq(rest.iter().cloned()), "{context}");
    assert!(list.iter_from(index).rev().map(Element::to_vec).eq(rest.iter().rev().cloned()), "{context}");
    assert_eq!(list.get(index).map(Element::to_vec).as_ref(), model.get(index), "{context}");
    if let Form::Quick(quicklist) = &list.0 {
        quicklist.check(limit, context);
    }
}

fn check_positions(list: &List, model: &[Vec<u8>], random: &mut Random, context: &str) {
    let needle = random_element(random);
    let max_len = random.index(model.len() + 2);
    let from_head = (0..model.len()).take(max_len).filter(|&index| model[index] == needle);
    let from_tail = (0..model.len()).rev().take(max_len).filter(|&index| model[index] == needle);
    assert!(list.positions(&needle, End::Head, max_len).eq(from_head), "{context}");
    assert!(list.positions(&needle, End::Tail, max_len).eq(from_tail), "{context}");
}

#[test]
fn behaves_as_a_vector_does() {
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let limit = LIMITS[random.index(LIMITS.len())];
        let (mut list, mut model) = (List::new(), Vec::new());
        for step in 0..150 {
            let context: String = format!("seed {seed}, step {step}");
            change(&mut list, &mut model, &mut random, limit);
            check(&list, &model, &mut random, limit, &context);
            check_positions(&list, &model, &mut random, &context);
        }
    }
}

#[test]
fn a_list_takes_two_words() {
    assert_eq!(size_of::<List>(), 16);
}

#[test]
fn the_form_follows_the_size_with_room_to_swing() {
    let limit = NodeLimit::default();
    let mut list = List::new();
    let element = [b'x'; 100];
    while list.encoding_name() == "listpack" {
        list.push(End::Tail, &element, limit);
    }
    // 7 bytes around the entries, 103 for each: Redis changes at the 80th.
    assert_eq!(list.len(), 80);
    while list.encoding_name() == "quicklist" {
        list.pop(End::Head, limit);
    }
    assert_eq!(list.len(), 39);
}

#[test]
fn an_element_larger_than_a_node_stands_alone() {
    let limit = NodeLimit::default();
    let mut list = List::new();
    list.push_all(End::Tail, [&b"a"[..], &[b'x'; 20_000], b"b"].into_iter(), limit);
    list.set(0, &[b'y'; 9000], limit);
    assert_eq!(list.iter().map(Element::byte_len).collect::<Vec<_>>(), [9000, 20_000, 1]);
    list.set(1, b"c", limit);
    list.set(0, b"d", limit);
    list.remove(b"b", End::Head, 1, limit);
    assert_eq!(list.iter().map(Element::to_vec).collect::<Vec<_>>(), [b"d", b"c"]);
}
