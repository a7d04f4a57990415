use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::*;
use crate::clock::Millis;
use crate::random::Random;
use crate::values::listpack::{Element, Listpack};

/// From one entry per node to what is configured by default.
const LIMITS: [StreamLimits; 5] = [
    StreamLimits { node_max_bytes: 4096, node_max_entries: 1 },
    StreamLimits { node_max_bytes: 4096, node_max_entries: 3 },
    StreamLimits { node_max_bytes: 60, node_max_entries: 0 },
    StreamLimits { node_max_bytes: 0, node_max_entries: 20 },
    StreamLimits { node_max_bytes: 4096, node_max_entries: 100 },
];

type Words = Vec<Vec<u8>>;
type Model = BTreeMap<StreamId, Words>;

/// Mostly the same fields, so that both forms of entries occur; numbers among the values.
fn random_words(random: &mut Random) -> Words {
    let fields: &[&str] = [&["a"][..], &["a"], &["a"], &["a", "b"], &["b"], &["", "7", "c"]][random.index(6)];
    let value = |random: &mut Random| match random.below(5) {
        0 => Vec::new(),
        1 => vec![b'x'; random.index(200)],
        _ => format!("{}", random.below(100_000)).into_bytes(),
    };
    fields.iter().flat_map(|field| [field.as_bytes().to_vec(), value(random)]).collect()
}

fn append(stream: &mut Stream, model: &mut Model, random: &mut Random, limits: &StreamLimits) {
    let last = stream.last_id();
    let step = StreamId::new(random.below(3), random.below(4));
    let next = StreamId::new(last.ms + step.ms, if step.ms == 0 { last.seq + step.seq + 1 } else { step.seq });
    let words = random_words(random);
    stream.append(next, &words.iter().map(Vec::as_slice).collect::<Vec<_>>(), limits);
    model.insert(next, words);
}

/// An ID that is there, or near one.
fn random_id(model: &Model, random: &mut Random) -> StreamId {
    let Some(last) = model.keys().next_back() else { return StreamId::new(random.below(3), 0) };
    match model.keys().nth(random.index(model.len())) {
        Some(id) if random.below(3) > 0 => *id,
        _ => StreamId::new(random.below(last.ms + 3), random.below(4)),
    }
}

fn words_of(entry: Entry<'_>) -> (StreamId, Words) {
    (entry.id, entry.fields.flat_map(|(field, value)| [field, value].map(Element::to_vec)).collect())
}

fn check(stream: &Stream, model: &Model, context: &str) {
    let all: Vec<_> = model.iter().map(|(id, words)| (*id, words.clone())).collect();
    assert_eq!(stream.iter().map(words_of).collect::<Vec<_>>(), all, "{context}");
    assert_eq!(stream.len(), model.len() as u64, "{context}");
    assert_eq!(stream.first_id(), model.keys().next().copied().unwrap_or(StreamId::MIN), "{context}");
    assert_eq!(stream.last().map(|entry| entry.id), model.keys().next_back().copied(), "{context}");
    let back = stream.range_back(StreamId::MAX, StreamId::MIN).map(words_of);
    assert!(back.eq(all.into_iter().rev()), "{context}");
}

fn check_ranges(stream: &Stream, model: &Model, random: &mut Random, context: &str) {
    let (start, end) = (random_id(model, random), random_id(model, random));
    let expected: Vec<_> = model.iter().filter(|(id, _)| start <= **id && **id <= end).map(|(id, _)| *id).collect();
    assert!(stream.range(start, end).map(|entry| entry.id).eq(expected.iter().copied()), "{context}");
    assert!(stream.range_back(end, start).map(|entry| entry.id).eq(expected.iter().rev().copied()), "{context}");
    let found = stream.get(start).map(|entry| words_of(entry).1);
    assert_eq!(found.as_ref(), model.get(&start), "{context}");
}

fn random_threshold(model: &Model, random: &mut Random) -> Threshold {
    match random.below(2) {
        0 => Threshold::MaxLen(random.below(model.len() as u64 + 3)),
        _ => Threshold::MinId(random_id(model, random)),
    }
}

/// What an exact trim removes.
fn excess(model: &Model, threshold: Threshold) -> Vec<StreamId> {
    let ids = model.keys().copied();
    match threshold {
        Threshold::MaxLen(len) => ids.take(model.len().saturating_sub(usize::try_from(len).unwrap())).collect(),
        Threshold::MinId(min) => ids.take_while(|id| *id < min).collect(),
    }
}

