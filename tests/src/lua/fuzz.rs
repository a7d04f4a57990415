//! Entry points for fuzzing: each makes its input from a seed and runs it with a small budget. What has to hold is
//! asserted here; a panic anywhere below is a failure, too, and names the seed.

use super::generate::Generator;
use redstart_core::random::Random;
use redstart_lua::{Failure, Limits, NoHost, Vm};

/// Instructions of a run.
const BUDGET: u64 = 200_000;
/// Bytes of a machine.
const BYTES: usize = 8 << 20;

/// Pieces of texts, some of which break rules of the language.
const PIECES: [&str; 64] = [
    "local ",
    "function ",
    "function(...)",
    "end ",
    "if ",
    "then ",
    "elseif ",
    "else ",
    "while ",
    "do ",
    "for ",
    "in ",
    "repeat ",
    "until ",
    "return ",
    "break ",
    "and ",
    "or ",
    "not ",
    "nil ",
    "true ",
    "false ",
    "...",
    "..",
    ".",
    ":",
    ";",
    ",",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "[==[",
    "]==]",
    "--",
    "--[[",
    "=",
    "==",
    "~=",
    "<=",
    "%",
    "^",
    "#",
    "+",
    "-",
    "*",
    "/",
    "'",
    "\"",
    "\\",
    "\n",
    "a",
    "b",
    "x1",
    "0x",
    "1e",
    "3.",
    "0xffffffffff",
    "\\255",
    "\u{0}",
];

/// Functions of the library.
const FUNCTIONS: [&str; 70] = [
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "loadstring",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
    "string.byte",
    "string.char",
    "string.find",
    "string.format",
    "string.gmatch",
    "string.gsub",
    "string.len",
    "string.lower",
    "string.match",
    "string.rep",
    "string.reverse",
    "string.sub",
    "string.upper",
    "table.concat",
    "table.insert",
    "table.maxn",
    "table.remove",
    "table.sort",
    "math.abs",
    "math.floor",
    "math.fmod",
    "math.frexp",
    "math.ldexp",
    "math.max",
    "math.min",
    "math.modf",
    "math.pow",
    "math.random",
    "math.randomseed",
    "struct.pack",
    "struct.unpack",
    "struct.size",
    "cjson.encode",
    "cjson.decode",
    "cjson.encode_sparse_array",
    "cmsgpack.pack",
    "cmsgpack.unpack",
    "cmsgpack.unpack_one",
    "cmsgpack.unpack_limit",
    "bit.band",
    "bit.bor",
    "bit.lshift",
    "bit.rshift",
    "bit.rol",
    "bit.tohex",
    "bit.tobit",
    "coroutine.create",
    "coroutine.resume",
    "coroutine.wrap",
    "coroutine.yield",
    "os.clock",
    "setfenv",
];

/// Values for them.
const VALUES: [&str; 40] = [
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2.5",
    "-2^31",
    "2^31",
    "2^53",
    "2^63",
    "-2^63",
    "1e308",
    "1/0",
    "-1/0",
    "0/0",
    "''",
    "'a'",
    "'%'",
    "'%d %s %5.99f %q'",
    "'%b()%f[%a](.-)'",
    "'[a-'",
    "'(((((('",
    "('x'):rep(1000)",
    "'\\0\\255'",
    "'[1,{\"a\":null}]'",
    "'[[[[[['",
    "'\\220\\255\\255'",
    "'\\221\\255\\255\\255\\255'",
    "'>!8i4c0s'",
    "'i99'",
    "t",
    "t2",
    "{}",
    "{1, 2, nil, 4}",
    "{a = {b = {}}}",
    "function(...) return ... end",
    "function() error({}) end",
    "print",
    "co",
];

/// Compiles a text that is made of pieces, of a program, or of bytes; runs it if it compiles.
///
/// # Panics
/// When something does not hold.
pub fn compile(seed: u64) {
    let mut random = Random::new(seed);
    let mut text = match seed % 3 {
        0 => Generator::program(seed).into_bytes(),
        1 => (0..below(&mut random, 400)).flat_map(|_| pick(&mut random, &PIECES).bytes()).collect(),
        _ => pick(&mut random, &PIECES).repeat(1 + below(&mut random, 20_000)).into_bytes(),
    };
    for _ in 0..below(&mut random, 6) {
        if let Some(at) = below(&mut random, text.len() + 1).checked_sub(1) {
            match below(&mut random, 3) {
                0 => text[at] = random.next_u64() as u8,
                1 => text.truncate(at),
                _ => text.splice(at..at, pick(&mut random, &PIECES).bytes()).for_each(drop),
            }
        }
    }
    run(seed, &text);
}

/// Calls functions of the library with values that most of them do not expect.
///
/// # Panics
/// When something does not hold.
pub fn use_library(seed: u64) {
    let mut random = Random::new(seed);
    let mut text =
        String::from("local t, t2 = {3, 1, 2, x = 'y'}, setmetatable({}, {__index = function(t, k) return k end})\n");
    text.push_str("local co, r = coroutine.create(function(...) coroutine.yield(...) end)\n");
    for _ in 0..1 + below(&mut random, 20) {
        let function = pick(&mut random, &FUNCTIONS);
        let values: Vec<_> = (0..below(&mut random, 5)).map(|_| argument(&mut random)).collect();
        text.push_str(&format!(
            "r = {{pcall({})}} t.last = r[2]\n",
            [&[function.to_owned()], &values[..]].concat().join(", ")
        ));
    }
    run(seed, text.as_bytes());
}

fn argument(random: &mut Random) -> String {
    match below(random, 4) {
        0 => "t.last".to_owned(),
        _ => pick(random, &VALUES).to_owned(),
    }
}

fn run(seed: u64, text: &[u8]) {
    let mut vm = Vm::new(Limits { bytes: BYTES }).unwrap_or_else(|fault| unreachable!("the library fits: {fault:?}"));
    vm.set_budget(BUDGET);
    let result = vm.load(text, b"fuzz").and_then(|function| vm.call(&mut NoHost, function, &[]));
    assert!(vm.used_bytes() <= BYTES, "seed {seed}: {} bytes", vm.used_bytes());
    assert!(!matches!(result, Err(Failure::Stopped | Failure::Paused)), "seed {seed}");
    // The machine is of use afterwards, whatever has happened in it.
    vm.set_budget(BUDGET);
    let again = vm.load(b"return 1 + 1", b"fuzz").and_then(|function| vm.call(&mut NoHost, function, &[]));
    assert!(again.is_ok(), "seed {seed}: {again:?}");
}

fn below(random: &mut Random, limit: usize) -> usize {
    (random.next_u64() % limit as u64) as usize
}

fn pick<'t>(random: &mut Random, texts: &[&'t str]) -> &'t str {
    texts[below(random, texts.len())]
}
