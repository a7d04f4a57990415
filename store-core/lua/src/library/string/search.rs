//! The functions that search: `find`, `match`, `gmatch`, `gsub`.

use super::absolute;
use super::pattern::{Capture, Extent, Matcher, Trouble};
use crate::fault::Fault;
use crate::library::give;
use crate::value::{Str, Value};
use crate::vm::{Args, Host, Vm};
use alloc::format;
use alloc::vec::Vec;
use memchr::memchr;

/// A place where a pattern matched.
struct Match {
    start: usize,
    end: usize,
    captures: Vec<Capture>,
}

/// What is done with the captures of a match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// They stand for themselves.
    Never,
    /// A pattern without captures gives the whole match.
    IfNoCaptures,
}

impl Vm {
    /// Looks for a pattern from a position on; only there, if it is anchored.
    fn search(&mut self, source: Str, pattern: Str, start: usize, is_anchored: bool) -> Result<Option<Match>, Fault> {
        let skip = usize::from(is_anchored);
        let mut matcher =
            Matcher::new(self.heap.bytes(source), &self.heap.bytes(pattern)[skip..], self.heap.meter.left());
        let last = if is_anchored { start } else { self.heap.bytes(source).len() };
        let mut found = Ok(None);
        for start in start..=last {
            found = matcher.match_at(start).map(|end| end.map(|end| (start, end)));
            if !matches!(found, Ok(None)) {
                break;
            }
        }
        let (steps, captures) = (matcher.steps, matcher.captures);
        self.heap.meter.charge(steps)?;
        match found {
            Ok(found) => Ok(found.map(|(start, end)| Match { start, end, captures })),
            Err(Trouble::Budget) => Err(Fault::Budget),
            Err(Trouble::Malformed(text)) => Err(self.error(text)),
        }
    }

    /// Copies a string, which may change hands while a function of the script runs, for work on each of its bytes.
    pub(in crate::library) fn copy_bytes(&mut self, string: Str) -> Result<Vec<u8>, Fault> {
        let len = self.heap.bytes(string).len();
        self.heap.meter.charge(len as u64 / 4)?;
        self.heap.meter.check(len)?;
        Ok(self.heap.bytes(string).to_vec())
    }

    /// The value of a capture.
    fn captured(&mut self, source: Str, found: &Match, index: usize) -> Result<Value, Fault> {
        let (start, length) = match found.captures.get(index) {
            None if index == 0 => (found.start, found.end - found.start),
            None => return Err(self.error("invalid capture index")),
            Some(Capture { start, extent: Extent::Length(length) }) => (*start, *length),
            Some(Capture { start, extent: Extent::Position }) => return Ok(Value::Number((start + 1) as f64)),
            Some(Capture { extent: Extent::Open, .. }) => return Err(self.error("unfinished capture")),
        };
        self.part(source, start, length)
    }

    fn part(&mut self, source: Str, start: usize, length: usize) -> Result<Value, Fault> {
        let part = self.heap.bytes(source)[start..start + length].to_vec();
        self.charge_bytes(length)?;
        self.heap.string_of(part).map(Value::String)
    }

    /// Pushes the captures; how many.
    fn push_captures(&mut self, source: Str, found: &Match, whole: Whole) -> Result<usize, Fault> {
        let count = match found.captures.len() {
            0 if whole == Whole::IfNoCaptures => 1,
            count => count,
        };
        for index in 0..count {
            let value = self.captured(source, found, index)?;
            self.push(value);
        }
        Ok(count)
    }
}

pub(super) fn find(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    find_or_match(vm, args, true)
}

pub(super) fn match_pattern(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    find_or_match(vm, args, false)
}

fn find_or_match(vm: &mut Vm, args: Args, is_find: bool) -> Result<usize, Fault> {
    let source = vm.check_string(args, 0)?;
    let pattern = vm.check_string(args, 1)?;
    let length = vm.bytes(source).len();
    let start = absolute(vm.integer_or(args, 2, 1)?, length).max(1) as usize - 1;
    let start = start.min(length);
    vm.charge_bytes(vm.bytes(pattern).len())?;
    if is_find && (vm.value(args, 3).is_truthy() || is_plain(vm.bytes(pattern))) {
        return find_plain(vm, source, pattern, start);
    }
    let is_anchored = vm.bytes(pattern).first() == Some(&b'^');
    let Some(found) = vm.search(source, pattern, start, is_anchored)? else { return give(vm, Value::Nil) };
    if !is_find {
        return vm.push_captures(source, &found, Whole::IfNoCaptures);
    }
    vm.push(Value::Number((found.start + 1) as f64));
    vm.push(Value::Number(found.end as f64));
    Ok(vm.push_captures(source, &found, Whole::Never)? + 2)
}

/// Whether a pattern is a text without special characters.
fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

fn find_plain(vm: &mut Vm, source: Str, pattern: Str, start: usize) -> Result<usize, Fault> {
    let length = vm.bytes(pattern).len();
    vm.charge_bytes(vm.bytes(source).len() - start + length)?;
    let mut at = start;
    while let Some((place, equal)) = next_candidate(vm.bytes(source), vm.bytes(pattern), at) {
        if equal == length {
            vm.push(Value::Number((place + 1) as f64));
            vm.push(Value::Number((place + length) as f64));
            return Ok(2);
        }
        // Bytes are compared again from each candidate on, so texts that nearly match everywhere cost more.
        vm.charge_bytes(equal)?;
        at = place + 1;
    }
    give(vm, Value::Nil)
}

/// The next place from `at` on where the pattern's first byte stands, and how many bytes are equal from there on.
fn next_candidate(source: &[u8], pattern: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = source.get(at..)?;
    let skipped = pattern.first().map_or(Some(0), |first| memchr(*first, rest))?;
    let equal = rest[skipped..].iter().zip(pattern).take_while(|(one, other)| one == other).count();
    Some((at + skipped, equal))
}

