//! Programs that follow from a seed: mostly nonsense, which is what error messages are for.

use std::fmt::Write;

/// What every generated program can use: it shows a value with all that is in it, in the order of `pairs`.
pub const PRELUDE: &str = r#"
local function dump(value, depth)
  if type(value) ~= "table" then return tostring(value) end
  if (depth or 0) > 3 then return "..." end
  local parts, plain = {}, true
  for key, item in pairs(value) do
    plain = plain and type(key) ~= "table" and type(key) ~= "function"
    parts[#parts + 1] = tostring(key) .. "=" .. dump(item, (depth or 0) + 1)
  end
  return "{" .. (plain and table.concat(parts, ",") or #parts) .. "}"
end
local function show(...)
  local parts = {}
  for i = 1, select("\35", ...) do parts[i] = dump((select(i, ...))) end
  print(table.concat(parts, " | "))
end
"#;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "undefined", "t"];
const FIELDS: [&str; 4] = ["x", "y", "name", "missing"];
const LITERALS: [&str; 16] = [
    "nil", "true", "false", "0", "1", "2", "-3", "2.5", "1e15", "0x1F", "'text'", "\"10\"", "''", "'a b'", "100", "0.1",
];
const OPERATORS: [&str; 15] = ["+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", " and ", " or "];
const FUNCTIONS: [&str; 16] = [
    "type",
    "tonumber",
    "math.floor",
    "math.abs",
    "math.max",
    "string.len",
    "string.upper",
    "string.reverse",
    "select",
    "rawget",
    "string.byte",
    "table.concat",
    "string.sub",
    "unpack",
    "rawequal",
    "next",
];

/// Writes one program.
pub struct Generator {
    state: u64,
    text: String,
}

impl Generator {
    /// The program of a seed.
    pub fn program(seed: u64) -> String {
        let mut generator = Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, text: String::new() };
        generator.text.push_str("show(pcall(function()\nlocal a, b, c, d, t = 1, 'two', {1, 2, x = 3}, nil, {}\n");
        generator.block(3);
        generator.text.push_str("return a, b, c, d, t\nend))\n");
        generator.text
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % limit
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..1 + self.below(4) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        let kind = if depth == 0 { self.below(4) } else { self.below(12) };
        match kind {
            0 | 1 => self.line(|it| format!("{} = {}", it.pick(&NAMES), it.expression(3))),
            2 => self.line(|it| format!("t[{}] = {}", it.expression(1), it.expression(2))),
            3 => self.line(|it| format!("{}.{} = {}", it.pick(&NAMES), it.pick(&FIELDS), it.expression(2))),
            4 => self.line(|it| {
                format!("{}, {} = {}, {}", it.pick(&NAMES), it.target(), it.expression(2), it.expression(2))
            }),
            5 => self.nested(depth, |it| format!("if {} then", it.expression(2)), "end"),
            6 => self.nested(depth, |it| format!("for i = 1, {} do", it.below(5)), "end"),
            7 => self.nested(depth, |it| format!("for k, v in pairs({}) do", it.pick(&NAMES)), "end"),
            8 => self.nested(depth, |it| format!("local {} = {} do", it.pick(&NAMES), it.expression(2)), "end"),
            9 => self.nested(depth, |it| format!("{} = function(a, ...)", it.pick(&NAMES)), "end"),
            10 => self.nested(
                depth,
                |it| format!("show(pcall(function(a, ...) local b = {}", it.expression(2)),
                "end, t, 2, 3))",
            ),
            _ => self.nested(depth, |_| "repeat".to_owned(), "until true"),
        }
    }

    fn line(&mut self, write: impl FnOnce(&mut Self) -> String) {
        let line = write(self);
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn nested(&mut self, depth: usize, open: impl FnOnce(&mut Self) -> String, close: &str) {
        self.line(open);
        self.block(depth - 1);
        self.text.push_str(close);
        self.text.push('\n');
    }

    fn target(&mut self) -> String {
        match self.below(3) {
            0 => self.pick(&NAMES).to_owned(),
            1 => format!("{}.{}", self.pick(&NAMES), self.pick(&FIELDS)),
            _ => format!("{}[{}]", self.pick(&NAMES), self.expression(1)),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.below(2) == 0 { self.pick(&NAMES) } else { self.pick(&LITERALS) }.to_owned();
        }
        let deeper = depth - 1;
        match self.below(14) {
            0 | 1 => self.expression(0),
            2..=5 => {
                let (left, operator) = (self.expression(deeper), self.pick(&OPERATORS));
                format!("({left} {operator} {})", self.expression(deeper))
            }
            6 => format!("{} {}", self.pick(&["-", "not", "#"]), self.expression(deeper)),
            7 => self.target(),
            8 => format!("{}({}, {})", self.pick(&FUNCTIONS), self.expression(deeper), self.expression(0)),
            9 => format!("{}({})", self.pick(&NAMES), self.expression(deeper)),
            10 => format!("{}:{}({})", self.pick(&NAMES), self.pick(&FIELDS), self.expression(0)),
            11 => self.table(deeper),
            12 => format!(
                "(function(...) return select('#', ...), ... end)({}, {})",
                self.expression(0),
                self.expression(0)
            ),
            _ => format!("({}).{}", self.expression(deeper), self.pick(&FIELDS)),
        }
    }

    fn table(&mut self, depth: usize) -> String {
        let mut text = String::from("{");
        for _ in 0..self.below(6) {
            let value = self.expression(depth.min(1));
            let entry = match self.below(3) {
                0 => format!("{value}, "),
                1 => format!("{} = {value}, ", self.pick(&FIELDS)),
                _ => format!("[{}] = {value}, ", self.expression(0)),
            };
            // Writing to a string does not fail.
            let _ = text.write_str(&entry);
        }
        text + "}"
    }
}
