//! What can be set: how numbers, deep and sparse tables are treated.

use super::settings_of;
use crate::fault::Fault;
use crate::library::give;
use crate::value::Value;
use crate::vm::{Args, Host, Vm};
use alloc::format;

/// What happens to NaN and infinities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidNumbers {
    Refused,
    Written,
    Null,
}

/// The settings of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(super) converts_sparse: bool,
    pub(super) sparse_ratio: i32,
    pub(super) sparse_safe: i32,
    pub(super) encode_depth: i32,
    pub(super) decode_depth: i32,
    pub(super) encode_invalid: InvalidNumbers,
    pub(super) decodes_invalid: bool,
    keeps_buffer: bool,
    pub(super) precision: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            converts_sparse: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: 1000,
            decode_depth: 1000,
            encode_invalid: InvalidNumbers::Refused,
            decodes_invalid: true,
            keeps_buffer: true,
            precision: 14,
        }
    }
}

/// The deepest that the settings may allow: each level takes a piece of the host's stack.
const DEPTH_MAX: i32 = 2_000;

fn check_count(vm: &mut Vm, args: Args, count: usize) -> Result<(), Fault> {
    if args.count <= count { Ok(()) } else { Err(vm.argument_error(count, "found too many arguments")) }
}

/// An integer argument in a range; none if it is nil.
fn integer(vm: &mut Vm, args: Args, index: usize, low: i32, high: i32) -> Result<Option<i32>, Fault> {
    if vm.value(args, index).is_nil() {
        return Ok(None);
    }
    let value = vm.check_integer(args, index)?;
    match i32::try_from(value).ok().filter(|value| (low..=high).contains(value)) {
        Some(value) => Ok(Some(value)),
        None => Err(vm.argument_error(0, &format!("expected integer between {low} and {high}"))),
    }
}

/// One of the words, or a boolean for the first two; none if it is nil.
fn word(vm: &mut Vm, args: Args, index: usize, words: &[&str]) -> Result<Option<usize>, Fault> {
    match vm.value(args, index) {
        Value::Nil => Ok(None),
        Value::Boolean(value) => Ok(Some(usize::from(value))),
        _ => {
            let text = vm.check_string(args, index)?;
            let text = vm.bytes(text).to_vec();
            match words.iter().position(|word| word.as_bytes() == text) {
                Some(position) => Ok(Some(position)),
                None => {
                    let shown = alloc::string::String::from_utf8_lossy(&text).into_owned();
                    Err(vm.argument_error(index, &format!("invalid option '{shown}'")))
                }
            }
        }
    }
}

pub(super) fn encode_sparse_array(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    check_count(vm, args, 3)?;
    let converts = word(vm, args, 0, &["off", "on"])?;
    let ratio = integer(vm, args, 1, 0, i32::MAX)?;
    let safe = integer(vm, args, 2, 0, i32::MAX)?;
    let settings = settings_of(vm, args);
    settings.converts_sparse = converts.map_or(settings.converts_sparse, |converts| converts == 1);
    settings.sparse_ratio = ratio.unwrap_or(settings.sparse_ratio);
    settings.sparse_safe = safe.unwrap_or(settings.sparse_safe);
    let settings = *settings;
    vm.push(Value::Boolean(settings.converts_sparse));
    vm.push(Value::Number(f64::from(settings.sparse_ratio)));
    vm.push(Value::Number(f64::from(settings.sparse_safe)));
    Ok(3)
}

pub(super) fn encode_max_depth(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    set_integer(vm, args, (1, i32::MAX), |settings| &mut settings.encode_depth)
}

pub(super) fn decode_max_depth(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    set_integer(vm, args, (1, i32::MAX), |settings| &mut settings.decode_depth)
}

pub(super) fn encode_number_precision(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    set_integer(vm, args, (1, 14), |settings| &mut settings.precision)
}

fn set_integer(
    vm: &mut Vm,
    args: Args,
    (low, high): (i32, i32),
    field: fn(&mut Settings) -> &mut i32,
) -> Result<usize, Fault> {
    check_count(vm, args, 1)?;
    let value = integer(vm, args, 0, low, high)?;
    let place = field(settings_of(vm, args));
    *place = value.unwrap_or(*place);
    let value = f64::from(*place);
    give(vm, value)
}

pub(super) fn encode_keep_buffer(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    set_boolean(vm, args, |settings| &mut settings.keeps_buffer)
}

pub(super) fn decode_invalid_numbers(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    set_boolean(vm, args, |settings| &mut settings.decodes_invalid)
}

fn set_boolean(vm: &mut Vm, args: Args, field: fn(&mut Settings) -> &mut bool) -> Result<usize, Fault> {
    check_count(vm, args, 1)?;
    let value = word(vm, args, 0, &["off", "on"])?;
    let place = field(settings_of(vm, args));
    *place = value.map_or(*place, |value| value == 1);
    let value = *place;
    give(vm, value)
}

pub(super) fn encode_invalid_numbers(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    check_count(vm, args, 1)?;
    let value = word(vm, args, 0, &["off", "on", "null"])?;
    let place = &mut settings_of(vm, args).encode_invalid;
    *place = match value {
        Some(0) => InvalidNumbers::Refused,
        Some(1) => InvalidNumbers::Written,
        Some(_) => InvalidNumbers::Null,
        None => *place,
    };
    match *place {
        InvalidNumbers::Refused => give(vm, false),
        InvalidNumbers::Written => give(vm, true),
        InvalidNumbers::Null => {
            let text = vm.string(b"null")?;
            give(vm, text)
        }
    }
}

impl Settings {
    /// How deep a text may nest, whatever the settings say.
    pub(super) fn decode_limit(&self) -> i32 {
        self.decode_depth.min(DEPTH_MAX)
    }

    /// How deep tables may nest, whatever the settings say.
    pub(super) fn encode_limit(&self) -> i32 {
        self.encode_depth.min(DEPTH_MAX)
    }
}