pub(super) fn global_match(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let source = vm.check_string(args, 0)?;
    let pattern = vm.check_string(args, 1)?;
    let iterator = vm.native(next_match, &[source.into(), pattern.into(), Value::Number(0.0)])?;
    give(vm, iterator)
}

/// The iterator of `gmatch`: it remembers where the last match ended.
fn next_match(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let (Value::String(source), Value::String(pattern), Value::Number(position)) =
        (vm.native_upvalue(args, 0), vm.native_upvalue(args, 1), vm.native_upvalue(args, 2))
    else {
        return Ok(0);
    };
    if position as usize > vm.bytes(source).len() {
        return Ok(0);
    }
    let Some(found) = vm.search(source, pattern, position as usize, false)? else { return Ok(0) };
    let next = if found.end == found.start { found.end + 1 } else { found.end };
    vm.set_native_upvalue(args, 2, Value::Number(next as f64));
    vm.push_captures(source, &found, Whole::IfNoCaptures)
}

pub(super) fn global_substitute(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let source = vm.check_string(args, 0)?;
    let pattern = vm.check_string(args, 1)?;
    let replacement = match vm.value(args, 2) {
        value @ (Value::Table(_) | Value::Function(_)) => value,
        number @ Value::Number(_) => vm.text_of(number)?.map_or(Value::Nil, Value::String),
        text @ Value::String(_) => text,
        _ => return Err(vm.argument_error(2, "string/function/table expected")),
    };
    let length = vm.bytes(source).len();
    let count_max = i64::from(vm.integer_or(args, 3, length as i64 + 1)? as i32);
    // The strings may be copies of numbers, which only the stack keeps.
    vm.push(source.into());
    vm.push(pattern.into());
    vm.push(replacement);
    let is_anchored = vm.bytes(pattern).first() == Some(&b'^');
    let scratch = vm.heap.meter.scratch();
    let mut result = Vec::new();
    let (mut position, mut count) = (0, 0);
    while count < count_max {
        // The position stays behind the last match, so a match is tried at one place only.
        let found = vm.match_once(source, pattern, position, is_anchored)?;
        if let Some(found) = &found {
            count += 1;
            let before = result.len();
            substitute(vm, host, (source, replacement), found, &mut result)?;
            vm.heap.meter.reserve_scratch(result.len() - before)?;
        }
        match found {
            Some(found) if found.end > position => position = found.end,
            _ if position < length => {
                result.push(vm.bytes(source)[position]);
                vm.heap.meter.reserve_scratch(1)?;
                position += 1;
            }
            _ => break,
        }
        if is_anchored {
            break;
        }
    }
    let rest = position.min(length);
    vm.heap.meter.reserve_scratch(length - rest)?;
    result.extend_from_slice(&vm.heap.bytes(source)[rest..]);
    vm.heap.meter.restore_scratch(scratch);
    vm.charge_bytes(result.len())?;
    let result = vm.heap.string_of(result)?;
    vm.push(result.into());
    vm.push(Value::Number(count as f64));
    Ok(2)
}

impl Vm {
    fn match_once(
        &mut self,
        source: Str,
        pattern: Str,
        start: usize,
        is_anchored: bool,
    ) -> Result<Option<Match>, Fault> {
        let skip = usize::from(is_anchored);
        let mut matcher =
            Matcher::new(self.heap.bytes(source), &self.heap.bytes(pattern)[skip..], self.heap.meter.left());
        let found = matcher.match_at(start);
        let (steps, captures) = (matcher.steps, matcher.captures);
        self.heap.meter.charge(steps)?;
        match found {
            Ok(end) => Ok(end.map(|end| Match { start, end, captures })),
            Err(Trouble::Budget) => Err(Fault::Budget),
            Err(Trouble::Malformed(text)) => Err(self.error(text)),
        }
    }
}

/// Appends what stands for a match.
fn substitute(
    vm: &mut Vm,
    host: &mut dyn Host,
    (source, replacement): (Str, Value),
    found: &Match,
    result: &mut Vec<u8>,
) -> Result<(), Fault> {
    let value = match replacement {
        Value::String(template) => return fill_template(vm, source, template, found, result),
        Value::Table(_) => {
            let key = vm.captured(source, found, 0)?;
            vm.index(host, replacement, key)?
        }
        _ => {
            let slot = vm.top;
            vm.push(replacement);
            vm.push_captures(source, found, Whole::IfNoCaptures)?;
            vm.call_at(host, slot)?;
            let value = if vm.top > slot { vm.stack[slot] } else { Value::Nil };
            vm.top = slot;
            value
        }
    };
    match value {
        Value::Nil | Value::Boolean(false) => {
            result.extend_from_slice(&vm.heap.bytes(source)[found.start..found.end]);
        }
        Value::String(_) | Value::Number(_) => vm.append_text(result, value),
        other => return Err(vm.error(format!("invalid replacement value (a {})", other.type_name()))),
    }
    Ok(())
}

/// `%0` to `%9` in a template stand for captures.
fn fill_template(vm: &mut Vm, source: Str, template: Str, found: &Match, result: &mut Vec<u8>) -> Result<(), Fault> {
    let template = vm.copy_bytes(template)?;
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            result.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'0') => result.extend_from_slice(&vm.heap.bytes(source)[found.start..found.end]),
            Some(digit @ b'1'..=b'9') => {
                let value = vm.captured(source, found, usize::from(digit - b'1'))?;
                vm.append_text(result, value);
            }
            Some(other) => result.push(*other),
            None => result.push(0),
        }
    }
    Ok(())
}