fn trim_exactly(stream: &mut Stream, model: &mut Model, random: &mut Random, context: &str) {
    let threshold = random_threshold(model, random);
    let removed = excess(model, threshold);
    let trim = Trim { threshold, precision: Precision::Exact, references: References::Keep };
    assert_eq!(stream.trim(&trim), removed.len() as u64, "{context}: {trim:?}");
    model.retain(|id, _| !removed.contains(id));
}

/// Whole nodes go, from the oldest on, for as long as an exact trim would take all of the next one and the limit allows it.
fn trim_by_nodes(stream: &mut Stream, model: &mut Model, random: &mut Random, context: &str) {
    let threshold = random_threshold(model, random);
    let removable = excess(model, threshold);
    let limit = [0, 1, 5, 30][random.index(4)];
    let nodes: Vec<usize> = stream.nodes.values().map(|node| usize::try_from(node.live()).unwrap()).collect();
    let trim = Trim { threshold, precision: Precision::Nodes { limit }, references: References::Keep };
    let removed = usize::try_from(stream.trim(&trim)).unwrap();
    assert!(removed <= removable.len() && (limit == 0 || removed as u64 <= limit), "{context}: {trim:?}");
    let borders: Vec<usize> = nodes.iter().scan(0, |sum, live| Some(core::mem::replace(sum, *sum + live))).collect();
    assert!(removed == model.len() || borders.contains(&removed), "{context}: {trim:?} took a part of a node");
    let next = nodes.iter().zip(&borders).find(|(_, border)| **border == removed).map_or(0, |(live, _)| *live);
    // A node whose last entry is a deleted one may stay although its live ones would go.
    let exact = matches!(threshold, Threshold::MaxLen(_)) && removed < model.len();
    let stopped_by_limit = limit > 0 && (removed + next) as u64 > limit;
    assert!(!exact || stopped_by_limit || removed + next > removable.len(), "{context}: {trim:?} stopped early");
    let ids: Vec<_> = model.keys().copied().take(removed).collect();
    model.retain(|id, _| !ids.contains(id));
}

fn delete(stream: &mut Stream, model: &mut Model, random: &mut Random, context: &str) {
    let (id, deleted) = (random_id(model, random), stream.max_deleted_id());
    let was_there = model.remove(&id).is_some();
    assert_eq!(stream.delete(id), was_there, "{context}");
    assert_eq!(stream.max_deleted_id(), if was_there { deleted.max(id) } else { deleted }, "{context}");
}

#[test]
fn behaves_as_an_ordered_map_does() {
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let limits = LIMITS[random.index(LIMITS.len())];
        let (mut stream, mut model) = (Stream::new(), Model::new());
        for step in 0..200 {
            let context = format!("seed {seed}, step {step}");
            match random.below(40) {
                0 => trim_exactly(&mut stream, &mut model, &mut random, &context),
                1 => trim_by_nodes(&mut stream, &mut model, &mut random, &context),
                2..=11 => delete(&mut stream, &mut model, &mut random, &context),
                _ => append(&mut stream, &mut model, &mut random, &limits),
            }
            check_ranges(&stream, &model, &mut random, &context);
            check(&stream, &model, &context);
        }
        rebuild(&stream, &model, &format!("seed {seed}"));
    }
}

/// Puts a stream together from its own parts.
fn rebuild(stream: &Stream, model: &Model, context: &str) {
    let mut parts = StreamParts::default();
    for (base, node) in stream.nodes() {
        assert_eq!(parts.node(base, node), Ok(()), "{context}");
    }
    let again = parts.finish(stream.last_id(), stream.max_deleted_id(), stream.entries_added()).unwrap();
    check(&again, model, context);
}

/// What is pending with whom, as a model.
type Owners = BTreeMap<StreamId, usize>;

