//! Both forms of a sorted set against a `BTreeSet` of pairs and a `BTreeMap` of scores, under seeded operations.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::*;
use crate::random::{HashSeed, Random};

const PACKED: ZsetLimits = ZsetLimits { max_listpack_entries: usize::MAX, max_listpack_value: usize::MAX };
const TREE: ZsetLimits = ZsetLimits::NO_LISTPACK;

#[derive(Clone, Debug, PartialEq)]
struct Pair(f64, Vec<u8>);

impl Eq for Pair {}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then_with(|| self.1.cmp(&other.1))
    }
}

#[derive(Default)]
struct Model {
    scores: BTreeMap<Vec<u8>, f64>,
    order: BTreeSet<Pair>,
}

impl Model {
    fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let old = self.remove(member);
        self.scores.insert(member.to_vec(), score);
        self.order.insert(Pair(score, member.to_vec()));
        old
    }

    fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.scores.remove(member)?;
        assert!(self.order.remove(&Pair(score, member.to_vec())));
        Some(score)
    }

    fn pairs(&self) -> Vec<Pair> {
        self.order.iter().cloned().collect()
    }
}

struct Case {
    random: Random,
    limits: ZsetLimits,
    zset: Zset,
    model: Model,
}

fn table_seed() -> TableSeed {
    TableSeed::from(HashSeed(1))
}

