//! `cjson`: values as JSON, with the settings and the error texts of Lua CJSON 2.1.
//!
//! Each instance that `cjson.new` makes has settings of its own; its functions carry the number of the instance.

mod decode;
mod encode;
mod settings;

use crate::fault::Fault;
use crate::value::{TableId, Value};
use crate::vm::{Args, Host, Vm};
pub(crate) use settings::Settings;

const FUNCTIONS: super::Functions = &[
    ("decode", decode::decode),
    ("decode_invalid_numbers", settings::decode_invalid_numbers),
    ("decode_max_depth", settings::decode_max_depth),
    ("encode", encode::encode),
    ("encode_invalid_numbers", settings::encode_invalid_numbers),
    ("encode_keep_buffer", settings::encode_keep_buffer),
    ("encode_max_depth", settings::encode_max_depth),
    ("encode_number_precision", settings::encode_number_precision),
    ("encode_sparse_array", settings::encode_sparse_array),
    ("new", new),
];

/// `null`, which Lua's nil cannot be inside a table.
const NULL: Value = Value::Light(0);

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    let table = instance(vm)?;
    vm.set_field(vm.globals, "cjson", Value::Table(table))
}

fn new(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    let table = instance(vm)?;
    super::give(vm, table)
}

fn instance(vm: &mut Vm) -> Result<TableId, Fault> {
    vm.heap.meter.reserve(size_of::<Settings>())?;
    let number = Value::Number(vm.json.len() as f64);
    vm.json.push(Settings::default());
    let table = vm.table(0, FUNCTIONS.len() + 3)?;
    for (name, function) in FUNCTIONS {
        let function = vm.native(*function, &[number])?;
        vm.set_field(table, name, function)?;
    }
    vm.set_field(table, "null", NULL)?;
    let name = vm.string(b"cjson")?;
    vm.set_field(table, "_NAME", name)?;
    let version = vm.string(b"2.1.0")?;
    vm.set_field(table, "_VERSION", version)?;
    Ok(table)
}

/// The settings of the instance whose function runs.
fn settings_of(vm: &mut Vm, args: Args) -> &mut Settings {
    let Value::Number(number) = vm.native_upvalue(args, 0) else { unreachable!("each function knows its instance") };
    &mut vm.json[number as usize]
}

/// Refuses to run with anything but one argument.
fn check_one_argument(vm: &mut Vm, args: Args) -> Result<(), Fault> {
    if args.count == 1 { Ok(()) } else { Err(vm.argument_error(0, "expected 1 argument")) }
}
