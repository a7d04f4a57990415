//! The ordered map and set against the standard library's, under seeded operations.

use super::{BLOCK_MAX, CHUNK_MAX, OrderedMap, OrderedSet};
use crate::random::Random;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::ops::Bound;

type Map = OrderedMap<u64, u64>;
type Model = BTreeMap<u64, u64>;

/// Every row is within its bounds and none is empty; the entries are the model's, from either end.
fn assert_same(map: &Map, model: &Model, context: &str) {
    for block in &map.blocks {
        assert!((1..=BLOCK_MAX).contains(&block.len()), "{context}");
        assert!(block.iter().all(|chunk| (1..=CHUNK_MAX).contains(&chunk.len())), "{context}");
    }
    assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()), "{context}");
    assert!(map.iter().eq(model), "{context}");
    assert!(map.iter().rev().eq(model.iter().rev()), "{context}");
    assert_eq!((map.first(), map.last()), (model.first_key_value(), model.last_key_value()), "{context}");
}

fn assert_same_range(map: &Map, model: &Model, random: &mut Random, keys: u64) {
    let mut bound = |at: u64| match random.below(3) {
        0 => Bound::Included(at),
        1 => Bound::Excluded(at),
        _ => Bound::Unbounded,
    };
    let (low, span) = (keys / 3, keys / 4 + 1);
    let bounds = (bound(low), bound(low + span));
    let (seen, wanted) = (map.range(bounds), model.range(bounds));
    assert!(seen.clone().eq(wanted.clone()), "{bounds:?}");
    assert!(seen.rev().eq(wanted.rev()), "{bounds:?}");
    let floor = model.range(..=low).next_back();
    assert_eq!(map.floor(&low), floor);
}

fn step(map: &mut Map, model: &mut Model, random: &mut Random, keys: u64) {
    let (key, value) = (random.below(keys), random.below(1000));
    match random.below(8) {
        0..=2 => assert_eq!(map.insert(key, value), model.insert(key, value)),
        3 => {
            *map.get_or_insert_with(key, || 7) += 1;
            *model.entry(key).or_insert(7) += 1;
        }
        4 | 5 => assert_eq!(map.remove(&key), model.remove(&key)),
        6 => {
            let seen = map.floor_mut(&key).map(|(key, value)| (*key, core::mem::take(value)));
            let wanted = model.range_mut(..=key).next_back().map(|(key, value)| (*key, core::mem::take(value)));
            assert_eq!(seen, wanted);
        }
        _ => {
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.get_mut(&key), model.get_mut(&key));
            assert_eq!(map.contains_key(&key), model.contains_key(&key));
            assert_eq!(map.find(|other| other.cmp(&key)), model.get(&key));
        }
    }
}

#[test]
fn a_map_is_as_the_model() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let (mut map, mut model) = (Map::new(), Model::new());
        let keys = [5, 300, 5_000][random.index(3)];
        for count in 0..2_000 {
            step(&mut map, &mut model, &mut random, keys);
            if count % 100 == 0 {
                assert_same(&map, &model, &format!("seed {seed}, step {count}"));
                assert_same_range(&map, &model, &mut random, keys);
            }
        }
        map.iter_mut().for_each(|(key, value)| *value = *key);
        model.iter_mut().for_each(|(key, value)| *value = *key);
        assert_same(&map.clone(), &model, &format!("seed {seed}"));
        assert_eq!(map.first_mut(), model.iter_mut().next());
        assert_eq!(map.last_mut(), model.iter_mut().next_back());
        while let Some(entry) = map.pop_first() {
            assert_eq!(Some(entry), model.pop_first(), "seed {seed}");
        }
        assert_same(&map, &model, &format!("seed {seed}, emptied"));
    }
}

#[test]
fn blocks_divide_and_join() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let mut order: Vec<u64> = (0..40_000).collect();
        match seed {
            0 => {}
            1 => order.reverse(),
            _ => (1..order.len()).for_each(|at| order.swap(at, random.index(at + 1))),
        }
        let (mut map, mut model): (Map, Model) = (Map::new(), Model::new());
        for key in &order {
            assert_eq!(map.insert(*key, *key), model.insert(*key, *key));
        }
        assert!(map.blocks.len() > 2);
        assert_same(&map, &model, &format!("seed {seed}"));
        for key in order.iter().filter(|key| **key % 50 != 0) {
            assert_eq!(map.remove(key), model.remove(key));
        }
        assert_same(&map, &model, &format!("seed {seed}, thinned"));
        let chunks: usize = map.blocks.iter().map(Vec::len).sum();
        assert!(chunks <= 1 + map.len() * 4 / CHUNK_MAX && map.blocks.len() == 1, "{chunks} chunks are joined");
    }
}

#[test]
fn ascending_keys_leave_full_chunks() {
    let map: Map = (0..10_000).map(|key| (key, key)).collect();
    let full = map.blocks.iter().flatten().filter(|chunk| chunk.len() == CHUNK_MAX).count();
    assert_eq!(full, 10_000 / CHUNK_MAX);
}

#[test]
fn a_set_is_as_the_model() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let (mut set, mut model) = (OrderedSet::<(i64, u64)>::default(), BTreeSet::new());
        for _ in 0..2_000 {
            let key = (random.below(30) as i64, random.below(30));
            match random.below(3) {
                0 => assert_eq!(set.remove(&key), model.remove(&key), "seed {seed}"),
                1 => assert_eq!(set.insert(key), model.insert(key), "seed {seed}"),
                _ => assert_eq!(set.contains(&key), model.contains(&key), "seed {seed}"),
            }
            assert_eq!((set.first(), set.last()), (model.first(), model.last()), "seed {seed}");
        }
        assert!(set.iter().eq(&model) && set.len() == model.len(), "seed {seed}");
        assert!(set.range((9, 0)..=(20, 5)).eq(model.range((9, 0)..=(20, 5))), "seed {seed}");
        assert!(set.iter().copied().collect::<OrderedSet<_>>().iter().eq(&model), "seed {seed}");
    }
}
