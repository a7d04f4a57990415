//! Scripts: the same ones in redis-server, in the gateway and in WebAssembly, in turns, and what it costs to start one.

use crate::report::{Table, median};
use crate::resp;
use anyhow::{Context, ensure};
use redstart_core::{Config, Engine, Millis, Protocol, ReplyBuffer, Request, SessionOptions, sha1};
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::{Connection, WasmTarget};
use std::time::Instant;

/// How often each script is run.
const ROUNDS: usize = 5;
/// How often the cached script is started.
const STARTS: u32 = 200_000;

const SCRIPTS: [(&str, &str); 4] = [
    ("fib(27)", "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(27)"),
    ("10 million additions", "local sum = 0 for i = 1, 1e7 do sum = sum + i end return sum"),
    (
        "tables",
        "local n = 0 for round = 1, 40 do local t = {} for i = 1, 20000 do t[#t + 1] = {x = i} end
         for i, v in ipairs(t) do n = n + v.x end local h = {} for i = 1, 2000 do h['k' .. i] = i end
         for k, v in pairs(h) do n = n + v end table.sort(t, function(a, b) return a.x > b.x end) end return n",
    ),
    (
        "strings",
        "local n = 0 for round = 1, 20 do local parts = {} for i = 1, 20000 do parts[#parts + 1] = 'item' .. i .. ',' end
         local s = table.concat(parts) n = n + #s for word in s:gmatch('%d+') do n = n + #word end
         n = n + #s:gsub('item', 'x'):upper() end return n",
    ),
];

/// Milliseconds of each script, and microseconds of a start.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let redis = Server::redis(&[])?;
    let redstart = Server::gateway(folder.path(), &["--durability", "memory"])?;
    let (mut theirs, mut ours) = (Connection::open(redis.address)?, Connection::open(redstart.address)?);
    // Without the module there is no such column to fill.
    let mut there = WasmTarget::new(Protocol::Resp2, 1).ok();
    let mut rows = Vec::new();
    for (name, script) in SCRIPTS {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        let words: [&[u8]; 3] = [b"EVAL", script.as_bytes(), b"0"];
        for _ in 0..ROUNDS {
            let (time, expected) = timed(|| theirs.ask(&words))?;
            times[0].push(time);
            let (time, actual) = timed(|| ours.ask(&words))?;
            times[1].push(time);
            ensure!(actual == expected, "{name}: {actual} is not {expected}");
            if let Some(there) = &mut there {
                times[2].push(timed(|| there.execute("", &words))?.0);
            }
        }
        rows.push(row(name, times));
    }
    let columns = ["script", "redis-server", "Redstart", "ratio", "in WebAssembly", "ratio"];
    let scripts = Table {
        title: format!("Scripts, milliseconds (medians of {ROUNDS})"),
        columns: columns.map(str::to_owned).into(),
        rows,
    };
    Ok(vec![scripts, resp::measure_eval(&redis, &redstart)?, start()?])
}

fn row(name: &str, times: [Vec<f64>; 3]) -> Vec<String> {
    let [redis, redstart, wasm] = times.map(|times| if times.is_empty() { f64::NAN } else { median(times) });
    let (ratio, wasm_ratio) = (redstart / redis, wasm / redis);
    [redis, redstart, ratio, wasm, wasm_ratio].iter().fold(vec![name.to_owned()], |mut cells, figure| {
        cells.push(if figure.is_nan() { "-".to_owned() } else { format!("{figure:.2}") });
        cells
    })
}

/// How many milliseconds something took, and what it gave.
fn timed<T>(act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(f64, T)> {
    let begun = Instant::now();
    let value = act()?;
    Ok((begun.elapsed().as_secs_f64() * 1e3, value))
}

/// A cached script with one call, on the bare core.
fn start() -> anyhow::Result<Table> {
    const SCRIPT: &[u8] = b"return redis.call('incr', KEYS[1])";
    let mut engine = Engine::new(Config { record_effects: false, ..Config::default() }, 1);
    let session = engine.open(Millis(1), SessionOptions::default());
    let mut reply = ReplyBuffer::default();
    let mut ask = |words: &[&[u8]]| {
        reply.clear();
        engine.execute(Millis(1), session, &Request::new(words), &mut reply);
        reply.as_bytes().first().copied()
    };
    ask(&[b"SCRIPT", b"LOAD", SCRIPT]).context("no answer")?;
    let hash = sha1::hex(&sha1::sha1(SCRIPT));
    let begun = Instant::now();
    for _ in 0..STARTS {
        ensure!(ask(&[b"EVALSHA", hash.as_bytes(), b"1", b"k"]) == Some(b':'), "the script fails");
    }
    let micros = begun.elapsed().as_secs_f64() * 1e6 / f64::from(STARTS);
    Ok(Table {
        title: "A cached script with one call, on the bare core".into(),
        columns: vec!["microseconds".into()],
        rows: vec![vec![format!("{micros:.2}")]],
    })
}
