//! redis-benchmark against both servers, in turns.
//!
//! Besides requests a second there is the processor time of the server per request: where redis-benchmark itself, which
//! has one thread, is what is slow, both servers answer equally many requests and differ in what they need for them.

use crate::benchmark::{self, CLIENTS};
use crate::figures::{self, Figures};
use crate::process::processor_seconds;
use crate::report::Table;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;

/// How often each server is measured.
const ROUNDS: usize = 3;
/// Requests of one measurement without pipelining.
const REQUESTS: usize = 40_000;
/// Requests of one measurement with pipelining, which are faster.
const PIPELINED_REQUESTS: usize = 300_000;

/// Something to be measured.
#[derive(Clone, Copy, Debug)]
struct Workload {
    name: &'static str,
    /// What redis-benchmark runs: `-t test`, or the words of a command.
    run: &'static [&'static str],
    /// What it runs beforehand, so that there is something to work on.
    prepare: &'static [&'static str],
}

impl Workload {
    const fn test(name: &'static str, run: &'static [&'static str]) -> Self {
        Self { name, run, prepare: &[] }
    }

    const fn after(self, prepare: &'static [&'static str]) -> Self {
        Self { prepare, ..self }
    }
}

/// Measured without pipelining.
const SINGLE: &[&str] = &["SET", "GET", "INCR", "LPUSH", "HSET", "ZADD"];

/// Measured with `-P 16`: what `redis-benchmark -t` knows, and some more.
const WORKLOADS: &[Workload] = &[
    Workload::test("PING inline", &["-t", "ping_inline"]),
    Workload::test("PING", &["-t", "ping_mbulk"]),
    Workload::test("SET", &["-t", "set"]),
    Workload::test("GET", &["-t", "get"]).after(&["-t", "set"]),
    Workload::test("INCR", &["-t", "incr"]),
    Workload::test("LPUSH", &["-t", "lpush"]),
    Workload::test("RPUSH", &["-t", "rpush"]),
    Workload::test("LPOP", &["-t", "lpop"]).after(&["-t", "lpush"]),
    Workload::test("RPOP", &["-t", "rpop"]).after(&["-t", "lpush"]),
    Workload::test("SADD", &["-t", "sadd"]),
    Workload::test("HSET", &["-t", "hset"]),
    Workload::test("SPOP", &["-t", "spop"]).after(&["-t", "sadd"]),
    Workload::test("ZADD", &["-t", "zadd"]),
    Workload::test("ZPOPMIN", &["-t", "zpopmin"]).after(&["-t", "zadd"]),
    Workload::test("ZRANGE of 10", &["ZRANGE", "myzset", "100", "109"]).after(&["-t", "zadd"]),
    Workload::test("LRANGE of 100", &["LRANGE", "mylist", "0", "99"]).after(&["-t", "lpush"]),
    Workload::test("LRANGE of 600", &["LRANGE", "mylist", "0", "599"]).after(&["-t", "lpush"]),
    Workload::test("MSET of 10", &["-t", "mset"]),
    Workload::test("XADD", &["XADD", "mystream", "*", "field", "value:__rand_int__"]),
    Workload::test("BITCOUNT of 64 KiB", &["BITCOUNT", "bits"]).after(&["SETBIT", "bits", "524287", "1"]),
    Workload::test("PFADD", &["PFADD", "hll", "element:__rand_int__"]),
];

/// Requests a second and processor time of both servers.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let redis = Server::redis(&[])?;
    let redstart = Server::gateway(folder.path(), &["--durability", "memory"])?;
    let single = WORKLOADS.iter().filter(|workload| SINGLE.contains(&workload.name)).map(|workload| (workload, 1));
    let all = single.chain(WORKLOADS.iter().map(|workload| (workload, 16)));
    Ok(vec![measure_all(&redis, &redstart, all)?])
}

/// The same of a script with one call.
pub(crate) fn measure_eval(redis: &Server, redstart: &Server) -> anyhow::Result<Table> {
    const EVAL: Workload = Workload::test("EVAL of INCR", &["EVAL", "return redis.call('incr',KEYS[1])", "1", "n"]);
    measure_all(redis, redstart, [(&EVAL, 16)].into_iter())
}

fn measure_all<'w>(
    redis: &Server,
    redstart: &Server,
    workloads: impl Iterator<Item = (&'w Workload, usize)>,
) -> anyhow::Result<Table> {
    let mut table = Table {
        title: format!(
            "redis-benchmark, {CLIENTS} connections (medians of {ROUNDS}): requests a second, and microseconds of the \
             server's processor time per request"
        ),
        columns: ["test", "pipeline", "redis-server", "Redstart", "ratio", "redis-server us", "Redstart us", "ratio"]
            .map(str::to_owned)
            .into(),
        rows: Vec::new(),
    };
    for (workload, pipeline) in workloads {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(measure_once(redis, workload, pipeline)?);
            ours.push(measure_once(redstart, workload, pipeline)?);
        }
        table.rows.push(row(workload, pipeline, &theirs, &ours));
    }
    Ok(table)
}

fn row(workload: &Workload, pipeline: usize, theirs: &[Figures], ours: &[Figures]) -> Vec<String> {
    [vec![workload.name.to_owned(), pipeline.to_string()], figures::compared(theirs, ours)].concat()
}

/// Empties the server, prepares it, and measures.
fn measure_once(server: &Server, workload: &Workload, pipeline: usize) -> anyhow::Result<Figures> {
    let requests = if pipeline > 1 { PIPELINED_REQUESTS } else { REQUESTS };
    Connection::open(server.address)?.ask(&[b"FLUSHALL"])?;
    if !workload.prepare.is_empty() {
        benchmark::run(server, workload.prepare, requests, 16)?;
    }
    let before = processor_seconds(server.pid())?;
    let per_second = benchmark::run(server, workload.run, requests, pipeline)?.per_second;
    let processor = processor_seconds(server.pid())? - before;
    Ok(Figures { per_second, processor_us: processor * 1e6 / requests as f64 })
}
