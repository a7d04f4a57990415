//! The tree against a plain vector, under seeded sequences of operations.

use alloc::vec::Vec;

use super::{BpTree, Entry, Node};
use crate::random::Random;

fn check(tree: &BpTree, model: &[Entry]) {
    assert_eq!(tree.len(), model.len());
    assert!(tree.range(0..model.len()).eq(model.iter().copied()));
    assert!(tree.range(0..model.len()).rev().eq(model.iter().rev().copied()));
    check_node(&tree.root, true);
}

fn check_node(node: &Node, is_root: bool) {
    assert!(is_root || node.width() > 0);
    if let Node::Inner(inner) = node {
        assert!(inner.len() <= super::inner::CAPACITY);
        assert!(!is_root || inner.len() > 1);
        inner.check(|child| check_node(child, false));
    }
}

fn entry(score: usize, id: usize) -> Entry {
    Entry { score: f64::from(u32::try_from(score).unwrap()), id: u32::try_from(id).unwrap() }
}

/// Runs `steps` operations; `growth` of 10 are insertions.
fn run(seed: u64, steps: usize, growth: usize, tree: &mut BpTree, model: &mut Vec<Entry>) {
    let mut random = Random::new(seed);
    for step in 0..steps {
        if random.index(10) < growth {
            let new = entry(random.index(500), step);
            let rank = tree.rank_where(|other| other.score < new.score);
            assert_eq!(rank, model.partition_point(|other| other.score < new.score), "seed {seed}");
            tree.insert(rank, new);
            model.insert(rank, new);
        } else if !model.is_empty() {
            let rank = random.index(model.len());
            let id = u32::try_from(step).unwrap();
            tree.set_id(rank, id);
            model[rank].id = id;
            assert_eq!(tree.range(rank..rank + 1).next(), Some(model[rank]), "seed {seed}");
            let rank = random.index(model.len());
            assert_eq!(tree.remove(rank), model.remove(rank), "seed {seed}");
        }
        if step % 997 == 0 {
            check(tree, model);
        }
    }
    check(tree, model);
}

#[test]
fn grows_and_shrinks_like_a_vector() {
    for seed in 0..6 {
        let (mut tree, mut model) = (BpTree::new(), Vec::new());
        run(seed, 12_000, 8, &mut tree, &mut model);
        run(seed + 100, 12_000, 5, &mut tree, &mut model);
        run(seed + 200, 16_000, 1, &mut tree, &mut model);
    }
}

#[test]
fn empties_to_one_leaf() {
    let mut tree: BpTree = (0..5_000).map(|i| entry(i, i)).collect();
    for left in (0..5_000).rev() {
        tree.remove(if left % 2 == 0 { left } else { 0 });
    }
    assert_eq!(tree.len(), 0);
    assert_eq!(tree.range(0..1).next(), None);
    assert!(matches!(tree.root, Node::Leaf(_)));
}

#[test]
fn insertion_at_either_end_fills_the_leaves() {
    let ascending: BpTree = (0..100_000).map(|i| entry(i, i)).collect();
    assert!(ascending.heap_len() < 100_000 * 13);
    let mut descending = BpTree::new();
    (0..100_000).for_each(|i| descending.insert(0, entry(100_000 - i, i)));
    assert!(descending.heap_len() < 100_000 * 13);
}

#[test]
fn random_insertion_stays_within_twenty_bytes_a_member() {
    let (mut tree, mut random) = (BpTree::new(), Random::new(7));
    for i in 0..100_000 {
        let new = entry(random.index(1 << 30), i);
        let rank = tree.rank_where(|other| other.score < new.score);
        tree.insert(rank, new);
    }
    assert!(tree.heap_len() < 100_000 * 20, "{} bytes", tree.heap_len());
}

#[test]
fn ranges_meet_in_the_middle() {
    let tree: BpTree = (0..1_000).map(|i| entry(i, i)).collect();
    let mut range = tree.range(100..400);
    let (mut low, mut high) = (100, 399);
    while range.len() > 1 {
        assert_eq!(range.next(), Some(entry(low, low)));
        assert_eq!(range.next_back(), Some(entry(high, high)));
        (low, high) = (low + 1, high - 1);
    }
    assert_eq!(range.next(), None);
    let mut range = tree.range(5..1_000);
    assert_eq!(range.nth(3), Some(entry(8, 8)));
    assert_eq!(range.nth(500), Some(entry(509, 509)));
    assert_eq!(range.next(), Some(entry(510, 510)));
    assert_eq!(range.nth(489), None);
    assert_eq!(tree.range(990..2_000).len(), 10);
    assert_eq!(tree.range(2_000..3_000).len(), 0);
}