#[test]
fn group_and_consumers_agree_on_what_is_pending() {
    const NAMES: [&[u8]; 3] = [b"a", b"b", b"c"];
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let (mut group, mut owners) = (Group::new(StreamId::MIN, None), Owners::new());
        for step in 0..200 {
            let context = format!("seed {seed}, step {step}");
            let (id, who) = (StreamId::new(random.below(30), 0), random.index(NAMES.len()));
            match random.below(10) {
                0 => {
                    let pending = owners.values().filter(|owner| **owner == who).count();
                    assert_eq!(group.remove_consumer(NAMES[who]).unwrap_or(0), pending, "{context}");
                    owners.retain(|_, owner| *owner != who);
                }
                1..=3 => assert_eq!(group.acknowledge(id), owners.remove(&id).is_some(), "{context}"),
                _ => {
                    let (consumer, _) = group.see_consumer(NAMES[who], Millis(1));
                    group.give(id, Pending { consumer, delivered: Millis(2), deliveries: 1 });
                    owners.insert(id, who);
                }
            }
            assert!(group.pending().keys().eq(owners.keys()), "{context}");
            for (who, name) in NAMES.iter().enumerate() {
                let expected: BTreeSet<_> =
                    owners.iter().filter(|(_, owner)| **owner == who).map(|(id, _)| *id).collect();
                let found = group.find(name).map(|id| group.consumer(id).pending().clone()).unwrap_or_default();
                assert!(found.iter().eq(&expected), "{context}");
            }
        }
    }
}

#[test]
fn nodes_are_laid_out_as_redis_does() {
    let mut stream = Stream::new();
    stream.append(StreamId::new(1, 1), &[b"a", b"x"], &StreamLimits::default());
    stream.append(StreamId::new(2, 0), &[b"b", b"y"], &StreamLimits::default());
    stream.delete(StreamId::new(1, 1));
    let (base, node) = stream.nodes().next().unwrap();
    assert_eq!(base, StreamId::new(1, 1));
    let elements: Vec<_> = Listpack::from_bytes(node).unwrap().iter().map(|element| element.to_vec()).collect();
    let master = ["1", "1", "1", "a", "0"];
    let first = ["3", "0", "0", "x", "4"];
    let second = ["0", "1", "-1", "1", "b", "y", "6"];
    let expected: Vec<_> = master.into_iter().chain(first).chain(second).map(|text| text.as_bytes().to_vec()).collect();
    assert_eq!(elements, expected);
}

#[test]
fn a_damaged_node_is_refused() {
    let mut stream = Stream::new();
    for ms in 1..6 {
        stream.append(StreamId::new(ms, 0), &[b"a", b"x"], &StreamLimits::default());
    }
    let (base, node) = stream.nodes().next().unwrap();
    let elements: Vec<_> = Listpack::from_bytes(node).unwrap().iter().map(|element| element.to_vec()).collect();
    let with = |at: usize, text: &[u8]| {
        let mut listpack = Listpack::new();
        elements.iter().enumerate().for_each(|(n, element)| listpack.push_back(if n == at { text } else { element }));
        StreamParts::default().node(base, listpack.as_bytes())
    };
    assert_eq!(with(usize::MAX, b""), Ok(()));
    // Counts, the width, the closing zero, flags, an ID that goes back, the count of elements.
    for (at, text) in [(0, "4"), (0, "x"), (1, "1"), (2, "2"), (4, "1"), (5, "x"), (5, "0"), (11, "-1"), (9, "5")] {
        assert_eq!(with(at, text.as_bytes()), Err(Inconsistent), "{at}: {text}");
    }
    let mut parts = StreamParts::default();
    parts.node(base, node).unwrap();
    assert_eq!(parts.node(StreamId::new(5, 0), node), Err(Inconsistent), "nodes ascend");
}

#[test]
fn pending_entries_without_a_consumer_are_refused() {
    let id = StreamId::new(1, 0);
    let parts = |consumers: &[&[StreamId]]| {
        let mut group = GroupParts::new(id, None);
        group.pending(id, Millis(1), 1)?;
        for (n, pending) in consumers.iter().enumerate() {
            let name = [b'a' + u8::try_from(n).unwrap()];
            group.consumer(ConsumerParts { name: &name, seen: Millis(1), active: None, pending })?;
        }
        StreamParts::default().group(b"g", group)
    };
    assert_eq!(parts(&[&[id]]), Ok(()));
    assert_eq!(parts(&[]), Err(Inconsistent));
    assert_eq!(parts(&[&[]]), Err(Inconsistent));
    assert_eq!(parts(&[&[id], &[id]]), Err(Inconsistent));
    assert_eq!(parts(&[&[StreamId::MAX]]), Err(Inconsistent));
}