fn pair((member, score): (Element<'_>, f64)) -> Pair {
    Pair(score, member.to_vec())
}

fn range_of(zset: &Zset, ranks: Range<usize>) -> Vec<Pair> {
    zset.range(ranks).map(pair).collect()
}

impl Case {
    fn new(seed: u64, limits: ZsetLimits) -> Self {
        Self { random: Random::new(seed), limits, zset: Zset::new(), model: Model::default() }
    }

    /// Numbers and words, so that listpacks keep some members as integers.
    fn member(&mut self) -> Vec<u8> {
        let n = self.random.below(300);
        match n % 3 {
            0 => format!("{}", n as i64 - 150).into_bytes(),
            1 => format!("member:{n}").into_bytes(),
            _ => format!("a member that is too long to be kept inline:{n}").into_bytes(),
        }
    }

    fn score(&mut self) -> f64 {
        match self.random.below(8) {
            0 => f64::INFINITY,
            1 => f64::NEG_INFINITY,
            2 => self.random.below(1000) as f64 / 7.0,
            3 => 1e300,
            _ => self.random.below(20) as f64 - 10.0,
        }
    }

    fn score_bound(&mut self) -> ScoreBound {
        let score = self.score();
        if self.random.below(2) == 0 { ScoreBound::Inclusive(score) } else { ScoreBound::Exclusive(score) }
    }

    fn ranks(&mut self) -> Range<usize> {
        let start = self.random.index(self.zset.len() + 2);
        start..start + self.random.index(6)
    }

    fn step(&mut self) {
        let (member, score) = (self.member(), self.score());
        match self.random.below(20) {
            0..=11 => {
                let old = self.zset.insert(&member, score, self.limits, &table_seed());
                assert_eq!(old, self.model.insert(&member, score));
            }
            12..=15 => assert_eq!(self.zset.remove(&member), self.model.remove(&member)),
            16 => {
                let popped = self.zset.pop_min().map(|(member, score)| Pair(score, member));
                assert_eq!(popped, self.model.order.first().cloned());
                popped.map(|pair| self.model.remove(&pair.1));
            }
            17 => {
                let popped = self.zset.pop_max().map(|(member, score)| Pair(score, member));
                assert_eq!(popped, self.model.order.last().cloned());
                popped.map(|pair| self.model.remove(&pair.1));
            }
            _ => {
                let ranks = self.ranks();
                for pair in self.model.pairs().into_iter().skip(ranks.start).take(ranks.len()) {
                    self.model.remove(&pair.1);
                }
                self.zset.remove_range(ranks);
            }
        }
    }

    fn check(&mut self) {
        let pairs = self.model.pairs();
        assert_eq!(self.zset.len(), pairs.len());
        assert_eq!(range_of(&self.zset, 0..usize::MAX), pairs);
        let backward: Vec<Pair> = self.zset.iter().rev().map(pair).collect();
        assert!(backward.iter().eq(pairs.iter().rev()));
        for (rank, Pair(score, member)) in pairs.iter().enumerate() {
            assert_eq!(self.zset.rank(member), Some((rank, *score)));
            assert_eq!(self.zset.select(rank).map(pair), Some(Pair(*score, member.clone())));
        }
        let ranks = self.ranks();
        let expected: Vec<Pair> = pairs.iter().skip(ranks.start).take(ranks.len()).cloned().collect();
        assert_eq!(range_of(&self.zset, ranks), expected);
        self.check_score_range(&pairs);
        let mut scanned = BTreeSet::new();
        let mut cursor = 0;
        loop {
            let (next, page) = self.zset.page(cursor, 7);
            page.for_each(|entry| assert!(scanned.insert(pair(entry))));
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(scanned, self.model.order);
    }

    fn check_score_range(&mut self, pairs: &[Pair]) {
        let range = ScoreRange { min: self.score_bound(), max: self.score_bound() };
        let inside = |score: f64| range.min.is_reached_by(score) && range.max.allows(score);
        let expected: Vec<Pair> = pairs.iter().filter(|pair| inside(pair.0)).cloned().collect();
        let ranks = self.zset.ranks_by_score(&range);
        assert_eq!(ranks.len(), expected.len(), "{range:?}");
        assert_eq!(range_of(&self.zset, ranks), expected, "{range:?}");
    }
}

#[test]
fn both_forms_behave_like_a_sorted_map() {
    for limits in [PACKED, TREE, ZsetLimits { max_listpack_entries: 40, max_listpack_value: 64 }] {
        for seed in 0..12 {
            let mut case = Case::new(seed, limits);
            for step in 0..1_500 {
                case.step();
                if step % 100 == 0 {
                    case.check();
                }
            }
            case.check();
        }
    }
}

#[test]
fn lexicographic_ranges_are_ranges_of_ranks() {
    for limits in [PACKED, TREE] {
        let mut zset = Zset::new();
        for member in ["", "a", "aa", "b", "10", "9", "c", "\u{ff}"] {
            zset.insert(member.as_bytes(), 0.0, limits, &table_seed());
        }
        let bounds = ["-", "+", "[", "(", "[a", "(a", "[aa", "(b", "[10", "(9", "[zz", "(\u{ff}"];
        for min in bounds {
            for max in bounds {
                let parse = |text: &'static str| LexBound::parse(text.as_bytes()).unwrap();
                let range = LexRange { min: parse(min), max: parse(max) };
                let inside = |member: Element<'_>| range.min.is_reached_by(member) && range.max.allows(member);
                let expected: Vec<Pair> = zset.iter().filter(|(member, _)| inside(*member)).map(pair).collect();
                assert_eq!(range_of(&zset, zset.ranks_by_lex(&range)), expected, "{min} {max}");
            }
        }
    }
}

#[test]
fn a_sorted_set_leaves_the_listpack_at_its_limits() {
    let limits = ZsetLimits { max_listpack_entries: 3, max_listpack_value: 5 };
    let mut zset = Zset::new();
    for (member, encoding) in [("a", "listpack"), ("b", "listpack"), ("12345", "listpack"), ("d", "skiplist")] {
        zset.insert(member.as_bytes(), 1.0, limits, &table_seed());
        assert_eq!(zset.encoding_name(), encoding);
    }
    let mut zset = Zset::new();
    zset.insert(b"123456", 1.0, limits, &table_seed());
    assert_eq!(zset.encoding_name(), "skiplist");
}

#[test]
fn a_tree_within_the_limits_can_be_packed() {
    let mut zset = Zset::new();
    for n in 0..5 {
        zset.insert(format!("member:{n}").as_bytes(), f64::from(n % 3), TREE, &table_seed());
    }
    let pairs = range_of(&zset, 0..5);
    for (max_listpack_entries, max_listpack_value, encoding) in
        [(4, 64, "skiplist"), (5, 7, "skiplist"), (5, 8, "listpack")]
    {
        zset.narrow(ZsetLimits { max_listpack_entries, max_listpack_value });
        assert_eq!(zset.encoding_name(), encoding);
        assert_eq!(range_of(&zset, 0..5), pairs);
    }
}

#[test]
fn only_a_tree_keeps_the_sign_of_a_zero() {
    for (limits, is_negative) in [(PACKED, false), (TREE, true)] {
        let mut zset = Zset::new();
        zset.insert(b"a", -0.0, limits, &table_seed());
        assert_eq!(zset.insert(b"a", 0.0, limits, &table_seed()), Some(0.0));
        assert_eq!(zset.score(b"a").unwrap().is_sign_negative(), is_negative);
    }
}

#[test]
fn score_bounds_are_read_as_redis_reads_them() {
    let cases = [
        ("5", Some(ScoreBound::Inclusive(5.0))),
        ("(5", Some(ScoreBound::Exclusive(5.0))),
        ("-inf", Some(ScoreBound::Inclusive(f64::NEG_INFINITY))),
        ("(+inf", Some(ScoreBound::Exclusive(f64::INFINITY))),
        ("(", Some(ScoreBound::Exclusive(0.0))),
        (" 1.5", Some(ScoreBound::Inclusive(1.5))),
        ("nan", None),
        ("((5", None),
        ("[5", None),
        ("5 ", None),
    ];
    for (text, expected) in cases {
        assert_eq!(ScoreBound::parse(text.as_bytes()), expected, "{text:?}");
    }
}

#[test]
fn a_large_sorted_set_takes_under_seventy_bytes_a_member() {
    let mut zset = Zset::new();
    let mut random = Random::new(3);
    let count = 100_000;
    for _ in 0..count {
        let member = format!("{:016x}", random.next_u64());
        zset.insert(member.as_bytes(), random.below(1 << 40) as f64, ZsetLimits::default(), &table_seed());
    }
    assert!(zset.heap_len() < count * 70, "{} bytes a member", zset.heap_len() / count);
}
