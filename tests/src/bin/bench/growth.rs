//! How the cost of a command grows with what a key holds: on the bare core, from a thousand to a million elements.
//!
//! What grows as a logarithm, or not at all, costs about the same at a million as at a thousand, but for caches that
//! no longer hold the data: so the last column says how often the cost of the smallest size the largest one costs.

use crate::report::{Table, median};
use crate::store::Store;
use std::time::Instant;

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How many requests are measured together, and how often.
const BATCH: u64 = 200;
const BATCHES: u64 = 15;

/// A command at work on a key of some size, which it leaves about as large as it was.
struct Case {
    name: &'static str,
    /// How its cost should grow, for the reader.
    expected: &'static str,
    /// Adds elements of these numbers.
    fill: fn(&mut Store, u64),
    /// One request, on a key of this size.
    act: fn(&mut Store, u64),
}

const CASES: &[Case] = &[
    Case {
        name: "ZADD",
        expected: "log n",
        fill: fill_zset,
        act: |store, size| {
            let (score, member) = (store.below(size * 2), store.below(size));
            store.ask(&["ZADD", "k", &score.to_string(), &member_of(member)]);
        },
    },
    Case {
        name: "ZRANK",
        expected: "log n",
        fill: fill_zset,
        act: |store, size| {
            let member = store.below(size);
            store.ask(&["ZRANK", "k", &member_of(member)]);
        },
    },
    Case {
        name: "ZRANGE by score, 10 of them",
        expected: "log n",
        fill: fill_zset,
        act: |store, size| {
            let score = store.below(size);
            store.ask(&["ZRANGE", "k", &score.to_string(), "+inf", "BYSCORE", "LIMIT", "0", "10"]);
        },
    },
    Case {
        name: "LRANGE of 10 at the head",
        expected: "1",
        fill: fill_list,
        act: |store, _| {
            store.ask(&["LRANGE", "k", "0", "9"]);
        },
    },
    Case {
        name: "LRANGE of 10 in the middle",
        expected: "nodes",
        fill: fill_list,
        act: |store, size| {
            let middle = size / 2;
            store.ask(&["LRANGE", "k", &middle.to_string(), &(middle + 9).to_string()]);
        },
    },
    Case {
        name: "LINSERT near the head",
        expected: "1",
        fill: fill_list,
        act: |store, _| {
            store.ask(&["LINSERT", "k", "BEFORE", &member_of(20), "new"]);
            store.ask(&["LREM", "k", "1", "new"]);
        },
    },
    Case {
        name: "HSET",
        expected: "1",
        fill: fill_hash,
        act: |store, size| {
            let field = store.below(size);
            store.ask(&["HSET", "k", &member_of(field), "other"]);
        },
    },
    Case {
        name: "SADD and SPOP",
        expected: "1",
        fill: fill_set,
        act: |store, size| {
            let member = store.below(size * 2);
            store.ask(&["SADD", "k", &member_of(member)]);
            store.ask(&["SPOP", "k"]);
        },
    },
    Case {
        name: "XADD",
        expected: "log n",
        fill: fill_stream,
        act: |store, _| {
            store.ask(&["XADD", "k", "*", "field", "value"]);
        },
    },
    Case {
        name: "XRANGE of 10",
        expected: "log n",
        fill: fill_stream,
        act: |store, size| {
            let id = store.below(size) + 1;
            store.ask(&["XRANGE", "k", &id.to_string(), "+", "COUNT", "10"]);
        },
    },
    Case {
        name: "XDEL and XADD",
        expected: "log n",
        fill: fill_stream,
        act: |store, size| {
            let id = store.below(size) + 1;
            store.ask(&["XDEL", "k", &format!("{id}-0")]);
            store.ask(&["XADD", "k", "*", "field", "value"]);
        },
    },
    Case { name: "SCAN of 10 keys", expected: "1", fill: fill_keys, act: |store, _| store.scan() },
];

/// Microseconds for a request at each size.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let sizes = SIZES.iter().map(|size| format!("n = {size}"));
    let title = "Growth of the cost of a command with n elements in its key (SCAN: n keys), on the bare core, \
                 microseconds";
    let columns = ["command", "should grow as"].map(str::to_owned).into_iter().chain(sizes).chain(["ratio".to_owned()]);
    let mut table = Table { title: title.to_owned(), columns: columns.collect(), rows: Vec::new() };
    for case in CASES {
        let costs: Vec<f64> = SIZES.iter().map(|size| cost_us(case, *size)).collect();
        let ratio = costs.last().zip(costs.first()).map_or(f64::NAN, |(last, first)| last / first);
        let mut row = vec![case.name.to_owned(), case.expected.to_owned()];
        row.extend(costs.iter().map(|cost| format!("{cost:.2}")));
        row.push(format!("{ratio:.1}"));
        table.rows.push(row);
    }
    Ok(vec![table])
}

fn cost_us(case: &Case, size: u64) -> f64 {
    let mut store = Store::new();
    (0..size).for_each(|n| (case.fill)(&mut store, n));
    let batches = (0..BATCHES).map(|_| {
        let start = Instant::now();
        (0..BATCH).for_each(|_| (case.act)(&mut store, size));
        start.elapsed().as_secs_f64() * 1e6 / BATCH as f64
    });
    median(batches.collect())
}

/// Members of different text and of one length, so that neither numbers nor lengths matter.
fn member_of(n: u64) -> String {
    format!("member:{n:010}")
}

fn fill_zset(store: &mut Store, n: u64) {
    store.ask(&["ZADD", "k", &n.to_string(), &member_of(n)]);
}

fn fill_list(store: &mut Store, n: u64) {
    store.ask(&["RPUSH", "k", &member_of(n)]);
}

fn fill_hash(store: &mut Store, n: u64) {
    store.ask(&["HSET", "k", &member_of(n), "value"]);
}

fn fill_set(store: &mut Store, n: u64) {
    store.ask(&["SADD", "k", &member_of(n)]);
}

fn fill_stream(store: &mut Store, n: u64) {
    store.ask(&["XADD", "k", &format!("{}-0", n + 1), "field", "value"]);
}

fn fill_keys(store: &mut Store, n: u64) {
    store.ask(&["SET", &member_of(n), "value"]);
}
